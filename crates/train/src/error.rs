//! What can go wrong while a model is trained, and what can the user do about it?

use std::path::{Path, PathBuf};

/// Everything this room can refuse.
///
/// Variants carry the facts; [`Error::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number in the recipe makes no sense.
    #[error("recipe: `{field}` {problem}")]
    Recipe {
        /// The field's name.
        field: &'static str,
        /// What is wrong with its value.
        problem: String,
    },
    /// An example cannot be learnt from.
    #[error("example {index}: {problem}")]
    Example {
        /// Its place in the batch or list it came in.
        index: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// There is nothing to learn from.
    #[error("{what}: no example predicts anything")]
    NothingToLearn {
        /// The list that is empty.
        what: &'static str,
    },
    /// A tensor of the network is not among the variables, or has another shape.
    #[error("variable `{name}`: {problem}")]
    Variable {
        /// Its name in the checkpoint.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A parameter got no gradient: some operation on its way has no backward.
    #[error("parameter `{name}` received no gradient")]
    NoGradient {
        /// Its name in the checkpoint.
        name: String,
    },
    /// The loss or its gradient is no longer a number.
    #[error("step {step}: the {what} is not finite")]
    Diverged {
        /// The step that was not taken.
        step: u64,
        /// `loss` or `gradient`.
        what: &'static str,
    },
    /// A file could not be read or written.
    #[error("`{}` could not be {action}: {source}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What was tried: `read`, `written`.
        action: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A checkpoint is truncated or not one of ours.
    #[error("`{}` is not a complete checkpoint: {problem}", .file.display())]
    BadCheckpoint {
        /// The file.
        file: PathBuf,
        /// What its reader found.
        problem: String,
    },
    /// A checkpoint belongs to another run.
    #[error("`{}` is a checkpoint of another run: {difference}", .file.display())]
    OtherRun {
        /// The file.
        file: PathBuf,
        /// The first difference.
        difference: String,
    },
    /// A file of a model folder is not what it should be.
    #[error("`{}`: {problem}", .file.display())]
    ModelFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The model has the action tokens already.
    #[error("`{}` has `{marker}` already", .file.display())]
    HasActionTokens {
        /// The file it stands in.
        file: PathBuf,
        /// The token.
        marker: &'static str,
    },
    /// The network or its tokenizer failed.
    #[error(transparent)]
    Model(#[from] palinode_model::Error),
    /// A computation failed.
    #[error("the computation failed: {0}")]
    Compute(#[from] candle_core::Error),
}

impl Error {
    /// What the user can do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::Diverged { .. } => Some(
                "lower the learning rate or the clipping norm, and resume from the last checkpoint",
            ),
            Error::BadCheckpoint { .. } => Some("remove the file to start from the beginning"),
            Error::OtherRun { .. } => {
                Some("resume with the recipe and data it was made with, or choose another folder")
            }
            Error::HasActionTokens { .. } => Some("the model can be trained to revise as it is"),
            Error::Model(error) => return error.hint(),
            _ => None,
        };
        hint.map(str::to_owned)
    }

    /// A failure to read `file`.
    pub(crate) fn reading(file: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let file = file.to_owned();
        move |source| Error::File {
            file,
            action: "read",
            source,
        }
    }

    /// A failure to write `file`.
    pub(crate) fn writing(file: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let file = file.to_owned();
        move |source| Error::File {
            file,
            action: "written",
            source,
        }
    }
}
