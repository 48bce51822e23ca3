//! Is every analyzer complete?

use palinode_code::languages;
use palinode_scan::analyzers::{ANALYZERS, by_name};
use palinode_scan::{Files, Interrupt, Presence, Settings, Work, presence};

#[test]
fn every_entry_is_complete_and_found() {
    for (position, analyzer) in ANALYZERS.iter().enumerate() {
        let before = &ANALYZERS[..position];
        assert!(
            before.iter().all(|other| other.name < analyzer.name),
            "{}",
            analyzer.name
        );
        assert!(by_name(&analyzer.name.to_uppercase()).is_some());
        for part in ["Why: ", "Source: ", "Limits: ", "Example: `palinode scan"] {
            assert!(
                analyzer.doc.contains(part),
                "{} says no {part}",
                analyzer.name
            );
        }
        assert!(!analyzer.languages.is_empty() && !analyzer.title.is_empty());
        for language in analyzer.languages {
            assert!(languages::by_name(language).is_some_and(|known| known.name == *language));
        }
        let untried = analyzer.tried().is_some_and(str::is_empty);
        assert_eq!(
            untried,
            analyzer.doc.contains("never run here"),
            "{}",
            analyzer.name
        );
    }
    assert!(by_name("nothing").is_none());
}

#[test]
fn a_tool_that_is_nowhere_is_missing_and_says_how_to_get_it() {
    for analyzer in ANALYZERS {
        let found = presence(analyzer, &Settings::default(), &Interrupt::new());
        match analyzer.work {
            Work::Tool(_) => {
                let install = analyzer.install().expect("a tool is installed somehow");
                assert_eq!(found, Presence::Missing { install });
            }
            Work::InProcess(_) | Work::Reports => assert_eq!(found, Presence::BuiltIn),
        }
    }
}

#[test]
fn what_is_no_report_is_refused_by_all() {
    for analyzer in ANALYZERS {
        for bytes in [
            &b""[..],
            b"  \n",
            b"garbage",
            b"{}",
            b"[1]",
            b"null",
            b"{\"results\": 3}",
            b"\xff\xfe",
            b"<a>",
        ] {
            let read = analyzer.read_report(bytes, &Files::default());
            // An empty object is what Bearer writes where it found nothing.
            let fine = analyzer.name == "bearer" && bytes == b"{}";
            assert_eq!(read.is_ok(), fine, "{}: {bytes:?}", analyzer.name);
        }
    }
}
