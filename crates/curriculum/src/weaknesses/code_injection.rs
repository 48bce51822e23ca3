//! Is a text from outside run as a program?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name},
};
use crate::task::Language::{self, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "code-injection",
    cwe: 95,
    doc: "A text that should be a value is evaluated as code. The careful program parses it as a value.",
    patterns: PATTERNS,
    finds,
};

const VALUE: &[&str] = &["value", "parsed", "given", "data"];

const SAYS: &[&str] = &[
    "It turns the text $text into the value it stands for and returns that",
    "The value written in $text is read and returned",
    "From $text it gets the value written there",
    "The value that $text spells out is the answer",
];

const MORE: &[&str] = &[
    "Return whichever value the text $text denotes",
    "The function takes the text $text and gives back the value it represents",
    "What it gives back is the value described by the text $text",
    "Once the value contained in $text has been read, the caller receives it",
    "Hand the caller the value for which $text is the written form",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: Python,
        slots: &[("text", Name), ("v", Local(VALUE))],
        parameters: &["$text"],
        top: &["import ast"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$v = eval($text)",
        fixed: "$v = ast.literal_eval($text)",
        after: "",
        value: "$v",
        says: SAYS,
        more: MORE,
        needs: &["( $text", "return _"],
    },
    Pattern {
        language: JavaScript,
        slots: &[("text", Name), ("v", Local(VALUE))],
        parameters: &["$text"],
        top: &[],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $v = eval(\"(\" + $text + \")\");",
        fixed: "const $v = JSON.parse($text);",
        after: "",
        value: "$v",
        says: SAYS,
        more: MORE,
        needs: &["eval ( || parse (", "return _"],
    },
];

fn finds(language: Language, tokens: &Tokens<'_>) -> bool {
    let constructed = language == JavaScript && tokens.contains(&["new", "Function"]);
    let evaluated =
        matches!(language, Python | JavaScript) && tokens.calls("eval").next().is_some();
    constructed || evaluated
}
