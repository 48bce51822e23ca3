//! Does the JSON form say what was found and what failed?

use palinode_scan::report::{Options, Unread, json};
use serde_json::Value;

use super::report;

#[test]
fn json_says_what_was_found_and_what_failed() {
    let value = json::write(
        &report(),
        &Options {
            version: "1.2.3",
            with_times: false,
            ..Options::default()
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
            ..Options::default()
        },
    );
    assert_eq!(timed["analyzers"][0]["peak_memory"], 5);
}

#[test]
fn json_says_what_could_not_be_read() {
    let mut report = report();
    report.runs.clear();
    let mut unread = vec![Unread {
        name: "min.js".to_owned(),
        why: "is minified".to_owned(),
        is_chosen: true,
    }];
    let write = |unread: &[Unread]| {
        let options = Options {
            unread,
            ..Options::default()
        };
        json::write(&report, &options)
    };
    let value = write(&unread);
    assert_eq!(value["complete"], true);
    let expected = serde_json::json!([{"file": "min.js", "why": "is minified"}]);
    assert_eq!(value["skipped"], expected);
    unread[0].is_chosen = false;
    let value = write(&unread);
    assert_eq!(value["complete"], false);
    assert_eq!(value["skipped"][0]["unreadable"], true);
    assert!(write(&[]).get("skipped").is_none());
}
