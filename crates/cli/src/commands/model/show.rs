//! `palinode model show`: what is in a model, and can it revise?

use std::io::{self, Write};

use palinode_methods::vocabulary;
use palinode_model::Shape;
use serde::Serialize;

use crate::Status;
use crate::compute::Compute;
use crate::events::{SCHEMA, write_line};
use crate::failure::Failure;
use crate::model_name::ModelName;
use crate::nano::BUNDLED;

/// Show a model's form, and whether it can revise
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
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

pub(super) fn run(show: &Arguments) -> Result<Status, Failure> {
    let model = ModelName::parse(&show.model)?.load(&Compute::default())?;
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
