//! What long work needs from its surroundings: a cancel flag, a progress sink and a seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::error::{Error, Result};

/// How far a piece of long work has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, e.g. `"bootstrap"`.
    pub what: String,
    /// Steps done.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

/// Receives progress reports; may be called from any thread.
pub type ProgressSink = Arc<dyn Fn(&Progress) + Send + Sync>;

/// The surroundings of one computation.
///
/// Ctrl-C in a terminal, Interrupt in a notebook and a time limit all set the same flag; every
/// loop that can run long calls [`Context::check`]. Random streams are numbered, so a result
/// depends on the seed alone and never on how many threads shared the work.
#[derive(Clone, Default)]
pub struct Context {
    cancel: Arc<AtomicBool>,
    progress: Option<ProgressSink>,
}

impl Context {
    /// A context that listens to `cancel`.
    pub fn new(cancel: Arc<AtomicBool>) -> Self {
        Self { cancel, progress: None }
    }

    /// The same context reporting to `sink`.
    #[must_use]
    pub fn with_progress(mut self, sink: ProgressSink) -> Self {
        self.progress = Some(sink);
        self
    }

    /// Whether someone asked to stop.
    pub fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// `Err(Error::Interrupted)` once someone asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.cancelled() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Reports that `done` of `total` steps of `what` are over.
    pub fn report(&self, what: &str, done: u64, total: u64) {
        if let Some(sink) = &self.progress {
            sink(&Progress { what: what.to_owned(), done, total });
        }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("cancelled", &self.cancelled()).finish_non_exhaustive()
    }
}

/// Stream number `stream` of the generator seeded with `seed`.
///
/// Streams of one seed are independent (`ChaCha8` with the stream number in its nonce), so work
/// item `i` draws from stream `i` whichever thread runs it.
pub fn rng(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn a_set_flag_stops_work() {
        let flag = Arc::new(AtomicBool::new(false));
        let context = Context::new(Arc::clone(&flag));
        assert!(context.check().is_ok());
        flag.store(true, Ordering::Relaxed);
        assert!(matches!(context.check(), Err(Error::Interrupted)));
    }

    #[test]
    fn streams_differ_and_repeat() {
        let draw = |seed, stream| -> u64 { rng(seed, stream).random() };
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
    }
}
