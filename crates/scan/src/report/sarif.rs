//! What does a report say in SARIF 2.1.0, as GitHub's code scanning takes it?
//!
//! Source: OASIS, SARIF version 2.1.0; GitHub, "SARIF support for code scanning" and its limits. One run; a rule for
//! each weakness, with what GitHub shows of it; the analyzers as extensions of the tool; what went wrong as
//! notifications. GitHub takes at most 25,000 results a run, so the mildest of more are left out and a notification
//! says how many. It passes over `fixes`, which others read.

use std::cmp::Reverse;

use palinode_code::{Confidence, Cwe, Finding, Severity, Span, Text};
use serde_json::{Value, json};

use super::Options;
use crate::merge::Merged;
use crate::run::{Run, Status};
use crate::scanning::Report;

/// GitHub's limits: results of a run, and places of a code flow that it keeps.
const MOST_RESULTS: usize = 25_000;
const MOST_STEPS: usize = 1_000;

/// Where the schema is.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The report as one SARIF log.
#[must_use]
pub fn write(report: &Report, options: &Options<'_>) -> Value {
    let mut findings: Vec<&Merged> = report.findings.iter().collect();
    let left_out = findings.len().saturating_sub(MOST_RESULTS);
    if left_out > 0 {
        // Stable: those of one severity keep their order.
        findings.sort_by_key(|merged| Reverse(merged.finding.severity));
        findings.truncate(MOST_RESULTS);
        findings.sort_by_key(|merged| (merged.source, merged.finding.span));
    }
    let rules = rules(&findings);
    let results: Vec<Value> = findings
        .iter()
        .filter_map(|merged| result(report, merged, &rules))
        .collect();
    json!({
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
            "invocations": [invocation(report, left_out)],
            "results": results,
        }],
    })
}

/// What GitHub calls a rule: here a weakness, or where none is known an analyzer's rule.
struct Rule {
    id: String,
    cwe: Option<Cwe>,
    severity: Severity,
    confidence: Option<Confidence>,
    advice: Option<String>,
    message: String,
}

/// A rule for each id that the findings have, by id.
fn rules(findings: &[&Merged]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for merged in findings {
        let finding = &merged.finding;
        let id = rule_id(finding);
        match rules.binary_search_by(|rule| rule.id.cmp(&id)) {
            Ok(at) => {
                let rule = &mut rules[at];
                rule.severity = rule.severity.max(finding.severity);
                rule.confidence = rule.confidence.min(finding.confidence);
                if rule.advice.is_none() {
                    rule.advice.clone_from(&finding.advice);
                }
            }
            Err(at) => rules.insert(
                at,
                Rule {
                    id,
                    cwe: finding.cwes.first().copied(),
                    severity: finding.severity,
                    confidence: finding.confidence,
                    advice: finding.advice.clone(),
                    message: finding.message.clone(),
                },
            ),
        }
    }
    rules
}

fn rule_id(finding: &Finding) -> String {
    match finding.cwes.first() {
        Some(cwe) => cwe.to_string(),
        None => format!("{}/{}", finding.analyzer, finding.rule),
    }
}

impl Rule {
    fn write(&self) -> Value {
        let name = self.cwe.and_then(Cwe::name);
        let short = name.map_or_else(|| cut(&self.message), str::to_owned);
        let full = match name {
            Some(name) => format!("{}: {name}.", self.id),
            None => cut(&self.message),
        };
        let link = self
            .cwe
            .map(|cwe| format!("https://cwe.mitre.org/data/definitions/{}.html", cwe.0));
        let advice = self.advice.as_deref().map(cut).unwrap_or_default();
        let more = link
            .as_ref()
            .map(|link| format!("See {link}"))
            .unwrap_or_default();
        let help = [full.as_str(), &advice, &more]
            .into_iter()
            .filter(|part| !part.is_empty());
        let help: Vec<&str> = help.collect();
        let mut tags = vec!["security".to_owned()];
        tags.extend(self.cwe.map(|cwe| format!("external/cwe/cwe-{:03}", cwe.0)));
        let mut rule = json!({
            "id": self.id,
            "shortDescription": {"text": short},
            "fullDescription": {"text": full},
            "help": {"text": help.join(" ")},
            "defaultConfiguration": {"level": level(self.severity)},
            "properties": {
                "tags": tags,
                "precision": match self.confidence {
                    Some(Confidence::High) => "high",
                    Some(Confidence::Medium) => "medium",
                    Some(Confidence::Low) | None => "low",
                },
            },
        });
        if let Some(link) = link {
            rule["helpUri"] = json!(link);
        }
        // What is worth knowing and no weakness has no score: GitHub asks for one above 0.
        if self.severity > Severity::Info {
            rule["properties"]["security-severity"] =
                json!(format!("{:.1}", self.severity.score()));
        }
        rule
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
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
fn invocation(report: &Report, left_out: usize) -> Value {
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

/// A text that fits where GitHub shows it.
fn cut(text: &str) -> String {
    const MOST: usize = 1_000;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
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
