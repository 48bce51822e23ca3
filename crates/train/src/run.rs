//! How does a whole run go: steps, validation, checkpoints, a log, and a way to stop it?

use std::fs::OpenOptions;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;

use crate::batches::Batches;
use crate::checkpoint::replace;
use crate::example::Example;
use crate::trainer::{StepReport, Trainer};
use crate::{Error, Result};

/// The log's name in the run's folder: one JSON object a line, one line a step.
pub const LOG_FILE: &str = "log.jsonl";

/// What a run does besides steps. No number of the training depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// Where the checkpoint and the log are; without it nothing is written and nothing resumed.
    pub folder: Option<&'a Path>,
    /// Steps between checkpoints; one is always written at the end.
    pub save_every: u64,
    /// Examples to measure the loss on without learning from them.
    pub validation: &'a [Example],
    /// Steps between such measurements; one is always taken at the end. 0 for none at all.
    pub validate_every: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps of the recipe are done.
    Finished,
    /// `progress` asked to stop; the checkpoint holds everything up to there.
    Stopped,
}

/// Trains until the recipe's steps are done or `progress`, called after every step, says
/// [`ControlFlow::Break`]. A checkpoint in the folder is resumed from; the history in
/// [`Trainer::history`], and the log, then begin with the steps before.
///
/// # Errors
/// As [`Trainer::step`], [`Trainer::save`] and [`Trainer::resume`]. After an error the folder holds the
/// last checkpoint that was written whole.
pub fn run(
    trainer: &mut Trainer,
    batches: &mut Batches<'_>,
    plan: &Plan<'_>,
    progress: &mut dyn FnMut(&StepReport) -> ControlFlow<()>,
) -> Result<Outcome> {
    let data = format!("{:016x}", batches.fingerprint());
    let steps = trainer.recipe().steps;
    if let Some(folder) = plan.folder {
        trainer.resume(folder, &data)?;
        let lines = trainer
            .history()
            .iter()
            .map(line)
            .collect::<Result<Vec<_>>>()?;
        replace(&folder.join(LOG_FILE), lines.concat().as_bytes())?;
    }
    while trainer.steps_taken() < steps {
        let examples = batches.of_step(trainer.steps_taken());
        let mut report = trainer.step(&examples)?;
        let due =
            |every: u64| every > 0 && (report.step.is_multiple_of(every) || report.step == steps);
        if due(plan.validate_every) && !plan.validation.is_empty() {
            let loss = trainer.evaluate(plan.validation)?;
            trainer.note_validation(loss);
            report.validation = Some(loss);
        }
        let stop = progress(&report).is_break();
        if let Some(folder) = plan.folder {
            append(&folder.join(LOG_FILE), &line(&report)?)?;
            if stop || due(plan.save_every.max(1)) {
                trainer.save(folder, &data)?;
            }
        }
        if stop && report.step < steps {
            return Ok(Outcome::Stopped);
        }
    }
    Ok(Outcome::Finished)
}

/// A line of the log.
#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    #[serde(flatten)]
    report: &'a StepReport,
}

fn line(report: &StepReport) -> Result<String> {
    let line = Line { schema: 1, report };
    let text = serde_json::to_string(&line).map_err(|error| Error::ModelFile {
        file: LOG_FILE.into(),
        problem: error.to_string(),
    })?;
    Ok(text + "\n")
}

fn append(file: &Path, text: &str) -> Result<()> {
    let opened = OpenOptions::new().create(true).append(true).open(file);
    opened
        .and_then(|mut to| to.write_all(text.as_bytes()))
        .map_err(Error::writing(file))
}
