//! Does the time of a comparison tell how far it got?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name},
};
use crate::task::Language::{self, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "timing",
    cwe: 208,
    doc: "A signature is compared byte by byte until the first difference. The careful comparison takes the same time always.",
    patterns: PATTERNS,
    finds,
};

const SAYS: &[&str] = &[
    "It tells whether $given is the signature of $data under $seed",
    "Whether $given signs $data under $seed is returned",
    "It checks the signature $given of $data with $seed",
    "The answer is whether $data under $seed has the signature $given",
];

const MORE: &[&str] = &[
    "Sign $data with $seed and report whether the signature comes out as $given",
    "The function compares $given to the signature that $seed yields for $data",
    "With $seed, the signature of $data is computed and compared to $given",
    "Return true when $given equals the signature of $data made with $seed",
    "What it gives back says if signing $data under $seed produces $given",
];

const SIGNATURE: &[&str] = &["expected", "wanted", "right"];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: Python,
        slots: &[
            ("data", Name),
            ("given", Name),
            ("seed", Name),
            ("e", Local(SIGNATURE)),
        ],
        parameters: &["$data", "$given", "$seed"],
        top: &["import hashlib", "import hmac"],
        returns: "",
        fail: "False",
        setup: "$e = hmac.new($seed, $data, hashlib.sha256).hexdigest()",
        draft: "same = $e == $given",
        fixed: "same = hmac.compare_digest($e, $given)",
        after: "",
        value: "same",
        says: SAYS,
        more: MORE,
        needs: &[
            "hmac . new ( $seed , $data",
            "same = .. $given",
            "return same",
        ],
    },
    Pattern {
        language: JavaScript,
        slots: &[
            ("data", Name),
            ("given", Name),
            ("seed", Name),
            ("e", Local(SIGNATURE)),
        ],
        parameters: &["$data", "$given", "$seed"],
        top: &["const crypto = require(\"crypto\");"],
        returns: "",
        fail: "false",
        setup: "const $e = crypto.createHmac(\"sha256\", $seed).update($data).digest();",
        draft: "const same = $e.toString() === $given.toString();",
        fixed: "const same = crypto.timingSafeEqual($e, $given);",
        after: "",
        value: "same",
        says: SAYS,
        more: MORE,
        needs: &[
            "createHmac ( .. $seed .. $data",
            "same = .. $given",
            "return same",
        ],
    },
];

fn finds(language: Language, tokens: &Tokens<'_>) -> bool {
    if !matches!(language, Python | JavaScript) {
        return false;
    }
    let made: Vec<&str> = ["hexdigest", "digest"]
        .into_iter()
        .flat_map(|name| tokens.calls(name))
        .filter_map(|call| {
            let start = (0..call.at).rev().find(|&at| tokens.text(at) == "=")?;
            let keyed = tokens.all[start..call.at]
                .iter()
                .any(|token| ["hmac", "createHmac"].contains(&token.text));
            (keyed && start > 0).then(|| tokens.text(start - 1))
        })
        .collect();
    ["==", "===", "!=", "!=="]
        .into_iter()
        .flat_map(|operator| tokens.find(operator))
        .any(|at| {
            let line = tokens.all[at].line;
            tokens
                .all
                .iter()
                .any(|token| token.line == line && made.contains(&token.text))
        })
}
