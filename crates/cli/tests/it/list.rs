//! Does `list` say what there is?

use serde_json::Value;

use crate::run;

#[test]
fn languages_are_listed_from_their_registry() {
    let ran = run(&["list", "languages"]);
    assert_eq!(ran.code, 0);
    for name in [
        "c ",
        "cpp ",
        "csharp ",
        "java ",
        "javascript ",
        "typescript ",
        "python ",
        "rust ",
        "php ",
        "go ",
    ] {
        assert!(
            ran.text().lines().any(|line| line.starts_with(name)),
            "{name} is missing:\n{}",
            ran.text()
        );
    }
}

#[test]
fn every_kind_can_be_listed_in_both_forms() {
    let kinds = run(&["list"]);
    for line in kinds.text().lines() {
        let kind = line.split_whitespace().next().unwrap();
        let table = run(&["list", kind]);
        let json = run(&["list", kind, "--json"]);
        assert_eq!((table.code, json.code), (0, 0), "{kind}");
        assert_eq!(table.text().lines().count(), json.text().lines().count());
        for line in json.text().lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            assert_eq!(entry["schema"], 1);
            for field in ["name", "title", "doc"] {
                assert!(
                    entry[field].as_str().is_some_and(|text| !text.is_empty()),
                    "{line}"
                );
            }
        }
    }
}

#[test]
#[cfg(feature = "local")]
fn models_are_listed_by_name_and_by_the_forms_that_names_have() {
    let ran = run(&["list", "models"]);
    insta::assert_snapshot!(ran.all());
}

#[test]
fn an_unknown_kind_is_told_with_those_there_are() {
    let ran = run(&["list", "wishes"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .starts_with("error: there is no list of `wishes`\nhint: one of: languages")
    );
}
