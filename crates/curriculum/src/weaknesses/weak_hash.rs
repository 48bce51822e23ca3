//! Is a digest made by a broken hash?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name},
};
use crate::task::Language::{self, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "weak-hash",
    cwe: 328,
    doc: "A digest that others rely on is made by MD5 or SHA-1. The careful program uses SHA-256.",
    patterns: PATTERNS,
    finds,
};

const DIGEST: &[&str] = &["digest", "mark", "sum", "print"];

const SAYS: &[&str] = &[
    "It returns a fingerprint of $data in hex",
    "A hex fingerprint of $data is returned",
    "Of $data it makes a fingerprint in hex",
    "The hex fingerprint that belongs to $data is the answer",
];

const MORE: &[&str] = &[
    "Compute a fingerprint for $data and return it as hexadecimal text",
    "The function hashes $data and hands back the hex digits",
    "From $data a fingerprint is derived and given back in hexadecimal",
    "What it gives back is a fingerprint of $data, written as hex digits",
    "After hashing $data, it returns the fingerprint as a hex string",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: Python,
        slots: &[("data", Name), ("d", Local(&["digest", "mark", "hashed"]))],
        parameters: &["$data"],
        top: &["import hashlib"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$d = hashlib.md5($data)",
        fixed: "$d = hashlib.sha256($data)",
        after: "",
        value: "$d.hexdigest()",
        says: SAYS,
        more: MORE,
        needs: &["hashlib . _ ( $data", "return .. hexdigest"],
    },
    Pattern {
        language: JavaScript,
        slots: &[("data", Name), ("d", Local(DIGEST))],
        parameters: &["$data"],
        top: &["const crypto = require(\"crypto\");"],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $d = crypto.createHash(\"md5\");",
        fixed: "const $d = crypto.createHash(\"sha256\");",
        after: "$d.update($data);",
        value: "$d.digest(\"hex\")",
        says: SAYS,
        more: MORE,
        needs: &[
            "createHash (",
            "update ( $data",
            "return .. digest ( \"hex\"",
        ],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let named = ["md5", "sha1"]
        .into_iter()
        .any(|name| tokens.calls(name).next().is_some());
    let chosen = ["createHash", "new"].into_iter().any(|name| {
        tokens.calls(name).any(|call| {
            call.arguments.first().is_some_and(|algorithm| {
                ["\"md5\"", "\"sha1\"", "'md5'", "'sha1'"].contains(&tokens.text(algorithm.start))
            })
        })
    });
    named || chosen
}
