//! Is MITRE's hierarchy whole, and do two names of one flaw meet in it?

use palinode_code::weaknesses::{Abstraction, TOP_25, all};
use palinode_code::{Confidence, Cwe, Severity};
use proptest::prelude::*;

#[test]
fn every_weakness_is_a_kind_of_a_pillar_and_of_nothing_unknown() {
    assert!(all().count() > 900);
    for cwe in all() {
        let abstraction = cwe.abstraction().expect("it is in the list");
        for parent in cwe.parents() {
            assert!(parent.name().is_some(), "{cwe} is a kind of {parent}");
        }
        let has_parents = cwe.parents().next().is_some();
        let at_the_top = matches!(abstraction, Abstraction::Pillar | Abstraction::Category);
        assert_eq!(has_parents, !at_the_top, "{cwe}");
        // The walk ends, meets nothing twice, and comes to the top.
        let ancestors: Vec<_> = cwe.ancestors(usize::MAX).collect();
        let mut once = ancestors.clone();
        once.dedup_by_key(|(cwe, _)| *cwe);
        assert_eq!(ancestors, once);
        assert!(ancestors.is_sorted_by_key(|(_, steps)| *steps));
        if has_parents {
            let pillar = |cwe: Cwe| cwe.abstraction() == Some(Abstraction::Pillar);
            assert!(ancestors.iter().any(|(cwe, _)| pillar(*cwe)), "{cwe}");
        }
    }
}

#[test]
fn the_top_25_are_25_that_are_known() {
    let mut numbers = TOP_25.map(|cwe| cwe.0).to_vec();
    assert!(TOP_25.iter().all(|cwe| cwe.name().is_some()));
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 25);
}

#[test]
fn names_of_one_flaw_are_near_and_two_flaws_are_not() {
    let near = |a, b| {
        let near = Cwe(a).is_near(Cwe(b));
        assert_eq!(near, Cwe(b).is_near(Cwe(a)));
        near
    };
    // The same; a kind of the other; two kinds of path traversal; a hash among broken algorithms.
    assert!(near(89, 89) && near(78, 77) && near(23, 36) && near(328, 327));
    // Overflows on the stack and on the heap are both writes beyond the end.
    assert!(near(121, 122) && near(121, 787) && near(121, 119));
    // Both are injection; one thing they are not.
    assert!(!near(79, 89) && !near(22, 89) && !near(416, 787));
    // Everything is a kind of a pillar.
    assert!(!near(89, 707) && !near(79, 264));
    // What is not known is near itself only.
    assert!(near(65_000, 65_000) && !near(65_000, 79));
}

#[test]
fn names_are_read_as_analysers_write_them() {
    for text in [
        "79",
        "CWE-79",
        "cwe79",
        "CWE_079",
        "CWE: 79",
        "external/cwe/cwe-079",
        "CWE-79: Improper Neutralization of Input During Web Page Generation",
        "https://cwe.mitre.org/data/definitions/79.html",
        "security/cwe-079 (A3)",
    ] {
        assert_eq!(Cwe::read(text), Some(Cwe(79)), "{text}");
    }
    for text in ["", "cwe", "CWE-", "CWE-x", "B303", "CWE-99999999"] {
        assert_eq!(Cwe::read(text), None, "{text}");
    }
    assert_eq!(Cwe(79).to_string(), "CWE-79");
}

#[test]
fn severities_have_names_and_scores_in_their_order() {
    for pair in Severity::ALL.windows(2) {
        assert!(pair[0] < pair[1] && pair[0].score() < pair[1].score());
    }
    for severity in Severity::ALL {
        assert_eq!(severity.name().to_uppercase().parse(), Ok(severity));
        assert_eq!(Severity::of_score(severity.score()), severity);
    }
    assert!("severe".parse::<Severity>().is_err());
    assert_eq!("HIGH".parse(), Ok(Confidence::High));
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC*") {
        _ = Cwe::read(&text);
        if let Some(cwe) = Cwe::read(&format!("CWE-{text}")) {
            prop_assert!(text.contains(|letter: char| letter.is_ascii_digit()), "{cwe}");
        }
    }

    #[test]
    fn any_number_has_ancestors_that_end(number: u16, other: u16) {
        prop_assert!(Cwe(number).is_a(Cwe(number)));
        prop_assert_eq!(Cwe(number).is_near(Cwe(other)), Cwe(other).is_near(Cwe(number)));
    }
}
