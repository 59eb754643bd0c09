//! Where the output of a running cell goes in a notebook.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use esep_dsl::{Bundle, Progress, Sink};
use serde_json::{Value, json};

use super::ask::Asking;
use super::outbox::{Outbox, Stream};
use super::worker::{Current, data};

/// Work that ends sooner shows no progress.
const QUIET: Duration = Duration::from_millis(400);
/// How often a progress line is redrawn.
const REDRAW: Duration = Duration::from_millis(150);

/// Publishes what a cell prints, shows and warns of.
pub struct JupyterSink {
    outbox: Outbox,
    current: Current,
    asking: Asking,
}

/// Publishes how far long work has come.
pub struct JupyterProgress {
    outbox: Outbox,
    current: Current,
    bar: Mutex<Option<Bar>>,
}

/// A progress line on display.
struct Bar {
    /// The request it belongs to.
    parent: Arc<Value>,
    what: String,
    started: Instant,
    drawn: Option<Instant>,
    serial: u64,
}

impl JupyterSink {
    /// A sink for the request that `current` holds.
    pub fn new(outbox: Outbox, current: Current, asking: Asking) -> Self {
        Self { outbox, current, asking }
    }
}

fn parent(current: &Current) -> Arc<Value> {
    Arc::clone(&current.lock().unwrap_or_else(PoisonError::into_inner).parent)
}

impl Sink for JupyterSink {
    fn print(&self, text: &str) {
        self.outbox.stream(Stream::Out, &parent(&self.current), with_newline(text));
    }

    fn display(&self, bundle: &Bundle) {
        let content = json!({ "data": data(bundle), "metadata": {}, "transient": {} });
        self.outbox.publish("display_data", &parent(&self.current), content);
    }

    fn warn(&self, text: &str) {
        self.outbox.stream(
            Stream::Err,
            &parent(&self.current),
            with_newline(&format!("warning: {text}")),
        );
    }

    fn clear(&self) {
        let content = json!({ "wait": true });
        self.outbox.publish("clear_output", &parent(&self.current), content);
    }

    fn ask(&self, prompt: &str) -> Option<String> {
        let asker = self.current.lock().unwrap_or_else(PoisonError::into_inner).asker.clone();
        self.asking.ask(&*asker?, prompt)
    }
}

impl JupyterProgress {
    /// Progress of the request that `current` holds.
    pub fn new(outbox: Outbox, current: Current) -> Self {
        Self { outbox, current, bar: Mutex::new(None) }
    }

    /// Draws the line, unless it was drawn a moment ago.
    pub fn report(&self, progress: &Progress) {
        let parent = parent(&self.current);
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let same = bar
            .as_ref()
            .is_some_and(|bar| bar.what == progress.what && Arc::ptr_eq(&bar.parent, &parent));
        if !same {
            let serial = bar.as_ref().map_or(0, |bar| bar.serial) + 1;
            let what = progress.what.clone();
            *bar = Some(Bar { parent, what, started: now, drawn: None, serial });
            return;
        }
        let Some(bar) = bar.as_mut() else { return };
        let ended = progress.done >= progress.total;
        let due = match bar.drawn {
            None => !ended && now.duration_since(bar.started) >= QUIET,
            Some(drawn) => ended || now.duration_since(drawn) >= REDRAW,
        };
        if !due {
            return;
        }
        let kind = if bar.drawn.is_none() { "display_data" } else { "update_display_data" };
        bar.drawn = Some(now);
        let content = json!({
            "data": picture(progress),
            "metadata": {},
            "transient": { "display_id": format!("progress-{}", bar.serial) },
        });
        self.outbox.publish(kind, &bar.parent, content);
    }
}

/// A progress line as text and as a bar that the browser draws.
fn picture(progress: &Progress) -> Value {
    let Progress { what, done, total } = progress;
    let words = format!("{what}: {done} of {total}");
    json!({
        "text/plain": words,
        "text/html": format!(
            "<progress value=\"{done}\" max=\"{total}\"></progress> {}",
            crate::page::escape(&words)
        ),
    })
}

fn with_newline(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
