//! Are GGUF files read as llama.cpp reads them, and refused where they are damaged?
//!
//! The files were written by llama.cpp's own tools; `xtask/golden/by_hand/gguf_files.py` makes them and
//! `gguf_fixtures.py` chooses those that are here.

use std::path::{Path, PathBuf};

use palinode_model::{DType, Error, Kernels, LoadOptions, LocalModel, Source, load, peek, plan};
use serde::Deserialize;

use crate::gguf_writer::{Writer, small};
use crate::golden::assert_near;

#[derive(Deserialize)]
struct Golden {
    types: std::collections::BTreeMap<String, String>,
    ids: Vec<u32>,
    logits: Vec<Vec<f32>>,
    exact: Vec<Vec<f32>>,
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/gguf");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|ending| ending == "gguf"));
    all.sort();
    assert!(all.len() >= 4);
    all
}

fn golden(file: &Path) -> Golden {
    let text = std::fs::read_to_string(file.with_extension("json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn open(file: &Path, dtype: Option<DType>, kernels: Kernels) -> LocalModel {
    let options = LoadOptions {
        dtype,
        kernels,
        ..LoadOptions::default()
    };
    load(&Source::Gguf(file.to_owned()), &options).unwrap()
}

/// Where weights are widened, to 1e-4 of the largest logit in both engines. (llama.cpp computes StarCoder2's
/// activation from a table in half precision, so there to 2e-3.)
#[test]
fn logits_are_those_of_llama_cpp() {
    for file in files() {
        let golden = golden(&file);
        let starcoder2 = file.to_string_lossy().contains("starcoder2");
        let tolerance = if starcoder2 { 2e-3 } else { 1e-4 };
        for kernels in [Kernels::Slices, Kernels::Tensors] {
            let found = last(&open(&file, Some(DType::F32), kernels), &golden);
            let what = format!("{} {kernels:?}", file.display());
            assert_near(&found, &golden.exact.concat(), tolerance, &what);
        }
    }
}

/// Blocks are multiplied with inputs rounded to eight bits, as llama.cpp rounds them too, if not in the same groups:
/// that costs about as much of what is exact as there.
#[test]
fn rounding_inputs_costs_no_more_than_in_llama_cpp() {
    for file in files() {
        let golden = golden(&file);
        let found = last(&open(&file, None, Kernels::Automatic), &golden);
        let exact = golden.exact.concat();
        let distance = |found: &[f32]| {
            let squares = found
                .iter()
                .zip(&exact)
                .map(|(a, b)| f64::from(a - b).powi(2));
            (squares.sum::<f64>() / exact.len() as f64).sqrt()
        };
        let (ours, theirs) = (distance(&found), distance(&golden.logits.concat()));
        assert!(
            ours > 0.0 && ours < 1.25 * theirs,
            "{}: {ours} {theirs}",
            file.display()
        );
    }
}

/// The logits of the positions that are stored.
fn last(model: &LocalModel, golden: &Golden) -> Vec<f32> {
    let network = &model.network;
    let found = network
        .all_logits(&golden.ids, &mut network.new_cache())
        .unwrap();
    found[found.len() - golden.exact.len()..].concat()
}

#[test]
fn texts_are_split_as_llama_cpp_splits_them() {
    for file in files() {
        let model = open(&file, None, Kernels::Automatic);
        for text in golden(&file).texts {
            let found = model.tokenizer.encode(&text.text).unwrap();
            assert_eq!(found, text.ids, "{} {:?}", file.display(), text.text);
        }
    }
}

#[test]
fn what_a_file_takes_is_known_before_it_is_loaded() {
    for file in files() {
        let source = Source::Gguf(file.clone());
        let plan = plan(&source, &LoadOptions::default()).unwrap();
        assert_eq!(plan.form.shape, peek(&source).unwrap());
        let stored: u64 = plan
            .weights
            .formats()
            .iter()
            .map(|(_, _, bytes)| bytes)
            .sum();
        assert_eq!(plan.memory.weights, stored);
        assert!(stored <= std::fs::metadata(&file).unwrap().len());
        let formats: Vec<&str> = plan
            .weights
            .formats()
            .iter()
            .map(|(format, _, _)| format.name())
            .collect();
        for named in golden(&file).types.values() {
            assert!(formats.contains(&named.as_str()), "{named}: {formats:?}");
        }
    }
}

fn refused(bytes: &[u8]) -> Option<Error> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("damaged.gguf");
    std::fs::write(&file, bytes).unwrap();
    load(&Source::Gguf(file), &LoadOptions::default()).err()
}

/// Cut anywhere: refused, by name, without a panic and without taking memory for what is not there.
#[test]
fn a_file_that_was_cut_is_refused() {
    let whole = std::fs::read(&files()[0]).unwrap();
    let mut lengths: Vec<usize> = (0..400).collect();
    lengths.extend((400..whole.len()).step_by(1601));
    lengths.push(whole.len() - 1);
    for length in lengths {
        let error = refused(&whole[..length]).unwrap_or_else(|| panic!("{length} bytes"));
        assert!(
            matches!(error, Error::BadWeights { .. }),
            "{length}: {error}"
        );
        assert!(error.to_string().contains("damaged.gguf"), "{error}");
        assert!(error.hint().is_some());
    }
}

/// Bytes of the header changed at random: read or refused, nothing else.
#[test]
fn a_damaged_header_never_panics() {
    let whole = std::fs::read(&files()[0]).unwrap();
    let header = 14_000.min(whole.len());
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..1 + random(4) {
            bytes[random(header)] = [0, 1, 0x7F, 0xFF, random(256) as u8][random(5)];
        }
        let _ = refused(&bytes);
    }
}

#[test]
fn counts_that_no_file_could_hold_are_refused() {
    let header = |tensors: u64, settings: u64, rest: &[u8]| {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3u32.to_le_bytes());
        bytes.extend(tensors.to_le_bytes());
        bytes.extend(settings.to_le_bytes());
        bytes.extend(rest);
        bytes
    };
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let list = |kind: u32, count: u64| {
        [
            text("a"),
            9u32.to_le_bytes().to_vec(),
            kind.to_le_bytes().to_vec(),
            count.to_le_bytes().to_vec(),
        ]
        .concat()
    };
    for bytes in [
        header(u64::MAX, 0, &[]),
        header(0, u64::MAX, &[]),
        header(0, 1, &u64::MAX.to_le_bytes()),
        header(0, 1, &list(4, u64::MAX)),
        header(0, 1, &list(8, u64::MAX)),
        header(0, 1, &list(9, 1)),
        header(0, 0, &[]),
        b"GGUF".to_vec(),
        b"nothing".to_vec(),
        Vec::new(),
    ] {
        let error = refused(&bytes).unwrap();
        let known = matches!(
            error,
            Error::BadWeights { .. } | Error::UnknownArchitecture { .. }
        );
        assert!(known, "{error}");
    }
}

/// Opens a small file of a writer's.
fn opened(writer: Writer) -> Result<LocalModel, Error> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.gguf");
    std::fs::write(&file, writer.finish()).unwrap();
    load(&Source::Gguf(file), &LoadOptions::default())
}

/// The logits of a text of eight tokens.
fn logits(model: &LocalModel) -> Vec<f32> {
    let ids = [0, 2, 3, 4, 5, 6, 7, 1];
    model
        .network
        .logits(&ids, &mut model.network.new_cache())
        .unwrap()
}

fn refusal(writer: Writer, field: &str) -> String {
    let error = opened(writer).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("own.gguf") && text.contains(field), "{text}");
    assert!(error.hint().is_some());
    text
}

/// Values made by llama.cpp's `llama_tokenize` of the same files without `tokenizer.ggml.pre`.
#[test]
fn a_file_that_does_not_say_how_it_splits_is_split_as_llama_cpp_splits_it() {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/gguf/default-split.json");
    let all: std::collections::BTreeMap<String, Vec<Text>> =
        serde_json::from_str(&std::fs::read_to_string(all).unwrap()).unwrap();
    assert_eq!(all.len(), 3);
    for (name, texts) in all {
        let file = files()
            .into_iter()
            .find(|file| file.file_stem().unwrap() == name.as_str())
            .unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        let key = b"tokenizer.ggml.pre\x08";
        let place = bytes
            .windows(key.len())
            .position(|window| window == key)
            .unwrap();
        bytes[place..place + 18].copy_from_slice(b"tokenizer.ggml.xxx");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.gguf");
        std::fs::write(&path, bytes).unwrap();
        let model = open(&path, None, Kernels::Automatic);
        for text in texts {
            let found = model.tokenizer.encode(&text.text).unwrap();
            assert_eq!(found, text.ids, "{name} {:?}", text.text);
        }
        // And whoever uses it can know.
        assert_eq!(model.doubts.len(), 1);
        assert!(
            model.doubts[0].contains("old.gguf") && model.doubts[0].contains("tokenizer.ggml.pre")
        );
        assert!(open(&file, None, Kernels::Automatic).doubts.is_empty());
    }
    for stated in [Some("default"), Some(""), None] {
        let model = opened(small("qwen2", "gpt2", stated)).unwrap();
        assert_eq!(model.doubts.len(), 1, "{stated:?}");
    }
    // A way that has a name which nobody here knows may be any.
    refusal(
        small("qwen2", "gpt2", Some("no-such-split")),
        "no-such-split",
    );
}

#[test]
fn an_unknown_architecture_names_the_field_and_what_is_known() {
    let text = refusal(
        small("mamba", "gpt2", Some("qwen2")),
        "`general.architecture`",
    );
    assert!(
        text.contains("`mamba`") && text.contains("starcoder2") && !text.contains("config.json"),
        "{text}"
    );
    let error = opened(small("deepseek2", "gpt2", Some("qwen2"))).unwrap_err();
    assert!(
        !error.hint().unwrap().contains("config.json"),
        "{:?}",
        error.hint()
    );
    let text = error.to_string();
    assert!(
        text.contains("`deepseek2`") && text.contains("compressed") && text.contains("experts"),
        "{text}"
    );
}

/// Lists of a number for each layer, as newer files have them, where all layers are alike.
#[test]
fn layers_that_differ_are_refused_by_name() {
    let plain = logits(&opened(small("llama", "gpt2", Some("llama-bpe"))).unwrap());
    let with = |key: &str, values: &[u32]| {
        let mut file = small("llama", "gpt2", Some("llama-bpe"));
        let values: Vec<[u8; 4]> = values.iter().map(|value| value.to_le_bytes()).collect();
        file.list(&format!("llama.{key}"), 4, &values);
        file
    };
    for (key, value) in [
        ("attention.head_count", 2),
        ("attention.head_count_kv", 1),
        ("feed_forward_length", 2),
    ] {
        assert_eq!(
            logits(&opened(with(key, &[value])).unwrap()),
            plain,
            "{key}"
        );
        refusal(with(key, &[value, value + 1]), key);
        refusal(with(key, &[]), key);
    }
    let mut file = small("llama", "gpt2", Some("llama-bpe"));
    file.strings("llama.attention.head_count_kv", &["1"]);
    refusal(file, "attention.head_count_kv");
}

#[test]
fn fields_have_the_names_of_the_file() {
    for (key, value) in [
        ("embedding_length", 0),
        ("feed_forward_length", 0),
        ("block_count", 0),
        ("context_length", 0),
        ("attention.head_count", 3_000_000),
        ("attention.key_length", 3),
    ] {
        let mut file = small("llama", "gpt2", Some("llama-bpe"));
        file.word(&format!("llama.{key}"), value);
        refusal(file, &format!("`{key}`"));
    }
}

/// What `config.json` calls `beta_fast`, `beta_slow` and `attention_factor`, and a factor beside them.
#[test]
fn the_factors_of_stretched_positions_are_read() {
    let yarn = |more: &dyn Fn(&mut Writer)| {
        let mut file = small("llama", "gpt2", Some("llama-bpe"));
        // Heads wide enough that some planes lie between the bounds would need more weights: the base does it too.
        file.real("llama.rope.freq_base", 4.0);
        file.string("llama.rope.scaling.type", "yarn");
        file.real("llama.rope.scaling.factor", 4.0);
        file.word("llama.rope.scaling.original_context_length", 16);
        more(&mut file);
        opened(file).map(|model| logits(&model))
    };
    let plain = yarn(&|_| ()).unwrap();
    // What is so where nothing is said changes nothing where it is said.
    let usual = 0.1 * 4f32.ln() + 1.0;
    let stated = yarn(&|file| {
        file.real("llama.rope.scaling.yarn_beta_fast", 32.0);
        file.real("llama.rope.scaling.yarn_beta_slow", 1.0);
        file.real("llama.rope.scaling.yarn_attn_factor", usual);
        file.real("llama.rope.scaling.yarn_ext_factor", 1.0);
        file.real("llama.rope.scaling.attn_factor", 1.0);
    });
    assert_near(&stated.unwrap(), &plain, 1e-6, "as where nothing is said");
    let twice = yarn(&|file| file.real("llama.rope.scaling.attn_factor", 2.0)).unwrap();
    let stated =
        yarn(&|file| file.real("llama.rope.scaling.yarn_attn_factor", 2.0 * usual)).unwrap();
    assert_near(
        &twice,
        &stated,
        1e-6,
        "a factor multiplies what comes of the others",
    );
    for (key, value) in [("yarn_beta_fast", 0.0), ("yarn_attn_factor", -1.0)] {
        let key = format!("llama.rope.scaling.{key}");
        assert!(yarn(&|file| file.real(&key, value)).is_err(), "{key}");
    }
    for (key, value) in [
        ("yarn_ext_factor", 0.5),
        ("attn_factor", 0.0),
        ("attn_factor", f32::NAN),
    ] {
        let full = format!("llama.rope.scaling.{key}");
        let error = yarn(&|file| file.real(&full, value)).unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
    }
}

/// A factor without a way is the linear one, under either of its names.
#[test]
fn a_factor_alone_stretches_linearly() {
    let with = |change: &dyn Fn(&mut Writer)| {
        let mut file = small("llama", "gpt2", Some("llama-bpe"));
        change(&mut file);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.gguf");
        std::fs::write(&path, file.finish()).unwrap();
        plan(&Source::Gguf(path), &LoadOptions::default())
            .unwrap()
            .form
            .rotary
    };
    let plain = with(&|_| ());
    let linear = with(&|file| {
        file.string("llama.rope.scaling.type", "linear");
        file.real("llama.rope.scaling.factor", 4.0);
    });
    assert_ne!(plain, linear);
    assert_eq!(
        with(&|file| file.real("llama.rope.scaling.factor", 4.0)),
        linear
    );
    assert_eq!(
        with(&|file| file.real("llama.rope.scale_linear", 4.0)),
        linear
    );
    assert_eq!(
        with(&|file| file.real("llama.rope.scaling.factor", 0.0)),
        plain
    );
    assert_eq!(
        with(&|file| file.string("llama.rope.scaling.type", "none")),
        plain
    );
}
