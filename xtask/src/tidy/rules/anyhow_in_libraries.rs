//! Can callers of a library match on what went wrong?

use crate::tidy::manifest::{self, List};
use crate::tidy::rooms::PROGRAMS;
use crate::tidy::{Offence, Rule, Tree};

pub(crate) static ENTRY: Rule = Rule {
    name: "anyhow",
    doc: "Libraries have typed errors that carry facts; `anyhow` is for programs and for tests.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in tree.manifests() {
        let Some(room) = file.room() else {
            continue;
        };
        if PROGRAMS.contains(&room) {
            continue;
        }
        let entries = manifest::entries(file.text().unwrap_or_default());
        for dependency in manifest::dependencies(&entries) {
            if dependency.name == "anyhow" && dependency.list != List::Dev {
                let message = "a library's errors are its own `thiserror` enum, not `anyhow`";
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
    fn a_library_with_anyhow_is_caught() {
        let text = "[dependencies]\nanyhow.workspace = true\n";
        let dev = "[dev-dependencies]\nanyhow.workspace = true\n";
        let files = [
            ("crates/cli/Cargo.toml", text),
            ("crates/code/Cargo.toml", text),
            ("crates/model/Cargo.toml", dev),
            ("xtask/Cargo.toml", text),
        ];
        assert_eq!(offenders(&ENTRY, &files), ["crates/code/Cargo.toml:2"]);
    }
}
