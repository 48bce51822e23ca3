//! Which texts are scanned?

use palinode_code::{Language, Text};

/// One text to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is called in reports: a path with `/`, relative to where the user stands where it can be, or a name
    /// such as `<stdin>`.
    pub name: String,
    /// What stands in it. All positions count here.
    pub text: Text,
    /// What it is written in.
    pub language: &'static Language,
    /// Whether it may go on: what only its missing end makes look wrong is then not reported by our own rules.
    pub unfinished: bool,
}

impl Source {
    /// A text with its name and language.
    #[must_use]
    pub fn new(name: impl Into<String>, text: Text, language: &'static Language) -> Self {
        Self {
            name: name.into(),
            text,
            language,
            unfinished: false,
        }
    }
}
