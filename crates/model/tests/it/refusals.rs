//! Is every wrong file refused, by name, with advice, and without a panic?

use std::path::Path;

use palinode_model::{Error, Kernels, Source, load};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::golden::{copy, folder, options};

fn open(folder: &Path) -> Result<(), Error> {
    let source = Source::Folder(folder.to_owned());
    load(&source, &options(Kernels::Automatic)).map(|_| ())
}

/// Loads the tiny checkpoint after a change to one JSON file.
fn with_json(variant: &str, file: &str, change: impl FnOnce(&mut Value)) -> Result<(), Error> {
    let folder = copy(variant);
    let path = folder.path().join(file);
    let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut json);
    std::fs::write(&path, json.to_string()).unwrap();
    open(folder.path())
}

fn with_config(field: &str, value: Value) -> Error {
    let changed = with_json("tied", "config.json", |config| config[field] = value);
    let error = changed.unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    error
}

#[test]
fn missing_files_are_named() {
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let folder = copy("tied");
        std::fs::remove_file(folder.path().join(file)).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(
            matches!(&error, Error::Missing { file: f } if f.ends_with(file)),
            "{error}"
        );
        assert!(error.to_string().contains(file));
        assert!(error.hint().is_some());
    }
    let folder = copy("untied");
    std::fs::remove_file(folder.path().join("model-00002-of-00002.safetensors")).unwrap();
    assert!(
        open(folder.path())
            .unwrap_err()
            .to_string()
            .contains("model-00002-of-00002")
    );
    assert!(matches!(
        open(Path::new("/no/such/model")),
        Err(Error::Missing { .. })
    ));
}

#[test]
fn a_folder_in_place_of_a_file_is_refused() {
    let folder = copy("tied");
    let file = folder.path().join("model.safetensors");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(matches!(open(folder.path()), Err(Error::Unreadable { .. })));
}

#[test]
fn truncated_and_damaged_weights_are_refused() {
    let whole = std::fs::read(folder("tied").join("model.safetensors")).unwrap();
    let folder = copy("tied");
    let file = folder.path().join("model.safetensors");
    for length in [0, 7, 8, 100, 2000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(
            matches!(&error, Error::BadWeights { file: f, .. } if *f == file),
            "{error}"
        );
        assert!(error.hint().is_some());
    }
    // A header that claims to be longer than the file, and one longer than memory.
    for length in [whole.len() as u64, u64::MAX, u64::MAX - 7, 1 << 40] {
        let mut bytes = whole.clone();
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        std::fs::write(&file, &bytes).unwrap();
        assert!(matches!(open(folder.path()), Err(Error::BadWeights { .. })));
    }
    std::fs::write(&file, [whole, vec![0]].concat()).unwrap();
    assert!(matches!(open(folder.path()), Err(Error::BadWeights { .. })));
}

#[test]
fn wrong_shapes_name_the_tensor_and_both_shapes() {
    let error = with_config("intermediate_size", json!(50));
    let Error::TensorShape {
        tensor,
        expected,
        found,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(tensor, "model.layers.0.mlp.gate_proj.weight");
    assert_eq!((&expected[..], &found[..]), (&[50, 32][..], &[48, 32][..]));
    let text = error.to_string();
    assert!(text.contains("[50, 32]") && text.contains("[48, 32]") && text.contains("gate_proj"));

    let more_layers = with_json("tied", "config.json", |config| {
        config["num_hidden_layers"] = json!(4);
        config["layer_types"] = Value::Null;
    });
    assert!(
        matches!(&more_layers, Err(Error::MissingTensor { tensor, .. }) if tensor.contains("layers.3."))
    );
    let head = with_config("tie_word_embeddings", json!(false));
    assert!(matches!(&head, Error::MissingTensor { tensor, .. } if tensor == "lm_head.weight"));
}

#[test]
fn numbers_of_an_unread_kind_are_named() {
    use palinode_model::candle_core::{DType, safetensors};
    let folder = copy("tied");
    let mut weights = crate::golden::tensors("tied", "model.safetensors");
    let name = "model.norm.weight";
    let wide = weights[name].to_dtype(DType::F64).unwrap();
    weights.insert(name.to_owned(), wide);
    safetensors::save(&weights, folder.path().join("model.safetensors")).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(
        matches!(&error, Error::TensorType { tensor, found, .. } if tensor == name && found == "F64")
    );
}

#[test]
fn nonsense_configurations_are_refused_by_field() {
    for (field, value) in [
        ("num_attention_heads", json!(0)),
        ("num_attention_heads", json!(5)),
        ("num_key_value_heads", json!(0)),
        ("num_key_value_heads", json!(3)),
        ("hidden_size", json!(0)),
        ("hidden_size", json!(1u64 << 40)),
        ("vocab_size", json!(u64::MAX)),
        ("intermediate_size", json!(0)),
        ("num_hidden_layers", json!(0)),
        ("num_hidden_layers", json!(1u64 << 60)),
        ("max_position_embeddings", json!(0)),
        ("max_position_embeddings", json!(u64::MAX)),
        ("head_dim", json!(7)),
        ("rms_norm_eps", json!(0.0)),
        ("rms_norm_eps", json!(-1e-6)),
        ("hidden_act", json!("gelu")),
        ("rope_scaling", json!({"type": "longrope", "factor": 4.0})),
        ("rope_scaling", json!({"type": "yarn", "factor": 0.0})),
        ("rope_scaling", json!({"type": "linear"})),
        (
            "rope_parameters",
            json!({"rope_type": "llama3", "rope_theta": 10000.0}),
        ),
    ] {
        let error = with_config(field, value.clone());
        assert!(
            matches!(&error, Error::Config { field: f, .. } if *f == field),
            "{field} = {value}: {error}"
        );
        assert!(error.to_string().contains("config.json"), "{error}");
    }
    let theta = with_config("rope_parameters", json!({"rope_theta": 0.0}));
    assert!(
        matches!(
            theta,
            Error::Config {
                field: "rope_theta",
                ..
            }
        ),
        "{theta}"
    );
    for (field, value) in [
        ("hidden_size", json!("32")),
        ("vocab_size", json!(-1)),
        ("num_hidden_layers", json!(2.5)),
        ("hidden_size", Value::Null),
    ] {
        let error = with_config(field, value);
        assert!(matches!(error, Error::Json { .. }), "{error}");
    }
}

#[test]
fn unknown_architectures_say_what_is_known() {
    let error = with_config("architectures", json!(["GPT5ForCausalLM"]));
    let Error::UnknownArchitecture { found, known, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(found, "GPT5ForCausalLM");
    assert!(known.contains(&"Qwen2ForCausalLM"));
    assert!(error.to_string().contains("Qwen2ForCausalLM"));
    // Another head on the same body computes something else.
    let error = with_config("architectures", json!(["Qwen2ForSequenceClassification"]));
    assert!(matches!(error, Error::UnknownArchitecture { .. }));
    let by_type = with_json("tied", "config.json", |config| {
        config["architectures"] = json!([])
    });
    assert!(by_type.is_ok(), "{by_type:?}");
    let none = with_json("tied", "config.json", |config| *config = json!({}));
    assert!(matches!(none, Err(Error::UnknownArchitecture { .. })));
}

#[test]
fn an_index_may_not_point_elsewhere_or_at_what_is_not_there() {
    let index = "model.safetensors.index.json";
    for name in ["../secret", "/etc/passwd", "a/b", "..", ""] {
        let changed = with_json("untied", index, |index| {
            index["weight_map"]["model.norm.weight"] = json!(name);
        });
        let error = changed.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Config {
                    field: "weight_map",
                    ..
                }
            ),
            "{name}: {error}"
        );
    }
    let absent = with_json("untied", index, |index| {
        index["weight_map"]["extra"] = json!("model-00001-of-00002.safetensors");
    });
    assert!(matches!(absent, Err(Error::MissingTensor { tensor, .. }) if tensor == "extra"));
    let gone = with_json("untied", index, |index| {
        index["weight_map"]
            .as_object_mut()
            .unwrap()
            .remove("model.norm.weight");
    });
    assert!(matches!(gone, Err(Error::MissingTensor { file, .. }) if file.ends_with(index)));
}

#[test]
fn ends_and_defaults_must_make_sense() {
    let generation = "generation_config.json";
    for (field, value) in [
        ("eos_token_id", json!([1, 304])),
        ("temperature", json!(-1.0)),
        ("top_p", json!(0.0)),
        ("top_p", json!(1.5)),
    ] {
        let error = with_json("tied", generation, |file| file[field] = value).unwrap_err();
        assert!(
            matches!(&error, Error::Config { field: f, .. } if *f == field),
            "{error}"
        );
    }
    let words = with_json("tied", generation, |file| {
        file["eos_token_id"] = json!("end")
    });
    assert!(matches!(words, Err(Error::Json { .. })));
}

#[test]
fn a_tokenizer_larger_than_the_vocabulary_is_refused() {
    let folder = copy("tied");
    let path = folder.path().join("tokenizer.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut tokenizer: Value = serde_json::from_str(&text).unwrap();
    let added = tokenizer["added_tokens"].as_array_mut().unwrap();
    for id in 300..306 {
        let mut token = added[0].clone();
        token["id"] = json!(id);
        token["content"] = json!(format!("<|one too many {id}|>"));
        added.push(token);
    }
    std::fs::write(&path, tokenizer.to_string()).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::TokenizerTooLarge {
                tokens: 306,
                vocabulary: 304,
                ..
            }
        ),
        "{error}"
    );
}

/// Cut anywhere, every file is refused by name; so is one whose beginning alone is a whole text of another kind.
#[test]
fn files_that_were_cut_are_refused_by_name() {
    let index = "model.safetensors.index.json";
    for (variant, name) in [
        ("tied", "config.json"),
        ("tied", "generation_config.json"),
        ("tied", "tokenizer_config.json"),
        ("tied", "tokenizer.json"),
        ("tied", "model.safetensors"),
        ("untied", index),
        ("untied", "model-00002-of-00002.safetensors"),
    ] {
        let folder = copy(variant);
        let path = folder.path().join(name);
        let whole = std::fs::read(&path).unwrap();
        // A line break at the end of a text is no loss.
        let length = whole.trim_ascii_end().len();
        let mut cuts: Vec<usize> = (0..length.min(60)).collect();
        cuts.extend((60..length).step_by(1 + length / 50));
        cuts.push(length - 1);
        for cut in cuts {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let error = open(folder.path()).expect_err(&format!("{name}, {cut} bytes"));
            assert!(error.to_string().contains(name), "{cut}: {error}");
            assert!(error.hint().is_some());
        }
    }
}

#[test]
fn weights_stored_by_a_method_of_their_own_are_refused_with_a_way_out() {
    for (value, method) in [
        (json!({"quant_method": "gptq", "bits": 4}), "gptq"),
        (json!({"quant_method": "awq"}), "awq"),
        (json!({"quant_method": "fp8"}), "fp8"),
        (json!({"load_in_4bit": true}), "bitsandbytes"),
    ] {
        let error = with_config("quantization_config", value);
        let text = error.to_string();
        assert!(
            text.contains(method) && text.contains("`quantization_config`"),
            "{text}"
        );
        assert!(error.hint().unwrap().contains("GGUF"));
    }
    let null = with_json("tied", "config.json", |config| {
        config["quantization_config"] = Value::Null
    });
    assert!(null.is_ok(), "{null:?}");
}

#[test]
fn kinds_of_layers_that_are_not_known_are_refused() {
    let names = |last: &str| json!(["full_attention", "full_attention", last]);
    for (value, word) in [
        (names("linear_attention"), "linear_attention"),
        (json!(["full_attention"]), "1 layers of 3"),
    ] {
        let error = with_config("layer_types", value);
        assert!(
            matches!(
                error,
                Error::Config {
                    field: "layer_types",
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains(word), "{error}");
    }
    let known = with_json("tied", "config.json", |config| {
        config["layer_types"] = names("full_attention")
    });
    assert!(known.is_ok(), "{known:?}");
}

#[test]
fn well_known_networks_that_do_not_fit_are_refused_with_the_reason() {
    let error = with_config("architectures", json!(["DeepseekV2ForCausalLM"]));
    let text = error.to_string();
    assert!(
        text.contains("`DeepseekV2ForCausalLM` is not supported"),
        "{text}"
    );
    assert!(
        text.contains("compressed") && text.contains("mixtures of experts"),
        "{text}"
    );
}

#[test]
fn kernels_that_do_not_exist_are_refused() {
    use palinode_model::{DType, LoadOptions, plan};
    let source = Source::Folder(folder("tied"));
    for kernels in [Kernels::Slices, Kernels::Panels] {
        let options = LoadOptions {
            kernels,
            dtype: Some(DType::BF16),
            ..LoadOptions::default()
        };
        for error in [
            load(&source, &options).unwrap_err(),
            plan(&source, &options).unwrap_err(),
        ] {
            assert!(
                matches!(&error, Error::NoSuchKernels { kernels: k, .. } if *k == kernels),
                "{error}"
            );
            assert!(
                error.to_string().contains("bf16") && error.hint().is_some(),
                "{error}"
            );
        }
        let wide = LoadOptions {
            dtype: Some(DType::F32),
            ..options
        };
        assert!(load(&source, &wide).is_ok());
    }
}

/// Numbers that lie at no multiple of their size are copied, in f32; that memory counts.
#[test]
fn what_lies_unevenly_is_counted_as_it_is_widened() {
    use palinode_model::{LoadOptions, plan};
    let folder = copy("tied");
    let file = folder.path().join("model.safetensors");
    let whole = std::fs::read(&file).unwrap();
    let length = u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let source = Source::Folder(folder.path().to_owned());
    let plan = || plan(&source, &LoadOptions::default()).unwrap();
    let even = plan();
    let logits = |what: &str| {
        let network = load(&source, &options(Kernels::Slices))
            .expect(what)
            .network;
        network
            .logits(&[1, 2, 3], &mut network.new_cache())
            .unwrap()
    };
    let expected = logits("even");
    // Blanks at the end of the header are allowed, so one more moves every tensor by a byte.
    let mut moved = (length as u64 + 1).to_le_bytes().to_vec();
    moved.extend(&whole[8..8 + length]);
    moved.push(b' ');
    moved.extend(&whole[8 + length..]);
    std::fs::write(&file, moved).unwrap();
    let uneven = plan();
    let numbers: u64 = uneven
        .weights
        .formats()
        .iter()
        .map(|(_, numbers, _)| numbers)
        .sum();
    assert_eq!(uneven.memory.weights, 4 * numbers);
    assert!(uneven.memory.weights >= even.memory.weights);
    assert_eq!(logits("uneven"), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    /// Whatever happens to some bytes of a file, loading gives a model or an error.
    #[test]
    fn damaged_files_never_panic(
        which in 0usize..4, places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let name = ["config.json", "tokenizer.json", "model.safetensors", "tokenizer_config.json"][which];
        let folder = copy("tied");
        let path = folder.path().join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        // Headers are where damage matters; a changed weight is only another weight.
        let reach = bytes.len().min(4000);
        for (place, byte) in places {
            bytes[place.index(reach)] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&path, &bytes).unwrap();
        if let Err(error) = open(folder.path()) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
