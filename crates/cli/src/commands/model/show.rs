//! `palinode model show`: what is in a model, what does it take, and can it revise?

use std::io::{self, Write};

use palinode_model::memory::{available, readable};
use palinode_model::{DType, LoadOptions, Memory, Plan, Shape, Weights};
use palinode_revise::Action;
use serde::Serialize;

use crate::Status;
use crate::events::{SCHEMA, write_line};
use crate::failure::Failure;
use crate::model_name::ModelName;
use crate::nano::BUNDLED;

/// Show a model's form, the memory it takes, and whether it can revise
///
/// Weights are not loaded: headers and the tokenizer are enough.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// `nano`, a folder in Hugging Face layout, a `.gguf` file, or `hf:org/name[@revision]`
    #[arg(default_value = BUNDLED)]
    model: String,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// What is shown. Sizes are bytes.
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
    /// For each layer, how many positions a token sees; `null` is all.
    windows: Vec<Option<usize>>,
    /// How the weights are stored, the largest part first.
    stored: Vec<Stored>,
    memory: Loaded,
    /// What is free now; `null` where the system does not say.
    free: Option<u64>,
    /// Ids of the five markers, in the order of an episode.
    action_tokens: Option<Vec<u32>>,
    can_revise: bool,
}

#[derive(Debug, Serialize)]
struct Stored {
    format: &'static str,
    numbers: u64,
    bytes: u64,
}

/// What loading takes: as it comes, and with each `--dtype`.
#[derive(Debug, Serialize)]
struct Loaded {
    default: Takes,
    f32: Takes,
    f16: Takes,
    bf16: Takes,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Takes {
    weights: u64,
    /// Keys and values of one token of one sample.
    cache_per_token: u64,
}

impl From<Memory> for Takes {
    fn from(memory: Memory) -> Self {
        Self {
            weights: memory.weights,
            cache_per_token: memory.position,
        }
    }
}

impl Loaded {
    fn new(shape: &Shape, weights: &Weights, default: Memory) -> Self {
        let with = |dtype| {
            let options = LoadOptions {
                dtype: Some(dtype),
                ..LoadOptions::default()
            };
            Memory::of(shape, weights, &options).into()
        };
        Self {
            default: default.into(),
            f32: with(DType::F32),
            f16: with(DType::F16),
            bf16: with(DType::BF16),
        }
    }
}

pub(super) fn run(show: &Arguments) -> Result<Status, Failure> {
    let name = ModelName::parse(&show.model)?;
    let source = name.source()?;
    let failed = |error: palinode_model::Error| name.unusable(&error);
    let plan = palinode_model::plan(&source, &LoadOptions::default()).map_err(failed)?;
    let tokenizer = palinode_model::tokenizer(&source).map_err(failed)?;
    let markers = Action::ALL.map(|action| tokenizer.id_of(action.marker()));
    let card = card(name.title(&source), &plan, markers.into_iter().collect());
    print(&card, show.json).map_err(|error| Failure::stdout(&error))?;
    Ok(Status::Done)
}

fn card(name: String, plan: &Plan, action_tokens: Option<Vec<u32>>) -> Card {
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
    } = plan.form.shape;
    let stored = plan.weights.formats().into_iter();
    Card {
        schema: SCHEMA,
        name,
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
        windows: plan.form.windows.clone(),
        stored: stored
            .map(|(format, numbers, bytes)| Stored {
                format: format.name(),
                numbers,
                bytes,
            })
            .collect(),
        memory: Loaded::new(&plan.form.shape, &plan.weights, plan.memory),
        free: available(),
        can_revise: action_tokens.is_some(),
        action_tokens,
    }
}

fn print(card: &Card, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        return write_line(&mut out, card);
    }
    let yes_no = |yes| if yes { "yes" } else { "no" };
    let heads = format!(
        "{} heads of {}, {} for keys and values",
        card.heads, card.head_width, card.kv_heads
    );
    let mut rows = vec![
        ("name", card.name.clone()),
        ("architecture", card.architecture.to_owned()),
        ("parameters", count(card.parameters)),
        ("vocabulary", format!("{} tokens", card.vocabulary)),
        ("context", format!("{} tokens", card.context)),
        ("layers", card.layers.to_string()),
        ("width", card.hidden.to_string()),
        ("attention", heads),
    ];
    if let Some(windows) = windows(&card.windows) {
        rows.push(("windows", windows));
    }
    rows.extend([
        ("feed-forward", card.intermediate.to_string()),
        ("tied head", yes_no(card.tied).to_owned()),
        ("stored as", stored(&card.stored)),
        ("memory", weights(&card.memory)),
        ("cache", cache(&card.memory)),
    ]);
    if let Some(free) = card.free {
        rows.push(("free now", readable(free)));
    }
    rows.push(("can revise", yes_no(card.can_revise).to_owned()));
    for (name, value) in rows {
        writeln!(out, "{name:<13} {value}")?;
    }
    Ok(())
}

/// A large number as people say it: `7.2 B`.
fn count(number: u64) -> String {
    let mut size = number as f64;
    for unit in ["", " k", " M", " B"] {
        // What rounds to a thousand of a unit is one of the next.
        if size < 999.5 {
            return match unit {
                "" => number.to_string(),
                _ if size < 9.95 => format!("{size:.1}{unit}"),
                _ => format!("{size:.0}{unit}"),
            };
        }
        size /= 1000.0;
    }
    format!("{size:.1} T")
}

/// How far tokens see, where not all see everything.
fn windows(layers: &[Option<usize>]) -> Option<String> {
    let mut sizes: Vec<usize> = layers.iter().copied().flatten().collect();
    sizes.sort_unstable();
    sizes.dedup();
    let each = sizes.iter().map(|size| {
        let with = layers.iter().filter(|window| **window == Some(*size));
        format!(
            "{size} tokens in {} of {} layers",
            with.count(),
            layers.len()
        )
    });
    Some(each.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
}

/// The forms of the numbers, with the share of each.
fn stored(forms: &[Stored]) -> String {
    let all: u64 = forms.iter().map(|form| form.numbers).sum();
    let each = forms.iter().map(|form| {
        let percent = 100.0 * form.numbers as f64 / all.max(1) as f64;
        let percent = match percent {
            small if small < 0.1 => "less than 0.1".to_owned(),
            small if small < 9.95 => format!("{small:.1}"),
            percent => format!("{percent:.0}"),
        };
        format!("{} ({percent} %, {})", form.format, readable(form.bytes))
    });
    each.collect::<Vec<_>>().join(", ")
}

fn weights(memory: &Loaded) -> String {
    format!(
        "{} of weights; {} with --dtype f32, {} with bf16 or f16",
        readable(memory.default.weights),
        readable(memory.f32.weights),
        readable(memory.bf16.weights)
    )
}

fn cache(memory: &Loaded) -> String {
    let thousand = |takes: Takes| readable(takes.cache_per_token.saturating_mul(1000));
    format!(
        "{} for each 1,000 tokens of a sample; {} with --dtype bf16 or f16",
        thousand(memory.default),
        thousand(memory.bf16)
    )
}

#[cfg(test)]
mod tests {
    use super::{Stored, count, stored, windows};

    #[test]
    fn numbers_are_said_as_people_do() {
        let said = [
            0,
            999,
            1000,
            35_000,
            2_700_000,
            494_032_768,
            999_600_000,
            7_241_732_096,
            13_015_864_320,
        ]
        .map(count);
        assert_eq!(
            said,
            [
                "0", "999", "1.0 k", "35 k", "2.7 M", "494 M", "1.0 B", "7.2 B", "13 B"
            ]
        );
        assert_eq!(count(1_800_000_000_000), "1.8 T");
    }

    #[test]
    fn windows_are_told_where_there_are_any() {
        assert_eq!(windows(&[None, None]), None);
        assert_eq!(
            windows(&[Some(4096), None, Some(4096), Some(1024)]).as_deref(),
            Some("1024 tokens in 1 of 4 layers, 4096 tokens in 2 of 4 layers")
        );
    }

    #[test]
    fn forms_are_told_with_their_shares() {
        let form = |format, numbers, bytes| Stored {
            format,
            numbers,
            bytes,
        };
        let forms = [
            form("Q4_K", 860_000_000, 483_750_000),
            form("Q6_K", 139_900_000, 114_761_719),
            form("F32", 100_000, 400_000),
        ];
        assert_eq!(
            stored(&forms),
            "Q4_K (86 %, 461 MiB), Q6_K (14 %, 109 MiB), F32 (less than 0.1 %, 391 KiB)"
        );
    }
}
