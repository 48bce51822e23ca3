//! Is there one integration-test binary a crate?

use crate::tidy::{Offence, Rule, Tree, manifest};

pub(crate) static ENTRY: Rule = Rule {
    name: "test-binaries",
    doc: "A crate's integration tests are one binary, `tests/it/main.rs` with modules: each further \
          one would link the whole crate again.",
    check,
};

fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    for file in tree.manifests() {
        let text = file.text().unwrap_or_default();
        let entries = manifest::entries(text);
        if manifest::value(&entries, "package", "autotests") != Some("false") {
            let message =
                "add `autotests = false`, and a `[[test]]` named `it` where there are tests";
            offences.push(Offence::file(&file.path, message));
        }
        let tests: Vec<_> = entries
            .iter()
            .filter(|entry| entry.table == "test" && entry.key == "name")
            .collect();
        for extra in tests.iter().filter(|entry| entry.value != "\"it\"") {
            let message = format!(
                "a test binary {} beside `it`: make it a module of `it`",
                extra.value
            );
            offences.push(Offence::line(&file.path, extra.line, message));
        }
        let folder = file.path.trim_end_matches("Cargo.toml");
        let main = tree.get(&format!("{folder}tests/it/main.rs"));
        if let Some(main) = main.filter(|_| tests.is_empty()) {
            let message = "never runs: the manifest has no `[[test]]` named `it`";
            offences.push(Offence::file(&main.path, message));
        }
    }
    offences.extend(strays(tree));
    offences
}

/// Test files that no binary reaches, because they stand beside `it/` and not in it.
fn strays(tree: &Tree) -> impl Iterator<Item = Offence> {
    tree.rust()
        .filter(|file| {
            let inside = file
                .inside_room()
                .and_then(|path| path.strip_prefix("tests/"));
            inside.is_some_and(|name| !name.contains('/'))
        })
        .map(|file| {
            Offence::file(
                &file.path,
                "never runs: make it a module of `tests/it/main.rs`",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn a_second_binary_and_tests_that_never_run_are_caught() {
        let good = "[package]\nautotests = false\n[[test]]\nname = \"it\"\n";
        let two =
            "[package]\nautotests = false\n[[test]]\nname = \"it\"\n[[test]]\nname = \"more\"\n";
        let files = [
            ("crates/a/Cargo.toml", good),
            ("crates/a/tests/it/main.rs", ""),
            ("crates/a/tests/stray.rs", ""),
            ("crates/b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("crates/c/Cargo.toml", two),
            ("crates/d/Cargo.toml", "[package]\nautotests = false\n"),
            ("crates/d/tests/it/main.rs", ""),
        ];
        let expected = [
            "crates/b/Cargo.toml",
            "crates/c/Cargo.toml:6",
            "crates/d/tests/it/main.rs",
            "crates/a/tests/stray.rs",
        ];
        assert_eq!(offenders(&ENTRY, &files), expected);
    }
}
