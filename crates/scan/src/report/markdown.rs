//! What does a report say in Markdown, as a comment on a pull request or an issue?
//!
//! A line that sums up, what was not looked at, a table, and below each other the code of each finding, why it is one,
//! and what to write instead. Whatever comes from the code, its file's name or a tool is shown as it is: it cannot
//! become a link, an image, a mention, HTML, or an end of the table. GitHub takes 65,536 characters in a comment, so
//! what is said of one is cut, the least severe findings lose their details, then their rows, and a line says how many.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt::Write as _;

use palinode_code::{Severity, Text};

use super::Options;
use crate::merge::Merged;
use crate::run::Status;
use crate::scanning::Report;

/// The bytes that a comment may have, with room for what somebody writes around it.
const MOST: usize = 60_000;
/// The bytes that may be taken by what was not looked at.
const MOST_TROUBLES: usize = 15_000;
/// The bytes that the table may end at: some findings keep their code.
const MOST_TABLE: usize = 45_000;
/// Characters of a message, and of a name.
const MOST_LETTERS: usize = 200;
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
    let (told, count) = (out.len(), troubles.len());
    for (at, line) in troubles.into_iter().enumerate() {
        if out.len() + line.len() > told + MOST_TROUBLES {
            let _ = writeln!(out, "- and {} more", count - at);
            break;
        }
        let _ = writeln!(out, "- {line}");
    }
    if findings.is_empty() {
        return out;
    }
    out.push_str("\n| severity | weakness | where | what |\n|---|---|---|---|\n");
    let mut rows = 0;
    for (at, merged) in findings.iter().take(MOST_ROWS) {
        let row = row(report, options, *at, merged);
        if out.len() + row.len() > MOST_TABLE {
            break;
        }
        out.push_str(&row);
        rows += 1;
    }
    if rows < findings.len() {
        let more = findings.len() - rows;
        let _ = writeln!(out, "\n{more} more are not in the table.");
    }
    let mut left_out = 0;
    for (_, merged) in findings.iter().take(rows) {
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
    let is_uncertain = |at: usize| {
        let mut compared = options.compared.into_iter();
        compared.any(|compared| compared.uncertain.contains(&at))
    };
    let counts = |uncertain: bool| {
        let by_severity = Severity::ALL.into_iter().rev().filter_map(|severity| {
            let findings = report.findings.iter().enumerate();
            let count = findings
                .filter(|(at, merged)| {
                    merged.finding.severity == severity && is_uncertain(*at) == uncertain
                })
                .count();
            (count > 0).then(|| format!("{count} {severity}"))
        });
        by_severity.collect::<Vec<String>>().join(", ")
    };
    let (certain, uncertain) = (counts(false), counts(true));
    let files = match report.sources.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let looked = report.runs.iter().any(|run| run.status.looked());
    let mut line = match (certain.is_empty(), options.compared) {
        (false, None) => format!("**{certain}** in {files}"),
        (false, Some(_)) if uncertain.is_empty() => format!("**{certain} new** in {files}"),
        (false, Some(_)) => {
            format!("**{certain} new**, and {uncertain} that may not be new, in {files}")
        }
        (true, Some(_)) if !uncertain.is_empty() => {
            format!("**{uncertain}** that may not be new in {files}")
        }
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
    // What could not be read first: nobody chose to leave it out.
    for is_chosen in [false, true] {
        let unread = options.unread.iter();
        let unread = unread.filter(|file| file.is_chosen == is_chosen);
        lines.extend(unread.map(|file| {
            let (name, why) = (name(&file.name), escaped(&file.why));
            format!("not scanned: {name} {why}")
        }));
    }
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
        format_args!(
            "{}:{}",
            name(&source.name),
            source.text.line(finding.span.start)
        ),
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
    let title = format!(
        "{}, line {line}: {}",
        ending(&source.name),
        cut(&finding.message)
    );
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

/// The beginning of a text.
fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// The end of a file's name: it says more than the folders that all are in.
fn ending(name: &str) -> Cow<'_, str> {
    match name.char_indices().rev().nth(MOST_LETTERS - 1) {
        Some((start, _)) if start > 0 => format!("…{}", &name[start..]).into(),
        _ => name.into(),
    }
}

/// A file's name, as [`escaped`] shows texts.
fn name(name: &str) -> String {
    plain(&ending(name))
}

/// A text on one line that Markdown and HTML show as it is, and no more of it than is read in a table.
fn escaped(text: &str) -> String {
    plain(&cut(text))
}

fn plain(text: &str) -> String {
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
/// issues, commits and addresses from being linked, and words between colons from becoming pictures.
fn in_html(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joined = words.join(" ");
    let letters: Vec<char> = joined
        .chars()
        .map(|letter| match letter.is_control() || is_invisible(letter) {
            true => '\u{fffd}',
            false => letter,
        })
        .collect();
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = letters.as_slice();
    let mut before = &rest[..0];
    while let Some(letter) = rest.first() {
        if is_broken(before, rest) {
            out.push('\u{200b}');
        }
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            letter => out.push(*letter),
        }
        (before, rest) = letters.split_at(before.len() + 1);
    }
    out
}

/// Whether GitHub would make something of the letters on both sides if nothing stood between them.
fn is_broken(before: &[char], after: &[char]) -> bool {
    /// Digits of a commit's name, at least.
    const COMMIT: usize = 7;
    /// Letters between the colons of a picture, at most.
    const PICTURE: usize = 64;
    let is_word = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    match before {
        [.., '@' | '#'] => true,
        [.., ':'] if after.starts_with(&['/', '/']) => true,
        [.., ':'] => {
            let of_name = |letter: &&char| is_word(letter) || "+-".contains(**letter);
            let name = after.iter().take(PICTURE).take_while(of_name).count();
            name > 0 && after.get(name) == Some(&':')
        }
        [.., 'w' | 'W', 'w' | 'W', 'w' | 'W'] => after.first() == Some(&'.'),
        [.., 'G' | 'g', 'H' | 'h', '-'] => after.first().is_some_and(char::is_ascii_digit),
        _ => {
            // A word of such digits is parted after so many that no part is long enough.
            let since = before.iter().rev().take_while(|letter| is_word(letter));
            let since = since.count();
            let whole = before[before.len() - since..].iter().chain(after);
            let whole = whole.take_while(|letter| is_word(letter));
            since > 0
                && since % (COMMIT - 1) == 0
                && whole.clone().count() >= COMMIT
                && whole.clone().all(char::is_ascii_hexdigit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{escaped, fence, name};

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
        for (text, shown) in [
            ("see GH-12", "see GH-|12"),
            ("by gh-1 a", "by gh-|1 a"),
            ("0123456 abcdef x012345678", "012345|6 abcdef x012345678"),
            (
                &"a1".repeat(20),
                "a1a1a1|a1a1a1|a1a1a1|a1a1a1|a1a1a1|a1a1a1|a1a1",
            ),
            (":tada: a:b", ":|tada: a:b"),
            ("a:100:5: b", "a:|100:|5: b"),
            ("ftp://a www.b WWW.c", "ftp:|//a www|.b WWW|.c"),
        ] {
            assert_eq!(escaped(text), shown.replace('|', "\u{200b}"), "{text}");
        }
        assert_eq!(escaped(&"m".repeat(300)).chars().count(), 201);
        assert_eq!(
            name(&format!("{}/a.py", "z".repeat(300))).chars().count(),
            201
        );
        assert_eq!(fence("a ```` b\n"), "`````");
        assert_eq!(fence("a\n"), "```");
    }
}
