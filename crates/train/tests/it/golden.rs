//! Do loss, gradients and three steps of AdamW equal PyTorch's on the tiny checkpoints?

use candle_core::{DType, Device};
use palinode_train::forward::Kernels;
use palinode_train::optimizer::global_norm;
use palinode_train::{Example, Recipe, Trainer, load_variables};
use serde_json::Value;

use crate::support::{difference, golden, golden_config, sft, values};

/// The reference's numbers and a recipe that does what the reference did: a constant rate, no clipping,
/// everything decays.
fn reference(variant: &str) -> (Value, Vec<Example>, Recipe) {
    let file = golden(variant).join("golden.json");
    let golden: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let training = golden["training"].clone();
    let example = |example: &Value| Example {
        ids: serde_json::from_value(example["ids"].clone()).unwrap(),
        weights: serde_json::from_value(example["weights"].clone()).unwrap(),
    };
    let batch = training["batch"]
        .as_array()
        .unwrap()
        .iter()
        .map(example)
        .collect();
    let number = |value: &Value| value.as_f64().unwrap();
    let adamw = &training["adamw"];
    let recipe = Recipe {
        // So long a cosine does not fall within three steps.
        steps: 1 << 40,
        warmup: 0.0,
        clip: 1e12,
        decay_all: true,
        learning_rate: number(&adamw["learning_rate"]),
        weight_decay: number(&adamw["weight_decay"]),
        beta1: number(&adamw["betas"][0]),
        beta2: number(&adamw["betas"][1]),
        epsilon: number(&adamw["epsilon"]),
        ..Recipe::paper(1)
    };
    (training, batch, recipe)
}

#[test]
fn loss_gradients_and_steps_equal_those_of_pytorch() {
    for (variant, kernels) in [
        ("tied", Kernels::Fused),
        ("untied", Kernels::Fused),
        ("tied", Kernels::Plain),
    ] {
        let (training, examples, recipe) = reference(variant);
        let batch: Vec<&Example> = examples.iter().collect();
        let config = golden_config(variant);
        let map = load_variables(&config, &golden(variant), DType::F32, &Device::Cpu).unwrap();
        let mut trainer = Trainer::with_kernels(&config, &map, sft(), recipe, kernels).unwrap();

        let (_, gradients) = trainer.gradients(&batch).unwrap();
        let norm = global_norm(&gradients).unwrap();
        let expected = training["gradient_norm"].as_f64().unwrap();
        assert!(
            (norm - expected).abs() < 1e-5 * expected,
            "{norm} {expected}"
        );
        let file = golden(variant).join("gradients.safetensors");
        let theirs = candle_core::safetensors::load(file, &Device::Cpu).unwrap();
        assert_eq!(theirs.len(), gradients.len());
        for (gradient, parameter) in gradients.iter().zip(trainer.parameters()) {
            let name = &parameter.name;
            let off = difference(&values(gradient), &values(&theirs[name]));
            assert!(off < 2e-5, "{variant} {name}: {off}");
        }

        // The loss before each of three updates, and after the last: the updates are the reference's.
        for expected in training["losses"].as_array().unwrap() {
            let loss = trainer.step(&batch).unwrap().loss;
            let expected = expected.as_f64().unwrap();
            assert!(
                (loss - expected).abs() < 2e-5 * expected,
                "{variant}: {loss} {expected}"
            );
        }
    }
}
