//! Does every test that is written also run?

use crate::tidy::{Offence, Rule, Tree, source};

pub(crate) static ENTRY: Rule = Rule {
    name: "ignored-tests",
    doc: "No test carries `ignore`: a test that does not run shows nothing. One that needs a tool \
          becomes a step of `cargo xtask test`, which names what it skips.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in tree.rust() {
        for (start, attribute) in source::attributes(file.code()) {
            if source::words(attribute, "ignore").next().is_some() {
                let line = source::line_of(file.code(), start);
                offences.push(Offence::line(
                    &file.path,
                    line,
                    "an ignored test: let it run or remove it",
                ));
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn an_ignored_test_is_caught_in_every_form() {
        let text = "#[test]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\nfn b() {}\n\
                    #[cfg_attr(unix, ignore)]\nfn c() {}\n// #[ignore]\nfn ignore() {}\n";
        let found = offenders(&ENTRY, &[("a.rs", text)]);
        assert_eq!(found, ["a.rs:2", "a.rs:4", "a.rs:6"]);
    }
}
