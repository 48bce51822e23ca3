//! Does a loop run one past the end of its array?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name, Number},
};
use crate::task::Language::{self, C, Cpp};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "off-by-one",
    cwe: 193,
    doc: "A loop over an array includes the index equal to its length. The careful loop stops before it.",
    patterns: PATTERNS,
    finds,
};

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[
            ("start", Name),
            ("k", Number(8, 300)),
            ("a", Local(&["steps", "marks", "cells", "row"])),
        ],
        parameters: &["int $start"],
        top: &["#include <stddef.h>"],
        returns: "int",
        fail: "-1",
        setup: "int $a[$k];",
        draft: "for (int j = 0; j <= $k; j++) {\n    $a[j] = $start + j;\n}",
        fixed: "for (int j = 0; j < $k; j++) {\n    $a[j] = $start + j;\n}",
        after: "",
        value: "$a[0]",
        says: &[
            "It fills an array of $k numbers counting up from $start and returns the first",
            "$k numbers from $start on are put in an array; the first is returned",
            "Counting up from $start it fills $k entries and gives back the first",
            "An array of $k numbers that starts at $start is filled, its first the answer",
        ],
        more: &[
            "Store $k consecutive numbers, beginning with $start, in an array; return entry zero",
            "The function lays out $k ascending numbers from $start up and yields the initial one",
            "What it gives back is the foremost of $k consecutive numbers stored from $start on",
            "Each one above the last, $k entries are set from $start up; entry zero is returned",
            "After writing $k successive numbers from $start to an array, it returns the earliest",
        ],
        needs: &[
            "[ $k ]",
            "for (",
            "= $start + j || = j + $start",
            "return _ [ 0 ]",
        ],
    },
    Pattern {
        language: Cpp,
        slots: &[("list", Name), ("sum", Local(&["sum", "all", "result"]))],
        parameters: &["const std::vector<int> &$list"],
        top: &["#include <cstddef>", "#include <vector>"],
        returns: "int",
        fail: "-1",
        setup: "int $sum = 0;",
        draft: "for (std::size_t j = 0; j <= $list.size(); j++) {\n    $sum += $list[j];\n}",
        fixed: "for (std::size_t j = 0; j < $list.size(); j++) {\n    $sum += $list[j];\n}",
        after: "",
        value: "$sum",
        says: &[
            "It returns the sum of $list",
            "The numbers in $list are summed up and returned",
            "All entries of $list are added up",
            "What the entries of $list add up to is the answer",
        ],
        more: &[
            "Return the total of all numbers in $list",
            "The function adds every element of $list to a running total and hands that back",
            "Over the whole of $list, the values are totalled and the total returned",
            "Go through $list and accumulate its elements into one sum",
            "The result is obtained by adding together each number that $list contains",
        ],
        needs: &["for ( .. $list", "+= .. $list || +=", "return _ ;"],
    },
];

fn finds(language: Language, tokens: &Tokens<'_>) -> bool {
    if !matches!(language, C | Cpp) {
        return false;
    }
    tokens.find("<=").any(|at| {
        let bound = tokens.text(at + 1);
        tokens.stands(at + 2, &[".", "size", "("]) || tokens.contains(&["[", bound, "]", ";"])
    })
}
