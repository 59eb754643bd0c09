//! The Esep language.
