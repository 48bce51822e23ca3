//! Do the rooms that do no IO have the compiler check it?

use crate::tidy::rooms::WITHOUT_IO;
use crate::tidy::{Offence, Rule, Tree};

pub(crate) static ENTRY: Rule = Rule {
    name: "disallowed",
    doc: "The rooms that do no IO switch on `clippy::disallowed_methods`, which forbids what \
          `clippy.toml` lists: a seed or a time enters them as a value.",
    check,
};

const SWITCH: &str = "#![warn(clippy::disallowed_methods)]";

fn check(tree: &Tree) -> Vec<Offence> {
    WITHOUT_IO
        .iter()
        .filter_map(|room| tree.get(&format!("crates/{room}/src/lib.rs")))
        .filter(|file| !file.code().contains(SWITCH))
        .map(|file| Offence::file(&file.path, format!("this room does no IO: add `{SWITCH}`")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn a_room_that_does_not_switch_it_on_is_caught() {
        let commented = format!("// {SWITCH}\n");
        let files = [
            ("crates/code/src/lib.rs", commented.as_str()),
            ("crates/model/src/lib.rs", ""),
            ("crates/revise/src/lib.rs", SWITCH),
        ];
        assert_eq!(offenders(&ENTRY, &files), ["crates/code/src/lib.rs"]);
    }
}
