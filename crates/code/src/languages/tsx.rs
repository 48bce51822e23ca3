//! TSX: what is its own about reading it?

use super::{Language, Syntax};
use crate::functions::ecmascript;

/// TypeScript with JSX.
pub(super) static ENTRY: Language = Language {
    name: "tsx",
    title: "TSX",
    aliases: &["typescriptreact", "ts-jsx"],
    extensions: &["tsx"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as TypeScript 5 with JSX, where a cast is written `x as T` and never `<T>x`. Functions as in \
`typescript`.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_typescript::LANGUAGE_TSX.into()],
        comments: &["comment", "html_comment"],
        function: ecmascript::function,
        owner: ecmascript::owner,
        naming: ecmascript::NAMING,
        frames: ecmascript::FRAMES,
        lexis: super::javascript::LEXIS,
        ..Syntax::COMMON
    },
};
