//! How does a run of the recipe go, and how does it go on after an interruption?

use std::fs;
use std::path::Path;

use candle_core::DType;
use candle_nn::VarMap;
use palinode_model::Config;
use palinode_model::Tokenizer;
use palinode_revise::Vocabulary;
use palinode_train::action_tokens::{add_action_variables, add_to_tokenizer};
use palinode_train::curve;
use palinode_train::{OBJECTIVES, StepReport, Trainer, export, initialise};
use serde_json::json;

use super::lessons::Lessons;
use super::vocabulary::{END, learn};
use super::{STAGES, Stage, WEIGHTS_SEED};
use crate::failure::Failure;

/// Steps between checkpoints.
const SAVE_EVERY: u64 = 200;

/// The folder, in a run's folder, of the model that writes and has not learnt to revise.
const BEFORE: &str = "before";

/// The prompt as the lessons put it. The line breaks stand in an expression, because a template engine
/// takes one off the template's end.
const CHAT_TEMPLATE: &str = r"Task: {% if language %}{{ language }}: {% endif %}{{ messages[-1]['content'] | trim }}{{ '\n\n' }}";

/// What a run is told.
pub(crate) struct Run<'a> {
    /// Where checkpoints and models go.
    pub(crate) folder: &'a Path,
    /// Take only so many steps of the first stage, to see whether a machine remakes the curve's start.
    pub(crate) start_only: Option<u64>,
    /// Called after each step; true stops the run with a checkpoint.
    pub(crate) watch: &'a mut dyn FnMut(&Stage, &StepReport) -> bool,
}

/// The run was interrupted; the same command goes on from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// A tokenizer in its three forms.
struct Words {
    json: Vec<u8>,
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    end: u32,
}

/// Does every stage, and leaves the finished model in the run's folder and the one before revision in
/// `before/` below it, each in Hugging Face's layout with `f16` weights, with `curve.svg` and
/// `curve.jsonl` (each stage's first fifty losses, then every twenty-fifth).
pub(crate) fn make(mut run: Run<'_>) -> Result<Result<(), Stopped>, Failure> {
    let mut words = first_words(run.folder)?;
    let mut config = super::config(words.vocabulary.len(), words.end)
        .map_err(|error| Failure::new("the network's form makes no sense").because(&error))?;
    let mut map = initialise(&config, WEIGHTS_SEED).map_err(training)?;
    let mut histories: Vec<(&str, Vec<StepReport>)> = Vec::new();
    for stage in &STAGES {
        if stage.revises
            && words
                .vocabulary
                .action_id(palinode_revise::Action::Trigger)
                .is_none()
        {
            write_model(&run.folder.join(BEFORE), &config, &map, stage, &words)?;
            let (new_words, new_config, new_map) = learn_markers(&words, &config, &map)?;
            (words, config, map) = (new_words, new_config, new_map);
        }
        match one_stage(stage, &config, &map, &words, &mut run)? {
            (history, true) => histories.push((stage.name, history)),
            (_, false) => return Ok(Err(Stopped)),
        }
        if run.start_only.is_some() {
            write_curve(run.folder, &histories)?;
            return Ok(Ok(()));
        }
    }
    if let Some(last) = STAGES.last() {
        write_model(run.folder, &config, &map, last, &words)?;
    }
    write_curve(run.folder, &histories)?;
    Ok(Ok(()))
}

/// Trains one stage from its checkpoint, if there is one: its history, and whether it is done.
fn one_stage(
    stage: &Stage,
    config: &Config,
    map: &VarMap,
    words: &Words,
    run: &mut Run<'_>,
) -> Result<(Vec<StepReport>, bool), Failure> {
    let folder = run.folder.join(stage.name);
    let lessons = Lessons::new(*stage, &words.tokenizer, &words.vocabulary, words.end);
    let mut trainer = Trainer::new(config, map, OBJECTIVES[0], stage.recipe()).map_err(training)?;
    let data = format!("curriculum {} from {}", stage.seed, stage.first_task);
    trainer.resume(&folder, &data).map_err(training)?;
    let steps = stage.steps.min(run.start_only.unwrap_or(u64::MAX));
    while trainer.steps_taken() < steps {
        let examples = lessons.of_step(trainer.steps_taken())?;
        let batch: Vec<_> = examples.iter().collect();
        let report = trainer.step(&batch).map_err(training)?;
        let stop = (run.watch)(stage, &report);
        if stop || report.step.is_multiple_of(SAVE_EVERY) || report.step == steps {
            trainer.save(&folder, &data).map_err(training)?;
        }
        if stop && report.step < steps {
            return Ok((Vec::new(), false));
        }
    }
    Ok((trainer.history().to_vec(), true))
}

/// The tokenizer of the first stages, learnt once a run.
fn first_words(folder: &Path) -> Result<Words, Failure> {
    fs::create_dir_all(folder).map_err(|error| writing(folder, &error))?;
    let file = folder.join("words.json");
    if !file.exists() {
        let learnt = learn().and_then(|tokenizer| tokenizer.to_string(false));
        let json =
            learnt.map_err(|error| Failure::new(format!("cannot learn a vocabulary: {error}")))?;
        write(&file, json.as_bytes())?;
    }
    let json = fs::read(&file).map_err(|error| {
        Failure::new(format!("cannot read `{}`", file.display())).because(&error)
    })?;
    words(json, &file, None)
}

fn words(json: Vec<u8>, file: &Path, actions: Option<[u32; 5]>) -> Result<Words, Failure> {
    let bad = |error: &dyn std::error::Error| {
        Failure::new(format!("cannot use `{}`", file.display())).because(error)
    };
    let tokenizer = Tokenizer::from_bytes(&json, file).map_err(|error| bad(&error))?;
    let end = tokenizer
        .id_of(END)
        .ok_or_else(|| Failure::new(format!("`{}` has no {END}", file.display())))?;
    let vocabulary = Vocabulary::new(tokenizer.token_bytes(), actions, vec![end])
        .map_err(|error| bad(&error))?;
    Ok(Words {
        json,
        tokenizer,
        vocabulary,
        end,
    })
}

/// The five action tokens, by semantic initialisation.
fn learn_markers(
    old: &Words,
    config: &Config,
    map: &VarMap,
) -> Result<(Words, Config, VarMap), Failure> {
    let file = Path::new("tokenizer.json");
    let (json, actions) = add_to_tokenizer(&old.json, file).map_err(training)?;
    let (config, map) = add_action_variables(config, map, &actions).map_err(training)?;
    Ok((words(json, file, Some(actions.ids))?, config, map))
}

fn write_model(
    folder: &Path,
    config: &Config,
    map: &VarMap,
    stage: &Stage,
    words: &Words,
) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| writing(folder, &error))?;
    let trainer = Trainer::new(config, map, OBJECTIVES[0], stage.recipe()).map_err(training)?;
    export(config, trainer.parameters(), DType::F16, folder).map_err(training)?;
    write(&folder.join("tokenizer.json"), &words.json)?;
    let markers: Vec<&str> = palinode_revise::Action::ALL
        .into_iter()
        .filter(|action| words.vocabulary.action_id(*action).is_some())
        .map(palinode_revise::Action::marker)
        .collect();
    let tokenizer_config = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "model_max_length": 1024,
        "clean_up_tokenization_spaces": false,
        "additional_special_tokens": markers,
        "chat_template": CHAT_TEMPLATE,
    });
    write_json(&folder.join("tokenizer_config.json"), &tokenizer_config)?;
    let generation = json!({
        "eos_token_id": words.end,
        "do_sample": true,
        "temperature": 0.8,
        "top_p": 0.95,
    });
    write_json(&folder.join("generation_config.json"), &generation)
}

fn write_curve(folder: &Path, histories: &[(&str, Vec<StepReport>)]) -> Result<(), Failure> {
    let stages: Vec<curve::Stage<'_>> = histories
        .iter()
        .map(|(name, history)| curve::Stage { name, history })
        .collect();
    let svg = curve::svg("nano: loss in training", &stages);
    write(&folder.join("curve.svg"), svg.as_bytes())?;
    let mut lines = String::new();
    for (name, history) in histories {
        let told = |step: u64| step <= 50 || step.is_multiple_of(25);
        for report in history.iter().filter(|report| told(report.step)) {
            let line =
                json!({ "schema": 1, "stage": name, "step": report.step, "loss": report.loss });
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
    }
    write(&folder.join("curve.jsonl"), lines.as_bytes())
}

fn write_json(file: &Path, value: &serde_json::Value) -> Result<(), Failure> {
    write(file, format!("{value:#}\n").as_bytes())
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|error| writing(file, &error))
}

fn writing(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`", file.display())).because(error)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "called by `map_err`, which gives the error away"
)]
fn training(error: palinode_train::Error) -> Failure {
    Failure::new("training failed").because(&error)
}
