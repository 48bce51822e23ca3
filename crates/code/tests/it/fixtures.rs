//! Which source stands for each language?

use palinode_code::{Language, Text, languages::LANGUAGES};

/// A source in each language, written to hold every form its functions come in.
const SOURCES: [(&str, &str); 11] = [
    ("c", include_str!("fixtures/c.c")),
    ("cpp", include_str!("fixtures/cpp.cpp")),
    ("csharp", include_str!("fixtures/csharp.cs")),
    ("go", include_str!("fixtures/go.go")),
    ("java", include_str!("fixtures/java.java")),
    ("javascript", include_str!("fixtures/javascript.js")),
    ("php", include_str!("fixtures/php.php")),
    ("python", include_str!("fixtures/python.py")),
    ("rust", include_str!("fixtures/rust.rs")),
    ("tsx", include_str!("fixtures/tsx.tsx")),
    ("typescript", include_str!("fixtures/typescript.ts")),
];

/// The source of one language.
pub(crate) fn source(language: &Language) -> Text {
    let found = SOURCES.iter().find(|(name, _)| *name == language.name);
    let (_, source) = found.unwrap_or_else(|| panic!("{} has no fixture", language.name));
    Text::from(*source)
}

/// Every language with its source.
pub(crate) fn all() -> impl Iterator<Item = (&'static Language, Text)> {
    LANGUAGES
        .iter()
        .map(|&language| (language, source(language)))
}
