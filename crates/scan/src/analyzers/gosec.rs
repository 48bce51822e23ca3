//! Gosec: how is it asked about Go, and what does it say?

use std::collections::BTreeMap;

use palinode_code::{Confidence, Cwe, Severity};
use serde::Deserialize;

use super::json;
use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::heard::{Files, Heard, Said, shortened};
use crate::place::{Columns, Place};
use crate::stage::Layout;

/// Gosec.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "gosec",
    title: "gosec",
    languages: &["go"],
    doc: "Looks for risky calls in Go, with the types that the compiler sees: commands and SQL put together from \
pieces, weak cryptography, files opened by a path that comes from outside, integers that overflow.

Why: it is the analyzer most Go projects know.

Source: https://github.com/securego/gosec.

Limits: **written from its documentation and never run here.** It needs Go, and packages that type-check: a file \
whose imports are not there counts as failed. Go is told not to use the network. `#nosec` comments count, and are \
noted.

Example: `palinode scan --analyzer gosec .`",
    work: Work::Tool(Tool {
        install: "go install github.com/securego/gosec/v2/cmd/gosec@latest",
        starts: &[Start::Program("gosec")],
        version_arguments: &["-version"],
        oldest: &[2, 8],
        tried: "",
        layout: Layout::Tree,
        share: Share::All,
        needs: |_| Ok(()),
        run,
        read,
    }),
};

fn run(job: &Job<'_>) -> Result<Heard, Trouble> {
    let program = job
        .tool()
        .variable("GOPROXY", "off")
        .variable("GOFLAGS", "-mod=mod")
        .variable("GOTOOLCHAIN", "local")
        .variable("GO111MODULE", "auto")
        .arguments([
            "-fmt=json",
            "-quiet",
            "-no-fail",
            "-track-suppressions",
            "./...",
        ]);
    let outcome = job.run_expecting(&program, &[0, 1])?;
    Ok(read(&outcome.stdout, job.files)?)
}

#[derive(Deserialize)]
struct Report {
    #[serde(rename = "Golang errors", default)]
    errors: BTreeMap<String, Vec<Problem>>,
    #[serde(rename = "Issues")]
    issues: Option<Vec<Issue>>,
    #[serde(rename = "Stats")]
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    files: usize,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    line: usize,
    error: String,
}

#[derive(Deserialize)]
struct Issue {
    severity: String,
    confidence: String,
    #[serde(default)]
    cwe: Option<Weakness>,
    rule_id: String,
    details: String,
    file: String,
    line: String,
    #[serde(default)]
    column: String,
    #[serde(default)]
    nosec: bool,
    #[serde(default)]
    suppressions: Option<Vec<Suppression>>,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct Suppression {
    #[serde(default)]
    justification: String,
}

fn read(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    let report: Report = json(report)?;
    let mut heard = Heard::default();
    for (name, problems) in report.errors {
        let first = problems.first();
        let why = first.map_or_else(String::new, |first| {
            format!("line {}: {}", first.line, shortened(&first.error))
        });
        match files.find(&name) {
            Some(file) => heard.failed.push((file, why)),
            // Of a package as a whole: none of its files was looked at.
            None => heard
                .failed
                .extend((0..files.len()).map(|file| (file, why.clone()))),
        }
    }
    if report.stats.files < files.len() && heard.failed.is_empty() {
        let why = format!(
            "it looked at {} of {} files, and does not say which",
            report.stats.files,
            files.len()
        );
        heard
            .failed
            .extend((0..files.len()).map(|file| (file, why.clone())));
    }
    for issue in report.issues.unwrap_or_default() {
        let file = files.expect(&issue.file)?;
        let (line, end_line) = lines(&issue.line)?;
        if let Some(suppression) = issue.suppressions.iter().flatten().next() {
            heard
                .skipped
                .push((file, Some(line), shortened(&suppression.justification)));
            continue;
        }
        if issue.nosec {
            heard
                .skipped
                .push((file, Some(line), "a `#nosec` comment".to_owned()));
            continue;
        }
        heard.said.push(Said {
            file,
            place: Place {
                column: issue.column.parse().ok().filter(|column| *column > 0),
                end_line: Some(end_line),
                // Go counts bytes.
                columns: Columns::Bytes,
                ..Place::line(line)
            },
            rule: issue.rule_id,
            cwes: issue
                .cwe
                .and_then(|cwe| Cwe::read(&cwe.id))
                .into_iter()
                .collect(),
            severity: match issue.severity.as_str() {
                "HIGH" => Severity::High,
                "MEDIUM" => Severity::Medium,
                "LOW" => Severity::Low,
                "UNDEFINED" => Severity::Info,
                other => return Err(format!("its report has a severity `{other}`")),
            },
            confidence: issue.confidence.parse::<Confidence>().ok(),
            message: issue.details,
            advice: None,
            fix: Vec::new(),
            trace: Vec::new(),
        });
    }
    Ok(heard)
}

/// `12` or `12-14`.
fn lines(text: &str) -> Result<(usize, usize), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| {
        text.trim()
            .parse()
            .map_err(|_| format!("its report has a line `{text}`"))
    };
    Ok((number(first)?, number(last)?))
}
