//! Does a model folder with action tokens hold the model it held, and five rows more?

use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use palinode_model::Config;
use palinode_revise::Action;
use palinode_train::{
    Error, add_action_tokens, add_action_variables, add_to_tokenizer, load_variables,
};
use serde_json::Value;

use crate::support::{difference, golden, values};

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// The reference checkpoint without the action tokens its tokenizer has, its weights in `dtype`, with an
/// embedding of `rows` rows. The tokenizer keeps 295 ids.
#[expect(
    clippy::iter_over_hash_type,
    reason = "each tensor is changed on its own"
)]
fn plain_model(variant: &str, dtype: DType, rows: usize) -> tempfile::TempDir {
    let (from, to) = (golden(variant), tempfile::tempdir().unwrap());
    for entry in fs::read_dir(&from).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let target = to.path().join(&name);
        if name.starts_with("model") && name.ends_with(".safetensors") {
            let mut tensors = candle_core::safetensors::load(&file, &Device::Cpu).unwrap();
            for (name, tensor) in &mut tensors {
                *tensor = tensor.to_dtype(dtype).unwrap();
                if name.contains("embed_tokens") || name.contains("lm_head") {
                    *tensor = tensor.narrow(0, 0, rows).unwrap().contiguous().unwrap();
                }
            }
            candle_core::safetensors::save(&tensors, target).unwrap();
        } else if name == "tokenizer.json" {
            let mut tokenizer = json(&file);
            let added = tokenizer["added_tokens"].as_array_mut().unwrap();
            added.retain(|token| {
                Action::from_marker(token["content"].as_str().unwrap().as_bytes()).is_none()
            });
            fs::write(target, serde_json::to_vec(&tokenizer).unwrap()).unwrap();
        } else if name == "config.json" {
            let mut config = json(&file);
            config["vocab_size"] = rows.into();
            fs::write(target, serde_json::to_vec(&config).unwrap()).unwrap();
        } else {
            fs::copy(&file, target).unwrap();
        }
    }
    to
}

fn config(folder: &Path) -> Config {
    let file = folder.join("config.json");
    Config::parse(&fs::read(&file).unwrap(), &file).unwrap()
}

fn rows(folder: &Path, name: &str, dtype: DType) -> Tensor {
    let map = load_variables(&config(folder), folder, dtype, &Device::Cpu).unwrap();
    let data = map.data().lock().unwrap();
    data[name].as_tensor().clone()
}

#[test]
fn the_model_grows_or_uses_rows_it_has() {
    for (variant, dtype, before, after) in [
        ("tied", DType::F32, 295, 300),
        ("untied", DType::F32, 295, 300),
        ("tied", DType::BF16, 304, 304),
        ("untied", DType::F16, 297, 300),
    ] {
        let from = plain_model(variant, dtype, before);
        let out = tempfile::tempdir().unwrap();
        let to = out.path().join("model");
        let added = add_action_tokens(from.path(), &to).unwrap();
        assert_eq!(
            (added.ids, added.rows_before, added.rows),
            ([295, 296, 297, 298, 299], before, after)
        );
        assert_eq!(config(&to).form().shape.vocabulary, after);

        let tokenizer = palinode_model::Tokenizer::from_bytes(
            &fs::read(to.join("tokenizer.json")).unwrap(),
            &to,
        )
        .unwrap();
        let old = fs::read(from.path().join("tokenizer.json")).unwrap();
        let old = palinode_model::Tokenizer::from_bytes(&old, from.path()).unwrap();
        assert_eq!(tokenizer.len(), 300);
        for (id, action) in added.ids.into_iter().zip(Action::ALL) {
            assert_eq!(tokenizer.id_of(action.marker()), Some(id));
            assert!(tokenizer.is_special(id));
        }
        let code = "int main(void) {\n    return 0;\n}\n";
        assert_eq!(tokenizer.encode(code).unwrap(), old.encode(code).unwrap());

        let mut matrices = vec!["model.embed_tokens.weight"];
        if variant == "untied" {
            matrices.push("lm_head.weight");
        }
        for name in matrices {
            let (was, is) = (rows(from.path(), name, dtype), rows(&to, name, dtype));
            assert_eq!(is.dims()[0], after);
            let row = |tensor: &Tensor, id: usize| values(&tensor.narrow(0, id, 1).unwrap());
            for id in (0..295).chain(300..before.max(300)) {
                assert_eq!(row(&was, id), row(&is, id), "{name} {id}");
            }
            for (id, action) in added.ids.into_iter().zip(Action::ALL) {
                let words = old.encode(action.description()).unwrap();
                let mut mean = vec![0f32; is.dims()[1]];
                for word in &words {
                    for (sum, value) in mean.iter_mut().zip(row(&was, *word as usize)) {
                        *sum += value / words.len() as f32;
                    }
                }
                let most = if dtype == DType::F32 { 1e-5 } else { 1e-2 };
                assert!(
                    difference(&row(&is, id as usize), &mean) < most,
                    "{name} {action}"
                );
            }
        }
        // Nothing else changed, and it is a model that loads.
        let norm = "model.norm.weight";
        assert_eq!(
            values(&rows(from.path(), norm, dtype)),
            values(&rows(&to, norm, dtype))
        );
        let settings = json(&to.join("tokenizer_config.json"));
        assert_eq!(
            settings["added_tokens_decoder"]["295"]["content"],
            "<|backtracking|>"
        );
        assert_eq!(
            settings["additional_special_tokens"]
                .as_array()
                .unwrap()
                .len(),
            5
        );
        assert_eq!(
            settings["chat_template"],
            json(&from.path().join("tokenizer_config.json"))["chat_template"]
        );
        assert!(to.join("generation_config.json").exists());
        let loaded = palinode_model::load(
            &palinode_model::Source::Folder(to.clone()),
            &palinode_model::LoadOptions::default(),
        );
        assert_eq!(loaded.unwrap().network.shape().vocabulary, after);
        if variant == "untied" {
            let total = |folder: &Path| {
                let index = json(&folder.join("model.safetensors.index.json"));
                index["metadata"]["total_size"].as_u64().unwrap() as usize
            };
            let row = config(&to).form().shape.hidden * dtype.size_in_bytes();
            assert_eq!(total(&to) - total(from.path()), 2 * (after - before) * row);
        }

        // Once is enough.
        let again = add_action_tokens(&to, &out.path().join("again")).unwrap_err();
        assert!(
            matches!(
                again,
                Error::HasActionTokens {
                    marker: "<|backtracking|>",
                    ..
                }
            ),
            "{again}"
        );
        assert!(!out.path().join("again").exists());
        assert!(add_action_tokens(from.path(), &to).is_err());
    }
}

#[test]
fn files_and_memory_give_the_same_rows() {
    let from = plain_model("untied", DType::F32, 295);
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("model");
    add_action_tokens(from.path(), &to).unwrap();
    let json = fs::read(from.path().join("tokenizer.json")).unwrap();
    let (text, actions) = add_to_tokenizer(&json, from.path()).unwrap();
    assert_eq!(text, fs::read(to.join("tokenizer.json")).unwrap());
    let old = config(from.path());
    let map = load_variables(&old, from.path(), DType::F32, &Device::Cpu).unwrap();
    let (new, map) = add_action_variables(&old, &map, &actions).unwrap();
    assert_eq!(new, config(&to));
    for (name, _) in new.tensors() {
        let here = values(map.data().lock().unwrap()[&name].as_tensor());
        assert_eq!(here, values(&rows(&to, &name, DType::F32)), "{name}");
    }
}

#[test]
fn a_damaged_model_is_refused_and_leaves_nothing() {
    let damage: [(&str, &[u8]); 4] = [
        ("tokenizer.json", b"{"),
        ("model.safetensors", b"abc"),
        ("config.json", b"[1]"),
        ("tokenizer_config.json", b"nonsense"),
    ];
    for (file, bytes) in damage {
        let from = plain_model("tied", DType::F32, 295);
        fs::write(from.path().join(file), bytes).unwrap();
        let out = tempfile::tempdir().unwrap();
        let error = add_action_tokens(from.path(), &out.path().join("model")).unwrap_err();
        assert!(error.to_string().contains(file), "{error}");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0, "{file}");
    }
    let empty = tempfile::tempdir().unwrap();
    assert!(add_action_tokens(empty.path(), &empty.path().join("out")).is_err());
}
