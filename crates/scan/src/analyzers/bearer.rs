//! Bearer: how is it asked, and what does it say?

use std::collections::BTreeMap;

use palinode_code::{Cwe, Severity};
use serde::Deserialize;

use super::json;
use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::heard::{Files, Heard, Said};
use crate::place::{Columns, Place};
use crate::stage::Layout;

/// Bearer.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "bearer",
    title: "Bearer CLI",
    languages: &["go", "java", "javascript", "php", "python", "tsx", "typescript"],
    doc: "Looks for risky calls and follows values within a file, with rules for injection, cryptography and the \
leaking of personal data.

Why: in a published comparison by hand it found more of the real flaws than CodeQL or Bandit.

Source: https://docs.bearer.com, and its source for the form of its report.

Limits: **written from its documentation and never run here.** It fetches its rules from the network when it has \
none, and fails where it cannot. Its report does not name the files that it looked at, so one that it passed over in \
silence would not be seen.

Example: `palinode scan --analyzer bearer src/`",
    work: Work::Tool(Tool {
        install: "see https://docs.bearer.com/quickstart",
        starts: &[Start::Program("bearer")],
        version_arguments: &["version"],
        oldest: &[1, 30],
        tried: "",
        layout: Layout::Tree,
        share: Share::Language,
        needs: |_| Ok(()),
        run,
        read,
    }),
};

fn run(job: &Job<'_>) -> Result<Heard, Trouble> {
    let failed = |error: std::io::Error| Trouble::Failed(error.to_string());
    let source = job.output("source");
    for (position, name) in job.files.names().enumerate() {
        let file = source.join(name);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        let text = job
            .files
            .source(position)
            .map(|source| source.text.as_bytes());
        std::fs::write(file, text.unwrap_or_default()).map_err(failed)?;
    }
    let program = job
        .tool()
        .arguments([
            "scan",
            "--format=json",
            "--quiet",
            "--scanner=sast",
            "--exit-code=0",
        ])
        .argument("--disable-version-check")
        .argument(&source);
    let outcome = job.run_expecting(&program, &[0])?;
    Ok(read(&outcome.stdout, job.files)?)
}

/// Findings by how bad they are.
type Report = BTreeMap<String, Vec<Issue>>;

#[derive(Deserialize)]
struct Issue {
    id: String,
    title: String,
    #[serde(default)]
    cwe_ids: Vec<String>,
    filename: String,
    line_number: usize,
    #[serde(default)]
    sink: Option<Extent>,
    #[serde(default)]
    source: Option<Extent>,
}

#[derive(Deserialize, Clone, Copy)]
struct Extent {
    start: usize,
    end: usize,
    #[serde(default)]
    column: Option<Column>,
}

#[derive(Deserialize, Clone, Copy)]
struct Column {
    start: usize,
    end: usize,
}

fn read(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    let report: Report = json(report)?;
    let mut heard = Heard::default();
    for (level, issues) in report {
        let severity = match level.as_str() {
            "critical" => Severity::Critical,
            "high" => Severity::High,
            "medium" => Severity::Medium,
            "low" => Severity::Low,
            "warning" => Severity::Info,
            other => return Err(format!("its report has a severity `{other}`")),
        };
        for issue in issues {
            heard.said.push(Said {
                file: files.expect(&issue.filename)?,
                place: issue.sink.map_or(Place::line(issue.line_number), place),
                rule: issue.id,
                cwes: issue
                    .cwe_ids
                    .iter()
                    .filter_map(|id| Cwe::read(id))
                    .collect(),
                severity,
                confidence: None,
                message: issue.title,
                advice: None,
                fix: Vec::new(),
                trace: match (issue.source, issue.sink) {
                    (Some(source), Some(sink)) if source.start != sink.start => vec![
                        (place(source), "enters here".to_owned()),
                        (place(sink), "is used here".to_owned()),
                    ],
                    _ => Vec::new(),
                },
            });
        }
    }
    Ok(heard)
}

fn place(extent: Extent) -> Place {
    Place {
        column: extent.column.map(|column| column.start.max(1)),
        end_line: Some(extent.end),
        end_column: extent.column.map(|column| column.end),
        // By its source: tree-sitter's columns and one.
        columns: Columns::Bytes,
        ..Place::line(extent.start)
    }
}
