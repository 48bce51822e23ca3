//! What can be wrong with what this room is handed?

/// Why an entry cannot be added to [`crate::Tables`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No language of this name is lowered.
    #[error(
        "no flow analysis for `{name}`; there is one for c, cpp, go, java, javascript, php, python, tsx and typescript"
    )]
    Language {
        /// The name.
        name: String,
    },
    /// The path names nothing.
    #[error("`{path}` is no path: write `module.function`, `.method` or `=name`")]
    Path {
        /// The path as given.
        path: String,
    },
}
