//! The wire layer under a strict client, with a toy language behind it.

mod client;
mod hostile;
mod protocol;
