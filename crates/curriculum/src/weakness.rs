//! What is a weakness here: a name, a CWE, patterns that show it, and a check that finds it?

use crate::lexer::Tokens;
use crate::pattern::Pattern;
use crate::task::Language;

/// One weakness of the curriculum. Each stands in a file of its own under `weaknesses/`, patterns and
/// check together, and is listed in [`crate::WEAKNESSES`].
#[derive(Debug)]
pub struct Weakness {
    /// Short name, unique: `command-injection`.
    pub name: &'static str,
    /// CWE number.
    pub cwe: u32,
    /// What goes wrong and what is done instead, in a sentence or two.
    pub doc: &'static str,
    /// Ways to show it, in one or more languages.
    pub patterns: &'static [Pattern],
    /// Whether a program has it. Reads the program's tokens alone: it knows neither the task nor the
    /// pattern, so that any writer's program can be judged by it.
    pub finds: fn(Language, &Tokens<'_>) -> bool,
}
