//! Is every language in the registry complete, and found by its names?

use std::collections::BTreeSet;
use std::path::Path;

use palinode_code::Text;
use palinode_code::languages::{LANGUAGES, by_extension, by_name, by_path};

use crate::fixtures;

#[test]
fn every_language_is_complete_and_found_by_its_names() {
    let mut names = BTreeSet::new();
    let mut extensions = BTreeSet::new();
    for &language in LANGUAGES {
        for &name in std::iter::once(&language.name).chain(language.aliases) {
            assert!(names.insert(name), "the name {name} is taken twice");
            assert_eq!(name, name.to_lowercase(), "names are lower case");
            assert_eq!(by_name(&name.to_uppercase()), Some(language));
        }
        assert!(!language.title.is_empty());
        assert!(language.doc.len() > 60, "{} needs a manual", language.name);
        assert!(language.doc.ends_with('.'));
        assert!(!language.extensions.is_empty());
        for &extension in language.extensions {
            assert!(extensions.insert(extension), ".{extension} is taken twice");
            assert_eq!(by_extension(&format!(".{extension}")), Some(language));
            let path = format!("some.dir/file.{}", extension.to_uppercase());
            assert_eq!(by_path(Path::new(&path)), Some(language));
        }
        assert!(
            fixtures::source(language).len() > 500,
            "{} needs a fixture",
            language.name
        );
    }
    assert_eq!(by_name("klingon"), None);
    assert_eq!(by_path(Path::new("Makefile")), None);
}

#[test]
fn the_registry_is_sorted_by_name() {
    assert!(LANGUAGES.is_sorted_by_key(|language| language.name));
}

#[test]
fn every_fixture_parses_and_so_does_nothing_at_all() {
    for (language, source) in fixtures::all() {
        let parsed = language.parse(&source);
        let errors: Vec<String> = parsed.errors().iter().map(ToString::to_string).collect();
        assert!(parsed.parses(), "{}: {errors:#?}", language.name);
        assert!(errors.is_empty());

        let nothing = language.parse(&Text::default());
        assert!(nothing.parses() && nothing.functions().is_empty());
    }
}

#[test]
fn comments_are_comments_in_every_language() {
    for (language, source) in fixtures::all() {
        let comments = language.parse(&source).comments();
        assert!(!comments.is_empty(), "{} has none", language.name);
        for span in comments {
            let text = source.slice(span).expect("inside");
            let block = language.block_comment.map(|(open, _)| open);
            let known = language
                .line_comments()
                .chain(block)
                .any(|open| text.starts_with(open.as_bytes()));
            assert!(
                known,
                "{}: {}",
                language.name,
                String::from_utf8_lossy(text)
            );
        }
    }
}
