//! Does a tool that misbehaves have a status that says so, and is it gone afterwards?

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use palinode_scan::analyzers::{ANALYZERS, by_name};
use palinode_scan::{
    Analyzer, Interrupt, Report, Request, Settings, Silent, Source, Start, Status, Work, scan,
};

use crate::support::{fixture_path, source};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The version that a fake says it has, then what it does when it is asked to work.
fn script(version: &str, work: &str) -> String {
    format!(
        "#!/bin/sh\ncase \"$1 $3\" in\n--version*|-version*|version*|*importlib.metadata*) {version};;\nesac\n{work}\n"
    )
}

const GOOD_VERSION: &str = "echo 'tool 99.0.0'; exit 0";

/// A folder with fake tools in it.
struct Fakes {
    folder: tempfile::TempDir,
    mark: String,
}

impl Fakes {
    fn new(version: &str, work: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("palinode-fake-{}-{count}-end", std::process::id());
        for name in tools().flat_map(programs) {
            let file = folder.path().join(name);
            let text = script(version, work).replace("MARK", &mark);
            fs::write(&file, text).expect("it is written");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it can be run");
        }
        Self { folder, mark }
    }

    fn settings(&self) -> Settings {
        let mut path = OsString::from(self.folder.path());
        path.push(":/usr/bin:/bin");
        Settings {
            path,
            semgrep_rules: vec![fixture_path("rules.yaml")],
            time: Duration::from_secs(60),
            ..Settings::default()
        }
    }

    /// Fails where a process with the mark lives on.
    fn assert_nothing_is_left(&self) {
        let patience = Instant::now() + Duration::from_secs(10);
        let carries = |process: &Path| {
            let text = fs::read(process.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(&self.mark)
        };
        loop {
            let processes = fs::read_dir("/proc").expect("there is /proc").flatten();
            if !processes
                .map(|entry| entry.path())
                .any(|process| carries(&process))
            {
                return;
            }
            assert!(Instant::now() < patience, "something is left");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn tools() -> impl Iterator<Item = &'static Analyzer> {
    ANALYZERS
        .iter()
        .copied()
        .filter(|analyzer| matches!(analyzer.work, Work::Tool(_)))
}

/// The names under which an analyzer's tool is looked for.
fn programs(analyzer: &'static Analyzer) -> Vec<&'static str> {
    let Work::Tool(tool) = &analyzer.work else {
        return Vec::new();
    };
    let name = |start: &Start| match start {
        Start::Program(name) => name,
        Start::Module(_) | Start::Package(_) => "python3",
    };
    tool.starts().iter().map(name).collect()
}

/// A text that the analyzer reads.
fn text_for(analyzer: &Analyzer) -> Source {
    match analyzer.languages {
        [first, ..] if *first == "c" => source("a.c", "int a;\n"),
        [first, ..] if *first == "go" => source("a.go", "package a\n"),
        _ => source("a.py", "a = 1\n"),
    }
}

fn ask(analyzer: &'static Analyzer, settings: &Settings) -> Report {
    let sources = [text_for(analyzer)];
    let request = Request {
        sources: &sources,
        analyzers: &[analyzer],
        settings,
        interrupt: &Interrupt::new(),
    };
    scan(&request, &Silent).expect("the copies can be made")
}

fn status(analyzer: &'static Analyzer, settings: &Settings) -> Status {
    let report = ask(analyzer, settings);
    assert_eq!(report.runs.len(), 1);
    let run = &report.runs[0];
    let reads_clean = run.is_complete() || run.status.looked();
    assert!(!reads_clean, "{}: {}", analyzer.name, run.status);
    assert!(report.incomplete().next().is_some());
    run.status.clone()
}

/// Every tool does this, and each fails with a word about it.
fn all_fail(work: &str, word: &str) {
    let fakes = Fakes::new(GOOD_VERSION, work);
    for analyzer in tools() {
        match status(analyzer, &fakes.settings()) {
            Status::Failed { why } => assert!(why.contains(word), "{}: {why}", analyzer.name),
            other => panic!("{}: {other}", analyzer.name),
        }
    }
    fakes.assert_nothing_is_left();
}

#[test]
fn tools_that_hang_time_out() {
    let fakes = Fakes::new(GOOD_VERSION, "sleep 1000; : MARK");
    for analyzer in tools() {
        let settings = Settings {
            time: Duration::from_millis(150),
            ..fakes.settings()
        };
        assert_eq!(
            status(analyzer, &settings),
            Status::TimedOut,
            "{}",
            analyzer.name
        );
    }
    fakes.assert_nothing_is_left();
}

#[test]
fn tools_that_are_killed_fail() {
    all_fail("kill -KILL $$", "signal 9");
    all_fail("kill -SEGV $$", "signal 11");
}

#[test]
fn tools_that_say_nothing_fail() {
    all_fail("exit 0", "");
}

#[test]
fn tools_with_odd_exit_codes_fail() {
    all_fail("echo '{}'; echo odd >&2; exit 77", "odd");
}

#[test]
fn tools_that_print_garbage_fail() {
    all_fail(
        "head -c 5000 /dev/urandom; head -c 5000 /dev/urandom >&2; exit 0",
        "",
    );
    all_fail("echo 'Traceback: x'; echo 'Traceback: x' >&2; exit 1", "");
}

#[test]
fn tools_that_print_half_a_report_fail() {
    let half = r#"echo '{"results": [{"' ; echo '<results version="2"><errors>' >&2; exit 0"#;
    all_fail(half, "");
}

#[test]
fn tools_that_print_another_form_fail() {
    let other = r#"echo '{"data": {"findings": 0}}'; echo '{"data": 1}' >&2; exit 0"#;
    all_fail(other, "");
}

#[test]
fn tools_that_print_a_gigabyte_fail() {
    all_fail("head -c 1000000000 /dev/zero", "wrote too much");
    all_fail("head -c 1000000000 /dev/zero >&2", "wrote too much");
}

#[test]
fn tools_that_leave_children_behind_leave_none() {
    all_fail("setsid sh -c 'sleep 1000; : MARK' & sleep 0.05; exit 0", "");
}

#[test]
fn tools_of_an_old_version_are_not_used() {
    let fakes = Fakes::new("echo 'tool 0.0.1'; exit 0", "exit 0");
    for analyzer in tools() {
        match status(analyzer, &fakes.settings()) {
            Status::Failed { why } => assert!(why.contains("too old"), "{}: {why}", analyzer.name),
            other => panic!("{}: {other}", analyzer.name),
        }
    }
}

#[test]
fn tools_that_say_no_version_are_not_used() {
    for version in [
        "echo none; exit 0",
        "echo broken >&2; exit 3",
        "kill -KILL $$",
    ] {
        let fakes = Fakes::new(version, "exit 0");
        for analyzer in tools() {
            let status = status(analyzer, &fakes.settings());
            assert!(
                matches!(status, Status::Failed { .. }),
                "{}: {status}",
                analyzer.name
            );
        }
    }
}

#[test]
fn a_tool_that_is_named_and_not_there_fails() {
    for analyzer in tools() {
        let nowhere = Path::new("/nowhere/tool").to_path_buf();
        let settings = Settings {
            programs: [(analyzer.name.to_owned(), nowhere)].into(),
            semgrep_rules: vec![fixture_path("rules.yaml")],
            ..Settings::default()
        };
        let status = status(analyzer, &settings);
        assert!(
            matches!(status, Status::Failed { .. }),
            "{}: {status}",
            analyzer.name
        );
    }
}

#[test]
fn a_report_that_leaves_a_file_out_is_not_clean() {
    let silent = r#"echo '{"errors": [], "results": [], "metrics": {"_totals": {}}}'"#;
    let fakes = Fakes::new(GOOD_VERSION, silent);
    let bandit = by_name("bandit").expect("it is known");
    let status = status(bandit, &fakes.settings());
    assert!(
        matches!(&status, Status::Failed { why } if why.contains("does not say")),
        "{status}"
    );
}

#[test]
fn a_well_behaved_tool_is_clean_and_one_trouble_does_not_hide_findings() {
    let clean =
        r#"echo '{"errors": [], "results": [], "metrics": {"./f000000.py": {}, "_totals": {}}}'"#;
    let fakes = Fakes::new(GOOD_VERSION, clean);
    let bandit = by_name("bandit").expect("it is known");
    let report = ask(bandit, &fakes.settings());
    assert_eq!(report.runs[0].status, Status::Clean);
    assert!(report.incomplete().next().is_none());

    let beyond = r#"echo '{"errors": [], "metrics": {"f000000.py": {}}, "results": [
        {"filename": "f000000.py", "test_id": "B1", "test_name": "x", "issue_text": "x", "issue_severity": "LOW",
         "issue_confidence": "LOW", "line_number": 1},
        {"filename": "f000000.py", "test_id": "B1", "test_name": "x", "issue_text": "x", "issue_severity": "LOW",
         "issue_confidence": "LOW", "line_number": 99}]}'; exit 1"#;
    let fakes = Fakes::new(GOOD_VERSION, beyond);
    let report = ask(bandit, &fakes.settings());
    let run = &report.runs[0];
    assert_eq!(
        (run.status.clone(), report.findings.len(), run.failed.len()),
        (Status::Findings, 1, 1)
    );
    assert!(!run.is_complete() && run.failed[0].why.contains("line 99"));
}

#[test]
fn an_interrupt_ends_all_and_reads_as_such() {
    let fakes = Fakes::new(GOOD_VERSION, "sleep 1000; : MARK");
    let all: Vec<&Analyzer> = tools().collect();
    let settings = fakes.settings();
    let sources = [
        source("a.py", "a = 1\n"),
        source("a.c", "int a;\n"),
        source("a.go", "package a\n"),
    ];
    let interrupt = Interrupt::new();
    let request = Request {
        sources: &sources,
        analyzers: &all,
        settings: &settings,
        interrupt: &interrupt,
    };
    let report = std::thread::scope(|scope| {
        let running = scope.spawn(|| scan(&request, &Silent));
        std::thread::sleep(Duration::from_millis(200));
        interrupt.trigger();
        running
            .join()
            .expect("it does not panic")
            .expect("the copies can be made")
    });
    assert_eq!(report.runs.len(), all.len());
    for run in &report.runs {
        assert_eq!(run.status, Status::Interrupted, "{}", run.analyzer.name);
    }
    fakes.assert_nothing_is_left();
}

#[test]
fn texts_that_nobody_reads_are_not_applicable() {
    let fakes = Fakes::new(GOOD_VERSION, "exit 0");
    let all: Vec<&Analyzer> = tools().collect();
    let request = Request {
        sources: &[],
        analyzers: &all,
        settings: &fakes.settings(),
        interrupt: &Interrupt::new(),
    };
    let report = scan(&request, &Silent).expect("nothing can fail");
    assert!(
        report
            .runs
            .iter()
            .all(|run| run.status == Status::NotApplicable)
    );
}
