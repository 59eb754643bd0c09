//! What the bindings register into, and what they share while a cell runs.

use std::any::{TypeId, type_name};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use esep_stdlib::Context;
use esep_stdlib::context::ProgressSink;
use rhai::{Dynamic, Engine, Variant};

use crate::display::{Bundle, Language, Style};
use crate::help::{Entry, TypeEntry};

/// Where the output of a running cell goes.
pub trait Sink {
    /// Text printed by the script, without its line end.
    fn print(&self, text: &str);
    /// A result shown in mid-cell.
    fn display(&self, bundle: &Bundle);
    /// Something the user should know although the cell goes on.
    fn warn(&self, text: &str);
    /// Asks the user for a line of text; `None` where nobody can answer, or the user would not.
    fn ask(&self, prompt: &str) -> Option<String> {
        let _ = prompt;
        None
    }
    /// Takes back what the cell has shown so far, as soon as it shows something else.
    fn clear(&self) {}
}

type ShowFn = Box<dyn Fn(&Dynamic, &Style) -> Option<Bundle>>;

/// Every documented function and type, and how each type shows itself.
#[derive(Default)]
pub struct Registry {
    entries: Vec<&'static Entry>,
    types: Vec<&'static TypeEntry>,
    shows: HashMap<TypeId, ShowFn>,
}

impl Registry {
    /// Every documented function, in order of registration.
    pub fn entries(&self) -> &[&'static Entry] {
        &self.entries
    }

    /// Every documented type.
    pub fn types(&self) -> &[&'static TypeEntry] {
        &self.types
    }

    /// The type called `name` in scripts.
    pub fn type_entry(&self, name: &str) -> Option<&'static TypeEntry> {
        self.types.iter().copied().find(|entry| entry.name == name)
    }

    /// How `value` shows itself, if its type was registered.
    pub(crate) fn show(&self, value: &Dynamic, style: &Style) -> Option<Bundle> {
        self.shows.get(&value.type_id()).and_then(|show| show(value, style))
    }
}

/// What bindings may reach while a cell runs.
pub(crate) struct Shared {
    sink: Box<dyn Sink>,
    cancel: Arc<AtomicBool>,
    progress: RefCell<Option<ProgressSink>>,
    registry: OnceCell<Registry>,
    style: Cell<Style>,
    base: RefCell<Option<PathBuf>>,
    params: RefCell<BTreeMap<String, String>>,
}

impl Shared {
    pub(crate) fn new(sink: Box<dyn Sink>) -> Rc<Self> {
        Rc::new(Self {
            sink,
            cancel: Arc::default(),
            progress: RefCell::default(),
            registry: OnceCell::new(),
            style: Cell::default(),
            base: RefCell::default(),
            params: RefCell::default(),
        })
    }

    /// Surroundings for long work in stdlib: the same cancel flag that stops scripts.
    pub(crate) fn context(&self) -> Context {
        let context = Context::new(Arc::clone(&self.cancel));
        match self.progress.borrow().as_ref() {
            Some(sink) => context.with_progress(Arc::clone(sink)),
            None => context,
        }
    }

    pub(crate) fn cancel(&self) -> &Arc<AtomicBool> {
        &self.cancel
    }

    pub(crate) fn set_progress(&self, sink: Option<ProgressSink>) {
        *self.progress.borrow_mut() = sink;
    }

    pub(crate) fn print(&self, text: &str) {
        self.sink.print(text);
    }

    pub(crate) fn display(&self, bundle: &Bundle) {
        self.sink.display(bundle);
    }

    /// Tells the user something that does not stop the cell.
    pub(crate) fn warn(&self, text: &str) {
        self.sink.warn(text);
    }

    /// The user's answer to `prompt`.
    pub(crate) fn ask(&self, prompt: &str) -> Option<String> {
        self.sink.ask(prompt)
    }

    /// Takes back what the cell has shown so far.
    pub(crate) fn clear(&self) {
        self.sink.clear();
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.registry.get_or_init(Registry::default)
    }

    pub(crate) fn style(&self) -> Style {
        self.style.get()
    }

    /// Sets what fits; the language of labels stays.
    pub(crate) fn set_style(&self, style: Style) {
        self.style.set(Style { language: self.style.get().language, ..style });
    }

    pub(crate) fn set_language(&self, language: Language) {
        self.style.set(Style { language, ..self.style.get() });
    }

    pub(crate) fn set_base(&self, base: Option<PathBuf>) {
        *self.base.borrow_mut() = base;
    }

    /// `path` as the script means it: relative to the script's folder if the file is there, or if
    /// only its folder is, so that an error can tell what stands in it.
    pub(crate) fn resolve(&self, path: &str) -> PathBuf {
        let plain = Path::new(path);
        let base = self.base.borrow();
        let beside = base.as_ref().filter(|_| plain.is_relative()).map(|base| base.join(plain));
        let near = |beside: &PathBuf| {
            beside.exists() || !plain.exists() && beside.parent().is_some_and(Path::is_dir)
        };
        beside.filter(near).unwrap_or_else(|| plain.to_path_buf())
    }

    pub(crate) fn params(&self) -> &RefCell<BTreeMap<String, String>> {
        &self.params
    }

    /// The richest form of any value.
    pub(crate) fn show(&self, value: &Dynamic) -> Bundle {
        let style = self.style();
        self.registry().show(value, &style).unwrap_or_else(|| {
            crate::display::plain_value(value, &style, &|inner| self.show(inner))
        })
    }
}

/// The engine being filled, with its help and display.
pub(crate) struct Library<'e> {
    /// The engine: register functions, getters and indexers on it.
    pub engine: &'e mut Engine,
    shared: Rc<Shared>,
    registry: Registry,
}

impl<'e> Library<'e> {
    pub(crate) fn new(engine: &'e mut Engine, shared: Rc<Shared>) -> Self {
        Self { engine, shared, registry: Registry::default() }
    }

    /// What closures may capture to reach the running session.
    pub(crate) fn shared(&self) -> Rc<Shared> {
        Rc::clone(&self.shared)
    }

    /// Documents functions and methods.
    pub(crate) fn document(&mut self, entries: &'static [Entry]) {
        self.registry.entries.extend(entries);
    }

    /// Registers the type `T` under the name in `entry` and the way it shows itself.
    pub(crate) fn register_type<T: Variant + Clone>(
        &mut self,
        entry: &'static TypeEntry,
        show: impl Fn(&T, &Style) -> Bundle + 'static,
    ) {
        self.engine.register_type_with_name::<T>(entry.name);
        self.registry.types.push(entry);
        let by_value = move |value: &Dynamic, style: &Style| {
            value.read_lock::<T>().map(|inner| show(&inner, style))
        };
        let previous = self.registry.shows.insert(TypeId::of::<T>(), Box::new(by_value));
        debug_assert!(previous.is_none(), "{} was registered twice", type_name::<T>());
        self.text_forms(TypeId::of::<T>());
    }

    /// Text conversions in scripts (string interpolation, `to_string`) use the plain form. One
    /// function for all types: a closure for each of them would be compiled as often.
    fn text_forms(&mut self, of: TypeId) {
        for name in ["to_string", "to_debug"] {
            let shared = self.shared();
            self.engine.register_raw_fn(name, [of], move |_, arguments| {
                Ok(shared.show(&arguments[0].clone()).plain)
            });
        }
    }

    /// Puts the finished registry where bindings and front-ends find it.
    pub(crate) fn finish(self) {
        let Self { shared, registry, .. } = self;
        let stored = shared.registry.set(registry);
        debug_assert!(stored.is_ok(), "a session registers its bindings once");
    }
}
