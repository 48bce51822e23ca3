//! Is something used after it was given back?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Choice, Local, Name},
};
use crate::task::Language::{self, C, Cpp};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "use-after-free",
    cwe: 416,
    doc: "A field of a record is read after the record was released. The careful program reads first.",
    patterns: PATTERNS,
    finds,
};

const FIELD: &[&str] = &["size", "used", "length", "count", "width", "level"];

const MORE: &[&str] = &[
    "Free $node and give back the $field stored in it",
    "The function disposes of $node and hands back the $field it had",
    "Return the $field that the record $node carries and free the record",
    "Along with freeing the record $node, it passes its $field back to the caller",
    "To the caller goes the $field of $node, and the memory of the record is freed",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[
            ("node", Name),
            ("field", Choice(FIELD)),
            ("sum", Local(&["sum", "result", "last", "kept"])),
        ],
        parameters: &["struct item *$node"],
        top: &[
            "#include <stdlib.h>",
            "",
            "struct item {\n    int $field;\n    struct item *next;\n};",
        ],
        returns: "int",
        fail: "-1",
        setup: "int $sum = 0;",
        draft: "free($node);\n$sum += $node->$field;",
        fixed: "$sum += $node->$field;\nfree($node);",
        after: "",
        value: "$sum",
        says: &[
            "It releases $node and returns its $field",
            "$node is released; its $field is the result",
            "The $field of $node is returned, and $node released",
            "What is returned is the $field of $node, which is let go",
        ],
        more: MORE,
        needs: &["free ( $node", "$node -> $field", "return _ ;"],
    },
    Pattern {
        language: Cpp,
        slots: &[
            ("node", Name),
            ("field", Choice(FIELD)),
            ("sum", Local(&["sum", "result", "last", "kept"])),
        ],
        parameters: &["Item *$node"],
        top: &["struct Item {\n    int $field;\n    Item *next;\n};"],
        returns: "int",
        fail: "-1",
        setup: "int $sum = 0;",
        draft: "delete $node;\n$sum += $node->$field;",
        fixed: "$sum += $node->$field;\ndelete $node;",
        after: "",
        value: "$sum",
        says: &[
            "It releases $node and returns its $field",
            "$node is released; its $field is the result",
            "The $field of $node is returned, and $node released",
            "What is returned is the $field of $node, which is let go",
        ],
        more: MORE,
        needs: &["delete $node", "$node -> $field", "return _ ;"],
    },
];

fn finds(language: Language, tokens: &Tokens<'_>) -> bool {
    if !matches!(language, C | Cpp) {
        return false;
    }
    let used_after = |name: &str, from: usize| {
        (from..tokens.all.len())
            .find(|&at| tokens.text(at) == name)
            .is_some_and(|at| {
                tokens.text(at + 1) != "=" && !["if", "return"].contains(&tokens.text(at - 1))
            })
    };
    let freed = tokens.calls("free").any(|call| {
        call.arguments
            .first()
            .is_some_and(|given| used_after(tokens.text(given.start), call.end))
    });
    freed
        || tokens
            .find("delete")
            .any(|at| tokens.is_word(at + 1) && used_after(tokens.text(at + 1), at + 2))
}
