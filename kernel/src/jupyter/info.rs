//! What the kernel says of itself.

use serde_json::{Value, json};

use super::wire::PROTOCOL;

/// The version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The line a console shows on top.
pub fn banner() -> String {
    format!("Esep {VERSION}: the econometrics of digitalisation. Help: help(), ?name")
}

/// What Jupyter and notebooks are told about the language.
///
/// No highlighter knows Rhai; of those that JupyterLab and Pygments have, JavaScript colours most
/// of its tokens right and marks fewest as errors.
pub fn language_info() -> Value {
    json!({
        "name": "rhai",
        "version": VERSION,
        "mimetype": "text/x-rhai",
        "file_extension": ".rhai",
        "codemirror_mode": "javascript",
        "pygments_lexer": "javascript",
        "nbconvert_exporter": "script",
    })
}

/// The content of a `kernel_info_reply`.
pub fn kernel_info() -> Value {
    json!({
        "status": "ok",
        "protocol_version": PROTOCOL,
        "implementation": "esep",
        "implementation_version": VERSION,
        "banner": banner(),
        "help_links": [
            { "text": "The Rhai language", "url": "https://rhai.rs/book/" },
        ],
        "supported_features": [],
        "debugger": false,
        "language_info": language_info(),
    })
}
