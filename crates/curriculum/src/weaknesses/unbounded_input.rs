//! Does reading a word leave room for a word of any length?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name, Number},
};
use crate::task::Language::{self, C, Cpp};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "unbounded-input",
    cwe: 787,
    doc: "Input of any length is read into a buffer of fixed size. The careful program reads at most its size.",
    patterns: PATTERNS,
    finds,
};

const BUFFER: &[&str] = &["word", "input", "line", "token", "buf"];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[("fp", Name), ("k", Number(16, 900)), ("buf", Local(BUFFER))],
        parameters: &["FILE *$fp"],
        top: &["#include <stdio.h>", "#include <stdlib.h>"],
        returns: "int",
        fail: "-1",
        setup: "char $buf[$k];",
        draft: "if (fscanf($fp, \"%s\", $buf) != 1) {\n    return -1;\n}",
        fixed: "if (fgets($buf, sizeof($buf), $fp) == NULL) {\n    return -1;\n}",
        after: "",
        value: "atoi($buf)",
        says: &[
            "It reads a number from $fp by way of a $k byte buffer",
            "From $fp it takes text into $k bytes and returns it as a number",
            "With a buffer of $k bytes it reads a value from $fp",
            "The value read from $fp through $k bytes is the answer",
        ],
        more: &[
            "Return the integer that the next text from $fp spells, read via a buffer of $k bytes",
            "The function takes input from $fp into a buffer of $k bytes and makes it a number",
            "Into a buffer $k bytes long, text is read from $fp and then converted to an integer",
            "Using a $k byte buffer, parse a number out of the text that $fp supplies",
            "What it gives back is the number found in $fp, read by means of $k bytes of buffer",
        ],
        needs: &["[ $k ]", "( .. $fp", "return atoi || return strtol"],
    },
    Pattern {
        language: Cpp,
        slots: &[("k", Number(16, 900)), ("in", Name), ("buf", Local(BUFFER))],
        parameters: &["std::FILE *$in"],
        top: &["#include <cstdio>", "#include <cstdlib>"],
        returns: "int",
        fail: "-1",
        setup: "char $buf[$k];",
        draft: "if (std::fscanf($in, \"%s\", $buf) != 1) {\n    return -1;\n}",
        fixed: "if (std::fgets($buf, sizeof($buf), $in) == nullptr) {\n    return -1;\n}",
        after: "",
        value: "std::atoi($buf)",
        says: &[
            "It reads a number from $in by way of a $k byte buffer",
            "From $in it takes text into $k bytes and returns it as a number",
            "With a buffer of $k bytes it reads a value from $in",
            "The value read from $in through $k bytes is the answer",
        ],
        more: &[
            "Return the integer that the next text from $in spells, read via a buffer of $k bytes",
            "The function takes input from $in into a buffer of $k bytes and makes it a number",
            "Into a buffer $k bytes long, text is read from $in and then converted to an integer",
            "Using a $k byte buffer, parse a number out of the text that $in supplies",
            "What it gives back is the number found in $in, read by means of $k bytes of buffer",
        ],
        needs: &["[ $k ]", "( .. $in", "return .. atoi || return .. strtol"],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let unbounded = |name: &'static str, position: usize| {
        tokens.calls(name).any(|call| {
            call.arguments.get(position).is_some_and(|format| {
                let format = tokens.text(format.start);
                format.contains("%s") || format.contains("%[")
            })
        })
    };
    unbounded("scanf", 0) || unbounded("fscanf", 1) || tokens.calls("gets").next().is_some()
}
