//! What the tests share: small networks, examples, the reference's folders.

use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarMap;
use palinode_model::Config;
use palinode_train::{Example, OBJECTIVES, Objective, Recipe, Trainer, initialise};

/// The folder of a tiny checkpoint with values that PyTorch computed on it.
pub(crate) fn golden(variant: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../model/tests/it/golden/qwen2")
        .join(variant)
}

pub(crate) fn golden_config(variant: &str) -> Config {
    let file = golden(variant).join("config.json");
    Config::parse(&std::fs::read(&file).unwrap(), &file).unwrap()
}

pub(crate) fn small_config(tied: bool) -> Config {
    let json = serde_json::json!({
        "model_type": "qwen2", "vocab_size": 61, "hidden_size": 40, "intermediate_size": 56, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 10,
        "max_position_embeddings": 64, "rope_theta": 10000.0, "tie_word_embeddings": tied,
    });
    Config::parse(json.to_string().as_bytes(), "config.json".as_ref()).unwrap()
}

pub(crate) fn sft() -> &'static Objective {
    OBJECTIVES[0]
}

/// Deterministic examples of different lengths, with and without weights.
pub(crate) fn examples(count: u32) -> Vec<Example> {
    let example = |i: u32| {
        let length = 5 + (i * 13) % 31;
        let ids = (0..length).map(|j| (i * 17 + j * j * 3 + j) % 61).collect();
        let weights = (0..length)
            .map(|j| [1.0, 0.0, 1.0, 0.5][((i + j) % 4) as usize])
            .collect();
        Example { ids, weights }
    };
    (0..count).map(example).collect()
}

pub(crate) fn recipe(steps: u64) -> Recipe {
    Recipe {
        batch: 4,
        learning_rate: 3e-3,
        warmup: 0.1,
        seed: 5,
        ..Recipe::paper(steps)
    }
}

pub(crate) fn trainer(map: &VarMap, config: &Config, recipe: Recipe) -> Trainer {
    Trainer::new(config, map, sft(), recipe).unwrap()
}

pub(crate) fn fresh(recipe: Recipe) -> Trainer {
    let config = small_config(true);
    trainer(&initialise(&config, 9).unwrap(), &config, recipe)
}

pub(crate) fn values(tensor: &Tensor) -> Vec<f32> {
    tensor
        .flatten_all()
        .unwrap()
        .to_dtype(DType::F32)
        .unwrap()
        .to_device(&Device::Cpu)
        .unwrap()
        .to_vec1()
        .unwrap()
}

pub(crate) fn weights(trainer: &Trainer) -> Vec<Vec<f32>> {
    trainer
        .parameters()
        .iter()
        .map(|parameter| values(parameter.var.as_tensor()))
        .collect()
}

/// The largest difference between two lists of numbers, as a share of the largest number.
pub(crate) fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs
        .iter()
        .fold(1e-12f32, |top, value| top.max(value.abs()));
    ours.iter()
        .zip(theirs)
        .fold(0f32, |worst, (a, b)| worst.max((a - b).abs()))
        / largest
}
