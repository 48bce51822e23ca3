//! `palinode model`: what is in a model, and what does it say?

mod logits;
mod show;

use crate::Status;
use crate::failure::Failure;

/// Look into a model
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Show(show::Arguments),
    Logits(logits::Arguments),
    #[cfg(feature = "train")]
    AddTokens(AddTokens),
}

/// Give a model the five action tokens, so that it can learn to revise
///
/// Each new embedding starts as the mean of those of the words that describe the token. The model must then
/// be trained (`palinode train sft`) before it will use them.
#[cfg(feature = "train")]
#[derive(Debug, clap::Args)]
struct AddTokens {
    /// The model: a folder in Hugging Face layout
    #[arg(value_name = "FOLDER")]
    from: std::path::PathBuf,
    /// A folder that does not exist yet
    #[arg(value_name = "NEW_FOLDER")]
    to: std::path::PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    match &arguments.verb {
        Verb::Show(arguments) => show::run(arguments),
        Verb::Logits(arguments) => logits::run(arguments),
        #[cfg(feature = "train")]
        Verb::AddTokens(folders) => add_tokens(folders),
    }
}

#[cfg(feature = "train")]
fn add_tokens(folders: &AddTokens) -> Result<Status, Failure> {
    let (from, to) = (folders.from.display(), folders.to.display());
    let added = palinode_train::action_tokens::add_action_tokens(&folders.from, &folders.to)
        .map_err(|error| {
            Failure::new(format!("cannot give `{from}` the action tokens")).because(&error)
        })?;
    crate::console::note(format!(
        "`{to}` has them as ids {:?}; teach it to use them by `palinode train sft --model {to} --data FILE --out NEW_FOLDER`",
        added.ids
    ));
    Ok(Status::Done)
}
