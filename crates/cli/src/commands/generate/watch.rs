//! Who follows a sample while it is written, and gives the answer when it is done?

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::time::Instant;

use palinode_methods::{Client, Error, Next, Place, Request, Sample, Sink};
use palinode_revise::{Event, Shown};

use super::growing::{Common, Growing};
use super::report::Tally;
use super::settings::Settings;
use crate::console::Console;
use crate::events::{End, EventLog, Start, What, Writing, line_of, write_line};
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

/// Follows all samples: the event log, the terminal, Ctrl-C, the answer.
pub(super) struct Watcher<'a> {
    settings: &'a Settings,
    model: &'a str,
    writing: &'a Writing,
    log: Option<EventLog>,
    answer: Answer,
    interrupt: Interrupt,
    /// What is to be written, until it is begun.
    request: Option<Request<'a>>,
    /// What was written so far.
    tally: Tally,
    /// The samples that are being written.
    open: BTreeMap<usize, Open>,
    /// Programs that are done and whose turn to be printed has not come.
    done: BTreeMap<usize, Vec<u8>>,
    /// The sample whose turn it is.
    turn: usize,
    first_token: Option<Instant>,
    /// What went wrong with the output. The sink can only say stop.
    failure: Option<Failure>,
    /// Why a sample could not be written: the first reason.
    error: Option<Error>,
}

/// A sample that is being written.
struct Open {
    sample: usize,
    live: Option<Live>,
    growing: Growing,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        model: &'a str,
        writing: &'a Writing,
        request: Request<'a>,
        log: Option<EventLog>,
        answer: Answer,
    ) -> Self {
        let mut tally = Tally::default();
        tally.read(request.prompt.len());
        Self {
            settings,
            model,
            writing,
            log,
            answer,
            interrupt: Interrupt::default(),
            request: Some(request),
            tally,
            open: BTreeMap::new(),
            done: BTreeMap::new(),
            turn: 1,
            first_token: None,
            failure: None,
            error: None,
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

    /// What was written.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Why a sample could not be written, if one could not.
    pub(super) fn take_error(&mut self) -> Option<Error> {
        self.error.take()
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
            live,
            growing: Growing::new(),
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
            let shown = open.growing.push(event);
            open.one(event, shown.as_ref(), self.log.as_mut())?;
        }
        Ok(())
    }

    fn close(&mut self, lane: usize, sample: &Sample) -> Result<(), Failure> {
        self.begin(lane)?;
        let Some(mut open) = self.open.remove(&(lane + 1)) else {
            return Ok(());
        };
        if let Some(shown) = open.growing.finish() {
            open.one(&Event::End, Some(&shown), self.log.as_mut())?;
        }
        if let Some(live) = &mut open.live {
            live.finish().map_err(|error| Failure::stdout(&error))?;
        }
        let number = open.sample;
        if let Some(log) = &mut self.log {
            let prompt = self.writing.prompt_tokens.unwrap_or_default();
            log.write(What::End(End {
                sample: number,
                program: &open.growing.program,
                stop: sample.stop.name(),
                usage: open.growing.usage(prompt, sample.usage),
            }))?;
        }
        match self.answer {
            Answer::Live { .. } | Answer::Events => Ok(()),
            Answer::Program => {
                self.done.insert(number, sample.program.clone());
                self.print_in_turn()
            }
            Answer::Json => {
                let common = Common {
                    origin: None,
                    samples: self.settings.samples,
                    model: self.model,
                    writing: self.writing,
                    extra: None,
                };
                let line = common.line(number, &open.growing, sample);
                write_line(&mut io::stdout().lock(), &line)
            }
        }
        .map_err(|error| Failure::stdout(&error))
    }

    /// Leaves a sample that cannot be written on.
    fn give_up(&mut self, sample: usize, error: &Error) -> Result<(), Failure> {
        let Some(mut open) = self.open.remove(&sample) else {
            return Ok(());
        };
        if let Some(live) = &mut open.live {
            live.finish().map_err(|error| Failure::stdout(&error))?;
        }
        match &mut self.log {
            Some(log) => log.write(What::Error {
                sample: Some(sample),
                message: error.to_string(),
            }),
            None => Ok(()),
        }
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
    /// One event, and what it changed: to the terminal and the log.
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
        match (log, line_of(self.sample, event, shown)) {
            (Some(log), Some(line)) => log.write(line),
            _ => Ok(()),
        }
    }
}

impl Sink for Watcher<'_> {
    fn step(&mut self, place: Place, events: &[Event]) -> ControlFlow<()> {
        self.first_token.get_or_insert_with(Instant::now);
        let result = self.follow(place.sample, events);
        self.go_on(result)
    }

    fn end(&mut self, place: Place, sample: &Sample) {
        self.tally.add(sample);
        if self.failure.is_none() {
            let result = self.close(place.sample, sample);
            // The next step of the next lane hears of a failure.
            let _ = self.go_on(result);
        }
    }

    fn failed(&mut self, _request: usize, sample: Option<usize>, error: Error) {
        if let Some(sample) = sample {
            let result = self.give_up(sample + 1, &error);
            let _ = self.go_on(result);
        }
        self.error.get_or_insert(error);
    }
}

impl Client for Watcher<'_> {
    fn next(&mut self, _idle: bool) -> Next<'_> {
        self.request.take().map_or(Next::End, Next::Request)
    }
}
