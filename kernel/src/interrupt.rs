//! How Ctrl-C, or a notebook's Interrupt, reaches the cell that runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Exit status of a program ended by an interrupt, as shells have it.
pub const STATUS: u8 = 130;

/// How often and how far apart an interrupt is repeated.
///
/// The language resets its flag when a cell starts; an interrupt that arrives in the same instant
/// would be lost if it were raised once.
const REPEATS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(4);

/// Shared by whoever interrupts and the thread that is interrupted.
#[derive(Debug, Default)]
pub struct Interrupter {
    flag: OnceLock<Arc<AtomicBool>>,
    /// Serial number of the cell that runs, 0 when none does.
    running: AtomicU64,
    started: AtomicU64,
}

impl Interrupter {
    /// An interrupter that sets `flag`.
    pub fn of(flag: Arc<AtomicBool>) -> Arc<Self> {
        let interrupter = Self::default();
        interrupter.tell(flag);
        Arc::new(interrupter)
    }

    /// Names the flag at which the language looks.
    pub fn tell(&self, flag: Arc<AtomicBool>) {
        // The language is made once; a second flag would be the same one.
        let _ = self.flag.set(flag);
    }

    /// A cell starts.
    pub fn start(&self) {
        let serial = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        self.running.store(serial, Ordering::SeqCst);
    }

    /// The cell has ended.
    pub fn end(&self) {
        self.running.store(0, Ordering::SeqCst);
    }

    /// Whether the cell has been asked to stop.
    pub fn raised(&self) -> bool {
        self.flag.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Stops the cell that runs; does nothing when none does.
    pub async fn interrupt(&self) {
        let serial = self.running.load(Ordering::SeqCst);
        for _ in 0..REPEATS {
            if serial == 0 || self.running.load(Ordering::SeqCst) != serial {
                return;
            }
            if let Some(flag) = self.flag.get() {
                flag.store(true, Ordering::Relaxed);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Does `pressed` at every Ctrl-C, for ever, and `ready` once it hears them.
///
/// Tokio is here for the sockets already, and its signal handling needs no unsafe code of ours.
pub async fn at_every_ctrl_c(ready: impl FnOnce(), mut pressed: impl AsyncFnMut()) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Without a handler Ctrl-C ends the program, as it does by default.
        let Ok(mut presses) = signal(SignalKind::interrupt()) else { return };
        ready();
        while presses.recv().await.is_some() {
            pressed().await;
        }
    }
    #[cfg(not(unix))]
    {
        ready();
        while tokio::signal::ctrl_c().await.is_ok() {
            pressed().await;
        }
    }
}

/// Lets Ctrl-C in the terminal interrupt; after `patience` presses on a cell that does not hear,
/// the program ends.
///
/// Returns when it hears: the line editor puts back the handler that it found, and must find this
/// one.
pub fn listen(interrupter: Arc<Interrupter>, patience: u32) {
    let (hearing, heard) = std::sync::mpsc::channel();
    let wait = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        let mut unheard = 0;
        let ready = move || {
            // Whoever started the thread waits for this or has gone.
            let _ = hearing.send(());
        };
        runtime.block_on(at_every_ctrl_c(ready, async || {
            unheard = if interrupter.raised() { unheard + 1 } else { 0 };
            if unheard >= patience {
                std::process::exit(i32::from(STATUS));
            }
            interrupter.interrupt().await;
        }));
    };
    // Without the thread Ctrl-C ends the program, as it does by default.
    let _ = std::thread::Builder::new().name("ctrl-c".to_owned()).spawn(wait);
    // An error means that the thread is gone, and with it the sender.
    let _ = heard.recv();
}
