//! What does a report say in this house's own form?
//!
//! One JSON object. `schema` is [`SCHEMA`]; a reader must refuse a number that it does not know. Fields may be added
//! without a new number; none is taken away or changes its meaning. What is unknown or empty is left out, except
//! where a list says that there is nothing.
//!
//! | field | what it says |
//! |---|---|
//! | `schema`, `version` | the form, and the program that wrote it |
//! | `complete` | whether every file could be read and every analyzer that was asked answered about every file; where not, no findings does not mean clean |
//! | `files[]` | `name`, `language` |
//! | `skipped[]` | `file` (or a folder), `why`; `unreadable` is true where it could not be read, and was not left out for its size or form |
//! | `analyzers[]` | `name`, `status` (`clean`, `findings`, `not applicable`, `missing`, `failed`, `timed out`, `interrupted`), `why`, `install`, `version`, `asked` (number of files), `failed[]` (`file`, `why`), `skipped[]` (`file`, `line`, `why`), `notes[]`; with times `seconds` and `peak_memory` in bytes |
//! | `compared` | where only findings are told that a change brings: `revision`, `commit`, `known` (number of findings that were there), `gaps[]` (`analyzer`, `file`, `why`: who gave no answer about the texts before) |
//! | `findings[]` | by file, then by place: see below |
//!
//! A finding has `file`, `start` and `end` (`line` and `column` from 1, columns in characters, the end behind the last
//! one; `byte` from 0), `function`, `cwes[]`, `severity` (`info`, `low`, `medium`, `high`, `critical`), `confidence`
//! (`low`, `medium`, `high`), `message`, `advice`, `fingerprint`, `fix[]` (`start`, `end`, `new`), `trace[]` (`start`,
//! `end`, `note`) and `witnesses[]` (`analyzer`, `rule`, `cwes[]`, `severity`, `confidence`, `message`, `start`, `end`).
//! `uncertain` is true where nobody can say whether it was there before the change.

use palinode_code::{Cwe, Finding, Span, Text};
use serde_json::{Map, Value, json};

use super::{Comparison, Options};
use crate::merge::Merged;
use crate::run::{Run, Status};
use crate::scanning::Report;

/// The number of this form.
pub const SCHEMA: u64 = 1;

/// The report as one JSON object.
#[must_use]
pub fn write(report: &Report, options: &Options<'_>) -> Value {
    let file = |source: &crate::source::Source| json!({"name": source.name, "language": source.language.name});
    let has_gaps = options
        .compared
        .is_some_and(|compared| !compared.gaps.is_empty());
    let findings = report.findings.iter().enumerate().map(|(at, merged)| {
        let mut value = finding(report, merged);
        if options
            .compared
            .is_some_and(|compared| compared.uncertain.contains(&at))
        {
            value["uncertain"] = json!(true);
        }
        value
    });
    let mut value = json!({
        "schema": SCHEMA,
        "version": options.version,
        "complete": report.incomplete().next().is_none() && !has_gaps && options.could_read_all(),
        "files": report.sources.iter().map(file).collect::<Vec<_>>(),
        "analyzers": report.runs.iter().map(|run| analyzer(report, run, options)).collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
    });
    if !options.unread.is_empty() {
        let skipped = options.unread.iter().map(|file| {
            let mut object = Object::new();
            object.put("file", file.name.as_str());
            object.put("why", file.why.as_str());
            if !file.is_chosen {
                object.put("unreadable", true);
            }
            Value::Object(object.0)
        });
        value["skipped"] = json!(skipped.collect::<Vec<_>>());
    }
    if let Some(compared) = options.compared {
        value["compared"] = comparison(compared);
    }
    value
}

fn comparison(compared: &Comparison) -> Value {
    let gaps = compared.gaps.iter().map(|gap| {
        let mut object = Object::new();
        object.put("analyzer", gap.analyzer);
        object.put_some("file", gap.file.clone());
        object.put("why", gap.why.as_str());
        Value::Object(object.0)
    });
    json!({
        "revision": compared.revision,
        "commit": compared.commit,
        "known": compared.known,
        "gaps": gaps.collect::<Vec<_>>(),
    })
}

fn name_of(report: &Report, source: usize) -> &str {
    report
        .sources
        .get(source)
        .map_or("", |source| source.name.as_str())
}

fn analyzer(report: &Report, run: &Run, options: &Options<'_>) -> Value {
    let mut object = Object::new();
    object.put("name", run.analyzer.name);
    object.put("status", run.status.name());
    match &run.status {
        Status::Failed { why } => object.put("why", why.as_str()),
        Status::Missing { install } => object.put("install", *install),
        _ => {}
    }
    object.put_some("version", run.version.clone());
    object.put("asked", run.asked);
    let failed = run.failed.iter();
    object.put_list(
        "failed",
        failed.map(|failed| json!({"file": name_of(report, failed.source), "why": failed.why})),
    );
    object.put_list(
        "skipped",
        run.skipped.iter().map(|skipped| {
            let mut object = Object::new();
            object.put("file", name_of(report, skipped.source));
            object.put_some("line", skipped.line);
            object.put("why", skipped.why.as_str());
            Value::Object(object.0)
        }),
    );
    object.put_list("notes", run.notes.iter().map(|note| json!(note)));
    if options.with_times {
        object.put("seconds", run.wall.as_secs_f64());
        object.put("peak_memory", run.peak_memory);
    }
    Value::Object(object.0)
}

fn finding(report: &Report, merged: &Merged) -> Value {
    let Some(source) = report.sources.get(merged.source) else {
        return Value::Null;
    };
    let text = &source.text;
    let finding = &merged.finding;
    let mut object = Object::new();
    object.put("file", source.name.as_str());
    object.put_span(text, finding.span);
    object.put_some("function", merged.function.clone());
    object.put_judgement(finding);
    object.put_some("advice", finding.advice.clone());
    object.put("fingerprint", merged.fingerprint.as_str());
    object.put_list(
        "fix",
        finding.fix.iter().map(|edit| {
            let mut object = Object::new();
            object.put_span(text, edit.span);
            object.put("new", String::from_utf8_lossy(&edit.new).into_owned());
            Value::Object(object.0)
        }),
    );
    object.put_list(
        "trace",
        finding.trace.iter().map(|step| {
            let mut object = Object::new();
            object.put_span(text, step.span);
            object.put("note", step.note.as_str());
            Value::Object(object.0)
        }),
    );
    let witnesses = merged.witnesses.iter().map(|witness| {
        let mut object = Object::new();
        object.put("analyzer", witness.analyzer);
        object.put("rule", witness.rule.as_str());
        object.put_judgement(witness);
        object.put_span(text, witness.span);
        Value::Object(object.0)
    });
    object.put("witnesses", witnesses.collect::<Vec<_>>());
    Value::Object(object.0)
}

/// An object that leaves out what is not there.
struct Object(Map<String, Value>);

impl Object {
    fn new() -> Self {
        Self(Map::new())
    }

    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn put_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn put_list(&mut self, key: &str, values: impl Iterator<Item = Value>) {
        let values: Vec<Value> = values.collect();
        if !values.is_empty() {
            self.put(key, values);
        }
    }

    fn put_span(&mut self, text: &Text, span: Span) {
        for (key, offset) in [("start", span.start), ("end", span.end)] {
            let place = text.position(offset);
            self.put(
                key,
                json!({"line": place.line, "column": place.column, "byte": offset}),
            );
        }
    }

    fn put_judgement(&mut self, finding: &Finding) {
        let cwes: Vec<String> = finding.cwes.iter().map(Cwe::to_string).collect();
        self.put("cwes", cwes);
        self.put("severity", finding.severity.name());
        self.put_some(
            "confidence",
            finding.confidence.map(|confidence| confidence.name()),
        );
        self.put("message", finding.message.as_str());
    }
}
