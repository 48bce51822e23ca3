//! Does any text in place of a report give findings with places, or a refusal, and no panic?

use palinode_code::Text;
use palinode_scan::analyzers::ANALYZERS;
use palinode_scan::{Files, Source};
use proptest::prelude::*;

use crate::support::{fixture, source};

/// Texts that look like reports: the fixtures with pieces cut, doubled and changed.
fn mangled() -> impl Strategy<Value = (usize, Vec<u8>)> {
    const NAMES: [&str; 9] = [
        "bandit.json",
        "bearer.json",
        "codeql.sarif",
        "codeshield.json",
        "cppcheck.xml",
        "flawfinder.csv",
        "gcc-flawed.json",
        "gosec.json",
        "semgrep.json",
    ];
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (
        0..ANALYZERS.len(),
        0..NAMES.len(),
        prop::collection::vec(change, 0..8),
    )
        .prop_map(|(analyzer, name, changes)| {
            let mut bytes = fixture(NAMES[name]);
            for (at, byte, kind) in changes {
                let at = at.index(bytes.len().max(1)).min(bytes.len());
                match kind {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, byte),
                    2 if at < bytes.len() => bytes[at] = byte,
                    _ => {
                        let tail = bytes[at..].to_vec();
                        bytes.extend(tail.into_iter().take(500));
                    }
                }
            }
            (analyzer, bytes)
        })
}

fn read_by(analyzer: usize, bytes: &[u8]) {
    let text: Source = source("a.py", Text::from("x\n"));
    let files = Files::new([
        ("f000000.py".to_owned(), 0, &text),
        ("f000002.c".to_owned(), 1, &text),
        ("code/flawed.c".to_owned(), 2, &text),
    ]);
    if let Ok(heard) = ANALYZERS[analyzer].read_report(bytes, &files) {
        for said in heard.said {
            assert!(said.file < files.len());
            let _ = said.place.span(&text.text);
        }
    }
}

proptest! {
    #[test]
    fn no_report_makes_a_reader_panic((analyzer, bytes) in mangled()) {
        read_by(analyzer, &bytes);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(analyzer in 0..ANALYZERS.len(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_by(analyzer, &bytes);
    }
}
