//! `palinode model logits`: what does a model say about the token after some others?

use std::io;

use palinode_model::{Lane, Positions, Source, Want};
use serde::Serialize;

use crate::Status;
use crate::compute::Compute;
use crate::events::{SCHEMA, write_line};
use crate::failure::Failure;
use crate::model_name::ModelName;
use crate::nano::BUNDLED;

/// Print the logits that follow some token ids, and the hidden states behind them
///
/// The numbers are those that `generate` draws from, so they can be compared with another program's. With
/// neither `--json` nor anything else asked for, the likeliest tokens are listed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// `nano`, a folder in Hugging Face layout, a `.gguf` file, or `hf:org/name[@revision]`
    #[arg(default_value = BUNDLED)]
    model: String,
    /// The token ids, separated by commas
    #[arg(
        long,
        value_name = "IDS",
        value_delimiter = ',',
        required_unless_present = "text"
    )]
    ids: Vec<u32>,
    /// A text in place of ids: encoded as it is, with no template and no token added
    #[arg(long, value_name = "TEXT", conflicts_with = "ids")]
    text: Option<String>,
    /// One JSON object: `logits`, and `hidden` where it is asked for
    #[arg(long)]
    json: bool,
    /// The logits after each id, not only after the last: `logits` is a list of lists
    #[arg(long)]
    all: bool,
    /// The hidden states too, `hidden[layer][position]`: the embedding, each layer, the last one normalised
    #[arg(long)]
    hidden: bool,
    #[command(flatten)]
    compute: Compute,
}

/// One position's logits, or every position's.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Logits {
    Last(Vec<f32>),
    All(Vec<Vec<f32>>),
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    schema: u32,
    model: &'a str,
    ids: &'a [u32],
    logits: Logits,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<Vec<Vec<Vec<f32>>>>,
}

/// How many tokens are listed where no JSON is asked for.
const LISTED: usize = 10;

pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let name = ModelName::parse(&arguments.model)?;
    // How long a text is, only its tokenizer knows: asked before the weights are loaded, for which there must be
    // room beside it.
    let positions = |source: &Source| match &arguments.text {
        None => Ok(arguments.ids.len()),
        Some(text) => {
            let ids = palinode_model::tokenizer(source).and_then(|all| all.encode(text));
            Ok(ids.map_err(|error| name.unusable(&error))?.len())
        }
    };
    let model = name.load_for(&arguments.compute, 1, &positions)?;
    let failed = |error: palinode_model::Error| {
        Failure::new(format!("cannot ask `{}`", model.name))
            .because(&error)
            .maybe_hint(error.hint())
    };
    let ids = match &arguments.text {
        Some(text) => model.tokenizer.encode(text).map_err(failed)?,
        None => arguments.ids.clone(),
    };
    let network = &model.network;
    let layers: Vec<usize> = match arguments.hidden {
        true => (0..=network.shape().layers).collect(),
        false => Vec::new(),
    };
    let want = Want {
        logits: match arguments.all {
            true => Positions::All,
            false => Positions::Last,
        },
        hidden: &layers,
    };
    let mut cache = network.new_cache();
    let lane = Lane {
        ids: &ids,
        cache: &mut cache,
    };
    let mut answers = network.forward(&mut [lane], want).map_err(failed)?;
    let answer = answers.pop().unwrap_or_default();
    let mut rows = answer.logits;
    let hidden = arguments.hidden.then(|| {
        let states = answer.hidden.iter();
        states
            .map(|hidden| {
                hidden
                    .values
                    .chunks_exact(hidden.width)
                    .map(<[f32]>::to_vec)
                    .collect()
            })
            .collect()
    });
    let mut out = io::stdout().lock();
    let printed = if arguments.json || arguments.all || arguments.hidden {
        let logits = match arguments.all {
            true => Logits::All(rows),
            false => Logits::Last(rows.pop().unwrap_or_default()),
        };
        write_line(
            &mut out,
            &Answer {
                schema: SCHEMA,
                model: &model.name,
                ids: &ids,
                logits,
                hidden,
            },
        )
    } else {
        list(&mut out, &rows.pop().unwrap_or_default(), &model.tokenizer)
    };
    printed.map_err(|error| Failure::stdout(&error))?;
    Ok(Status::Done)
}

/// The likeliest tokens, likeliest first.
fn list(
    out: &mut dyn io::Write,
    logits: &[f32],
    tokenizer: &palinode_model::Tokenizer,
) -> io::Result<()> {
    let mut order: Vec<u32> = (0u32..).zip(logits).map(|(id, _)| id).collect();
    order.sort_by(|a, b| logits[*b as usize].total_cmp(&logits[*a as usize]));
    for id in order.into_iter().take(LISTED) {
        let bytes = tokenizer.decode(&[id]);
        let text = String::from_utf8_lossy(&bytes);
        writeln!(out, "{:>10.4}  {id:>6}  {text:?}", logits[id as usize])?;
    }
    Ok(())
}
