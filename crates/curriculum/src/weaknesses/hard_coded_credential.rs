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
