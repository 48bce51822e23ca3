//! `palinode train`: how does a model learn to revise?

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Status;
use crate::console::note;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::recipe::{Run, STAGES, Stage, Stopped, make};

/// Train a model to revise
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

/// What is trained.
#[derive(Debug, clap::Subcommand)]
enum What {
    Nano(Nano),
}

/// Make the bundled model from nothing: first to write, then to revise
///
/// Under an hour on two cores. Ctrl-C leaves a checkpoint, and the same command goes on from there. The
/// finished model, in Hugging Face's layout, is in the folder; the one before it learnt to revise in
/// `before/` below it.
#[derive(Debug, clap::Args)]
struct Nano {
    /// Folder for checkpoints and models
    #[arg(long, value_name = "FOLDER", default_value = "nano-run")]
    out: PathBuf,
    /// Take only the first N steps, to see whether the curve starts as published
    #[arg(long, value_name = "N")]
    start_only: Option<u64>,
}

impl Arguments {
    /// Every shard of a batch has a thread of its own; within one, more threads only get in the way.
    pub(crate) fn threads() -> usize {
        1
    }
}

/// Trains.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let What::Nano(nano) = &arguments.what;
    let interrupt = Interrupt::listen();
    let all: u64 = STAGES.iter().map(|stage| stage.steps).sum();
    let total = nano.start_only.map_or(all, |steps| steps.min(STAGES[0].steps));
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(2));
    let style = ProgressStyle::with_template("{prefix:9} {wide_bar} {pos}/{len} {msg} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    let mut watch = |stage: &Stage, report: &palinode_train::StepReport| {
        let before: u64 = STAGES
            .iter()
            .take_while(|other| other.name != stage.name)
            .map(|other| other.steps)
            .sum();
        bar.set_prefix(stage.name);
        bar.set_position(before + report.step);
        bar.set_message(format!("loss {:.3}", report.loss));
        if bar.is_hidden() && report.step.is_multiple_of(100) {
            note(format!("{} step {}: loss {:.4}", stage.name, report.step, report.loss));
        }
        interrupt.is_set()
    };
    let made = make(Run {
        folder: &nano.out,
        start_only: nano.start_only,
        watch: &mut watch,
    })?;
    bar.finish_and_clear();
    let folder = nano.out.display();
    Ok(match made {
        Ok(()) => {
            note(format!("the model is in `{folder}`; write with it by `palinode generate --model {folder}`"));
            Status::Done
        }
        Err(Stopped) => {
            note(format!("interrupted; the same command goes on from the checkpoint in `{folder}`"));
            Status::Interrupted
        }
    })
}
