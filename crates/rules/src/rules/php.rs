//! Which rules are there for PHP?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "php":
    "php-address-as-proof"
    "php-command-line"
    "php-cookie-flags-off"
    "php-errors-shown"
    "php-eval"
    "php-extract-given"
    "php-file-mode-for-all"
    "php-hardcoded-secret"
    "php-include-given"
    "php-insecure-random"
    "php-loose-comparison"
    "php-output-given"
    "php-path-given"
    "php-redirect-given"
    "php-sql-built"
    "php-tls-not-verified"
    "php-unserialize"
    "php-upload-by-name"
    "php-weak-hash"
    "php-xml-entities"
};
