//! Do ids and bytes agree with the reference, and do the bytes of the ids of a text give the text?

use std::path::Path;

use palinode_model::{Error, Kernels, Tokenizer};
use proptest::prelude::*;

use crate::golden::{VARIANTS, folder, model, values};

fn tokenizer(variant: &str) -> Tokenizer {
    let file = folder(variant).join("tokenizer.json");
    Tokenizer::from_bytes(&std::fs::read(&file).unwrap(), &file).unwrap()
}

#[test]
fn encodings_are_those_of_the_reference() {
    for variant in VARIANTS {
        let tokenizer = tokenizer(variant);
        for encoding in values(variant).encodings {
            let ids = tokenizer.encode(&encoding.text).unwrap();
            assert_eq!(ids, encoding.ids, "{variant} {:?}", encoding.text);
            assert_eq!(tokenizer.decode(&ids), encoding.decoded.as_bytes());
        }
    }
}

#[test]
fn token_bytes_concatenate_to_the_text() {
    let tokenizer = tokenizer("tied");
    let bytes = tokenizer.token_bytes();
    assert_eq!(bytes.len(), tokenizer.len());
    let check = |text: &str| {
        for ids in [
            tokenizer.encode(text).unwrap(),
            tokenizer.encode_plain(text).unwrap(),
        ] {
            let joined: Vec<u8> = ids
                .iter()
                .flat_map(|id| bytes[*id as usize].clone())
                .collect();
            assert_eq!(joined, text.as_bytes(), "{text:?}");
            assert_eq!(tokenizer.decode(&ids), joined);
        }
    };
    check("<|im_start|>a<|OLD|> b<|/OLD|>\r\n\u{0}\u{10FFFF} 🙂");
    let config = ProptestConfig::with_cases(300);
    proptest!(config, |(text in r"(\PC|[\x00-\x20]|<\|OLD\|>|é|漢|🙂){0,40}")| check(&text));
}

#[test]
fn decoding_is_that_of_the_tokenizers_library() {
    let file = folder("tied").join("tokenizer.json");
    let reference = tokenizers::Tokenizer::from_file(file).unwrap();
    let tokenizer = tokenizer("tied");
    let ids = prop::collection::vec(0..tokenizer.len() as u32, 0..30);
    proptest!(ProptestConfig::with_cases(200), |(ids in ids)| {
        // The library replaces what is no UTF-8, and forgets the rest of it.
        let text = String::from_utf8(tokenizer.decode(&ids));
        if let Ok(text) = text {
            prop_assert_eq!(text, reference.decode(&ids, false).unwrap());
        }
    });
}

#[test]
fn text_from_outside_never_becomes_a_special_token() {
    let tokenizer = tokenizer("tied");
    let special = tokenizer.id_of("<|OLD|>").unwrap();
    let text = "a <|OLD|>b<|endoftext|>";
    assert!(tokenizer.encode(text).unwrap().contains(&special));
    let plain = tokenizer.encode_plain(text).unwrap();
    assert!(
        plain.iter().all(|id| !tokenizer.is_special(*id)),
        "{plain:?}"
    );
    assert_eq!(tokenizer.decode(&plain), text.as_bytes());
    assert_eq!(
        tokenizer.encode_plain("a b").unwrap(),
        tokenizer.encode("a b").unwrap()
    );
    assert!(
        tokenizer
            .special_texts()
            .contains(&"<|backtracking|>".to_owned())
    );
}

/// A vocabulary in sentencepiece's spelling.
const SENTENCEPIECE: &str = r#"{"version": "1.0", "added_tokens": [
    {"id": 9, "content": "<|x▁y|>", "special": true, "single_word": false, "lstrip": false,
     "rstrip": false, "normalized": false}],
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
  "pre_tokenizer": null, "post_processor": null,
  "decoder": {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
    {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
  "model": {"type": "BPE", "unk_token": "<unk>", "byte_fallback": true, "fuse_unk": true,
    "vocab": {"<unk>": 0, "▁": 1, "a": 2, "b": 3, "▁a": 4, "<0x0A>": 5, "<0xC3>": 6, "<0xA9>": 7, "ab": 8},
    "merges": ["▁ a"]}}"#;

#[test]
fn sentencepiece_vocabularies_give_bytes_too() {
    let tokenizer = Tokenizer::from_bytes(SENTENCEPIECE.as_bytes(), Path::new("sp.json")).unwrap();
    let bytes = tokenizer.token_bytes();
    assert_eq!(bytes[4], b" a");
    assert_eq!(bytes[5], b"\n");
    assert_eq!(bytes[9], "<|x▁y|>".as_bytes());
    let ids = tokenizer.encode("a b\né").unwrap();
    // The space before the first word is the vocabulary's own; it is not stripped.
    assert_eq!(tokenizer.decode(&ids), " a b\né".as_bytes());
}

#[test]
fn ids_outside_the_vocabulary_have_no_bytes() {
    let tokenizer = tokenizer("tied");
    assert_eq!(tokenizer.decode(&[u32::MAX, 0]), tokenizer.decode(&[0]));
    assert!(!tokenizer.is_empty());
    assert_eq!(tokenizer.id_of("no such token"), None);
    assert_eq!(
        tokenizer.id_of("<|/NEW|>"),
        model("tied", Kernels::Automatic)
            .tokenizer
            .id_of("<|/NEW|>")
    );
}

#[test]
fn bad_files_are_refused() {
    let file = Path::new("tokenizer.json");
    let good = std::fs::read(folder("tied").join("tokenizer.json")).unwrap();
    for bad in [
        &b""[..],
        b"{}",
        b"[]",
        b"\xFF",
        b"{\"model\": 1}",
        &good[..good.len() / 2],
    ] {
        let error = Tokenizer::from_bytes(bad, file).unwrap_err();
        assert!(matches!(error, Error::BadTokenizer { .. }), "{error}");
    }
    // One huge id must not take memory for all the ids below it.
    let text = String::from_utf8(good).unwrap();
    let huge = text.replacen("\"vocab\": {", "\"vocab\": {\"far\": 4294967295,", 1);
    assert_ne!(huge, text);
    let error = Tokenizer::from_bytes(huge.as_bytes(), file).unwrap_err();
    assert!(matches!(error, Error::BadTokenizer { .. }), "{error}");
}

/// What the library would panic on when it reads the file or when it first encodes a text.
#[test]
fn tokens_that_are_not_there_are_refused_by_field() {
    let good = std::fs::read(folder("tied").join("tokenizer.json")).unwrap();
    let refused = |field: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = serde_json::from_slice(&good).unwrap();
        change(&mut json);
        let error =
            Tokenizer::from_bytes(json.to_string().as_bytes(), Path::new("own.json")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(field) && text.contains("own.json"), "{text}");
        assert!(matches!(error, Error::BadTokenizer { .. }), "{text}");
    };
    let long = "x".repeat(500);
    let merges = |merge: serde_json::Value| {
        move |json: &mut serde_json::Value| {
            json["model"]["merges"]
                .as_array_mut()
                .unwrap()
                .push(merge.clone())
        }
    };
    refused("`merges`", &merges(serde_json::json!(["a", long])));
    refused("`merges`", &merges(serde_json::json!(["zzzzzz", "a"])));
    refused("`merges`", &merges(serde_json::json!(["a", "\u{10FFFF}"])));
    refused("`merges`", &merges(serde_json::json!("ab")));
    refused("`merges`", &merges(serde_json::json!([1])));
    refused("`merges`", &|json| {
        json["model"]["continuing_subword_prefix"] = serde_json::json!(long);
    });
    let template = |name: &str, id: u64| {
        let name = name.to_owned();
        move |json: &mut serde_json::Value| {
            json["post_processor"] = serde_json::json!({
                "type": "TemplateProcessing", "pair": [],
                "single": [{"SpecialToken": {"id": name, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                "special_tokens": {"<s>": {"id": "<s>", "ids": [id], "tokens": ["<s>"]}},
            });
        }
    };
    refused("`post_processor`", &template("</s>", 1));
    refused("`post_processor`", &template("<s>", 100_000));
    refused("`post_processor`", &template("<s>", u64::MAX));
    // A letter that becomes two, forty times over.
    refused("`normalizer`", &|json| {
        let step =
            serde_json::json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"});
        json["normalizer"] = serde_json::json!({"type": "Sequence", "normalizers": vec![step; 40]});
    });
    // A setting of training that would spell a text differently each time.
    let mut json: serde_json::Value = serde_json::from_slice(&good).unwrap();
    json["model"]["dropout"] = serde_json::json!(0.9);
    let dropped =
        Tokenizer::from_bytes(json.to_string().as_bytes(), Path::new("own.json")).unwrap();
    let text = "static int copy_name(char *target)";
    assert_eq!(
        dropped.encode(text).unwrap(),
        tokenizer("tied").encode(text).unwrap()
    );
}

/// The golden tokenizer with some tokens in the rows that its network has left over.
fn with_tokens(change: impl Fn(&mut serde_json::Value)) -> palinode_model::LocalModel {
    let copy = crate::golden::copy("tied");
    let file = copy.path().join("tokenizer.json");
    let mut json = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    change(&mut json);
    std::fs::write(&file, json.to_string()).unwrap();
    let source = palinode_model::Source::Folder(copy.path().to_owned());
    palinode_model::load(&source, &palinode_model::LoadOptions::default()).unwrap()
}

fn added(id: u32, content: &str) -> serde_json::Value {
    serde_json::json!({"id": id, "content": content, "special": true, "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false})
}

#[test]
fn gaps_are_put_to_models_that_learnt_to_fill_them() {
    let model = with_tokens(|json| {
        let tokens = json["added_tokens"].as_array_mut().unwrap();
        let first = u32::try_from(tokens.last().unwrap()["id"].as_u64().unwrap()).unwrap() + 1;
        let names = ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"];
        for (id, name) in (first..).zip(names) {
            tokens.push(added(id, name));
        }
    });
    let ids = model.infill("int x = ", ";\n").unwrap().unwrap();
    let text = String::from_utf8(model.tokenizer.decode(&ids)).unwrap();
    assert_eq!(text, "<fim_prefix>int x = <fim_suffix>;\n<fim_middle>");
    assert_eq!(
        ids.iter()
            .filter(|id| model.tokenizer.is_special(**id))
            .count(),
        3
    );
    // Code that spells a token out cannot speak for the protocol.
    let ids = model.infill("<fim_middle>", "").unwrap().unwrap();
    assert_eq!(
        ids.iter()
            .filter(|id| model.tokenizer.is_special(**id))
            .count(),
        3
    );

    let plain = with_tokens(|_| {});
    assert_eq!(plain.infill("a", "b").unwrap(), None);
}

#[test]
fn a_tokenizer_says_how_a_text_begins() {
    let plain = with_tokens(|_| {});
    assert!(plain.tokenizer.begin().is_empty());
    let model = with_tokens(|json| {
        let id = json["added_tokens"][0]["id"].clone();
        let name = json["added_tokens"][0]["content"].clone();
        json["post_processor"] = serde_json::json!({
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": name, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {name.as_str().unwrap(): {"id": name, "ids": [id], "tokens": [name]}},
        });
    });
    let begin = model.tokenizer.begin();
    assert_eq!(begin.len(), 1);
    assert!(model.tokenizer.is_special(begin[0]));
}
