//! Can a secret number be guessed from the ones before it?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name, Number},
};
use crate::task::Language::{self, C, Cpp, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "weak-random",
    cwe: 338,
    doc: "A code that must not be guessed comes from an ordinary random generator. The careful program asks the system.",
    patterns: PATTERNS,
    finds,
};

const CODE: &[&str] = &["code", "pin", "ticket", "draw"];

const SAYS: &[&str] = &[
    "It returns $who and a login code below $k, joined by a colon",
    "For $who it makes a login code under $k and returns both with a colon",
    "A login code less than $k is drawn and put behind $who and a colon",
    "$who, a colon and a login code smaller than $k make the answer",
];

const MORE: &[&str] = &[
    "Generate a login code below $k and return it after $who with a colon in between",
    "The function joins $who to a new login code under $k by means of a colon",
    "What it gives back starts with $who, then has a colon and a login code under $k",
    "To $who it appends a colon and a freshly drawn login code below $k",
    "After picking a login code under $k, it returns that code with $who and a colon in front",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[("out", Name), ("k", Number(100, 900)), ("c", Local(CODE))],
        parameters: &["unsigned *$out"],
        top: &["#include <stdlib.h>", "#include <sys/random.h>"],
        returns: "int",
        fail: "-1",
        setup: "unsigned $c = 0;",
        draft: "$c = (unsigned)rand();",
        fixed: "if (getrandom(&$c, sizeof($c), 0) != sizeof($c)) {\n    return -1;\n}",
        after: "*$out = $c % $k;",
        value: "0",
        says: &[
            "It stores a login code below $k in $out",
            "A login code under $k is put in $out",
            "Into $out goes a login code less than $k",
            "$out receives a login code smaller than $k",
        ],
        more: &[
            "Draw a login code below $k and write it to $out",
            "The function picks a login code under $k and leaves it where $out points",
            "In $out it places a freshly drawn login code that lies below $k",
            "A code for logging in, less than $k, is generated and written through $out",
            "Set the target of $out to a login code from zero up to but not including $k",
        ],
        needs: &["$out = .. % $k", "return 0 || return _"],
    },
    Pattern {
        language: Cpp,
        slots: &[("who", Name), ("k", Number(100, 900)), ("c", Local(CODE))],
        parameters: &["const std::string &$who"],
        top: &[
            "#include <cstdlib>",
            "#include <random>",
            "#include <string>",
        ],
        returns: "std::string",
        fail: "\"\"",
        setup: "",
        draft: "unsigned $c = std::rand();",
        fixed: "unsigned $c = std::random_device{}();",
        after: "",
        value: "$who + \":\" + std::to_string($c % $k)",
        says: SAYS,
        more: MORE,
        needs: &["return $who + \":\" .. % $k"],
    },
    Pattern {
        language: Python,
        slots: &[("who", Name), ("k", Number(100, 900)), ("c", Local(CODE))],
        parameters: &["$who"],
        top: &["import random", "import secrets"],
        returns: "",
        fail: "\"\"",
        setup: "",
        draft: "$c = random.randrange($k)",
        fixed: "$c = secrets.randbelow($k)",
        after: "",
        value: "$who + \":\" + str($c)",
        says: SAYS,
        more: MORE,
        needs: &["( $k", "return $who + \":\" + str ("],
    },
    Pattern {
        language: JavaScript,
        slots: &[("who", Name), ("k", Number(100, 900)), ("c", Local(CODE))],
        parameters: &["$who"],
        top: &["const crypto = require(\"crypto\");"],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $c = Math.floor(Math.random() * $k);",
        fixed: "const $c = crypto.randomInt($k);",
        after: "",
        value: "$who + \":\" + $c",
        says: SAYS,
        more: MORE,
        needs: &["$k )", "return $who + \":\" +"],
    },
];

fn finds(language: Language, tokens: &Tokens<'_>) -> bool {
    match language {
        C | Cpp => ["rand", "random", "rand_r"]
            .into_iter()
            .any(|name| tokens.calls(name).next().is_some()),
        Python => ["randrange", "randint", "choice", "random"]
            .into_iter()
            .any(|name| {
                tokens
                    .calls(name)
                    .any(|call| call.at >= 2 && tokens.text(call.at - 2) == "random")
            }),
        JavaScript => tokens.contains(&["Math", ".", "random"]),
    }
}
