//! What do the targets that read a model's files share?
#![allow(dead_code, reason = "each target uses a part of it")]

use std::path::{Path, PathBuf};

use palinode_model::{Error, LocalModel, Tokenizer};

macro_rules! golden {
    ($file:literal) => {
        include_bytes!(concat!(
            "../crates/model/tests/it/golden/qwen2/tied/",
            $file
        ))
    };
}

/// A network so small that a seed with all of its weights has a few hundred bytes.
pub const SMALL_CONFIG: &str = r#"{"architectures": ["Qwen2ForCausalLM"], "vocab_size": 3, "hidden_size": 2,
    "intermediate_size": 1, "num_hidden_layers": 1, "num_attention_heads": 1, "tie_word_embeddings": true}"#;

/// A folder of this process in memory, where there is one.
pub fn folder(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = match memory.is_dir() {
        true => memory.to_owned(),
        false => std::env::temp_dir(),
    };
    let folder = parent.join(format!("palinode-fuzz-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder in memory");
    folder
}

/// Puts a whole small model into a folder.
pub fn small_model(folder: &Path) {
    let files: [(&str, &[u8]); 5] = [
        ("config.json", golden!("config.json")),
        ("generation_config.json", golden!("generation_config.json")),
        ("tokenizer_config.json", golden!("tokenizer_config.json")),
        ("tokenizer.json", golden!("tokenizer.json")),
        ("model.safetensors", golden!("model.safetensors")),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("a file in memory");
    }
}

/// An error must name the file, or the folder it lies in.
pub fn named(error: Option<Error>, file: &Path) {
    if let Some(error) = error {
        let text = error.to_string();
        assert!(text.contains(&file.display().to_string()), "{text}");
    }
}

/// [`named`], of a result that is used.
pub fn named_or<T>(result: Result<T, Error>, file: &Path) -> Result<T, ()> {
    result.map_err(|error| named(Some(error), file))
}

/// What a tokenizer promises.
pub fn use_tokenizer(tokenizer: &Tokenizer) {
    let bytes = tokenizer.token_bytes();
    assert_eq!(bytes.len(), tokenizer.len());
    let _ = tokenizer.begin();
    for text in [
        "",
        "a",
        "int main() { return 0; }\r\n\té漢🙂 don't 1234",
        "<|OLD|>",
    ] {
        if let Ok(ids) = tokenizer.encode_plain(text) {
            let all: Vec<u8> = ids
                .iter()
                .filter_map(|id| bytes.get(*id as usize))
                .flatten()
                .copied()
                .collect();
            assert_eq!(tokenizer.decode(&ids), all);
            assert!(ids.iter().all(|id| !tokenizer.is_special(*id)));
        }
        let _ = tokenizer.encode(text);
    }
}

/// What a model promises.
pub fn use_model(model: &LocalModel) {
    let vocabulary = model.network.shape().vocabulary;
    assert_eq!(model.token_bytes().len(), vocabulary);
    assert!(model.ends.iter().all(|id| (*id as usize) < vocabulary));
    let _ = model.prompt("a", Some("c"));
    let _ = model.infill("a", "b");
    let mut cache = model.network.new_cache();
    let logits = model
        .network
        .logits(&[0], &mut cache)
        .expect("one position always fits");
    assert_eq!(logits.len(), vocabulary);
}
