//! Does `scan --diff` tell what a change brings, and only that?

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Ran, command};

const FLAW: &str = "import os\n\n\ndef one(x):\n    os.system(x)\n";
const MORE: &str = "\n\ndef two(y):\n    eval(y)\n";

/// A repository with one commit, in a folder that is removed in the end.
struct Project {
    folder: tempfile::TempDir,
    /// A folder with git in it and nothing else.
    tools: tempfile::TempDir,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Self {
        let project = Self::empty();
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        for (name, text) in files {
            project.write(name, text);
        }
        project.commit();
        project
    }

    fn empty() -> Self {
        let tools = tempfile::tempdir().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path);
        let git = folders.find_map(|folder| folder.join("git").canonicalize().ok());
        symlink(git.expect("there is git"), tools.path().join("git")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { folder, tools }
    }

    fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.folder.path().join(name.as_ref())
    }

    fn write(&self, name: impl AsRef<OsStr>, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn git(&self, words: &[&str]) {
        let ended = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b.c"])
            .args([
                "-c",
                "protocol.file.allow=always",
                "-c",
                "core.autocrlf=false",
            ])
            .args(words)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git starts");
        assert!(
            ended.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "x"]);
    }

    /// Scans, from a folder below the project.
    fn scan_from(&self, below: &str, arguments: &[&str]) -> Ran {
        let output = command(&[&["scan"], arguments].concat())
            .current_dir(self.path(below))
            .env("PATH", self.tools.path())
            .env("HOME", self.folder.path())
            .output()
            .expect("the program runs");
        Ran {
            code: output.status.code().expect("no signal ended it"),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("messages are text"),
        }
    }

    fn scan(&self, arguments: &[&str]) -> Ran {
        self.scan_from("", arguments)
    }

    /// The new findings since HEAD: file and line.
    fn brought(&self) -> Vec<String> {
        let ran = self.scan(&["--diff", "HEAD", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_slice(&ran.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", ran.stderr));
        let findings = report["findings"].as_array().expect("a list");
        assert_eq!(ran.code, i32::from(!findings.is_empty()), "{}", ran.stderr);
        let place = |one: &serde_json::Value| {
            let file = one["file"].as_str().expect("text").to_owned();
            format!("{file}:{}", one["start"]["line"])
        };
        findings.iter().map(place).collect()
    }
}

#[test]
fn only_what_a_change_brings_is_told_and_other_files_are_not_looked_at() {
    let project = Project::new(&[("a.py", FLAW), ("other.py", FLAW), ("gone.py", FLAW)]);
    let ran = project.scan(&["--diff", "HEAD"]);
    assert_eq!((ran.code, ran.text()), (0, ""), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("0 changed files: nothing new"),
        "{}",
        ran.stderr
    );
    project.write("a.py", format!("# moved down\n\n{FLAW}{MORE}"));
    project.write("added.py", "eval(input())\n");
    project.write("fine.py", "a = 1\n");
    fs::remove_file(project.path("gone.py")).unwrap();
    assert_eq!(project.brought(), ["a.py:11", "added.py:1"]);
    let ran = project.scan(&["--diff", "HEAD"]);
    assert!(
        ran.stderr.contains("there already: 1 finding"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("unchanged: 1 file"), "{}", ran.stderr);
    assert!(ran.stderr.contains("3 changed files: "), "{}", ran.stderr);
    project.commit();
    // An older revision, by another name.
    let ran = project.scan(&["--diff", "main~1"]);
    assert!(ran.text().contains("a.py:11"), "{}", ran.text());
    assert!(!ran.text().contains("a.py:7"), "{}", ran.text());
}

#[test]
fn a_second_copy_is_new_and_moved_code_is_not() {
    let project = Project::new(&[("a.py", &format!("{FLAW}{MORE}"))]);
    project.write("a.py", format!("{FLAW}    os.system(x)\n{MORE}"));
    assert_eq!(project.brought(), ["a.py:6"]);
    // Into another function, and into another file.
    project.write(
        "a.py",
        "import os\n\n\ndef renamed(x):\n    if x:\n        os.system(x)\n",
    );
    project.write("b.py", MORE);
    assert_eq!(project.brought(), [""; 0]);
    // It was one, and cannot be met twice.
    project.write("c.py", MORE);
    assert_eq!(project.brought(), ["c.py:4"]);
}

#[test]
fn comments_count_on_both_sides() {
    let hidden = "import os\nos.system(x)  # palinode: ignore[CWE-78] because x is a constant\n";
    let project = Project::new(&[("a.py", hidden), ("b.py", "import os\nos.system(x)\n")]);
    project.write("a.py", "import os\nos.system(x)\n");
    // The new comment takes back the old finding; it leaves nothing for the copy to be met by.
    project.write(
        "b.py",
        "import os\nos.system(x)  # palinode: ignore[CWE-78] because x is a constant\nos.system(x)\n",
    );
    assert_eq!(project.brought(), ["a.py:2", "b.py:3"]);
}

#[test]
fn names_may_be_anything_and_renamed_files_keep_what_they_had() {
    let odd = OsString::from_vec(b"caf\xe9 \"x\".py".to_vec());
    let project = Project::new(&[("a b.py", FLAW), ("new\nline'.py", FLAW)]);
    project.write(&odd, FLAW);
    project.commit();
    project.write(&odd, format!("{FLAW}{MORE}"));
    project.write("new\nline'.py", format!("{FLAW}{MORE}"));
    project.git(&["mv", "a b.py", "\"c\".py"]);
    project.write("\"c\".py", format!("# renamed\n{FLAW}{MORE}"));
    let new = project.brought();
    assert_eq!(
        new,
        ["\"c\".py:10", "caf\u{fffd} \"x\".py:9", "new\nline'.py:9"]
    );
    assert!(odd.as_bytes().contains(&0xe9));
}

#[test]
fn line_endings_are_no_change() {
    let project = Project::new(&[("a.py", FLAW)]);
    project.write("a.py", format!("{FLAW}{MORE}").replace('\n', "\r\n"));
    assert_eq!(project.brought(), ["a.py:9"]);
}

#[test]
fn folders_and_files_below_the_root_can_be_named() {
    let project = Project::new(&[("x/a.py", FLAW), ("y/b.py", FLAW)]);
    for name in ["x/a.py", "y/b.py"] {
        project.write(name, format!("{FLAW}{MORE}"));
    }
    for (below, arguments, place) in [
        ("", &["x"][..], "x/a.py:9"),
        ("", &["x/a.py", "--lang", "python"], "x/a.py:9"),
        ("x", &[], " a.py:9"),
        ("x", &["../y/b.py"], "../y/b.py:9"),
        ("x", &[".."], "../x/a.py:9"),
    ] {
        let ran = project.scan_from(below, &[&["--diff", "HEAD"], arguments].concat());
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.text().contains(place), "{arguments:?} {}", ran.text());
        assert!(!ran.text().contains("os.system"), "{}", ran.text());
    }
}

#[test]
fn ignored_files_and_other_repositories_are_left_out_with_a_word() {
    let inner = Project::new(&[("i.py", FLAW)]);
    let project = Project::new(&[("a.py", FLAW), (".gitignore", "ignored.py\n")]);
    let from = inner.folder.path().display().to_string();
    project.git(&["submodule", "--quiet", "add", &from, "sub"]);
    project.commit();
    inner.write("j.py", FLAW);
    inner.commit();
    let within = format!("--git-dir={}", project.path("sub/.git").display());
    project.git(&[&within, "--work-tree=sub", "pull", "--quiet"]);
    project.write("ignored.py", FLAW);
    let ran = project.scan(&["--diff", "HEAD"]);
    assert_eq!((ran.code, ran.text()), (0, ""), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("`sub` is another repository"),
        "{}",
        ran.stderr
    );
    let ran = project.scan(&["--diff", "HEAD", "--no-ignore"]);
    assert!(ran.text().contains("ignored.py:5"), "{}", ran.text());
}

#[test]
fn a_file_that_git_ignores_is_new_where_it_is_named() {
    let project = Project::new(&[("a.py", FLAW), (".gitignore", "gen.py\n")]);
    project.write("gen.py", FLAW);
    let ran = project.scan(&["--diff", "HEAD", "gen.py"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.text().contains("gen.py:5"), "{}", ran.text());
    assert!(!ran.stderr.contains("unchanged"), "{}", ran.stderr);
    // What git keeps has not changed, also where it is told to ignore it.
    project.git(&["add", "--force", "gen.py"]);
    project.commit();
    let ran = project.scan(&["--diff", "HEAD", "gen.py"]);
    assert_eq!((ran.code, ran.text()), (0, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("unchanged: 1 file"), "{}", ran.stderr);
}

#[test]
fn changes_within_a_submodule_are_told() {
    let inner = Project::new(&[("i.py", "a = 1\n")]);
    let project = Project::new(&[("a.py", FLAW)]);
    let from = inner.folder.path().display().to_string();
    project.git(&["submodule", "--quiet", "add", &from, "sub"]);
    project.commit();
    let ran = project.scan(&["--diff", "HEAD"]);
    assert!(!ran.stderr.contains("`sub`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("unchanged: 1 file;"), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("of other repositories, and not looked at: 1 file"),
        "{}",
        ran.stderr
    );
    project.write("sub/i.py", FLAW);
    let ran = project.scan(&["--diff", "HEAD"]);
    assert!(
        ran.stderr
            .contains("`sub` is another repository, and is not what it was"),
        "{}",
        ran.stderr
    );
}

#[test]
fn earlier_texts_that_nobody_wrote_by_hand_are_not_read() {
    let large = format!("{FLAW}{}", "# a long comment\n".repeat(1000));
    let project = Project::new(&[("a.py", &large), ("b.py", &format!("{FLAW}# \0\n"))]);
    project.write("a.py", FLAW);
    project.write("b.py", FLAW);
    let lines = |arguments: &[&str]| {
        let ran = project.scan(&[&["--diff", "HEAD", "--max-size", "10000"], arguments].concat());
        ran.text()
            .lines()
            .filter(|line| line.contains("-->"))
            .count()
    };
    assert_eq!(lines(&["."]), 2);
    // Files that are named are read as they were, too.
    assert_eq!(lines(&["a.py", "b.py"]), 0);
}

#[test]
fn what_cannot_be_compared_is_refused_with_a_hint() {
    let nowhere = Project::empty();
    nowhere.write("a.py", FLAW);
    let refused = |project: &Project, arguments: &[&str], words: &[&str]| {
        let ran = project.scan(arguments);
        assert_eq!(
            (ran.code, ran.text()),
            (2, ""),
            "{arguments:?}: {}",
            ran.stderr
        );
        for word in words {
            assert!(ran.stderr.contains(word), "{}", ran.stderr);
        }
    };
    refused(
        &nowhere,
        &["--diff", "HEAD"],
        &["no git repository", "hint: "],
    );
    nowhere.git(&["init", "--quiet"]);
    refused(
        &nowhere,
        &["--diff", "HEAD"],
        &["`HEAD` names no commit", "hint: "],
    );
    let project = Project::new(&[("a.py", FLAW)]);
    project.commit();
    for revision in ["gone", "--help", "HEAD:a.py", ""] {
        let diff = format!("--diff={revision}");
        refused(&project, &[&diff], &["names no commit in this repository"]);
    }
    refused(
        &project,
        &["--diff", "HEAD", "-"],
        &["standard input has no revisions"],
    );
    refused(
        &project,
        &["--diff", "HEAD", "gone.py"],
        &["cannot read `gone.py`"],
    );
    let other = nowhere.folder.path().display().to_string();
    refused(
        &project,
        &["--diff", "HEAD", ".", &other],
        &["two repositories"],
    );
    // A clone that has only the last commit.
    let clone = Project::empty();
    let from = format!("file://{}", project.folder.path().display());
    clone.git(&["clone", "--quiet", "--depth=1", &from, "shallow"]);
    let ran = clone.scan_from("shallow", &["--diff", "HEAD~1"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("this clone is shallow"),
        "{}",
        ran.stderr
    );
    // Without git.
    fs::remove_file(project.tools.path().join("git")).unwrap();
    refused(&project, &["--diff", "HEAD"], &["there is no `git`"]);
}

/// A Bandit that says `mark(` is bad wherever it stands, and breaks on texts with a word in them.
fn fake(project: &Project) -> String {
    let script = r#"#!/bin/sh
PATH=/usr/bin:/bin
test "$1" = --version && echo bandit 1.9.4 && exit
grep -q BREAKS f*.py && exit 3
metrics= results= comma=
for file in f*.py; do
    metrics="$metrics$comma\"$file\": {}"
    line=$(grep -n 'mark(' $file | cut -d: -f1)
    test -n "$line" && results="$results{\"filename\": \"$file\", \"test_id\": \"B307\", \"test_name\": \"x\",
        \"issue_text\": \"x\", \"issue_severity\": \"LOW\", \"issue_confidence\": \"LOW\", \"line_number\": $line,
        \"issue_cwe\": {\"id\": 78}}"
    comma=', '
done
echo "{\"errors\": [], \"results\": [$results], \"metrics\": {$metrics}}"
"#;
    project.write(".tools/bandit", script);
    let tool = project.path(".tools/bandit");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    format!("bandit={}", tool.display())
}

#[test]
fn an_analyzer_that_failed_before_proves_nothing_new() {
    let project = Project::new(&[("a.py", "# BREAKS\nx = mark(a)\n")]);
    let tool = fake(&project);
    project.write("a.py", "x = mark(a)\n");
    // Who sees it broke on the text before: nobody can say.
    let ran = project.scan(&["--diff", "HEAD", "--tool", &tool, "a.py"]);
    assert_eq!(ran.code, 2, "{}{}", ran.text(), ran.stderr);
    assert!(ran.text().contains("it may not be new"), "{}", ran.text());
    assert!(
        ran.stderr.contains("bandit gave no answer about"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("not to be compared: 1 finding"),
        "{}",
        ran.stderr
    );
    // What is new is told though.
    project.write("a.py", "import os\nx = mark(a)\nos.system(x)\n");
    let arguments = ["--diff", "HEAD", "--tool", &tool, "a.py"];
    let ran = project.scan(&arguments);
    assert_eq!(ran.code, 1, "{}{}", ran.text(), ran.stderr);
    assert!(ran.text().contains("os.system"), "{}", ran.text());
    // Who was named has to answer.
    let ran = project.scan(&[&arguments[..], &["--analyzer", "builtin,bandit"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let ran = project.scan(&[&arguments[..], &["--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(report["complete"], false);
    assert_eq!(report["compared"]["gaps"][0]["analyzer"], "bandit");
    let uncertain = report["findings"].as_array().unwrap().iter();
    let uncertain = uncertain.filter(|one| one["uncertain"] == true);
    assert_eq!(uncertain.count(), 1);
    // Before and after it works: nothing of it is new.
    project.write("a.py", "x = mark(a)\n");
    project.commit();
    project.write("a.py", "# a word\nx = mark(a)\n");
    let ran = project.scan(&arguments);
    assert_eq!((ran.code, ran.text()), (0, ""), "{}", ran.stderr);
}

#[test]
fn programs_read_what_was_compared() {
    let project = Project::new(&[("a.py", FLAW)]);
    project.write("a.py", format!("{FLAW}{MORE}"));
    let ran = project.scan(&["--diff", "HEAD", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 1);
    assert_eq!(run["results"][0]["baselineState"], "new");
    assert_eq!(run["properties"]["compared"]["revision"], "HEAD");
    assert_eq!(run["properties"]["compared"]["known"], 1);
    let ran = project.scan(&["--diff", "HEAD", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(
        report["compared"]["commit"].as_str().map(str::len),
        Some(40)
    );
    // Without a comparison nothing is said of one.
    let ran = project.scan(&["--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert!(log["runs"][0]["results"][0].get("baselineState").is_none());
    assert!(log["runs"][0].get("properties").is_none());
}

#[test]
fn nothing_that_the_project_names_is_run() {
    let project = Project::new(&[("a.py", FLAW)]);
    let mark = project.path("mark").display().to_string();
    for key in [
        "core.fsmonitor",
        "diff.external",
        "core.pager",
        "core.sshCommand",
    ] {
        project.git(&["config", key, &format!("touch {mark}; false")]);
    }
    project.write("a.py", format!("{FLAW}{MORE}"));
    let ran = project.scan(&["--diff", "HEAD"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!Path::new(&mark).exists());
}

#[test]
fn filters_that_the_project_names_are_not_run() {
    let inner = Project::new(&[("i.py", FLAW)]);
    let project = Project::new(&[("a.py", FLAW), ("b.py", FLAW), ("c.py", FLAW)]);
    let from = inner.folder.path().display().to_string();
    project.git(&["submodule", "--quiet", "add", &from, "sub"]);
    project.commit();
    let mark = project.path("mark").display().to_string();
    let clean = format!("touch {mark}; cat");
    let within = format!("--git-dir={}", project.path("sub/.git").display());
    for [name, key] in [["x", "clean"], ["x", "smudge"], ["a.b c'$(d)", "process"]] {
        project.git(&["config", &format!("filter.{name}.{key}"), &clean]);
    }
    project.git(&["config", "filter.x.required", "true"]);
    project.git(&[&within, "config", "filter.s.clean", &clean]);
    let attributes = "a.py filter=x\nb.py filter=\"a.b c'$(d)\"\n";
    project.write(".git/info/attributes", attributes);
    project.write(".git/modules/sub/info/attributes", "*.py filter=s\n");
    for name in ["a.py", "b.py", "sub/i.py"] {
        project.write(name, format!("{FLAW}{MORE}"));
    }
    // Of the same size, so that git has to read it.
    project.write("c.py", FLAW.replace("one", "two"));
    let ran = project.scan(&["--diff", "HEAD"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!Path::new(&mark).exists());
    assert!(ran.stderr.contains("`sub` is another"), "{}", ran.stderr);
    // A name that cannot be handed over.
    project.git(&["config", "filter.a=b.clean", &clean]);
    let ran = project.scan(&["--diff", "HEAD"]);
    assert_eq!((ran.code, ran.text()), (2, ""));
    assert!(ran.stderr.contains("a filter `a=b`"), "{}", ran.stderr);
    assert!(!Path::new(&mark).exists());
}
