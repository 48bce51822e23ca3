//! `palinode doctor`: what is there that palinode can use, and how does one get the rest?

use std::io::{self, Write};

use palinode_sandbox::Interrupt;
use palinode_scan::analyzers::ANALYZERS;
use palinode_scan::{Analyzer, Presence, Settings, presence};
use serde::Serialize;

use crate::Status;
use crate::console::variable;
use crate::events::{SCHEMA, write_line};
use crate::failure::Failure;

/// Say which analyzers are installed, in which version, and how to get the others
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// What is known of one analyzer here.
#[derive(Debug, Serialize)]
struct Line {
    schema: u32,
    analyzer: &'static str,
    /// `built in`, `ready`, `unprovided` (its tool is there, what it needs beside is not), `missing`, `unusable`, `timed out`, `interrupted`.
    state: &'static str,
    version: Option<String>,
    program: Option<String>,
    /// Why it cannot be used.
    why: Option<String>,
    /// How one gets it.
    install: Option<&'static str>,
    languages: &'static [&'static str],
}

impl Line {
    fn of(analyzer: &'static Analyzer, presence: Presence) -> Line {
        let mut line = Line {
            schema: SCHEMA,
            analyzer: analyzer.name,
            state: "built in",
            version: None,
            program: None,
            why: None,
            install: analyzer.install(),
            languages: analyzer.languages,
        };
        match presence {
            Presence::BuiltIn => {}
            Presence::Ready(installation) => {
                line.state = "ready";
                line.version = Some(installation.version);
                line.program = Some(installation.file.display().to_string());
            }
            Presence::Unprovided { installation, why } => {
                line.state = "unprovided";
                line.version = Some(installation.version);
                line.program = Some(installation.file.display().to_string());
                line.why = Some(why);
            }
            Presence::Missing { .. } => line.state = "missing",
            Presence::Unusable { why } => {
                line.state = "unusable";
                line.why = Some(why);
            }
            Presence::TimedOut => line.state = "timed out",
            Presence::Interrupted => line.state = "interrupted",
        }
        line
    }

    /// What a person reads.
    fn told(&self) -> String {
        let Line { state, why, .. } = self;
        match (&self.version, &self.program, self.install) {
            (Some(version), Some(program), _) => match why {
                Some(why) => format!("{version}  {program}; {why}"),
                None => format!("{version}  {program}"),
            },
            (_, _, Some(install)) if *state == "missing" => format!("missing; {install}"),
            _ => match why {
                Some(why) => format!("{state}: {why}"),
                None => (*state).to_owned(),
            },
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let settings = Settings {
        path: variable("PATH").unwrap_or_default(),
        ..Settings::default()
    };
    let width = ANALYZERS
        .iter()
        .map(|analyzer| analyzer.name.len())
        .max()
        .unwrap_or(0);
    let mut out = io::stdout().lock();
    for analyzer in ANALYZERS {
        let found = presence(analyzer, &settings, &Interrupt::new());
        let line = Line::of(analyzer, found);
        let written = match arguments.json {
            true => write_line(&mut out, &line),
            false => writeln!(out, "{:width$}  {}", line.analyzer, line.told()),
        };
        written.map_err(|error| Failure::stdout(&error))?;
    }
    Ok(Status::Done)
}
