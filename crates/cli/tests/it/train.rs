//! Can a model that never heard of revision be given its tokens and taught to take back a line?

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::{Ran, command, run};

/// The bundled model before it had the five tokens.
const PLAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/nano-before");

const PROMPT: &str = "Copy the name";
const DRAFT: &str = "char line[16];\nstrcpy(line, name);\nputs(line);\n";
const FIXED: &str = "char line[16];\nsnprintf(line, sizeof line, \"%s\", name);\nputs(line);\n";

/// A model with tokens in `folder/with-tokens`, and what to learn in `folder/data.jsonl`.
fn prepare(folder: &Path) {
    let made = run(&["model", "add-tokens", PLAIN, &path(folder, "with-tokens")]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let line = json!({ "prompt": PROMPT, "draft": DRAFT, "fixed": FIXED });
    fs::write(folder.join("data.jsonl"), format!("{line}\n")).unwrap();
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

/// The arguments that teach the model of `prepare` for `epochs` passes, into `folder/out`.
fn lesson(folder: &Path, out: &str, epochs: &str) -> Vec<String> {
    let mut arguments: Vec<String> = ["train", "sft", "--model"].map(str::to_owned).to_vec();
    arguments.push(path(folder, "with-tokens"));
    arguments.extend(["--data".to_owned(), path(folder, "data.jsonl")]);
    arguments.extend(["--out".to_owned(), path(folder, out)]);
    let numbers = [
        "--epochs",
        epochs,
        "--learning-rate",
        "1e-3",
        "--batch",
        "1",
    ];
    arguments.extend(numbers.map(str::to_owned));
    arguments.extend(["--draft-in-loss", "--latency", "0"].map(str::to_owned));
    arguments
}

fn written_by(model: &str, events: &str) -> Ran {
    run(&[
        "generate",
        PROMPT,
        "-m",
        model,
        "--temperature",
        "0",
        "--require-revision",
        "--events",
        events,
    ])
}

#[test]
fn a_model_learns_to_take_a_line_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let before = written_by(PLAIN, &path(folder, "none.jsonl"));
    assert_eq!(before.code, 2, "it cannot revise: {}", before.stderr);
    prepare(folder);
    let trained = run(&lesson(folder, "out", "60"));
    assert_eq!(trained.code, 0, "{}", trained.stderr);
    let events = path(folder, "events.jsonl");
    let after = written_by(&path(folder, "out"), &events);
    assert_eq!((after.code, after.text()), (0, FIXED), "{}", after.stderr);
    let events = fs::read_to_string(events).unwrap();
    let revisions: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["type"] == "revision")
        .collect();
    assert_eq!(revisions.len(), 1);
    assert_eq!(revisions[0]["old"], "strcpy(line, name);\n");
    let curve = fs::read_to_string(folder.join("out/curve.svg")).unwrap();
    assert!(curve.contains("<svg") && curve.contains("sft"));
}

#[test]
#[cfg(unix)]
fn ctrl_c_leaves_a_checkpoint_and_the_same_command_goes_on() {
    use std::io::{BufRead, BufReader};
    use std::process::Command;

    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let whole = run(&lesson(folder, "whole", "400"));
    assert_eq!(whole.code, 0, "{}", whole.stderr);
    let parts = lesson(folder, "parts", "400");
    let mut child = command(&parts).spawn().unwrap();
    // The first line comes after a hundred steps.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("sft step 100: loss "), "{first}");
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let last = lines.last().unwrap().unwrap();
    assert!(
        last.starts_with("interrupted; the same command goes on"),
        "{last}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!folder.join("parts/model.safetensors").exists());
    let rest = run(&parts);
    assert_eq!(rest.code, 0, "{}", rest.stderr);
    let weights = |name: &str| fs::read(folder.join(name).join("model.safetensors")).unwrap();
    assert!(weights("whole") == weights("parts"), "not the same weights");
}

#[test]
#[cfg(unix)]
fn what_cannot_be_learnt_from_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let refused = |arguments: &[String]| {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.text()), (2, ""), "{}", ran.stderr);
        let message = ran
            .stderr
            .replace(&folder.display().to_string(), "[folder]");
        message.replace(PLAIN, "[plain]")
    };
    let mut all = Vec::new();
    let good = lesson(folder, "out", "1");
    // A model without the tokens.
    let mut arguments = good.clone();
    PLAIN.clone_into(&mut arguments[3]);
    all.push(refused(&arguments));
    // Too little, too much, no line at all, and no data.
    let data = folder.join("data.jsonl");
    let much = json!({ "prompt": PROMPT, "code": FIXED, "draft": DRAFT, "fixed": FIXED });
    for text in [
        "{\"prompt\": \"a\", \"code\": \"b\"}\n{\"prompt\": \"a\"}\n",
        &much.to_string(),
        "",
    ] {
        fs::write(&data, text).unwrap();
        all.push(refused(&good));
    }
    fs::remove_file(&data).unwrap();
    all.push(refused(&good));
    // A folder that holds something else, the model's own by another name, and what is no folder.
    let line = json!({ "prompt": PROMPT, "code": FIXED });
    fs::write(&data, format!("{line}\n")).unwrap();
    fs::create_dir(folder.join("full")).unwrap();
    fs::write(folder.join("full/notes.txt"), "mine").unwrap();
    for out in ["full", "full/../with-tokens", "data.jsonl"] {
        all.push(refused(&lesson(folder, out, "1")));
    }
    let left = fs::read_dir(folder.join("full")).unwrap().count();
    assert_eq!(left, 1, "something was written");
    // A learning rate that no weight survives.
    let mut wild = lesson(folder, "wild", "2");
    let at = wild.iter().position(|word| word == "1e-3").unwrap();
    "1e30".clone_into(&mut wild[at]);
    all.push(refused(&wild));
    assert!(!folder.join("wild/model.safetensors").exists());
    // Tokens into a folder that is there, or for a model that has them.
    let add = |from: &str, to: &str| {
        ["model", "add-tokens", from, to]
            .map(str::to_owned)
            .to_vec()
    };
    let with = path(folder, "with-tokens");
    all.push(refused(&add(PLAIN, &with)));
    all.push(refused(&add(&with, &path(folder, "again"))));
    assert!(!folder.join("out").exists() && !folder.join("again").exists());
    insta::assert_snapshot!(all.join("~~~\n"));
}
