//! What can be wrong with a rule, and what should its author do about it?

/// Everything this room refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule's text is no YAML, or no mapping.
    #[error("{file}: not readable as YAML: {reason}")]
    Yaml {
        /// The name the text was given with.
        file: String,
        /// What the reader says, with line and column.
        reason: String,
    },
    /// A field is missing, or says what it cannot say.
    #[error("{file}: `{field}`: {reason}")]
    Field {
        /// The name the text was given with.
        file: String,
        /// Where in the rule.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two rules have one id.
    #[error("{file}: there is a rule `{id}` already, in {other}")]
    Duplicate {
        /// The name the second text was given with.
        file: String,
        /// The name of both.
        id: String,
        /// Where the first stands.
        other: String,
    },
}

impl Error {
    /// What to do about it, where that is not plain from the message.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Yaml { .. } => Some(
                "a rule is a YAML mapping with `id`, `language`, `message` and `rule`, as ast-grep reads it",
            ),
            Self::Duplicate { .. } => Some("give one of them another `id`"),
            Self::Field { .. } => None,
        }
    }
}
