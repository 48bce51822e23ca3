//! Which rules are there for C++?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "cpp":
    "cpp-delete-mismatch"
    "cpp-stream-into-array"
    "cpp-text-of-temporary"
    "cpp-use-after-delete"
};
