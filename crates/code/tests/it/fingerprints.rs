//! Does a fingerprint stay with the layout and change with the code?

use palinode_code::languages::by_name;
use palinode_code::tree_sitter::Node;
use palinode_code::{Edit, Fingerprint, Language, Parsed, Span, Text, apply_edits};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::fixtures;

fn of(language: &str, source: &str) -> Fingerprint {
    Fingerprint::of(by_name(language).expect("known"), &Text::from(source))
}

/// The nodes without children, in order.
fn leaves(parsed: &Parsed) -> Vec<Node<'_>> {
    let mut cursor = parsed.root().walk();
    let mut leaves = Vec::new();
    loop {
        if cursor.goto_first_child() {
            continue;
        }
        leaves.push(cursor.node());
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return leaves;
            }
        }
    }
}

/// The white space between tokens of a source, and whether a line ends in it.
fn gaps(source: &Text, parsed: &Parsed) -> Vec<(Span, bool)> {
    let mut gaps = Vec::new();
    for pair in leaves(parsed).windows(2) {
        let gap = Span::new(pair[0].end_byte(), pair[1].start_byte());
        let bytes = source.slice(gap).unwrap_or_default();
        // There a comment would be text.
        let in_html = source.as_bytes()[..gap.start].ends_with(b"?>")
            || pair[0]
                .parent()
                .is_some_and(|above| above.kind().starts_with("jsx_"));
        if !in_html && !bytes.is_empty() && bytes.iter().all(u8::is_ascii_whitespace) {
            gaps.push((gap, bytes.contains(&b'\n')));
        }
    }
    gaps
}

/// Lays a source out differently at one place: wider space, an empty line, or a comment.
fn relaid(language: &Language, source: &Text, gap: Span, ends_line: bool, how: usize) -> Edit {
    let old = source.slice(gap).expect("inside");
    let comment = match (ends_line, language.block_comment, language.line_comment) {
        (true, _, Some(line)) => format!(" {line} a comment"),
        (false, Some((open, close)), _) => format!(" {open} a {close}"),
        _ => String::new(),
    };
    let before = match how {
        0 => "  ".to_owned(),
        1 if ends_line => "\n\n".to_owned(),
        1 => "\t".to_owned(),
        _ => comment,
    };
    Edit::new(gap, [before.as_bytes(), old].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..Default::default() })]

    #[test]
    fn layout_and_comments_do_not_count(
        which in any::<Index>(),
        places in prop::collection::btree_map(any::<Index>().prop_map(|i| i.index(1 << 16)), 0_usize..3, 1..30),
    ) {
        let all: Vec<_> = fixtures::all().collect();
        let (language, source) = which.get(&all);
        let parsed = language.parse(source);
        let gaps = gaps(source, &parsed);
        let edits: std::collections::BTreeMap<usize, Edit> = places
            .iter()
            .map(|(at, how)| {
                let at = at % gaps.len();
                let (gap, ends_line) = gaps[at];
                (at, relaid(language, source, gap, ends_line, *how))
            })
            .collect();
        let edits: Vec<Edit> = edits.into_values().collect();
        let relaid = apply_edits(source, &edits).expect("gaps do not overlap");
        let reparsed = language.parse(&relaid);
        prop_assert!(reparsed.parses(), "{}: {:?}\n{}", language.name, reparsed.errors(), relaid);
        prop_assert_eq!(reparsed.fingerprint(), parsed.fingerprint(), "{}\n{}", language.name, relaid);
    }
}

/// What another token could stand in place of this one; `None` where it says nothing by itself.
fn other_token(node: Node<'_>, text: &str) -> Option<String> {
    const OPERATORS: [(&str, &str); 16] = [
        ("+", "-"),
        ("-", "+"),
        ("*", "+"),
        ("/", "*"),
        ("<", "<="),
        (">", ">="),
        ("<=", "<"),
        (">=", ">"),
        ("==", "!="),
        ("!=", "=="),
        ("===", "!=="),
        ("!==", "==="),
        ("&&", "||"),
        ("||", "&&"),
        ("+=", "-="),
        ("-=", "+="),
    ];
    if let Some((_, other)) = OPERATORS.iter().find(|(operator, _)| *operator == text) {
        return Some((*other).to_owned());
    }
    let is_word = text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let says = node.is_named()
        && (is_word
            || node.kind().contains("string_content")
            || node.kind().contains("string_fragment"));
    (says && !node.kind().contains("comment")).then(|| format!("{text}7"))
}

#[test]
fn every_name_literal_and_operator_counts() {
    for (language, source) in fixtures::all() {
        let parsed = language.parse(&source);
        let base = parsed.fingerprint();
        let comments = parsed.comments();
        let mut changed = 0;
        for leaf in leaves(&parsed) {
            let span = Span::from(leaf.byte_range());
            let text = String::from_utf8_lossy(source.slice(span).expect("inside"));
            let in_comment = comments.iter().any(|comment| comment.encloses(span));
            let Some(other) = other_token(leaf, &text).filter(|_| !in_comment) else {
                continue;
            };
            let edited = Edit::new(span, other.as_bytes())
                .apply(&source)
                .expect("inside");
            let fingerprint = language.parse(&edited).fingerprint();
            assert_ne!(fingerprint, base, "{}: {text} at {span}", language.name);
            changed += 1;
        }
        assert!(changed > 60, "{}: only {changed}", language.name);
    }
}

#[test]
fn reformatted_code_is_the_same() {
    let same = |language: &str, sources: &[&str]| {
        for source in &sources[1..] {
            assert_eq!(of(language, source), of(language, sources[0]), "{source}");
        }
    };
    same(
        "c",
        &[
            "int f(int a) { if (a) return a + 1; return 0; } // x",
            "int f(int a)\n{\n\tif (a)\n\t\treturn a+1;\n\treturn 0;\n}",
            "int f (/* the */ int a) {if(a)return a \\\n + 1;return 0;}",
        ],
    );
    same(
        "c",
        &[
            "#define A(x) (x + 1)\n",
            "#define  A(x)   ( x+1 )  // more\n",
        ],
    );
    same(
        "javascript",
        &[
            "const f = (a) => { return [a, 1]; };\nf(1);",
            "const f = (a) => {\n  return [\n    a,\n    1,\n  ]\n}\nf(1,)",
        ],
    );
    same(
        "tsx",
        &["x = <p>a b {c}</p>;", "x = <p>\n  a\n  b {c}\n</p>"],
    );
    same(
        "python",
        &[
            "def f(a, b):\n    return g(a, [1, 2])\n",
            "def f(a,b) :\n  # why\n\n  return g(a, [\n    1, 2,\n  ],)",
            "def f(a, \\\n  b):\n\treturn g( a , [1,2] ) ; \n",
        ],
    );
    same(
        "go",
        &[
            "package p\nfunc f(a int) int { b := a; return g(b, 1) }",
            "package p\n\nfunc f(a int) int {\n\tb := a\n\treturn g(\n\t\tb,\n\t\t1,\n\t)\n}\n",
        ],
    );
    same(
        "rust",
        &[
            "fn f() -> [u8; 2] { g(1, 2); [1, 2] }",
            "fn f()->[u8;2]{\n g(1,2,);\n [1,2,]\n}",
        ],
    );
}

#[test]
fn small_differences_count() {
    for (language, one, other) in [
        ("rust", "fn f() -> u8 { g() }", "fn f() { g(); }"),
        ("rust", "fn f() { v![0; 5] }", "fn f() { v![0, 5] }"),
        ("rust", "fn f() { [0; 5] }", "fn f() { [0, 5] }"),
        ("python", "x = (1,)", "x = (1)"),
        ("python", "x[1,]", "x[1]"),
        ("python", "if a:\n  b()\nc()", "if a:\n  b()\n  c()"),
        ("javascript", "[, 1]", "[1]"),
        ("javascript", "[1, , 2]", "[1, 2]"),
        ("javascript", "for (a;;) b()", "for (;a;) b()"),
        ("javascript", "`a ${b}`", "`a  ${b}`"),
        ("c", "int a = 'x';", "int a = 'y';"),
        ("c", "int f() { g(a, b); }", "int f() { g(b, a); }"),
        ("c", "#define A 1\n", "#define A 2\n"),
        (
            "c",
            "void f() { if (a) { b(); } c(); }",
            "void f() { if (a) { b(); c(); } }",
        ),
        ("csharp", "int[] a;", "int[,] a;"),
        ("csharp", "int[,,] a;", "int[,] a;"),
        (
            "go",
            "package p\nvar c <-chan int",
            "package p\nvar c chan<- int",
        ),
        ("php", "$a == 1;", "$a === 1;"),
        ("java", "class A { int f = 1; }", "class A { long f = 1; }"),
    ] {
        assert!(
            by_name(language)
                .expect("known")
                .parse(&Text::from(one))
                .parses(),
            "{one}"
        );
        assert_ne!(of(language, one), of(language, other), "{one} and {other}");
    }
    assert_ne!(of("c", "int a;"), of("cpp", "int a;"));
}

#[test]
fn a_function_has_one_fingerprint_wherever_it_stands() {
    for (language, source) in fixtures::all() {
        let parsed = language.parse(&source);
        let moved = Text::from([source.as_bytes(), b"\n\n"].concat());
        let reparsed = language.parse(&moved);
        for function in parsed.functions() {
            let here = parsed.fingerprint_of(function.span);
            assert_eq!(here, reparsed.fingerprint_of(function.span));
        }
    }
    let function = "int f(int a) { return a * 2; }";
    let file = format!("int x;\n\n{function}\nint y;");
    let language = by_name("c").expect("known");
    let parsed = language.parse(&Text::from(file));
    let found = &parsed.functions()[0];
    assert_eq!(parsed.fingerprint_of(found.span), of("c", function));
}

#[test]
fn what_does_not_parse_is_named_by_its_tokens() {
    assert_eq!(
        of("c", "int f( { /* x */ return  1;"),
        of("c", "int f({return 1;")
    );
    assert_ne!(of("c", "int f( { return 1;"), of("c", "int f( { return 2;"));
    let language = by_name("c").expect("known");
    let tokens = Fingerprint::of_tokens(language, b"int f(void);");
    assert_ne!(tokens, of("c", "int f(void);"));
    // A span that cuts through a token is described by no tree.
    let parsed = language.parse(&Text::from("int total;"));
    assert_eq!(
        parsed.fingerprint_of(Span::new(4, 7)),
        Fingerprint::of_tokens(language, b"tot")
    );
    assert_eq!(
        parsed.fingerprint_of(Span::new(90, 95)),
        parsed.fingerprint_of(Span::new(95, 90))
    );
}

#[test]
fn fingerprints_are_stable() {
    // Stored fingerprints must keep their meaning; a change here needs a word in the changelog.
    assert_eq!(
        of("c", "int f(void) { return 1; }").to_string(),
        "930bbb770fc4fa1cc1e7490b4e8f2b1e"
    );
}
