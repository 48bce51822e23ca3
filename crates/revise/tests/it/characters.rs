//! What is shown is the program, in whole characters.

use std::sync::Arc;

use palinode_code::Span;
use palinode_revise::{
    Event, Renderer, Session, SessionOptions, Shown, Utf8Assembler, WholeCharacters,
};
use proptest::prelude::*;

use crate::support::{allowed, vocabulary};

/// Characters in pieces, bytes that are never right, and plain letters.
const PIECES: [&[u8]; 9] = [
    b"a",
    b"b",
    b"\xC3",
    b"\xA9",
    b"\xF0\x9F",
    b"\xA6\x80",
    b"\xFF",
    "é".as_bytes(),
    b"\xE2\x82",
];

/// `bytes` read lossily, but for an unfinished character at their end.
fn whole(bytes: &[u8]) -> String {
    let last = bytes
        .utf8_chunks()
        .last()
        .map_or(&[][..], |chunk| chunk.invalid());
    let unfinished = std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
    let end = bytes.len() - if unfinished { last.len() } else { 0 };
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Feeds the events and checks after each of them that what is shown is `whole(buffer)`.
fn check(events: &[Event]) -> String {
    let (mut adapter, mut shown, mut buffer) = (WholeCharacters::new(), String::new(), Vec::new());
    for event in events {
        event.apply_to(&mut buffer).unwrap();
        if let Some(change) = adapter.push(event) {
            if let Shown::Quoted { span } = &change {
                assert!(
                    shown.get(span.start..span.end).is_some(),
                    "{span} in {shown:?}"
                );
            }
            change.apply_to(&mut shown).unwrap();
        }
        assert_eq!(shown, whole(&buffer), "after {event:?}");
    }
    if let Some(change) = adapter.finish() {
        change.apply_to(&mut shown).unwrap();
    }
    assert_eq!(shown, String::from_utf8_lossy(&buffer));
    shown
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_shown_is_the_program(
        choices in prop::collection::vec(any::<prop::sample::Index>(), 0..120),
    ) {
        let vocabulary = vocabulary(&PIECES);
        let mut session = Session::new(Arc::clone(&vocabulary), SessionOptions::default());
        let mut events = Vec::new();
        for choice in choices {
            let mut allowed = allowed(&session, &vocabulary);
            allowed.retain(|&id| !vocabulary.is_end(id));
            events.extend(session.push(*choice.get(&allowed)).events);
        }
        check(&events);
    }

    #[test]
    fn pieces_of_bytes_become_the_lossy_text(
        pieces in prop::collection::vec(prop_oneof![
            prop::sample::select(PIECES.to_vec()).prop_map(<[u8]>::to_vec),
            prop::collection::vec(any::<u8>(), 0..5),
        ], 0..30),
    ) {
        let mut assembler = Utf8Assembler::new();
        let (mut text, mut bytes) = (String::new(), Vec::new());
        for piece in pieces {
            text.push_str(&assembler.push(&piece));
            bytes.extend_from_slice(&piece);
            prop_assert_eq!(&text, &whole(&bytes));
        }
        text.push_str(&assembler.finish());
        prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn a_scope_inside_a_character_is_widened_to_the_character() {
    // The buffer is `aéb`; the scope is the second byte of `é`, and the patch makes it `è`.
    let vocabulary = vocabulary(&[b"a", b"b", b"\xC3", b"\xA9", b"\xA8"]);
    let mut session = Session::new(vocabulary, SessionOptions::default());
    let mut adapter = WholeCharacters::new();
    let mut changes = Vec::new();
    for id in [0, 2, 3, 1, 5, 6, 3, 7, 8, 4, 9] {
        let events = session.push(id).events;
        changes.extend(events.iter().filter_map(|event| adapter.push(event)));
    }
    assert_eq!(session.buffer(), "aèb".as_bytes());
    assert_eq!(session.revisions()[0].span, Span::new(2, 3));
    let text = |text: &str| Shown::Text {
        text: text.to_owned(),
    };
    let span = Span::new(1, 3);
    assert_eq!(
        changes,
        [
            text("a"),
            text("é"),
            text("b"),
            Shown::Quoted { span },
            Shown::Replaced {
                span,
                old: "é".to_owned(),
                new: "è".to_owned(),
            },
        ]
    );
}

#[test]
fn spans_between_characters_stay_as_they_are() {
    let mut renderer = Renderer::new();
    let mut events =
        renderer.push("aébc<|backtracking|><|OLD|>é<|/OLD|><|NEW|>x<|/NEW|>d".as_bytes());
    events.extend(renderer.finish());
    assert_eq!(check(&events), "axbcd");
    let mut adapter = WholeCharacters::new();
    let replaced: Vec<Shown> = events
        .iter()
        .filter_map(|event| adapter.push(event))
        .filter(|change| matches!(change, Shown::Replaced { .. }))
        .collect();
    let expected = Shown::Replaced {
        span: Span::new(1, 3),
        old: "é".to_owned(),
        new: "x".to_owned(),
    };
    assert_eq!(replaced, [expected]);
}
