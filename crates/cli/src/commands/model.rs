//! `palinode model`: what is in a model?

use std::io::{self, Write};

use palinode_methods::vocabulary;
use palinode_model::Shape;
use serde::Serialize;

use crate::Status;
use crate::events::{SCHEMA, write_line};
use crate::failure::Failure;
use crate::model_name::ModelName;
use crate::nano::BUNDLED;

/// Look into a model
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Show(Show),
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

/// Show a model's form, and whether it can revise
#[derive(Debug, clap::Args)]
struct Show {
    /// `nano`, or a folder in Hugging Face layout
    #[arg(default_value = BUNDLED)]
    model: String,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// What is shown.
#[derive(Debug, Serialize)]
struct Card {
    schema: u32,
    name: String,
    architecture: &'static str,
    parameters: u64,
    vocabulary: usize,
    context: usize,
    layers: usize,
    hidden: usize,
    heads: usize,
    kv_heads: usize,
    head_width: usize,
    intermediate: usize,
    tied: bool,
    can_revise: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    match &arguments.verb {
        Verb::Show(show) => run_show(show),
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

fn run_show(show: &Show) -> Result<Status, Failure> {
    let model = ModelName::parse(&show.model)?.load()?;
    let words = vocabulary(&model).map_err(|error| {
        Failure::new(format!("cannot use the vocabulary of `{}`", model.name))
            .because(&error)
            .maybe_hint(error.hint())
    })?;
    let Shape {
        architecture,
        vocabulary,
        context,
        layers,
        hidden,
        heads,
        kv_heads,
        head_width,
        intermediate,
        parameters,
        tied,
    } = *model.network.shape();
    let card = Card {
        schema: SCHEMA,
        name: model.name.clone(),
        architecture,
        parameters,
        vocabulary,
        context,
        layers,
        hidden,
        heads,
        kv_heads,
        head_width,
        intermediate,
        tied,
        can_revise: words.can_revise(),
    };
    print(&card, show.json).map_err(|error| Failure::stdout(&error))?;
    Ok(Status::Done)
}

fn print(card: &Card, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        return write_line(&mut out, card);
    }
    let yes_no = |yes| if yes { "yes" } else { "no" };
    let rows = [
        ("name", card.name.clone()),
        ("architecture", card.architecture.to_owned()),
        ("parameters", card.parameters.to_string()),
        ("vocabulary", format!("{} tokens", card.vocabulary)),
        ("context", format!("{} tokens", card.context)),
        ("layers", card.layers.to_string()),
        ("width", card.hidden.to_string()),
        (
            "attention",
            format!(
                "{} heads of {}, {} for keys and values",
                card.heads, card.head_width, card.kv_heads
            ),
        ),
        ("feed-forward", card.intermediate.to_string()),
        ("tied head", yes_no(card.tied).to_owned()),
        ("can revise", yes_no(card.can_revise).to_owned()),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<13} {value}")?;
    }
    Ok(())
}
