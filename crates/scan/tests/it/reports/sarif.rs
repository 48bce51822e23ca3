//! Does SARIF have what its standard and GitHub ask for?

use palinode_code::{Cwe, Severity, Span};
use palinode_scan::analyzers::by_name;
use palinode_scan::report::{Comparison, Options, Unread, sarif};
use palinode_scan::{Files, Gap, Report, merge};
use serde_json::Value;

use super::{finding, report};
use crate::support::source;

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
            ..Options::default()
        },
    );
    check_sarif(&log);
    check_by_schema(&log);
    let compared = Comparison {
        revision: "main".to_owned(),
        commit: "0".repeat(40),
        known: 3,
        uncertain: [1].into(),
        gaps: vec![Gap {
            analyzer: "bandit",
            file: Some("dir/a b.py".to_owned()),
            why: "it crashed".to_owned(),
        }],
    };
    let options = Options {
        compared: Some(&compared),
        ..Options::default()
    };
    let of_change = sarif::write(&report(), &options);
    check_sarif(&of_change);
    check_by_schema(&of_change);
    let results = &of_change["runs"][0]["results"];
    assert_eq!(results[0]["baselineState"], "new");
    assert_eq!(results[1]["properties"]["uncertain"], true);
    assert!(
        of_change
            .to_string()
            .contains("bandit gave no answer about what stood in `dir/a b.py` at main")
    );
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
fn sarif_says_what_could_not_be_read() {
    let mut report = report();
    report.runs.clear();
    for (is_chosen, level) in [(true, "note"), (false, "error")] {
        let unread = [Unread {
            name: "a b".to_owned(),
            why: "cannot be read: it is locked".to_owned(),
            is_chosen,
        }];
        let options = Options {
            unread: &unread,
            ..Options::default()
        };
        let log = sarif::write(&report, &options);
        check_sarif(&log);
        check_by_schema(&log);
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], is_chosen);
        let notification = &invocation["toolExecutionNotifications"][0];
        assert_eq!(notification["level"], level);
        let uri = "/locations/0/physicalLocation/artifactLocation/uri";
        assert_eq!(notification.pointer(uri), Some(&Value::from("a%20b")));
    }
}

#[test]
fn results_without_a_place_never_read_as_clean() {
    let text = source("a.py", "x\n");
    let files = Files::new([("a.py".to_owned(), 0, &text)]);
    let read = |results: Value| {
        let log = serde_json::json!({"version": "2.1.0", "runs": [
            {"tool": {"driver": {"name": "t"}}, "results": results},
        ]});
        let bytes = serde_json::to_vec(&log).expect("it is a value");
        by_name("sarif")
            .expect("it is known")
            .read_report(&bytes, &files)
    };
    let placeless = serde_json::json!({"ruleId": "R1", "message": {"text": "all of it is bad"}});
    let placed = serde_json::json!({"ruleId": "R2", "message": {"text": "bad"}, "locations": [
        {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 1}}},
    ]});
    let with = |key: &str, value: Value| {
        let mut result = placed.clone();
        result[key] = value;
        result
    };
    let suppressions = serde_json::json!([{"kind": "inSource"}]);
    let silenced = with("suppressions", suppressions.clone());
    for alone in [
        serde_json::json!([placeless]),
        serde_json::json!([placeless, silenced]),
        serde_json::json!([placeless, with("kind", "pass".into())]),
    ] {
        let why = read(alone).expect_err("it would be lost");
        assert!(why.contains("1 of its results name no place"), "{why}");
        assert!(why.contains("R1: all of it is bad"), "{why}");
    }
    let heard = read(serde_json::json!([placeless, placed])).expect("it is read");
    assert_eq!((heard.said.len(), heard.notes.len()), (1, 1));
    // Somebody has looked at it.
    let mut silenced = placeless;
    silenced["suppressions"] = suppressions;
    assert!(read(serde_json::json!([silenced])).is_ok());
}
