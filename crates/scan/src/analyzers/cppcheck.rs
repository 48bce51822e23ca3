//! Cppcheck: how is it asked about C and C++, and what does it say?

use palinode_code::{Confidence, Cwe, Severity};

use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::heard::{Files, Heard, Said, shortened};
use crate::place::{Columns, Place};
use crate::stage::Layout;
use crate::xml::{Tag, tags};

/// Cppcheck.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "cppcheck",
    title: "Cppcheck",
    languages: &["c", "cpp"],
    doc: "Follows values through each function of C and C++: indices out of bounds, memory freed twice or never, \
null pointers, variables without a value.

Why: it needs no compiler and no headers, and tries hard to say nothing that is wrong.

Source: https://cppcheck.sourceforge.io.

Limits: errors and warnings are asked for, not style. Headers that are not scanned with the file are not read. A file \
with a syntax error, or with a macro that cppcheck would have to know, counts as failed.

Example: `palinode scan --analyzer cppcheck src/`",
    work: Work::Tool(Tool {
        install: "apt install cppcheck, or brew install cppcheck",
        starts: &[Start::Program("cppcheck")],
        version_arguments: &["--version"],
        // The first that knows all options used here.
        oldest: &[1, 90],
        tried: "2.10",
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
        .arguments(["--xml", "--enable=warning", "--inline-suppr"])
        .arguments(job.names());
    let outcome = job.run_expecting(&program, &[0])?;
    let mut heard = read(&outcome.stderr, job.files)?;
    // Beside the report it says which file it looks at; what it does not name it did not look at.
    let said = String::from_utf8_lossy(&outcome.stdout);
    let looked = said
        .lines()
        .filter_map(|line| line.strip_prefix("Checking "));
    let names = looked.filter_map(|rest| rest.split(" ...").next()?.split(": ").next());
    let mut covered: Vec<usize> = names.filter_map(|name| job.files.find(name)).collect();
    covered.sort_unstable();
    covered.dedup();
    heard.covered = Some(covered);
    Ok(heard)
}

/// Messages that say that a file was not looked at, or not all of it.
const FAILURES: &[&str] = &[
    "cppcheckError",
    "internalAstError",
    "internalError",
    "missingFile",
    "noValidConfiguration",
    "preprocessorErrorDirective",
    "syntaxError",
    "unhandledChar",
    "unhandledCharacters",
    "unknownMacro",
];

fn read(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    let text = std::str::from_utf8(report).map_err(|_| "its report is not UTF-8".to_owned())?;
    let tags = tags(text).map_err(|why| format!("its report cannot be read: {why}"))?;
    match tags.first() {
        Some(first @ Tag::Open(name, _, _)) if name == "results" => {
            match first.attribute("version") {
                Some("2" | "3") => {}
                other => {
                    return Err(format!(
                        "its report has version {}",
                        other.unwrap_or("unknown")
                    ));
                }
            }
        }
        Some(_) => return Err("its report is something else".to_owned()),
        None => return Err("its report is empty".to_owned()),
    }
    let mut heard = Heard::default();
    let mut error: Option<Problem<'_>> = None;
    for tag in &tags {
        match tag {
            Tag::Open(name, _, closed) if name == "error" => {
                if let Some(done) = error.replace(Problem {
                    tag,
                    locations: Vec::new(),
                }) {
                    done.tell(&mut heard, files)?;
                }
                if *closed && let Some(done) = error.take() {
                    done.tell(&mut heard, files)?;
                }
            }
            Tag::Open(name, _, _) if name == "location" => {
                if let Some(error) = &mut error {
                    error.locations.push(tag);
                }
            }
            Tag::Close(name) if name == "error" => {
                if let Some(done) = error.take() {
                    done.tell(&mut heard, files)?;
                }
            }
            Tag::Open(..) | Tag::Close(_) => {}
        }
    }
    Ok(heard)
}

/// One `<error>` with its places, the one that matters first.
struct Problem<'t> {
    tag: &'t Tag,
    locations: Vec<&'t Tag>,
}

impl Problem<'_> {
    fn tell(self, heard: &mut Heard, files: &Files<'_>) -> Result<(), String> {
        let attribute = |name| self.tag.attribute(name).unwrap_or_default();
        let id = attribute("id");
        let message = attribute("msg");
        let places: Result<Vec<(usize, Place, &str)>, String> = self
            .locations
            .iter()
            .map(|location| place(location, files))
            .collect();
        let places = places?;
        if FAILURES.contains(&id) {
            let named = self
                .tag
                .attribute("file0")
                .map(|name| files.expect(name))
                .transpose()?;
            let file = named.or_else(|| places.first().map(|(file, _, _)| *file));
            let file = file.ok_or_else(|| format!("{id}: {}", shortened(message)))?;
            heard
                .failed
                .push((file, format!("{id}: {}", shortened(message))));
            return Ok(());
        }
        let severity = match attribute("severity") {
            "error" => Severity::High,
            "warning" => Severity::Medium,
            "style" | "performance" | "portability" => Severity::Low,
            "information" | "debug" | "none" | "internal" => Severity::Info,
            other => return Err(format!("its report has a severity `{other}`")),
        };
        let Some((file, place, _)) = places.first().copied() else {
            heard.notes.push(format!("{id}: {}", shortened(message)));
            return Ok(());
        };
        if severity == Severity::Info {
            heard.notes.push(format!("{id}: {}", shortened(message)));
            return Ok(());
        }
        let inconclusive = self.tag.attribute("inconclusive") == Some("true");
        let steps = places.iter().rev().filter(|(other, _, _)| *other == file);
        heard.said.push(Said {
            file,
            place,
            rule: id.to_owned(),
            cwes: weakness(id, attribute("cwe")).into_iter().collect(),
            severity,
            confidence: Some(match (inconclusive, severity) {
                (true, _) => Confidence::Low,
                (false, Severity::High) => Confidence::High,
                (false, _) => Confidence::Medium,
            }),
            message: message.to_owned(),
            advice: None,
            fix: Vec::new(),
            trace: match places.len() {
                1 => Vec::new(),
                _ => steps
                    .map(|(_, place, info)| (*place, (*info).to_owned()))
                    .collect(),
            },
        });
        Ok(())
    }
}

fn place<'t>(location: &'t Tag, files: &Files<'_>) -> Result<(usize, Place, &'t str), String> {
    let number = |name| {
        location
            .attribute(name)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let file = files.expect(location.attribute("file").unwrap_or_default())?;
    let line = number("line").ok_or("its report has a place without a line")?;
    let place = Place {
        column: number("column").filter(|column| *column > 0),
        // Measured: it counts bytes, a tab as one.
        columns: Columns::Bytes,
        // It counts a whole file's message as line 0.
        ..Place::line(line.max(1))
    };
    Ok((file, place, location.attribute("info").unwrap_or_default()))
}

fn weakness(id: &str, named: &str) -> Option<Cwe> {
    match id {
        // Obsolete it is, but the harm is that it cannot be used safely.
        "getsCalled" => Some(Cwe(242)),
        _ => Cwe::read(named).filter(|cwe| cwe.0 > 0),
    }
}
