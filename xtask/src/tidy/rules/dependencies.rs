//! Does every version stand in one place?

use crate::tidy::{Offence, Rule, Tree, manifest};

pub(crate) static ENTRY: Rule = Rule {
    name: "dependencies",
    doc: "Each dependency of each crate is `workspace = true`: versions and default features are \
          chosen once, in the root manifest.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in tree.manifests() {
        let entries = manifest::entries(file.text().unwrap_or_default());
        for dependency in manifest::dependencies(&entries) {
            if !dependency.from_workspace {
                let message = format!("`{}` must be `workspace = true`", dependency.name);
                offences.push(Offence::line(&file.path, dependency.line, message));
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
    fn a_version_of_its_own_is_caught() {
        let text = "[dependencies]\na.workspace = true\nb = \"1\"\nc = { workspace = true, optional = true }\n\
                    [dev-dependencies]\nd = { version = \"1\" }\n[build-dependencies.e]\nversion = \"1\"\n";
        let files = [
            ("crates/x/Cargo.toml", text),
            ("Cargo.toml", text),
            ("fuzz/Cargo.toml", text),
        ];
        let expected = [
            "crates/x/Cargo.toml:3",
            "crates/x/Cargo.toml:6",
            "crates/x/Cargo.toml:8",
        ];
        assert_eq!(offenders(&ENTRY, &files), expected);
    }
}
