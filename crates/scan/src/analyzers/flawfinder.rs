//! Flawfinder: how is it asked about C and C++, and what does it say?

use palinode_code::{Confidence, Cwe, Severity};

use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::heard::{Files, Heard, Said};
use crate::place::{Columns, Place};
use crate::stage::Layout;

/// Flawfinder.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "flawfinder",
    title: "Flawfinder",
    languages: &["c", "cpp"],
    doc: "Looks for calls of C functions that are known to be risky (`strcpy`, `system`, `printf` with a variable, \
`access`), by name, and ranks them by what is passed.

Why: it needs no compiler and no headers, so it answers about any piece of C, in a moment.

Source: David A. Wheeler's Flawfinder, https://dwheeler.com/flawfinder.

Limits: it reads words, not syntax, and knows no types and no flow: most of what it says is a place to look at. \
That is why its confidence is low here, except for what is never safe (`gets`). Its report does not name the files \
that it looked at, so one that it passed over in silence would not be seen. `flawfinder: ignore` comments count.

Example: `palinode scan --analyzer flawfinder src/`",
    work: Work::Tool(Tool {
        install: "pip install flawfinder",
        starts: &[Start::Program("flawfinder"), Start::Module("flawfinder")],
        version_arguments: &["--version"],
        oldest: &[2, 0],
        tried: "2.0.20",
        layout: Layout::Flat,
        share: Share::All,
        needs: |_| Ok(()),
        run,
        read,
    }),
};

fn run(job: &Job<'_>) -> Result<Heard, Trouble> {
    let program = job.tool().arguments(["--csv", "--"]).arguments(job.names());
    let outcome = job.run_expecting(&program, &[0])?;
    let mut heard = read(&outcome.stdout, job.files)?;
    // What it could not read it says beside its report, and goes on.
    let said = String::from_utf8_lossy(&outcome.stderr);
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        let named = job.files.names().position(|name| line.contains(name));
        match named {
            Some(file) => heard.failed.push((file, line.trim().to_owned())),
            None if line.contains("rror") => return Err(Trouble::Failed(line.trim().to_owned())),
            None => heard.notes.push(line.trim().to_owned()),
        }
    }
    Ok(heard)
}

/// The columns that are used, in the order of `Row`.
const COLUMNS: [&str; 9] = [
    "File",
    "Line",
    "Column",
    "Level",
    "Category",
    "Name",
    "Warning",
    "Suggestion",
    "CWEs",
];

fn read(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    let text = std::str::from_utf8(report).map_err(|_| "its report is not UTF-8".to_owned())?;
    let mut rows = rows(text)?.into_iter();
    let header = rows.next().ok_or("its report is empty")?;
    let at: Option<Vec<usize>> = COLUMNS
        .iter()
        .map(|name| header.iter().position(|column| column == name))
        .collect();
    let at = at.ok_or("its report has other columns")?;
    let mut heard = Heard::default();
    for row in rows {
        if row.len() != header.len() {
            return Err("its report is cut off or malformed".to_owned());
        }
        let field = |which: usize| row[at[which]].as_str();
        let number = |which: usize| {
            let text = field(which);
            text.parse::<usize>()
                .map_err(|_| format!("its report has `{text}` for a number"))
        };
        let level = number(3)?;
        heard.said.push(Said {
            file: files.expect(field(0))?,
            place: Place {
                line: number(1)?,
                column: Some(number(2)?),
                end_line: None,
                end_column: None,
                // Measured: it counts what Python calls characters, a tab as one.
                columns: Columns::Characters,
            },
            rule: format!("{}/{}", field(4), field(5)),
            cwes: weaknesses(field(5), field(8)),
            severity: match level {
                5 => Severity::High,
                4 | 3 => Severity::Medium,
                2 | 1 => Severity::Low,
                _ => Severity::Info,
            },
            confidence: Some(if level >= 5 {
                Confidence::High
            } else {
                Confidence::Low
            }),
            message: format!("{}: {}", field(5), field(6)),
            advice: Some(field(7))
                .filter(|advice| !advice.is_empty())
                .map(str::to_owned),
            fix: Vec::new(),
            trace: Vec::new(),
        });
    }
    Ok(heard)
}

/// The weaknesses of a rule. `!` marks a general one that stands before the one that fits.
fn weaknesses(name: &str, named: &str) -> Vec<Cwe> {
    // Never safe, which is a weakness of its own.
    if matches!(name, "gets" | "_getts") {
        return vec![Cwe(242), Cwe(120)];
    }
    let words = named
        .split([',', '/', ' '])
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let (general, fitting): (Vec<&str>, Vec<&str>) = words.partition(|word| word.ends_with('!'));
    let all = fitting.into_iter().chain(general);
    all.filter_map(|word| Cwe::read(word.trim_end_matches('!')))
        .collect()
}

/// The rows of a table in CSV (RFC 4180): fields with commas, quotes and line breaks stand in quotes.
fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut field = String::new();
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match (letter, quoted) {
            ('"', true) if letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            ('"', true) => quoted = false,
            ('"', false) if field.is_empty() => quoted = true,
            (',', false) => row.push(std::mem::take(&mut field)),
            ('\r', false) if letters.peek() == Some(&'\n') => {}
            ('\n', false) => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            (other, _) => field.push(other),
        }
    }
    if quoted || !row.is_empty() || !field.is_empty() {
        return Err("its report is cut off".to_owned());
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_with_their_quotes() {
        let read = rows("a,\"b,\"\"c\"\"\n\",\r\n,,\n").expect("it is well formed");
        assert_eq!(read, [["a", "b,\"c\"\n", ""], ["", "", ""]]);
        assert!(rows("a,b").is_err());
        assert!(rows("a,\"b\n").is_err());
    }

    #[test]
    fn the_fitting_weakness_comes_first() {
        assert_eq!(weaknesses("char", "CWE-119!/CWE-120"), [Cwe(120), Cwe(119)]);
        assert_eq!(weaknesses("x", "CWE-120, CWE-20"), [Cwe(120), Cwe(20)]);
        assert_eq!(weaknesses("x", ""), []);
    }
}
