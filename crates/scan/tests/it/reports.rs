//! Is what is written for other programs what was found, and is it taken back rightly?

use palinode_code::{Cwe, Edit, Finding, Severity, Span, Step, Text};
use palinode_scan::analyzers::{ANALYZERS, by_name};
use palinode_scan::filter::{Baseline, suppress};
use palinode_scan::report::{Options, json, sarif};
use palinode_scan::{Error, FailedFile, Files, Report, Run, Source, Status, merge};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{fixture, source};

const CODE: &str = "def f(a):\n    é = run(a)  # palinode: ignore[CWE-78] because a is a constant\n    load(a)\n    # palinode: ignore: trusted\n    load(b)\n    # palinode: ignore\n    load(c)\n";

fn finding(at: &str, cwes: &[u16]) -> (usize, Finding) {
    let start = CODE.find(at).expect("it stands there");
    let span = Span::new(start, start + at.len());
    let finding = Finding {
        analyzer: "bandit",
        rule: "B1".to_owned(),
        cwes: cwes.iter().copied().map(Cwe).collect(),
        severity: Severity::High,
        confidence: None,
        span,
        message: "It is bad.".to_owned(),
        advice: Some("Do it well.".to_owned()),
        fix: vec![Edit::new(span, "good()")],
        trace: vec![Step {
            span,
            note: "here".to_owned(),
        }],
    };
    (0, finding)
}

fn run(status: Status) -> Run {
    Run {
        analyzer: by_name("bandit").expect("it is known"),
        status,
        version: Some("1.9.4".to_owned()),
        asked: 1,
        failed: Vec::new(),
        skipped: Vec::new(),
        notes: vec!["a note".to_owned()],
        wall: std::time::Duration::from_secs(1),
        peak_memory: 5,
        findings: Vec::new(),
    }
}

fn report() -> Report {
    let sources = vec![source("dir/a b.py", CODE)];
    let findings = [
        finding("run(a)", &[78]),
        finding("load(a)", &[502]),
        finding("load(b)", &[]),
        finding("load(c)", &[502]),
    ];
    let mut failed = run(Status::Failed {
        why: "it crashed".to_owned(),
    });
    failed.failed.push(FailedFile {
        source: 0,
        why: "cut off".to_owned(),
    });
    Report {
        findings: merge(&sources, findings),
        sources,
        runs: vec![
            run(Status::Findings),
            failed,
            run(Status::Missing {
                install: "pip install bandit",
            }),
        ],
    }
}

#[test]
fn json_says_what_was_found_and_what_failed() {
    let value = json::write(
        &report(),
        &Options {
            version: "1.2.3",
            with_times: false,
        },
    );
    assert_eq!(value["schema"], json::SCHEMA);
    assert_eq!(value["complete"], false);
    assert_eq!(value["analyzers"][1]["why"], "it crashed");
    assert_eq!(value["analyzers"][2]["install"], "pip install bandit");
    assert!(value["analyzers"][0].get("seconds").is_none());
    let first = &value["findings"][0];
    assert_eq!(
        (&first["file"], &first["function"]),
        (&Value::from("dir/a b.py"), &Value::from("f"))
    );
    assert_eq!(
        (&first["start"]["line"], &first["start"]["column"]),
        (&Value::from(2), &Value::from(9))
    );
    assert_eq!(first["end"]["column"], 15);
    assert_eq!(first["cwes"][0], "CWE-78");
    assert_eq!(first["witnesses"][0]["rule"], "B1");
    assert_eq!(first["fix"][0]["new"], "good()");
    let timed = json::write(
        &report(),
        &Options {
            version: "1.2.3",
            with_times: true,
        },
    );
    assert_eq!(timed["analyzers"][0]["peak_memory"], 5);
}

/// The members that SARIF requires, and what GitHub asks for beyond, of every object that is written.
fn check_sarif(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .is_some_and(|schema| schema.ends_with("sarif-schema-2.1.0.json"))
    );
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
    for rule in rules {
        for part in ["shortDescription", "fullDescription", "help"] {
            assert!(
                rule[part]["text"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{rule}"
            );
        }
        let tags = rule["properties"]["tags"].as_array().expect("a list");
        assert!(tags.len() <= 10 && tags.contains(&Value::from("security")));
        if let Some(score) = rule["properties"].get("security-severity") {
            let score: f32 = score
                .as_str()
                .and_then(|score| score.parse().ok())
                .expect("a number as text");
            assert!(score > 0.0 && score <= 10.0);
        }
    }
    for result in run["results"].as_array().expect("a list") {
        let index = result["ruleIndex"].as_u64().expect("a number") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(
            ["error", "warning", "note", "none"].contains(&result["level"].as_str().expect("text"))
        );
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().expect("text");
        assert!(!uri.contains([' ', '<', '>']));
        let region = &place["region"];
        let number = |name: &str| region[name].as_u64().expect("a number");
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        assert!(
            (number("endLine"), number("endColumn"))
                >= (number("startLine"), number("startColumn"))
        );
        assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
    }
    let invocation = &run["invocations"][0];
    assert!(invocation["executionSuccessful"].is_boolean());
}

/// Holds a log against the schema that OASIS publishes, where `PALINODE_SARIF_SCHEMA` says where that lies and Python
/// has the package `jsonschema`. Its licence does not let it be stored here.
fn check_by_schema(log: &Value) {
    let Some(schema) = std::env::var_os("PALINODE_SARIF_SCHEMA") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.sarif");
    std::fs::write(&file, log.to_string()).expect("it is written");
    let code = "import json, sys, jsonschema\n\
                schema, log = (json.load(open(name)) for name in sys.argv[1:])\n\
                errors = list(jsonschema.validators.validator_for(schema)(schema).iter_errors(log))\n\
                sys.exit([(list(e.absolute_path), e.message[:300]) for e in errors] or None)";
    let mut python = std::process::Command::new("python3");
    let checked = python
        .args(["-c", code])
        .arg(schema)
        .arg(&file)
        .output()
        .expect("Python is there");
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

#[test]
fn sarif_has_what_github_asks_for() {
    let log = sarif::write(
        &report(),
        &Options {
            version: "1.2.3",
            with_times: false,
        },
    );
    check_sarif(&log);
    check_by_schema(&log);
    check_by_schema(&sarif::write(
        &Report {
            sources: Vec::new(),
            runs: Vec::new(),
            findings: Vec::new(),
        },
        &Options::default(),
    ));
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let notifications = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(
        notifications.contains("it crashed") && notifications.contains("missing"),
        "{notifications}"
    );
    let tags = run["tool"]["driver"]["rules"].to_string();
    assert!(tags.contains("external/cwe/cwe-078"), "{tags}");
    let uri = "/locations/0/physicalLocation/artifactLocation/uri";
    assert_eq!(
        run["results"][0].pointer(uri),
        Some(&Value::from("dir/a%20b.py"))
    );
    assert!(
        run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"][0]["location"].is_object()
    );
}

#[test]
fn sarif_keeps_within_githubs_limits_and_says_what_it_left_out() {
    let sources = vec![source("a.py", "load(a)\n".repeat(25_010))];
    let findings = (0..25_010).map(|line| {
        let (_, mut one) = finding("load(a)", &[502]);
        one.span = Span::new(line * 8, line * 8 + 7);
        one.severity = if line < 10 {
            Severity::Low
        } else {
            Severity::High
        };
        (0, one)
    });
    let report = Report {
        findings: merge(&sources, findings),
        sources,
        runs: Vec::new(),
    };
    let log = sarif::write(&report, &Options::default());
    let results = log["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), 25_000);
    assert!(results.iter().all(|result| result["level"] == "error"));
    assert!(
        log["runs"][0]["invocations"]
            .to_string()
            .contains("10 findings are left out")
    );
}

#[test]
fn what_is_written_in_sarif_is_read_back() {
    let report = report();
    let mut log = sarif::write(&report, &Options::default());
    log["runs"][0]["invocations"] = Value::Array(Vec::new());
    let bytes = serde_json::to_vec(&log).expect("it is a value");
    let files = Files::new([("dir/a b.py".to_owned(), 0, &report.sources[0])]);
    let heard = by_name("sarif")
        .expect("it is known")
        .read_report(&bytes, &files)
        .expect("it is read");
    let spans: Vec<_> = heard
        .said
        .iter()
        .map(|said| said.place.span(&report.sources[0].text))
        .collect();
    let written: Vec<_> = report
        .findings
        .iter()
        .map(|merged| Some(merged.finding.span))
        .collect();
    assert_eq!(spans, written);
    assert_eq!(heard.said[0].cwes, [Cwe(78)]);
    assert_eq!(heard.said[0].fix.len(), 1);
}

#[test]
fn suppressions_need_a_reason_and_are_told() {
    let report = report();
    let suppressed = suppress(&report.sources, report.findings);
    let text = |span: Span| &CODE[span.range()];
    let kept: Vec<&str> = suppressed
        .kept
        .iter()
        .map(|merged| text(merged.finding.span))
        .collect();
    assert_eq!(kept, ["load(a)", "load(c)"]);
    let reasons: Vec<&str> = suppressed
        .taken_out
        .iter()
        .map(|(_, by)| by.reason.as_str())
        .collect();
    assert_eq!(reasons, ["a is a constant", "trusted"]);
    assert_eq!(suppressed.idle.len(), 1);
    assert_eq!(
        (suppressed.idle[0].line, suppressed.idle[0].reason.as_str()),
        (6, "")
    );
}

#[test]
fn a_suppression_of_something_else_takes_nothing_out() {
    let code = "load(a)  # palinode: ignore[CWE-79, bandit/B9] because of that\nx = 'palinode: ignore: text'\n";
    let sources = [source("a.py", code)];
    let (_, mut one) = finding("load(a)", &[502]);
    one.span = Span::new(0, 7);
    let suppressed = suppress(&sources, merge(&sources, [(0, one)]));
    assert_eq!((suppressed.kept.len(), suppressed.idle.len()), (1, 1));
}

#[test]
fn a_baseline_hides_what_it_knows_once() {
    let report = report();
    let stored = json::write(&report, &Options::default()).to_string();
    let baseline = Baseline::read(stored.as_bytes()).expect("it is a report");
    assert_eq!(baseline, Baseline::of(&report));
    let (new, known) = baseline.part(&report.sources, report.findings.clone());
    assert_eq!((new.len(), known.len()), (0, report.findings.len()));

    let more = format!("import x\n{CODE}    load(a)\n");
    let start = more.rfind("load(a)").expect("it stands there");
    let sources = [source("dir/a b.py", more.as_str())];
    let (_, mut one) = finding("load(a)", &[502]);
    let moved = |by: usize, mut one: Finding| {
        one.span = Span::new(one.span.start + by, one.span.end + by);
        (0, one)
    };
    let old = moved(9, one.clone());
    one.span = Span::new(start, start + 7);
    let (new, known) = baseline.part(&sources, merge(&sources, [old, (0, one)]));
    assert_eq!((new.len(), known.len()), (1, 1));
    assert_eq!(new[0].finding.span.start, start);
}

#[test]
fn what_is_no_baseline_is_refused() {
    assert!(matches!(
        Baseline::read(b"garbage"),
        Err(Error::NotAReport(_))
    ));
    assert!(matches!(
        Baseline::read(b"{\"schema\": 1}"),
        Err(Error::NotAReport(_))
    ));
    let other = Baseline::read(b"{\"schema\": 2, \"findings\": []}");
    assert!(matches!(
        other,
        Err(Error::OtherSchema { found: 2, known: 1 })
    ));
}

/// Texts that look like reports: the fixtures with pieces cut, doubled and changed.
fn mangled() -> impl Strategy<Value = (usize, Vec<u8>)> {
    const NAMES: [&str; 9] = [
        "bandit.json",
        "bearer.json",
        "codeql.sarif",
        "codeshield.json",
        "cppcheck.xml",
        "flawfinder.csv",
        "gcc-flawed.json",
        "gosec.json",
        "semgrep.json",
    ];
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (
        0..ANALYZERS.len(),
        0..NAMES.len(),
        prop::collection::vec(change, 0..8),
    )
        .prop_map(|(analyzer, name, changes)| {
            let mut bytes = fixture(NAMES[name]);
            for (at, byte, kind) in changes {
                let at = at.index(bytes.len().max(1)).min(bytes.len());
                match kind {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, byte),
                    2 if at < bytes.len() => bytes[at] = byte,
                    _ => {
                        let tail = bytes[at..].to_vec();
                        bytes.extend(tail.into_iter().take(500));
                    }
                }
            }
            (analyzer, bytes)
        })
}

fn read_by(analyzer: usize, bytes: &[u8]) {
    let text: Source = source("a.py", Text::from("x\n"));
    let files = Files::new([
        ("f000000.py".to_owned(), 0, &text),
        ("f000002.c".to_owned(), 1, &text),
        ("code/flawed.c".to_owned(), 2, &text),
    ]);
    if let Ok(heard) = ANALYZERS[analyzer].read_report(bytes, &files) {
        for said in heard.said {
            assert!(said.file < files.len());
            let _ = said.place.span(&text.text);
        }
    }
}

proptest! {
    #[test]
    fn no_report_makes_a_reader_panic((analyzer, bytes) in mangled()) {
        read_by(analyzer, &bytes);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(analyzer in 0..ANALYZERS.len(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_by(analyzer, &bytes);
    }
}
