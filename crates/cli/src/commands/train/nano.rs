//! `palinode train nano`: how is the bundled model made?

use std::path::PathBuf;

use super::bar::Bar;
use crate::Status;
use crate::console::note;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::recipe::{Run, STAGES, Stage, Stopped, make};

/// Make the bundled model from nothing: first to write, then to revise
///
/// About an hour on two cores. Ctrl-C leaves a checkpoint, and the same command goes on from there. The
/// finished model, in Hugging Face's layout, is in the folder; the one before it learnt to revise in
/// `before/` below it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder for checkpoints and models
    #[arg(long, value_name = "FOLDER", default_value = "nano-run")]
    out: PathBuf,
    /// Take only the first N steps, to see whether the curve starts as published
    #[arg(long, value_name = "N")]
    start_only: Option<u64>,
}

/// Trains.
pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let interrupt = Interrupt::listen();
    let all: u64 = STAGES.iter().map(|stage| stage.steps).sum();
    let total = arguments
        .start_only
        .map_or(all, |steps| steps.min(STAGES[0].steps));
    let bar = Bar::new(total);
    let mut watch = |stage: &Stage, report: &palinode_train::StepReport| {
        let before: u64 = STAGES
            .iter()
            .take_while(|other| other.name != stage.name)
            .map(|other| other.steps)
            .sum();
        bar.show(stage.name, before, report);
        interrupt.is_set()
    };
    let made = make(Run {
        folder: &arguments.out,
        start_only: arguments.start_only,
        watch: &mut watch,
    })?;
    bar.clear();
    let folder = arguments.out.display();
    Ok(match made {
        Ok(()) if arguments.start_only.is_some() => {
            note(format!("the curve's start is in `{folder}`"));
            Status::Done
        }
        Ok(()) => {
            note(format!(
                "the model is in `{folder}`; write with it by `palinode generate --model {folder}`"
            ));
            Status::Done
        }
        Err(Stopped) => {
            note(format!(
                "interrupted; the same command goes on from the checkpoint in `{folder}`"
            ));
            Status::Interrupted
        }
    })
}
