//! What do the tests need again and again?

use std::fs;
use std::path::{Path, PathBuf};

use palinode_code::{Text, languages};
use palinode_scan::Source;

/// A file of `fixtures/`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let file = fixture_path(name);
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn fixture_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/fixtures")
        .join(name)
}

/// A text with the language of its name.
pub(crate) fn source(name: &str, text: impl Into<Text>) -> Source {
    let language = languages::by_path(Path::new(name)).expect("the extension is known");
    Source::new(name, text.into(), language)
}

/// A fixture as a text.
pub(crate) fn fixture_source(name: &str) -> Source {
    source(name, fixture(name))
}
