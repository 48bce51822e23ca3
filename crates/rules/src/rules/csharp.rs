//! Which rules are there for C#?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "csharp":
    "csharp-cookie-without-flags"
    "csharp-deserialize"
    "csharp-html-raw"
    "csharp-input-check-off"
    "csharp-insecure-random"
    "csharp-no-antiforgery"
    "csharp-old-tls"
    "csharp-path-given"
    "csharp-process-start"
    "csharp-redirect-given"
    "csharp-route-without-check"
    "csharp-short-key"
    "csharp-sql-built"
    "csharp-tls-not-verified"
    "csharp-token-not-validated"
    "csharp-weak-crypto"
    "csharp-xml-entities"
    "csharp-xpath-built"
};
