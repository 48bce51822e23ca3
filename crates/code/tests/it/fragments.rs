//! Is a piece of a file read as what it was in the file?

use palinode_code::languages::by_name;
use palinode_code::{Function, Parsed, Span, Text};

fn fragment(language: &str, piece: &str) -> Parsed {
    let language = by_name(language).expect("known");
    language.parse_fragment(&Text::from(piece))
}

/// The one function that the piece is, which must parse.
fn only(language: &str, piece: &str) -> Function {
    let parsed = fragment(language, piece);
    assert!(parsed.parses(), "{piece}: {:?}", parsed.errors());
    let mut functions = parsed.functions();
    assert_eq!(functions.len(), 1, "{piece}");
    functions.remove(0)
}

#[test]
fn positions_count_in_the_piece() {
    let piece = "  run(a, b) {\n    return a + b;\n  }";
    let run = only("javascript", piece);
    assert_eq!(run.name, "run");
    assert_eq!(run.owner, None);
    assert_eq!(run.span, Span::new(2, piece.len()));
    assert_eq!(run.body, Some(Span::new(12, piece.len())));
    assert_eq!(run.signature, "run(a, b)");
    assert_eq!(run.parameters, ["a", "b"]);

    let parsed = fragment("javascript", piece);
    let root = parsed.root();
    assert_eq!(root.end_byte(), piece.len());
    let name = root
        .descendant_for_byte_range(2, 5)
        .expect("a node stands there");
    assert_eq!(
        (name.kind(), name.byte_range()),
        ("property_identifier", 2..5)
    );
}

#[test]
fn pieces_of_many_kinds_parse() {
    assert_eq!(
        only("c", "main(int argc, char **argv)\n{\n return 1;\n}").name,
        "main"
    );
    assert_eq!(only("cpp", "Buffer(int n) : size_(n) {}").name, "Buffer");
    assert_eq!(
        only("cpp", "static int live() const { return 1; }").name,
        "live"
    );
    assert_eq!(
        only("csharp", "public Account(int n) { x = n; }").name,
        "Account"
    );
    assert_eq!(
        only("java", "// One.\npublic Account(int n) { x = n; } // two").name,
        "Account"
    );
    assert_eq!(
        only("javascript", "\tinit : function(a) { return 1; },").name,
        "init"
    );
    assert_eq!(
        only("javascript", "async *each(x) { yield x; }").name,
        "each"
    );
    assert_eq!(
        only("typescript", "private find<T>(x: T): T { return x; }").name,
        "find"
    );
    assert_eq!(
        only("php", "public function find($id) { return 1; }").name,
        "find"
    );
    assert_eq!(
        only("python", "    def f(self):\n        return 1\n").name,
        "f"
    );
    assert_eq!(only("rust", "    pub fn f(&self) -> u8 { 1 }").name, "f");
    assert_eq!(only("go", "func (s *S) f() {}").name, "f");
}

#[test]
fn a_whole_file_needs_no_frame() {
    let parsed = fragment("c", "int f(void) { return 1; }");
    assert_eq!(parsed.functions()[0].span, Span::new(0, 25));
    let broken = fragment("c", "API int *f(void) { return 1; }");
    assert!(!broken.parses());
    assert_eq!(broken.functions()[0].signature, "API int *f(void)");
}

#[test]
fn errors_in_a_framed_piece_stand_where_they_are() {
    let parsed = fragment("c", "f(int a)\n{\n  int b = ;\n  return b;\n}");
    assert_eq!(parsed.functions()[0].name, "f");
    let lines: Vec<usize> = parsed.errors().iter().map(|error| error.line).collect();
    assert_eq!(lines, [3]);
}

#[test]
fn a_framed_piece_has_the_fingerprint_of_what_it_holds() {
    let piece = "run(a) { return a; }";
    let framed = fragment("javascript", piece);
    let file = Text::from("class Task { run ( a ) { return a /* x */ } }");
    let parsed = by_name("js").expect("known").parse(&file);
    let run = &parsed.functions()[0];
    assert_eq!(framed.fingerprint(), parsed.fingerprint_of(run.span));
    assert_ne!(
        framed.fingerprint(),
        fragment("javascript", "run(a) { return b; }").fingerprint()
    );
}
