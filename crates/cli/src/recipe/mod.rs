//! How was the bundled model made?
//!
//! Every number is in [`STAGES`]; [`vocabulary`] says with which tokens it reads and writes, [`lessons`]
//! what it learns from, [`run`] how a run goes. `palinode train nano` does it all; the weights in
//! `models/nano` came from it.

mod lessons;
mod run;
mod vocabulary;

pub(crate) use run::{Run, Stopped, make};

use std::path::Path;

use palinode_model::Config;
use palinode_train::Recipe;
use serde_json::json;

/// One stage: what is learnt, for how long, and how fast.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage {
    /// Its name, and that of its folder.
    pub(crate) name: &'static str,
    /// Whether it learns to revise; else it learns to write.
    pub(crate) revises: bool,
    /// Seed of its curriculum.
    pub(crate) seed: u64,
    /// Sequences a step learns from.
    pub(crate) batch: usize,
    /// How many of them are drills in copying names.
    pub(crate) drills: usize,
    /// The first task of that curriculum that it learns from. No task is learnt from twice.
    pub(crate) first_task: u64,
    /// Steps taken.
    pub(crate) steps: u64,
    /// Steps over which the learning rate would fall to nothing: more than `steps` where a stage ends
    /// early.
    pub(crate) schedule: u64,
    /// The highest learning rate.
    pub(crate) learning_rate: f64,
    /// Share of `schedule` over which it rises.
    pub(crate) warmup: f64,
}

/// The stages, in order. Left to tasks alone the network learns everything but to copy names for a thousand
/// steps and more, and then copies them by their part in the task rather than by their words. So it first
/// learns nothing but looking up, in lists of names, where a few hundred steps do (at twice this learning
/// rate they do not); and a few such drills stay in every batch in which it learns to write.
pub(crate) const STAGES: [Stage; 3] = [
    Stage {
        name: "copy",
        revises: false,
        seed: 50,
        batch: 20,
        drills: 20,
        first_task: 0,
        steps: 400,
        schedule: 2000,
        learning_rate: 1e-3,
        warmup: 0.05,
    },
    Stage {
        name: "write",
        revises: false,
        seed: 100,
        batch: 12,
        drills: 2,
        first_task: 0,
        steps: 5400,
        schedule: 5400,
        learning_rate: 1e-3,
        warmup: 0.02,
    },
    Stage {
        name: "revise",
        revises: true,
        seed: 200,
        batch: 12,
        drills: 0,
        first_task: 0,
        steps: 1800,
        schedule: 1800,
        learning_rate: 8e-4,
        warmup: 0.05,
    },
];

/// Tokens of the vocabulary before the five action tokens are added.
const VOCABULARY: usize = 2560;

/// Share of risky programs that `write` shows flawed, as real models write them.
const FLAWED: f64 = 0.35;

/// Share of risky tasks in training.
const RISKY: f64 = 0.7;

/// Share of risky tasks that the last stage shows as a draft that is taken back. The others, and benign
/// tasks, are replay: written as `write` shows them.
const TRAJECTORIES: f64 = 0.55;

/// Most tokens between a scope's end and its trigger (the paper's k, which it does not give). A trigger
/// stands at a line's end: where one came mid-line, the model often lost its place behind the patch.
const LATENCY: usize = 24;

/// Share of triggers that come right after the scope, where a later line's end is near enough too.
const PROMPT_TRIGGERS: f64 = 0.7;

/// Share of prompts into which words are strewn that mean nothing, so that a word never seen does not
/// throw the model off.
const STREWN: f64 = 0.3;

/// Seed of the new weights.
const WEIGHTS_SEED: u64 = 1;

impl Stage {
    /// The numbers its trainer takes: the paper's recipe (arXiv 2602.01187, appendix E) at a learning rate
    /// for a small network that starts from nothing.
    pub(crate) fn recipe(&self) -> Recipe {
        Recipe {
            batch: self.batch,
            learning_rate: self.learning_rate,
            warmup: self.warmup,
            beta2: 0.99,
            max_length: 1024,
            ..Recipe::paper(self.schedule)
        }
    }
}

/// The network: Qwen2's form, 2.7 million parameters.
pub(crate) fn config(vocabulary: usize, end: u32) -> Result<Config, palinode_model::Error> {
    let json = json!({
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "vocab_size": vocabulary,
        "hidden_size": 192,
        "intermediate_size": 512,
        "num_hidden_layers": 5,
        "num_attention_heads": 6,
        "num_key_value_heads": 6,
        "max_position_embeddings": 1024,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": true,
        "hidden_act": "silu",
        "bos_token_id": end,
        "eos_token_id": end,
    });
    Config::parse(json.to_string().as_bytes(), Path::new("config.json"))
}
