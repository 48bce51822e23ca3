//! Does `unsafe` stand only where the house allows it?

use crate::tidy::{File, Offence, Rule, Tree, source};

pub(crate) static ENTRY: Rule = Rule {
    name: "unsafe",
    doc: "`unsafe` stands only in the rooms `model` and `sandbox` and once in `cli`'s `main.rs`, \
          where it sets thread counts before anything runs: code that reads untrusted programs \
          must not be able to corrupt memory.",
    check,
};

const ROOMS: &[&str] = &["model", "sandbox"];
const MAIN: &str = "crates/cli/src/main.rs";

fn check(tree: &Tree) -> Vec<Offence> {
    tree.rust()
        .filter(|file| !file.room().is_some_and(|room| ROOMS.contains(&room)))
        .flat_map(offences)
        .collect()
}

fn offences(file: &File) -> Vec<Offence> {
    let allowed = usize::from(file.path == MAIN);
    source::words(file.code(), "unsafe")
        .skip(allowed)
        .map(|at| {
            let message = if allowed == 0 {
                "`unsafe` stands only in `model`, `sandbox` and once in `cli`'s `main.rs`"
            } else {
                "`main.rs` has one `unsafe` block, not more"
            };
            Offence::line(&file.path, source::line_of(file.code(), at), message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn unsafe_in_another_room_is_caught() {
        let one = "fn a() {\n    unsafe { b() }\n}\n";
        let two = "fn a() {\n    unsafe { b() }\n    unsafe { b() }\n}\n";
        let found = offenders(
            &ENTRY,
            &[
                ("crates/cli/src/main.rs", two),
                ("crates/cli/src/other.rs", one),
                ("crates/code/src/lib.rs", one),
                ("crates/code/tests/it/fixtures/a.rs", two),
                ("crates/model/src/lib.rs", two),
                ("crates/sandbox/src/lib.rs", two),
            ],
        );
        let expected = [
            "crates/cli/src/main.rs:3",
            "crates/cli/src/other.rs:2",
            "crates/code/src/lib.rs:2",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_word_in_a_string_a_comment_or_a_lint_is_none() {
        let text = "// unsafe\n#![deny(unsafe_code)]\nconst A: &str = \"unsafe\";\n";
        assert!(offenders(&ENTRY, &[("crates/code/src/lib.rs", text)]).is_empty());
    }
}
