//! Whatever the input, does the analysis end, within its budget, and does it depend only on what matters?

use palinode_code::languages::{self, Language};
use palinode_code::{Edit, Span};
use palinode_flow::{Analysis, Limits, Module, Omission, Tables, analyze};
use proptest::prelude::*;

use crate::programs::{analysis_of, open_lines, programs};

/// The languages that are lowered.
fn lowered() -> Vec<&'static Language> {
    let names = [
        "c",
        "cpp",
        "go",
        "java",
        "javascript",
        "php",
        "python",
        "tsx",
        "typescript",
    ];
    names
        .map(|name| languages::by_name(name).expect("it is known"))
        .to_vec()
}

/// Words that make the grammars and the analysis do something.
const WORDS: [&str; 64] = [
    "if", "else", "for", "while", "return", "def", "function", "class", "try", "except", "catch",
    "finally", "switch", "case", "break", "=", "+=", "==", "+", ".", ",", "(", ")", "{", "}", "[",
    "]", ":", ";", "\n", "\n    ", "\n\t", "'", "\"", "`", "${", "$", "<?php", "a", "b", "$_GET",
    "request", "args", "req", "query", "system", "execute", "open", "eval", "input", "int",
    "char *", "func", "import", "from", "as", "lambda", "=>", "->", "not", "in", "and", "x % y",
    "await",
];

fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..120)
        .prop_map(|words| words.join(" "))
}

/// A budget that the test can count.
const SMALL: Limits = Limits {
    steps: 2_000,
    depth: 40,
    flows: 5,
};

fn all_within(analysis: &Analysis, length: usize) -> bool {
    let flows = analysis.flows.iter().chain(&analysis.parameter_flows);
    let spans = flows.flat_map(|flow| flow.steps.iter().map(|step| step.span));
    let sites = analysis.sites.iter().map(|site| site.span);
    spans
        .chain(sites)
        .all(|span| span.start <= span.end && span.end <= length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_bytes_are_analyzed(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for language in lowered() {
            let analysis = analyze(&language.parse_bytes(&bytes), Tables::standard(), &Limits::STANDARD);
            prop_assert!(all_within(&analysis, bytes.len()));
        }
    }

    #[test]
    fn any_soup_of_words_is_analyzed_and_updated(first in soup(), second in soup()) {
        for language in lowered() {
            let first = language.parse_bytes(first.as_bytes());
            let text = format!("{}\n{second}", first.text());
            let second = language.parse_bytes(text.as_bytes());
            let before = Module::new(&first, Tables::standard(), &Limits::STANDARD);
            let updated = before.update(&second, Tables::standard(), &Limits::STANDARD);
            let fresh = Module::new(&second, Tables::standard(), &Limits::STANDARD);
            prop_assert_eq!(updated.analysis(), fresh.analysis());
            prop_assert_eq!(updated.functions(), fresh.functions());
            prop_assert_eq!(updated.calls(), fresh.calls());
            prop_assert!(all_within(fresh.analysis(), text.len()));
        }
    }

    #[test]
    fn a_small_budget_is_kept(text in soup()) {
        for language in lowered() {
            let analysis = analyze(&language.parse_bytes(text.as_bytes()), Tables::standard(), &SMALL);
            prop_assert!(analysis.flows.len() <= SMALL.flows && analysis.parameter_flows.len() <= SMALL.flows);
        }
    }

    /// Each program, cut anywhere and put together again piece by piece, is analyzed as it would be at once.
    #[test]
    fn a_program_that_grows_is_analyzed_as_at_once(which in any::<prop::sample::Index>(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..5)) {
        let programs = programs();
        let program = which.get(&programs);
        let language = languages::by_name(program.language).expect("it is known");
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(program.text.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(program.text.len());
        let mut parsed = language.parse_bytes(b"");
        let mut module = Module::new(&parsed, Tables::standard(), &Limits::STANDARD);
        for end in ends {
            let from = parsed.text().len();
            let edit = Edit::new(Span::at(from), &program.text.as_bytes()[from..end]);
            let (grown, unchanged) = parsed.edited(&edit).expect("it lies in the text");
            let fresh = Module::new(&grown, Tables::standard(), &Limits::STANDARD);
            let known = module.update_from(unchanged, &grown, Tables::standard(), &Limits::STANDARD);
            prop_assert_eq!(known.analysis(), fresh.analysis());
            prop_assert_eq!(known.calls(), fresh.calls());
            let updated = module.update(&grown, Tables::standard(), &Limits::STANDARD);
            prop_assert_eq!(updated.analysis(), fresh.analysis());
            prop_assert_eq!(updated.calls(), fresh.calls());
            (parsed, module) = (grown, known);
        }
    }
}

/// Names that programs of the fixtures give to their own variables, and what they might have been called.
const RENAMED: [(&str, &str); 8] = [
    ("name", "n4me"),
    ("host", "h0st"),
    ("query", "qu3ry"),
    ("order", "ord3r"),
    ("command", "comm4nd"),
    ("url", "ur1"),
    ("line", "l1ne"),
    ("buffer", "buff3r"),
];

/// The text with a variable renamed, where it stands as a word of its own and is no member, key or part of a string.
fn renamed(text: &str, from: &str, to: &str) -> String {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(from) {
        let (start, end) = (at + found, at + found + from.len());
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let after = bytes.get(end).copied();
        let is_word = !before.is_some_and(is_part) && !after.is_some_and(is_part);
        let is_own = before == Some(b'$')
            || !matches!(before, Some(b'.' | b'"' | b'\'' | b'>' | b'/' | b'-'))
                && !matches!(after, Some(b'"' | b'\'' | b'('));
        out.push_str(&text[at..start]);
        out.push_str(if is_word && is_own { to } else { from });
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

#[test]
fn names_of_variables_change_nothing() {
    let mut changed = 0;
    for program in programs() {
        // Destructuring takes fields by the names of variables, and markup names nothing.
        if program.text.contains("const {") || program.text.contains("<html>") {
            continue;
        }
        let before = analysis_of(program.language, program.text);
        for (from, to) in RENAMED {
            let text = renamed(program.text, from, to);
            if text == program.text {
                continue;
            }
            changed += 1;
            let after = analysis_of(program.language, &text);
            let place = format!("{}: {}: {from}", program.language, program.name);
            assert_eq!(
                open_lines(&before, program.text),
                open_lines(&after, &text),
                "{place}"
            );
        }
    }
    assert!(changed > 50, "{changed}");
}

#[test]
fn a_function_that_has_nothing_to_do_with_it_changes_nothing() {
    for program in programs() {
        if program.name == "unfinished" || program.text.contains("<html>") {
            continue;
        }
        let unrelated = match program.language {
            "python" => "\ndef unrelated_thing(first, second):\n    return first + second\n",
            "go" => {
                "\nfunc unrelatedThing(first int, second int) int {\n\treturn first + second\n}\n"
            }
            "java" => {
                "\nclass Unrelated { int unrelatedThing(int first, int second) { return first + second; } }\n"
            }
            "php" => "\nfunction unrelated_thing($first, $second) { return $first + $second; }\n",
            "c" | "cpp" => {
                "\nint unrelated_thing(int first, int second) { return first + second; }\n"
            }
            _ => "\nfunction unrelatedThing(first, second) { return first + second; }\n",
        };
        let before = analysis_of(program.language, program.text);
        let text = format!("{}{unrelated}", program.text);
        let after = analysis_of(program.language, &text);
        assert_eq!(
            before.flows, after.flows,
            "{}: {}",
            program.language, program.name
        );
    }
}

#[test]
fn what_is_nested_too_deeply_is_left_out_and_said() {
    let deep = 60_000;
    let nests = [
        (
            "python",
            "x = ".to_owned() + &"(".repeat(deep) + "1" + &")".repeat(deep),
        ),
        ("python", "x = ".to_owned() + &"not ".repeat(deep / 4) + "1"),
        (
            "javascript",
            "x = ".to_owned() + &"[".repeat(deep) + &"]".repeat(deep),
        ),
        ("javascript", "f(".repeat(deep / 2) + &")".repeat(deep / 2)),
        ("javascript", "{".repeat(deep) + &"}".repeat(deep)),
        (
            "c",
            "int f() {".to_owned() + &"if (a) {".repeat(deep / 8) + &"}".repeat(deep / 8) + "}",
        ),
        (
            "java",
            "class A { void a() { a".to_owned() + &".b()".repeat(deep / 4) + "; } }",
        ),
        (
            "go",
            "package p\nfunc f() { x := ".to_owned()
                + &"(".repeat(deep / 2)
                + "1"
                + &")".repeat(deep / 2)
                + "}",
        ),
        (
            "php",
            "<?php $x = ".to_owned() + &"[".repeat(deep / 2) + &"]".repeat(deep / 2) + ";",
        ),
        (
            "cpp",
            "void f() { ".to_owned() + &"{".repeat(deep / 2) + &"}".repeat(deep / 2) + "}",
        ),
    ];
    for (language, text) in nests {
        let parsed = languages::by_name(language)
            .expect("it is known")
            .parse_bytes(text.as_bytes());
        let parses = parsed.parses();
        // The stack that the limit's description promises to suffice.
        let analysis = std::thread::Builder::new()
            .stack_size(512 << 10)
            .spawn(move || analyze(&parsed, Tables::standard(), &Limits::STANDARD))
            .expect("a thread starts")
            .join()
            .expect("the stack suffices");
        let is_said = analysis
            .omissions
            .iter()
            .any(|omission| matches!(omission, Omission::Depth { .. }));
        assert!(is_said || !parses, "{language}: {}", &text[..40]);
    }
}

#[test]
fn long_chains_are_no_deep_nests() {
    let parts = vec!["'a'"; 5_000].join(" + ");
    let text = format!("import os\nos.system({parts} + input())\n");
    let analysis = analysis_of("python", &text);
    assert_eq!(analysis.omissions, []);
    assert_eq!(open_lines(&analysis, &text).len(), 1);
    let conditions = vec!["a == 1"; 5_000].join(" and ");
    assert_eq!(
        analysis_of("python", &format!("if {conditions}:\n    pass\n")).omissions,
        []
    );
}

#[test]
fn a_spent_budget_is_said() {
    let text = "import os\n".to_owned() + &"os.system(input())\n".repeat(2_000);
    let python = languages::by_name("python").expect("it is known");
    let parsed = python.parse_bytes(text.as_bytes());
    let analysis = analyze(&parsed, Tables::standard(), &SMALL);
    assert!(
        analysis
            .omissions
            .iter()
            .any(|omission| matches!(omission, Omission::Steps { .. }))
    );
    assert!(!analysis.flows.is_empty() && analysis.flows.len() <= SMALL.flows);
}
