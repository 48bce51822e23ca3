//! Is the other side of a connection who it says it is?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name, Number},
};
use crate::task::Language::{self, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "certificate-check",
    cwe: 295,
    doc: "The check of the server's certificate is switched off. The careful program leaves it on.",
    patterns: PATTERNS,
    finds,
};

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: Python,
        slots: &[
            ("url", Name),
            ("k", Number(8, 120)),
            ("r", Local(&["reply", "response", "answer"])),
        ],
        parameters: &["$url"],
        top: &["import requests"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$r = requests.get($url, timeout=$k, verify=False)",
        fixed: "$r = requests.get($url, timeout=$k)",
        after: "$r.raise_for_status()",
        value: "$r.text",
        says: &[
            "It fetches $url within $k seconds and returns the text",
            "The text at $url is fetched, waiting at most $k seconds",
            "With a timeout of $k it gets the text of $url",
            "What $url answers in $k seconds is returned as text",
        ],
        more: &[
            "Return the text found at $url, giving up after $k seconds",
            "The function downloads $url and hands back its text, allowing $k seconds at most",
            "What it gives back is the body of $url as text, requested with a $k second timeout",
            "From $url the page's text is retrieved and returned, with $k seconds as the time limit",
            "Within a limit of $k seconds, request $url and pass its text to the caller",
        ],
        needs: &[
            "get ( $url",
            "timeout = $k",
            "raise_for_status",
            "return .. text",
        ],
    },
    Pattern {
        language: JavaScript,
        slots: &[
            ("host", Name),
            ("k", Number(100, 900)),
            ("o", Local(&["options", "settings", "how"])),
        ],
        parameters: &["$host"],
        top: &["const https = require(\"https\");"],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $o = { hostname: $host, port: $k, rejectUnauthorized: false };",
        fixed: "const $o = { hostname: $host, port: $k };",
        after: "",
        value: "https.get($o)",
        says: &[
            "It starts an HTTPS request to $host on port $k and returns it",
            "An HTTPS request to port $k of $host is made and returned",
            "To $host, port $k, it sends an HTTPS request",
            "The answer is an HTTPS request that goes to port $k on $host",
        ],
        more: &[
            "Open an HTTPS request to port $k at $host and hand it back",
            "The function contacts $host over HTTPS on port $k and gives back the request",
            "What it gives back is a new HTTPS request for $host, with $k as the port",
            "Over HTTPS, $host is asked on port $k, and the caller receives that request",
            "Return the request that results from calling $host by HTTPS through port $k",
        ],
        needs: &[
            "hostname : $host",
            "port : $k",
            "return https . get ( || return https . request (",
        ],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    tokens.contains(&["verify", "=", "False"])
        || tokens.contains(&["rejectUnauthorized", ":", "false"])
}
