//! Is what only the missing end makes look wrong left alone, and what is wrong already reported?

use palinode_code::{Text, languages};
use palinode_rules::{Options, RuleBook};

fn found(language: &str, code: &str) -> Vec<String> {
    let language = languages::by_name(language).expect("is known");
    let options = Options {
        unfinished: true,
        ..Options::default()
    };
    let scan = RuleBook::builtin().scan(&language.parse(&Text::from(code)), &options);
    scan.findings
        .into_iter()
        .map(|finding| finding.rule)
        .collect()
}

#[test]
fn a_statement_that_may_go_on_is_not_judged() {
    assert_eq!(
        found("python", "import requests\nx = requests.get(url"),
        [""; 0]
    );
    assert_eq!(
        found("python", "import requests\nx = requests.get(url)"),
        [""; 0]
    );
    assert_eq!(found("python", "import yaml\nx = yaml.load(text"), [""; 0]);
    assert_eq!(
        found("c", "void f(char *a) {\n  char b[9];\n  strcpy(b, a"),
        [""; 0]
    );
    assert_eq!(found("javascript", "const h = eval(text"), [""; 0]);
}

#[test]
fn a_statement_that_is_whole_is_judged_in_an_open_function() {
    assert_eq!(
        found("python", "def f(url):\n    x = requests.get(url)\n    if x"),
        ["python-request-without-timeout"]
    );
    assert_eq!(
        found("c", "void f(void) {\n  char b[9];\n  gets(b);\n  if ("),
        ["c-gets"]
    );
    assert_eq!(
        found("c", "void f(void) {\n  char b[9];\n  gets(b);\n"),
        ["c-gets"]
    );
    assert_eq!(
        found(
            "javascript",
            "app.get('/', (req, res) => {\n  eval(req.query.a);\n  res."
        ),
        ["flow-code", "javascript-eval"]
    );
}

#[test]
fn a_check_that_may_yet_come_is_waited_for() {
    let open = "def clear(path):\n    if os.path.exists(path):\n        os.remove(path)\n";
    assert_eq!(found("python", open), [""; 0]);
    assert_eq!(
        found("python", &format!("{open}\ndef g():\n    pass\n")),
        ["python-check-then-use"]
    );
}

#[test]
fn a_function_that_goes_on_may_yet_do_what_it_lacks() {
    let open = "def show(requester_id, note_id):\n    note = NOTES[note_id]\n";
    assert_eq!(found("python", open), [""; 0]);
    assert_eq!(
        found("python", &format!("{open}\ndef other():\n    pass\n")),
        ["python-asker-ignored"]
    );
    let class = "class A {\n  void F(string path) {\n    var doc = new XmlDocument();\n    doc.Load(path);\n";
    assert_eq!(found("csharp", class), [""; 0]);
    assert_eq!(
        found("csharp", &format!("{class}  }}\n}}\n")),
        ["csharp-xml-entities"]
    );
}
