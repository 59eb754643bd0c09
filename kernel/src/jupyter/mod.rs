//! The Jupyter kernel.

mod ask;
mod clock;
mod connection;
mod execute;
mod history;
mod info;
mod outbox;
mod sink;
mod sockets;
mod wire;
mod worker;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub mod toy;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use esep_dsl::Sink;

use crate::interrupt::Interrupter;
use crate::language::{Language, STACK};
use connection::Connection;
use outbox::Outbox;
use sockets::{Inbox, Sockets};
use worker::Worker;

pub use clock::iso8601;
pub use info::{VERSION, banner, language_info};
pub use wire::PROTOCOL;

/// How often the kernel looks whether the program that started it still lives.
const LOOK: Duration = Duration::from_secs(1);

/// Serves the kernel of a connection file until a client shuts it down.
///
/// `make` makes the language, on the thread it will live on. The error is a sentence for the user.
pub fn serve<L, M>(file: &Path, history: Option<PathBuf>, make: M) -> Result<(), String>
where
    L: Language,
    M: FnOnce(Box<dyn Sink>) -> L + Send + 'static,
{
    let connection = Connection::read(file)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the sockets' thread: {error}"))?;
    runtime.block_on(async {
        let sockets = Sockets::bind(&connection).await?;
        let (outbox, queues) = Outbox::new();
        let interrupter = Arc::new(Interrupter::default());
        let (shell, requests) = mpsc::channel();
        let (stdin, answers) = mpsc::channel();
        let worker = {
            let (outbox, interrupter) = (outbox.clone(), Arc::clone(&interrupter));
            move || {
                let work =
                    || Worker::new(make, outbox, interrupter, answers, history).run(requests);
                // Without the language the kernel is of no use; Jupyter starts another.
                if catch_unwind(AssertUnwindSafe(work)).is_err() {
                    std::process::exit(1);
                }
            }
        };
        std::thread::Builder::new()
            .name("language".to_owned())
            .stack_size(STACK)
            .spawn(worker)
            .map_err(|error| format!("cannot start the language's thread: {error}"))?;
        let serving = sockets.serve(Inbox { shell, stdin }, outbox, queues, interrupter);
        tokio::select! {
            () = serving => {}
            () = orphaned() => {}
        }
        Ok(())
    })
}

/// Ends when the program that started the kernel has died without shutting it down.
async fn orphaned() {
    #[cfg(unix)]
    if std::env::var_os("JPY_PARENT_PID").is_some() {
        let parent = std::os::unix::process::parent_id();
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(LOOK).await;
        }
        return;
    }
    std::future::pending::<()>().await;
}
