//! Any ids at all, and random walks under the constraint, against naive oracles.

use std::sync::Arc;

use palinode_code::{Text, apply_revisions};
use palinode_revise::{
    Action, Event, Renderer, Session, SessionOptions, Vocabulary, render, replay,
};
use proptest::prelude::*;

use crate::support::{allowed, vocabulary};

/// Single characters, so that a match of bytes is a match of tokens.
const CHARACTERS: [&[u8]; 5] = [b"a", b"b", "é".as_bytes(), "🦀".as_bytes(), b"\n"];

fn options() -> impl Strategy<Value = SessionOptions> {
    (any::<bool>(), 0usize..5, 0usize..5, 0usize..5, 0usize..60).prop_map(
        |(limited, scope, patch, revisions, stream)| {
            if limited {
                SessionOptions {
                    max_scope_tokens: scope,
                    max_patch_tokens: patch,
                    max_revisions: revisions,
                    max_stream_tokens: stream,
                    ..SessionOptions::default()
                }
            } else {
                SessionOptions::default()
            }
        },
    )
}

/// The tokens of the program, read off a whole stream that keeps the grammar.
fn naive(stream: &[u32], vocabulary: &Vocabulary) -> Vec<u32> {
    let id = |action| vocabulary.action_id(action).unwrap();
    let mut buffer: Vec<u32> = Vec::new();
    let mut rest = stream;
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if vocabulary.is_end(first) {
            break;
        }
        if first != id(Action::Trigger) {
            buffer.push(first);
            continue;
        }
        let place = |action, from: &[u32]| from.iter().position(|&other| other == id(action));
        let (Some(close), Some(end)) = (
            place(Action::ScopeClose, rest),
            place(Action::PatchClose, rest),
        ) else {
            break;
        };
        let (scope, patch) = (&rest[1..close], &rest[close + 2..end]);
        let start = buffer
            .windows(scope.len())
            .rposition(|window| window == scope)
            .unwrap();
        buffer.splice(start..start + scope.len(), patch.iter().copied());
        rest = &rest[end + 1..];
    }
    buffer
}

/// The stream as text, with markers for action tokens; the end token is not written.
fn decoded(stream: &[u32], vocabulary: &Vocabulary) -> Vec<u8> {
    let written = stream.iter().filter(|&&id| !vocabulary.is_end(id));
    written
        .flat_map(|&id| vocabulary.bytes(id))
        .copied()
        .collect()
}

/// Pushes the allowed token that each choice picks.
fn walk(
    choices: &[prop::sample::Index],
    session: &mut Session,
    vocabulary: &Vocabulary,
) -> Vec<Event> {
    let mut events = Vec::new();
    for choice in choices {
        let allowed = allowed(session, vocabulary);
        if allowed.is_empty() {
            break;
        }
        let mut id = *choice.get(&allowed);
        if vocabulary.is_end(id) && choice.index(3) > 0 {
            id = allowed[0];
        }
        let before = session.stream().len();
        let step = session.push(id);
        assert_eq!(step.keep, before + 1, "a token that is allowed is kept");
        assert!(
            !step.events.iter().any(|event| matches!(
                event,
                Event::Stray { .. } | Event::Ignored { .. } | Event::Refused { .. }
            )),
            "{id} was allowed"
        );
        events.extend(step.events);
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_ids_may_be_pushed(
        // Mostly ids that are allowed, so that any state is reached before a wrong one comes.
        pushes in prop::collection::vec((
            any::<prop::sample::Index>(),
            prop_oneof![5 => Just(None), 2 => (0u32..13).prop_map(Some), 1 => Just(Some(u32::MAX))],
        ), 0..200),
        options in options(),
    ) {
        let vocabulary = vocabulary(&CHARACTERS);
        let mut session = Session::new(Arc::clone(&vocabulary), options);
        let mut events = Vec::new();
        let (mut pushed, mut taken) = (0u64, Vec::new());
        for (choice, wrong) in pushes {
            let allowed = allowed(&session, &vocabulary);
            let id = match wrong {
                Some(id) => id,
                None if allowed.is_empty() => 0,
                None => *choice.get(&allowed),
            };
            let ended = session.ended();
            let known = (id as usize) < vocabulary.len();
            let right = known && session.constraint().allows(id);
            let step = session.push(id);
            if !ended {
                taken.push(id);
                pushed += u64::from(!session.ended());
            }
            taken.truncate(step.keep);
            prop_assert_eq!(&taken, session.stream());
            prop_assert_eq!(step.keep, session.stream().len());
            let wrong = step.events.iter().any(|event| matches!(
                event,
                Event::Stray { .. } | Event::Ignored { .. } | Event::Refused { .. }
            ));
            prop_assert_eq!(wrong, !right, "{} gave {:?}", id, &step.events);
            events.extend(step.events);
            prop_assert_eq!(&replay(&events).unwrap(), session.buffer());
        }
        events.extend(session.finish());
        prop_assert_eq!(&replay(&events).unwrap(), session.buffer());
        let bytes: Vec<u8> = session.buffer_tokens().iter().flat_map(|&id| vocabulary.bytes(id)).copied().collect();
        prop_assert_eq!(bytes, session.buffer());
        let usage = session.usage();
        prop_assert_eq!(usage.code + usage.scope + usage.patch + usage.delimiter + usage.discarded, pushed);
        prop_assert_eq!(usage.revisions, session.revisions().len() as u64);
    }

    #[test]
    fn a_walk_under_the_constraint_means_what_the_paper_says(
        choices in prop::collection::vec(any::<prop::sample::Index>(), 0..150),
        options in options(),
    ) {
        let vocabulary = vocabulary(&CHARACTERS);
        let mut session = Session::new(Arc::clone(&vocabulary), options);
        let mut events = walk(&choices, &mut session, &vocabulary);
        events.extend(session.finish());
        prop_assert_eq!(naive(session.stream(), &vocabulary), session.buffer_tokens());
        prop_assert_eq!(&replay(&events).unwrap(), session.buffer());

        // All code ever written, with the recorded revisions applied in order, is the program.
        let draft: Vec<u8> = events.iter().filter_map(|event| match event {
            Event::Text { bytes } => Some(bytes.as_slice()),
            _ => None,
        }).flatten().copied().collect();
        let program = apply_revisions(&Text::new(draft), session.revisions()).unwrap();
        prop_assert_eq!(program.as_bytes(), session.buffer());
    }

    #[test]
    fn the_decoded_stream_renders_to_the_same_program(
        choices in prop::collection::vec(any::<prop::sample::Index>(), 0..150),
        cuts in prop::collection::vec(1usize..9, 1..40),
    ) {
        let vocabulary = vocabulary(&CHARACTERS);
        let mut session = Session::new(Arc::clone(&vocabulary), SessionOptions::default());
        walk(&choices, &mut session, &vocabulary);
        let open = session.in_episode();
        session.finish();
        let text = decoded(session.stream(), &vocabulary);
        let mut renderer = Renderer::verbatim();
        let mut rest = &text[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            renderer.push(now);
            rest = later;
        }
        renderer.finish();
        let rendered = renderer.into_rendered();
        prop_assert_eq!(&rendered.program, session.buffer());
        prop_assert_eq!(&rendered.revisions, session.revisions());
        prop_assert_eq!(rendered.problems.len(), usize::from(open));
    }

    #[test]
    fn without_line_breaks_the_two_renderers_are_one(
        choices in prop::collection::vec(any::<prop::sample::Index>(), 0..100),
    ) {
        let vocabulary = vocabulary(&CHARACTERS[..4]);
        let mut session = Session::new(Arc::clone(&vocabulary), SessionOptions::default());
        walk(&choices, &mut session, &vocabulary);
        session.finish();
        let rendered = render(&decoded(session.stream(), &vocabulary));
        prop_assert_eq!(&rendered.program, session.buffer());
        prop_assert_eq!(&rendered.revisions, session.revisions());
    }
}
