//! Every scope of every short buffer over a small alphabet, against the definition.

use std::sync::Arc;

use palinode_revise::{Action, Event, Expect, Session, SessionOptions, Vocabulary};

use crate::support::{allowed, letters};

fn stands_in(scope: &[u32], buffer: &[u32]) -> bool {
    scope.is_empty() || buffer.windows(scope.len()).any(|window| window == scope)
}

/// Checks the session, whose scope is `scope`, and all that can follow; returns how many scopes.
fn check_scope(
    session: &Session,
    scope: &mut Vec<u32>,
    buffer: &[u32],
    vocabulary: &Vocabulary,
) -> usize {
    let close = vocabulary.action_id(Action::ScopeClose).unwrap();
    let letters = u32::try_from(vocabulary.len()).unwrap() - 7;
    let mut expected: Vec<u32> = (0..letters)
        .filter(|&id| {
            let mut longer = scope.clone();
            longer.push(id);
            stands_in(&longer, buffer)
        })
        .collect();
    if !scope.is_empty() {
        expected.push(close);
    }
    assert_eq!(
        allowed(session, vocabulary),
        expected,
        "{buffer:?} {scope:?}"
    );
    let Expect::Span {
        so_far, may_close, ..
    } = session.expects()
    else {
        panic!("not in a scope");
    };
    assert_eq!(may_close, !scope.is_empty());
    assert_eq!(so_far.len(), scope.len());

    let mut scopes = 1;
    for id in 0..u32::try_from(vocabulary.len()).unwrap() {
        let mut next = session.clone();
        let step = next.push(id);
        let refused = matches!(step.events[..], [Event::Refused { .. }]);
        assert_eq!(
            refused,
            !expected.contains(&id),
            "{buffer:?} {scope:?} {id}"
        );
        if refused {
            assert_eq!(step.keep, buffer.len());
            assert_eq!(next.buffer_tokens(), buffer);
        } else if id == close {
            check_commit(&next, scope, buffer, vocabulary);
        } else {
            scope.push(id);
            scopes += check_scope(&next, scope, buffer, vocabulary);
            scope.pop();
        }
    }
    scopes
}

fn check_commit(session: &Session, scope: &[u32], buffer: &[u32], vocabulary: &Vocabulary) {
    let start = buffer
        .windows(scope.len())
        .rposition(|window| window == scope)
        .unwrap();
    for patch in [&[][..], &[0], &[1, 0]] {
        let mut session = session.clone();
        session.push(vocabulary.action_id(Action::PatchOpen).unwrap());
        for &id in patch {
            session.push(id);
        }
        session.push(vocabulary.action_id(Action::PatchClose).unwrap());
        let mut expected = buffer.to_vec();
        expected.splice(start..start + scope.len(), patch.iter().copied());
        assert_eq!(session.buffer_tokens(), expected);
        // The index is right after the splice as well: what the next scope may begin with.
        if !expected.is_empty() {
            session.push(vocabulary.action_id(Action::Trigger).unwrap());
            session.push(vocabulary.action_id(Action::ScopeOpen).unwrap());
            let mut distinct = expected;
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(allowed(&session, vocabulary), distinct);
        }
    }
}

#[test]
fn every_scope_of_every_short_buffer() {
    let mut scopes = 0;
    for (alphabet, longest) in [(1u32, 9), (2, 7), (3, 6)] {
        let vocabulary = letters(u8::try_from(alphabet.max(2)).unwrap());
        for len in 1..=longest {
            for number in 0..alphabet.pow(len) {
                let buffer: Vec<u32> = (0..len)
                    .map(|digit| number / alphabet.pow(digit) % alphabet)
                    .collect();
                let mut session = Session::new(Arc::clone(&vocabulary), SessionOptions::default());
                for &id in &buffer {
                    session.push(id);
                }
                session.push(vocabulary.action_id(Action::Trigger).unwrap());
                session.push(vocabulary.action_id(Action::ScopeOpen).unwrap());
                scopes += check_scope(&session, &mut Vec::new(), &buffer, &vocabulary);
            }
        }
    }
    assert!(scopes > 10_000, "only {scopes}");
}
