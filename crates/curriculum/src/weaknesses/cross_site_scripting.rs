//! Can a text become part of a page's markup?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Choice, Local, Name},
};
use crate::task::Language::{self, JavaScript, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "cross-site-scripting",
    cwe: 79,
    doc: "A text from outside is put between tags as it is. The careful program escapes it.",
    patterns: PATTERNS,
    finds,
};

const TAG: &[&str] = &["p", "li", "td", "h1", "h2", "span", "div", "b"];
const MARKUP: &[&str] = &["page", "part", "block", "row"];

const SAYS: &[&str] = &[
    "It returns $text inside the tag $tag",
    "$text is wrapped in a $tag tag and returned",
    "It makes the markup of a $tag element that shows $text",
    "A $tag element with $text in it is the answer",
];

const MORE: &[&str] = &[
    "Return a $tag element around $text",
    "The function surrounds $text with an opening and a closing $tag tag and gives back the result",
    "Between the tags of a $tag element $text is placed, and the markup returned",
    "What it gives back is $text enclosed in $tag tags",
    "Build the HTML for a $tag element whose content is $text, then hand it over",
];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: Python,
        slots: &[("text", Name), ("tag", Choice(TAG)), ("m", Local(MARKUP))],
        parameters: &["$text"],
        top: &["import html"],
        returns: "",
        fail: "\"\"",
        setup: "",
        draft: "$m = \"<$tag>\" + $text + \"</$tag>\"",
        fixed: "$m = \"<$tag>\" + html.escape($text) + \"</$tag>\"",
        after: "",
        value: "$m",
        says: SAYS,
        more: MORE,
        needs: &["\"<$tag>\" + .. $text .. + \"</$tag>\"", "return _"],
    },
    Pattern {
        language: JavaScript,
        slots: &[("text", Name), ("tag", Choice(TAG)), ("m", Local(MARKUP))],
        parameters: &["$text"],
        top: &[
            "function escapeText(text) {\n    return text.replace(/&/g, \"&amp;\").replace(/</g, \"&lt;\");\n}",
        ],
        returns: "",
        fail: "null",
        setup: "",
        draft: "const $m = \"<$tag>\" + $text + \"</$tag>\";",
        fixed: "const $m = \"<$tag>\" + escapeText($text) + \"</$tag>\";",
        after: "",
        value: "$m",
        says: SAYS,
        more: MORE,
        needs: &["\"<$tag>\" + .. $text .. + \"</$tag>\"", "return _"],
    },
    Pattern {
        language: JavaScript,
        slots: &[("box", Name), ("text", Name)],
        parameters: &["$box", "$text"],
        top: &[],
        returns: "",
        fail: "null",
        setup: "",
        draft: "$box.innerHTML = $text;",
        fixed: "$box.textContent = $text;",
        after: "$box.hidden = false;",
        value: "$box",
        says: &[
            "It shows $text in the element $box and returns that",
            "The element $box gets $text and is shown",
            "In the element $box it puts $text and unhides it",
            "$text is made visible inside the element $box",
        ],
        more: &[
            "Set $text as the content of the element $box, unhide the element and return it",
            "The function places $text in the element $box, reveals it and gives it back",
            "Once $text has been placed in the element $box, the element is unhidden and returned",
            "What it gives back is the element $box, now shown and holding $text",
            "Let the element $box display $text and stop being hidden",
        ],
        needs: &["$box . _ = $text", "hidden = false", "return $box"],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let raw = tokens
        .find("innerHTML")
        .any(|at| tokens.text(at + 1) == "=" && tokens.is_word(at + 2));
    let joined = tokens.all.iter().enumerate().any(|(at, token)| {
        let opens = token.text.contains('<') && token.text.contains('>') && tokens.is_string(at);
        opens && tokens.text(at + 1) == "+" && tokens.is_word(at + 2) && tokens.text(at + 3) == "+"
    });
    raw || joined
}
