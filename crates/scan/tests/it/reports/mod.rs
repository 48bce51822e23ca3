//! Is what is written for other programs what was found, and is it taken back rightly?

mod filters;
mod json;
mod mangled;
mod markdown;
mod sarif;

use palinode_code::{Cwe, Edit, Finding, Severity, Span, Step};
use palinode_scan::analyzers::by_name;
use palinode_scan::{FailedFile, Report, Run, Status, merge};

use crate::support::source;

pub(crate) const CODE: &str = "def f(a):\n    é = run(a)  # palinode: ignore[CWE-78] because a is a constant\n    load(a)\n    # palinode: ignore[bandit/B1]: trusted\n    load(b)\n    # palinode: ignore\n    load(c)\n";

pub(crate) fn finding(at: &str, cwes: &[u16]) -> (usize, Finding) {
    let start = CODE.find(at).expect("it stands there");
    let span = Span::new(start, start + at.len());
    let finding = Finding {
        analyzer: "bandit",
        rule: "B1".to_owned(),
        cwes: cwes.iter().copied().map(Cwe).collect(),
        severity: Severity::High,
        confidence: None,
        span,
        message: "It is bad.".to_owned(),
        advice: Some("Do it well.".to_owned()),
        fix: vec![Edit::new(span, "good()")],
        trace: vec![Step {
            span,
            note: "here".to_owned(),
        }],
    };
    (0, finding)
}

pub(crate) fn run(status: Status) -> Run {
    Run {
        analyzer: by_name("bandit").expect("it is known"),
        status,
        version: Some("1.9.4".to_owned()),
        asked: 1,
        failed: Vec::new(),
        skipped: Vec::new(),
        notes: vec!["a note".to_owned()],
        wall: std::time::Duration::from_secs(1),
        peak_memory: 5,
        findings: Vec::new(),
    }
}

pub(crate) fn report() -> Report {
    let sources = vec![source("dir/a b.py", CODE)];
    let findings = [
        finding("run(a)", &[78]),
        finding("load(a)", &[502]),
        finding("load(b)", &[]),
        finding("load(c)", &[502]),
    ];
    let mut failed = run(Status::Failed {
        why: "it crashed".to_owned(),
    });
    failed.failed.push(FailedFile {
        source: 0,
        why: "cut off".to_owned(),
    });
    Report {
        findings: merge(&sources, findings),
        sources,
        runs: vec![
            run(Status::Findings),
            failed,
            run(Status::Missing {
                install: "pip install bandit",
            }),
        ],
    }
}
