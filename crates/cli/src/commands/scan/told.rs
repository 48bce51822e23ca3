//! What is a person told of a scan?

use palinode_code::{Finding, Severity};
use palinode_scan::report::Comparison;
use palinode_scan::{Run, Status};

use super::ask::Asked;
use super::collect::Collected;
use super::earlier::Since;
use super::text::{Drawing, Shown};
use crate::console::note;

/// Skipped files that are named one by one.
const NAMED: usize = 10;

/// All findings, the code with them.
pub(crate) fn findings(asked: &Asked, colour: bool, width: usize) -> String {
    let drawing = Drawing::new(colour, width);
    let mut answer = String::new();
    for (at, found) in asked.report.findings.iter().enumerate() {
        let Some(source) = asked.report.sources.get(found.source) else {
            continue;
        };
        let shown = Shown {
            name: &source.name,
            text: &source.text,
            finding: &found.finding,
            witnesses: found.witnesses.iter().map(witness).collect(),
            uncertain: asked
                .compared
                .as_ref()
                .filter(|compared| compared.uncertain.contains(&at))
                .map(|compared| compared.revision.as_str()),
        };
        answer.push_str(&drawing.draw(&shown));
        answer.push_str("\n\n");
    }
    answer
}

/// Who says so, under which name, and how bad it finds it.
fn witness(finding: &Finding) -> String {
    let Finding {
        analyzer,
        rule,
        severity,
        ..
    } = finding;
    format!("{analyzer} {rule} ({severity})")
}

/// Whether an analyzer is only not installed.
pub(crate) fn is_missing(run: &Run) -> bool {
    matches!(run.status, Status::Missing { .. })
}

/// What was looked at, by whom, and what not: on standard error.
pub(crate) fn summary(asked: &Asked, collected: &Collected, since: Option<&Since>) {
    for line in lines(asked, collected, since) {
        note(line);
    }
}

fn lines(asked: &Asked, collected: &Collected, since: Option<&Since>) -> Vec<String> {
    let report = &asked.report;
    let mut lines = Vec::new();
    for skipped in collected.skipped.iter().take(NAMED) {
        lines.push(format!("not scanned: `{}` {}", skipped.name, skipped.why));
    }
    if let Some(more) = collected.skipped.len().checked_sub(NAMED + 1) {
        lines.push(format!("not scanned: {} files more", more + 1));
    }
    let mut missing = Vec::new();
    for run in &report.runs {
        if is_missing(run) && !asked.is_named(run.analyzer.name) {
            missing.push(run.analyzer.name);
        } else if run.status != Status::NotApplicable || asked.is_named(run.analyzer.name) {
            lines.extend(told_of(run, report));
        }
    }
    if !missing.is_empty() {
        lines.push(format!(
            "not installed: {} (`palinode doctor` says how to get them)",
            missing.join(", ")
        ));
    }
    let taken_back = asked.suppressed.taken_out.len();
    if taken_back > 0 {
        lines.push(format!(
            "taken back by comments: {}",
            counted(taken_back, "finding")
        ));
    }
    for idle in &asked.suppressed.idle {
        let file = report.sources.get(idle.source);
        let file = file.map_or("", |source| &source.name);
        let comment = &idle.suppression;
        let why = match (comment.of.is_empty(), comment.reason.is_empty()) {
            (_, true) => "gives no reason, so it takes nothing back",
            (true, false) => "names no rule in `[…]`, so it takes nothing back",
            (false, false) => "takes nothing back",
        };
        lines.push(format!(
            "{file}:{}: the comment `palinode: ignore` {why}",
            comment.line
        ));
    }
    if asked.known > 0 {
        lines.push(format!(
            "in the baseline: {}",
            counted(asked.known, "finding")
        ));
    }
    for folder in since.iter().flat_map(|since| since.repositories()) {
        let folder = folder.display();
        lines.push(format!(
            "not scanned: `{folder}` is another repository, and is not what it was"
        ));
    }
    if let Some(compared) = &asked.compared {
        lines.extend(compared.told());
        let Comparison {
            revision,
            commit,
            known,
            uncertain,
            ..
        } = compared;
        let commit = commit.get(..12).unwrap_or(commit);
        let mut line = format!("compared with {revision} ({commit})");
        if *known > 0 {
            line += &format!("; there already: {}", counted(*known, "finding"));
        }
        if !uncertain.is_empty() {
            line += &format!(
                "; not to be compared: {}",
                counted(uncertain.len(), "finding")
            );
        }
        if collected.unchanged > 0 {
            line += &format!("; unchanged: {}", counted(collected.unchanged, "file"));
        }
        if collected.elsewhere > 0 {
            let files = counted(collected.elsewhere, "file");
            line += &format!("; of other repositories, and not looked at: {files}");
        }
        lines.push(line);
    }
    let by_severity: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter_map(|severity| {
            let is_it = |found: &&palinode_scan::Merged| found.finding.severity == severity;
            let count = report.findings.iter().filter(is_it).count();
            (count > 0).then(|| format!("{count} {severity}"))
        })
        .collect();
    let (what, nothing) = match asked.compared {
        Some(_) => ("changed file", "nothing new"),
        None => ("file", "nothing found"),
    };
    let files = counted(report.sources.len(), what);
    lines.push(match by_severity.is_empty() {
        true if asked.compared.is_some() && report.sources.is_empty() => {
            format!("{files}: {nothing}")
        }
        true if report.runs.iter().any(|run| run.status.looked()) => {
            format!("{files}: {nothing}")
        }
        true => format!("{files}: nobody looked"),
        false => format!("{files}: {}", by_severity.join(", ")),
    });
    lines
}

/// One analyzer's work, and where it gave no answer.
fn told_of(run: &Run, report: &palinode_scan::Report) -> Vec<String> {
    let name = run.analyzer.name;
    let version = run.version.as_deref().map(|version| format!(" {version}"));
    let version = version.unwrap_or_default();
    let outcome = match &run.status {
        Status::Findings => counted(run.findings.len(), "finding"),
        other => other.to_string(),
    };
    let mut lines = vec![format!("{name}{version}: {outcome}")];
    for failed in run.failed.iter().take(NAMED) {
        let file = report.sources.get(failed.source);
        let file = file.map_or("", |source| &source.name);
        lines.push(format!("  no answer about `{file}`: {}", failed.why));
    }
    if let Some(more) = run.failed.len().checked_sub(NAMED + 1) {
        lines.push(format!("  no answer about {} files more", more + 1));
    }
    lines
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
