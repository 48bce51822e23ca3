//! What was typed?

use std::ffi::OsString;
use std::time::Instant;

use clap::{Parser, Subcommand};

use crate::Status;
use crate::commands;
use crate::console::note;
#[cfg(feature = "local")]
use crate::console::thread_variables;
use crate::pages;
use crate::status::EXIT_CODES;

/// Makes code that language models write secure, by letting the writer take back what it wrote.
///
/// Standard output is for the answer, standard error for everything else.
#[derive(Debug, Parser)]
#[command(name = "palinode", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The verbs; one file each in `commands/`.
#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "local")]
    #[command(after_help = EXIT_CODES)]
    Generate(Box<commands::generate::Arguments>),
    #[command(after_help = EXIT_CODES)]
    Render(commands::render::Arguments),
    #[command(after_help = EXIT_CODES)]
    Scan(Box<commands::scan::Arguments>),
    #[cfg(feature = "local")]
    Model(commands::model::Arguments),
    #[cfg(feature = "train")]
    #[command(after_help = EXIT_CODES)]
    Train(commands::train::Arguments),
    List(commands::list::Arguments),
    Doctor(commands::doctor::Arguments),
    Rule(commands::rule::Arguments),
}

/// What the user asked for, understood but not yet checked or begun.
#[derive(Debug)]
pub struct Invocation {
    command: Command,
    /// When the process began to read its command line.
    #[cfg_attr(
        not(feature = "local"),
        expect(dead_code, reason = "only `generate` measures")
    )]
    started: Instant,
}

/// Reads the command line.
///
/// # Errors
/// The status to end with, where there is nothing to run: help and version were printed, or the usage is
/// wrong and that was said.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Status> {
    let started = Instant::now();
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => Ok(Invocation {
            command: arguments.command,
            started,
        }),
        Err(message) => {
            // A reader that has gone is nobody's problem.
            let _ = message.print();
            Err(if message.use_stderr() {
                Status::CouldNotRun
            } else {
                Status::Done
            })
        }
    }
}

impl Invocation {
    /// Environment variables to set before any thread is started, for the number of threads that suits training;
    /// elsewhere the work at hand decides. Those the user has set are left alone.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn threads(&self) -> Vec<(&'static str, usize)> {
        let count = match &self.command {
            #[cfg(feature = "train")]
            Command::Train(_) => Some(commands::train::Arguments::threads()),
            _ => None,
        };
        count.map(thread_variables).unwrap_or_default()
    }

    /// Does it, and says how it ended. Failures are told on standard error.
    #[must_use]
    pub fn run(self) -> Status {
        let result = match self.command {
            #[cfg(feature = "local")]
            Command::Generate(arguments) => commands::generate::run(*arguments, self.started),
            Command::Render(arguments) => commands::render::run(&arguments),
            Command::Scan(arguments) => {
                pages::keep_small();
                commands::scan::run(&arguments)
            }
            #[cfg(feature = "local")]
            Command::Model(arguments) => commands::model::run(&arguments),
            #[cfg(feature = "train")]
            Command::Train(arguments) => commands::train::run(&arguments),
            Command::List(arguments) => commands::list::run(&arguments),
            Command::Doctor(arguments) => commands::doctor::run(&arguments),
            Command::Rule(arguments) => commands::rule::run(&arguments),
        };
        match result {
            Ok(status) => status,
            Err(failure) => {
                let status = failure.status();
                if !failure.is_broken_pipe() {
                    note(failure);
                }
                status
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
