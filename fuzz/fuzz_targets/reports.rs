//! Does any text in place of an analyzer's report give findings that lie in the texts, or a refusal?
//!
//! Input: a byte that chooses the analyzer, then its report.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use palinode_code::{Text, languages};
use palinode_scan::analyzers::ANALYZERS;
use palinode_scan::report::{Options, json, sarif};
use palinode_scan::{Files, Report, Source, merge};

/// Files under the names that the recorded reports have for them.
const NAMES: [(&str, &str); 6] = [
    (
        "f000000.py",
        "import subprocess\nsubprocess.run(a, shell=True)\n",
    ),
    ("f000001.py", "def f(:\n"),
    (
        "f000002.c",
        "void f(char *a) {\n\tchar b[4]; strcpy(b, a);\n}\n",
    ),
    (
        "code/flawed.c",
        "/* é */ int f(void) {\r\n  return *(int *)0;\r\n}\r\n",
    ),
    ("code/main.go", "package main\n"),
    ("src/a b.py", ""),
];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, report)) = data.split_first() else {
        return;
    };
    let sources: Vec<Source> = NAMES
        .iter()
        .map(|(name, text)| {
            let language = languages::by_path(Path::new(name)).expect("it is known");
            Source::new(*name, Text::from(*text), language)
        })
        .collect();
    let named = sources.iter().enumerate();
    let files = Files::new(named.map(|(index, source)| (source.name.clone(), index, source)));
    let analyzer = ANALYZERS[usize::from(choice) % ANALYZERS.len()];
    let Ok(heard) = analyzer.read_report(report, &files) else {
        return;
    };
    let mut findings = Vec::new();
    for said in heard.said {
        let text = &sources[said.file].text;
        for (place, _) in said.fix.iter().chain(&said.trace) {
            if let Some(span) = place.span(text) {
                assert!(span.start <= span.end && span.end <= text.len());
            }
        }
        let Some(span) = said.place.span(text) else {
            continue;
        };
        assert!(span.start <= span.end && span.end <= text.len());
        findings.push((
            said.file,
            palinode_code::Finding {
                analyzer: analyzer.name,
                rule: said.rule,
                cwes: said.cwes,
                severity: said.severity,
                confidence: said.confidence,
                span,
                message: said.message,
                advice: said.advice,
                fix: Vec::new(),
                trace: Vec::new(),
            },
        ));
    }
    for (file, _) in heard.failed {
        assert!(file < sources.len());
    }
    let merged = merge(&sources, findings);
    let witnesses = merged.iter().flat_map(|one| {
        one.witnesses
            .iter()
            .map(|witness| (one.source, witness.clone()))
    });
    assert_eq!(merge(&sources, witnesses), merged);
    let report = Report {
        sources,
        runs: Vec::new(),
        findings: merged,
    };
    for value in [
        json::write(&report, &Options::default()),
        sarif::write(&report, &Options::default()),
    ] {
        serde_json::from_str::<serde_json::Value>(&value.to_string())
            .expect("what is written can be read");
    }
});
