//! Which inputs do the targets start from?
//!
//!     rustc --edition 2024 -o target/seeds fuzz/seeds.rs && target/seeds
//!
//! Writes `fuzz/corpus/TARGET/`: the small files of the model's tests, networks of a few numbers, recorded reports of
//! analyzers, and our own rules. It stands alone, because whatever `cargo fuzz` builds has a fuzzer for its `main`.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../crates/model/tests/it/gguf_writer.rs"]
mod gguf_writer;

fn main() {
    let here = Path::new("fuzz");
    let golden = here.join("../crates/model/tests/it/golden");
    let corpus = Corpus(here.join("corpus"));
    gguf(&corpus);
    safetensors(&corpus);
    tokenizers(&corpus, &golden);
    settings(&corpus, &golden);
    templates(&corpus);
    reports(&corpus, &here.join("../crates/scan/tests/it/fixtures"));
    rules(&corpus, &here.join("../crates/rules/src/rules"));
}

struct Corpus(PathBuf);

impl Corpus {
    fn write(&self, target: &str, name: &str, bytes: &[u8]) {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), bytes).expect("a seed");
    }
}

fn gguf(corpus: &Corpus) {
    for architecture in ["llama", "qwen2", "qwen3", "starcoder2"] {
        for (model, pre) in [
            ("gpt2", "llama-bpe"),
            ("gpt2", "qwen2"),
            ("llama", "default"),
        ] {
            let bytes = gguf_writer::small(architecture, model, Some(pre)).finish();
            corpus.write("gguf", &format!("{architecture}-{model}-{pre}"), &bytes);
        }
    }
}

/// The tensors of `SMALL_CONFIG` in `shared.rs`.
const SMALL: [(&str, &[usize]); 14] = [
    ("embed_tokens.weight", &[3, 2]),
    ("layers.0.input_layernorm.weight", &[2]),
    ("layers.0.self_attn.q_proj.weight", &[2, 2]),
    ("layers.0.self_attn.q_proj.bias", &[2]),
    ("layers.0.self_attn.k_proj.weight", &[2, 2]),
    ("layers.0.self_attn.k_proj.bias", &[2]),
    ("layers.0.self_attn.v_proj.weight", &[2, 2]),
    ("layers.0.self_attn.v_proj.bias", &[2]),
    ("layers.0.self_attn.o_proj.weight", &[2, 2]),
    ("layers.0.post_attention_layernorm.weight", &[2]),
    ("layers.0.mlp.gate_proj.weight", &[1, 2]),
    ("layers.0.mlp.up_proj.weight", &[1, 2]),
    ("layers.0.mlp.down_proj.weight", &[2, 1]),
    ("norm.weight", &[2]),
];

fn safetensors(corpus: &Corpus) {
    for (kind, width) in [("F32", 4), ("BF16", 2), ("F16", 2)] {
        let (mut header, mut index) = (Vec::new(), Vec::new());
        let mut end = 0;
        for (number, (name, dims)) in SMALL.iter().enumerate() {
            let start = end;
            end += width * dims.iter().product::<usize>();
            header.push(format!(
                r#""model.{name}":{{"dtype":"{kind}","shape":{dims:?},"data_offsets":[{start},{end}]}}"#
            ));
            let shard = 1 + number % 2;
            index.push(format!(
                r#""model.{name}":"model-0000{shard}-of-00002.safetensors""#
            ));
        }
        let header = format!("{{{}}}", header.join(","));
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.as_bytes());
        file.resize(file.len() + end, 0);
        corpus.write(
            "safetensors",
            &format!("single-{kind}"),
            &[&[0], &file[..]].concat(),
        );
        let index = format!(r#"{{"weight_map":{{{}}}}}"#, index.join(","));
        let length = (index.len() as u16).to_le_bytes();
        let sharded = [&[1], &length[..], index.as_bytes(), &file].concat();
        corpus.write("safetensors", &format!("sharded-{kind}"), &sharded);
    }
}

fn tokenizers(corpus: &Corpus, golden: &Path) {
    for variant in ["tied", "untied"] {
        let bytes =
            fs::read(golden.join(format!("qwen2/{variant}/tokenizer.json"))).expect("it is there");
        corpus.write("tokenizer", variant, &bytes);
    }
    // Small ones of every kind that models come with, and parts that none here uses.
    let models = [
        r#"{"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "<unk>": 3, "<0x0A>": 4, "▁": 5}, "merges": ["a b"],
            "unk_token": "<unk>", "byte_fallback": true, "fuse_unk": true, "ignore_merges": true}"#,
        r#"{"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]], "dropout": 0.5,
            "continuing_subword_prefix": "@", "end_of_word_suffix": "@"}"#,
        r#"{"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.5], ["ab", -2.0]], "byte_fallback": false}"#,
        r###"{"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": {"<unk>": 0, "a": 1, "##b": 2}}"###,
        r#"{"type": "WordLevel", "unk_token": "<unk>", "vocab": {"<unk>": 0, "a": 1}}"#,
    ];
    let parts = [
        (
            r#"{"type": "NFC"}"#,
            r#"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#,
            r#"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"#,
        ),
        (
            r#"{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"}, {"type": "Strip", "strip_left": true, "strip_right": true}]}"#,
            r#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true}"#,
            r#"{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}"#,
        ),
        (
            r#"{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}"#,
            r#"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}|\\s+(?!\\S)"},
            "behavior": "Isolated", "invert": false}, {"type": "Digits", "individual_digits": true}]}"#,
            r###"{"type": "WordPiece", "prefix": "##", "cleanup": true}"###,
        ),
    ];
    let mut number = 0;
    for model in models {
        for (normalizer, splitter, decoder) in parts {
            let text = format!(
                r#"{{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [{{"id": 9, "content": "<|OLD|>",
                "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}}],
                "normalizer": {normalizer}, "pre_tokenizer": {splitter}, "post_processor": {{"type": "TemplateProcessing",
                "single": [{{"SpecialToken": {{"id": "<|OLD|>", "type_id": 0}}}}, {{"Sequence": {{"id": "A", "type_id": 0}}}}],
                "pair": [{{"Sequence": {{"id": "A", "type_id": 0}}}}], "special_tokens": {{"<|OLD|>": {{"id": "<|OLD|>",
                "ids": [9], "tokens": ["<|OLD|>"]}}}}}}, "decoder": {decoder}, "model": {model}}}"#
            );
            corpus.write("tokenizer", &format!("small-{number}"), text.as_bytes());
            number += 1;
        }
    }
}

fn settings(corpus: &Corpus, golden: &Path) {
    let files = [
        "config.json",
        "generation_config.json",
        "tokenizer_config.json",
    ];
    let mut folders = vec![golden.join("qwen2/tied"), golden.join("qwen2/untied")];
    let entries = fs::read_dir(golden.join("architectures")).expect("it is there");
    folders.extend(entries.map(|entry| entry.expect("it can be read").path()));
    for folder in folders {
        let name = folder
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        for (choice, file) in (0u8..).zip(files) {
            if let Ok(text) = fs::read(folder.join(file)) {
                corpus.write(
                    "settings",
                    &format!("{name}-{file}"),
                    &[&[choice], &text[..]].concat(),
                );
            }
        }
    }
}

fn templates(corpus: &Corpus) {
    let all = [
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
        "{% for m in messages %}{% if loop.first and m.role != 'user' %}<{{ m['role'] }}>{% elif m.tool_calls %}{{ m.tool_calls | tojson(indent=2) }}{% endif %}\n{% endfor %}",
        "{% set ns = namespace(s='x', n=0) %}{% for i in range(9) %}{% set ns.s = ns.s ~ ns.s %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.s | length * 2 }}",
        "{% macro f(x, y=1) %}{{ x.upper() }}{{ y }}{% endmacro %}{{ f('q', y=2) }}{% call f('a') %}b{% endcall %}",
        "{{ messages[1].content.split('</think>')[-1].lstrip('\\n').replace('b', 'cc') | trim | indent(2, true) }}",
        "{% for t in tools or [] %}{{ t.function | tojson }}{% for k, v in t.function.items() %}{{ k ~ v }}{% endfor %}{% endfor %}",
        "{% set x %}{% filter upper %}a{{ bos_token }}{% endfilter %}{% endset %}{{ x * 3 }}{{ [1, 2] + [3] }}{{ {'a': 1}.get('b', 2) }}",
        "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list | join(', ') }}{{ messages[::-1][0] is mapping }}",
        "{{ strftime_now('%d %b %Y') }}{{ 'a' in 'abc' and not none }}{{ 7 // 2 ** 3 % 4 - -1.5 }}{{ raise_exception('no') if false else 'x' }}",
        "{% generation %}a{% endgeneration %}{% raw %}{{ }}{% endraw %}{# c #}{% with a = 1, b = a %}{{ a, b }}{% endwith %}{% do f() %}{% autoescape true %}{{ '<' }}{% endautoescape %}",
    ];
    for (number, text) in all.iter().enumerate() {
        corpus.write("template", &format!("seed-{number}"), text.as_bytes());
    }
}

/// Analyzers in the order of their registry, with the recorded reports of each.
const REPORTS: [(u8, &[&str]); 10] = [
    (0, &["bandit.json"]),
    (1, &["bearer.json"]),
    (3, &["codeql.sarif"]),
    (4, &["codeshield.json"]),
    (5, &["cppcheck.xml"]),
    (6, &["flawfinder.csv"]),
    (7, &["gcc-flawed.json", "gcc-broken.json", "gcc.sarif"]),
    (8, &["gosec.json"]),
    (9, &["codeql.sarif", "gcc.sarif"]),
    (10, &["semgrep.json"]),
];

fn reports(corpus: &Corpus, fixtures: &Path) {
    for (choice, files) in REPORTS {
        for file in files {
            let report = fs::read(fixtures.join(file)).expect("it is there");
            let seed = [&[choice], &report[..]].concat();
            corpus.write("reports", &format!("{choice}-{file}"), &seed);
        }
    }
}

fn rules(corpus: &Corpus, folder: &Path) {
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            rules(corpus, &path);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            corpus.write("rules", &name, &fs::read(&path).expect("it can be read"));
        }
    }
}
