//! Which rules are there for Go?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "go":
    "go-command-line"
    "go-cookie-without-flags"
    "go-file-mode-for-all"
    "go-html-built"
    "go-insecure-random"
    "go-narrowed-number"
    "go-old-tls"
    "go-path-given"
    "go-route-without-check"
    "go-short-key"
    "go-sql-built"
    "go-tls-not-verified"
    "go-weak-crypto"
};
