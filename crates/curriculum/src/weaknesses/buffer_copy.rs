//! Does a copy into a buffer of fixed size look at the size?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name, Number},
};
use crate::task::Language::{self, C, Cpp};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "buffer-copy",
    cwe: 120,
    doc: "A string of any length is copied into a buffer of fixed size. The careful program passes the size.",
    patterns: PATTERNS,
    finds,
};

const BUFFER: &[&str] = &["buf", "buffer", "line", "copy", "text"];

const MORE: &[&str] = &[
    "Print $src after copying it into a buffer that holds $k bytes",
    "Through a local buffer $k bytes long, the function writes $src to standard output",
    "The function fills a buffer of $k bytes from $src and shows the result on standard output",
    "A copy of $src, kept in $k bytes of buffer, is printed",
    "Once $src has been copied to a $k byte buffer, the buffer's text is written out",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[
            ("src", Name),
            ("k", Number(16, 900)),
            ("buf", Local(BUFFER)),
        ],
        parameters: &["const char *$src"],
        top: &["#include <stdio.h>", "#include <string.h>"],
        returns: "int",
        fail: "-1",
        setup: "char $buf[$k];",
        draft: "strcpy($buf, $src);",
        fixed: "snprintf($buf, sizeof($buf), \"%s\", $src);",
        after: "puts($buf);",
        value: "0",
        says: &[
            "It copies $src into a buffer of $k bytes and prints that",
            "Into a $k byte buffer it copies $src, which it prints",
            "It prints $src by way of a buffer of $k bytes",
            "$src is put in a buffer of size $k that is then printed",
        ],
        more: MORE,
        needs: &["[ $k ]", "( .. $src", "puts ( || printf ("],
    },
    Pattern {
        language: C,
        slots: &[
            ("dst", Name),
            ("size", Name),
            ("first", Name),
            ("second", Name),
        ],
        parameters: &[
            "char *$dst",
            "size_t $size",
            "const char *$first",
            "const char *$second",
        ],
        top: &["#include <stdio.h>", "#include <string.h>"],
        returns: "int",
        fail: "-1",
        setup: "",
        draft: "sprintf($dst, \"%s/%s\", $first, $second);",
        fixed: "snprintf($dst, $size, \"%s/%s\", $first, $second);",
        after: "",
        value: "(int)strlen($dst)",
        says: &[
            "It joins $first and $second with a slash into $dst, which has room for $size bytes",
            "$dst of size $size receives $first, a slash and $second",
            "Into $dst, whose size is $size, it writes $first and $second with a slash between",
            "It makes $dst, $size bytes big, hold $first slash $second",
        ],
        more: &[
            "Write $first, then a slash, then $second to $dst, a buffer of $size bytes",
            "$first and $second, separated by a slash, are stored in $dst, where $size bytes fit",
            "The function composes $first, a slash and $second in $dst, whose capacity is $size",
            "With a slash between them, $first and $second end up in the $size bytes at $dst",
            "Given room for $size bytes at $dst, place $first there, followed by a slash and $second",
        ],
        needs: &["( $dst .. $first", "$second", "return .. strlen"],
    },
    Pattern {
        language: Cpp,
        slots: &[
            ("src", Name),
            ("k", Number(16, 900)),
            ("buf", Local(BUFFER)),
        ],
        parameters: &["const char *$src"],
        top: &["#include <cstdio>", "#include <cstring>"],
        returns: "int",
        fail: "-1",
        setup: "char $buf[$k];",
        draft: "std::strcpy($buf, $src);",
        fixed: "std::snprintf($buf, sizeof($buf), \"%s\", $src);",
        after: "std::puts($buf);",
        value: "0",
        says: &[
            "It copies $src into a buffer of $k bytes and prints that",
            "Into a $k byte buffer it copies $src, which it prints",
            "It prints $src by way of a buffer of $k bytes",
            "$src is put in a buffer of size $k that is then printed",
        ],
        more: MORE,
        needs: &["[ $k ]", "( .. $src", "puts ( || printf ("],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let copies = ["strcpy", "strcat"].into_iter().any(|name| {
        tokens.calls(name).any(|call| {
            call.arguments
                .get(1)
                .is_none_or(|source| !tokens.is_string(source.start))
        })
    });
    let prints = ["sprintf", "vsprintf"].into_iter().any(|name| {
        tokens.calls(name).any(|call| {
            call.arguments
                .get(1)
                .is_none_or(|format| tokens.text(format.start).contains("%s"))
        })
    });
    copies || prints
}
