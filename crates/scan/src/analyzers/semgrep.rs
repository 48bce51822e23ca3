//! Semgrep: how is it asked without a network, and what does it say?

use std::path::PathBuf;

use palinode_code::{Confidence, Cwe, Severity};
use palinode_sandbox::Program;
use serde::Deserialize;
use serde_json::Value;

use super::json;
use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble, told};
use crate::heard::{Files, Heard, Said, shortened};
use crate::place::{Columns, Place};
use crate::stage::Layout;

/// Semgrep.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "semgrep",
    title: "Semgrep",
    languages: &[
        "c", "cpp", "csharp", "go", "java", "javascript", "php", "python", "rust", "tsx", "typescript",
    ],
    doc: "Looks for patterns in syntax trees, and follows values within a function where a rule says so. Which rules \
is yours to say: files and folders of rules in YAML or JSON, such as those that the package `codeshield` carries.

Why: rules that people wrote for their own code, or that others published, are used as they are.

Source: https://semgrep.dev/docs.

Limits: no rules come with it and none are fetched: without a folder of rules it cannot run. It is never allowed to \
send figures or to look for a new version. It takes seconds to start. A file that it parsed only in part counts as \
failed, also where it has findings. Rules that look at paths see names of ours.

Example: `palinode scan --analyzer semgrep --semgrep-rules rules/ src/`",
    work: Work::Tool(Tool {
        install: "pip install semgrep",
        starts: &[Start::Program("semgrep")],
        version_arguments: &["--version", "--disable-version-check"],
        oldest: &[1, 0],
        tried: "1.182.0",
        layout: Layout::Flat,
        share: Share::All,
        needs: |settings| match settings.semgrep_rules.is_empty() {
            true => Err("it has no rules: name a folder of them (--semgrep-rules)".to_owned()),
            false => Ok(()),
        },
        run: |job| scan_with(job, job.tool(), &job.settings.semgrep_rules),
        read,
    }),
};

/// Runs Semgrep with these rules on the files of a job.
pub(super) fn scan_with(
    job: &Job<'_>,
    semgrep: Program,
    rules: &[PathBuf],
) -> Result<Heard, Trouble> {
    let mut program = semgrep.arguments([
        "scan",
        "--json",
        "--quiet",
        "--metrics=off",
        "--disable-version-check",
        "--no-git-ignore",
        "--no-rewrite-rule-ids",
        "--max-target-bytes=0",
    ]);
    for rules in rules {
        // What is no path is a name in its registry, for which it would use the network.
        if !rules.exists() {
            return Err(Trouble::Failed(format!(
                "there are no rules at `{}`",
                rules.display()
            )));
        }
        let rules = rules
            .canonicalize()
            .map_err(|error| Trouble::Failed(error.to_string()))?;
        program = program.argument("--config").argument(rules);
    }
    let outcome = job.run(&program.arguments(job.names()))?;
    let heard = read(&outcome.stdout, job.files);
    match outcome.ending {
        // 1 is findings, where it was asked to say so by its code.
        palinode_sandbox::Ending::Exited(0 | 1) => Ok(heard?),
        ending => {
            // Its report says why better than its last line does.
            let why = json::<Report>(&outcome.stdout)
                .ok()
                .and_then(|report| report.errors.into_iter().next());
            let why = why.map_or_else(|| told(ending, &outcome), |error| shortened(&error.message));
            Err(Trouble::Failed(why))
        }
    }
}

#[derive(Deserialize)]
struct Report {
    results: Vec<Match>,
    errors: Vec<Problem>,
    paths: Paths,
    #[serde(default)]
    skipped_rules: Vec<Value>,
}

#[derive(Deserialize)]
struct Paths {
    scanned: Vec<String>,
    #[serde(default)]
    skipped: Vec<Skip>,
}

#[derive(Deserialize)]
struct Skip {
    path: String,
    reason: String,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    message: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    level: String,
    #[serde(default)]
    rule_id: Option<String>,
}

#[derive(Deserialize)]
struct Match {
    check_id: String,
    path: String,
    start: Point,
    end: Point,
    extra: Extra,
}

#[derive(Deserialize, Clone, Copy)]
struct Point {
    line: usize,
    col: usize,
}

#[derive(Deserialize)]
struct Extra {
    message: String,
    severity: String,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    fix: Option<String>,
    #[serde(default)]
    is_ignored: bool,
}

/// Reads a report; shared with the detector whose second half it is.
pub(super) fn read(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    let report: Report = json(report)?;
    let mut heard = Heard::default();
    for problem in report.errors {
        let message = match &problem.rule_id {
            Some(rule) => format!("rule {rule}: {}", shortened(&problem.message)),
            None => shortened(&problem.message),
        };
        match &problem.path {
            Some(path) => heard.failed.push((files.expect(path)?, message)),
            // Of a rule that cannot be read, or of all its work: nothing was looked at as it was asked to.
            None if problem.level != "info" => return Err(message),
            None => heard.notes.push(message),
        }
    }
    for skip in report.paths.skipped {
        heard.failed.push((
            files.expect(&skip.path)?,
            format!("it passed over it: {}", skip.reason),
        ));
    }
    let covered: Result<Vec<usize>, String> = report
        .paths
        .scanned
        .iter()
        .map(|path| files.expect(path))
        .collect();
    heard.covered = Some(covered?);
    if !report.skipped_rules.is_empty() {
        heard.notes.push(format!(
            "{} rules were passed over",
            report.skipped_rules.len()
        ));
    }
    for found in report.results {
        let file = files.expect(&found.path)?;
        if found.extra.is_ignored {
            heard.skipped.push((
                file,
                Some(found.start.line),
                "a `nosemgrep` comment".to_owned(),
            ));
            continue;
        }
        heard.said.push(said(file, found)?);
    }
    Ok(heard)
}

fn said(file: usize, found: Match) -> Result<Said, String> {
    let severity = match found.extra.severity.to_ascii_uppercase().as_str() {
        "CRITICAL" => Severity::Critical,
        "ERROR" | "HIGH" => Severity::High,
        "WARNING" | "MEDIUM" => Severity::Medium,
        "LOW" => Severity::Low,
        "INFO" | "EXPERIMENT" | "INVENTORY" => Severity::Info,
        other => return Err(format!("its report has a severity `{other}`")),
    };
    let place = Place {
        line: found.start.line,
        column: Some(found.start.col),
        end_line: Some(found.end.line),
        end_column: Some(found.end.col),
        // Measured: in lines with letters of several bytes it counts bytes.
        columns: Columns::Bytes,
    };
    let metadata = &found.extra.metadata;
    let confidence = metadata.get("confidence").and_then(Value::as_str);
    Ok(Said {
        file,
        place,
        rule: found.check_id,
        cwes: weaknesses(metadata),
        severity,
        confidence: confidence.and_then(|name| name.parse::<Confidence>().ok()),
        message: found.extra.message,
        advice: None,
        fix: found
            .extra
            .fix
            .map(|fix| (place, fix))
            .into_iter()
            .collect(),
        trace: Vec::new(),
    })
}

/// The weaknesses in a rule's metadata, which rules write in several ways.
fn weaknesses(metadata: &Value) -> Vec<Cwe> {
    let mut cwes = Vec::new();
    for field in ["cwe", "cwe_id", "cwes"] {
        let values = match metadata.get(field) {
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        for value in values {
            let cwe = match value {
                Value::String(text) => Cwe::read(text),
                Value::Number(number) => {
                    number.as_u64().and_then(|n| u16::try_from(n).ok()).map(Cwe)
                }
                _ => None,
            };
            if let Some(cwe) = cwe.filter(|cwe| !cwes.contains(cwe)) {
                cwes.push(cwe);
            }
        }
    }
    cwes
}
