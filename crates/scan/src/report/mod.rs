//! How is a report written for other programs, and for other places?

pub mod json;
pub mod markdown;
pub mod sarif;

use std::collections::BTreeSet;

use crate::compare::Gap;

/// Who writes a report, and how much it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The version of the program that writes it.
    pub version: &'a str,
    /// Whether it says how long each analyzer took and how much memory it had. Without, the same input gives the
    /// same bytes.
    pub with_times: bool,
    /// What the findings were compared with, where they are only those that a change brings.
    pub compared: Option<&'a Comparison>,
    /// Files that were not handed to any analyzer, in their order.
    pub unread: &'a [Unread],
}

/// A file, or a folder, that was to be scanned and was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// What it is called.
    pub name: String,
    /// Why, as the end of a sentence that begins with the name.
    pub why: String,
    /// Whether it was left out for what it is. Else it could not be read, and no findings does not mean clean.
    pub is_chosen: bool,
}

impl Options<'_> {
    /// Whether all that was to be scanned could be read.
    pub(crate) fn could_read_all(&self) -> bool {
        self.unread.iter().all(|file| file.is_chosen)
    }
}

/// What findings were compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The revision, as the user calls it.
    pub revision: String,
    /// The commit that this is.
    pub commit: String,
    /// How many findings were there before.
    pub known: usize,
    /// Which of the report's findings, by their positions, nobody can call new: those who see them gave no answer
    /// about the text before.
    pub uncertain: BTreeSet<usize>,
    /// Who gave no answer about the texts before.
    pub gaps: Vec<Gap>,
}

impl Comparison {
    /// What was not compared, as sentences.
    pub fn told(&self) -> impl Iterator<Item = String> {
        self.gaps.iter().map(|gap| {
            let about = match &gap.file {
                Some(file) => format!("what stood in `{file}`"),
                None => "what stood there".to_owned(),
            };
            let Gap { analyzer, why, .. } = gap;
            format!(
                "{analyzer} gave no answer about {about} at {}: {why}",
                self.revision
            )
        })
    }
}
