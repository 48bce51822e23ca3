//! Is any text scanned without harm, and do findings lie in it?

use palinode_code::{Language, Text, languages};
use palinode_rules::{Options, RuleBook};
use proptest::prelude::*;

/// Scans as a file and as a fragment, finished and not, and checks where the findings lie.
fn is_sound(language: &'static Language, bytes: &[u8]) -> Result<(), TestCaseError> {
    let text = Text::from(bytes);
    let book = RuleBook::builtin();
    for parsed in [language.parse(&text), language.parse_fragment(&text)] {
        for unfinished in [false, true] {
            let options = Options {
                unfinished,
                ..Options::default()
            };
            let scan = book.scan(&parsed, &options);
            for finding in &scan.findings {
                prop_assert!(
                    text.slice(finding.span).is_ok(),
                    "{} {}",
                    finding.rule,
                    finding.span
                );
                if let Ok(text) = text.as_str() {
                    prop_assert!(
                        text.get(finding.span.range()).is_some(),
                        "{} {}",
                        finding.rule,
                        finding.span
                    );
                }
                for edit in &finding.fix {
                    prop_assert!(edit.apply(&text).is_ok());
                }
            }
            let mut sorted = scan.findings.clone();
            sorted.sort_by_key(|finding| (finding.span, finding.rule.clone()));
            prop_assert_eq!(&sorted, &scan.findings);
        }
    }
    Ok(())
}

/// Words that rules look for, and what stands between them.
const PIECES: [&str; 40] = [
    "eval",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ";",
    "\n",
    "\r\n",
    "\t",
    " ",
    "=",
    "+",
    "\"",
    "'",
    "`",
    "$",
    ",",
    ".",
    "exec",
    "system",
    "strcpy",
    "innerHTML",
    "request",
    "query",
    "f\"{x}\"",
    "pickle.loads",
    "malloc",
    "free(p)",
    "p->x",
    "unsafe",
    "Command::new",
    "<?php",
    "$_GET['a']",
    "md5",
    "#",
    "//",
    "\u{e9}",
    "def f(a):\n  ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_bytes(language in prop::sample::select(languages::LANGUAGES), bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        is_sound(language, &bytes)?;
    }

    #[test]
    fn any_words(
        language in prop::sample::select(languages::LANGUAGES),
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = pieces.concat().into_bytes();
        let at = at.index(bytes.len() + 1);
        bytes.insert(at, byte);
        is_sound(language, &bytes)?;
    }
}

/// What is found does not depend on how lines end, on what bytes of no character stand in strings, or on tabs.
#[test]
fn positions_are_those_of_the_text() {
    let python = languages::by_name("python").expect("is known");
    let book = RuleBook::builtin();
    for code in [
        &b"import os\r\n\tx = 1\r\nos.system(a)\r\n"[..],
        b"a = '\xff\xfe \xe2\x82'\nos.system(b + '\xff')\n",
        "caf\u{e9} = '\u{1f600}'; os.system(caf\u{e9})\n".as_bytes(),
    ] {
        let text = Text::from(code);
        let scan = book.scan(&python.parse(&text), &Options::default());
        let found: Vec<&[u8]> = scan
            .findings
            .iter()
            .filter_map(|finding| text.slice(finding.span).ok())
            .collect();
        assert_eq!(found.len(), 1, "{code:?}");
        assert!(
            found[0].starts_with(b"os.system(") && found[0].ends_with(b")"),
            "{found:?}"
        );
    }
}

/// Deep nesting costs time, not stack.
#[test]
fn deep_nesting_is_survived() {
    let book = RuleBook::builtin();
    for language in languages::LANGUAGES {
        for opening in ["(", "[", "{", "eval(", "if (x) {"] {
            let text = Text::from(opening.repeat(5_000).as_str());
            let scan = book.scan(&language.parse(&text), &Options::default());
            assert!(scan.stopped.is_empty());
        }
    }
}
