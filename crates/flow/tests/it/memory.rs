//! Are exactly the checks missing that the fixture says, and does any input leave the analysis unharmed?

use std::collections::BTreeSet;

use palinode_code::languages::{self, Language};
use palinode_flow::{Lack, MissingCheck, missing_checks};
use proptest::prelude::*;

const PROGRAMS: &str = include_str!("fixtures/memory.txt");

fn both() -> [&'static Language; 2] {
    ["c", "cpp"].map(|name| languages::by_name(name).expect("it is known"))
}

fn found(language: &'static Language, text: &str) -> Vec<MissingCheck> {
    missing_checks(&language.parse_bytes(text.as_bytes()))
}

fn by_line(found: &[MissingCheck], text: &str) -> BTreeSet<(usize, Lack)> {
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let lines = found.iter();
    lines
        .map(|lack| (line(lack.span.start), lack.kind))
        .collect()
}

#[test]
fn what_is_missing_is_what_the_comments_say() {
    let mut expected = BTreeSet::new();
    for (nth, line) in PROGRAMS.lines().enumerate().skip(1) {
        if let Some((_, kind)) = line.split_once("// LACK ") {
            expected.insert((nth + 1, kind.trim().parse().expect("it is a kind")));
        }
    }
    for language in both() {
        let found = by_line(&found(language, PROGRAMS), PROGRAMS);
        let missed: Vec<_> = expected.difference(&found).collect();
        let wrong: Vec<_> = found.difference(&expected).collect();
        assert!(
            missed.is_empty() && wrong.is_empty(),
            "{}: missed {missed:?}, false {wrong:?}",
            language.name
        );
    }
}

#[test]
fn every_kind_stands_in_the_fixture() {
    for kind in Lack::ALL {
        assert!(PROGRAMS.contains(&format!("LACK {kind}")), "{kind}");
    }
}

#[test]
fn a_delete_is_a_free() {
    let cpp = languages::by_name("cpp").expect("it is known");
    let text = "void f(S *s) { delete s; s->run(); }";
    let kinds: Vec<Lack> = found(cpp, text).iter().map(|lack| lack.kind).collect();
    assert_eq!(kinds, [Lack::UseAfterFree]);
    let text = "void f(int w, int h) { int *p = new int[w * h]; use(p); }";
    let kinds: Vec<Lack> = found(cpp, text).iter().map(|lack| lack.kind).collect();
    assert_eq!(kinds, [Lack::AllocationProduct]);
}

#[test]
fn a_piece_without_its_function_is_looked_at() {
    let [c, _] = both();
    let text = "p = malloc(n * size);\np->a = 1;\n";
    let kinds: Vec<Lack> = found(c, text).iter().map(|lack| lack.kind).collect();
    assert_eq!(kinds, [Lack::AllocationProduct, Lack::NullResult]);
}

#[test]
fn other_languages_have_none() {
    let go = languages::by_name("go").expect("it is known");
    assert_eq!(found(go, PROGRAMS), []);
}

#[test]
fn functions_are_judged_by_themselves() {
    let [c, _] = both();
    let whole = by_line(&found(c, PROGRAMS), PROGRAMS);
    let more =
        format!("{PROGRAMS}\nint unrelated(int index, int length) {{ return index < length; }}\n");
    assert_eq!(by_line(&found(c, &more), &more), whole);
}

#[test]
fn deep_nests_need_little_stack() {
    let deep = 60_000;
    let nests = [
        format!(
            "int f() {{ return {}1{}; }}",
            "(".repeat(deep),
            ")".repeat(deep)
        ),
        format!(
            "int f() {{ return a{}; }}",
            "[b".repeat(deep) + &"]".repeat(deep)
        ),
        format!("int f() {{ return a{}; }}", "->b".repeat(deep)),
        format!("int f() {{ {}{} }}", "{".repeat(deep), "}".repeat(deep)),
        format!("int f() {{ {}; }}", "if (a) ".repeat(deep / 4)),
        format!("int f() {{ return a{}; }}", " + a".repeat(deep)),
        format!("int f() {{ if (a{}) b(); }}", " && a < b".repeat(deep / 4)),
        format!(
            "int f() {{ {}a{}; }}",
            "g(".repeat(deep / 2),
            ")".repeat(deep / 2)
        ),
    ];
    for text in nests {
        for language in both() {
            let parsed = language.parse_bytes(text.as_bytes());
            std::thread::Builder::new()
                .stack_size(512 << 10)
                .spawn(move || missing_checks(&parsed))
                .expect("a thread starts")
                .join()
                .expect("the stack suffices");
        }
    }
}

/// Words that make the analysis do something.
const WORDS: [&str; 48] = [
    "int f(int n, char *p) {",
    "}",
    "{",
    "(",
    ")",
    ";",
    "if (",
    "else",
    "while (",
    "for (",
    "switch (",
    "case 1:",
    "return",
    "goto out",
    "out:",
    "break",
    "p",
    "n",
    "p->a",
    "p[n]",
    "*p++",
    "n++",
    "=",
    "+=",
    "<",
    ">=",
    "==",
    "!=",
    "&&",
    "!",
    "*",
    "+",
    "<<",
    "malloc(",
    "free(",
    "memcpy(",
    "strlen(",
    "read(",
    "read_u16(",
    "delete",
    "new int[",
    "sizeof",
    "0",
    "'a'",
    ",",
    "#if A\n",
    "#else\n",
    "#endif\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_input_is_analyzed(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..120),
    ) {
        for text in [bytes, words.join(" ").into_bytes()] {
            for language in both() {
                for lack in missing_checks(&language.parse_bytes(&text)) {
                    for span in [lack.span, lack.subject] {
                        prop_assert!(span.start <= span.end && span.end <= text.len());
                    }
                }
            }
        }
    }
}
