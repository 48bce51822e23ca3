//! Does the tree keep the rules of the house? `cargo xtask tidy`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use super::Verb;
use crate::tidy::{self, Tree};

pub(crate) static ENTRY: Verb = Verb {
    name: "tidy",
    usage: "[--rules]",
    summary: "Checks the rules of the house that no compiler checks.",
    details: "Reads what git tracks, and what it neither tracks nor ignores; prints each offender as\n\
              `path:line: message [rule]`. Warnings do not fail. `--rules` lists the rules.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    match words {
        [] => {}
        [word] if word == "--rules" => {
            for rule in tidy::RULES {
                println!("{}\n    {}\n", rule.name, rule.doc);
            }
            return Ok(ExitCode::SUCCESS);
        }
        _ => bail!("tidy takes nothing but `--rules`"),
    }
    let report = tidy::check(&Tree::read(root)?);
    print!("{report}");
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
