//! Does `model` say of a model what its files and PyTorch say?

use std::collections::HashMap;
use std::path::Path;

use palinode_model::candle_core::{Device, Tensor, safetensors};
use serde_json::Value;

use crate::{Ran, run};

/// A small checkpoint with what transformers makes of it.
pub(crate) const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../model/tests/it/golden/qwen2/tied"
);

/// The first prompt of the golden file: its text and its ids.
fn prompt() -> (String, Vec<u64>) {
    let text = std::fs::read_to_string(format!("{GOLDEN}/golden.json")).unwrap();
    let golden: Value = serde_json::from_str(&text).unwrap();
    let prompt = &golden["prompts"][0];
    let ids = prompt["ids"].as_array().unwrap();
    let ids = ids.iter().map(|id| id.as_u64().unwrap()).collect();
    (prompt["text"].as_str().unwrap().to_owned(), ids)
}

fn golden() -> HashMap<String, Tensor> {
    safetensors::load(format!("{GOLDEN}/golden.safetensors"), &Device::Cpu).unwrap()
}

/// Asks for logits, and gives the JSON.
fn logits(arguments: &[&str]) -> Value {
    let mut all = vec!["model", "logits", GOLDEN];
    all.extend(arguments);
    let ran = run(&all);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    serde_json::from_str(ran.text()).unwrap()
}

/// Every number in lists of lists, in their order.
fn flat(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().expect("a number") as f32],
    }
}

fn assert_near(found: &Value, expected: &Tensor) {
    let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
    let found = flat(found);
    assert_eq!(found.len(), expected.len());
    for (one, other) in found.iter().zip(&expected) {
        assert!((one - other).abs() <= 1e-4, "{one} is not {other}");
    }
}

fn join(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    ids.join(",")
}

#[test]
fn logits_are_those_of_transformers() {
    let (text, ids) = prompt();
    let golden = golden();
    let expected = &golden["logits.0"];
    let last = expected.get(expected.dim(0).unwrap() - 1).unwrap();
    let by_ids = logits(&["--ids", &join(&ids), "--json"]);
    assert_eq!(
        (&by_ids["schema"], &by_ids["model"]),
        (&1.into(), &"tied".into())
    );
    assert_eq!(by_ids["ids"], Value::from(ids.clone()));
    assert!(by_ids.get("hidden").is_none());
    assert_near(&by_ids["logits"], &last);
    assert_eq!(logits(&["--text", &text, "--json"]), by_ids);

    let all = logits(&["--ids", &join(&ids), "--all"]);
    assert_eq!(all["logits"].as_array().unwrap().len(), ids.len());
    assert_near(&all["logits"], expected);
}

#[test]
fn hidden_states_are_those_of_transformers() {
    let (_, ids) = prompt();
    let answer = logits(&["--ids", &join(&ids), "--hidden"]);
    let layers = answer["hidden"].as_array().unwrap();
    // The embedding, and after each layer.
    assert_eq!(layers.len(), 4);
    for layer in layers {
        assert_eq!(layer.as_array().unwrap().len(), ids.len());
    }
    assert_near(&answer["hidden"], &golden()["hidden.0"]);
}

#[test]
fn without_json_the_likeliest_tokens_are_listed() {
    let (_, ids) = prompt();
    let ran = run(&["model", "logits", GOLDEN, "--ids", &join(&ids)]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let numbers: Vec<f32> = ran
        .text()
        .lines()
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers.len(), 10);
    assert!(numbers.is_sorted_by(|a, b| a >= b), "{numbers:?}");
}

#[test]
fn ids_that_no_token_has_are_refused() {
    let refused = |arguments: &[&str]| {
        let mut all = vec!["model", "logits", GOLDEN];
        all.extend(arguments);
        let Ran { code, stderr, .. } = run(&all);
        assert_eq!(code, 2);
        stderr
    };
    insta::assert_snapshot!(refused(&["--ids", "1,4000"]), @r"
    error: cannot ask `tied`
      cause: token id 4000 is outside the vocabulary of 304
    hint: encode the text with this model's own tokenizer
    ");
    insta::assert_snapshot!(refused(&["--text", ""]), @r"
    error: cannot ask `tied`
      cause: no token was given to the network
    hint: give a prompt that is not empty
    ");
}

#[test]
fn a_model_is_shown_with_what_it_takes() {
    let ran = run(&["model", "show", GOLDEN]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let steady: Vec<&str> = ran
        .text()
        .lines()
        .filter(|line| !line.starts_with("free now"))
        .collect();
    insta::assert_snapshot!(steady.join("\n"));
    let ran = run(&["model", "show", GOLDEN, "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let card: Value = serde_json::from_str(ran.text()).unwrap();
    let stored = &card["stored"][0];
    assert_eq!(card["parameters"], stored["numbers"]);
    assert_eq!(card["memory"]["default"]["weights"], stored["bytes"]);
    let free = &card["free"];
    assert!(free.is_null() || free.as_u64().is_some_and(|free| free > 0));
    let steady = ran
        .text()
        .replace(&format!("\"free\":{free}"), "\"free\":\"…\"");
    insta::assert_snapshot!(steady.replace(",\"", ",\n\""));
}

/// The bundled model, and the same before it had the five markers.
const NANO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/nano");
const NANO_BEFORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/nano-before");

#[test]
fn a_model_can_revise_if_it_has_the_markers() {
    let card = |model: &str| -> Value {
        let ran = run(&["model", "show", model, "--json"]);
        serde_json::from_str(ran.text()).unwrap()
    };
    let (nano, before) = (card("nano"), card(NANO_BEFORE));
    assert_eq!(nano["can_revise"], true);
    assert_eq!(nano["action_tokens"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&before["can_revise"], &before["action_tokens"]),
        (&false.into(), &Value::Null)
    );
}

#[test]
fn a_sliding_window_is_shown() {
    // nano's files with a configuration that states a window for its last layer.
    let copy = tempfile::tempdir().unwrap();
    let from = Path::new(NANO);
    for file in [
        "tokenizer.json",
        "tokenizer_config.json",
        "model.safetensors",
    ] {
        std::fs::copy(from.join(file), copy.path().join(file)).unwrap();
    }
    let text = std::fs::read_to_string(from.join("config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    let layers = config["num_hidden_layers"].as_u64().unwrap();
    config["use_sliding_window"] = true.into();
    config["sliding_window"] = 64.into();
    config["max_window_layers"] = (layers - 1).into();
    config.as_object_mut().unwrap().remove("layer_types");
    std::fs::write(copy.path().join("config.json"), config.to_string()).unwrap();
    let ran = run(&["model", "show", &copy.path().display().to_string()]);
    let expected = format!("64 tokens in 1 of {layers} layers");
    assert!(
        ran.text().contains(&expected),
        "{}{}",
        ran.text(),
        ran.stderr
    );
}
