//! Which rules are there for Rust?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "rust":
    "rust-command-line"
    "rust-cookie-without-flags"
    "rust-file-mode-for-all"
    "rust-old-tls"
    "rust-pointer-read"
    "rust-program-path-trusted"
    "rust-sql-built"
    "rust-tls-not-verified"
    "rust-transmute"
    "rust-uninitialised"
    "rust-weak-hash"
};
