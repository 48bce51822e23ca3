//! Is an index from outside compared with the bounds before it is used?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name},
};
use crate::task::Language::{self, C, Cpp};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "index-bounds",
    cwe: 125,
    doc: "An array is read at an index the caller chose. The careful program compares it with the bounds.",
    patterns: PATTERNS,
    finds,
};

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[
            ("table", Name),
            ("len", Name),
            ("index", Name),
            ("v", Local(&["value", "picked", "cell", "found"])),
        ],
        parameters: &["const int *$table", "int $len", "int $index"],
        top: &["#include <stddef.h>"],
        returns: "int",
        fail: "-1",
        setup: "",
        draft: "int $v = $table[$index];",
        fixed: "if ($index < 0 || $index >= $len) {\n    return -1;\n}\nint $v = $table[$index];",
        after: "$v += 1;",
        value: "$v",
        says: &[
            "It returns one more than entry $index of $table, which has $len entries",
            "Of the $len entries of $table it takes number $index and adds 1",
            "One is added to entry $index of $table, whose length is $len",
            "Entry $index out of $len in $table, plus 1, is the answer",
        ],
        more: &[
            "Look up position $index in the $len elements of $table and return it increased by 1",
            "The function reads $table, $len numbers long, at $index and gives the next higher one",
            "In $table, which is $len long, the value at $index is read, incremented and returned",
            "What it gives back exceeds by one the number at $index of $table, $len numbers in all",
            "Given $table with $len elements, hand back the sum of 1 and the one at $index",
        ],
        needs: &["$table [ $index ]", "+= 1 || + 1 || ++", "return _ ;"],
    },
    Pattern {
        language: Cpp,
        slots: &[
            ("table", Name),
            ("index", Name),
            ("v", Local(&["value", "picked", "cell", "found"])),
        ],
        parameters: &["const std::vector<int> &$table", "std::size_t $index"],
        top: &["#include <cstddef>", "#include <vector>"],
        returns: "int",
        fail: "-1",
        setup: "",
        draft: "int $v = $table[$index];",
        fixed: "int $v = $table.at($index);",
        after: "$v += 1;",
        value: "$v",
        says: &[
            "It returns one more than entry $index of $table",
            "Of the entries of $table it takes number $index and adds 1",
            "One is added to entry $index of $table",
            "Entry $index in $table, plus 1, is the answer",
        ],
        more: &[
            "Look up position $index in $table and return that element increased by 1",
            "The function reads $table at $index and gives back the next higher number",
            "In $table the value at $index is read, incremented and returned",
            "What it gives back exceeds by one the number at position $index of $table",
            "Given $table, hand back the sum of 1 and the element at $index",
        ],
        needs: &[
            "$table [ $index ] || $table . at ( $index",
            "+= 1 || + 1 || ++",
            "return _ ;",
        ],
    },
];

fn finds(language: Language, tokens: &Tokens<'_>) -> bool {
    if !matches!(language, C | Cpp) {
        return false;
    }
    let parameters = parameters(tokens);
    tokens.find("[").any(|at| {
        let index = tokens.text(at + 1);
        if tokens.text(at + 2) != "]"
            || !tokens.is_word(at.wrapping_sub(1))
            || !parameters.contains(&index)
        {
            return false;
        }
        let compared = |operators: &[&str]| {
            (0..at).any(|before| {
                tokens.text(before) == index && operators.contains(&tokens.text(before + 1))
            })
        };
        !compared(&[">=", "<", ">"])
    })
}

/// The words before `,` or `)` in the first parameter list that a body follows.
fn parameters<'a>(tokens: &Tokens<'a>) -> Vec<&'a str> {
    for close in tokens.find(")") {
        if tokens.text(close + 1) != "{" {
            continue;
        }
        let Some(open) = (0..close).rev().find(|&at| tokens.text(at) == "(") else {
            continue;
        };
        return (open..close)
            .filter(|&at| matches!(tokens.text(at + 1), "," | ")"))
            .map(|at| tokens.text(at))
            .collect();
    }
    Vec::new()
}
