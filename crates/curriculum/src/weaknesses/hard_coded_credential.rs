//! Does a password stand in the code?

use crate::lexer::{TokenKind, Tokens};
use crate::pattern::{
    Pattern,
    Slot::{Choice, Local, Name},
};
use crate::task::Language::{self, C, Cpp, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "hard-coded-credential",
    cwe: 798,
    doc: "A password or key is written into the program. The careful program takes it from its environment.",
    patterns: PATTERNS,
    finds,
};

const SECRET: &[&str] = &["password", "secret", "apikey", "passphrase"];
const VARIABLE: &[&str] = &["APP_PASSWORD", "SERVICE_KEY", "LOGIN_SECRET", "DB_PASSWORD"];
const LITERAL: &[&str] = &[
    "hunter2",
    "letmein",
    "admin123",
    "s3cret",
    "changeme",
    "qwerty1",
    "opensesame",
    "tops3cret",
];

const SAYS: &[&str] = &[
    "It opens $conn as $who with the account's password and returns the outcome",
    "With the account's password $who is logged in to $conn",
    "$conn is opened for $who by the account's password",
    "The outcome of opening $conn as $who with the account's password is the answer",
];

const MORE: &[&str] = &[
    "Sign $who in to $conn using the account's password and hand back the result",
    "The function logs in on $conn as $who by the account's password and passes on what results",
    "Using the account's password, $who is signed in on $conn, and the caller receives the result",
    "What it gives back is the result of the login of $who at $conn by the account's password",
    "Call the login of $conn for $who with the account's password and return its result",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: C,
        slots: &[
            ("who", Name),
            ("conn", Name),
            ("s", Local(SECRET)),
            ("env", Choice(VARIABLE)),
            ("lit", Choice(LITERAL)),
        ],
        parameters: &["const char *$who", "FILE *$conn"],
        top: &["#include <stdio.h>", "#include <stdlib.h>"],
        returns: "int",
        fail: "-1",
        setup: "",
        draft: "const char *$s = \"$lit\";",
        fixed: "const char *$s = getenv(\"$env\");",
        after: "if ($s == NULL) {\n    return -1;\n}\nfprintf($conn, \"login %s %s\\n\", $who, $s);",
        value: "0",
        says: &[
            "It sends a login line for $who with the account's password to $conn",
            "On $conn it logs $who in by the account's password",
            "$conn gets the login of $who and the account's password",
            "The account's password and $who are sent to $conn as a login",
        ],
        more: &[
            "Write to $conn a login line made up of $who and the account's password",
            "The function logs in on $conn by writing $who and the account's password there",
            "With $who and the account's password, a login line is printed to $conn",
            "A line with the word login, $who and the account's password is written to $conn",
            "Let $who sign in through $conn with a line that contains the account's password",
        ],
        needs: &["fprintf ( $conn .. $who", "return _"],
    },
    Pattern {
        language: Cpp,
        slots: &[
            ("who", Name),
            ("s", Local(SECRET)),
            ("env", Choice(VARIABLE)),
            ("lit", Choice(LITERAL)),
        ],
        parameters: &["const std::string &$who"],
        top: &["#include <cstdlib>", "#include <string>"],
        returns: "std::string",
        fail: "\"\"",
        setup: "",
        draft: "const char *$s = \"$lit\";",
        fixed: "const char *$s = std::getenv(\"$env\");",
        after: "if ($s == nullptr) {\n    return \"\";\n}",
        value: "\"login \" + $who + \" \" + $s",
        says: &[
            "It returns a login line for $who with the account's password",
            "A login line of $who and the account's password is returned",
            "For $who it makes a login line out of the account's password",
            "A line that logs $who in by the account's password is the answer",
        ],
        more: &[
            "Build a login line from $who and the account's password and hand it back",
            "The function puts $who and the account's password together into a login line",
            "What it gives back is a login line holding $who and the account's password",
            "Out of $who and the account's password a login line is composed for the caller",
            "Return a single line of text: login, then $who, then the account's password",
        ],
        needs: &["return \"login \" + $who + \" \" + _"],
    },
    Pattern {
        language: Python,
        slots: &[
            ("conn", Name),
            ("who", Name),
            ("s", Local(SECRET)),
            ("env", Choice(VARIABLE)),
            ("lit", Choice(LITERAL)),
        ],
        parameters: &["$conn", "$who"],
        top: &["import os"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$s = \"$lit\"",
        fixed: "$s = os.environ[\"$env\"]",
        after: "",
        value: "$conn.login($who, $s)",
        says: SAYS,
        more: MORE,
        needs: &["return $conn . login ( $who ,"],
    },
    Pattern {
        language: JavaScript,
        slots: &[
            ("conn", Name),
            ("who", Name),
            ("s", Local(SECRET)),
            ("env", Choice(VARIABLE)),
            ("lit", Choice(LITERAL)),
        ],
        parameters: &["$conn", "$who"],
        top: &[],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $s = \"$lit\";",
        fixed: "const $s = process.env.$env;",
        after: "",
        value: "$conn.login($who, $s)",
        says: SAYS,
        more: MORE,
        needs: &["return $conn . login ( $who ,"],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    tokens.all.iter().enumerate().any(|(at, token)| {
        let name = token.text.to_ascii_lowercase();
        let secret = [
            "password",
            "secret",
            "apikey",
            "api_key",
            "passphrase",
            "passwd",
        ]
        .iter()
        .any(|part| name.contains(part));
        secret
            && token.kind == TokenKind::Word
            && tokens.text(at + 1) == "="
            && tokens.is_string(at + 2)
            && tokens.text(at + 2).len() > 2
    })
}
