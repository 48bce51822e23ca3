//! `palinode generate --prompts`: many prompts, each result written as soon as it is done.

mod line;
mod lines;
mod progress;
mod results;
mod writer;

use std::path::Path;
use std::time::Instant;

use self::line::{FORM, Line};
use self::lines::{Coming, Prompts};
use self::results::Results;
use self::writer::{Task, Writer};
use super::prompt::MOST_BYTES;
use super::report::{self, KNOWN_TO_NANO, counted};
use super::settings::Settings;
use super::{ready, unusable};
use crate::Status;
use crate::console::note;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::model_name::ModelName;

/// What was found in a file of prompts before anything is done with it.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    prompts: u64,
    /// The most tokens that any sample may cost.
    max_tokens: usize,
}

pub(super) fn run(
    settings: &Settings,
    file: &Path,
    out: Option<&Path>,
    started: Instant,
) -> Result<Status, Failure> {
    let mut prompts = Prompts::open(file, MOST_BYTES)?;
    let found = if prompts.is_file() {
        Some(check(&mut prompts, settings)?)
    } else {
        None
    };
    let results = Results::open(out, file)?;
    let all = found.map(|found| found.prompts.saturating_mul(settings.samples as u64));
    let few = all.map_or(usize::MAX, |all| usize::try_from(all).unwrap_or(usize::MAX));
    let at_once = settings.at_once.min(few);
    let longest = found.map_or(settings.max_tokens, |found| found.max_tokens);
    let model = settings.model.load(&settings.compute, at_once, longest)?;
    let (words, method) = ready(settings, &model)?;
    if found.is_some() {
        compare(&mut prompts, settings, &model, method, &results)?;
    }
    let there = results.samples + results.failures;
    if there > 0 {
        let out = out.unwrap_or(file).display();
        note(format!(
            "`{out}` holds {} already",
            counted(there, "result")
        ));
    }

    let interrupt = Interrupt::listen();
    let mut writer = Writer::new(settings, &model, method, prompts, results, all, interrupt);
    let result = (method.write)(&model, &words, at_once, &mut writer);
    writer.close();
    if let Some(failure) = writer.take_failure() {
        return Err(failure);
    }
    let outcome = result.map_err(|error| unusable(&model, &error))?;
    let first_token = writer.first_token().map(|at| at.duration_since(started));
    finish(settings, &writer);
    if writer.tally().prompts == 0 && !writer.interrupted() {
        note("nothing was missing");
    } else {
        report::costs(settings, writer.tally(), outcome, first_token);
    }
    Ok(if writer.interrupted() {
        Status::Interrupted
    } else if writer.failures() > 0 {
        Status::Findings
    } else {
        Status::Done
    })
}

/// Says how the run ended.
fn finish(settings: &Settings, writer: &Writer<'_>) {
    if writer.interrupted() {
        note(match writer.out() {
            Some(out) => format!(
                "interrupted: what is done is in `{}`; the same command goes on from there",
                out.display()
            ),
            None => "interrupted: what is done is above".to_owned(),
        });
    }
    if writer.failures() > 0 {
        let failures = writer.failures();
        note(match writer.first_failure() {
            Some(first) => format!("{failures} failed, as lines of type `error` say; {first}"),
            None => format!("{failures} failed in an earlier run, as lines of type `error` say"),
        });
    }
    let cut = writer.tally().cut_off();
    if cut > 0 {
        let mut text = format!(
            "note: {} cut off, as `stop` says; `--max-tokens` may allow more",
            counted(cut, "sample")
        );
        if settings.model == ModelName::Bundled {
            text += KNOWN_TO_NANO;
        }
        note(text);
    }
}

/// Reads every line of a file, and refuses the first that is none.
fn check(prompts: &mut Prompts, settings: &Settings) -> Result<Found, Failure> {
    let mut found = Found::default();
    while let Coming::Line(raw) = prompts.next(true)? {
        let line = Line::parse(&raw, settings).map_err(|problem| {
            Failure::new(format!(
                "{}, line {}: {problem}",
                prompts.name(),
                raw.number
            ))
            .hint(FORM)
        })?;
        found.prompts += 1;
        found.max_tokens = found.max_tokens.max(line.max_tokens);
    }
    prompts.rewind()?;
    match found.prompts {
        0 => Err(empty(prompts)),
        _ => Ok(found),
    }
}

/// The failure of having nothing to write.
fn empty(prompts: &Prompts) -> Failure {
    Failure::new(format!("{} holds no prompts", prompts.name())).hint(FORM)
}

/// Refuses to go on with results of other prompts or settings, before anything is written.
fn compare(
    prompts: &mut Prompts,
    settings: &Settings,
    model: &palinode_model::LocalModel,
    method: &'static palinode_methods::Method,
    results: &Results,
) -> Result<(), Failure> {
    let known = results.known();
    if known.is_empty() {
        return Ok(());
    }
    let mut seen = Vec::with_capacity(known.len());
    while let Coming::Line(raw) = prompts.next(true)? {
        let Some(known) = known.get(&raw.number) else {
            continue;
        };
        // A line that is none any more is told of when it is read again.
        let task = Line::parse(&raw, settings).map(|line| Task::new(line, settings, model, method));
        if task.is_ok_and(|task| !known.is_of(&task.origin.fingerprint)) {
            return Err(results.foreign(raw.number));
        }
        seen.push(raw.number);
    }
    prompts.rewind()?;
    let unseen = known.keys().find(|line| seen.binary_search(line).is_err());
    unseen.map_or(Ok(()), |line| Err(results.foreign(*line)))
}
