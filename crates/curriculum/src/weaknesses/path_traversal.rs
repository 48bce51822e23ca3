//! Can a file name lead out of its folder?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name},
};
use crate::task::Language::{self, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "path-traversal",
    cwe: 22,
    doc: "A folder and a name from outside are joined and opened. The careful program keeps the last part of the name alone.",
    patterns: PATTERNS,
    finds,
};

const PATH: &[&str] = &["path", "full", "place"];

const SAYS: &[&str] = &[
    "It returns the content of the file $name in the folder $base",
    "The file $name under $base is read and returned",
    "From the folder $base it reads $name",
    "What stands in $name inside $base is the answer",
];

const MORE: &[&str] = &[
    "Read the file called $name, which lies in the directory $base, and return its text",
    "The function opens $name in the directory $base and hands back all of its text",
    "Within the folder $base, the file $name is opened and its content given back",
    "Return all the text of the file that $base holds under the name $name",
    "After joining $base and $name to a path, it reads the file there and returns the text",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: Python,
        slots: &[("base", Name), ("name", Name), ("p", Local(PATH))],
        parameters: &["$base", "$name"],
        top: &["import os"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$p = os.path.join($base, $name)",
        fixed: "$p = os.path.join($base, os.path.basename($name))",
        after: "with open($p) as stream:\n    content = stream.read()",
        value: "content",
        says: SAYS,
        more: MORE,
        needs: &["join ( $base .. $name", "open (", "read (", "return _"],
    },
    Pattern {
        language: JavaScript,
        slots: &[("base", Name), ("name", Name), ("p", Local(PATH))],
        parameters: &["$base", "$name"],
        top: &[
            "const fs = require(\"fs\");",
            "const nodePath = require(\"path\");",
        ],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $p = nodePath.join($base, $name);",
        fixed: "const $p = nodePath.join($base, nodePath.basename($name));",
        after: "",
        value: "fs.readFileSync($p, \"utf8\")",
        says: SAYS,
        more: MORE,
        needs: &["join ( $base .. $name", "return .. readFileSync ("],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let checked = tokens.mentions(&["startswith", "startsWith", "commonpath", "relative"]);
    ["join", "resolve"].into_iter().any(|name| {
        tokens.calls(name).any(|call| {
            let path = call.at >= 2 && ["path", "nodePath"].contains(&tokens.text(call.at - 2));
            let bare =
                |part: &std::ops::Range<usize>| part.len() == 1 && tokens.is_word(part.start);
            path && call.arguments.iter().skip(1).any(bare)
        })
    }) && !checked
}
