//! Can the caller choose the format?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Label, Name},
};
use crate::task::Language::{self, C, Cpp};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "format-string",
    cwe: 134,
    doc: "A text from outside is used as the format of a print. The careful program prints it by a fixed format.",
    patterns: PATTERNS,
    finds,
};

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[("msg", Name), ("fp", Name)],
        parameters: &["FILE *$fp", "const char *$msg"],
        top: &["#include <stdio.h>"],
        returns: "int",
        fail: "-1",
        setup: "",
        draft: "fprintf($fp, $msg);",
        fixed: "fprintf($fp, \"%s\", $msg);",
        after: "fflush($fp);",
        value: "0",
        says: &[
            "It writes $msg to $fp and flushes it",
            "$msg goes to $fp, which is flushed",
            "To $fp it prints $msg, then flushes",
            "After putting $msg on $fp it does a flush",
        ],
        more: &[
            "Print $msg to the stream $fp, and flush that stream",
            "The function outputs $msg on $fp and then flushes the stream",
            "$fp receives $msg and is flushed afterwards",
            "On the stream $fp the text $msg is written, followed by a flush",
            "Let $msg be written to $fp, with the stream flushed right away",
        ],
        needs: &["( .. $msg", "fflush ( $fp"],
    },
    Pattern {
        language: C,
        slots: &[("msg", Name), ("tag", Label)],
        parameters: &["const char *$msg"],
        top: &["#include <syslog.h>"],
        returns: "int",
        fail: "-1",
        setup: "openlog(\"$tag\", LOG_PID, LOG_USER);",
        draft: "syslog(LOG_INFO, $msg);",
        fixed: "syslog(LOG_INFO, \"%s\", $msg);",
        after: "closelog();",
        value: "0",
        says: &[
            "It sends $msg to the system log as \"$tag\"",
            "$msg is put in the system log under \"$tag\"",
            "As \"$tag\" it notes $msg in the system log",
            "The system log gets $msg from \"$tag\"",
        ],
        more: &[
            "Log $msg to the system log under the name \"$tag\"",
            "With \"$tag\" as the name, $msg is written to the system log",
            "The function records $msg in the system log, where \"$tag\" is given as the sender",
            "Using the name \"$tag\", add $msg to the system log",
            "An entry made in the system log by \"$tag\" carries the text $msg",
        ],
        needs: &["openlog ( \"$tag\"", "syslog ( .. $msg", "closelog ("],
    },
    Pattern {
        language: Cpp,
        slots: &[("msg", Name)],
        parameters: &["const std::string &$msg"],
        top: &["#include <cstdio>", "#include <string>"],
        returns: "int",
        fail: "-1",
        setup: "",
        draft: "std::printf($msg.c_str());",
        fixed: "std::printf(\"%s\", $msg.c_str());",
        after: "std::fflush(stdout);",
        value: "0",
        says: &[
            "It prints $msg and flushes the output",
            "$msg is printed, and the output flushed",
            "To the output it prints $msg, then flushes",
            "After putting out $msg it does a flush",
        ],
        more: &[
            "Print $msg to standard output, and flush that",
            "The function writes $msg out, then flushes standard output",
            "Standard output receives $msg and is flushed afterwards",
            "On standard output the text $msg is shown, followed by a flush",
            "Let $msg be written to the output, with a flush right away",
        ],
        needs: &["( .. $msg", "fflush ( stdout"],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    [
        ("printf", 0),
        ("fprintf", 1),
        ("syslog", 1),
        ("sprintf", 1),
        ("snprintf", 2),
    ]
    .into_iter()
    .any(|(name, position)| {
        tokens.calls(name).any(|call| {
            call.arguments
                .get(position)
                .is_some_and(|format| !tokens.is_string(format.start))
        })
    })
}
