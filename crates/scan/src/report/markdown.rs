//! What does a report say in Markdown, as a comment on a pull request or an issue?
//!
//! A line that sums up, what was not looked at, a table, and below each other the code of each finding, why it is one,
//! and what to write instead. Whatever comes from the code, its file's name or a tool is shown as it is: it cannot
//! become a link, an image, a mention, HTML, or an end of the table. GitHub takes 65,536 characters in a comment, so
//! the least severe findings lose their details, then their rows, and a line says how many.

use std::cmp::Reverse;
use std::fmt::Write as _;

use palinode_code::{Severity, Text};

use super::Options;
use crate::merge::Merged;
use crate::run::Status;
use crate::scanning::Report;

/// The bytes that a comment may have, with room for what somebody writes around it.
const MOST: usize = 60_000;
/// Rows of the table.
const MOST_ROWS: usize = 100;
/// Lines of code shown of one finding.
const MOST_LINES: usize = 12;

/// The report as Markdown, the most severe findings first.
#[must_use]
pub fn write(report: &Report, options: &Options<'_>) -> String {
    let mut findings: Vec<(usize, &Merged)> = report.findings.iter().enumerate().collect();
    // Stable: those of one severity keep their order.
    findings.sort_by_key(|(_, merged)| Reverse(merged.finding.severity));
    let mut out = String::from("### palinode\n\n");
    out.push_str(&summary(report, options));
    let troubles = troubles(report, options);
    if !troubles.is_empty() {
        out.push('\n');
    }
    for line in troubles {
        let _ = writeln!(out, "- {line}");
    }
    if findings.is_empty() {
        return out;
    }
    out.push_str("\n| severity | weakness | where | what |\n|---|---|---|---|\n");
    for (at, merged) in findings.iter().take(MOST_ROWS) {
        out.push_str(&row(report, options, *at, merged));
    }
    if let Some(more) = findings.len().checked_sub(MOST_ROWS + 1) {
        let _ = writeln!(out, "\n{} more are not in the table.", more + 1);
    }
    let mut left_out = 0;
    for (_, merged) in findings.iter().take(MOST_ROWS) {
        let details = details(report, merged);
        match out.len() + details.len() <= MOST {
            true => out.push_str(&details),
            false => left_out += 1,
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            out,
            "\nThe code of {left_out} more is left out: comments have a limit."
        );
    }
    out
}

/// How many there are of each severity, in how many files.
fn summary(report: &Report, options: &Options<'_>) -> String {
    let by_severity = Severity::ALL.into_iter().rev().filter_map(|severity| {
        let is_it = |merged: &&Merged| merged.finding.severity == severity;
        let count = report.findings.iter().filter(is_it).count();
        (count > 0).then(|| format!("{count} {severity}"))
    });
    let counts: Vec<String> = by_severity.collect();
    let files = match report.sources.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let looked = report.runs.iter().any(|run| run.status.looked());
    let mut line = match (counts.is_empty(), options.compared) {
        (false, None) => format!("**{}** in {files}", counts.join(", ")),
        (false, Some(_)) => format!("**{} new** in {files}", counts.join(", ")),
        (true, _) if !looked && !report.sources.is_empty() => format!("Nobody looked at {files}"),
        (true, None) => format!("Nothing found in {files}"),
        (true, Some(_)) => format!("Nothing new in {files}"),
    };
    if let Some(compared) = options.compared {
        let commit = compared.commit.get(..12).unwrap_or(&compared.commit);
        let _ = write!(
            line,
            ", compared with {} ({commit})",
            escaped(&compared.revision)
        );
        if compared.known > 0 {
            let _ = write!(line, "; {} known", compared.known);
        }
    }
    line + ".\n"
}

/// Who gave no answer, and about what.
fn troubles(report: &Report, options: &Options<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for run in &report.runs {
        let name = run.analyzer.name;
        match &run.status {
            Status::Clean | Status::NotApplicable => {}
            Status::Findings => lines.extend(run.failed.first().map(|first| {
                let count = run.failed.len();
                format!(
                    "{name} gave no answer in {count} cases, the first: {}",
                    escaped(&first.why)
                )
            })),
            // How to install it is no matter of a pull request.
            Status::Missing { .. } => lines.push(format!("{name} is not installed")),
            other => lines.push(format!("**{name}** {}", escaped(&other.to_string()))),
        }
    }
    let compared = options.compared.into_iter();
    lines.extend(
        compared
            .flat_map(|compared| compared.told())
            .map(|line| escaped(&line)),
    );
    lines
}

fn row(report: &Report, options: &Options<'_>, at: usize, merged: &Merged) -> String {
    let Some(source) = report.sources.get(merged.source) else {
        return String::new();
    };
    let finding = &merged.finding;
    let cwe = finding.cwes.first().map(|cwe| {
        format!(
            "[{cwe}](https://cwe.mitre.org/data/definitions/{}.html)",
            cwe.0
        )
    });
    let uncertain = options
        .compared
        .is_some_and(|compared| compared.uncertain.contains(&at));
    format!(
        "| {} | {} | {} | {}{} |\n",
        finding.severity,
        cwe.unwrap_or_default(),
        escaped(&format!(
            "{}:{}",
            source.name,
            source.text.line(finding.span.start)
        )),
        escaped(&finding.message),
        if uncertain { " (may not be new)" } else { "" },
    )
}

fn details(report: &Report, merged: &Merged) -> String {
    let Some(source) = report.sources.get(merged.source) else {
        return String::new();
    };
    let finding = &merged.finding;
    let line = source.text.line(finding.span.start);
    let title = format!("{}, line {line}: {}", source.name, finding.message);
    let code = code(&source.text, merged);
    let fence = fence(&code);
    let mut out = format!(
        "\n<details><summary>{}</summary>\n\n{fence}{}\n{code}{fence}\n\n",
        in_html(&title),
        source.language.name
    );
    if let Some(advice) = &finding.advice {
        let _ = writeln!(out, "Instead: {}\n", escaped(advice));
    }
    for step in &finding.trace {
        let line = source.text.line(step.span.start);
        let _ = writeln!(out, "- line {line}: {}", escaped(&step.note));
    }
    let said: Vec<String> = merged
        .witnesses
        .iter()
        .map(|witness| escaped(&format!("{} {}", witness.analyzer, witness.rule)))
        .collect();
    let _ = writeln!(out, "\nSeen by {}.\n\n</details>", said.join(", "));
    out
}

/// The lines that a finding stands on, without what could change how a reader sees them.
fn code(text: &Text, merged: &Merged) -> String {
    let lines = text.whole_lines(merged.finding.span);
    let bytes = text.slice(lines).unwrap_or_default();
    let code = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    for line in code.lines().take(MOST_LINES) {
        let plain = |letter: char| match letter {
            '\t' => letter,
            letter if letter.is_control() || is_invisible(letter) => '\u{fffd}',
            letter => letter,
        };
        out.extend(line.chars().take(400).map(plain));
        out.push('\n');
    }
    out
}

/// Characters that turn the direction of writing or cannot be seen: with them code looks like other code.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A fence that the code does not have.
fn fence(code: &str) -> String {
    let mut longest = 2;
    let mut here = 0;
    for letter in code.chars() {
        here = if letter == '`' { here + 1 } else { 0 };
        longest = longest.max(here);
    }
    "`".repeat(longest + 1)
}

/// A text on one line that Markdown and HTML show as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for letter in in_html(text).chars() {
        if "\\`*_{}[]()+!|~$".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// A text on one line that HTML shows as it is. A character without width keeps names from being told, numbers of
/// issues and addresses from being linked.
fn in_html(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut out = String::with_capacity(text.len() + 16);
    for letter in words.join(" ").chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("@\u{200b}"),
            '#' => out.push_str("#\u{200b}"),
            letter if letter.is_control() || is_invisible(letter) => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out.replace("://", ":\u{200b}//")
        .replace("www.", "www\u{200b}.")
}

#[cfg(test)]
mod tests {
    use super::{escaped, fence};

    #[test]
    fn nothing_that_comes_from_outside_is_markdown() {
        for text in [
            "![x](http://a.b/c.png)",
            "<img src=x>",
            "a | b",
            "`code`",
            "@everyone",
            "fixes #1",
            "https://a.b",
            "www.a.b",
            "a\nb",
            "\u{202e}a",
            "&lt;",
        ] {
            let shown = escaped(text);
            for bad in [
                "](",
                "<",
                " | ",
                "://",
                "www.",
                "\n",
                "\u{202e}",
                "@e",
                "#1",
                "&lt;script",
            ] {
                assert!(!shown.contains(bad), "{text}: {shown}");
            }
        }
        assert_eq!(escaped("`run(a, b)` | c"), "\\`run\\(a, b\\)\\` \\| c");
        assert_eq!(escaped("&lt;"), "&amp;lt;");
        assert_eq!(escaped("a.py:3"), "a.py:3");
        assert_eq!(fence("a ```` b\n"), "`````");
        assert_eq!(fence("a\n"), "```");
    }
}
