//! Does every architecture, in each of its odd shapes, give the numbers of transformers?
//!
//! The checkpoints and their values are made by `xtask/golden/architectures.py`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use palinode_model::candle_core::{DType, Device, Tensor, safetensors};
use palinode_model::{
    Config, Kernels, Lane, LoadOptions, Network, Positions, Source, Want, Weights,
};
use serde::Deserialize;

use crate::golden::{KERNELS, assert_near, flat, largest};

#[derive(Deserialize)]
struct Golden {
    prompts: Vec<Prompt>,
}

#[derive(Deserialize)]
struct Prompt {
    ids: Vec<u32>,
    greedy: Vec<u32>,
}

/// Every checkpoint's folder.
fn folders() -> Vec<PathBuf> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/architectures");
    let entries = std::fs::read_dir(parent).unwrap();
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.is_dir());
    all.sort();
    assert!(all.len() >= 15, "{all:?}");
    all
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}

fn golden(folder: &Path) -> Golden {
    let text = std::fs::read_to_string(folder.join("golden.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn values(folder: &Path, file: &str) -> HashMap<String, Tensor> {
    safetensors::load(folder.join(file), &Device::Cpu).unwrap()
}

fn network(folder: &Path, kernels: Kernels, dtype: Option<DType>) -> Box<dyn Network> {
    let file = folder.join("config.json");
    let config = Config::parse(&std::fs::read(&file).unwrap(), &file).unwrap();
    let weights = Weights::open(&Source::Folder(folder.to_owned())).unwrap();
    let options = LoadOptions {
        kernels,
        dtype,
        ..LoadOptions::default()
    };
    options.network(config.form().clone(), &weights).unwrap()
}

/// The logits that are stored: those of the last positions.
fn assert_logits(found: &[Vec<f32>], expected: &Tensor, tolerance: f32, what: &str) {
    let rows = expected.dim(0).unwrap();
    let last = found[found.len() - rows..].concat();
    assert_near(&last, &flat(expected), tolerance, what);
}

#[test]
fn logits_and_hidden_states_are_those_of_transformers() {
    for folder in folders() {
        let expected = values(&folder, "golden.safetensors");
        for kernels in KERNELS {
            let network = network(&folder, kernels, None);
            let layers: Vec<usize> = (0..=network.shape().layers).collect();
            for (number, prompt) in golden(&folder).prompts.iter().enumerate() {
                let what = format!("{} {kernels:?}, prompt {number}", name(&folder));
                let want = Want {
                    logits: Positions::All,
                    hidden: &layers,
                };
                let mut cache = network.new_cache();
                let lane = Lane {
                    ids: &prompt.ids,
                    cache: &mut cache,
                };
                let answer = network.forward(&mut [lane], want).unwrap().remove(0);
                let logits = &expected[&format!("logits.{number}")];
                assert_logits(&answer.logits, logits, 1e-4, &what);
                let states = &expected[&format!("hidden.{number}")];
                for (layer, hidden) in answer.hidden.iter().enumerate() {
                    let state = flat(&states.get(layer).unwrap());
                    let what = format!("{what}, layer {layer}");
                    assert_near(&hidden.values, &state, 1e-4, &what);
                }
            }
        }
    }
}

#[test]
fn greedy_continuations_are_those_of_transformers() {
    for folder in folders() {
        for kernels in KERNELS {
            let network = network(&folder, kernels, None);
            for (number, prompt) in golden(&folder).prompts.iter().enumerate() {
                let mut cache = network.new_cache();
                let mut new = prompt.ids.clone();
                let mut found = Vec::new();
                while found.len() < prompt.greedy.len() {
                    let id = largest(&network.logits(&new, &mut cache).unwrap());
                    found.push(id);
                    new = vec![id];
                }
                let what = format!("{} {kernels:?}, prompt {number}", name(&folder));
                assert_eq!(found, prompt.greedy, "{what}");
            }
        }
    }
}

/// The reference's own rounding in bfloat16 moves its logits by up to 3.3 hundredths of the largest (it was
/// compared with itself in f32 on the same weights), so no other arithmetic can be nearer than that.
#[test]
fn arithmetic_in_bfloat16_is_that_of_transformers_within_its_rounding() {
    let mut compared = 0;
    for folder in folders() {
        if !folder.join("golden-bf16.safetensors").exists() {
            continue;
        }
        let expected = values(&folder, "golden-bf16.safetensors");
        let network = network(&folder, Kernels::Automatic, Some(DType::BF16));
        for (number, prompt) in golden(&folder).prompts.iter().enumerate() {
            let found = network
                .all_logits(&prompt.ids, &mut network.new_cache())
                .unwrap();
            let logits = &expected[&format!("logits_bf16.{number}")];
            let what = format!("{} in bf16, prompt {number}", name(&folder));
            assert_logits(&found, logits, 5e-2, &what);
            compared += 1;
        }
    }
    assert!(compared >= 9);
}

/// Lanes of different lengths, at different places of their texts, get the numbers they get alone: the same
/// bits on slices.
#[test]
fn lanes_of_a_batch_get_the_numbers_they_get_alone() {
    for folder in folders() {
        for kernels in KERNELS {
            let network = network(&folder, kernels, None);
            let prompts = golden(&folder).prompts;
            let text = &prompts.last().unwrap().ids;
            // What each lane has seen, and what is new to it.
            let lanes = [(0, 1), (0, 70), (5, 6), (40, 41), (0, 9), (63, 66), (7, 88)];
            let mut alone = Vec::new();
            let mut caches = Vec::new();
            for (past, end) in lanes {
                let mut cache = network.new_cache();
                if past > 0 {
                    network.logits(&text[..past], &mut cache).unwrap();
                }
                caches.push(cache.clone());
                alone.push(network.logits(&text[past..end], &mut cache).unwrap());
            }
            let mut together: Vec<Lane<'_>> = lanes
                .iter()
                .zip(&mut caches)
                .map(|(&(past, end), cache)| Lane {
                    ids: &text[past..end],
                    cache,
                })
                .collect();
            let found = network.forward(&mut together, Want::default()).unwrap();
            for (lane, (found, alone)) in found.iter().zip(&alone).enumerate() {
                let what = format!("{} {kernels:?}, lane {lane}", name(&folder));
                match kernels {
                    Kernels::Slices | Kernels::Panels => {
                        assert_eq!(&found.logits[0], alone, "{what}")
                    }
                    _ => assert_near(&found.logits[0], alone, 1e-5, &what),
                }
            }
            for ((_, end), cache) in lanes.iter().zip(&caches) {
                assert_eq!(cache.len(), *end);
            }
        }
    }
}

#[test]
fn a_cache_cut_back_and_extended_equals_a_fresh_run() {
    for folder in folders() {
        for kernels in KERNELS {
            let network = network(&folder, kernels, None);
            let text = golden(&folder).prompts.pop().unwrap().ids;
            for kept in [1, 7, 8, 9, 63, 64, 65] {
                let mut cache = network.new_cache();
                network.logits(&text[..80], &mut cache).unwrap();
                cache.truncate(kept);
                let new = &text[10..19];
                let found = network.logits(new, &mut cache).unwrap();
                let whole = [&text[..kept], new].concat();
                let fresh = network.logits(&whole, &mut network.new_cache()).unwrap();
                let what = format!("{} {kernels:?}, cut back to {kept}", name(&folder));
                match kernels {
                    Kernels::Slices | Kernels::Panels => assert_eq!(found, fresh, "{what}"),
                    _ => assert_near(&found, &fresh, 1e-5, &what),
                }
            }
        }
    }
}

/// Training's forward is another piece of code than inference's.
#[test]
fn training_sees_the_same_network() {
    use palinode_model::candle_nn::VarMap;
    use palinode_model::tensors::Decoder;

    for folder in folders() {
        let file = folder.join("config.json");
        let config = Config::parse(&std::fs::read(&file).unwrap(), &file).unwrap();
        let weights = Weights::open(&Source::Folder(folder.clone())).unwrap();
        let mut map = VarMap::new();
        let builder =
            palinode_model::candle_nn::VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
        let network = Decoder::new(config.form(), &builder).unwrap();
        for (name, _) in config.tensors() {
            let tensor = weights.tensor(&name, DType::F32, &Device::Cpu).unwrap();
            map.set_one(&name, tensor).unwrap();
        }
        let expected = values(&folder, "golden.safetensors");
        let mut losses = Vec::new();
        for (number, prompt) in golden(&folder).prompts.iter().enumerate() {
            let ids = Tensor::new(&prompt.ids[..], &Device::Cpu).unwrap();
            let hidden = network.train_hidden(&ids.unsqueeze(0).unwrap()).unwrap();
            let logits = network.head(&hidden).unwrap().squeeze(0).unwrap();
            losses.push(logits.sqr().unwrap().mean_all().unwrap());
            let found = logits.to_vec2().unwrap();
            let logits = &expected[&format!("logits.{number}")];
            assert_logits(&found, logits, 1e-4, &name(&folder));
        }
        let loss = Tensor::stack(&losses, 0).unwrap().sum_all().unwrap();
        let gradients = loss.backward().unwrap();
        let data = map.data().lock().unwrap();
        for (tensor, _) in config.tensors() {
            let gradient = gradients.get(data[&tensor].as_tensor());
            let gradient = gradient.unwrap_or_else(|| panic!("{}: {tensor}", name(&folder)));
            let most = gradient.abs().unwrap().max_all().unwrap();
            // A bias of keys shifts every score alike, and softmax does not see it, but for its turning.
            assert!(
                most.to_scalar::<f32>().unwrap() > 0.0,
                "{}: {tensor}",
                name(&folder)
            );
        }
    }
}
