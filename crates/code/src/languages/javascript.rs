//! JavaScript: what is its own about reading it?

use super::{Language, Syntax};
use crate::functions::ecmascript;
use crate::whole::{Layout, Lexis, Quote};

/// JavaScript, with JSX.
pub(super) static ENTRY: Language = Language {
    name: "javascript",
    title: "JavaScript",
    aliases: &["js", "jsx", "node", "nodejs", "ecmascript"],
    extensions: &["js", "mjs", "cjs", "jsx"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as ECMAScript 2023 with JSX and decorators. Functions are declarations, methods, \
function expressions and arrow functions; an expression is named by the variable, property or \
field it is assigned to, and has an empty name where nothing names it, as most callbacks. An \
assignment's owner is what stands before the last dot: `exports.run = …` gives `run` of `exports`.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_javascript::LANGUAGE.into()],
        comments: &["comment", "html_comment"],
        function: ecmascript::function,
        owner: ecmascript::owner,
        naming: ecmascript::NAMING,
        frames: ecmascript::FRAMES,
        lexis: LEXIS,
        ..Syntax::COMMON
    },
};

/// The tokens of JavaScript, and of the languages that contain it.
pub(super) const LEXIS: Lexis = Lexis {
    layout: Layout::Lines,
    strings: &[Quote::TEMPLATE, Quote::new(b"\""), Quote::new(b"'")],
    regexes: true,
    handler: b"finally {}",
    ..Lexis::COMMON
};
