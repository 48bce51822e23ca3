//! Is there a place where the next change is told to users?

use crate::tidy::{Offence, Rule, Tree};

pub(crate) static ENTRY: Rule = Rule {
    name: "changelog",
    doc: "`CHANGELOG.md` has an Unreleased section, edited in the same commit as what it tells.",
    check,
};

const FILE: &str = "CHANGELOG.md";

fn check(tree: &Tree) -> Vec<Offence> {
    let text = tree.get(FILE).and_then(|file| file.text());
    let has_section = text.is_some_and(|text| {
        text.lines()
            .filter_map(|line| line.strip_prefix("## "))
            .any(|title| title.trim().trim_matches(['[', ']']) == "Unreleased")
    });
    if has_section {
        Vec::new()
    } else {
        vec![Offence::file(FILE, "needs a section `## [Unreleased]`")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn a_changelog_without_the_section_is_caught() {
        assert_eq!(offenders(&ENTRY, &[]), [FILE]);
        assert_eq!(
            offenders(&ENTRY, &[(FILE, "# Changes\n\n## 0.1.0\nUnreleased\n")]),
            [FILE]
        );
        for title in ["## [Unreleased]\n", "# Changes\n\n## Unreleased\n"] {
            assert!(offenders(&ENTRY, &[(FILE, title)]).is_empty());
        }
    }
}
