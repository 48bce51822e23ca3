//! `palinode render`: which program does a marked-up stream mean?

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use palinode_revise::{Event, Problem, Renderer, WholeCharacters};

use crate::Status;
use crate::console::{ColourChoice, Console, note};
use crate::events::{End, EventLog, Start, What, WireUsage, line_of};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::view::{Live, Pace};

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Render a marked-up stream as a program
///
/// Reads text with the five markers <|backtracking|> <|OLD|> <|/OLD|> <|NEW|> <|/NEW|>, and writes the program
/// it means, byte for byte. On a terminal the program is followed while it comes in; elsewhere it is written
/// when it is complete, since a later episode may change what came before.
///
/// A malformed episode changes nothing; it is reported on standard error as FILE:LINE:COLUMN: message, the
/// rest is rendered, and the exit code is 1.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The marked-up text; `-` is standard input, which is also read where nothing is named
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// List what happens, the revisions among it, as JSON Lines: on standard output, in place of the
    /// program, or in FILE
    ///
    /// Applying the lines of type `text` and `revision` in order gives the program.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    events: Option<PathBuf>,
    /// Every line break counts
    ///
    /// Without it, a marker that stands alone on its line takes the line's break with it. With it the text
    /// is read as the decoded tokens of a model.
    #[arg(long)]
    verbatim: bool,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: ColourChoice,
}

/// Where the text comes from.
struct Input {
    name: String,
    reader: Box<dyn Read>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let console = Console::new();
    let mut input = Input::open(arguments.file.as_deref(), console)?;
    let log = match &arguments.events {
        None => None,
        Some(target) => Some(EventLog::open(target, arguments.file.as_deref())?),
    };
    let answer_is_program = !log.as_ref().is_some_and(EventLog::is_stdout);
    let live = (console.live && answer_is_program).then(|| {
        let colour = console.colour(arguments.color);
        Live::new(colour, Pace::AT_ONCE, Interrupt::default())
    });
    let mut show = Showing {
        log,
        live,
        whole: WholeCharacters::new(),
        program: String::new(),
        refusals: 0,
    };
    if let Some(log) = &mut show.log {
        log.write(What::Start(Start {
            sample: 1,
            samples: 1,
            source: &input.name,
            writing: None,
        }))?;
    }

    let mut renderer = if arguments.verbatim {
        Renderer::verbatim()
    } else {
        Renderer::new()
    };
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = input.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        show.events(&renderer.push(&chunk[..read]))?;
    }
    show.events(&renderer.finish())?;
    show.finish(renderer.revisions().len() as u64)?;
    if answer_is_program && show.live.is_none() {
        let mut out = io::stdout().lock();
        out.write_all(renderer.program())
            .and_then(|()| out.flush())
            .map_err(|error| Failure::stdout(&error))?;
    }
    Ok(report(&input.name, renderer.problems()))
}

/// Tells of what was malformed.
fn report(name: &str, problems: &[Problem]) -> Status {
    for problem in problems {
        note(format_args!(
            "{name}:{}:{}: {}",
            problem.line, problem.column, problem.message
        ));
    }
    if problems.is_empty() {
        Status::Done
    } else {
        Status::Findings
    }
}

impl Input {
    fn open(file: Option<&Path>, console: Console) -> Result<Self, Failure> {
        let file = match file {
            None if console.stdin_is_terminal => {
                return Err(Failure::new("nothing to render").hint(
                    "name a file, pipe a marked-up stream in, or type it after `palinode render -`",
                ));
            }
            None => None,
            Some(file) if file.as_os_str() == "-" => None,
            Some(file) => Some(file),
        };
        let Some(file) = file else {
            return Ok(Self {
                name: "<stdin>".to_owned(),
                reader: Box::new(io::stdin().lock()),
            });
        };
        let name = file.display().to_string();
        let reader = File::open(file).map_err(|error| cannot_read(&name, &error))?;
        Ok(Self {
            name,
            reader: Box::new(reader),
        })
    }

    /// Reads some bytes; 0 at the end.
    fn read(&mut self, chunk: &mut [u8]) -> Result<usize, Failure> {
        loop {
            match self.reader.read(chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(|error| cannot_read(&self.name, &error)),
            }
        }
    }
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read `{name}`"))
        .because(error)
        .hint("name a file that exists and may be read, or `-` for standard input")
}

/// Everyone who follows the events.
struct Showing {
    log: Option<EventLog>,
    live: Option<Live>,
    whole: WholeCharacters,
    /// The program as the event lines build it; kept only for their last one.
    program: String,
    refusals: u64,
}

impl Showing {
    fn events(&mut self, events: &[Event]) -> Result<(), Failure> {
        if self.log.is_none() && self.live.is_none() {
            return Ok(());
        }
        for (at, event) in events.iter().enumerate() {
            if matches!(event, Event::Dropped { .. } | Event::Refused { .. }) {
                self.refusals += 1;
            }
            let shown = self.whole.push(event);
            // Why an episode of a text came to nothing is what is malformed there, which is said next.
            let reason = match (event, events.get(at + 1)) {
                (Event::Dropped { .. }, Some(Event::Malformed { problem })) => {
                    Some(problem.message.as_str())
                }
                _ => None,
            };
            self.one(event, shown.as_ref(), reason)?;
        }
        Ok(())
    }

    fn one(
        &mut self,
        event: &Event,
        shown: Option<&palinode_revise::Shown>,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        if let Some(live) = &mut self.live {
            live.show(event, shown)
                .map_err(|error| Failure::stdout(&error))?;
        }
        if let Some(log) = &mut self.log {
            if let Some(shown) = shown {
                // The adapter's own changes always fit the text that they built.
                let _ = shown.apply_to(&mut self.program);
            }
            let line = match (line_of(1, event, shown), reason) {
                (Some(What::Refused { discarded, .. }), Some(reason)) => Some(What::Refused {
                    sample: 1,
                    reason: reason.to_owned(),
                    discarded,
                }),
                (line, _) => line,
            };
            if let Some(line) = line {
                log.write(line)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, revisions: u64) -> Result<(), Failure> {
        if let Some(shown) = self.whole.finish() {
            self.one(&Event::End, Some(&shown), None)?;
        }
        if let Some(live) = &mut self.live {
            live.finish().map_err(|error| Failure::stdout(&error))?;
        }
        if let Some(log) = &mut self.log {
            log.write(What::End(End {
                sample: 1,
                program: &self.program,
                stop: "end",
                usage: WireUsage {
                    revisions,
                    refusals: self.refusals,
                    ..WireUsage::default()
                },
            }))?;
        }
        Ok(())
    }
}
