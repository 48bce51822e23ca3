//! Who follows a sample while it is written, and gives the answer when it is done?

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Instant;

use palinode_methods::{Sample, Sink};
use palinode_revise::{Event, Shown, Usage, WholeCharacters};
use serde::Serialize;

use super::settings::Settings;
use crate::console::Console;
use crate::events::{
    End, EventLog, SCHEMA, Start, What, WireRevision, WireTokens, WireUsage, Writing, line_of,
    write_line,
};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::view::{Live, Pace};

/// What stands on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The program while it is written, on a terminal.
    Live { colour: bool },
    /// The final program alone.
    Program,
    /// One JSON object a sample.
    Json,
    /// The events are there.
    Events,
}

impl Answer {
    /// What the settings and the surroundings ask for.
    pub(super) fn new(settings: &Settings, log: Option<&EventLog>, console: Console) -> Self {
        if log.is_some_and(EventLog::is_stdout) {
            Self::Events
        } else if settings.json {
            Self::Json
        } else if console.live && settings.at_once == 1 {
            Self::Live {
                colour: console.colour(settings.color),
            }
        } else {
            Self::Program
        }
    }
}

/// One JSON object for a sample.
#[derive(Serialize)]
struct SampleLine<'a> {
    schema: u32,
    r#type: &'static str,
    sample: usize,
    samples: usize,
    model: &'a str,
    #[serde(flatten)]
    writing: &'a Writing,
    program: &'a str,
    stop: &'static str,
    usage: WireUsage,
    revisions: &'a [WireRevision],
}

/// Follows all samples: the event log, the terminal, Ctrl-C, the answer.
pub(super) struct Watcher<'a> {
    settings: &'a Settings,
    model: &'a str,
    writing: &'a Writing,
    log: Option<EventLog>,
    answer: Answer,
    interrupt: Interrupt,
    /// The samples that are being written.
    open: BTreeMap<usize, Open>,
    /// Programs that are done and whose turn to be printed has not come.
    done: BTreeMap<usize, Vec<u8>>,
    /// The sample whose turn it is.
    turn: usize,
    first_token: Option<Instant>,
    /// What went wrong with the output. The sink can only say stop.
    failure: Option<Failure>,
}

/// A sample that is being written.
struct Open {
    sample: usize,
    since: Instant,
    live: Option<Live>,
    whole: WholeCharacters,
    program: String,
    revisions: Vec<WireRevision>,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        model: &'a str,
        writing: &'a Writing,
        log: Option<EventLog>,
        answer: Answer,
    ) -> Self {
        Self {
            settings,
            model,
            writing,
            log,
            answer,
            interrupt: Interrupt::default(),
            open: BTreeMap::new(),
            done: BTreeMap::new(),
            turn: 1,
            first_token: None,
            failure: None,
        }
    }

    /// From now on Ctrl-C stops the writing.
    pub(super) fn listen(&mut self, interrupt: Interrupt) {
        self.interrupt = interrupt;
    }

    /// When the first token fell.
    pub(super) fn first_token(&self) -> Option<Instant> {
        self.first_token
    }

    /// What went wrong with the output, if something did.
    pub(super) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// The writing broke off: the terminal and the log are left in order. Failures to do so come second to
    /// the one that is being told.
    pub(super) fn broke_off(&mut self, what: What<'_>) {
        // What is done is not lost because another sample failed.
        for (sample, program) in std::mem::take(&mut self.done) {
            let _ = self.print(sample, &program);
        }
        if self.open.is_empty() {
            return;
        }
        for open in std::mem::take(&mut self.open).values_mut() {
            if let Some(live) = &mut open.live {
                let _ = live.finish();
            }
        }
        if let Some(log) = &mut self.log {
            let _ = log.write(what);
        }
    }

    /// Opens the sample of `lane` if it is not open yet.
    fn begin(&mut self, lane: usize) -> Result<(), Failure> {
        let sample = lane + 1;
        if self.open.contains_key(&sample) {
            return Ok(());
        }
        if let Some(log) = &mut self.log {
            log.write(What::Start(Start {
                sample,
                samples: self.settings.samples,
                source: self.model,
                writing: Some(self.writing),
            }))?;
        }
        let live = match self.answer {
            Answer::Live { colour } => {
                self.heading(sample, "\r\n")
                    .map_err(|error| Failure::stdout(&error))?;
                Some(Live::new(colour, Pace::WATCHED, self.interrupt.clone()))
            }
            _ => None,
        };
        let open = Open {
            sample,
            since: Instant::now(),
            live,
            whole: WholeCharacters::new(),
            program: String::new(),
            revisions: Vec::new(),
        };
        self.open.insert(sample, open);
        Ok(())
    }

    /// With several samples, a comment that says which one follows.
    fn heading(&self, sample: usize, line_break: &str) -> io::Result<()> {
        let samples = self.settings.samples;
        if samples == 1 {
            return Ok(());
        }
        let mark = self
            .settings
            .language
            .and_then(|language| language.line_comment)
            .unwrap_or("//");
        let mut out = io::stdout().lock();
        write!(out, "{mark} sample {sample} of {samples}{line_break}")?;
        out.flush()
    }

    fn follow(&mut self, lane: usize, events: &[Event]) -> Result<(), Failure> {
        self.begin(lane)?;
        let Some(open) = self.open.get_mut(&(lane + 1)) else {
            return Ok(());
        };
        for event in events {
            let shown = open.whole.push(event);
            open.one(event, shown.as_ref(), self.log.as_mut())?;
        }
        Ok(())
    }

    fn close(&mut self, lane: usize, sample: &Sample) -> Result<(), Failure> {
        self.begin(lane)?;
        let Some(mut open) = self.open.remove(&(lane + 1)) else {
            return Ok(());
        };
        if let Some(shown) = open.whole.finish() {
            open.one(&Event::End, Some(&shown), self.log.as_mut())?;
        }
        let seconds = open.since.elapsed().as_secs_f64();
        let usage = wire_usage(self.writing.prompt_tokens, sample.usage, seconds);
        let stop = sample.stop.name();
        if let Some(live) = &mut open.live {
            live.finish().map_err(|error| Failure::stdout(&error))?;
        }
        let number = open.sample;
        if let Some(log) = &mut self.log {
            log.write(What::End(End {
                sample: number,
                program: &open.program,
                stop,
                usage: usage.clone(),
            }))?;
        }
        match self.answer {
            Answer::Live { .. } | Answer::Events => Ok(()),
            Answer::Program => {
                self.done.insert(number, sample.program.clone());
                self.print_in_turn()
            }
            Answer::Json => write_line(
                &mut io::stdout().lock(),
                &SampleLine {
                    schema: SCHEMA,
                    r#type: "sample",
                    sample: number,
                    samples: self.settings.samples,
                    model: self.model,
                    writing: self.writing,
                    program: &open.program,
                    stop,
                    usage,
                    revisions: &open.revisions,
                },
            ),
        }
        .map_err(|error| Failure::stdout(&error))
    }

    /// Prints the programs whose turn has come: samples that are written at once do not end in their order.
    fn print_in_turn(&mut self) -> io::Result<()> {
        while let Some(program) = self.done.remove(&self.turn) {
            self.print(self.turn, &program)?;
            self.turn += 1;
        }
        Ok(())
    }

    /// The program's own bytes; with several samples, each ends with a line break so that the next heading
    /// stands on a line of its own.
    fn print(&self, sample: usize, program: &[u8]) -> io::Result<()> {
        self.heading(sample, "\n")?;
        let mut out = io::stdout().lock();
        out.write_all(program)?;
        if self.settings.samples > 1 && !program.ends_with(b"\n") {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Remembers a failure, and says whether to go on.
    fn go_on(&mut self, result: Result<(), Failure>) -> ControlFlow<()> {
        if let Err(failure) = result {
            self.failure.get_or_insert(failure);
        }
        if self.failure.is_some() || self.interrupt.is_set() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Open {
    /// One event, and what it changed: to the terminal, the program and the log.
    fn one(
        &mut self,
        event: &Event,
        shown: Option<&Shown>,
        log: Option<&mut EventLog>,
    ) -> Result<(), Failure> {
        if let Some(live) = &mut self.live {
            live.show(event, shown)
                .map_err(|error| Failure::stdout(&error))?;
        }
        if let Some(shown) = shown {
            // The adapter's own changes always fit the text that they built.
            let _ = shown.apply_to(&mut self.program);
            self.revisions.extend(WireRevision::of(event, shown));
        }
        match (log, line_of(self.sample, event, shown)) {
            (Some(log), Some(line)) => log.write(line),
            _ => Ok(()),
        }
    }
}

impl Sink for Watcher<'_> {
    fn step(&mut self, lane: usize, events: &[Event]) -> ControlFlow<()> {
        self.first_token.get_or_insert_with(Instant::now);
        let result = self.follow(lane, events);
        self.go_on(result)
    }

    fn end(&mut self, lane: usize, sample: &Sample) {
        if self.failure.is_none() {
            let result = self.close(lane, sample);
            // The next step of the next lane hears of a failure.
            let _ = self.go_on(result);
        }
    }
}

/// A sample's cost for the machine-readable answers.
fn wire_usage(prompt: usize, usage: Usage, seconds: f64) -> WireUsage {
    WireUsage {
        tokens: Some(WireTokens {
            prompt: prompt as u64,
            code: usage.code,
            scope: usage.scope,
            patch: usage.patch,
            delimiter: usage.delimiter,
            discarded: usage.discarded,
        }),
        revisions: usage.revisions,
        refusals: usage.refusals,
        seconds: Some(seconds),
    }
}
