//! What do these tests build their sessions from?

use std::sync::Arc;

use palinode_revise::{Action, Constraint, Event, Session, SessionOptions, Step, Vocabulary};

/// A vocabulary of these pieces (ids from 0), then the five actions, an end token, and an id without
/// bytes.
pub(crate) fn vocabulary(pieces: &[&[u8]]) -> Arc<Vocabulary> {
    let mut tokens: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
    let first = u32::try_from(tokens.len()).unwrap();
    tokens.extend(
        Action::ALL
            .iter()
            .map(|action| action.marker().as_bytes().to_vec()),
    );
    tokens.push(b"<end>".to_vec());
    tokens.push(Vec::new());
    let actions = std::array::from_fn(|index| first + u32::try_from(index).unwrap());
    Arc::new(Vocabulary::new(tokens, Some(actions), vec![first + 5]).unwrap())
}

/// One id for each of the letters from `a`.
pub(crate) fn letters(count: u8) -> Arc<Vocabulary> {
    let letters: Vec<[u8; 1]> = (b'a'..b'a' + count).map(|letter| [letter]).collect();
    let pieces: Vec<&[u8]> = letters.iter().map(|letter| &letter[..]).collect();
    vocabulary(&pieces)
}

/// The ids of a text in which each letter is a token, each marker its action, and `$` the end.
pub(crate) fn ids(text: &str, vocabulary: &Vocabulary) -> Vec<u32> {
    let mut rest = text;
    let mut ids = Vec::new();
    while let Some(first) = rest.chars().next() {
        let marker = Action::ALL
            .into_iter()
            .find(|action| rest.starts_with(action.marker()));
        let (id, len) = match (marker, first) {
            (Some(action), _) => (vocabulary.action_id(action).unwrap(), action.marker().len()),
            (None, '$') => (vocabulary.ends()[0], 1),
            (None, letter) => (u32::from(letter) - u32::from('a'), 1),
        };
        ids.push(id);
        rest = &rest[len..];
    }
    ids
}

/// A session over `letters(26)`, fed with such a text.
pub(crate) struct Fed {
    pub(crate) session: Session,
    pub(crate) events: Vec<Event>,
}

pub(crate) fn feed(text: &str, options: SessionOptions) -> Fed {
    let vocabulary = letters(26);
    let mut fed = Fed {
        session: Session::new(Arc::clone(&vocabulary), options),
        events: Vec::new(),
    };
    fed.more(text);
    fed
}

impl Fed {
    pub(crate) fn more(&mut self, text: &str) -> Step {
        let mut last = Step {
            events: Vec::new(),
            keep: 0,
        };
        for id in ids(text, &letters(26)) {
            last = self.session.push(id);
            self.events.extend(last.events.iter().cloned());
        }
        last
    }

    pub(crate) fn program(&self) -> &str {
        std::str::from_utf8(self.session.buffer()).unwrap()
    }
}

/// Every id of the vocabulary that the session allows now.
pub(crate) fn allowed(session: &Session, vocabulary: &Vocabulary) -> Vec<u32> {
    let constraint: Constraint<'_> = session.constraint();
    (0..u32::try_from(vocabulary.len()).unwrap())
        .filter(|&id| constraint.allows(id))
        .collect()
}
