//! Does an answer hold what a caller asks for: the way, the guards, the shape, who calls whom?

use palinode_code::{Confidence, Span, languages};
use palinode_flow::{
    Argument, Check, Entry, Error, Flow, Form, Guard, Limits, Meaning, Module, Omission, Shape,
    SinkKind, SourceKind, Tables, When, analyze,
};

use crate::programs::analysis_of;

fn only(language: &str, text: &str) -> Flow {
    let mut flows = analysis_of(language, text).flows;
    assert_eq!(flows.len(), 1, "{flows:#?}");
    flows.remove(0)
}

fn at(text: &str, span: Span) -> &str {
    &text[span.range()]
}

const BUILT: &str = "import os
from flask import request
def ping():
    host = request.args['host']
    command = 'ping ' + host
    os.system(command)
";

#[test]
fn a_flow_tells_its_way() {
    let flow = only("python", BUILT);
    assert_eq!(flow.source.kind, SourceKind::Request);
    assert_eq!(flow.source.name, "flask.request.args");
    assert_eq!(at(BUILT, flow.source.span), "request.args");
    assert_eq!(flow.site.callee, "os.system");
    assert_eq!(at(BUILT, flow.site.span), "os.system(command)");
    assert_eq!(flow.site.index, Some(0));
    assert_eq!(flow.certainty, Confidence::High);
    let way: Vec<&str> = flow.steps.iter().map(|step| at(BUILT, step.span)).collect();
    assert_eq!(
        way,
        [
            "request.args",
            "host",
            "'ping ' + host",
            "command",
            "command"
        ]
    );
}

#[test]
fn a_site_tells_the_shape_of_its_argument() {
    let text = "cursor.execute('SELECT 1')
cursor.execute('SELECT ' + name)
cursor.execute(name + ' LIMIT 1')
cursor.execute('SELECT %s' % name)
cursor.execute([name])
cursor.execute(name)
";
    let sites = analysis_of("python", text).sites;
    let shapes: Vec<String> = sites
        .iter()
        .map(|site| match site.shape {
            Shape::Constant { text: span } => format!("constant {}", at(text, span)),
            Shape::Prefixed { prefix } => format!("prefixed {}", at(text, prefix)),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        shapes,
        [
            "constant SELECT 1",
            "prefixed SELECT ",
            "Built",
            "prefixed SELECT ",
            "List",
            "Opaque"
        ]
    );
}

/// The guards of the only flow of a program: how each steers control, what it asks, how it came out, whether it helps.
fn guards(language: &str, text: &str) -> Vec<(Form, Check, bool, bool)> {
    let told = |guard: &Guard| (guard.form, guard.check, guard.holds, guard.is_effective);
    only(language, text).guards.iter().map(told).collect()
}

#[test]
fn guards_are_told_even_where_they_silence() {
    let python = |check: &str| {
        format!(
            "from flask import request\ndef show():\n    name = request.args['name']\n{check}    open(name)\n"
        )
    };
    let early = |check: &str| {
        python(&format!(
            "    if {check}:\n        raise ValueError(name)\n"
        ))
    };
    assert_eq!(
        guards("python", &early("not is_safe(name)")),
        [(Form::EarlyExit, Check::Call, true, true)]
    );
    assert_eq!(
        guards("python", &early("name not in ALLOWED")),
        [(Form::EarlyExit, Check::Membership, true, true)]
    );
    assert_eq!(
        guards("python", &early("not name")),
        [(Form::EarlyExit, Check::Presence, true, false)]
    );
    assert_eq!(
        guards("python", &early("'..' in name")),
        [(Form::EarlyExit, Check::Contains, false, true)]
    );
    assert_eq!(
        guards("python", &early("len(name) > 10")),
        [(Form::EarlyExit, Check::Bounds, false, false)]
    );
    assert_eq!(
        guards("python", &python("    assert name == 'a'\n")),
        [(Form::Assertion, Check::Equality, true, true)]
    );
    assert_eq!(
        guards("python", &python("    validate(name)\n")),
        [(Form::Call, Check::Call, true, true)]
    );
    let both = guards("python", &early("not name or not name.isalnum()"));
    assert_eq!(
        both,
        [
            (Form::EarlyExit, Check::Presence, true, false),
            (Form::EarlyExit, Check::Type, true, true)
        ]
    );
    let inside = "$name = $_GET['a']; if (preg_match('/^a$/', $name)) { readfile($name); }";
    assert_eq!(
        guards("php", &format!("<?php {inside}")),
        [(Form::Branch, Check::Pattern, true, true)]
    );
}

#[test]
fn a_guard_names_what_it_calls() {
    let text = "from flask import request\ndef show():\n    name = request.args['name']\n    if not (is_safe(name) and may_read(user(), name)):\n        return None\n    open(name)\n";
    let flow = only("python", text);
    let callees: Vec<&str> = flow
        .guards
        .iter()
        .flat_map(|guard| &guard.callees)
        .map(String::as_str)
        .collect();
    assert_eq!(callees, ["is_safe", "user", "may_read"]);
    assert!(flow.is_guarded() && !flow.is_open());
}

#[test]
fn a_guard_of_the_caller_counts_and_one_about_another_value_does_not() {
    let text = |check: &str| {
        format!(
            "import os\nfrom flask import request\ndef run(name):\n    os.system(name)\ndef show():\n    name = request.args['name']\n    other = request.args['other']\n    if not is_safe({check}):\n        return None\n    run(name)\n"
        )
    };
    assert!(only("python", &text("name")).is_guarded());
    assert!(only("python", &text("other")).is_open());
}

#[test]
fn what_cleans_is_told_with_what_it_helps_against() {
    let text = "import shlex, os\nfrom flask import request\ndef show():\n    os.system(shlex.quote(request.args['a']))\n";
    let flow = only("python", text);
    assert!(flow.is_sanitized() && !flow.is_guarded());
    assert_eq!(
        at(text, flow.sanitizers[0].span),
        "shlex.quote(request.args['a'])"
    );
    assert!(
        flow.sanitizers[0].kinds.contains(SinkKind::Command)
            && !flow.sanitizers[0].kinds.contains(SinkKind::Html)
    );
}

#[test]
fn certainty_falls_with_each_function_that_is_not_known() {
    let text = |value: &str| format!("import os\nfrom flask import request\nos.system({value})\n");
    let certainty = |value: &str| only("python", &text(value)).certainty;
    assert_eq!(certainty("request.args['a'].strip()"), Confidence::High);
    assert_eq!(certainty("convert(request.args['a'])"), Confidence::Medium);
    assert_eq!(
        certainty("wrap(convert(request.args['a']))"),
        Confidence::Low
    );
}

#[test]
fn parameters_are_weak_sources_and_kept_apart() {
    let analysis = analysis_of(
        "python",
        "import os\ndef ping(host):\n    os.system('ping ' + host)\n",
    );
    assert_eq!(analysis.flows, []);
    let [flow] = &analysis.parameter_flows[..] else {
        panic!("{:#?}", analysis.parameter_flows);
    };
    assert_eq!(
        (flow.source.kind, flow.source.name.as_str()),
        (SourceKind::Parameter, "host")
    );
    assert!(flow.is_open());
}

#[test]
fn a_module_tells_functions_calls_and_names() {
    let text = "def run(command):\n    system(command)\n\nclass A:\n    def go(self, name):\n        if check(name):\n            run('a ' + name)\n";
    let python = languages::by_name("python").expect("it is known");
    let module = Module::new(
        &python.parse_bytes(text.as_bytes()),
        Tables::standard(),
        &Limits::STANDARD,
    );
    let functions: Vec<(&str, Option<&str>)> = module
        .functions()
        .iter()
        .map(|function| (function.name.as_str(), function.owner.as_deref()))
        .collect();
    assert_eq!(functions, [("", None), ("run", None), ("go", Some("A"))]);
    let [call] = module.calls() else {
        panic!("{:#?}", module.calls());
    };
    assert_eq!((call.caller, call.callee), (2, 1));
    assert_eq!(at(text, call.arguments[0]), "'a ' + name");
    assert_eq!(call.guards[0].callees, ["check"]);
    let names: Vec<(String, bool)> = module
        .occurrences(1)
        .into_iter()
        .map(|name| (name.name, name.is_definition))
        .collect();
    assert_eq!(
        names,
        [
            ("command".to_owned(), true),
            ("system".to_owned(), false),
            ("command".to_owned(), false)
        ]
    );
}

#[test]
fn users_add_names() {
    let text = "warehouse.ask(desk.letter())\n";
    let python = languages::by_name("python").expect("it is known");
    let parsed = python.parse_bytes(text.as_bytes());
    assert_eq!(
        analyze(&parsed, Tables::standard(), &Limits::STANDARD).sites,
        []
    );
    let entries = [
        Entry {
            path: "warehouse.ask".into(),
            meaning: Meaning::Sink(SinkKind::Sql, Argument::At(0), When::Always),
        },
        Entry {
            path: "desk.letter".into(),
            meaning: Meaning::Source(SourceKind::Network),
        },
    ];
    let tables = Tables::standard()
        .extended("python", entries.clone())
        .expect("they are well formed");
    let flows = analyze(&parsed, &tables, &Limits::STANDARD).flows;
    assert_eq!(
        (flows.len(), flows[0].site.kind, flows[0].source.kind),
        (1, SinkKind::Sql, SourceKind::Network)
    );
    let unknown = Tables::standard().extended("cobol", entries.clone());
    assert!(matches!(unknown, Err(Error::Language { name }) if name == "cobol"));
    let nothing = Entry {
        path: "a.".into(),
        ..entries[0].clone()
    };
    assert!(
        matches!(Tables::standard().extended("python", [nothing]), Err(Error::Path { path }) if path == "a.")
    );
}

#[test]
fn a_language_that_is_not_lowered_is_said() {
    assert_eq!(
        analysis_of("rust", "fn main() {}").omissions,
        [Omission::Language]
    );
}

#[test]
fn a_call_without_its_end_is_not_judged() {
    let end = BUILT.find("command)").expect("it is called") + "command".len();
    assert_eq!(analysis_of("python", &BUILT[..end]).flows, []);
    assert_eq!(analysis_of("python", &BUILT[..=end]).flows.len(), 1);
}
