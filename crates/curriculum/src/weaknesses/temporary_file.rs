//! Can someone else take the name of a temporary file first?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Label, Local, Name},
};
use crate::task::Language::{self, C, Cpp, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "temporary-file",
    cwe: 377,
    doc: "The name of a temporary file is made up before the file is. The careful program makes both in one step.",
    patterns: PATTERNS,
    finds,
};

const DESCRIPTOR: &[&str] = &["fd", "handle", "out"];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[
            ("data", Name),
            ("size", Name),
            ("tag", Label),
            ("fd", Local(DESCRIPTOR)),
            ("p", Local(&["path", "place"])),
        ],
        parameters: &["const char *$data", "size_t $size"],
        top: &[
            "#include <fcntl.h>",
            "#include <stdlib.h>",
            "#include <unistd.h>",
        ],
        returns: "int",
        fail: "-1",
        setup: "char $p[] = \"/tmp/$tag-XXXXXX\";",
        draft: "int $fd = open(mktemp($p), O_RDWR | O_CREAT, 0600);",
        fixed: "int $fd = mkstemp($p);",
        after: "if ($fd < 0 || write($fd, $data, $size) < 0) {\n    return -1;\n}",
        value: "$fd",
        says: &[
            "It writes $size bytes of $data to a temporary file \"$tag\" and returns its descriptor",
            "A temporary file \"$tag\" receives $size bytes of $data; its descriptor is returned",
            "It puts $data, $size bytes, in a temporary file \"$tag\"",
            "$size bytes at $data go to a scratch file \"$tag\", whose descriptor is the answer",
        ],
        more: &[
            "Make a temporary file \"$tag\", write $size bytes of $data and return its descriptor",
            "The function stores $size bytes of $data in a new temporary file \"$tag\"",
            "Into a temporary file \"$tag\" it copies $size bytes of $data and returns the descriptor",
            "What it gives back is the descriptor of a temporary file \"$tag\" with $size bytes of $data",
            "After making a temporary file \"$tag\", it saves $size bytes of $data there",
        ],
        needs: &[
            "\"/tmp/$tag-XXXXXX\"",
            "write ( .. $data .. $size",
            "return _ ;",
        ],
    },
    Pattern {
        language: Cpp,
        slots: &[
            ("data", Name),
            ("tag", Label),
            ("fd", Local(DESCRIPTOR)),
            ("p", Local(&["path", "place"])),
        ],
        parameters: &["const std::string &$data"],
        top: &[
            "#include <cstdlib>",
            "#include <string>",
            "#include <fcntl.h>",
            "#include <unistd.h>",
        ],
        returns: "int",
        fail: "-1",
        setup: "char $p[] = \"/tmp/$tag-XXXXXX\";",
        draft: "int $fd = open(mktemp($p), O_RDWR | O_CREAT, 0600);",
        fixed: "int $fd = mkstemp($p);",
        after: "if ($fd < 0 || write($fd, $data.data(), $data.size()) < 0) {\n    return -1;\n}",
        value: "$fd",
        says: &[
            "It writes $data to a temporary file \"$tag\" and returns its descriptor",
            "A temporary file \"$tag\" receives $data; its descriptor is returned",
            "It puts $data in a temporary file \"$tag\"",
            "$data goes to a scratch file \"$tag\", whose descriptor is the answer",
        ],
        more: &[
            "Create a temporary file \"$tag\", write $data into it and return the descriptor",
            "The function stores $data in a new temporary file \"$tag\"",
            "Into a temporary file \"$tag\" it copies $data and hands back the descriptor",
            "What it gives back is the descriptor of a temporary file \"$tag\" filled with $data",
            "After making a temporary file \"$tag\", it saves $data there",
        ],
        needs: &["\"/tmp/$tag-XXXXXX\"", "write ( .. $data", "return _ ;"],
    },
    Pattern {
        language: Python,
        slots: &[
            ("data", Name),
            ("tag", Label),
            ("p", Local(&["path", "place"])),
        ],
        parameters: &["$data"],
        top: &["import os", "import tempfile"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$p = tempfile.mktemp(prefix=\"$tag\")\nhandle = os.open($p, os.O_RDWR | os.O_CREAT)",
        fixed: "handle, $p = tempfile.mkstemp(prefix=\"$tag\")",
        after: "with os.fdopen(handle, \"w\") as stream:\n    stream.write($data)",
        value: "$p",
        says: &[
            "It writes $data to a temporary file \"$tag\" and returns its path",
            "A temporary file \"$tag\" receives $data; its path is returned",
            "It puts $data in a temporary file \"$tag\"",
            "$data goes to a scratch file \"$tag\", whose path is the answer",
        ],
        more: &[
            "Create a temporary file \"$tag\", write $data into it and return the path",
            "The function stores $data in a new temporary file \"$tag\"",
            "Into a temporary file \"$tag\" it copies $data and hands back the path",
            "What it gives back is the path of a temporary file \"$tag\" filled with $data",
            "After making a temporary file \"$tag\", it saves $data there",
        ],
        needs: &[
            "( .. \"$tag\"",
            "write ( $data",
            "return path || return place",
        ],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    ["mktemp", "tmpnam", "tempnam"]
        .into_iter()
        .any(|name| tokens.calls(name).next().is_some())
}
