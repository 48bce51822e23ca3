//! Is wrong input refused with exit code 2 and a message that names it and says what to do?

use std::fs;
use std::path::Path;

use crate::scripted::{self, GREETING};
use crate::{run, run_with};

/// Runs `generate` in a folder with a good model `[folder]/model` and returns what it says.
fn refused(spoil: impl FnOnce(&Path), arguments: &[&str], stdin: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    fs::create_dir(&model).unwrap();
    scripted::write(&model, GREETING, true);
    spoil(&model);
    let root = folder.path().display().to_string();
    let arguments: Vec<String> = std::iter::once("generate".to_owned())
        .chain(
            arguments
                .iter()
                .map(|argument| argument.replace("[folder]", &root)),
        )
        .collect();
    let ran = run_with(&arguments, stdin);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(ran.text(), "");
    // Nothing is left behind.
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.retain(|name| name != "model");
    assert!(left.is_empty(), "left behind: {left:?}");
    ran.stderr.replace(&root, "[folder]")
}

const GOOD: [&str; 4] = [
    "greet",
    "-m",
    "[folder]/model",
    "--events=[folder]/new.jsonl",
];

fn spoilt(spoil: impl FnOnce(&Path)) -> String {
    refused(spoil, &GOOD, b"")
}

#[test]
fn a_model_with_something_wrong() {
    let messages = [
        spoilt(|model| fs::remove_file(model.join("model.safetensors")).unwrap()),
        spoilt(|model| fs::remove_file(model.join("config.json")).unwrap()),
        spoilt(|model| {
            let file = model.join("model.safetensors");
            let bytes = fs::read(&file).unwrap();
            fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        }),
        spoilt(|model| {
            replace(
                model,
                "config.json",
                "\"intermediate_size\": 8",
                "\"intermediate_size\": 16",
            )
        }),
        spoilt(|model| {
            replace(model, "config.json", "Qwen2ForCausalLM", "MambaForCausalLM");
        }),
        spoilt(|model| replace(model, "tokenizer.json", "\"version\"", "version")),
    ];
    insta::assert_snapshot!(messages.join("~~~\n"));
}

/// Replaces text in one of the model's files.
fn replace(model: &Path, file: &str, old: &str, new: &str) {
    let file = model.join(file);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(old));
    fs::write(&file, text.replace(old, new)).unwrap();
}

#[test]
fn a_prompt_that_cannot_be_used() {
    let with = |arguments: &[&str], stdin: &[u8]| {
        let mut all = vec!["-m", "[folder]/model"];
        all.extend(arguments);
        refused(|_| {}, &all, stdin)
    };
    let long = "many words ".repeat(10);
    let messages = [
        with(&[], b""),
        with(&[""], b""),
        with(&["  \n"], b""),
        with(&["-f", "[folder]/no-such-file"], b""),
        with(&["-f", "[folder]/model"], b""),
        with(&[], b"gr\xffeet"),
        with(&["-f", "[folder]/model/model.safetensors"], b""),
        with(&[&long], b""),
        with(&[], long.as_bytes()),
    ];
    insta::assert_snapshot!(messages.join("~~~\n"));
}

#[test]
fn a_setting_that_cannot_be() {
    let with = |arguments: &[&str]| {
        let mut all = GOOD.to_vec();
        all.extend(arguments);
        refused(|_| {}, &all, b"")
    };
    let messages = [
        with(&["--max-tokens", "0"]),
        with(&["--n", "0"]),
        with(&["--temperature", "-1"]),
        with(&["--temperature", "nan"]),
        with(&["--top-p", "0"]),
        with(&["--top-p", "1.5"]),
        with(&["--trigger-bias", "inf"]),
        with(&["--lang", "klingon"]),
    ];
    insta::assert_snapshot!(messages.join("~~~\n"));
}

#[test]
fn events_that_cannot_be_written() {
    let with = |arguments: &[&str]| {
        let mut all = GOOD[..3].to_vec();
        all.extend(arguments);
        refused(|_| {}, &all, b"")
    };
    let messages = [
        with(&["--events", "[folder]/no/such/folder/events"]),
        with(&["--events", "[folder]"]),
        with(&["--events", "-", "--json"]),
    ];
    insta::assert_snapshot!(messages.join("~~~\n"));
}

#[test]
fn events_that_were_there_before_a_failure_are_still_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.jsonl");
    fs::write(&file, "precious").unwrap();
    let file = file.display().to_string();
    let missing = folder.path().display().to_string();
    let ran = run(&["generate", "greet", "-m", &missing, "--events", &file]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
#[cfg(not(any(feature = "cuda", feature = "metal")))]
fn devices_that_this_build_does_not_have() {
    let messages = ["cuda", "metal"].map(|device| {
        let device = format!("--device={device}");
        refused(|_| {}, &[&GOOD[..], &[&device]].concat(), b"")
    });
    insta::assert_snapshot!(messages.join("~~~\n"), @r"
    error: cannot compute on `cuda`: this build computes on the processor only
    hint: leave out --device, or build the tool with `--features cuda` (CONTRIBUTING.md says how)
    ~~~
    error: cannot compute on `metal`: this build computes on the processor only
    hint: leave out --device, or build the tool with `--features metal` (CONTRIBUTING.md says how)
    ");
}

#[test]
fn names_that_no_model_has() {
    let mut messages = Vec::new();
    for name in [
        "hf:",
        "hf:name",
        "hf:org/name@",
        "hf:org/name#model.bin",
        "model.gguf",
    ] {
        let ran = run(&["model", "show", name]);
        assert_eq!((ran.code, ran.text()), (2, ""));
        messages.push(ran.stderr);
    }
    insta::assert_snapshot!(messages.join("~~~\n"));
}

#[test]
fn models_of_later_versions() {
    for name in [
        "vllm:http://localhost:8000#m",
        "llamacpp:http://localhost:8080",
    ] {
        let ran = run(&["generate", "greet", "-m", name]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains("not in this version"), "{}", ran.stderr);
    }
}
