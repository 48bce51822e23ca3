//! Does any input, however broken or deep, get an answer?

use palinode_code::languages::LANGUAGES;
use palinode_code::{Language, SyntaxErrorKind, Text};
use proptest::prelude::*;

use crate::fixtures;

/// Asks everything that can be asked about a text, and checks what must always hold.
fn ask_everything(language: &'static Language, text: &Text) {
    assert_eq!(text.readable().len(), text.len());
    for parsed in [language.parse(text), language.parse_fragment(text)] {
        let errors = parsed.errors();
        assert_eq!(parsed.parses(), errors.is_empty());
        assert!(errors.is_sorted_by_key(|error| error.span));
        for error in &errors {
            assert!(text.span().encloses(error.span));
            assert_eq!(error.line, text.line(error.span.start));
            assert!(!error.to_string().contains('\n'));
        }
        let functions = parsed.functions();
        for (index, function) in functions.iter().enumerate() {
            assert!(text.span().encloses(function.span));
            assert!(function.span.encloses(function.signature_span));
            assert!(function.body.is_none_or(|b| function.span.encloses(b)));
            assert!(function.parent.is_none_or(|parent| parent < index));
            assert!(!function.signature.contains('\n'));
        }
        assert_eq!(parsed.fingerprint(), parsed.fingerprint_of(text.span()));
        for comment in parsed.comments() {
            assert!(text.span().encloses(comment));
        }
    }
}

fn language() -> impl Strategy<Value = &'static Language> {
    prop::sample::select(LANGUAGES.to_vec())
}

/// Cuts, doubles and replaces stretches of a source that parses: closer to code than random bytes.
fn mangled() -> impl Strategy<Value = (&'static Language, Vec<u8>)> {
    let cut = (
        any::<prop::sample::Index>(),
        0_usize..40,
        0_u8..4,
        any::<u8>(),
    );
    (language(), prop::collection::vec(cut, 1..6)).prop_map(|(language, cuts)| {
        let mut bytes = fixtures::source(language).as_bytes().to_vec();
        for (at, length, what, byte) in cuts {
            if bytes.is_empty() {
                break;
            }
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            let piece = bytes[start..end].to_vec();
            match what {
                0 => drop(bytes.drain(start..end)),
                1 => bytes[start] = byte,
                2 => drop(bytes.splice(start..start, piece)),
                _ => bytes.truncate(end),
            }
        }
        (language, bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bytes_get_an_answer(
        language in language(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        ask_everything(language, &Text::from(bytes));
    }

    #[test]
    fn random_punctuation_gets_an_answer(
        language in language(),
        text in "[(){}\\[\\]<>=;:,.*&\"'`#/\\\\?@$!a1 \n\t]{0,120}",
    ) {
        ask_everything(language, &Text::from(text));
    }

    #[test]
    fn mangled_sources_get_an_answer((language, bytes) in mangled()) {
        ask_everything(language, &Text::from(bytes));
    }
}

#[test]
fn every_prefix_of_every_fixture_gets_an_answer() {
    for (language, source) in fixtures::all() {
        for end in (0..source.len()).step_by(37) {
            ask_everything(language, &Text::from(&source.as_bytes()[..end]));
        }
    }
}

#[test]
fn deep_nesting_costs_no_stack() {
    const DEPTH: usize = 1_500;
    let small_stack = std::thread::Builder::new().stack_size(64 << 10);
    let asked = small_stack.spawn(|| {
        for &language in LANGUAGES {
            for (open, middle, close) in [
                ("(", "", ""),
                ("(", "1", ")"),
                ("{", "", "}"),
                ("[", "1", "]"),
                ("f(", "x", ")"),
                ("-", "1", ""),
            ] {
                let text = format!("{}{middle}{}", open.repeat(DEPTH), close.repeat(DEPTH));
                ask_everything(language, &Text::from(text));
            }
        }
    });
    asked
        .expect("a thread")
        .join()
        .expect("no overflow and no panic");
}

#[test]
fn functions_nest_deeply() {
    const DEPTH: usize = 2_000;
    for (name, open, middle, close) in [
        ("javascript", "a => ", "1", ""),
        ("javascript", "(a = (b) => ", "1", ") => 2"),
        ("python", "lambda: ", "1", ""),
        ("rust", "fn f() { ", "", "}"),
        ("csharp", "void f() { ", "", "}"),
    ] {
        let language = palinode_code::languages::by_name(name).expect("known");
        let text = format!("{}{middle}{}", open.repeat(DEPTH), close.repeat(DEPTH));
        let functions = language.parse(&Text::from(text)).functions();
        assert!(functions.len() >= DEPTH, "{name}: {}", functions.len());
        let parents = functions.iter().filter(|f| f.parent.is_some()).count();
        assert!(parents >= DEPTH - 1, "{name}");
        assert!(functions.iter().all(|f| f.signature.len() < 4096));
    }
}

#[test]
fn a_caller_can_stop_a_parse() {
    let source = Text::from("int f(int a) { return a; }\n".repeat(1000));
    let language = palinode_code::languages::by_name("c").expect("known");
    let mut calls_left = 5;
    let parsed = language.parse_while(&source, &mut || {
        calls_left -= 1;
        calls_left > 0
    });
    assert!(!parsed.parses());
    assert_eq!(parsed.errors().len(), 1);
    assert_eq!(parsed.errors()[0].kind, SyntaxErrorKind::GaveUp);
    assert!(parsed.functions().is_empty());
    assert_ne!(parsed.fingerprint(), language.parse(&source).fingerprint());
    // The parser that was stopped starts afresh.
    assert_eq!(language.parse(&source).functions().len(), 1000);
}
