//! Which checkpoints and values of the reference do the tests share?
//!
//! `cargo xtask golden` remakes them with PyTorch and transformers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use palinode_model::candle_core::{Device, Tensor, safetensors};
use palinode_model::{Kernels, LoadOptions, LocalModel, Source, load};
use serde::Deserialize;

/// The two checkpoints.
pub(crate) const VARIANTS: [&str; 2] = ["tied", "untied"];
/// The ways to compute.
pub(crate) const KERNELS: [Kernels; 3] = [Kernels::Tensors, Kernels::Slices, Kernels::Panels];

#[derive(Deserialize)]
pub(crate) struct Golden {
    pub(crate) prompts: Vec<Prompt>,
    pub(crate) encodings: Vec<Encoding>,
    pub(crate) chats: Vec<Chat>,
    pub(crate) training: Training,
}

#[derive(Deserialize)]
pub(crate) struct Prompt {
    pub(crate) text: String,
    pub(crate) ids: Vec<u32>,
    pub(crate) greedy: Vec<u32>,
}

#[derive(Deserialize)]
pub(crate) struct Encoding {
    pub(crate) text: String,
    pub(crate) ids: Vec<u32>,
    pub(crate) decoded: String,
}

#[derive(Deserialize)]
pub(crate) struct Chat {
    pub(crate) content: String,
    pub(crate) language: Option<String>,
    pub(crate) rendered: String,
}

#[derive(Deserialize)]
pub(crate) struct Training {
    pub(crate) batch: Vec<Example>,
    pub(crate) losses: Vec<f64>,
}

#[derive(Deserialize)]
pub(crate) struct Example {
    pub(crate) ids: Vec<u32>,
    pub(crate) weights: Vec<f32>,
}

pub(crate) fn folder(variant: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/golden/qwen2")
        .join(variant)
}

pub(crate) fn values(variant: &str) -> Golden {
    let text = std::fs::read_to_string(folder(variant).join("golden.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn tensors(variant: &str, file: &str) -> HashMap<String, Tensor> {
    safetensors::load(folder(variant).join(file), &Device::Cpu).unwrap()
}

pub(crate) fn model(variant: &str, kernels: Kernels) -> LocalModel {
    load(&Source::Folder(folder(variant)), &options(kernels)).unwrap()
}

pub(crate) fn options(kernels: Kernels) -> LoadOptions {
    LoadOptions {
        kernels,
        ..LoadOptions::default()
    }
}

/// A copy of a checkpoint that a test may damage.
pub(crate) fn copy(variant: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder(variant)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

/// Asserts that two rows differ by at most `tolerance` of the largest number expected.
pub(crate) fn assert_near(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected
        .iter()
        .fold(0f32, |largest, x| largest.max(x.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance * largest,
            "{what}: number {place} is {found}, expected {expected} (largest {largest})"
        );
    }
}

pub(crate) fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The id of the largest logit, the lowest of equals.
pub(crate) fn largest(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (id, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = id;
        }
    }
    u32::try_from(best).unwrap()
}
