//! GCC's static analyzer: how is it asked about C and C++ without building anything, and what does it say?

use palinode_code::{Confidence, Cwe, Severity};
use palinode_sandbox::Ending;
use serde::Deserialize;

use super::json;
use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble, told};
use crate::heard::{Files, Heard, Said, shortened};
use crate::installation::numbers;
use crate::place::{Columns, Place};
use crate::stage::Layout;

/// GCC with `-fanalyzer`.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "gcc",
    title: "GCC -fanalyzer",
    languages: &["c", "cpp"],
    doc: "Runs through the paths of C functions as the compiler sees them: memory freed twice, used after it was \
freed or never freed, null pointers, files left open, formats that an attacker writes. It shows the path.

Why: it sees types and values as the program will, and is on nearly every Linux machine.

Source: https://gcc.gnu.org/onlinedocs/gcc/Static-Analyzer-Options.html.

Limits: a file has to compile: one with a missing header or a syntax error counts as failed. Nothing is linked or \
run. Headers are those of the system and those that are scanned with the file; a file that includes one by an \
absolute path or from above its folder, or under a name that a macro makes, counts as failed without being read. The \
analyzer is made for C; for C++ it says less, and less of it is right.

Example: `palinode scan --analyzer gcc src/`",
    work: Work::Tool(Tool {
        install: "apt install gcc",
        starts: &[Start::Program("gcc")],
        version_arguments: &["--version"],
        // The first whose analyzer names weaknesses.
        oldest: &[11],
        tried: "12.2.0 (its JSON); from 13 on its SARIF is read, as documented",
        layout: Layout::Tree,
        share: Share::Each,
        needs: |_| Ok(()),
        run,
        read,
    }),
};

/// Warnings that are not the analyzer's own and that are weaknesses.
const WARNINGS: &[(&str, u16)] = &[
    ("-Wformat-security", 134),
    ("-Wformat-nonliteral", 134),
    ("-Wformat-overflow=", 787),
    ("-Wstringop-overflow=", 787),
    ("-Wstringop-overread", 125),
    ("-Warray-bounds", 119),
    ("-Wuse-after-free", 416),
    ("-Wfree-nonheap-object", 590),
    ("-Wreturn-local-addr", 562),
    ("-Wsizeof-pointer-memaccess", 467),
    ("-Wuninitialized", 457),
];

fn run(job: &Job<'_>) -> Result<Heard, Trouble> {
    let Some((name, source)) = job.files.names().next().zip(job.files.source(0)) else {
        return Ok(Heard::default());
    };
    if let Some(include) = stray_include(&source.text.to_string()) {
        let why = format!(
            "it includes what is not scanned with it: `{}`",
            shortened(&include)
        );
        return Err(Trouble::Failed(why));
    }
    let major = numbers(&job.installation.version)
        .first()
        .copied()
        .unwrap_or(0);
    let form = if major >= 13 { "sarif-stderr" } else { "json" };
    let language = if source.language.name == "cpp" {
        "c++"
    } else {
        "c"
    };
    let program = job.tool().arguments([
        "-x",
        language,
        "-S",
        "-o",
        "/dev/null",
        "-fanalyzer",
        "-Wformat=2",
        "-Wformat-security",
        &format!("-fdiagnostics-format={form}"),
        name,
    ]);
    let outcome = job.run(&program)?;
    let heard = read(&outcome.stderr, job.files);
    match outcome.ending {
        Ending::Exited(0) => Ok(heard?),
        // It could not compile the file, and its report says why.
        Ending::Exited(1) if heard.as_ref().is_ok_and(|heard| !heard.failed.is_empty()) => {
            Ok(heard?)
        }
        ending => Err(Trouble::Failed(told(ending, &outcome))),
    }
}

/// The first directive that takes in a file that may lie outside: by an absolute path, from above, or under a name
/// that cannot be seen.
fn stray_include(text: &str) -> Option<String> {
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    let is_stray = |line: &&str| {
        let line = line.trim_start();
        let Some(directive) = line.strip_prefix('#').or_else(|| line.strip_prefix("%:")) else {
            return false;
        };
        let takes = ["include", "import", "embed"]
            .iter()
            .any(|word| directive.contains(word));
        let conditional = ["if", "elif", "define", "error", "warning", "pragma"];
        if !takes
            || conditional
                .iter()
                .any(|word| directive.trim_start().starts_with(word))
        {
            return false;
        }
        let named = directive
            .split_once(['"', '<'])
            .map(|(_, name)| name.trim_start());
        named.is_none_or(|name| {
            name.starts_with('/') || name.contains("..") || name.starts_with('~')
        })
    };
    joined
        .lines()
        .find(is_stray)
        .map(|line| line.trim().to_owned())
}

#[derive(Deserialize)]
struct Diagnostic {
    kind: String,
    message: String,
    #[serde(default)]
    option: Option<String>,
    #[serde(default)]
    locations: Vec<Range>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    path: Vec<Event>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    cwe: Option<u16>,
}

#[derive(Deserialize)]
struct Range {
    caret: Point,
    #[serde(default)]
    start: Option<Point>,
    #[serde(default)]
    finish: Option<Point>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    location: Option<Point>,
    description: String,
}

#[derive(Deserialize)]
struct Point {
    file: String,
    line: usize,
    #[serde(rename = "byte-column")]
    byte_column: usize,
}

fn read(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    if report.trim_ascii_start().starts_with(b"{") {
        let mut heard = crate::sarif::read(report, files, Some(warning))?;
        for said in &mut heard.said {
            said.rule = said.rule.trim_start_matches("-W").to_owned();
        }
        return Ok(heard);
    }
    // Behind the report the driver may say in words that it stopped.
    let line = report
        .split(|byte| *byte == b'\n')
        .find(|line| line.starts_with(b"["));
    let diagnostics: Vec<Diagnostic> = json(line.unwrap_or(report))?;
    let mut heard = Heard::default();
    for diagnostic in diagnostics {
        let first = diagnostic.locations.first();
        let file = first.and_then(|range| files.find(&range.caret.file));
        if diagnostic.kind.contains("error") || diagnostic.kind == "sorry, unimplemented" {
            // Also one in a header: this file was not looked at.
            heard
                .failed
                .push((file.unwrap_or(0), shortened(&diagnostic.message)));
            continue;
        }
        let option = diagnostic.option.as_deref().unwrap_or_default();
        let named = diagnostic
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.cwe);
        let (Some(range), Some(cwes)) = (first, warning(option, named)) else {
            continue;
        };
        // About a header that is not the file asked about: the system's, or scanned by itself.
        let Some(file) = file else {
            continue;
        };
        let start = range.start.as_ref().unwrap_or(&range.caret);
        let same_file = range
            .finish
            .as_ref()
            .filter(|finish| finish.file == start.file);
        heard.said.push(Said {
            file,
            place: Place {
                end_line: same_file.map(|finish| finish.line),
                // It names the last byte, not the one behind it.
                end_column: same_file.map(|finish| finish.byte_column.saturating_add(1)),
                ..at(start)
            },
            rule: option.trim_start_matches("-W").to_owned(),
            cwes,
            severity: if option.contains("leak") {
                Severity::Low
            } else {
                Severity::Medium
            },
            confidence: Some(Confidence::Medium),
            message: diagnostic.message,
            advice: None,
            fix: Vec::new(),
            trace: steps(&diagnostic.path, file, files),
        });
    }
    Ok(heard)
}

fn steps(path: &[Event], file: usize, files: &Files<'_>) -> Vec<(Place, String)> {
    let step = |event: &Event| {
        let point = event.location.as_ref()?;
        let here = files.find(&point.file) == Some(file);
        here.then(|| (at(point), event.description.clone()))
    };
    path.iter().filter_map(step).collect()
}

fn at(point: &Point) -> Place {
    Place {
        column: Some(point.byte_column.max(1)),
        columns: Columns::Bytes,
        ..Place::line(point.line)
    }
}

/// The weaknesses that a warning names, or stands for; `None` where it is about style.
fn warning(option: &str, named: Option<u16>) -> Option<Vec<Cwe>> {
    let listed = WARNINGS
        .iter()
        .find(|(known, _)| option.trim_end_matches('=') == known.trim_end_matches('='));
    let cwe = named.or(listed.map(|(_, cwe)| *cwe));
    match cwe {
        Some(cwe) => Some(vec![Cwe(cwe)]),
        None if option.starts_with("-Wanalyzer-") => Some(Vec::new()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_from_outside_are_seen() {
        for stray in [
            "#include \"/etc/passwd\"",
            "int a;\n  #  include <../../secret>",
            "#inc\\\nlude \"/etc/passwd\"",
            "#include NAME",
            "%:include \"/x\"",
            "#embed \"/dev/urandom\"",
        ] {
            assert!(stray_include(stray).is_some(), "{stray}");
        }
        for fine in [
            "#include <stdio.h>",
            "#include \"sys/util.h\"",
            "#if __has_include(<x>)",
            "#define include \"/a\"",
            "char *a = \"#include /etc\";",
            "#error include \"/x\"",
        ] {
            assert_eq!(stray_include(fine), None, "{fine}");
        }
    }
}
