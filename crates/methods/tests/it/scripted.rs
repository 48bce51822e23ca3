//! A checkpoint that writes what a test tells it to: a real Qwen2 whose weights are a table of "after this
//! token, rather that one". Attention and feed-forward are zero, embeddings are unit vectors, and the head
//! holds the table, so the last token alone decides. What is not allowed at some place (closing a scope that
//! is not open) is skipped for the next choice, which is how one token can have two continuations.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Choices after a token, best first. `""` as a token stands for every token without an entry of its own,
/// and `<0x41>` for the token of one byte.
pub(crate) type Script<'a> = &'a [(&'a str, &'a [&'a str])];

/// What ends a text.
pub(crate) const END: &str = "<|end|>";

/// The five action tokens.
pub(crate) const ACTIONS: [&str; 5] = [
    "<|backtracking|>",
    "<|OLD|>",
    "<|/OLD|>",
    "<|NEW|>",
    "<|/NEW|>",
];

/// Writes a greeting into a buffer that may be too small, takes it back, and goes on.
pub(crate) const GREETING: Script<'static> = &[
    ("", &["void greet(const char *name) {\n"]),
    ("void greet(const char *name) {\n", &["  char line[16];\n"]),
    ("  char line[16];\n", &["  strcpy(line, name);\n"]),
    (
        "  strcpy(line, name);\n",
        &["<|/OLD|>", "<|backtracking|>", "  puts(line);\n"],
    ),
    ("<|OLD|>", &["  strcpy(line, name);\n"]),
    (
        "<|NEW|>",
        &["  snprintf(line, sizeof line, \"%s\", name);\n"],
    ),
    (
        "  snprintf(line, sizeof line, \"%s\", name);\n",
        &["<|/NEW|>"],
    ),
    ("<|/NEW|>", &["  puts(line);\n"]),
    ("  puts(line);\n", &["}\n"]),
    ("}\n", &[END]),
];

/// What `GREETING` ends with.
pub(crate) const GREETING_REVISED: &str = "void greet(const char *name) {\n  char line[16];\n  \
     snprintf(line, sizeof line, \"%s\", name);\n  puts(line);\n}\n";

/// What `GREETING` ends with where nothing may be taken back.
pub(crate) const GREETING_DRAFT: &str = "void greet(const char *name) {\n  char line[16];\n  \
     strcpy(line, name);\n  puts(line);\n}\n";

/// Writes the checkpoint's files into `folder`. The context is 64 tokens.
pub(crate) fn write(folder: &Path, script: Script<'_>, actions: bool) {
    let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
    let mut specials = vec![END];
    if actions {
        specials.extend(ACTIONS);
    }
    let named = script
        .iter()
        .flat_map(|(token, next)| std::iter::once(token).chain(next.iter()));
    let ordinary = |name: &str| {
        !name.is_empty() && !ACTIONS.contains(&name) && name != END && byte_of(name).is_none()
    };
    for name in named.filter(|name| ordinary(name)) {
        if !tokens.iter().any(|token| token == name.as_bytes()) {
            tokens.push(name.as_bytes().to_vec());
        }
    }
    let ordinary = tokens.len();
    tokens.extend(specials.iter().map(|special| special.as_bytes().to_vec()));
    let id = |name: &str| match byte_of(name) {
        Some(byte) => Some(usize::from(byte)),
        None => tokens.iter().rposition(|token| token == name.as_bytes()),
    };

    // Room for at least one row more than there are tokens, as real checkpoints have.
    let width = (tokens.len() / 64 + 1) * 64;
    let mut head = vec![0.0f32; width * width];
    for column in 0..tokens.len() {
        let own = script
            .iter()
            .find(|(name, _)| !name.is_empty() && id(name) == Some(column));
        let choices = own.or_else(|| script.iter().find(|(name, _)| name.is_empty()));
        for (rank, next) in choices
            .into_iter()
            .flat_map(|(_, next)| next.iter())
            .enumerate()
        {
            if let Some(row) = id(next) {
                head[row * width + column] = 8.0 - rank as f32;
            }
        }
    }
    save(folder, "model.safetensors", &safetensors(width, &head));
    let end = id(END).expect("the end token was added");
    save(folder, "config.json", config(width, end).as_bytes());
    let tokenizer = tokenizer(&tokens, ordinary);
    save(folder, "tokenizer.json", tokenizer.as_bytes());
}

/// The byte that `<0x41>` names.
fn byte_of(name: &str) -> Option<u8> {
    let digits = name.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok()
}

fn save(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("the test's folder can be written to");
}

fn config(width: usize, end: usize) -> String {
    let heads = width / 64;
    format!(
        r#"{{"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
  "vocab_size": {width}, "hidden_size": {width}, "intermediate_size": 8, "num_hidden_layers": 1,
  "num_attention_heads": {heads}, "num_key_value_heads": {heads}, "max_position_embeddings": 64,
  "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "tie_word_embeddings": false, "eos_token_id": {end}}}"#
    )
}

/// The tensors of a network of one layer with `width` everywhere.
fn safetensors(width: usize, head: &[f32]) -> Vec<u8> {
    let unit: Vec<f32> = (0..width * width)
        .map(|at| if at % (width + 1) == 0 { 1.0 } else { 0.0 })
        .collect();
    let (zeros, ones) = (vec![0.0; width * width], vec![1.0; width]);
    let layer = |name: &str| format!("model.layers.0.{name}");
    let square = vec![width, width];
    let mut tensors: Vec<(String, Vec<usize>, &[f32])> = vec![
        (
            "model.embed_tokens.weight".to_owned(),
            square.clone(),
            &unit,
        ),
        ("lm_head.weight".to_owned(), square.clone(), head),
        ("model.norm.weight".to_owned(), vec![width], &ones),
        (layer("input_layernorm.weight"), vec![width], &ones),
        (layer("post_attention_layernorm.weight"), vec![width], &ones),
        (layer("self_attn.o_proj.weight"), square.clone(), &zeros),
    ];
    for name in ["q", "k", "v"] {
        let weight = layer(&format!("self_attn.{name}_proj.weight"));
        tensors.push((weight, square.clone(), &zeros));
        let bias = layer(&format!("self_attn.{name}_proj.bias"));
        tensors.push((bias, vec![width], &zeros[..width]));
    }
    for (name, shape) in [
        ("gate", [8, width]),
        ("up", [8, width]),
        ("down", [width, 8]),
    ] {
        let weight = layer(&format!("mlp.{name}_proj.weight"));
        tensors.push((weight, shape.to_vec(), &zeros[..8 * width]));
    }
    let (mut header, mut data) = (String::from("{"), Vec::new());
    for (name, shape, values) in &tensors {
        let start = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let comma = if start == 0 { "" } else { "," };
        let end = data.len();
        write!(
            header,
            r#"{comma}"{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
        )
        .expect("a string takes what is written to it");
    }
    header.push('}');
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

/// A byte-level BPE without merges: text is encoded byte by byte; the tokens of the script are only written.
fn tokenizer(tokens: &[Vec<u8>], ordinary: usize) -> String {
    let quoted = |text: &str| {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"")
    };
    let vocabulary: Vec<String> = tokens[..ordinary]
        .iter()
        .enumerate()
        .map(|(id, token)| {
            let name: String = token.iter().map(|byte| letter(*byte)).collect();
            format!("{}:{id}", quoted(&name))
        })
        .collect();
    let added: Vec<String> = tokens[ordinary..]
        .iter()
        .enumerate()
        .map(|(at, token)| {
            let content = quoted(&String::from_utf8_lossy(token));
            format!(
                r#"{{"id":{},"content":{content},"single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}}"#,
                ordinary + at
            )
        })
        .collect();
    let byte_level =
        r#"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}"#;
    format!(
        r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{}],"normalizer":null,
"pre_tokenizer":{byte_level},"post_processor":null,"decoder":{byte_level},
"model":{{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,
"end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"vocab":{{{}}},"merges":[]}}}}"#,
        added.join(","),
        vocabulary.join(",")
    )
}

/// The letter that stands for a byte in a byte-level vocabulary: itself where it is printable, else the next
/// free one from U+0100 on.
fn letter(byte: u8) -> char {
    let printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if printable(byte) {
        return char::from(byte);
    }
    let before = (0..byte).filter(|other| !printable(*other)).count();
    char::from_u32(0x100 + before as u32).unwrap_or('?')
}
