//! Which rules are there for C#?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "csharp":
    "csharp-deserialize"
    "csharp-insecure-random"
    "csharp-no-antiforgery"
    "csharp-process-start"
    "csharp-redirect-given"
    "csharp-sql-built"
    "csharp-tls-not-verified"
    "csharp-weak-crypto"
    "csharp-xml-entities"
    "csharp-xpath-built"
};
