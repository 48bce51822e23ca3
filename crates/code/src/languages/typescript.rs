//! TypeScript: what is its own about reading it?

use super::{Language, Syntax};
use crate::functions::ecmascript;

/// TypeScript without JSX.
pub(super) static ENTRY: Language = Language {
    name: "typescript",
    title: "TypeScript",
    aliases: &["ts"],
    extensions: &["ts", "mts", "cts"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as TypeScript 5 without JSX, which is `tsx`. Functions as in JavaScript, and signatures without \
a body: overloads, abstract methods, the methods of interfaces.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()],
        comments: &["comment", "html_comment"],
        function: ecmascript::function,
        owner: ecmascript::owner,
        naming: ecmascript::NAMING,
        frames: ecmascript::FRAMES,
        lexis: super::javascript::LEXIS,
        ..Syntax::COMMON
    },
};
