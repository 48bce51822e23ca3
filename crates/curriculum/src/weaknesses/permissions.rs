//! May everyone write to the file?

use crate::lexer::{TokenKind, Tokens};
use crate::pattern::{Pattern, Slot::Name};
use crate::task::Language::{self, C, Cpp, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "permissions",
    cwe: 732,
    doc: "A file is given permissions that let everyone write to it. The careful program keeps it to its owner.",
    patterns: PATTERNS,
    finds,
};

const MORE_WRITABLE: &[&str] = &[
    "Change the mode of $path so that it can be written, then print that it is ready",
    "The function turns on writing for $path and prints a line saying the file is ready",
    "On the file $path the mode for writing is set, and a ready message is printed",
    "Once $path has a mode that allows writing, a line naming it as ready is printed",
    "Print that $path is ready as soon as its mode has been switched to writable",
];

const MORE_STORED: &[&str] = &[
    "Save $data as the file $path, change the mode of that file and return how large it is",
    "The function stores $data in the file $path, adjusts its mode and hands back its size",
    "What it gives back is the size of $path once $data is saved there and its mode changed",
    "The file $path gets $data as content and a new mode, and its length is returned",
    "Return the size of the file $path after filling it with $data and setting its mode",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[("path", Name)],
        parameters: &["const char *$path"],
        top: &["#include <stdio.h>", "#include <sys/stat.h>"],
        returns: "int",
        fail: "-1",
        setup: "",
        draft: "if (chmod($path, 0777) != 0) {\n    return -1;\n}",
        fixed: "if (chmod($path, 0600) != 0) {\n    return -1;\n}",
        after: "printf(\"ready: %s\\n\", $path);",
        value: "0",
        says: &[
            "It makes the file $path writable and prints that it is ready",
            "The file $path is made writable and reported as ready",
            "It sets the mode of $path for writing and says it is ready",
            "After letting the file $path be written to, it announces it as ready",
        ],
        more: MORE_WRITABLE,
        needs: &["chmod ( $path", "printf ( .. $path"],
    },
    Pattern {
        language: Cpp,
        slots: &[("path", Name)],
        parameters: &["const std::string &$path"],
        top: &[
            "#include <cstdio>",
            "#include <string>",
            "#include <sys/stat.h>",
        ],
        returns: "int",
        fail: "-1",
        setup: "",
        draft: "if (chmod($path.c_str(), 0777) != 0) {\n    return -1;\n}",
        fixed: "if (chmod($path.c_str(), 0600) != 0) {\n    return -1;\n}",
        after: "std::printf(\"ready: %s\\n\", $path.c_str());",
        value: "0",
        says: &[
            "It makes the file $path writable and prints that it is ready",
            "The file $path is made writable and reported as ready",
            "It sets the mode of $path for writing and says it is ready",
            "After letting the file $path be written to, it announces it as ready",
        ],
        more: MORE_WRITABLE,
        needs: &["chmod ( $path", "printf ( .. $path"],
    },
    Pattern {
        language: Python,
        slots: &[("path", Name), ("data", Name)],
        parameters: &["$path", "$data"],
        top: &["import os"],
        returns: "",
        fail: "None",
        setup: "with open($path, \"w\") as stream:\n    stream.write($data)",
        draft: "os.chmod($path, 0o777)",
        fixed: "os.chmod($path, 0o600)",
        after: "",
        value: "os.path.getsize($path)",
        says: &[
            "It writes $data to $path, sets the mode of the file and returns its size",
            "$data is written to $path; the mode is set and the size returned",
            "Into $path it writes $data, sets its mode, and gives back the size",
            "With $data in $path and the mode set, the size of the file is the answer",
        ],
        more: MORE_STORED,
        needs: &[
            "open ( $path",
            "write ( $data",
            "chmod ( $path",
            "return .. $path",
        ],
    },
    Pattern {
        language: JavaScript,
        slots: &[("path", Name), ("data", Name)],
        parameters: &["$path", "$data"],
        top: &["const fs = require(\"fs\");"],
        returns: "",
        fail: "null",
        setup: "fs.writeFileSync($path, $data);",
        draft: "fs.chmodSync($path, 0o777);",
        fixed: "fs.chmodSync($path, 0o600);",
        after: "",
        value: "fs.statSync($path).size",
        says: &[
            "It writes $data to $path, sets the mode of the file and returns its size",
            "$data is written to $path; the mode is set and the size returned",
            "Into $path it writes $data, sets its mode, and gives back the size",
            "With $data in $path and the mode set, the size of the file is the answer",
        ],
        more: MORE_STORED,
        needs: &[
            "writeFileSync ( $path , $data",
            "chmodSync ( $path",
            "return .. $path",
        ],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    ["chmod", "chmodSync", "fchmod", "mkdir"]
        .into_iter()
        .any(|name| {
            tokens.calls(name).any(|call| {
                let Some(mode) = call.arguments.get(1) else {
                    return false;
                };
                let token = tokens.all.get(mode.start).copied();
                token.is_some_and(|token| {
                    token.kind == TokenKind::Number && world_writable(token.text)
                })
            })
        })
}

/// Whether the last digit of an octal mode has the write bit.
fn world_writable(mode: &str) -> bool {
    mode.starts_with('0')
        && mode.len() > 2
        && mode.bytes().last().is_some_and(|digit| digit & 0b10 != 0)
}
