//! Do any ids, pushed into a session, keep its promises without a panic?
//!
//! Input: a byte that chooses the limits, then one byte an id. With the top bit clear it is that id,
//! in or out of the vocabulary; with it set, one of the ids that the session allows, so that long
//! well-formed streams are reached as well.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use palinode_code::{Text, apply_revisions};
use palinode_revise::{
    Action, Event, Session, SessionOptions, Shown, Vocabulary, WholeCharacters, replay,
};

/// Letters, characters in pieces, and bytes that are never right.
const PIECES: [&[u8]; 8] = [
    b"a",
    b"b",
    b"\n",
    b"\xC3",
    b"\xA9",
    b"\xF0\x9F",
    b"\xA6\x80",
    b"\xFF",
];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, choices)) = data.split_first() else {
        return;
    };
    let vocabulary = vocabulary();
    let mut session = Session::new(Arc::clone(&vocabulary), options(choice));
    let (mut events, mut pushed) = (Vec::new(), 0);
    let (mut adapter, mut shown) = (WholeCharacters::new(), String::new());
    for &choice in choices {
        let known = |id: &u32| (*id as usize) < vocabulary.len();
        let allowed: Vec<u32> = (0..32)
            .filter(|id| known(id) && session.constraint().allows(*id))
            .collect();
        let id = match (choice >= 128, allowed.len()) {
            (true, 1..) => allowed[usize::from(choice) % allowed.len()],
            _ => u32::from(choice),
        };
        let ended = session.ended();
        let step = session.push(id);
        assert_eq!(step.keep, session.stream().len());
        let wrong = step.events.iter().any(|event| {
            matches!(
                event,
                Event::Stray { .. } | Event::Ignored { .. } | Event::Refused { .. }
            )
        });
        assert_eq!(wrong, !allowed.contains(&id));
        pushed += u64::from(!ended && !session.ended());
        for event in &step.events {
            apply(adapter.push(event), &mut shown);
        }
        events.extend(step.events);
    }
    events.extend(session.finish());
    apply(adapter.finish(), &mut shown);

    assert_eq!(replay(&events).expect("they fit"), session.buffer());
    assert_eq!(shown, String::from_utf8_lossy(session.buffer()));
    let usage = session.usage();
    let counted = usage.code + usage.scope + usage.patch + usage.delimiter + usage.discarded;
    assert_eq!(counted, pushed);
    let draft: Vec<u8> = events.iter().flat_map(code).copied().collect();
    let program = apply_revisions(&Text::new(draft), session.revisions()).expect("they fit");
    assert_eq!(program.as_bytes(), session.buffer());
});

fn vocabulary() -> Arc<Vocabulary> {
    let mut tokens: Vec<Vec<u8>> = PIECES.iter().map(|piece| piece.to_vec()).collect();
    tokens.extend(Action::ALL.map(|action| action.marker().as_bytes().to_vec()));
    tokens.push(b"<end>".to_vec());
    tokens.push(Vec::new());
    Arc::new(Vocabulary::new(tokens, Some([8, 9, 10, 11, 12]), vec![13]).expect("ids in range"))
}

fn options(choice: u8) -> SessionOptions {
    let choice = usize::from(choice);
    if choice & 1 == 0 {
        return SessionOptions::default();
    }
    SessionOptions {
        max_scope_tokens: choice >> 1 & 3,
        max_patch_tokens: choice >> 3 & 3,
        max_revisions: choice >> 5 & 3,
        max_stream_tokens: if choice & 128 == 0 { usize::MAX } else { 40 },
        ..SessionOptions::default()
    }
}

fn code(event: &Event) -> &[u8] {
    match event {
        Event::Text { bytes } => bytes,
        _ => &[],
    }
}

fn apply(change: Option<Shown>, shown: &mut String) {
    if let Some(change) = change {
        change.apply_to(shown).expect("it fits what is shown");
    }
}
