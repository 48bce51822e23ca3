//! Which bytes does each token id stand for, and which ids are not code?

use crate::{Action, Error};

/// What an id is to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text of a program.
    Code,
    /// One of the five action tokens.
    Action(Action),
    /// The stream ends.
    End,
    /// Outside the vocabulary, or an id that stands for no bytes: never anything.
    Unknown,
}

/// The ids of a model as a session needs to know them: each id's bytes, the five action ids if the
/// model has them, and the ids that end a stream.
///
/// Any tokenizer, or a server's list, can fill it; it is immutable and shared by all sessions
/// through an `Arc`. It takes one allocation for all bytes and 4 bytes an id beside them.
///
/// An id that stands for no bytes (a row of the output layer that no token uses) is never allowed.
/// So give one entry for every row of logits, with no bytes where there is no token.
#[derive(Clone, PartialEq, Eq)]
pub struct Vocabulary {
    bytes: Vec<u8>,
    /// `starts[id]..starts[id + 1]` are the bytes of `id`.
    starts: Vec<usize>,
    actions: Option<[u32; 5]>,
    ends: Vec<u32>,
    /// Banned in code where the trigger is allowed: the other four actions and the empty ids. Sorted.
    banned_in_code: Vec<u32>,
    /// Banned in code where it is not: all five and the empty ids. Sorted.
    banned_without_trigger: Vec<u32>,
    /// Banned in a patch: all actions but the patch's close, the ends, and the empty ids. Sorted.
    banned_in_patch: Vec<u32>,
}

impl Vocabulary {
    /// A vocabulary from the bytes of each id (`tokens[id]`), the five action ids in the order of
    /// [`Action::ALL`] if the model has them, and the ids that end a stream (the first is the one that
    /// trajectories end with).
    ///
    /// # Errors
    /// An action or end id outside the vocabulary, an action id used twice, an end id that is an action
    /// id, or more tokens than 32-bit ids can name.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers build the list for this; a reference would have them keep it alive"
    )]
    pub fn new(
        tokens: Vec<Vec<u8>>,
        actions: Option<[u32; 5]>,
        ends: Vec<u32>,
    ) -> Result<Vocabulary, Error> {
        let count = tokens.len();
        if u32::try_from(count).is_err() {
            return Err(Error::VocabularyTooLarge { tokens: count });
        }
        let outside = |id: u32| usize::try_from(id).map_or(true, |id| id >= count);
        if let Some(ids) = actions {
            check_actions(&ids, count)?;
        }
        let action_of = |id: u32| {
            let ids = actions?;
            Action::ALL
                .into_iter()
                .find(|action| ids[action.index()] == id)
        };
        let mut distinct_ends: Vec<u32> = Vec::new();
        for id in ends {
            if outside(id) {
                return Err(Error::EndOutside {
                    id,
                    vocabulary: count,
                });
            }
            if let Some(action) = action_of(id) {
                return Err(Error::EndIsAction { id, action });
            }
            if !distinct_ends.contains(&id) {
                distinct_ends.push(id);
            }
        }

        let mut bytes = Vec::with_capacity(tokens.iter().map(Vec::len).sum());
        let mut starts = Vec::with_capacity(count + 1);
        starts.push(0);
        let mut empty = Vec::new();
        for (id, token) in (0u32..).zip(&tokens) {
            bytes.extend_from_slice(token);
            starts.push(bytes.len());
            if token.is_empty() && action_of(id).is_none() && !distinct_ends.contains(&id) {
                empty.push(id);
            }
        }
        let banned = |allowed: Option<Action>, ends: &[u32]| {
            let mut ids = empty.clone();
            ids.extend_from_slice(ends);
            for action in Action::ALL {
                if let Some(all) = actions
                    && allowed != Some(action)
                {
                    ids.push(all[action.index()]);
                }
            }
            ids.sort_unstable();
            ids
        };
        Ok(Vocabulary {
            banned_in_code: banned(Some(Action::Trigger), &[]),
            banned_without_trigger: banned(None, &[]),
            banned_in_patch: banned(Some(Action::PatchClose), &distinct_ends),
            bytes,
            starts,
            actions,
            ends: distinct_ends,
        })
    }

    /// How many ids there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no id at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that `id` stands for; none for an id outside the vocabulary.
    #[must_use]
    pub fn bytes(&self, id: u32) -> &[u8] {
        let Ok(index) = usize::try_from(id) else {
            return &[];
        };
        match (self.starts.get(index), self.starts.get(index + 1)) {
            (Some(&start), Some(&end)) => self.bytes.get(start..end).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// The action token that `id` is, if it is one.
    #[must_use]
    pub fn action(&self, id: u32) -> Option<Action> {
        let ids = self.actions?;
        Action::ALL
            .into_iter()
            .find(|action| ids[action.index()] == id)
    }

    /// The id of an action token, if the model has the five.
    #[must_use]
    pub fn action_id(&self, action: Action) -> Option<u32> {
        self.actions.map(|ids| ids[action.index()])
    }

    /// Whether `id` ends a stream.
    #[must_use]
    pub fn is_end(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }

    /// The ids that end a stream, in the order given, each once.
    #[must_use]
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// Whether the model has the five action tokens, so that it can revise at all.
    #[must_use]
    pub fn can_revise(&self) -> bool {
        self.actions.is_some()
    }

    /// Whether `id` is text of a program: inside the vocabulary, not empty, no action, no end.
    #[must_use]
    pub fn is_code(&self, id: u32) -> bool {
        self.kind(id) == Kind::Code
    }

    pub(crate) fn kind(&self, id: u32) -> Kind {
        if let Some(action) = self.action(id) {
            Kind::Action(action)
        } else if self.is_end(id) {
            Kind::End
        } else if self.bytes(id).is_empty() {
            Kind::Unknown
        } else {
            Kind::Code
        }
    }

    pub(crate) fn banned_in_code(&self, trigger_allowed: bool) -> &[u32] {
        if trigger_allowed {
            &self.banned_in_code
        } else {
            &self.banned_without_trigger
        }
    }

    pub(crate) fn banned_in_patch(&self) -> &[u32] {
        &self.banned_in_patch
    }
}

impl std::fmt::Debug for Vocabulary {
    /// Sizes only: a real vocabulary is a hundred thousand tokens.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Vocabulary")
            .field("len", &self.len())
            .field("actions", &self.actions)
            .field("ends", &self.ends)
            .finish_non_exhaustive()
    }
}

fn check_actions(ids: &[u32; 5], count: usize) -> Result<(), Error> {
    for second in Action::ALL {
        let id = ids[second.index()];
        if usize::try_from(id).map_or(true, |id| id >= count) {
            return Err(Error::ActionOutside {
                action: second,
                id,
                vocabulary: count,
            });
        }
        for first in Action::ALL {
            if first < second && ids[first.index()] == id {
                return Err(Error::ActionTwice { first, second, id });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(count: usize) -> Vec<Vec<u8>> {
        (0..count)
            .map(|index| format!("t{index} ").into_bytes())
            .collect()
    }

    #[test]
    fn kinds_and_bans() {
        let mut list = tokens(9);
        list[3] = Vec::new();
        let vocabulary = Vocabulary::new(list, Some([4, 5, 6, 7, 8]), vec![2, 2]).unwrap();
        assert_eq!(vocabulary.len(), 9);
        assert_eq!(vocabulary.bytes(1), b"t1 ");
        assert_eq!(vocabulary.bytes(3), b"");
        assert_eq!(vocabulary.bytes(99), b"");
        assert_eq!(vocabulary.bytes(u32::MAX), b"");
        assert_eq!(vocabulary.kind(0), Kind::Code);
        assert_eq!(vocabulary.kind(2), Kind::End);
        assert_eq!(vocabulary.kind(3), Kind::Unknown);
        assert_eq!(vocabulary.kind(9), Kind::Unknown);
        assert_eq!(vocabulary.kind(6), Kind::Action(Action::ScopeClose));
        assert_eq!(vocabulary.ends(), [2]);
        assert_eq!(vocabulary.banned_in_code(true), [3, 5, 6, 7, 8]);
        assert_eq!(vocabulary.banned_in_code(false), [3, 4, 5, 6, 7, 8]);
        assert_eq!(vocabulary.banned_in_patch(), [2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_model_without_actions() {
        let vocabulary = Vocabulary::new(tokens(3), None, vec![2]).unwrap();
        assert!(!vocabulary.can_revise());
        assert_eq!(vocabulary.action_id(Action::Trigger), None);
        assert!(vocabulary.banned_in_code(false).is_empty());
    }

    #[test]
    fn wrong_ids_are_refused_with_what_was_found() {
        let check = |actions, ends: &[u32]| {
            Vocabulary::new(tokens(6), actions, ends.to_vec())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            check(Some([0, 1, 2, 3, 6]), &[]),
            "the id 6 of <|/NEW|> is outside the vocabulary of 6 tokens"
        );
        assert_eq!(
            check(Some([0, 1, 2, 1, 4]), &[]),
            "<|OLD|> and <|NEW|> have the same id 1"
        );
        assert_eq!(
            check(Some([0, 1, 2, 3, 4]), &[4]),
            "the id 4 is both an end token and <|/NEW|>"
        );
        assert_eq!(
            check(None, &[7]),
            "the end token's id 7 is outside the vocabulary of 6 tokens"
        );
    }
}
