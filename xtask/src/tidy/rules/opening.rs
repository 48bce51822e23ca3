//! Does each file open by saying which question it answers?

use crate::tidy::{File, Offence, Rule, Tree};

pub(crate) static ENTRY: Rule = Rule {
    name: "opening",
    doc: "Each Rust file opens with a `//!` sentence that says which question it answers, so that a \
          newcomer can leave it again after one line.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    tree.rust().filter_map(offence).collect()
}

fn offence(file: &File) -> Option<Offence> {
    let text = file.text()?;
    let paragraph: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let message = if paragraph.is_empty() {
        "the file must open with a `//!` sentence: which question does it answer?"
    } else if !paragraph.join(" ").contains(['.', '?', '!', ':']) {
        "the opening `//!` lines are no sentence: end it with a full stop or a question mark"
    } else {
        return None;
    };
    Some(Offence::line(&file.path, 1, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn a_file_without_a_sentence_is_caught() {
        let found = offenders(
            &ENTRY,
            &[
                ("a.rs", "fn a() {}\n"),
                ("b.rs", "\n//! Too late.\n"),
                ("c.rs", "//! no sentence\n\n"),
                ("d.rs", "//!\n//! An empty first line.\n"),
                (
                    "good.rs",
                    "//! What is a good file? One like\n//! this\nfn a() {}\n",
                ),
                ("notes.md", "no Rust"),
            ],
        );
        assert_eq!(found, ["a.rs:1", "b.rs:1", "c.rs:1", "d.rs:1"]);
    }
}
