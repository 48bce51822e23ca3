//! Which prompts does the bundled model know?

/// A prompt to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Example {
    /// The language to name with `--lang`.
    pub(crate) language: &'static str,
    /// The prompt.
    pub(crate) prompt: &'static str,
}

/// Prompts in the wordings that the bundled model was trained on.
pub(crate) const EXAMPLES: &[Example] = &[
    Example {
        language: "c",
        prompt: "Write a function that copies the name from the request into a fixed-size buffer and prints a greeting.",
    },
    Example {
        language: "c",
        prompt: "Write a function that reads a record of the given length from a file and returns it.",
    },
    Example {
        language: "cpp",
        prompt: "Write a function that returns the element at an index given by the caller.",
    },
    Example {
        language: "python",
        prompt: "Write a function that looks up a user by name in a SQLite database.",
    },
    Example {
        language: "python",
        prompt: "Write a function that runs a command-line tool on a file and returns its output.",
    },
    Example {
        language: "javascript",
        prompt: "Write a request handler that shows the search term on the results page.",
    },
];
