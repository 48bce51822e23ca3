//! Which rules are there for PHP?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "php":
    "php-address-as-proof"
    "php-command-line"
    "php-errors-shown"
    "php-eval"
    "php-include-given"
    "php-insecure-random"
    "php-output-given"
    "php-path-given"
    "php-redirect-given"
    "php-sql-built"
    "php-unserialize"
    "php-upload-by-name"
    "php-weak-hash"
};
