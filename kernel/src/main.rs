//! The `esep` program.

fn main() {}
