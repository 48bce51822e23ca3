//! Was anything left behind that says "later"?

use crate::tidy::{File, Offence, Rule, Tree, source};

pub(crate) static ENTRY: Rule = Rule {
    name: "leftovers",
    doc: "No note to oneself (the usual four-letter marks) and no debugging macro is committed: \
          what is missing is an issue, what is known to be wrong is asserted by a test.",
    check,
};

/// Spelt in pieces, or this file would be its own offender.
const MARKS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
];

/// Folders and files whose text is data rather than ours.
const DATA: &[&str] = &["Cargo.lock", "models/", "LICENSE-"];

fn check(tree: &Tree) -> Vec<Offence> {
    tree.files()
        .iter()
        .filter(|file| !file.is_fixture())
        .filter(|file| !DATA.iter().any(|data| file.path.starts_with(data)))
        .flat_map(offences)
        .collect()
}

fn offences(file: &File) -> Vec<Offence> {
    // What stands in a literal is what a program handles, such as careless code to learn from.
    let text = if file.is_rust() {
        file.code_and_comments()
    } else {
        match file.text() {
            Some(text) => text,
            None => return Vec::new(),
        }
    };
    let mut found = Vec::new();
    for mark in MARKS {
        for at in source::words(text, mark) {
            let message = format!("`{mark}`: make it an issue, or do it");
            found.push(Offence::line(
                &file.path,
                source::line_of(text, at),
                message,
            ));
        }
    }
    if file.is_rust() {
        let code = file.code();
        for at in source::words(code, "dbg").filter(|at| code[at + 3..].starts_with('!')) {
            let message = "a debugging macro was left behind";
            found.push(Offence::line(
                &file.path,
                source::line_of(code, at),
                message,
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn marks_and_debugging_macros_are_caught() {
        let mark = MARKS[0];
        let rust = format!(
            "// {mark}: later\nfn a() {{\n    dbg!(1);\n    b(\"{mark}\");\n}}\n// mkstemp's XXXXXX\n"
        );
        let notes = format!("# Notes\n\n{}: later\n", MARKS[1]);
        let found = offenders(
            &ENTRY,
            &[
                ("a.rs", rust.as_str()),
                ("b.md", notes.as_str()),
                ("crates/a/tests/it/fixtures/a.rs", rust.as_str()),
                ("models/x/y", notes.as_str()),
            ],
        );
        assert_eq!(found, ["a.rs:1", "a.rs:3", "b.md:3"]);
    }
}
