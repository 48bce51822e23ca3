//! Is a pointer used before anyone asked whether there is one?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Choice, Local, Name},
};
use crate::task::Language::{self, C, Cpp};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "null-dereference",
    cwe: 476,
    doc: "What an allocation, an open or a look-up returned is used unasked. The careful program asks first.",
    patterns: PATTERNS,
    finds,
};

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[
            ("src", Name),
            ("size", Name),
            ("p", Local(&["copy", "clone", "out", "mem"])),
        ],
        parameters: &["const char *$src", "size_t $size"],
        top: &["#include <stdlib.h>", "#include <string.h>"],
        returns: "char *",
        fail: "NULL",
        setup: "char *$p = malloc($size);",
        draft: "memcpy($p, $src, $size);",
        fixed: "if ($p == NULL) {\n    return NULL;\n}\nmemcpy($p, $src, $size);",
        after: "",
        value: "$p",
        says: &[
            "It returns a fresh copy of the $size bytes at $src",
            "The $size bytes of $src are copied to new memory, which it returns",
            "It duplicates $size bytes from $src",
            "New memory with the $size bytes found at $src is the answer",
        ],
        more: &[
            "Return a pointer to an allocated clone of the $size bytes that $src points to",
            "The function clones a block of $size bytes that begins at $src",
            "What it gives back is a duplicate of $src, $size bytes long",
            "Starting at $src, $size bytes are cloned into a block that it hands back",
            "Allocate room for $size bytes, copy them over from $src and return the pointer",
        ],
        needs: &[
            "malloc ( $size || malloc ( .. $size || calloc ( .. $size",
            "memcpy ( .. $src .. $size",
            "return _ ;",
        ],
    },
    Pattern {
        language: C,
        slots: &[
            ("path", Name),
            ("fp", Local(&["fp", "file", "in", "stream"])),
            ("c", Local(&["c", "first", "ch"])),
        ],
        parameters: &["const char *$path"],
        top: &["#include <stdio.h>"],
        returns: "int",
        fail: "-1",
        setup: "FILE *$fp = fopen($path, \"r\");",
        draft: "int $c = fgetc($fp);",
        fixed: "if ($fp == NULL) {\n    return -1;\n}\nint $c = fgetc($fp);",
        after: "fclose($fp);",
        value: "$c",
        says: &[
            "It returns the first character of the file $path",
            "From the file $path it takes the first character",
            "The file $path is opened and its first character returned",
            "What the file $path starts with is the answer",
        ],
        more: &[
            "Open $path for reading and return its very first character",
            "The function reads one character from the beginning of the file $path",
            "The character at the head of the file $path is handed back",
            "After opening the file $path, it reads a single character and gives that back",
            "Of the text in the file $path, only the leading character is returned",
        ],
        needs: &[
            "fopen ( $path",
            "fgetc ( || getc (",
            "fclose (",
            "return _ ;",
        ],
    },
    Pattern {
        language: Cpp,
        slots: &[
            (
                "var",
                Choice(&["HOME", "EDITOR", "LANG", "PAGER", "SHELL", "TERM", "USER"]),
            ),
            ("tail", Name),
            ("p", Local(&["found", "value", "env", "entry"])),
            ("s", Local(&["text", "whole", "joined"])),
        ],
        parameters: &["const std::string &$tail"],
        top: &["#include <cstdlib>", "#include <string>"],
        returns: "std::string",
        fail: "\"\"",
        setup: "const char *$p = std::getenv(\"$var\");",
        draft: "std::string $s($p);",
        fixed: "if ($p == nullptr) {\n    return \"\";\n}\nstd::string $s($p);",
        after: "$s += $tail;",
        value: "$s",
        says: &[
            "It returns the variable $var of the environment followed by $tail",
            "To the environment's $var it appends $tail",
            "$tail is put behind the environment variable $var",
            "The environment's $var and then $tail make the answer",
        ],
        more: &[
            "Look up $var in the environment and return its value with $tail added at the end",
            "The function joins the value of the environment variable $var to a following $tail",
            "After reading $var from the environment, it adds $tail at the end and returns both",
            "Onto the value that the environment holds for $var, $tail is tacked",
            "What it gives back is the environment variable $var extended by $tail",
        ],
        needs: &[
            "getenv ( \"$var\"",
            "+= $tail || + $tail || append ( $tail",
            "return _ ;",
        ],
    },
];

fn finds(language: Language, tokens: &Tokens<'_>) -> bool {
    if !matches!(language, C | Cpp) {
        return false;
    }
    ["malloc", "calloc", "realloc", "fopen", "getenv"]
        .into_iter()
        .any(|name| {
            tokens.calls(name).any(|call| {
                // `T *name = call(` or `T *name = std::call(`: what is the name, and where does it stand next?
                let mut at = call.at;
                while at > 0
                    && tokens.text(at) != "="
                    && ![";", "{", "}", "(", "if"].contains(&tokens.text(at))
                {
                    at -= 1;
                }
                if at == 0 || tokens.text(at) != "=" || !tokens.is_word(at - 1) {
                    return false;
                }
                let pointer = tokens.text(at - 1);
                let Some(next) =
                    (call.end..tokens.all.len()).find(|&next| tokens.text(next) == pointer)
                else {
                    return false;
                };
                let opens = (call.end..next)
                    .rev()
                    .take_while(|&before| ![";", "}"].contains(&tokens.text(before)));
                let asked = opens.into_iter().any(|before| tokens.text(before) == "if");
                let compared = ["==", "!=", "?", ")", "&&", "||"].contains(&tokens.text(next + 1))
                    || tokens.text(next - 1) == "!";
                let returned = tokens.text(next - 1) == "return";
                !(returned || (asked && compared))
            })
        })
}
