//! What does a report say in SARIF 2.1.0, as GitHub's code scanning takes it?
//!
//! Source: OASIS, SARIF version 2.1.0; GitHub, "SARIF support for code scanning" and its limits. One run; a rule for
//! each weakness, with what GitHub shows of it; the analyzers as extensions of the tool; what went wrong as
//! notifications. GitHub takes at most 25,000 results a run, so the mildest of more are left out and a notification
//! says how many. It passes over `fixes`, which others read. Of a change only new results are written, with their
//! `baselineState`; the standard wants one on all or none, so those of which nobody can say whether they are new have
//! the property `uncertain`, and a notification says why.

use std::cmp::Reverse;

mod rule;

use palinode_code::{Cwe, Span, Text};
use serde_json::{Value, json};

use super::Options;
use crate::merge::Merged;
use crate::run::{Run, Status};
use crate::scanning::Report;
use rule::{Rule, cut, level, rule_id, rules};

/// GitHub's limits: results of a run, and places of a code flow that it keeps.
const MOST_RESULTS: usize = 25_000;
const MOST_STEPS: usize = 1_000;

/// Where the schema is.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The report as one SARIF log.
#[must_use]
pub fn write(report: &Report, options: &Options<'_>) -> Value {
    let mut findings: Vec<(usize, &Merged)> = report.findings.iter().enumerate().collect();
    let left_out = findings.len().saturating_sub(MOST_RESULTS);
    if left_out > 0 {
        // Stable: those of one severity keep their order.
        findings.sort_by_key(|(_, merged)| Reverse(merged.finding.severity));
        findings.truncate(MOST_RESULTS);
        findings.sort_by_key(|(at, _)| *at);
    }
    let rules = rules(&findings);
    let results: Vec<Value> = findings
        .iter()
        .filter_map(|(at, merged)| {
            let mut result = result(report, merged, &rules)?;
            if let Some(compared) = options.compared {
                result["baselineState"] = json!("new");
                if compared.uncertain.contains(at) {
                    result["properties"]["uncertain"] = json!(true);
                }
            }
            Some(result)
        })
        .collect();
    let mut log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "palinode",
                    "semanticVersion": options.version,
                    "rules": rules.iter().map(Rule::write).collect::<Vec<_>>(),
                },
                "extensions": report.runs.iter().filter(|run| run.status.looked()).map(extension).collect::<Vec<_>>(),
            },
            "columnKind": "unicodeCodePoints",
            "automationDetails": {"id": "palinode/"},
            "invocations": [invocation(report, left_out, options)],
            "results": results,
        }],
    });
    if let Some(compared) = options.compared {
        log["runs"][0]["properties"] = json!({"compared": {
            "revision": compared.revision,
            "commit": compared.commit,
            "known": compared.known,
        }});
    }
    log
}

fn extension(run: &Run) -> Value {
    let mut extension = json!({"name": run.analyzer.name, "fullName": run.analyzer.title});
    if let Some(version) = &run.version {
        extension["version"] = json!(version);
    }
    extension
}

fn result(report: &Report, merged: &Merged, rules: &[Rule]) -> Option<Value> {
    let source = report.sources.get(merged.source)?;
    let finding = &merged.finding;
    let id = rule_id(finding);
    let index = rules.binary_search_by(|rule| rule.id.cmp(&id)).ok()?;
    let uri = uri(&source.name);
    let location = |span: Span| json!({"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region(&source.text, span)}});
    let mut place = location(finding.span);
    if let Some(function) = &merged.function {
        place["logicalLocations"] = json!([{"fullyQualifiedName": function, "kind": "function"}]);
    }
    let said: Vec<String> = merged
        .witnesses
        .iter()
        .map(|witness| format!("{}/{}", witness.analyzer, witness.rule))
        .collect();
    let advice = finding
        .advice
        .as_deref()
        .map(|advice| format!(" {advice}"))
        .unwrap_or_default();
    let mut result = json!({
        "ruleId": id,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": {"text": format!("{}{}", cut(&finding.message), cut(&advice))},
        "locations": [place],
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}:1", merged.fingerprint),
            "palinode/v1": merged.fingerprint,
        },
        "properties": {
            "severity": finding.severity.name(),
            "cwes": finding.cwes.iter().map(Cwe::to_string).collect::<Vec<_>>(),
            "witnesses": said,
        },
    });
    if let Some(confidence) = finding.confidence {
        result["properties"]["confidence"] = json!(confidence.name());
    }
    if !finding.trace.is_empty() {
        let steps = finding.trace.iter().take(MOST_STEPS).map(|step| {
            let mut place = location(step.span);
            place["message"] = json!({"text": cut(&step.note)});
            json!({"location": place})
        });
        result["codeFlows"] = json!([{"threadFlows": [{"locations": steps.collect::<Vec<_>>()}]}]);
    }
    if !finding.fix.is_empty() {
        let replacements = finding.fix.iter().map(|edit| {
            let new = String::from_utf8_lossy(&edit.new);
            json!({"deletedRegion": region(&source.text, edit.span), "insertedContent": {"text": new}})
        });
        result["fixes"] = json!([{
            "description": {"text": advice.trim()},
            "artifactChanges": [{
                "artifactLocation": {"uri": uri},
                "replacements": replacements.collect::<Vec<_>>(),
            }],
        }]);
    }
    Some(result)
}

fn region(text: &Text, span: Span) -> Value {
    let start = text.position(span.start);
    let end = text.position(span.end.max(span.start));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// What the analyzers say about their own work. A tool that is not there is a warning, one that failed an error.
fn invocation(report: &Report, left_out: usize, options: &Options<'_>) -> Value {
    let mut notifications = Vec::new();
    let mut failed = false;
    for run in &report.runs {
        let name = run.analyzer.name;
        let level = match run.status {
            Status::Clean | Status::Findings | Status::NotApplicable => None,
            Status::Missing { .. } => Some("warning"),
            Status::Failed { .. } | Status::TimedOut | Status::Interrupted => Some("error"),
        };
        failed |= level == Some("error");
        if let Some(level) = level {
            notifications.push(notification(
                level,
                &format!("{name}: {}", run.status),
                None,
            ));
        }
        for file in &run.failed {
            let uri = report
                .sources
                .get(file.source)
                .map(|source| uri(&source.name));
            notifications.push(notification("error", &format!("{name}: {}", file.why), uri));
            failed = true;
        }
    }
    for gap in options.compared.iter().flat_map(|compared| compared.told()) {
        notifications.push(notification("error", &gap, None));
        failed = true;
    }
    for file in options.unread {
        let level = match file.is_chosen {
            true => "note",
            false => "error",
        };
        failed |= !file.is_chosen;
        let text = format!("not scanned: `{}` {}", file.name, file.why);
        notifications.push(notification(level, &text, Some(uri(&file.name))));
    }
    if left_out > 0 {
        let text = format!("{left_out} findings are left out: GitHub takes {MOST_RESULTS} at most");
        notifications.push(notification("warning", &text, None));
    }
    json!({"executionSuccessful": !failed, "toolExecutionNotifications": notifications})
}

fn notification(level: &str, text: &str, uri: Option<String>) -> Value {
    let mut notification = json!({"level": level, "message": {"text": cut(text)}});
    if let Some(uri) = uri {
        notification["locations"] =
            json!([{"physicalLocation": {"artifactLocation": {"uri": uri}}}]);
    }
    notification
}

/// A name as a URI: relative where the name is, with everything escaped that is not plain.
fn uri(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    if name.starts_with('/') {
        out.push_str("file://");
    }
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_uris() {
        assert_eq!(uri("src/a b.c"), "src/a%20b.c");
        assert_eq!(uri("/tmp/é"), "file:///tmp/%C3%A9");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
