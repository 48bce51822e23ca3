//! Our own rules: how are they asked, as one analyzer among others?

use std::time::{Duration, Instant};

use palinode_rules::{ANALYZER, Clock, NO_REASON, Omission, Options, Scan};

use crate::analyzer::{Analyzer, Looked, Work};
use crate::request::Settings;
use crate::source::Source;

/// How long a text may take before rules are charged for their time, and how long one of them may take then.
const SLICE: Duration = Duration::from_millis(200);
const BUDGET: Duration = Duration::from_secs(2);

/// Our own rules.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: ANALYZER,
    title: "palinode's own rules",
    languages: &[
        "c",
        "cpp",
        "csharp",
        "go",
        "java",
        "javascript",
        "php",
        "python",
        "rust",
        "tsx",
        "typescript",
    ],
    doc: "Rules of our own, and those that the user adds (`--rules`), asked in this process.

Why: no start of a program, so it can be asked after every statement that a model writes; each rule has a manual \
(`palinode rule ID`) that says what is wrong, why, and what to write instead.

Source: rules in ast-grep's YAML form on tree-sitter's trees.

Limits: it sees one file at a time. A rule that takes longer than two seconds on a file is stopped, and in code that is \
nested very deeply or very long values are not followed everywhere; the file then counts as not looked at.

Example: `palinode scan --analyzer builtin src/`",
    work: Work::InProcess(look),
};

fn look(source: &Source, settings: &Settings) -> Result<Looked, String> {
    let started = Instant::now();
    let now = || started.elapsed();
    let options = Options {
        unfinished: source.unfinished,
        clock: Some(Clock {
            now: &now,
            slice: SLICE,
            budget: BUDGET,
        }),
    };
    let parsed = match source.unfinished {
        true => source.language.parse_fragment(&source.text),
        false => source.language.parse(&source.text),
    };
    let scan = settings.rules.scan(&parsed, &options);
    let incomplete = incomplete(&scan, source, parsed.gave_up());
    // What comments take back is settled for all analyzers at once, when their findings are merged.
    let taken_back = scan.suppressed.into_iter().map(|one| one.finding);
    let findings = scan
        .findings
        .into_iter()
        .filter(|one| one.rule != NO_REASON);
    Ok(Looked {
        skipped: Vec::new(),
        incomplete,
        findings: findings.chain(taken_back).collect(),
    })
}

/// What of the text was not looked at, if anything.
fn incomplete(scan: &Scan, source: &Source, gave_up: bool) -> Option<String> {
    let mut parts = Vec::new();
    if gave_up {
        parts.push("could not be parsed: it is too long or too deep".to_owned());
    }
    let stopped: Vec<&str> = scan.stopped.iter().map(|stopped| &*stopped.rule).collect();
    if !stopped.is_empty() {
        parts.push(format!(
            "took too long and were stopped: {}",
            stopped.join(", ")
        ));
    }
    // One place says it; a file that is generated can have thousands.
    let first = scan.omissions.first().map(|omission| match omission {
        Omission::Depth { span } => format!(
            "values were not followed into what is nested too deeply, first on line {}",
            source.text.line(span.start) + 1
        ),
        Omission::Steps { span } => format!(
            "values were not followed through all of the code, it is too much; first left out on line {}",
            source.text.line(span.start) + 1
        ),
        Omission::Flows => "there are more flows of values than are looked at".to_owned(),
        Omission::Language => "values are not followed in this language".to_owned(),
    });
    parts.extend(first);
    (!parts.is_empty()).then(|| parts.join("; "))
}
