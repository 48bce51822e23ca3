//! Who hands out the prompts one by one, and writes each result as it is done?

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use palinode_methods::{
    Client, Error, Method, Next, Place, Request, Sample, Sink, Stop, seed_from,
};
use palinode_model::{LocalModel, SamplingOptions};
use palinode_revise::Event;
use serde_json::{Map, Value as Json};

use super::line::{FORM, Line};
use super::lines::{Coming, Prompts, RawLine};
use super::progress::{Progress, State};
use super::results::Results;
use crate::commands::generate::growing::{Common, ErrorLine, Growing, Origin};
use crate::commands::generate::prompt::{Asked, encode};
use crate::commands::generate::report::Tally;
use crate::commands::generate::settings::Settings;
use crate::events::{SCHEMA, Writing};
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// A prompt with everything that decides what is written for it.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) origin: Origin,
    asked: Asked,
    sampling: SamplingOptions,
    max_tokens: usize,
    writing: Writing,
    extra: Map<String, Json>,
}

impl Task {
    pub(super) fn new(
        line: Line,
        settings: &Settings,
        model: &LocalModel,
        method: &'static Method,
    ) -> Self {
        let sampling = line.sampling.options(&model.generation.options());
        let writing = settings.writing(method, &line.asked, &sampling, line.max_tokens);
        let device = settings.compute.named();
        // What can be written can be serialised.
        let all = serde_json::to_vec(&(&model.name, device, &writing)).unwrap_or_default();
        Self {
            origin: Origin {
                id: line.id,
                line: line.number,
                fingerprint: fingerprint(&all),
            },
            asked: line.asked,
            sampling,
            max_tokens: line.max_tokens,
            writing,
            extra: line.extra,
        }
    }
}

/// Sixteen hexadecimal digits that other bytes hardly have too (FNV-1a). It guards against mistakes, not attacks.
fn fingerprint(bytes: &[u8]) -> String {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    format!("{:016x}", bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix))
}

/// The prompt whose samples are handed out now.
struct Current {
    task: Rc<Task>,
    ids: Vec<u32>,
    /// Runs of samples that are missing, the next one last: the first of each and how many.
    runs: Vec<(usize, usize)>,
}

/// A request that was handed out.
struct Begun {
    task: Rc<Task>,
    /// The number of its first sample, from 0.
    first: usize,
    /// Samples that have not ended.
    left: usize,
}

/// What a client has to say when it is asked.
enum Answer {
    Request(SamplingOptions, usize),
    Later,
    End,
}

/// Hands out prompts, writes results, remembers nothing of what is done.
pub(super) struct Writer<'a> {
    settings: &'a Settings,
    model: &'a LocalModel,
    method: &'static Method,
    prompts: Prompts,
    results: Results,
    interrupt: Interrupt,
    progress: Progress,
    state: State,
    current: Option<Current>,
    begun: BTreeMap<usize, Begun>,
    /// Requests that were handed out.
    handed: usize,
    open: BTreeMap<Place, Growing>,
    /// Lines that were seen.
    seen: u64,
    tally: Tally,
    first_token: Option<Instant>,
    first_failure: Option<String>,
    stopped: bool,
    /// What ends the run.
    failure: Option<Failure>,
}

impl<'a> Writer<'a> {
    /// `all` is the number of samples that there will be, where it is known.
    pub(super) fn new(
        settings: &'a Settings,
        model: &'a LocalModel,
        method: &'static Method,
        prompts: Prompts,
        results: Results,
        all: Option<u64>,
        interrupt: Interrupt,
    ) -> Self {
        let state = State {
            all,
            failures: results.failures,
            ..State::default()
        };
        Self {
            settings,
            model,
            method,
            prompts,
            results,
            interrupt,
            progress: Progress::new(),
            state,
            current: None,
            begun: BTreeMap::new(),
            handed: 0,
            open: BTreeMap::new(),
            seen: 0,
            tally: Tally::default(),
            first_token: None,
            first_failure: None,
            stopped: false,
            failure: None,
        }
    }

    /// The work is over: nothing is left in the way of what is told now.
    pub(super) fn close(&mut self) {
        self.progress.clear();
    }

    /// What ended the run before its time, if something did.
    pub(super) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Whether Ctrl-C ended it.
    pub(super) fn interrupted(&self) -> bool {
        self.stopped
    }

    /// When the first token fell.
    pub(super) fn first_token(&self) -> Option<Instant> {
        self.first_token
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Prompts and samples that could not be written, those of earlier runs included.
    pub(super) fn failures(&self) -> u64 {
        self.state.failures
    }

    /// The first of them in this run.
    pub(super) fn first_failure(&self) -> Option<&str> {
        self.first_failure.as_deref()
    }

    /// The file that holds the results.
    pub(super) fn out(&self) -> Option<&Path> {
        self.results.path()
    }

    /// Finds what to write next.
    fn prepare(&mut self, idle: bool) -> Result<Answer, Failure> {
        loop {
            if self.interrupt.is_set() {
                self.stopped = true;
            }
            if self.stopped || self.failure.is_some() {
                return Ok(Answer::End);
            }
            if let Some(current) = &mut self.current
                && let Some((first, left)) = current.runs.pop()
            {
                let task = Rc::clone(&current.task);
                let sampling = SamplingOptions {
                    seed: seed_from(task.sampling.seed, first),
                    ..task.sampling.clone()
                };
                self.begun.insert(self.handed, Begun { task, first, left });
                self.handed += 1;
                return Ok(Answer::Request(sampling, left));
            }
            self.draw();
            match self.prompts.next(idle)? {
                Coming::Line(raw) => self.take(&raw)?,
                Coming::Later => return Ok(Answer::Later),
                Coming::End if self.seen == 0 => return Err(super::empty(&self.prompts)),
                Coming::End => return Ok(Answer::End),
            }
        }
    }

    /// Takes a line: its prompt is the one to hand out next, unless all is done, or it cannot be written.
    fn take(&mut self, raw: &RawLine) -> Result<(), Failure> {
        self.seen += 1;
        let samples = self.settings.samples;
        let known = self.results.take_known(raw.number);
        let parsed = Line::parse(raw, self.settings);
        let task = match parsed {
            Ok(line) => Rc::new(Task::new(line, self.settings, self.model, self.method)),
            Err(problem) if self.prompts.is_file() => {
                let name = self.prompts.name();
                let what = format!(
                    "{name} was changed while it was read; line {}: {problem}",
                    raw.number
                );
                return Err(Failure::new(what).hint(FORM));
            }
            Err(problem) => {
                let origin = Origin {
                    id: None,
                    line: raw.number,
                    fingerprint: fingerprint(raw.bytes.as_deref().unwrap_or_default()),
                };
                if known.is_some_and(|known| known.is_of(&origin.fingerprint)) {
                    self.state.done += samples as u64;
                    return Ok(());
                }
                return self.refuse(&origin, None, &problem, Some(FORM), None);
            }
        };
        let mut runs = match known {
            None => vec![(0, samples)],
            Some(known) if known.is_of(&task.origin.fingerprint) => known.missing(samples),
            Some(_) => return Err(self.results.foreign(raw.number)),
        };
        runs.reverse();
        let missing: usize = runs.iter().map(|(_, count)| count).sum();
        self.state.done += (samples - missing) as u64;
        if runs.is_empty() {
            return Ok(());
        }
        match encode(&task.asked, &"the prompt", self.model) {
            Ok(ids) => {
                self.tally.read(ids.len());
                let mut task = task;
                if let Some(task) = Rc::get_mut(&mut task) {
                    task.writing.prompt_tokens = Some(ids.len());
                }
                self.current = Some(Current { task, ids, runs });
                Ok(())
            }
            Err(failure) => {
                let (what, advice) = (failure.told(), failure.advice());
                self.refuse(&task.origin, None, &what, advice, Some(&task.extra))
            }
        }
    }

    /// Writes down that a prompt, or one sample of it, cannot be written.
    fn refuse(
        &mut self,
        origin: &Origin,
        sample: Option<usize>,
        message: &str,
        hint: Option<&str>,
        extra: Option<&Map<String, Json>>,
    ) -> Result<(), Failure> {
        self.state.failures += 1;
        self.count(if sample.is_some() {
            1
        } else {
            self.settings.samples
        });
        self.first_failure
            .get_or_insert_with(|| format!("line {}: {message}", origin.line));
        self.make_way();
        self.results.write(&ErrorLine {
            schema: SCHEMA,
            r#type: "error",
            origin,
            sample,
            message,
            hint,
            extra,
        })
    }

    fn count(&mut self, samples: usize) {
        self.state.done += samples as u64;
        self.state.now += samples as u64;
    }

    /// Takes the line of progress away where a result is about to stand.
    fn make_way(&mut self) {
        if self.results.on_terminal() {
            self.progress.clear();
        }
    }

    fn draw(&mut self) {
        let state = self.state;
        self.progress.show(|| state);
    }

    fn close_sample(&mut self, place: Place, sample: &Sample) -> Result<(), Failure> {
        let mut growing = self.open.remove(&place).unwrap_or_else(Growing::new);
        let Some(begun) = self.leave(place) else {
            return Ok(());
        };
        if sample.stop == Stop::Interrupted {
            // It is not what it would have been; the next run writes it whole.
            return Ok(());
        }
        growing.finish();
        self.tally.add(sample);
        self.count(1);
        self.make_way();
        let common = Common {
            origin: Some(&begun.0.origin),
            samples: self.settings.samples,
            model: &self.model.name,
            writing: &begun.0.writing,
            extra: Some(&begun.0.extra),
        };
        self.results.write(&common.line(begun.1, &growing, sample))
    }

    /// A sample is over: its task and its number there, from 1.
    fn leave(&mut self, place: Place) -> Option<(Rc<Task>, usize)> {
        let begun = self.begun.get_mut(&place.request)?;
        let left = (Rc::clone(&begun.task), begun.first + place.sample + 1);
        begun.left = begun.left.saturating_sub(1);
        if begun.left == 0 {
            self.begun.remove(&place.request);
        }
        Some(left)
    }

    fn give_up(
        &mut self,
        request: usize,
        sample: Option<usize>,
        error: &Error,
    ) -> Result<(), Failure> {
        let (task, sample) = match sample {
            Some(sample) => {
                let place = Place { request, sample };
                self.open.remove(&place);
                let Some((task, number)) = self.leave(place) else {
                    return Ok(());
                };
                (task, Some(number))
            }
            None => {
                let Some(begun) = self.begun.remove(&request) else {
                    return Ok(());
                };
                (begun.task, None)
            }
        };
        let hint = error.hint();
        let message = error.to_string();
        self.refuse(
            &task.origin,
            sample,
            &message,
            hint.as_deref(),
            Some(&task.extra),
        )
    }

    /// Remembers what ends the run.
    fn note(&mut self, result: Result<(), Failure>) {
        if let Err(failure) = result {
            self.failure.get_or_insert(failure);
        }
    }
}

impl Sink for Writer<'_> {
    fn step(&mut self, place: Place, events: &[Event]) -> ControlFlow<()> {
        self.first_token.get_or_insert_with(Instant::now);
        let growing = self.open.entry(place).or_insert_with(Growing::new);
        for event in events {
            growing.push(event);
        }
        self.state.tokens += 1;
        self.draw();
        self.stopped |= self.interrupt.is_set();
        if self.stopped || self.failure.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn end(&mut self, place: Place, sample: &Sample) {
        if self.failure.is_none() {
            let result = self.close_sample(place, sample);
            self.note(result);
        }
    }

    fn failed(&mut self, request: usize, sample: Option<usize>, error: Error) {
        if self.failure.is_none() {
            let result = self.give_up(request, sample, &error);
            self.note(result);
        }
    }
}

impl Client for Writer<'_> {
    fn next(&mut self, idle: bool) -> Next<'_> {
        let answer = match self.prepare(idle) {
            Ok(answer) => answer,
            Err(failure) => {
                self.failure.get_or_insert(failure);
                Answer::End
            }
        };
        match (answer, &self.current) {
            (Answer::Request(sampling, lanes), Some(current)) => Next::Request(Request {
                prompt: &current.ids,
                lanes,
                max_tokens: current.task.max_tokens,
                sampling,
                session: self.settings.session(),
                measure: true,
            }),
            (Answer::Later, _) => Next::Later,
            _ => Next::End,
        }
    }
}
