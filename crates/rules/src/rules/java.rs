//! Which rules are there for Java?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "java":
    "java-archive-path"
    "java-command-line"
    "java-cookie-without-flags"
    "java-csrf-off"
    "java-deserialize"
    "java-file-mode-for-all"
    "java-frames-allowed"
    "java-hardcoded-secret"
    "java-insecure-random"
    "java-old-tls"
    "java-path-given"
    "java-response-built"
    "java-route-without-check"
    "java-short-key"
    "java-sql-built"
    "java-stack-shown"
    "java-tls-not-verified"
    "java-url-given"
    "java-weak-cipher"
    "java-weak-hash"
    "java-xml-entities"
};
