//! Are the reports of the tools read as they are meant?
//!
//! `fixtures/README.md` says which are recorded and which are written after documentation.

use palinode_scan::analyzers::by_name;
use palinode_scan::{Files, Heard, Source};

use crate::support::{fixture, fixture_source, source};

/// The texts under the names that the reports know them by.
fn flat() -> [(&'static str, Source); 4] {
    [
        ("f000000.py", fixture_source("flawed.py")),
        ("f000001.py", fixture_source("broken.py")),
        ("f000002.c", fixture_source("flawed.c")),
        ("f000003.c", fixture_source("broken.c")),
    ]
}

fn read(analyzer: &str, report: &[u8], named: &[(&str, Source)]) -> Result<Heard, String> {
    let named = named.iter().enumerate();
    let files =
        Files::new(named.map(|(index, (name, source))| ((*name).to_owned(), index, source)));
    by_name(analyzer)
        .expect("it is known")
        .read_report(report, &files)
}

/// What was said, a line each: file, rule, weaknesses, severity, confidence, and the text that is meant.
fn lines(heard: &Heard, named: &[(&str, Source)]) -> Vec<String> {
    heard
        .said
        .iter()
        .map(|said| {
            let source = &named[said.file].1;
            let span = said.place.span(&source.text).expect("there is such a line");
            let text = source.text.slice(span).expect("it is inside");
            let text = String::from_utf8_lossy(text)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            let cwes: Vec<String> = said.cwes.iter().map(|cwe| cwe.0.to_string()).collect();
            let confidence = said.confidence.map_or("-", |confidence| confidence.name());
            format!(
                "{} {} {} {} {confidence} {text}",
                said.file,
                said.rule,
                cwes.join("+"),
                said.severity
            )
        })
        .collect()
}

#[test]
fn bandit() {
    let named = flat();
    let heard = read("bandit", &fixture("bandit.json"), &named[..2]).expect("it is read");
    assert_eq!(
        lines(&heard, &named),
        [
            "0 B403 502 low high import pickle",
            "0 B404 78 low high import subprocess",
            "0 B602 78 high high subprocess.call(\"tar cf - \" + folder, shell=True)",
            "0 B102 95 medium high exec(folder)",
            "0 B301 502 medium high pickle.loads(blob)",
            "0 B324 328 high high hashlib.md5(blob)",
        ]
    );
    assert_eq!(
        heard.failed,
        [(1, "syntax error while parsing AST from file".to_owned())]
    );
    assert_eq!(heard.covered, Some(vec![0, 1]));
    assert_eq!(heard.notes, ["1 lines are silenced by `# nosec`"]);
}

#[test]
fn semgrep() {
    let named = flat();
    let heard = read("semgrep", &fixture("semgrep.json"), &named).expect("it is read");
    assert_eq!(
        lines(&heard, &named),
        [
            "0 shell-call 78 high high subprocess.call(\"tar cf - \" + folder, shell=True)",
            "0 shell-call 78 high high subprocess.run(\"ls \" + folder, shell=True)",
            "0 pickle-loads 502 medium - pickle.loads(blob)",
            "2 copy-without-bound 120 medium - strcpy(name, names[1])",
        ]
    );
    assert_eq!(
        heard.said[3].fix[0].1,
        "strlcpy(name, names[1], sizeof name)"
    );
    assert_eq!(heard.covered, Some(vec![0, 1, 2, 3]));
    assert!(heard.failed.is_empty());
}

#[test]
fn semgreps_own_errors_are_failures() {
    let report = |errors: &str, scanned: &str| {
        format!("{{\"results\":[],\"errors\":[{errors}],\"paths\":{{\"scanned\":[{scanned}]}}}}")
    };
    let named = flat();
    let partial = r#"{"code":3,"level":"warn","type":["PartialParsing",[]],"message":"Syntax error","path":"f000003.c"}"#;
    let heard = read(
        "semgrep",
        report(partial, "\"f000003.c\"").as_bytes(),
        &named,
    )
    .expect("it is read");
    assert_eq!(heard.failed, [(3, "Syntax error".to_owned())]);
    let config = r#"{"code":7,"level":"error","type":"SemgrepError","message":"invalid configuration file found"}"#;
    let refused = read("semgrep", report(config, "").as_bytes(), &named);
    assert_eq!(refused, Err("invalid configuration file found".to_owned()));
}

#[test]
fn flawfinder() {
    let named = flat();
    let heard = read("flawfinder", &fixture("flawfinder.csv"), &named).expect("it is read");
    assert_eq!(
        lines(&heard, &named),
        [
            "2 buffer/strcpy 120 medium low strcpy",
            "2 format/printf 134 medium low printf",
            "2 shell/system 78 medium low system",
            "2 buffer/char 120+119 low low char",
        ]
    );
}

#[test]
fn cppcheck() {
    let named = [
        ("code/flawed.c", fixture_source("flawed.c")),
        ("code/broken.c", fixture_source("broken.c")),
    ];
    let heard = read("cppcheck", &fixture("cppcheck.xml"), &named).expect("it is read");
    assert_eq!(
        lines(&heard, &named),
        [
            "0 arrayIndexOutOfBounds 788 high high [5] = 1;",
            "0 doubleFree 415 high high free",
        ]
    );
    assert_eq!(heard.said[1].trace.len(), 2);
    assert_eq!(
        heard.failed,
        [(
            1,
            "syntaxError: Unmatched '{'. Configuration: ''.".to_owned()
        )]
    );
}

#[test]
fn gcc() {
    let named = [("code/flawed.c", fixture_source("flawed.c"))];
    let heard = read("gcc", &fixture("gcc-flawed.json"), &named).expect("it is read");
    let said = lines(&heard, &named);
    assert!(
        said.contains(&"0 format-security 134 medium medium name".to_owned()),
        "{said:?}"
    );
    assert!(
        said.contains(&"0 analyzer-double-free 415 medium medium free(copy)".to_owned()),
        "{said:?}"
    );
    let double = heard
        .said
        .iter()
        .find(|said| said.rule == "analyzer-double-free");
    let notes: Vec<&str> = double
        .expect("it is there")
        .trace
        .iter()
        .map(|(_, note)| note.as_str())
        .collect();
    assert!(notes.contains(&"allocated here"), "{notes:?}");

    let named = [("code/broken.c", fixture_source("broken.c"))];
    let heard = read("gcc", &fixture("gcc-broken.json"), &named).expect("it is read");
    assert!(heard.said.is_empty());
    assert_eq!(heard.failed.len(), 1);
}

#[test]
fn gcc_in_sarif() {
    let named = [("code/flawed.c", fixture_source("flawed.c"))];
    let heard = read("gcc", &fixture("gcc.sarif"), &named).expect("it is read");
    assert_eq!(
        lines(&heard, &named),
        ["0 analyzer-double-free 415 medium - free(copy)"]
    );
}

#[test]
fn codeshield() {
    let named = flat();
    let heard = read("codeshield", &fixture("codeshield.json"), &named[..2]).expect("it is read");
    let expected =
        "0 insecure-md5-hash-usage 328 medium medium return pickle.loads(blob), hashlib.md5(blob)";
    assert_eq!(lines(&heard, &named), [expected]);
    assert_eq!(heard.covered, Some(vec![0, 1]));
}

#[test]
fn codeql() {
    let named = flat();
    let heard = read("codeql", &fixture("codeql.sarif"), &named[..2]).expect("it is read");
    let expected = "0 py/command-line-injection 78+88 critical high \"tar cf - \" + folder";
    assert_eq!(lines(&heard, &named), [expected]);
    let steps = &heard.said[0].trace;
    assert_eq!(steps.len(), 2);
    assert_eq!(
        steps[0].0.span(&named[0].1.text).map(|span| span.len()),
        Some(6)
    );
    assert_eq!(heard.failed, [(1, "Syntax Error".to_owned())]);
}

#[test]
fn bearer() {
    let named = flat();
    let heard = read("bearer", &fixture("bearer.json"), &named[..1]).expect("it is read");
    assert_eq!(
        lines(&heard, &named),
        [
            "0 python_lang_os_command_injection 78 critical - subprocess.call(\"tar cf - \" + folder, shell=True)",
            "0 python_lang_weak_hash_md5 327+328 info - hashlib.md5(blob)",
        ]
    );
    assert_eq!(heard.said[0].trace.len(), 2);
}

#[test]
fn gosec() {
    let code = "package main\n\nimport \"os/exec\"\n\nfunc f(a string) {\n\texec.Command(\"sh\", \"-c\", a)\n\tmd5.New()\n\tg()\n}\n";
    let named = [
        ("code/flawed.go", source("flawed.go", code)),
        ("code/broken.go", source("broken.go", "package main\n\nx\n")),
    ];
    let heard = read("gosec", &fixture("gosec.json"), &named).expect("it is read");
    assert_eq!(lines(&heard, &named), ["0 G204 78 high medium exec"]);
    assert_eq!(
        heard.skipped,
        [(0, Some(7), "a checksum, no secret".to_owned())]
    );
    assert_eq!(
        heard.failed,
        [(1, "line 3: expected declaration, found x".to_owned())]
    );
}

#[test]
fn a_report_that_is_cut_anywhere_is_refused() {
    let named = flat();
    let tree = [
        ("code/flawed.c", fixture_source("flawed.c")),
        ("code/broken.c", fixture_source("broken.c")),
    ];
    for (analyzer, report, named) in [
        ("bandit", "bandit.json", &named[..]),
        ("semgrep", "semgrep.json", &named[..]),
        ("cppcheck", "cppcheck.xml", &tree[..]),
        ("gcc", "gcc-flawed.json", &tree[..]),
        ("codeshield", "codeshield.json", &named[..]),
        ("codeql", "codeql.sarif", &named[..]),
        ("bearer", "bearer.json", &named[..]),
    ] {
        let whole = fixture(report);
        let whole = whole.trim_ascii_end();
        assert!(read(analyzer, whole, named).is_ok(), "{analyzer}");
        for end in (0..whole.len()).step_by(7) {
            assert!(
                read(analyzer, &whole[..end], named).is_err(),
                "{analyzer}: {end}"
            );
        }
    }
}

#[test]
fn a_report_about_another_file_is_refused() {
    let named = [("f000009.py", fixture_source("flawed.py"))];
    for (analyzer, report) in [
        ("bandit", "bandit.json"),
        ("semgrep", "semgrep.json"),
        ("flawfinder", "flawfinder.csv"),
        ("cppcheck", "cppcheck.xml"),
        ("codeshield", "codeshield.json"),
        ("codeql", "codeql.sarif"),
        ("bearer", "bearer.json"),
        ("gosec", "gosec.json"),
    ] {
        let error = read(analyzer, &fixture(report), &named).expect_err(analyzer);
        assert!(error.contains("not asked about"), "{analyzer}: {error}");
    }
    // Handed in by the user it may speak of more files, but not only of others.
    let error =
        read("sarif", &fixture("codeql.sarif"), &named).expect_err("nothing in it is scanned");
    assert!(error.contains("not scanned"), "{error}");
}
