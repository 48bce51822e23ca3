//! Is every entry of an extension point in its registry?

use crate::tidy::{File, Offence, Rule, Tree, source};

pub(crate) static ENTRY: Rule = Rule {
    name: "registries",
    doc: "An extension is one file and two lines in the registry beside it, `mod x;` and \
          `&x::ENTRY`: a file that is not registered is dead, and the lists that users see come \
          from the registries.",
    check,
};

/// One extension point.
struct Registry {
    /// The folder of its entries.
    folder: &'static str,
    /// The files that hold the registry's two lines: one, or one for each.
    files: &'static [&'static str],
    /// Whether the folder holds nothing but entries.
    pure: bool,
}

const REGISTRIES: &[Registry] = &[
    Registry {
        folder: "crates/code/src/languages/",
        files: &["crates/code/src/languages/mod.rs"],
        pure: true,
    },
    Registry {
        folder: "crates/model/src/architectures/",
        files: &["crates/model/src/architectures/mod.rs"],
        pure: false,
    },
    Registry {
        folder: "crates/methods/src/",
        files: &["crates/methods/src/lib.rs", "crates/methods/src/method.rs"],
        pure: false,
    },
    Registry {
        folder: "crates/train/src/objectives/",
        files: &["crates/train/src/objectives/mod.rs"],
        pure: true,
    },
    Registry {
        folder: "crates/curriculum/src/weaknesses/",
        files: &["crates/curriculum/src/weaknesses/mod.rs"],
        pure: true,
    },
    Registry {
        folder: "crates/scan/src/analyzers/",
        files: &["crates/scan/src/analyzers/mod.rs"],
        pure: true,
    },
    Registry {
        folder: "xtask/src/verbs/",
        files: &["xtask/src/verbs/mod.rs"],
        pure: true,
    },
    Registry {
        folder: "xtask/src/tidy/rules/",
        files: &["xtask/src/tidy/rules/mod.rs"],
        pure: true,
    },
];

fn check(tree: &Tree) -> Vec<Offence> {
    REGISTRIES
        .iter()
        .flat_map(|registry| offences(tree, registry))
        .collect()
}

fn offences(tree: &Tree, registry: &Registry) -> Vec<Offence> {
    let entries: Vec<(&File, &str)> = tree
        .rust()
        .filter(|file| !registry.files.contains(&file.path.as_str()))
        .filter_map(|file| Some((file, file.path.strip_prefix(registry.folder)?)))
        .filter(|(_, name)| !name.contains('/'))
        .collect();
    if entries.is_empty() {
        return Vec::new();
    }
    let lists: Vec<&File> = registry
        .files
        .iter()
        .filter_map(|path| tree.get(path))
        .collect();
    if lists.is_empty() {
        let message = "the registry of this folder is missing";
        return vec![Offence::file(registry.files[0], message)];
    }
    let named = registry.files.join("` and `");
    let mut found = Vec::new();
    for (file, name) in entries {
        let module = name.trim_end_matches(".rs");
        let declared = format!("mod {module};");
        if !lists.iter().any(|list| list.code().contains(&declared)) {
            let message = format!("not in the registry: no `{declared}` in `{named}`");
            found.push(Offence::file(&file.path, message));
        }
        if !defines_entry(file) {
            if registry.pure {
                found.push(Offence::file(
                    &file.path,
                    "each file of this folder defines `ENTRY`",
                ));
            }
            continue;
        }
        let listed = format!("{module}::ENTRY");
        if !lists
            .iter()
            .any(|list| source::words(list.code(), &listed).next().is_some())
        {
            let message = format!("not in the registry: no `&{listed}` in `{named}`");
            found.push(Offence::file(&file.path, message));
        }
    }
    found
}

/// Whether the file has a `static ENTRY` or a `const ENTRY`.
fn defines_entry(file: &File) -> bool {
    ["static ENTRY", "const ENTRY"]
        .iter()
        .any(|text| source::words(file.code(), text).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    const FOLDER: &str = "crates/code/src/languages";

    #[test]
    fn a_file_that_is_not_registered_is_caught() {
        let list = "mod c;\nmod go;\nstatic ALL: &[&Language] = &[&c::ENTRY];\n// &php::ENTRY\n";
        let (registry, c) = (format!("{FOLDER}/mod.rs"), format!("{FOLDER}/c.rs"));
        let (go, php) = (format!("{FOLDER}/go.rs"), format!("{FOLDER}/php.rs"));
        let entry = "pub static ENTRY: Language = x;\n";
        let files = [
            (registry.as_str(), list),
            (c.as_str(), entry),
            (go.as_str(), entry),
            (php.as_str(), ""),
        ];
        // Not listed; not declared and no entry.
        let expected = [go.clone(), php.clone(), php.clone()];
        assert_eq!(offenders(&ENTRY, &files), expected);
    }

    #[test]
    fn a_folder_may_hold_more_than_entries_but_no_unlisted_entry() {
        let files = [
            ("crates/methods/src/error.rs", ""),
            (
                "crates/methods/src/lib.rs",
                "mod error;\nmod method;\nmod one;\nmod two;\n",
            ),
            ("crates/methods/src/method.rs", "&[&crate::one::ENTRY]\n"),
            ("crates/methods/src/one.rs", "static ENTRY: Method = x;\n"),
            ("crates/methods/src/two.rs", "static ENTRY: Method = x;\n"),
        ];
        assert_eq!(offenders(&ENTRY, &files), ["crates/methods/src/two.rs"]);
    }

    #[test]
    fn entries_without_a_registry_are_caught() {
        let files = [("crates/methods/src/one.rs", "static ENTRY: Method = x;\n")];
        assert_eq!(offenders(&ENTRY, &files), ["crates/methods/src/lib.rs"]);
    }
}
