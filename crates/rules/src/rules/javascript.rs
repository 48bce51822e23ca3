//! Which rules are there for JavaScript?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "javascript":
    "javascript-blank-target"
    "javascript-command-line"
    "javascript-cookie-without-flags"
    "javascript-deserialize"
    "javascript-eval"
    "javascript-expression-built"
    "javascript-hardcoded-secret"
    "javascript-html-built"
    "javascript-insecure-random"
    "javascript-path-given"
    "javascript-post-message-to-anyone"
    "javascript-prototype-pollution"
    "javascript-react-html"
    "javascript-redirect-given"
    "javascript-response-built"
    "javascript-secret-compared"
    "javascript-sql-built"
    "javascript-tls-not-verified"
    "javascript-uninitialised-buffer"
    "javascript-url-given"
    "javascript-weak-hash"
};
