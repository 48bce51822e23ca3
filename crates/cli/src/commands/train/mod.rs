//! `palinode train`: how does a model learn to revise?

mod bar;
mod nano;
mod sft;

use crate::Status;
use crate::failure::Failure;

/// Train a model to revise
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

/// What is trained.
#[derive(Debug, clap::Subcommand)]
enum What {
    Nano(nano::Arguments),
    Sft(sft::Arguments),
}

impl Arguments {
    /// Every shard of a batch has a thread of its own; within one, more threads only get in the way.
    pub(crate) fn threads() -> usize {
        1
    }
}

/// Trains.
pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    match &arguments.what {
        What::Nano(nano) => nano::run(nano),
        What::Sft(sft) => sft::run(sft),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "called by `map_err`, which gives the error away"
)]
fn training(error: palinode_train::Error) -> Failure {
    Failure::new("training failed").because(&error)
}
