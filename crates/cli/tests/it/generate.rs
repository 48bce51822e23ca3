//! Does `generate` give the program, the events and the counts of what a scripted model writes?

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::events::replay;
use crate::scripted::{self, GREETING, GREETING_DRAFT, GREETING_REVISED, Script};
use crate::{Ran, run, run_with};

/// A checkpoint in a folder of its own.
fn model(script: Script<'_>, actions: bool) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("scripted")
        .tempdir()
        .expect("a temporary folder");
    scripted::write(folder.path(), script, actions);
    folder
}

/// `generate` with a model and more flags; the model's folder is called `[model]` in messages.
fn generate(folder: &Path, arguments: &[&str]) -> Ran {
    let name = folder.display().to_string();
    let mut all = vec!["generate", "greet", "--model", &name];
    all.extend(arguments);
    let mut ran = run(&all);
    let last = folder.file_name().unwrap().to_string_lossy();
    ran.stderr = ran
        .stderr
        .replace(&name, "[model]")
        .replace(&*last, "[model]");
    ran
}

#[test]
fn piped_standard_output_holds_the_final_program_alone() {
    let folder = model(GREETING, true);
    let ran = generate(folder.path(), &[]);
    insta::assert_snapshot!(ran.all(), @r#"
    void greet(const char *name) {
      char line[16];
      snprintf(line, sizeof line, "%s", name);
      puts(line);
    }
    --- stderr ---
    1 revision; 17 tokens: 5 prompt, 5 code, 1 scope, 1 patch, 5 delimiter
    --- exit code 0 ---
    "#);
    assert_eq!(ran.text(), GREETING_REVISED);
}

#[test]
fn the_prompt_comes_from_an_argument_a_file_or_standard_input() {
    let folder = model(GREETING, true);
    let name = folder.path().display().to_string();
    let file = folder.path().join("prompt.txt");
    fs::write(&file, "greet\r\n").unwrap();
    let file = file.display().to_string();
    for arguments in [
        &["generate", "-m", &name, "-f", &file][..],
        &["generate", "-m", &name],
        &["generate", "-m", &name, "-"],
        &["generate", "-m", &name, "-f", "-"],
    ] {
        let ran = run_with(arguments, b"greet\n");
        assert_eq!(ran.text(), GREETING_REVISED, "{}", ran.stderr);
        assert!(ran.stderr.contains(" 5 prompt,"), "{}", ran.stderr);
    }
}

#[test]
fn revision_can_be_forbidden_discouraged_or_required() {
    let folder = model(GREETING, true);
    for flags in [&["--no-revision"][..], &["--trigger-bias", "-1000"]] {
        let ran = generate(folder.path(), flags);
        assert_eq!((ran.code, ran.text()), (0, GREETING_DRAFT));
    }
    assert_eq!(generate(folder.path(), &["--require-revision"]).code, 0);

    let folder = model(GREETING, false);
    let ran = generate(folder.path(), &[]);
    insta::assert_snapshot!(ran.all(), @r"
    void greet(const char *name) {
      char line[16];
      strcpy(line, name);
      puts(line);
    }
    --- stderr ---
    note: `[model]` has no action tokens, so it writes plainly; `palinode model add-tokens` adds them to a model, `palinode train sft` teaches it to use them
    0 revisions; 10 tokens: 5 prompt, 5 code, 0 scope, 0 patch, 0 delimiter
    --- exit code 0 ---
    ");
    let ran = generate(folder.path(), &["--no-revision"]);
    assert_eq!(
        ran.stderr.lines().count(),
        1,
        "no note where it was asked for: {}",
        ran.stderr
    );
    let ran = generate(folder.path(), &["--require-revision"]);
    insta::assert_snapshot!(ran.all(), @r"
    --- stderr ---
    error: `[model]` has no action tokens, so it cannot take back what it writes
    hint: `palinode model add-tokens` adds them to a model, `palinode train sft` teaches it to use them
    --- exit code 2 ---
    ");
}

#[test]
fn events_give_the_program() {
    let folder = model(GREETING, true);
    let ran = generate(
        folder.path(),
        &["--events", "-", "--seed", "3", "--lang", "C"],
    );
    let replayed = replay(ran.text());
    assert_eq!(replayed.programs, [GREETING_REVISED]);
    assert_eq!(
        replayed.types(),
        [
            "start", "text", "text", "text", "revision", "text", "text", "end"
        ]
    );
    let start = &replayed.lines[0];
    assert_eq!(start["prompt"], "greet");
    assert_eq!(start["seed"], 3);
    assert_eq!(start["language"], "c");
    assert_eq!(start["method"], "stream_of_revision");
    let revision = &replayed.lines[4];
    assert_eq!(
        revision["tokens"],
        serde_json::json!({"scope": 1, "patch": 1, "delimiter": 5})
    );
    let mut usage = replayed.lines[7]["usage"].clone();
    let seconds = usage.as_object_mut().unwrap().remove("seconds").unwrap();
    assert!(seconds.as_f64().unwrap() > 0.0);
    assert_eq!(
        usage,
        serde_json::json!({
            "prompt": 5, "code": 5, "scope": 1, "patch": 1, "delimiter": 5, "discarded": 0,
            "revisions": 1, "refusals": 0
        })
    );

    // In a file, the program stays on standard output; what the file held before is gone.
    let file = folder.path().join("events.jsonl");
    fs::write(&file, "x".repeat(100_000)).unwrap();
    let ran = generate(folder.path(), &["--events", &file.display().to_string()]);
    assert_eq!(ran.text(), GREETING_REVISED);
    assert_eq!(
        replay(&fs::read_to_string(&file).unwrap()).programs,
        [GREETING_REVISED]
    );
}

/// Writes `s = 'é'` in tokens that cut the letter, and takes back its second half.
const CUT_LETTER: Script<'static> = &[
    ("", &["s = '"]),
    ("s = '", &["<0xC3>"]),
    ("<0xC3>", &["<0xA9>"]),
    ("<0xA9>", &["<|/OLD|>", "'\n"]),
    ("'\n", &["<|backtracking|>", scripted::END]),
    ("<|OLD|>", &["<0xA9>"]),
    ("<|NEW|>", &["<0xA8>"]),
    ("<0xA8>", &["<|/NEW|>"]),
    ("<|/NEW|>", &[scripted::END]),
];

#[test]
fn events_hold_whole_characters_where_tokens_cut_them() {
    let folder = model(CUT_LETTER, true);
    let ran = generate(folder.path(), &["--events", "-"]);
    let replayed = replay(ran.text());
    assert_eq!(replayed.programs, ["s = 'è'\n"]);
    let revision = replayed
        .lines
        .iter()
        .find(|line| line["type"] == "revision")
        .unwrap();
    assert_eq!(
        (&revision["old"], &revision["new"]),
        (&"é".into(), &"è".into())
    );
    assert_eq!(generate(folder.path(), &[]).text(), "s = 'è'\n");
    assert_eq!(
        generate(folder.path(), &["--no-revision"]).text(),
        "s = 'é'\n"
    );
    // Cut off inside the letter, standard output has its first byte and the events a substitute.
    let cut = ["--max-tokens", "2"];
    assert_eq!(generate(folder.path(), &cut).stdout, b"s = '\xc3");
    let cut = ["--max-tokens", "2", "--events", "-"];
    assert_eq!(
        replay(generate(folder.path(), &cut).text()).programs,
        ["s = '\u{fffd}"]
    );
}

#[test]
fn a_program_that_was_cut_off_is_told() {
    let folder = model(GREETING, true);
    let told = |ran: &Ran| {
        let note = ran.stderr.lines().find(|line| line.contains("cut off"));
        note.map(str::to_owned)
    };
    let whole = generate(folder.path(), &[]);
    assert_eq!(told(&whole), None);
    let cut = generate(folder.path(), &["--max-tokens", "2"]);
    let note = "note: cut off after 2 tokens; `--max-tokens` allows more";
    assert_eq!(told(&cut).as_deref(), Some(note));
    let nano = run(&["generate", "Bake a cake", "--max-tokens", "2"]);
    let note = format!(
        "{note}; `nano` knows tasks like those of `palinode generate --examples` and no others"
    );
    assert_eq!(told(&nano), Some(note));
}

#[test]
fn several_samples_are_told_apart() {
    let folder = model(GREETING, true);
    let ran = generate(
        folder.path(),
        &["--n", "2", "--lang", "python", "--max-tokens", "2"],
    );
    insta::assert_snapshot!(ran.all(), @r"
    # sample 1 of 2
    void greet(const char *name) {
      char line[16];
    # sample 2 of 2
    void greet(const char *name) {
      char line[16];
    --- stderr ---
    note: at temperature 0 all samples are the same; see --temperature
    note: cut off after 2 tokens; `--max-tokens` allows more
    2 samples; 0 revisions; 9 tokens: 5 prompt, 4 code, 0 scope, 0 patch, 0 delimiter
    --- exit code 0 ---
    ");

    let ran = generate(
        folder.path(),
        &["--n", "3", "--temperature", "60", "--events", "-"],
    );
    assert_eq!(replay(ran.text()).programs.len(), 3);
    let again = generate(
        folder.path(),
        &["--n", "3", "--temperature", "60", "--json"],
    );
    // As they end, which need not be their order.
    let mut samples: Vec<Value> = again
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    samples.sort_by_key(|sample| sample["sample"].as_u64());
    let programs: Vec<String> = samples
        .iter()
        .map(|sample| {
            assert_eq!(
                (&sample["schema"], &sample["type"]),
                (&1.into(), &"sample".into())
            );
            sample["program"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        programs,
        replay(ran.text()).programs,
        "the same seed writes the same"
    );
}

#[test]
fn json_holds_program_usage_and_revisions() {
    let folder = model(GREETING, true);
    let ran = generate(folder.path(), &["--json"]);
    let sample: Value = serde_json::from_str(ran.text()).unwrap();
    assert_eq!(sample["program"], GREETING_REVISED);
    assert_eq!(sample["stop"], "end");
    assert_eq!(sample["usage"]["code"], 5);
    assert_eq!(sample["revisions"][0]["old"], "  strcpy(line, name);\n");
    assert_eq!(
        sample["revisions"][0]["span"],
        serde_json::json!({"start": 48, "end": 70})
    );
}

#[test]
fn markers_in_a_prompt_are_only_text() {
    let folder = model(GREETING, true);
    let name = folder.path().display().to_string();
    let marker = run(&["generate", "-m", &name, "say <|OLD|>"]);
    assert_eq!(marker.text(), GREETING_REVISED);
    // Eleven bytes and so eleven tokens, not five.
    assert!(marker.stderr.contains(" 11 prompt,"), "{}", marker.stderr);
}

#[test]
fn the_time_is_shared_out_where_asked_for() {
    let folder = model(GREETING, true);
    let ran = generate(folder.path(), &["--timing"]);
    let line = ran.stderr.lines().last().unwrap();
    for part in [
        "prompt ",
        "; decoding ",
        " model ",
        " revise ",
        " sampling ",
        "; first token ",
    ] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn examples_are_listed() {
    let ran = run(&["generate", "--examples"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.text().contains("For real work"));
    // Each is answered with a revision, as it stands and without the language.
    let mut examples = 0;
    for line in ran.text().lines() {
        let Some(example) = line.trim().strip_prefix("palinode generate --lang ") else {
            continue;
        };
        let (language, prompt) = example.split_once(" \"").expect("a quoted prompt");
        let prompt = prompt.strip_suffix('"').expect("a closing quote");
        assert!(
            !prompt.contains(['"', '$', '`']),
            "a shell would change {prompt}"
        );
        for arguments in [
            vec!["generate", "--json", prompt],
            vec!["generate", "--json", "--lang", language, prompt],
        ] {
            let ran = run(&arguments);
            let sample: Value = serde_json::from_str(ran.text()).expect("one object");
            let revisions = sample["revisions"].as_array().expect("a list");
            assert_eq!((ran.code, revisions.len()), (0, 1), "{prompt}");
            assert_ne!(revisions[0]["old"], revisions[0]["new"]);
        }
        examples += 1;
    }
    assert!(examples >= 5, "{examples}");
}

#[test]
fn samples_written_at_once_are_those_written_one_by_one() {
    let folder = model(GREETING, true);
    let written = |at_once: &str, more: &[&str]| {
        let settings = ["--n", "5", "--temperature", "60", "--max-tokens", "20"];
        let arguments = [&settings, more, &["--at-once", at_once]].concat();
        generate(folder.path(), &arguments)
    };
    let alone = written("1", &[]);
    assert_eq!(alone.code, 0);
    // Hot as it is, it writes bytes that are no text.
    let headings = String::from_utf8_lossy(&alone.stdout).into_owned();
    assert_eq!(headings.matches("// sample ").count(), 5);
    for at_once in ["2", "3", "64"] {
        assert_eq!(written(at_once, &[]).stdout, alone.stdout, "{at_once}");
    }
    // Lines of events belong to the sample that they name.
    let mut samples: std::collections::BTreeMap<u64, String> = Default::default();
    for line in written("3", &["--events", "-"]).text().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let own = samples
            .entry(value["sample"].as_u64().unwrap())
            .or_default();
        *own += line;
        *own += "\n";
    }
    assert_eq!(samples.len(), 5);
    let one_by_one = replay(written("1", &["--events", "-"]).text()).programs;
    for (number, lines) in samples {
        let lines = lines.replace(&format!("\"sample\":{number},"), "\"sample\":1,");
        let program = &one_by_one[usize::try_from(number).unwrap() - 1];
        assert_eq!(&replay(&lines).programs[0], program);
    }
}

#[test]
fn prompts_without_their_template_and_gaps() {
    let folder = model(GREETING, true);
    let raw = generate(folder.path(), &["--raw", "--json"]);
    let value: Value = serde_json::from_str(raw.text()).unwrap();
    let with = generate(folder.path(), &["--json"]);
    let with: Value = serde_json::from_str(with.text()).unwrap();
    assert!(value["prompt_tokens"].as_u64() <= with["prompt_tokens"].as_u64());
    let gap = generate(folder.path(), &["--suffix", "}"]);
    assert_eq!(gap.code, 2);
    assert!(gap.stderr.contains("cannot fill a gap"), "{}", gap.stderr);
    let bias = generate(
        folder.path(),
        &["--logit-bias", "99999999=1", "--temperature", "1"],
    );
    assert_eq!(bias.code, 2);
    assert!(bias.stderr.contains("99999999"), "{}", bias.stderr);
    let nonsense = generate(folder.path(), &["--logit-bias", "one=1"]);
    assert_eq!(nonsense.code, 2);
}
