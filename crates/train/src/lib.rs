//! How does a model learn to revise?
//!
//! In reading order: what is learnt from ([`Example`], [`Batches`]), with which numbers ([`Recipe`],
//! the schedule), what one step does ([`Trainer`]), and what the network computes meanwhile
//! ([`forward`], [`fused`]). Training takes what it measures to whoever asks; nothing here reads a
//! clock, draws a bar or prints.

pub mod action_tokens;
pub mod batches;
mod checkpoint;
pub mod curve;
mod decoder;
pub mod error;
pub mod example;
pub mod forward;
pub mod fused;
pub mod objectives;
pub mod optimizer;
pub mod packed;
pub mod recipe;
pub mod run;
pub mod schedule;
mod tensors;
pub mod trainer;
pub mod weights;

pub use action_tokens::{
    ActionIds, Added, add_action_tokens, add_action_variables, add_to_tokenizer,
};
pub use batches::Batches;
pub use checkpoint::FILE as CHECKPOINT_FILE;
pub use error::Error;
pub use example::{Example, LossMask, example_from_stream};
pub use objectives::{OBJECTIVES, Objective};
pub use recipe::Recipe;
pub use run::{LOG_FILE, Outcome, Plan, run};
pub use trainer::{StepReport, Trainer};
pub use weights::{export, initialise, load_variables, variables};

/// What this room's functions return.
pub type Result<T> = std::result::Result<T, Error>;
