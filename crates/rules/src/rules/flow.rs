//! Which rules are there about flows?

/// The file of each rule and its text.
pub(super) static TEXTS: &[(&str, &str)] = folder! { "flow":
    "flow-allocation"
    "flow-code"
    "flow-command"
    "flow-deserialize"
    "flow-format"
    "flow-header"
    "flow-html"
    "flow-index"
    "flow-ldap"
    "flow-log"
    "flow-path"
    "flow-redirect"
    "flow-regex"
    "flow-size"
    "flow-sql"
    "flow-template"
    "flow-url"
    "flow-xpath"
};
