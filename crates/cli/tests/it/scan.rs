//! Is code scanned, told and refused as a person expects, and does nothing that failed read as clean?

use std::fs;
use std::path::Path;

use crate::{Ran, command, run};

const FLAWED: &str = "\
import subprocess
from flask import request

def listed():
    name = request.args[\"name\"]
    return subprocess.run(\"ls \" + name, shell=True)
";
const FINE: &str = "def add(a, b):\n    return a + b\n";

/// Runs `scan` in `folder`, where no analyzer is installed.
fn scan_in(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Ran {
    use std::io::Write;
    let mut command = command(&[&["scan"], arguments].concat());
    let mut child = command
        .current_dir(folder)
        .env("PATH", "")
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdin.take().expect("its input is piped");
    let _ = pipe.write_all(stdin);
    drop(pipe);
    let output = child.wait_with_output().expect("the program ends");
    Ran {
        code: output.status.code().expect("no signal ended it"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("messages are text"),
    }
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn a_finding_is_shown_with_the_code_why_and_what_instead() {
    let folder = folder(&[
        ("app/view.py", FLAWED.as_bytes()),
        ("app/add.py", FINE.as_bytes()),
    ]);
    let ran = scan_in(folder.path(), &["app"], b"");
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.all());
    let ran = scan_in(folder.path(), &["app/add.py"], b"");
    assert_eq!((ran.code, ran.text()), (0, ""));
}

#[test]
fn findings_below_the_wanted_severity_are_told_and_do_not_fail() {
    let folder = folder(&[(
        "load.py",
        b"import pickle\ntable = pickle.load(open('table'))\n",
    )]);
    let ran = scan_in(folder.path(), &["--fail-on", "critical"], b"");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.text().contains("pickle.load"), "{}", ran.text());
    let ran = scan_in(folder.path(), &["--fail-on", "medium"], b"");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
}

#[test]
fn an_analyzer_that_was_named_and_is_not_there_is_a_failure() {
    let folder = folder(&[("add.py", FINE.as_bytes())]);
    let ran = scan_in(folder.path(), &["--analyzer", "builtin,bandit"], b"");
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("bandit: missing"), "{}", ran.stderr);
    // Not named, it is told.
    let ran = scan_in(folder.path(), &[], b"");
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr.contains("not installed: bandit"),
        "{}",
        ran.stderr
    );
    // Named for a language that it does not read, it has nothing to do.
    let folder = self::folder(&[("add.js", b"let a = 1;\n")]);
    let ran = scan_in(folder.path(), &["--analyzer", "bandit"], b"");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("bandit: not applicable"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("nobody looked"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn an_analyzer_that_fails_never_reads_as_clean() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[
        ("add.py", FINE.as_bytes()),
        (
            "tools/bandit",
            b"#!/bin/sh\ntest \"$1\" = --version && echo bandit 1.9.4 && exit\nexit 0\n",
        ),
    ]);
    let tool = folder.path().join("tools/bandit");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let tool = format!("bandit={}", tool.display());
    let ran = scan_in(folder.path(), &["add.py", "--tool", &tool], b"");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("bandit 1.9.4: failed"),
        "{}",
        ran.stderr
    );
}

#[test]
fn blocks_of_an_answer_are_scanned_where_they_stand() {
    let answer =
        "Sure:\n\n1. do this\n   ```python\n   import os\n   os.system(\"ls \" + x)\n   ```\n";
    let folder = folder(&[("chat.md", answer.as_bytes())]);
    let expected = "os.system(\"ls \" + x)";
    for ran in [
        scan_in(folder.path(), &["-"], answer.as_bytes()),
        scan_in(folder.path(), &["chat.md"], b""),
    ] {
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(
            ran.text().contains(":6:4\n") && ran.text().contains(expected),
            "{}",
            ran.text()
        );
    }
    // In a folder it is documentation.
    let ran = scan_in(folder.path(), &[], b"");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran = scan_in(folder.path(), &["-", "--lang", "python"], FLAWED.as_bytes());
    assert_eq!(ran.code, 1);
    assert!(ran.text().contains("<stdin>:6:"), "{}", ran.text());
}

#[cfg(unix)]
#[test]
fn what_is_no_code_of_ours_is_left_out_and_told() {
    let minified = format!("let a=[{}];\n", "1,".repeat(4000));
    let folder = folder(&[
        (".gitignore", b"ignored.py\n"),
        ("ignored.py", FLAWED.as_bytes()),
        (".hidden/view.py", FLAWED.as_bytes()),
        ("binary.py", b"import os\0\xff\n"),
        ("large.py", "# a long comment\n".repeat(1000).as_bytes()),
        ("min.js", minified.as_bytes()),
        ("latin.py", b"# caf\xe9\r\nimport os\r\nos.system(x)\r\n"),
        ("notes.txt", b"hello"),
    ]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("circle")).unwrap();
    std::os::unix::fs::symlink("nowhere.py", folder.path().join("gone.py")).unwrap();
    let ran = scan_in(folder.path(), &["--max-size", "10000"], b"");
    insta::assert_snapshot!(ran.all());
    // Named, it is looked at; and so is everything, where that is asked for.
    let ran = scan_in(folder.path(), &["ignored.py"], b"");
    assert_eq!(ran.code, 1);
    let ran = scan_in(folder.path(), &["--no-ignore"], b"");
    for name in ["ignored.py:6", ".hidden/view.py:6"] {
        assert!(ran.text().contains(name), "{}", ran.text());
    }
}

/// A folder whose path is too long for anybody to open, whoever they are, below `top`.
#[cfg(target_os = "linux")]
fn hide(top: &Path) {
    let deep = |name: &str| {
        let part = name.repeat(200);
        (0..12).fold(top.join(name), |path, _| path.join(&part))
    };
    let (upper, lower) = (deep("u"), deep("l"));
    fs::create_dir_all(&upper).unwrap();
    fs::create_dir_all(&lower).unwrap();
    fs::rename(top.join("l"), upper.join("l")).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_read_never_reads_as_clean() {
    let folder = folder(&[("a.py", FINE.as_bytes())]);
    assert_eq!(scan_in(folder.path(), &[], b"").code, 0);
    hide(folder.path());
    let ran = scan_in(folder.path(), &[], b"");
    assert_eq!((ran.code, ran.text()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot be read"), "{}", ran.stderr);
    let ran = scan_in(folder.path(), &["--format", "json"], b"");
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((ran.code, &report["complete"]), (2, &false.into()));
    assert_eq!(report["skipped"][0]["unreadable"], true);
    // Findings come first.
    fs::write(folder.path().join("b.py"), FLAWED).unwrap();
    assert_eq!(scan_in(folder.path(), &[], b"").code, 1);
}

#[test]
fn a_file_with_several_names_is_scanned_once() {
    let folder = folder(&[("a.py", FLAWED.as_bytes()), ("d/b.py", FINE.as_bytes())]);
    for paths in [
        &[".", "./a.py"][..],
        &["./a.py", "a.py", "d/../a.py", "d//b.py"],
        &["d", ".", "././d/b.py"],
    ] {
        let ran = scan_in(folder.path(), &[paths, &["--format", "json"]].concat(), b"");
        let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        let files = report["files"].as_array().unwrap();
        let names: Vec<_> = files.iter().map(|file| file["name"].as_str()).collect();
        assert_eq!(names, [Some("a.py"), Some("d/b.py")], "{paths:?}");
        assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn wrong_input_is_refused_by_name() {
    let folder = folder(&[
        ("a.py", FINE.as_bytes()),
        ("rule.yml", b"id: x\nlanguage: python\n"),
    ]);
    let said: Vec<String> = [
        &["gone.py"][..],
        &["a.py", "--lang", "cobol"],
        &["a.py", "--analyzer", "bandid"],
        &["a.py", "--fail-on", "severe"],
        &["a.py", "--tool", "bandit"],
        &["a.py", "--rules", "rule.yml"],
        &["a.py", "--rules", "gone"],
        &["a.py", "--sarif", "gone.sarif"],
        &["-"],
    ]
    .iter()
    .map(|arguments| {
        let ran = scan_in(folder.path(), arguments, b"just words");
        assert_eq!((ran.code, ran.text()), (2, ""), "{arguments:?}");
        ran.stderr
    })
    .collect();
    insta::assert_snapshot!(said.join("---\n"));
}

#[test]
fn rules_have_manuals() {
    let ran = run(&["rule", "python-pickle"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    for part in ["CWE-502", "Why", "Instead", "Wrong", "Right"] {
        assert!(ran.text().contains(part), "{}", ran.text());
    }
    let ran = run(&["rule", "pickle"]);
    assert_eq!((ran.code, ran.text()), (2, ""));
    assert!(
        ran.stderr.contains("like it: python-pickle"),
        "{}",
        ran.stderr
    );
    let ran = run(&["doctor", "--json"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.text()
            .contains(r#""analyzer":"builtin","state":"built in""#)
    );
}

#[test]
fn programs_read_it_too_and_know_what_is_new() {
    let folder = folder(&[("view.py", FLAWED.as_bytes())]);
    let ran = scan_in(
        folder.path(),
        &["--format", "json", "-o", "before.json"],
        b"",
    );
    assert_eq!((ran.code, ran.text()), (1, ""), "{}", ran.stderr);
    let before = fs::read(folder.path().join("before.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&before).unwrap();
    assert_eq!(report["schema"], 1);
    assert_eq!(report["findings"][0]["cwes"][0], "CWE-78");
    // The same again, some lines further down, is not new; what was added is.
    let later = format!("import os\n\n\n{FLAWED}\n\ndef other(x):\n    os.system(x)\n");
    fs::write(folder.path().join("view.py"), later).unwrap();
    let ran = scan_in(folder.path(), &["--baseline", "before.json"], b"");
    assert_eq!(ran.code, 1);
    assert!(ran.text().contains("os.system(x)"), "{}", ran.text());
    assert!(!ran.text().contains("shell=True"), "{}", ran.text());
    assert!(
        ran.stderr.contains("in the baseline: 1 finding"),
        "{}",
        ran.stderr
    );
    let ran = scan_in(folder.path(), &["--format", "sarif"], b"");
    let sarif: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
}

#[test]
fn a_comment_takes_a_finding_back_with_a_reason_only() {
    let with = |comment: &str| {
        let code =
            format!("import os\nos.system(x)  # palinode: ignore[python-os-system] {comment}\n");
        let folder = folder(&[("a.py", code.as_bytes())]);
        scan_in(folder.path(), &["a.py"], b"")
    };
    let ran = with("x is one of three names");
    assert_eq!((ran.code, ran.text()), (0, ""), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("taken back by comments: 1 finding"),
        "{}",
        ran.stderr
    );
    let ran = with("");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("gives no reason"), "{}", ran.stderr);
}

#[test]
fn rules_of_the_user_are_listed_with_ours() {
    let rule =
        "id: mine-call\nlanguage: python\nmessage: It is called.\nrule:\n  pattern: mine($A)\n";
    let folder = folder(&[("rules/mine.yml", rule.as_bytes())]);
    let rules = folder.path().join("rules").display().to_string();
    let ran = run(&["list", "rules", "--rules", &rules]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for name in ["mine-call", "python-pickle"] {
        assert!(
            ran.text().lines().any(|line| line.starts_with(name)),
            "{name}"
        );
    }
    let ran = run(&["rule", "mine-call", "--rules", &rules]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.text().starts_with("mine-call"), "{}", ran.text());
    let ran = run(&["list", "languages", "--rules", &rules]);
    assert_eq!((ran.code, ran.text()), (2, ""));
}

#[test]
fn a_comment_for_a_pull_request_is_markdown() {
    let folder = folder(&[("view.py", FLAWED.as_bytes())]);
    let ran = scan_in(
        folder.path(),
        &["--format", "markdown", "--analyzer", "builtin"],
        b"",
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    insta::assert_snapshot!(ran.text());
}

#[cfg(unix)]
#[test]
fn doctor_names_a_tool_that_lacks_only_its_rules() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("semgrep", b"#!/bin/sh\necho 1.182.0\n")]);
    let tool = folder.path().join("semgrep");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let output = command(&["doctor"])
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("semgrep"))
        .expect("it is told");
    assert!(
        line.contains("1.182.0") && line.contains("--semgrep-rules"),
        "{line}"
    );
}
