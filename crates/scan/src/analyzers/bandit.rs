//! Bandit: how is it asked about Python, and what do its rules mean?

use palinode_code::{Confidence, Cwe, Severity};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::json;
use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::heard::{Files, Heard, Said};
use crate::place::{Columns, Place};
use crate::stage::Layout;

/// Bandit.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "bandit",
    title: "Bandit",
    languages: &["python"],
    doc: "Looks for calls, imports and literals in Python's syntax tree that are known to be risky: `subprocess` with \
a shell, `pickle`, `eval`, SQL put together from pieces, weak hashes, passwords in the code.

Why: it is the analyzer most Python projects know, it is fast, and it says how sure it is.

Source: PyCQA's Bandit, https://bandit.readthedocs.io.

Limits: it looks at one call at a time and does not follow values. A file that its Python cannot parse is not looked \
at, and counts as failed here. `# nosec` comments count; how many there were is noted. Configuration of the scanned \
project does not, since it is given copies. Some weaknesses that it names are corrected: `exec` and `eval` are \
CWE-95 rather than CWE-78, XML parsers CWE-611 and `yaml.load` CWE-502 rather than CWE-20, Jinja without escaping \
CWE-79 rather than CWE-94.

Example: `palinode scan --analyzer bandit src/`",
    work: Work::Tool(Tool {
        install: "pip install bandit",
        starts: &[Start::Program("bandit"), Start::Module("bandit")],
        version_arguments: &["--version"],
        // The first whose findings name a weakness.
        oldest: &[1, 7, 3],
        tried: "1.9.4",
        layout: Layout::Flat,
        share: Share::All,
        needs: |_| Ok(()),
        run,
        read,
    }),
};

fn run(job: &Job<'_>) -> Result<Heard, Trouble> {
    let program = job
        .tool()
        .arguments(["-f", "json", "-q"])
        .arguments(job.names());
    // 1 is findings; 2 is that it could not work.
    let outcome = job.run_expecting(&program, &[0, 1])?;
    Ok(read(&outcome.stdout, job.files)?)
}

#[derive(Deserialize)]
struct Report {
    errors: Vec<Skip>,
    results: Vec<Issue>,
    metrics: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Skip {
    filename: String,
    reason: String,
}

#[derive(Deserialize)]
struct Issue {
    filename: String,
    test_id: String,
    test_name: String,
    issue_text: String,
    issue_severity: String,
    issue_confidence: String,
    #[serde(default)]
    issue_cwe: Option<Weakness>,
    line_number: usize,
    #[serde(default)]
    line_range: Vec<usize>,
    #[serde(default)]
    col_offset: Option<i64>,
    #[serde(default)]
    end_col_offset: Option<i64>,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    id: Option<u16>,
}

fn read(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    let report: Report = json(report)?;
    let mut heard = Heard::default();
    for skip in report.errors {
        heard
            .failed
            .push((files.expect(&skip.filename)?, skip.reason));
    }
    // Every file that it looked at has its counts.
    let mut covered = Vec::new();
    let mut silenced = 0;
    for (name, counts) in &report.metrics {
        if name == "_totals" {
            let count = |name: &str| counts.get(name).and_then(Value::as_u64).unwrap_or(0);
            silenced = count("nosec") + count("skipped_tests");
        } else {
            covered.push(files.expect(name)?);
        }
    }
    heard.covered = Some(covered);
    if silenced > 0 {
        heard
            .notes
            .push(format!("{silenced} lines are silenced by `# nosec`"));
    }
    for issue in report.results {
        let file = files.expect(&issue.filename)?;
        heard.said.push(said(file, &issue)?);
    }
    Ok(heard)
}

fn said(file: usize, issue: &Issue) -> Result<Said, String> {
    let severity = match issue.issue_severity.as_str() {
        "HIGH" => Severity::High,
        "MEDIUM" => Severity::Medium,
        "LOW" => Severity::Low,
        "UNDEFINED" => Severity::Info,
        other => return Err(format!("its report has a severity `{other}`")),
    };
    let confidence = match issue.issue_confidence.as_str() {
        "HIGH" => Some(Confidence::High),
        "MEDIUM" => Some(Confidence::Medium),
        "LOW" => Some(Confidence::Low),
        _ => None,
    };
    // `line_number` may be that of an argument, but columns are those of the call, which starts on the first line of
    // the range. They count bytes from 0, as Python's syntax tree does.
    let line = issue
        .line_range
        .iter()
        .copied()
        .min()
        .unwrap_or(issue.line_number);
    let end_line = issue.line_range.iter().copied().max();
    let column = |offset: Option<i64>| usize::try_from(offset?).ok()?.checked_add(1);
    let place = match column(issue.col_offset) {
        Some(start) => Place {
            line,
            column: Some(start),
            end_line,
            end_column: column(issue.end_col_offset).filter(|end| *end > 1),
            columns: Columns::Bytes,
        },
        None => Place::line(line),
    };
    let named = issue
        .issue_cwe
        .as_ref()
        .and_then(|cwe| cwe.id)
        .filter(|id| *id > 0);
    Ok(Said {
        file,
        place,
        rule: issue.test_id.clone(),
        cwes: corrected(&issue.test_id)
            .or(named)
            .map(Cwe)
            .into_iter()
            .collect(),
        severity,
        confidence,
        message: issue.issue_text.clone(),
        advice: advice(&issue.test_name),
        fix: Vec::new(),
        trace: Vec::new(),
    })
}

/// The weakness of a rule for which the report names one that does not fit.
fn corrected(rule: &str) -> Option<u16> {
    Some(match rule {
        // `exec` and `eval` run Python, not a shell.
        "B102" | "B307" => 95,
        // All addresses: a binding without restriction rather than several of them.
        "B104" => 1327,
        // Errors that are caught and dropped.
        "B110" | "B112" => 390,
        // Parsers of XML that follow entities.
        "B313" | "B314" | "B315" | "B316" | "B317" | "B318" | "B319" | "B320" => 611,
        "B405" | "B406" | "B407" | "B408" | "B409" | "B410" | "B411" => 611,
        // Hashes that are broken are a weakness of their own.
        "B303" | "B324" => 328,
        // It makes objects of what it reads.
        "B506" => 502,
        // No check of the host's key.
        "B507" => 322,
        // What is not escaped is run by a browser, not by us.
        "B701" | "B702" | "B703" | "B704" => 79,
        _ => return None,
    })
}

/// What to write instead, for the rules whose message does not say it.
fn advice(test_name: &str) -> Option<String> {
    let advice = match test_name {
        "subprocess_popen_with_shell_equals_true"
        | "start_process_with_a_shell"
        | "any_other_function_with_shell_equals_true" => {
            "Pass a list of arguments and leave `shell=True` out; quote with `shlex.quote` where a shell is needed."
        }
        "hardcoded_sql_expressions" => "Pass values as parameters of the query.",
        "exec_used" => "Do without `exec`; for literals use `ast.literal_eval`.",
        "yaml_load" => "Use `yaml.safe_load`.",
        "hashlib" => {
            "Use SHA-256 or better, and for passwords a slow hash such as `hashlib.scrypt`."
        }
        "jinja2_autoescape_false" => "Turn `autoescape` on.",
        "flask_debug_true" => "Leave `debug=True` out.",
        "hardcoded_password_string"
        | "hardcoded_password_funcarg"
        | "hardcoded_password_default" => "Take the secret from the environment or a secret store.",
        _ => return None,
    };
    Some(advice.to_owned())
}
