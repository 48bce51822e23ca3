//! Do edits and revisions do what replacing bytes by hand would do?

use palinode_code::{Edit, Error, Proposer, Revision, Span, Text, apply_edits, apply_revisions};
use proptest::prelude::*;

/// The slow, plain way: from the last edit to the first, each by splicing.
fn naive(text: &[u8], edits: &[Edit]) -> Option<Vec<u8>> {
    let mut order: Vec<&Edit> = edits.iter().collect();
    order.sort_by_key(|edit| (edit.span.start, edit.span.end));
    for pair in order.windows(2) {
        if pair[0].span.end > pair[1].span.start {
            return None;
        }
    }
    let mut bytes = text.to_vec();
    for edit in order.iter().rev() {
        if edit.span.start > edit.span.end || edit.span.end > text.len() {
            return None;
        }
        bytes.splice(edit.span.range(), edit.new.iter().copied());
    }
    Some(bytes)
}

fn edit() -> impl Strategy<Value = Edit> {
    let new = prop::collection::vec(any::<u8>(), 0..4);
    (0_usize..24, 0_usize..6, prop::bool::weighted(0.05), new).prop_map(
        |(start, length, reversed, new)| {
            let span = Span::new(start, start + length);
            let reversed = reversed.then_some(Span::new(span.end, span.start));
            Edit::new(reversed.unwrap_or(span), new)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn edits_equal_splicing_by_hand(
        text in prop::collection::vec(any::<u8>(), 0..24),
        edits in prop::collection::vec(edit(), 0..5),
    ) {
        let result = apply_edits(&Text::from(text.as_slice()), &edits);
        let in_range = edits
            .iter()
            .all(|e| e.span.start <= e.span.end && e.span.end <= text.len());
        match (result, in_range.then(|| naive(&text, &edits)).flatten()) {
            (Ok(edited), Some(expected)) => prop_assert_eq!(edited.as_bytes(), expected),
            (Err(Error::Overlap { .. }), None) => prop_assert!(in_range),
            (Err(Error::OutOfRange { .. } | Error::Reversed { .. }), None) => {
                prop_assert!(!in_range);
            }
            (result, expected) => prop_assert!(false, "{result:?} but {expected:?}"),
        }
    }

    #[test]
    fn revisions_replay_and_undo(
        text in prop::collection::vec(any::<u8>(), 0..24),
        edits in prop::collection::vec(edit(), 0..5),
    ) {
        let draft = Text::from(text);
        let mut program = draft.clone();
        let mut revisions = Vec::new();
        for edit in edits {
            let made = Revision::of(&program, edit.span, edit.new, Proposer::Model);
            if let Ok(revision) = made {
                program = revision.apply(&program).expect("it was just made for this text");
                revisions.push(revision);
            }
        }
        prop_assert_eq!(apply_revisions(&draft, &revisions), Ok(program.clone()));
        for revision in revisions.iter().rev() {
            let span = Span::new(revision.span.start, revision.span.start + revision.new.len());
            let undo = Revision::of(&program, span, revision.old.clone(), Proposer::Person);
            program = undo.and_then(|undo| undo.apply(&program)).expect("what was put there stands there");
        }
        prop_assert_eq!(program, draft);
    }

    #[test]
    fn lines_and_columns_are_counted_as_by_hand(
        text in prop::collection::vec(prop::sample::select(vec![b'a', b'\n', b'\r', 0xC3, 0xA9]), 0..24),
        offset in 0_usize..30,
    ) {
        let offset_inside = offset.min(text.len());
        let before = &text[..offset_inside];
        let line = 1 + before.iter().filter(|&&b| b == b'\n').count();
        let last = before.split(|&b| b == b'\n').next_back().unwrap_or_default();
        let at = Text::from(text.as_slice()).position(offset);
        prop_assert_eq!(at.line, line);
        // U+FFFD stands for one stray byte of these five in the lossy form.
        prop_assert_eq!(at.column, 1 + String::from_utf8_lossy(last).chars().count());
    }
}
