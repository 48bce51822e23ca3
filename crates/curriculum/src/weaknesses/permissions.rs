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
