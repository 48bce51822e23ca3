//! Can the size of an allocation wrap around?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name},
};
use crate::task::Language::{self, C, Cpp};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "integer-overflow",
    cwe: 190,
    doc: "The product of two counts is allocated without a look at overflow. The careful program has it checked.",
    patterns: PATTERNS,
    finds,
};

const POINTER: &[&str] = &["cells", "values", "slots", "data", "grid"];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[("count", Name), ("p", Local(POINTER))],
        parameters: &["size_t $count"],
        top: &["#include <stdlib.h>"],
        returns: "int *",
        fail: "NULL",
        setup: "",
        draft: "int *$p = malloc($count * sizeof(int));",
        fixed: "int *$p = calloc($count, sizeof(int));",
        after: "if ($p == NULL) {\n    return NULL;\n}",
        value: "$p",
        says: &[
            "It returns a new array of $count numbers",
            "An array for $count numbers is made and returned",
            "Room for $count numbers is what it returns",
            "The answer is an array with space for $count numbers",
        ],
        more: &[
            "Allocate an array of $count integers and hand it back",
            "The function sets aside memory for $count numbers and gives back a pointer to it",
            "What it gives back is a freshly allocated array of $count integers",
            "For $count numbers an array is allocated, which the caller receives",
            "Create an array that can hold $count numbers and return it",
        ],
        needs: &["( .. $count .. sizeof || ( sizeof .. $count", "return _ ;"],
    },
    Pattern {
        language: Cpp,
        slots: &[("rows", Name), ("cols", Name), ("p", Local(POINTER))],
        parameters: &["std::size_t $rows", "std::size_t $cols"],
        top: &["#include <cstddef>", "#include <cstdint>"],
        returns: "int *",
        fail: "nullptr",
        setup: "",
        draft: "int *$p = new int[$rows * $cols];",
        fixed: "if ($cols != 0 && $rows > SIZE_MAX / $cols) {\n    return nullptr;\n}\nint *$p = new int[$rows * $cols];",
        after: "$p[0] = 0;",
        value: "$p",
        says: &[
            "It returns a new grid of $rows by $cols whose first cell is 0",
            "A grid of $rows times $cols is made, its first cell 0",
            "With $rows and $cols it makes a grid that starts with 0",
            "The answer is a grid, $rows by $cols, with 0 in front",
        ],
        more: &[
            "Allocate a grid of $rows rows and $cols columns, zero its first cell and return it",
            "The function creates a grid of $rows rows, each $cols wide, and zeroes the first cell",
            "What it gives back is a grid of $rows rows, $cols columns and a zero first cell",
            "For $rows rows and $cols columns a grid is allocated and its first cell set to 0",
            "Make space for $rows rows of $cols cells, store 0 in the first and hand the grid back",
        ],
        needs: &["new int [ .. $rows", "[ 0 ] = 0", "return _ ;"],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let checked = tokens.contains(&["SIZE_MAX", "/"]);
    let product = |range: std::ops::Range<usize>| {
        range
            .clone()
            .any(|at| tokens.text(at) == "*" && at > range.start)
    };
    let allocated = ["malloc", "realloc"].into_iter().any(|name| {
        tokens.calls(name).any(|call| {
            call.arguments
                .last()
                .is_some_and(|size| product(size.clone()))
        })
    });
    let array = tokens.find("new").any(|at| {
        let end = tokens.statement_end(at, Language::Cpp);
        (at..end)
            .find(|&open| tokens.text(open) == "[")
            .is_some_and(|open| product(open + 1..end))
    });
    (allocated || array) && !checked
}
