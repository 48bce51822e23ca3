//! What is one task: what is asked, a careless answer, a careful one, and what counts as done?

use crate::weakness::Weakness;

/// The languages the curriculum writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// C (GNU C11 with POSIX).
    C,
    /// C++ (C++17 with POSIX).
    Cpp,
    /// Python 3.
    Python,
    /// JavaScript (Node.js, CommonJS).
    JavaScript,
}

impl Language {
    /// Every language, in the order used in reports.
    pub const ALL: [Language; 4] = [Self::C, Self::Cpp, Self::Python, Self::JavaScript];

    /// The name in the registry of `palinode_code::languages`.
    pub fn name(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Python => "python",
            Self::JavaScript => "javascript",
        }
    }

    /// The name as people write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Cpp => "C++",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
        }
    }

    /// The file extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Python => "py",
            Self::JavaScript => "js",
        }
    }

    /// Whether a statement ends at the end of its line.
    pub(crate) fn ends_statements_by_line(self) -> bool {
        matches!(self, Self::Python)
    }
}

/// When a program still does its task, stated without reference to how the curriculum would write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The function that must be defined.
    pub function: String,
    /// Its parameters, in order.
    pub parameters: Vec<String>,
    /// What must stand in the function, in order of the specification. Alternatives are separated by
    /// ` || `; within one, ` .. ` stands for any tokens of the same statement, `_` for any one token.
    pub needs: Vec<String>,
    /// The fewest non-blank lines a function doing all that can have (two thirds of the shorter of
    /// draft and fixed): removed code counts as broken.
    pub least_lines: usize,
}

/// One task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Number of the task in its curriculum; with the seed, its identity.
    pub index: u64,
    /// The language to write.
    pub language: Language,
    /// The weakness its draft has; none for a benign task.
    pub weakness: Option<&'static Weakness>,
    /// What is asked, in words that say nothing about security.
    pub specification: String,
    /// Whether the specification is worded in ways that never occur in training.
    pub unseen_wording: bool,
    /// A program that does the task and has the weakness (for a benign task, the same as `fixed`).
    pub draft: String,
    /// A program that does the task without the weakness.
    pub fixed: String,
    /// What counts as doing the task.
    pub contract: Contract,
}

impl Task {
    /// Whether the task has a flawed draft.
    pub fn is_risky(&self) -> bool {
        self.weakness.is_some()
    }
}
