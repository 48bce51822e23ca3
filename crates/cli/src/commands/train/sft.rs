//! `palinode train sft`: how does a model of one's own learn from drafts and their fixes?

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device};
use palinode_methods::vocabulary;
use palinode_model::{Config, LocalModel, Source};
use palinode_revise::{Trajectory, Vocabulary};
use palinode_train::{
    Batches, CHECKPOINT_FILE, Example, LOG_FILE, LossMask, OBJECTIVES, Outcome, Plan, Recipe,
    Trainer, curve, example_from_stream, export, load_variables, run as train,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::bar::Bar;
use super::training;
use crate::Status;
use crate::compute::Compute;
use crate::console::note;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::model_name::ModelName;

/// Fine-tune a Qwen2-form model on drafts and what they were fixed to
///
/// The model must have the five action tokens (`palinode model add-tokens`). Each line of the data is a JSON
/// object: `prompt` and `code` (to be written as it is), or `prompt`, `draft` and `fixed` (to be written as
/// the draft and taken back where the two differ). Everything is trained, in f32 on the processor: a model of
/// n parameters takes about 16 n bytes. The defaults are the paper's (Stream of Revision, appendix E).
/// Ctrl-C leaves a checkpoint in the output folder, and the same command goes on from there.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The model: a folder in Hugging Face layout, or `hf:org/name[@revision]` from the hub
    #[arg(long, value_name = "MODEL")]
    model: String,
    /// JSON Lines to learn from
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Folder for the checkpoint and the trained model: new, empty, or one that a run left a checkpoint in
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Passes over the data
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    epochs: u64,
    /// Sequences a step learns from
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    batch: usize,
    /// Highest learning rate
    #[arg(long, value_name = "NUMBER", default_value_t = 3e-5)]
    learning_rate: f64,
    /// Longest sequence in tokens; longer ones are left out and counted
    #[arg(long, value_name = "COUNT", default_value_t = 4096)]
    max_length: usize,
    /// Most tokens between the end of a flawed span and the trigger
    #[arg(long, value_name = "COUNT", default_value_t = 16)]
    latency: usize,
    /// Also learn to write the drafts that are taken back
    #[arg(long)]
    draft_in_loss: bool,
    /// Seed of the order and of the triggers' places
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
}

/// What a line of the data holds.
const FORM: &str = "a line holds `prompt` and `code`, or `prompt`, `draft` and `fixed`";

/// A line of the data: `code`, or `draft` and `fixed`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    prompt: String,
    code: Option<String>,
    draft: Option<String>,
    fixed: Option<String>,
}

/// Trains.
pub(super) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let name = ModelName::parse(&arguments.model)?;
    let Source::Folder(folder) = &name.source()? else {
        return Err(match name {
            ModelName::Bundled => {
                Failure::new("the bundled model is trained by `palinode train nano`")
            }
            _ => Failure::new(format!(
                "cannot train `{}`: it is a GGUF file",
                arguments.model
            ))
            .hint("name a folder in Hugging Face layout, or `hf:org/name` for one on the hub"),
        });
    };
    check_out(&arguments.out, folder)?;
    let model = name.load(&Compute::default(), 1, 0)?;
    let words = vocabulary(&model)
        .map_err(|error| Failure::new("cannot use the vocabulary").because(&error))?;
    if !words.can_revise() {
        return Err(
            Failure::new(format!("`{}` has no action tokens", folder.display()))
                .hint("give it the five by `palinode model add-tokens FOLDER NEW_FOLDER`"),
        );
    }
    let examples = examples(arguments, &model, &words)?;
    let per_pass = (examples.len() as u64).div_ceil(arguments.batch.max(1) as u64);
    let recipe = Recipe {
        batch: arguments.batch,
        learning_rate: arguments.learning_rate,
        max_length: arguments.max_length.min(model.network.shape().context),
        seed: arguments.seed,
        ..Recipe::paper(per_pass * arguments.epochs)
    };
    drop(model);
    let config = config(folder)?;
    let map = load_variables(&config, folder, DType::F32, &Device::Cpu).map_err(training)?;
    let mut trainer =
        Trainer::new(&config, &map, OBJECTIVES[0], recipe.clone()).map_err(training)?;
    let mut batches = Batches::new(&examples, &recipe).map_err(training)?;
    if batches.left_out() > 0 {
        note(format!(
            "note: {} of {} examples are longer than {} tokens and left out",
            batches.left_out(),
            examples.len(),
            recipe.max_length
        ));
    }
    fs::create_dir_all(&arguments.out).map_err(|error| writing(&arguments.out, &error))?;
    let interrupt = Interrupt::listen();
    let bar = Bar::new(recipe.steps);
    let plan = Plan {
        folder: Some(&arguments.out),
        save_every: 200,
        validation: &[],
        validate_every: 0,
    };
    let outcome = train(&mut trainer, &mut batches, &plan, &mut |report| {
        bar.show("sft", 0, report);
        if interrupt.is_set() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .map_err(training)?;
    bar.clear();
    let out = arguments.out.display();
    if outcome == Outcome::Stopped {
        note(format!(
            "interrupted; the same command goes on from the checkpoint in `{out}`"
        ));
        return Ok(Status::Interrupted);
    }
    let fits = |example: &&Example| example.ids.len() <= recipe.max_length;
    let known: Vec<Example> = examples.iter().find(fits).cloned().into_iter().collect();
    if !trainer.evaluate(&known).map_err(training)?.is_finite() {
        let what = "the weights went beyond all numbers in training; no model was written";
        return Err(Failure::new(what).hint("use a lower --learning-rate, and another --out"));
    }
    export(&config, trainer.parameters(), DType::F32, &arguments.out).map_err(training)?;
    copy_tokenizer(folder, &arguments.out)?;
    let svg = curve::svg(
        "loss in training",
        &[curve::Stage {
            name: "sft",
            history: trainer.history(),
        }],
    );
    let file = arguments.out.join("curve.svg");
    fs::write(&file, svg).map_err(|error| writing(&file, &error))?;
    note(format!(
        "the model is in `{out}`; write with it by `palinode generate --model {out}`"
    ));
    Ok(Status::Done)
}

/// Whether a run may write into `out`: a folder that is new, empty, or holds a run's checkpoint, and is not
/// the model's own.
fn check_out(out: &Path, model: &Path) -> Result<(), Failure> {
    let refuse = |what: &str| {
        let what = format!("`{}` {what}", out.display());
        Err(Failure::new(what).hint("name a folder that does not exist yet with --out"))
    };
    if !out.exists() {
        return Ok(());
    }
    if !out.is_dir() {
        return refuse("is no folder");
    }
    let same =
        |one: &Path, other: &Path| fs::canonicalize(one).ok() == fs::canonicalize(other).ok();
    if same(out, model) {
        return refuse("is the model's own folder, which training would overwrite");
    }
    let entries = fs::read_dir(out).map_err(|error| {
        Failure::new(format!("cannot read `{}`", out.display())).because(&error)
    })?;
    // A run that was killed before its first checkpoint leaves its log alone.
    let foreign = entries.flatten().any(|entry| entry.file_name() != LOG_FILE);
    if foreign && !out.join(CHECKPOINT_FILE).exists() {
        return refuse("holds other files and no checkpoint to go on from");
    }
    Ok(())
}

fn examples(
    arguments: &Arguments,
    model: &LocalModel,
    words: &Vocabulary,
) -> Result<Vec<Example>, Failure> {
    let file = arguments.data.display();
    let text = fs::read_to_string(&arguments.data)
        .map_err(|error| Failure::new(format!("cannot read `{file}`")).because(&error))?;
    let mut rng = ChaCha8Rng::seed_from_u64(arguments.seed);
    let mask = LossMask {
        draft: arguments.draft_in_loss,
        ..LossMask::default()
    };
    let ends_line = |id: u32| words.bytes(id).ends_with(b"\n");
    let mut all = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let bad = |error: &dyn std::error::Error| {
            Failure::new(format!("`{file}`, line {}", number + 1)).because(error)
        };
        let line: Line = serde_json::from_str(line).map_err(|error| bad(&error).hint(FORM))?;
        let encode = |text: &str| {
            model
                .tokenizer
                .encode_plain(text)
                .map_err(|error| bad(&error))
        };
        let ask = |text: &str| {
            model
                .prompt(text, None)
                .map_err(|error| bad(&error))
                .and_then(|text| encode(&text))
        };
        let trajectory = match (&line.code, &line.draft, &line.fixed) {
            (Some(code), None, None) => Trajectory::plain(ask(&line.prompt)?, encode(code)?),
            (None, Some(draft), Some(fixed)) => {
                let latency = rng.random_range(0..=arguments.latency);
                let prompt = ask(&line.prompt)?;
                let (draft, fixed) = (encode(draft)?, encode(fixed)?);
                Trajectory::from_fix(prompt.clone(), draft, fixed.clone(), &ends_line, latency)
                    .unwrap_or_else(|| Trajectory::plain(prompt, fixed))
            }
            _ => {
                let line = number + 1;
                let what =
                    format!("`{file}`, line {line}, must have either code, or a draft and its fix");
                return Err(Failure::new(what).hint(FORM));
            }
        };
        let stream = trajectory.stream(words).map_err(|error| bad(&error))?;
        all.push(example_from_stream(&stream, mask));
    }
    if all.is_empty() {
        return Err(Failure::new(format!("`{file}` holds nothing to learn from")).hint(FORM));
    }
    Ok(all)
}

fn config(folder: &Path) -> Result<Config, Failure> {
    let file = folder.join("config.json");
    let unusable = |error: &dyn std::error::Error| {
        Failure::new(format!("cannot use `{}`", file.display())).because(error)
    };
    let bytes = fs::read(&file).map_err(|error| unusable(&error))?;
    Config::parse(&bytes, &file).map_err(|error| unusable(&error).maybe_hint(error.hint()))
}

/// The files beside the weights that a model's folder needs.
fn copy_tokenizer(from: &Path, to: &Path) -> Result<(), Failure> {
    for name in [
        "tokenizer.json",
        "tokenizer_config.json",
        "generation_config.json",
        "chat_template.jinja",
    ] {
        let (source, target) = (from.join(name), to.join(name));
        if source.exists() {
            fs::copy(&source, &target).map_err(|error| writing(&target, &error))?;
        }
    }
    Ok(())
}

fn writing(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`", file.display())).because(error)
}
