//! `palinode rule`: what does this rule look for, why, and what is one to write instead?

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use palinode_rules::{Rule, RuleBook};
use serde::Serialize;

use crate::Status;
use crate::commands::scan::rules::{book, read_rules};
use crate::events::{SCHEMA, write_line};
use crate::failure::Failure;

/// Print a rule's manual: what it finds, why that matters, code that is wrong and code that is not
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The rule, as findings of `builtin` name it; `palinode list rules` lists them
    #[arg(value_name = "ID")]
    id: String,
    /// Look in these files or folders of rules too
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// A rule as a program reads it.
#[derive(Debug, Serialize)]
struct Line<'a> {
    schema: u32,
    id: &'a str,
    title: &'a str,
    languages: Vec<&'static str>,
    message: &'a str,
    cwes: Vec<u16>,
    severity: &'static str,
    confidence: Option<&'static str>,
    why: &'a str,
    advice: Option<&'a str>,
    bad: &'a [String],
    good: &'a [String],
    mends: bool,
}

impl<'a> Line<'a> {
    fn of(rule: &'a Rule) -> Line<'a> {
        Line {
            schema: SCHEMA,
            id: &rule.id,
            title: &rule.title,
            languages: rule
                .languages
                .iter()
                .map(|language| language.name)
                .collect(),
            message: &rule.message,
            cwes: rule.cwes.iter().map(|cwe| cwe.0).collect(),
            severity: rule.severity.name(),
            confidence: rule.confidence.map(|confidence| confidence.name()),
            why: &rule.why,
            advice: rule.advice.as_deref(),
            bad: &rule.bad,
            good: &rule.good,
            mends: rule.mends,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let texts = read_rules(&arguments.rules)?;
    let book = book(&texts)?;
    let rule = book
        .rule(&arguments.id)
        .ok_or_else(|| unknown(&book, &arguments.id))?;
    let mut out = io::stdout().lock();
    let written = match arguments.json {
        true => write_line(&mut out, &Line::of(rule)),
        false => out.write_all(manual(rule).as_bytes()),
    };
    written.map_err(|error| Failure::stdout(&error))?;
    Ok(Status::Done)
}

/// The manual's text.
fn manual(rule: &Rule) -> String {
    let mut text = String::new();
    let mut section = |name: &str, body: &str| {
        if !body.trim().is_empty() {
            let _ = write!(text, "\n{name}\n");
            for line in body.trim_end().lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
    };
    let names = rule.cwes.iter().map(|cwe| {
        let name = cwe.name().unwrap_or("not in MITRE's list");
        format!("{cwe}  {name}")
    });
    let languages: Vec<&str> = rule
        .languages
        .iter()
        .map(|language| language.title)
        .collect();
    section("Weakness", &names.collect::<Vec<_>>().join("\n"));
    section("Languages", &languages.join(", "));
    let severity = match rule.confidence {
        Some(confidence) => format!("{}; confidence {confidence}", rule.severity),
        None => rule.severity.to_string(),
    };
    section("Severity", &severity);
    section("Why", &rule.why);
    section("Instead", rule.advice.as_deref().unwrap_or_default());
    section("Wrong", &joined(&rule.bad));
    section("Right", &joined(&rule.good));
    format!("{}: {}\n{text}", rule.id, rule.title)
}

/// Examples, with a line between them.
fn joined(examples: &[String]) -> String {
    let examples: Vec<&str> = examples.iter().map(|code| code.trim_end()).collect();
    examples.join("\n\n")
}

/// There is no such rule; perhaps one that has all words of the name in its own.
fn unknown(book: &RuleBook, id: &str) -> Failure {
    let asked = id.to_ascii_lowercase();
    let parts: Vec<&str> = asked.split(['-', '_', ' ']).collect();
    let like = |rule: &&Rule| parts.iter().all(|part| rule.id.contains(part));
    let alike: Vec<&str> = book
        .rules()
        .filter(like)
        .map(|rule| &*rule.id)
        .take(8)
        .collect();
    let failure = Failure::new(format!("there is no rule `{id}`"));
    match alike.is_empty() {
        true => failure.hint("`palinode list rules` lists them"),
        false => failure.hint(format!("like it: {}", alike.join(", "))),
    }
}
