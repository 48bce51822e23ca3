//! Does every crate take the workspace's lints?

use crate::tidy::{Offence, Rule, Tree, manifest};

pub(crate) static ENTRY: Rule = Rule {
    name: "lints",
    doc: "Each crate has `[lints] workspace = true`: one list of lints for the whole house.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    tree.manifests()
        .filter(|file| {
            let entries = manifest::entries(file.text().unwrap_or_default());
            manifest::value(&entries, "lints", "workspace") != Some("true")
        })
        .map(|file| Offence::file(&file.path, "add `[lints]` with `workspace = true`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn a_crate_without_the_lints_is_caught() {
        let files = [
            (
                "crates/bad/Cargo.toml",
                "[package]\nname = \"bad\"\n# [lints]\n",
            ),
            ("crates/good/Cargo.toml", "[lints]\nworkspace = true\n"),
            (
                "crates/own/Cargo.toml",
                "[lints.rust]\nunsafe_code = \"deny\"\n",
            ),
        ];
        assert_eq!(
            offenders(&ENTRY, &files),
            ["crates/bad/Cargo.toml", "crates/own/Cargo.toml"]
        );
    }
}
