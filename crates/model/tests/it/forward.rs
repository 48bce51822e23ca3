//! Are the numbers those of transformers, in every way they can be computed?

use palinode_model::architectures::ARCHITECTURES;
use palinode_model::candle_core::{DType, Tensor, safetensors};
use palinode_model::{Kernels, Source, load, peek};

use crate::golden::{
    KERNELS, VARIANTS, assert_near, copy, flat, folder, largest, model, options, tensors, values,
};

#[test]
fn logits_and_hidden_states_are_those_of_transformers() {
    for variant in VARIANTS {
        let golden = values(variant);
        let expected = tensors(variant, "golden.safetensors");
        for kernels in KERNELS {
            let model = model(variant, kernels);
            let network = &model.network;
            let layers: Vec<usize> = (0..=network.shape().layers).collect();
            for (number, prompt) in golden.prompts.iter().enumerate() {
                let what = format!("{variant} {kernels:?}, prompt {number}");
                let all = network
                    .all_logits(&prompt.ids, &mut network.new_cache())
                    .unwrap();
                let logits = flat(&expected[&format!("logits.{number}")]);
                assert_near(&all.concat(), &logits, 1e-4, &what);

                let last = network
                    .logits(&prompt.ids, &mut network.new_cache())
                    .unwrap();
                assert_near(&last, all.last().unwrap(), 1e-5, &what);

                let states = &expected[&format!("hidden.{number}")];
                let mut cache = network.new_cache();
                let hidden = network.hidden(&prompt.ids, &mut cache, &layers).unwrap();
                assert_eq!(cache.len(), prompt.ids.len());
                for (layer, hidden) in hidden.iter().enumerate() {
                    assert_eq!(
                        (hidden.layer, hidden.positions()),
                        (layer, prompt.ids.len())
                    );
                    let state = flat(&states.get(layer).unwrap());
                    assert_near(
                        &hidden.values,
                        &state,
                        1e-4,
                        &format!("{what}, layer {layer}"),
                    );
                    let width = network.shape().hidden;
                    assert_eq!(hidden.at(1), Some(&hidden.values[width..2 * width]));
                    assert_eq!(hidden.at(prompt.ids.len()), None);
                }
                // In any order, and only those asked for.
                let some = network
                    .hidden(&prompt.ids, &mut network.new_cache(), &[2, 0])
                    .unwrap();
                assert_eq!(some, [hidden[2].clone(), hidden[0].clone()]);
            }
        }
    }
}

#[test]
fn greedy_continuations_are_those_of_transformers() {
    for variant in VARIANTS {
        for kernels in KERNELS {
            let model = model(variant, kernels);
            for prompt in values(variant).prompts {
                assert_eq!(model.tokenizer.encode(&prompt.text).unwrap(), prompt.ids);
                let mut cache = model.network.new_cache();
                let mut new = prompt.ids.clone();
                let mut found = Vec::new();
                while found.len() < prompt.greedy.len() {
                    let id = largest(&model.network.logits(&new, &mut cache).unwrap());
                    found.push(id);
                    new = vec![id];
                }
                assert_eq!(
                    found, prompt.greedy,
                    "{variant} {kernels:?} {:?}",
                    prompt.text
                );
            }
        }
    }
}

#[test]
fn checkpoints_in_half_precision_compute_as_their_rounded_numbers() {
    for (dtype, kernels) in [
        (DType::F16, Kernels::Tensors),
        (DType::F16, Kernels::Slices),
        (DType::BF16, Kernels::Tensors),
        (DType::BF16, Kernels::Slices),
    ] {
        let (short, rounded) = (copy("tied"), copy("tied"));
        let mut weights: Vec<(String, Tensor)> =
            tensors("tied", "model.safetensors").into_iter().collect();
        weights.sort_by(|a, b| a.0.cmp(&b.0));
        for (folder, back) in [(&short, false), (&rounded, true)] {
            let weights = weights.iter().map(|(name, tensor)| {
                let tensor = tensor.to_dtype(dtype).unwrap();
                let tensor = if back {
                    tensor.to_dtype(DType::F32).unwrap()
                } else {
                    tensor
                };
                (name.clone(), tensor)
            });
            let file = folder.path().join("model.safetensors");
            safetensors::save(&weights.collect(), file).unwrap();
        }
        let logits = |folder: &tempfile::TempDir| {
            let source = Source::Folder(folder.path().to_owned());
            let network = load(&source, &options(kernels)).unwrap().network;
            network
                .all_logits(&[1, 2, 3, 300], &mut network.new_cache())
                .unwrap()
                .concat()
        };
        let found = logits(&short);
        assert_eq!(found, logits(&rounded), "{dtype:?} {kernels:?}");
        // And that is near the unrounded network, not merely like itself.
        let exact = model("tied", kernels).network;
        let exact = exact
            .all_logits(&[1, 2, 3, 300], &mut exact.new_cache())
            .unwrap()
            .concat();
        assert_near(&found, &exact, 0.05, &format!("{dtype:?}"));
    }
}

#[test]
fn the_network_can_compute_in_half_precision() {
    let mut half = options(Kernels::Automatic);
    half.dtype = Some(DType::F16);
    let found = load(&Source::Folder(folder("tied")), &half)
        .unwrap()
        .network;
    let exact = model("tied", Kernels::Tensors).network;
    let found = found.logits(&[5, 6, 7], &mut found.new_cache()).unwrap();
    let exact = exact.logits(&[5, 6, 7], &mut exact.new_cache()).unwrap();
    assert_near(&found, &exact, 0.02, "f16");
    assert_ne!(found, exact);
}

#[test]
fn slices_are_taken_on_the_processor_unless_half_precision_is_asked_for() {
    assert!(options(Kernels::Automatic).slices());
    assert!(options(Kernels::Slices).slices());
    assert!(!options(Kernels::Tensors).slices());
    let mut asked = options(Kernels::Automatic);
    asked.dtype = Some(DType::F32);
    assert!(asked.slices());
    asked.dtype = Some(DType::F16);
    assert!(!asked.slices());
}

#[test]
fn a_shape_is_read_from_the_configuration_alone() {
    for variant in VARIANTS {
        let alone = tempfile::tempdir().unwrap();
        let config = folder(variant).join("config.json");
        std::fs::copy(config, alone.path().join("config.json")).unwrap();
        let shape = peek(&Source::Folder(alone.path().to_owned())).unwrap();
        let loaded = model(variant, Kernels::Tensors);
        assert_eq!(&shape, loaded.network.shape());
        let counted: usize = if variant == "tied" {
            let weights = tensors(variant, "model.safetensors");
            weights.values().map(Tensor::elem_count).sum()
        } else {
            // As the reference writes it into the index.
            23_624
        };
        assert_eq!(shape.parameters, counted as u64, "{variant}");
    }
}

#[test]
fn every_architecture_is_documented_and_named_once() {
    let mut names = Vec::new();
    for entry in ARCHITECTURES {
        assert!(entry.doc.len() > 40, "{} has no manual", entry.name);
        names.extend(entry.classes);
        names.push(&entry.name);
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_model_brings_its_ends_and_defaults() {
    let model = model("tied", Kernels::Automatic);
    let id = |name: &str| model.tokenizer.id_of(name).unwrap();
    assert_eq!(model.ends, [id("<|endoftext|>"), id("<|im_end|>")]);
    assert_eq!(model.generation.temperature, Some(0.7));
    assert_eq!(model.generation.top_k, Some(20));
    assert_eq!(model.generation.top_p, Some(0.8));
    assert_eq!(model.name, "tied");
    let bytes = model.token_bytes();
    assert_eq!(bytes.len(), model.network.shape().vocabulary);
    assert!(bytes.len() > model.tokenizer.len());
    assert_eq!(bytes.last(), Some(&Vec::new()));

    // Without a file of its own, the end stands in config.json.
    let folder = copy("tied");
    std::fs::remove_file(folder.path().join("generation_config.json")).unwrap();
    let source = Source::Folder(folder.path().to_owned());
    let bare = load(&source, &options(Kernels::Automatic)).unwrap();
    assert_eq!(bare.ends, [id("<|endoftext|>")]);
    assert_eq!(
        bare.generation,
        palinode_model::GenerationDefaults::default()
    );
}
