//! Is what is whole in an unfinished text found, and does what closes it close it?

use palinode_code::languages::{self, LANGUAGES};
use palinode_code::{Language, Whole};
use proptest::prelude::*;

use crate::fixtures;

fn language(name: &str) -> &'static Language {
    languages::by_name(name).expect("is known")
}

/// The whole part of `code`, with what closes it behind `⟨`.
fn closed(name: &str, code: &str) -> String {
    match language(name).whole_part(code.as_bytes()) {
        None => "none".to_owned(),
        Some(Whole { end, closers }) => {
            format!("{}⟨{}", &code[..end], String::from_utf8_lossy(&closers))
        }
    }
}

#[test]
fn the_statement_that_is_being_written_is_set_aside() {
    for (name, code, expected) in [
        (
            "c",
            "void f(void) {\n  g(1);\n  h(",
            "void f(void) {\n  g(1);\n⟨}",
        ),
        ("c", "struct a { int b;\n int", "struct a { int b;\n⟨};"),
        (
            "c",
            "typedef struct {\n int b;",
            "typedef struct {\n int b;⟨} _;",
        ),
        (
            "c",
            "struct a *f(void) { g();",
            "struct a *f(void) { g();⟨}",
        ),
        (
            "c",
            "void f(void) {\n#ifdef A\n  g();\n",
            "void f(void) {\n#ifdef A\n  g();\n⟨\n#endif\n}",
        ),
        (
            "c",
            "void f(void) { do { g();",
            "void f(void) { do { g();⟨}while(0);}",
        ),
        (
            "c",
            "void f(void) { char *a = \"}\"; // }\n g('}'",
            "void f(void) { char *a = \"}\"; // }\n⟨}",
        ),
        ("cpp", "auto a = R\"x(})x\"; int b", "auto a = R\"x(})x\";⟨"),
        (
            "cpp",
            "void f() { try { g();",
            "void f() { try { g();⟨}catch (...) {}}",
        ),
        (
            "java",
            "class A { void f() { try { g(); } catch (E e) { h();",
            "class A { void f() { try { g(); } catch (E e) { h();⟨}}}",
        ),
        (
            "java",
            "class A { void f() { x.y(a -> { g();",
            "class A { void f() { x.y(a -> { g();⟨});}}",
        ),
        (
            "javascript",
            "app.get('/', (q, r) => {\n  eval(q)\n  r.",
            "app.get('/', (q, r) => {\n  eval(q)\n⟨});",
        ),
        (
            "javascript",
            "const a = `${b ? `}` : '}'}`\nlet c",
            "const a = `${b ? `}` : '}'}`\n⟨",
        ),
        (
            "javascript",
            "const a = /[/}]\\/{/;\nlet c",
            "const a = /[/}]\\/{/;\n⟨",
        ),
        (
            "c",
            "void f(int a) { switch (a) { case 1: { gets(b); g(",
            "void f(int a) { switch (a) { case 1: { gets(b);⟨}}}",
        ),
        (
            "javascript",
            "const a = `${s.replace(/\"/g, '') /* don't */}`\nlet c",
            "const a = `${s.replace(/\"/g, '') /* don't */}`\n⟨",
        ),
        ("go", "func f() {\n\tg()\n\th(a,\n", "func f() {\n\tg()\n⟨}"),
        (
            "rust",
            "fn f<'a>(a: &'a str) { let b = '}'; let c = r#\"\"}\"#; d(",
            "fn f<'a>(a: &'a str) { let b = '}'; let c = r#\"\"}\"#;⟨}",
        ),
        (
            "php",
            "<p>}</p><?php if (a) { echo <<<X\n}\nX; b(",
            "<p>}</p><?php if (a) { echo <<<X\n}\nX;⟨}",
        ),
        (
            "csharp",
            "class A { string b = @\"\\\"; void f() { g(",
            "class A { string b = @\"\\\"; void f() {⟨}}",
        ),
    ] {
        assert_eq!(closed(name, code), expected, "{name}");
    }
}

#[test]
fn lines_end_statements_and_blocks_are_indented_in_python() {
    for (code, expected) in [
        ("a = 1\nb = (2,\n  3", "a = 1\n⟨"),
        ("def f():\n", "def f():\n⟨ pass\n"),
        ("try:\n    a()\nb", "try:\n    a()\n⟨finally: pass\n"),
        (
            "try:\n    a()\nexcept E:\n    b()\nc",
            "try:\n    a()\nexcept E:\n    b()\n⟨",
        ),
        (
            "def f():\n    try:\n        a()\n",
            "def f():\n    try:\n        a()\n⟨    finally: pass\n",
        ),
        ("a = 1\n@b\n", "a = 1\n⟨"),
        ("a = \\\n", "⟨"),
        (
            "a = '''\n(\n'''\nb = 1  # (\nc",
            "a = '''\n(\n'''\nb = 1  # (\n⟨",
        ),
        ("a = f(1\ndef g():\n", "none"),
    ] {
        assert_eq!(closed("python", code), expected, "{code}");
    }
}

#[test]
fn brackets_that_do_not_match_are_not_guessed_about() {
    for (name, code) in [
        ("c", "void f(void) { g(; h(); }"),
        ("java", "}"),
        ("javascript", "f(]"),
    ] {
        assert_eq!(closed(name, code), "none", "{code}");
    }
}

/// A quote that is misread must not hide what stands behind it: the text then stands as it is.
#[test]
fn what_is_set_aside_is_never_long() {
    let statement = "if (ok) x `\nf()\n";
    let long = [statement, &"g(1)\n".repeat(2_000)].concat();
    assert_eq!(closed("javascript", &long), "none");
    let table = ["int a[] = {", &"1,".repeat(2_000)].concat();
    assert_eq!(
        language("c")
            .whole_part(table.as_bytes())
            .map(|whole| whole.end),
        Some(11)
    );
}

/// Of all texts that a person or a model writes line by line on the way to one that parses, nearly all are closed so
/// that they parse. The few that are not are heads of statements that stand on several lines, C's oldest form of
/// parameters, and markup in code.
#[test]
fn what_closes_the_lines_of_a_source_makes_them_parse() {
    for (language, source) in fixtures::all() {
        let source = source.as_bytes();
        let lines: Vec<&[u8]> = source.split_inclusive(|&b| b == b'\n').collect();
        let mut length = 0;
        let mut amiss = Vec::new();
        for line in &lines {
            length += line.len();
            let bytes = &source[..length];
            let whole = language.whole_part(bytes);
            let parses = whole.is_some_and(|whole| {
                let parsed = language.parse(&whole.closed(bytes));
                !parsed.root().has_error()
            });
            if !parses {
                amiss.push(String::from_utf8_lossy(line));
            }
        }
        // Markup is not read as such: until it ends, the text stands as it is.
        let few = if language.name == "tsx" { 4 } else { 20 };
        assert!(
            amiss.len() * few <= lines.len(),
            "{}: {amiss:#?}",
            language.name
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_have_an_answer_in_the_text(
        language in prop::sample::select(LANGUAGES.to_vec()),
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "[a-z{}()\\[\\];:'\"`$#@\\\\/*<?=,\n ]{0,200}".prop_map(String::into_bytes),
        ],
    ) {
        if let Some(whole) = language.whole_part(&bytes) {
            prop_assert!(whole.end <= bytes.len());
            prop_assert!(whole.closed(&bytes).as_bytes().starts_with(&bytes[..whole.end]));
        }
    }
}
