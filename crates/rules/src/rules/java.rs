//! Which rules are there for Java?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "java":
    "java-archive-path"
    "java-command-line"
    "java-csrf-off"
    "java-deserialize"
    "java-hardcoded-secret"
    "java-insecure-random"
    "java-path-given"
    "java-response-built"
    "java-sql-built"
    "java-tls-not-verified"
    "java-url-given"
    "java-weak-cipher"
    "java-weak-hash"
    "java-xml-entities"
};
