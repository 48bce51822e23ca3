//! C: what is its own about reading it?

use super::{Language, Syntax};
use crate::frame::Frame;
use crate::functions::declarators;
use crate::whole::Lexis;

/// C.
pub(super) static ENTRY: Language = Language {
    name: "c",
    title: "C",
    aliases: &["c11", "c17", "c99"],
    extensions: &["c", "h"],
    line_comment: Some("//"),
    block_comment: Some(("/*", "*/")),
    doc: "Read as C11 with GNU and Microsoft extensions, and K&R definitions. The preprocessor is \
not run: both branches of an `#if` are read, and a macro that stands for part of a declaration can \
leave a syntax error. Functions are definitions, and prototypes outside function bodies, the first of a list. A header \
`.h` is taken as C; ask for `cpp` by name where it is C++.",
    syntax: Syntax {
        grammars: &[|| tree_sitter_c::LANGUAGE.into()],
        function: declarators::function,
        frames: &[Frame {
            before: "int ",
            after: "",
            kinds: &[],
        }],
        lexis: Lexis {
            directives: true,
            ..Lexis::COMMON
        },
        ..Syntax::COMMON
    },
};
