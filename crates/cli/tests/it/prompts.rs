//! Does `generate --prompts` answer each line as if it were alone, at once, and go on where it stopped?

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scripted::{self, END, GREETING, GREETING_DRAFT, GREETING_REVISED, Script};
use crate::{Ran, command, run, run_with};

/// A folder with a scripted model `model` and room for files.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self::with(GREETING)
    }

    fn with(script: Script<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("model")).unwrap();
        scripted::write(&folder.path().join("model"), script, true);
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file of prompts.
    fn prompts(&self, lines: &[Value]) {
        let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.path("prompts.jsonl"), lines.concat()).unwrap();
    }

    /// The arguments with `[folder]` replaced, and the model.
    fn arguments(&self, arguments: &[&str]) -> Vec<String> {
        let root = self.0.path().display().to_string();
        let own = ["generate", "-m", "[folder]/model"];
        let all = own.iter().chain(arguments);
        all.map(|argument| argument.replace("[folder]", &root))
            .collect()
    }

    /// Runs `generate`; the folder is called `[folder]` in messages.
    fn with_input(&self, arguments: &[&str], stdin: &[u8]) -> Ran {
        let mut ran = run_with(&self.arguments(arguments), stdin);
        let root = self.0.path().display().to_string();
        ran.stderr = ran.stderr.replace(&root, "[folder]");
        ran
    }

    /// Runs `generate --prompts` on the file.
    fn run(&self, arguments: &[&str]) -> Ran {
        let all = [&["--prompts", "[folder]/prompts.jsonl"], arguments].concat();
        self.with_input(&all, b"")
    }
}

/// Lines of results by the prompt's line and the sample; what differs from run to run is taken out.
fn results(text: &str) -> BTreeMap<(u64, u64), Value> {
    let mut all = BTreeMap::new();
    for line in text.lines() {
        let mut value: Value = serde_json::from_str(line).expect("every line is an object");
        assert_eq!(value["schema"], 1);
        if let Some(Value::Object(usage)) = value.get_mut("usage") {
            assert!(usage.remove("seconds").unwrap().as_f64().unwrap() > 0.0);
        }
        let place = (
            value["line"].as_u64().unwrap(),
            value["sample"].as_u64().unwrap_or(0),
        );
        assert!(
            all.insert(place, value).is_none(),
            "{place:?} is there twice"
        );
    }
    all
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

#[test]
fn each_line_gets_a_line() {
    let place = Place::new();
    place.prompts(&[
        json!({"prompt": "greet"}),
        json!({"prompt": "x".repeat(100), "id": "long"}),
        json!({"task_id": "HumanEval/0", "prompt": "def f():\n", "entry_point": "f", "test": "assert f()"}),
    ]);
    let ran = place.run(&[]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(crate::without_speed(&ran.stderr), @r"
    1 failed, as lines of type `error` say; line 2: the prompt is too long: 100 tokens, and the context of `model` is 64
    2 prompts; 2 samples; 2 revisions; 38 tokens: 14 prompt, 10 code, 2 scope, 2 patch, 10 delimiter
    ");
    let lines: Vec<String> = results(ran.text()).values().map(Value::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let all = results(ran.text());
    assert_eq!(all[&(1, 1)]["draft"], GREETING_DRAFT);
    assert_eq!(all[&(1, 1)]["program"], GREETING_REVISED);
}

#[test]
fn a_result_does_not_depend_on_the_others() {
    let place = Place::new();
    let texts = ["greet", "def f():", "a longer prompt", "x", "greet"];
    let line = |at: usize| json!({"prompt": texts[at], "seed": at / 2, "max_tokens": 10 + at});
    let lines: Vec<Value> = (0..texts.len()).map(line).collect();
    place.prompts(&lines);
    let hot = ["--temperature", "60", "--n", "3"];
    let one = results(place.run(&[&hot[..], &["--at-once", "1"]].concat()).text());
    assert_eq!(one.len(), 15);
    for at_once in ["2", "4", "64"] {
        let ran = place.run(&[&hot[..], &["--at-once", at_once]].concat());
        assert_eq!(results(ran.text()), one, "{at_once} at once");
    }
    let ran = place.with_input(
        &[&["--prompts", "-"], &hot[..]].concat(),
        &fs::read(place.path("prompts.jsonl")).unwrap(),
    );
    assert_eq!(results(ran.text()), one, "from a pipe");

    // What each would be by itself, whole and without a file.
    for (at, text) in texts.iter().enumerate() {
        let (seed, most) = ((at / 2).to_string(), (10 + at).to_string());
        let alone = [
            &[text, "--json", "--seed", &seed, "--max-tokens", &most],
            &hot[..],
        ]
        .concat();
        let ran = place.with_input(&alone, b"");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        for line in ran.text().lines() {
            let alone: Value = serde_json::from_str(line).unwrap();
            let number = alone["sample"].as_u64().unwrap();
            let beside = &one[&(at as u64 + 1, number)];
            for field in [
                "program",
                "draft",
                "revisions",
                "stop",
                "prompt",
                "seed",
                "prompt_tokens",
            ] {
                assert_eq!(alone[field], beside[field], "{text} {number}: {field}");
            }
        }
    }

    // In another order, each line's results are those it had.
    place.prompts(&lines.iter().rev().cloned().collect::<Vec<_>>());
    let reversed = results(place.run(&hot).text());
    for ((line, sample), value) in &one {
        let other = &reversed[&(6 - line, *sample)];
        assert_eq!(value["program"], other["program"]);
        assert_eq!(value["fingerprint"], other["fingerprint"]);
    }
}

/// What is asked for, line by line, and with which flags; and what the message says.
#[test]
fn lines_that_ask_for_what_cannot_be() {
    let place = Place::new();
    let mut messages = Vec::new();
    let mut refused = |bytes: &[u8], flags: &[&str]| {
        fs::write(place.path("prompts.jsonl"), bytes).unwrap();
        // Before any model is loaded.
        let flags = [&["-m", "[folder]"], flags].concat();
        let all = [
            &["generate", "--prompts", "[folder]/prompts.jsonl"],
            &flags[..],
        ]
        .concat();
        let root = place.0.path().display().to_string();
        let all: Vec<String> = all
            .iter()
            .map(|flag| flag.replace("[folder]", &root))
            .collect();
        let ran = run(&all);
        assert_eq!((ran.code, ran.text()), (2, ""), "{}", ran.stderr);
        let error = ran.stderr.lines().next().unwrap_or_default().to_owned();
        messages.push(error.replace(&root, "[folder]"));
    };
    let good = "{\"prompt\": \"x\"}\n\n";
    for bad in [
        "{\"prompt\": \"x\"",
        "prompt",
        "[\n  {\"prompt\": \"x\"}\n]",
        "[{\"prompt\": \"x\"}]",
        "{}",
        "{\"prompt\": 3}",
        "{\"prompt\": \" \\n\"}",
        "{\"prompt\": null}",
        "{\"prompt\": \"x\", \"messages\": []}",
        "{\"messages\": []}",
        "{\"messages\": [{\"role\": \"user\"}]}",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}, 3]}",
        "{\"messages\": [{\"role\": \"<|im_end|>\", \"content\": \"x\"}]}",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"x\", \"name\": \"n\"}]}",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"suffix\": \"y\"}",
        "{\"prompt\": \"x\", \"id\": 1.5}",
        "{\"prompt\": \"x\", \"id\": [1]}",
        "{\"prompt\": \"x\", \"lang\": \"klingon\"}",
        "{\"prompt\": \"x\", \"suffix\": 3}",
        "{\"prompt\": \"x\", \"system\": \"be good\"}",
        "{\"prompt\": \"x\", \"max_tokens\": 0}",
        "{\"prompt\": \"x\", \"seed\": -1}",
        "{\"prompt\": \"x\", \"temperature\": \"hot\"}",
        "{\"prompt\": \"x\", \"temperature\": -1}",
        "{\"prompt\": \"x\", \"top_p\": 1.5}",
    ] {
        refused(format!("{good}{bad}\n").as_bytes(), &[]);
    }
    refused(b"{\"prompt\": \"x\xff\"}", &[]);
    refused(
        format!("{{\"prompt\": \"{}\"}}", "x".repeat(17 << 20)).as_bytes(),
        &[],
    );
    refused(b"\n \n", &[]);
    refused(b"{\"prompt\": \"x\", \"suffix\": \"y\"}", &["--raw"]);
    refused(
        b"{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}",
        &["--raw"],
    );
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn files_that_cannot_be_used() {
    let place = Place::new();
    place.prompts(&[json!({"prompt": "x"})]);
    fs::write(place.path("precious"), "precious").unwrap();
    fs::write(place.path("table.csv"), "a,b\n1,2\n").unwrap();
    let mut messages = Vec::new();
    for arguments in [
        &["--prompts", "[folder]/no-such-file"][..],
        &["--prompts", "[folder]"],
        &["--prompts", "[folder]/prompts.jsonl", "--events", "-"],
        &[
            "--prompts",
            "[folder]/prompts.jsonl",
            "--out",
            "[folder]/prompts.jsonl",
        ],
        &[
            "--prompts",
            "[folder]/prompts.jsonl",
            "--out",
            "[folder]/no/such/folder",
        ],
        &[
            "--prompts",
            "[folder]/prompts.jsonl",
            "--out",
            "[folder]/precious",
        ],
        &[
            "--prompts",
            "[folder]/prompts.jsonl",
            "--out",
            "[folder]/table.csv",
        ],
        &["--prompts", "[folder]/prompts.jsonl", "--n", "0"],
        &["--prompts", "-"],
        &["greet", "--out", "[folder]/out.jsonl"],
    ] {
        let ran = place.with_input(arguments, b"");
        assert_eq!((ran.code, ran.text()), (2, ""), "{}", ran.stderr);
        messages.push(ran.stderr);
    }
    insta::assert_snapshot!(messages.join("~~~\n"));
    assert_eq!(read(&place.path("precious")), "precious");
    assert_eq!(read(&place.path("table.csv")), "a,b\n1,2\n");
    let ran = place.with_input(&["--prompts", "p", "greet"], b"");
    assert_eq!(ran.code, 2);
    assert!(!place.path("no").exists() && !place.path("out.jsonl").exists());
}

#[test]
fn a_bad_line_from_a_pipe_ends_no_other() {
    let place = Place::new();
    let input = b"\xef\xbb\xbf{\"prompt\": \"greet\", \"id\": 18446744073709551615}\r\n\r\nnonsense\n{\"prompt\": \"greet\"}";
    let ran = place.with_input(&["--prompts", "-"], input);
    assert_eq!(ran.code, 1);
    let all = results(ran.text());
    assert_eq!(
        all.keys().copied().collect::<Vec<_>>(),
        [(1, 1), (3, 0), (4, 1)]
    );
    assert_eq!(all[&(1, 1)]["id"], u64::MAX);
    assert_eq!(all[&(3, 0)]["type"], "error");
    assert_eq!(all[&(4, 1)]["program"], GREETING_REVISED);
}

#[test]
fn a_prompt_is_answered_while_the_next_is_not_there_yet() {
    let place = Place::new();
    let mut child = command(&place.arguments(&["--prompts", "-"]))
        .spawn()
        .unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut lines = BufReader::new(output).lines();
    for number in 1..=3 {
        writeln!(input, "{}", json!({"prompt": "greet", "id": number})).unwrap();
        input.flush().unwrap();
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(
            (&line["id"], &line["line"]),
            (&number.into(), &number.into())
        );
    }
    drop(input);
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_run_goes_on_with_what_is_missing() {
    let place = Place::new();
    place.prompts(&[
        json!({"prompt": "greet"}),
        json!({"prompt": "y".repeat(100)}),
        json!({"prompt": "def f():", "seed": 3}),
    ]);
    let flags = [
        "--temperature",
        "60",
        "--max-tokens",
        "15",
        "--out",
        "[folder]/out.jsonl",
    ];
    let run = |n: &str| place.run(&[&flags[..], &["--n", n]].concat());
    let out = place.path("out.jsonl");
    let first = run("3");
    assert_eq!((first.code, first.text()), (1, ""));
    let whole = fs::read(&out).unwrap();
    let expected = results(std::str::from_utf8(&whole).unwrap());
    assert_eq!(expected.len(), 7);

    // Cut off anywhere, between lines and within them.
    for length in (0..whole.len()).step_by(331) {
        fs::write(&out, &whole[..length]).unwrap();
        let ran = run("3");
        assert_eq!(ran.code, 1, "{length}: {}", ran.stderr);
        assert_eq!(results(&read(&out)), expected, "{length}");
    }
    // Without some lines in the middle.
    let kept: Vec<&[u8]> = whole
        .split_inclusive(|byte| *byte == b'\n')
        .step_by(2)
        .collect();
    fs::write(&out, kept.concat()).unwrap();
    run("3");
    assert_eq!(results(&read(&out)), expected);

    // Nothing is missing: nothing is touched, and what failed then is still told.
    let before = fs::read(&out).unwrap();
    let ran = run("3");
    insta::assert_snapshot!(ran.all(), @r"
    --- stderr ---
    `[folder]/out.jsonl` holds 7 results already
    1 failed in an earlier run, as lines of type `error` say
    nothing was missing
    --- exit code 1 ---
    ");
    assert_eq!(fs::read(&out).unwrap(), before);

    // More samples: those that are there stay.
    assert_eq!(run("5").code, 1);
    let more = results(&read(&out));
    assert_eq!(more.len(), 11);
    for (place, value) in &expected {
        assert_eq!(more[place], *value);
    }
    let at_once = results(
        place
            .run(&["--n", "5", "--temperature", "60", "--max-tokens", "15"])
            .text(),
    );
    for (place, value) in &more {
        assert_eq!(at_once[place]["program"], value["program"]);
    }
}

#[test]
fn results_of_something_else_are_refused_untouched() {
    let place = Place::new();
    let lines = [json!({"prompt": "greet"}), json!({"prompt": "greet you"})];
    place.prompts(&lines);
    let out = ["--out", "[folder]/out.jsonl"];
    assert_eq!(place.run(&out).code, 0);
    let before = read(&place.path("out.jsonl"));
    let mut messages = Vec::new();
    let mut refused = |flags: &[&str]| {
        let ran = place.run(&[&out, flags].concat());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        messages.push(ran.stderr);
        assert_eq!(read(&place.path("out.jsonl")), before);
    };
    refused(&["--seed", "1"]);
    refused(&["--dtype", "f32"]);
    refused(&["--no-revision"]);
    place.prompts(&[lines[0].clone(), json!({"prompt": "another"})]);
    refused(&[]);
    place.prompts(&lines[..1]);
    refused(&[]);
    insta::assert_snapshot!(messages.join("~~~\n"));

    // Line by line where they come from a pipe.
    let piped = format!("{}\n{}\n", lines[0], json!({"prompt": "another"}));
    let ran = place.with_input(&[&["--prompts", "-"], &out[..]].concat(), piped.as_bytes());
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("line 2"), "{}", ran.stderr);
    // Other fields and ids may change.
    place.prompts(&[
        json!({"prompt": "greet", "id": 1}),
        json!({"prompt": "greet you", "note": "n"}),
    ]);
    assert_eq!(place.run(&out).code, 0);
}

/// Writes prompts without end until the reader has gone.
fn feed(mut pipe: impl Write + Send + 'static) {
    std::thread::spawn(move || while pipe.write_all(b"{\"prompt\": \"greet\"}\n").is_ok() {});
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_whole_results() {
    let place = Place::new();
    let out = place.path("out.jsonl");
    let arguments = ["--prompts", "-", "--out", "[folder]/out.jsonl"];
    let mut child = command(&place.arguments(&arguments)).spawn().unwrap();
    feed(child.stdin.take().unwrap());
    while fs::read(&out).map_or(0, |bytes| bytes.len()) < 10_000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    // Nobody else writes there meanwhile.
    let other = place.with_input(&arguments, b"{\"prompt\": \"greet\"}");
    assert_eq!(other.code, 2);
    assert!(
        other.stderr.contains("another run is writing to it"),
        "{}",
        other.stderr
    );
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(killed.unwrap().success());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        stderr.starts_with("interrupted: what is done is in "),
        "{stderr}"
    );
    let text = read(&out);
    assert!(text.ends_with('\n'));
    let there = results(&text);
    assert!(
        there
            .values()
            .all(|value| value["program"] == GREETING_REVISED)
    );

    // As many prompts again: only those that are missing are written.
    let last = there.keys().last().unwrap().0;
    let input = "{\"prompt\": \"greet\"}\n".repeat(usize::try_from(last).unwrap());
    let ran = place.with_input(&arguments, input.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(results(&read(&out)).len() as u64, last);
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_wait_for_prompts() {
    let place = Place::new();
    let mut child = command(&place.arguments(&["--prompts", "-"]))
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"{\"prompt\": \"greet\"}\n").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("\"sample\""));
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(input);
}

#[test]
fn a_reader_that_has_heard_enough_ends_it() {
    let place = Place::new();
    let mut child = command(&place.arguments(&["--prompts", "-"]))
        .spawn()
        .unwrap();
    feed(child.stdin.take().unwrap());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("\"sample\""));
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_sample_that_fails_is_told_by_itself() {
    let place = Place::new();
    place.prompts(&[json!({"prompt": "greet"}), json!({"prompt": "greet"})]);
    let outputs: Vec<String> = (0..320)
        .map(|id| format!("--logit-bias={id}=-inf"))
        .collect();
    let mut flags: Vec<&str> = outputs.iter().map(String::as_str).collect();
    flags.extend(["--n", "2", "--temperature", "1"]);
    let ran = place.run(&flags);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let all = results(ran.text());
    assert_eq!(
        all.keys().copied().collect::<Vec<_>>(),
        [(1, 1), (1, 2), (2, 1), (2, 2)]
    );
    assert!(
        all.values()
            .all(|value| value["type"] == "error" && value["hint"] == "ban fewer tokens")
    );
    // What no prompt could be written with is refused once.
    let ran = place.run(&["--logit-bias", "320=1"]);
    assert_eq!((ran.code, ran.text()), (2, ""));
}

/// Fills a gap with its own word, and writes another elsewhere.
const GAP: Script<'static> = &[
    ("", &["continued", END]),
    ("<fim_middle>", &["filled"]),
    ("filled", &[END]),
    ("continued", &[END]),
    ("<fim_prefix>", &[END]),
    ("<fim_suffix>", &[END]),
];

#[test]
fn gaps_are_filled_line_by_line() {
    let place = Place::with(GAP);
    place.prompts(&[
        json!({"prompt": "a"}),
        json!({"prompt": "a", "suffix": "b"}),
        json!({"prompt": "a", "suffix": null}),
    ]);
    let programs = |flags: &[&str]| -> Vec<String> {
        let ran = place.run(flags);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let all = results(ran.text());
        all.values()
            .map(|value| value["program"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(programs(&[]), ["continued", "filled", "continued"]);
    assert_eq!(programs(&["--suffix", "c"]), ["filled", "filled", "filled"]);
}

#[test]
fn messages_are_put_as_the_model_expects_them() {
    let place = Place::new();
    let lines = [
        json!({"prompt": "greet"}),
        json!({"messages": [{"role": "user", "content": "greet"}]}),
        json!({"messages": [{"role": "system", "content": "be <|OLD|>"}, {"role": "user", "content": "greet"}]}),
    ];
    place.prompts(&lines);
    // Without a template it has no form for them.
    let ran = place.run(&[]);
    let all = results(ran.text());
    assert_eq!(
        (ran.code, all[&(1, 1)]["prompt_tokens"].as_u64()),
        (1, Some(5))
    );
    let message = all[&(2, 0)]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "`model` has no chat template, so it cannot be given messages"
    );

    let template = "{% for m in messages %}{{ m['role'] }}:{{ m['content'] }};{% endfor %}";
    fs::write(place.path("model/chat_template.jinja"), template).unwrap();
    let ran = place.run(&[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let all = results(ran.text());
    let tokens = |line| all[&(line, 1)]["prompt_tokens"].as_u64().unwrap();
    assert_eq!((tokens(1), tokens(2)), (11, 11));
    // The marker is only text: eight tokens in a tokenizer of bytes.
    assert_eq!(tokens(3), "system:be <|OLD|>;user:greet;".len() as u64);
    assert_eq!(all[&(3, 1)]["messages"], lines[2]["messages"]);
    assert_eq!(all[&(3, 1)].get("prompt"), None);
}
