//! Which functions are found in each language's fixture?

use std::fmt::Write;

use palinode_code::languages::{LANGUAGES, by_name};
use palinode_code::{Function, Span, Text};

use crate::fixtures;

/// One function a line, indented by how deep it stands in others.
fn listing(text: &Text, functions: &[Function]) -> String {
    let mut listing = String::new();
    for function in functions {
        let depth = std::iter::successors(function.parent, |&p| functions[p].parent).count();
        let owner = function.owner.as_deref().unwrap_or("-");
        let lines = |span: Span| format!("{}-{}", text.line(span.start), text.line(span.end - 1));
        let body = function.body.map_or("none".to_owned(), lines);
        writeln!(
            listing,
            "{}{:?} of {owner}, lines {}, body {body}, {:?}\n{}    {}",
            "  ".repeat(depth),
            function.name,
            lines(function.span),
            function.parameters,
            "  ".repeat(depth),
            function.signature,
        )
        .expect("writing to a string");
    }
    listing
}

#[test]
fn every_fixture_has_the_functions_it_shows() {
    for (language, source) in fixtures::all() {
        let functions = language.parse(&source).functions();
        insta::assert_snapshot!(language.name, listing(&source, &functions));
    }
}

#[test]
fn spans_nest_and_lie_inside_the_text() {
    for (language, source) in fixtures::all() {
        let functions = language.parse(&source).functions();
        for (index, function) in functions.iter().enumerate() {
            let name = format!("{} {:?}", language.name, function.name);
            assert!(source.span().encloses(function.span), "{name}");
            assert!(function.span.encloses(function.signature_span), "{name}");
            if let Some(body) = function.body {
                assert!(function.span.encloses(body), "{name}");
                assert!(!function.signature_span.overlaps(body), "{name}");
            }
            if let Some(parent) = function.parent {
                assert!(parent < index, "{name}");
                assert!(functions[parent].span.encloses(function.span), "{name}");
            }
        }
        assert!(functions.is_sorted_by_key(|function| function.span.start));
    }
}

fn names(language: &str, source: &str) -> Vec<String> {
    let language = by_name(language).expect("known");
    let functions = language.parse(&Text::from(source)).functions();
    functions
        .into_iter()
        .map(|function| function.name)
        .collect()
}

#[test]
fn declarators_are_read_through_pointers() {
    assert_eq!(names("c", "int *(**f(int a))[3] { return 0; }"), ["f"]);
    assert_eq!(
        names("c", "void (*signal(int s, void (*h)(int)))(int);"),
        ["signal"]
    );
    assert_eq!(names("c", "int (f)(void) { return 1; }"), ["f"]);
    assert_eq!(names("c", "int (*f)(void); int (*g)(void) = 0;"), [""; 0]);
    assert_eq!(names("c", "__attribute__((noreturn)) void f(void);"), ["f"]);
}

#[test]
fn operators_and_conversions_have_names() {
    let source = "A::operator int() const { return 1; }
        A& A::operator++() { return *this; }
        bool operator==(A, A) { return 1; }
        void A::B<int>::f<T>() {}
        auto A::operator()(int i) -> int { return i; }
        unsigned operator\"\" _kb(unsigned long long n) { return n; }";
    assert_eq!(
        names("cpp", source),
        [
            "operator int",
            "operator++",
            "operator==",
            "f<T>",
            "operator()",
            "operator\"\" _kb"
        ]
    );
}

#[test]
fn a_local_object_is_no_prototype() {
    assert_eq!(
        names("cpp", "void f() { Widget w(a, b); int g(int); }"),
        ["f"]
    );
    assert_eq!(
        names("cpp", "void f() { struct S { int g(int); }; }"),
        ["f", "g"]
    );
}

#[test]
fn assignments_name_functions() {
    let source = "a.b.run = () => 1; (x => x)(1); let f = (function () {});
        const {g} = () => 2; h ||= y => y;";
    assert_eq!(names("javascript", source), ["run", "", "f", "", ""]);
    assert_eq!(
        names("go", "package p\nfunc f() { a, b := func() {}, 1 }"),
        ["f", ""]
    );
    assert_eq!(
        names("php", "$this->run = fn($x) => $x; f(function () {});"),
        ["run", ""]
    );
    assert_eq!(
        names("python", "x.run = lambda: 1\ny, z = lambda: 2, 3"),
        ["run", ""]
    );
}

#[test]
fn php_may_come_without_its_tag() {
    assert_eq!(names("php", "function f($a) { return 1; }"), ["f"]);
    assert_eq!(names("php", "<?php function f($a) { return 1; }"), ["f"]);
    assert_eq!(names("php", "<p>function f() {}</p><?= 1 ?>"), [""; 0]);
}

#[test]
fn every_language_finds_some_function_with_a_body() {
    for &language in LANGUAGES {
        let functions = language.parse(&fixtures::source(language)).functions();
        assert!(functions.iter().any(|function| function.body.is_some()));
    }
}
