//! Which tokenizer does a GGUF file carry, and how does it read text?
//!
//! The file holds a vocabulary, its merges or scores, and the name of the way in which text is split before
//! it. Brought into the form of a `tokenizer.json` they are read by the same library as every other
//! tokenizer.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::weights::gguf::Gguf;
use crate::{Error, Tokenizer};

/// GPT-2's split (Radford et al. 2019).
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// Llama 3's: contractions in either case, digits by threes.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen2's: the same with digits one by one.
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// What llama.cpp splits by where a file names no way, or `default`: punctuation first, then GPT-2's split, then
/// digits by threes.
const DEFAULT: &[&str] = &[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", r"[0-9][0-9][0-9]"];

/// How text is split, by the names that `tokenizer.ggml.pre` may have.
const SPLITS: &[(&[&str], &[&str])] = &[
    (&["default"], DEFAULT),
    (&["gpt-2", "gpt2"], &[GPT2]),
    (&["llama-bpe", "llama3", "llama-v3"], &[LLAMA3]),
    (&["qwen2", "deepseek-r1-qwen"], &[QWEN2]),
    (
        &["starcoder", "refact", "command-r", "smollm", "codeshell"],
        &[r"\p{N}", GPT2],
    ),
    (
        &["deepseek-coder"],
        &[
            r"[\r\n]",
            r"\s?\p{L}+",
            r"\s?\p{P}+",
            r"[一-龥ࠀ-一가-퟿]+",
            r"\p{N}",
        ],
    ),
];

/// Texts of tokens that end a turn, whatever the file says of its end.
const ENDS: &[&str] = &[
    "<|im_end|>",
    "<|eot_id|>",
    "<|end|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|EOT|>",
    "<end_of_turn>",
    "<EOT>",
];

/// The longest token of a vocabulary with scores, in bytes.
const LONGEST_PIECE: usize = 1024;
/// The most merges that are made of scores; real vocabularies give up to half a million.
const MOST_MERGES: usize = 8_000_000;

/// `tokenizer.ggml.token_type`: a token that is never text.
const CONTROL: f64 = 3.0;
/// A token that was added to the vocabulary as it is written.
const ADDED: f64 = 4.0;

/// The file's tokenizer.
///
/// # Errors
/// [`Error::BadTokenizer`] where it is damaged or of a kind that is not read.
pub(crate) fn read(file: &Gguf, vocabulary: usize) -> Result<Tokenizer, Error> {
    let json = described(file, vocabulary).map_err(|problem| Error::BadTokenizer {
        file: file.path().to_owned(),
        problem,
    })?;
    Tokenizer::from_bytes(json.to_string().as_bytes(), file.path())
}

/// What the file does not say and had to be guessed, in words for its user.
pub(crate) fn doubt(file: &Gguf) -> Option<String> {
    let byte_level = file.text("tokenizer.ggml.model") == Some("gpt2");
    let stated = file.text("tokenizer.ggml.pre").unwrap_or_default();
    (byte_level && matches!(stated, "" | "default")).then(|| {
        format!(
            "`{}` does not say how its text is split into tokens (`tokenizer.ggml.pre`), so it is split as \
             llama.cpp splits it then, which may not be as the model learnt it; a newer file of the model says it",
            file.path().display()
        )
    })
}

/// Ids that end a text, sorted.
pub(crate) fn ends(file: &Gguf, vocabulary: usize) -> Vec<u32> {
    let stated = ["eos", "eot", "eom"].iter().filter_map(|kind| {
        let id = file.whole(&format!("tokenizer.ggml.{kind}_token_id"))?;
        u32::try_from(id).ok()
    });
    let mut ends: Vec<u32> = stated.collect();
    let tokens = file.texts("tokenizer.ggml.tokens").unwrap_or_default();
    let kinds = kinds(file, tokens.len());
    for (id, token) in (0u32..).zip(tokens) {
        let control = kinds.get(id as usize) == Some(&CONTROL);
        if control && ENDS.iter().any(|end| end.as_bytes() == token) {
            ends.push(id);
        }
    }
    ends.retain(|id| (*id as usize) < vocabulary);
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// The text of a token that the file names for some use, such as `bos`.
pub(crate) fn named(file: &Gguf, used_as: &str) -> Option<String> {
    let id = file.whole(&format!("tokenizer.ggml.{used_as}_token_id"))?;
    let tokens = file.texts("tokenizer.ggml.tokens")?;
    Some(String::from_utf8_lossy(tokens.get(id)?).into_owned())
}

fn kinds(file: &Gguf, tokens: usize) -> Vec<f64> {
    let kinds = file.numbers("tokenizer.ggml.token_type", tokens);
    kinds.unwrap_or_default()
}

/// The tokenizer in the form of a `tokenizer.json`.
fn described(file: &Gguf, vocabulary: usize) -> Result<Value, String> {
    let tokens = texts(file, "tokenizer.ggml.tokens")?;
    if tokens.len() > vocabulary {
        return Err(format!(
            "it has {} tokens, the network's vocabulary only {vocabulary}",
            tokens.len()
        ));
    }
    let kinds = kinds(file, tokens.len());
    let kind = |id: usize| kinds.get(id).copied().unwrap_or(1.0);
    let added: Vec<Value> = tokens
        .iter()
        .enumerate()
        .filter(|(id, _)| kind(*id) == CONTROL || kind(*id) == ADDED)
        .map(|(id, token)| {
            json!({
                "id": id, "content": token, "special": kind(id) == CONTROL, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false,
            })
        })
        .collect();
    let mut ids: HashMap<&str, usize> = HashMap::with_capacity(tokens.len());
    for (id, token) in tokens.iter().enumerate() {
        // Of two tokens with one text the first counts: text can mean only one of them.
        ids.entry(token).or_insert(id);
    }
    let model = file.text("tokenizer.ggml.model").unwrap_or("(none)");
    let mut described = match model {
        "gpt2" => byte_level(file, &ids)?,
        "llama" => pieces(file, &tokens, &ids)?,
        other => return Err(format!("its kind is `{other}`; gpt2 and llama are read")),
    };
    described["version"] = json!("1.0");
    described["added_tokens"] = json!(added);
    let splits_like_llama3 = file.text("tokenizer.ggml.pre") == Some("llama-bpe");
    let begins = file
        .yes("tokenizer.ggml.add_bos_token")
        .unwrap_or(model == "llama" || splits_like_llama3);
    if let Some(begin) = named(file, "bos").filter(|_| begins) {
        let id = file.whole("tokenizer.ggml.bos_token_id");
        let token = json!({"SpecialToken": {"id": begin, "type_id": 0}});
        let text = |name: &str| json!({"Sequence": {"id": name, "type_id": 0}});
        described["post_processor"] = json!({
            "type": "TemplateProcessing",
            "single": [token, text("A")],
            "pair": [token, text("A"), text("B")],
            "special_tokens": {&begin: {"id": begin, "ids": [id], "tokens": [begin]}},
        });
    }
    Ok(described)
}

fn texts<'a>(file: &'a Gguf, key: &str) -> Result<Vec<&'a str>, String> {
    let texts = file.texts(key).ok_or_else(|| format!("it lacks `{key}`"))?;
    texts
        .into_iter()
        .map(|text| {
            std::str::from_utf8(text).map_err(|_| format!("an entry of `{key}` is not UTF-8"))
        })
        .collect()
}

/// Byte-level pair encoding: a vocabulary and its merges.
fn byte_level(file: &Gguf, ids: &HashMap<&str, usize>) -> Result<Value, String> {
    // Files from before the name was written down (spring 2024) lack it. llama.cpp reads them by its default and
    // warns that their text may be split otherwise than the model learnt it; see `doubt`.
    let stated = file
        .text("tokenizer.ggml.pre")
        .filter(|name| !name.is_empty());
    let name = stated.unwrap_or("default");
    let found = SPLITS.iter().find(|(names, _)| names.contains(&name));
    let (_, splits) = found.ok_or_else(|| {
        let known: Vec<&str> = SPLITS
            .iter()
            .flat_map(|(names, _)| names.iter().copied())
            .collect();
        format!(
            "it splits text in a way called `{name}`; known are {}",
            known.join(", ")
        )
    })?;
    let mut steps: Vec<Value> = splits
        .iter()
        .map(|split| {
            json!({"type": "Split", "pattern": {"Regex": split}, "behavior": "Isolated", "invert": false})
        })
        .collect();
    let bytes = json!({
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false,
    });
    steps.push(bytes.clone());
    let merges = texts(file, "tokenizer.ggml.merges")?;
    let merges: Result<Vec<Value>, String> = merges
        .into_iter()
        .map(|merge| match merge.split_once(' ') {
            Some((first, second)) => Ok(json!([first, second])),
            None => Err(format!("`{merge}` is no merge of two")),
        })
        .collect();
    // Qwen's tokenizers bring text into one form first; the file does not say so.
    let normalizer = match name {
        "qwen2" | "deepseek-r1-qwen" => json!({"type": "NFC"}),
        _ => Value::Null,
    };
    Ok(json!({
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
        "decoder": bytes,
        "model": {"type": "BPE", "vocab": ids, "merges": merges?, "ignore_merges": name == "llama-bpe"},
    }))
}

/// Sentencepiece's pair encoding: a vocabulary and its scores, of which merges are made as transformers
/// makes them (`convert_slow_tokenizer.py`).
fn pieces(file: &Gguf, tokens: &[&str], ids: &HashMap<&str, usize>) -> Result<Value, String> {
    let scores = file
        .numbers("tokenizer.ggml.scores", tokens.len())
        .ok_or("it has no score for each token")?;
    let mut merges: Vec<(f64, usize, usize, &str, &str)> = Vec::new();
    for (token, score) in tokens.iter().zip(&scores) {
        // Real pieces are a few dozen bytes; of long ones the pairs would be without number.
        if token.len() > LONGEST_PIECE {
            return Err(format!("a token has {} bytes", token.len()));
        }
        let mut local = Vec::new();
        for (at, _) in token.char_indices().skip(1) {
            let (first, second) = token.split_at(at);
            if let (Some(a), Some(b)) = (ids.get(first), ids.get(second)) {
                local.push((*a, *b, first, second));
            }
        }
        local.sort_unstable();
        if merges.len() + local.len() > MOST_MERGES {
            return Err(format!(
                "its tokens are made of more than {MOST_MERGES} pairs"
            ));
        }
        merges.extend(local.into_iter().map(|(_, _, first, second)| {
            (
                *score,
                first.chars().count(),
                second.chars().count(),
                first,
                second,
            )
        }));
    }
    merges.sort_by(|a, b| {
        let (sizes_a, sizes_b) = ((a.1, a.2), (b.1, b.2));
        b.0.total_cmp(&a.0).then(sizes_b.cmp(&sizes_a))
    });
    let merges: Vec<Value> = merges
        .into_iter()
        .map(|(_, _, _, first, second)| json!([first, second]))
        .collect();
    let mut steps = Vec::new();
    if file.yes("tokenizer.ggml.add_space_prefix").unwrap_or(true) {
        steps.push(json!({"type": "Prepend", "prepend": "▁"}));
    }
    steps.push(json!({"type": "Replace", "pattern": {"String": " "}, "content": "▁"}));
    Ok(json!({
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "pre_tokenizer": null,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ]},
        "model": {
            "type": "BPE", "vocab": ids, "merges": merges, "unk_token": named(file, "unknown"),
            "fuse_unk": true, "byte_fallback": true,
        },
    }))
}
