//! Which stream should a model learn from, so that it writes this draft and takes back that?
//!
//! A trajectory is a draft with episodes at token level (*Stream of Revision*, appendix F.2). What it
//! writes out as a stream, a [`Session`](crate::Session) accepts token by token under its own
//! constraint, so that training never shows what decoding would not allow.

mod from_fix;

use std::ops::Range;

use crate::{Action, Error, Vocabulary};

/// What a token of a training stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Part of the prompt.
    Prompt,
    /// Code that a later episode takes back.
    Draft,
    /// Code that stays.
    Code,
    /// One of the five action tokens.
    Delimiter,
    /// Part of a scope.
    Scope,
    /// Part of a patch.
    Patch,
    /// The end token.
    End,
}

/// One revision of the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// What it takes back: tokens of the draft, at least one.
    pub scope: Range<usize>,
    /// How many tokens of the draft are written when the trigger comes; at least `scope.end`.
    pub at: usize,
    /// What takes its place.
    pub patch: Vec<u32>,
}

/// A prompt, the draft that answers it, and the episodes that revise the draft while it is written.
///
/// Episodes stand in the order of their triggers, and no two take back the same token: each counts in
/// the draft, not in what earlier ones made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trajectory {
    /// What the stream is an answer to.
    pub prompt: Vec<u32>,
    /// All code that is written outside episodes.
    pub draft: Vec<u32>,
    /// What is taken back.
    pub episodes: Vec<Episode>,
}

/// A trajectory written out: token ids with the role of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// The ids: prompt, code and episodes, one end token.
    pub ids: Vec<u32>,
    /// What each of them is; as many as there are ids.
    pub roles: Vec<Role>,
}

impl Stream {
    /// How many of the tokens have this role.
    #[must_use]
    pub fn count(&self, role: Role) -> usize {
        self.roles.iter().filter(|&&other| other == role).count()
    }

    fn push(&mut self, id: u32, role: Role) {
        self.ids.push(id);
        self.roles.push(role);
    }

    fn extend(&mut self, ids: &[u32], roles: &[Role]) {
        self.ids.extend_from_slice(ids);
        self.roles.extend_from_slice(roles);
    }
}

impl Trajectory {
    /// The trajectory of code that needs no revision.
    #[must_use]
    pub fn plain(prompt: Vec<u32>, code: Vec<u32>) -> Trajectory {
        Trajectory {
            prompt,
            draft: code,
            episodes: Vec::new(),
        }
    }

    /// The stream of this trajectory: the prompt, the draft with each episode where its trigger comes,
    /// and the vocabulary's first end id.
    ///
    /// O(ids), and for each episode O(buffer at its trigger × the times its scope's beginning occurs).
    ///
    /// # Errors
    /// An end token or the action tokens are missing; a prompt id outside the vocabulary; a draft or
    /// patch token that is not code; an episode whose scope is empty, not written yet at the trigger,
    /// shared with another episode, or not the right-most match in the buffer at its trigger; triggers
    /// out of order.
    pub fn stream(&self, vocabulary: &Vocabulary) -> Result<Stream, Error> {
        let &end = vocabulary.ends().first().ok_or(Error::NoEnd)?;
        self.check(vocabulary)?;
        let mut stream = Stream::default();
        for &id in &self.prompt {
            stream.push(id, Role::Prompt);
        }
        let mut roles = vec![Role::Code; self.draft.len()];
        for episode in &self.episodes {
            roles[episode.scope.clone()].fill(Role::Draft);
        }
        let mut written = 0;
        for episode in &self.episodes {
            stream.extend(
                &self.draft[written..episode.at],
                &roles[written..episode.at],
            );
            written = episode.at;
            write_episode(&mut stream, episode, &self.draft, vocabulary)?;
        }
        stream.extend(&self.draft[written..], &roles[written..]);
        stream.push(end, Role::End);
        Ok(stream)
    }

    /// The tokens of the program that the stream makes: the draft with every patch in its place.
    ///
    /// Episodes that [`Trajectory::stream`] refuses are left out as far as they do not fit the draft.
    #[must_use]
    pub fn program_tokens(&self) -> Vec<u32> {
        self.buffer_after(self.episodes.len(), self.draft.len())
    }

    /// The buffer when `written` tokens of the draft are written and the first `done` episodes are.
    fn buffer_after(&self, done: usize, written: usize) -> Vec<u32> {
        let mut scopes: Vec<&Episode> = self.episodes.iter().take(done).collect();
        scopes.sort_by_key(|episode| episode.scope.start);
        let mut buffer = Vec::new();
        let mut from = 0;
        for episode in scopes {
            let scope = &episode.scope;
            if scope.start < from || scope.start > scope.end || scope.end > written {
                continue;
            }
            buffer.extend_from_slice(self.draft.get(from..scope.start).unwrap_or(&[]));
            buffer.extend_from_slice(&episode.patch);
            from = scope.end;
        }
        buffer.extend_from_slice(self.draft.get(from..written).unwrap_or(&[]));
        buffer
    }

    fn check(&self, vocabulary: &Vocabulary) -> Result<(), Error> {
        if !self.episodes.is_empty() && !vocabulary.can_revise() {
            return Err(Error::NoActions);
        }
        for (index, &id) in self.prompt.iter().enumerate() {
            if usize::try_from(id).map_or(true, |id| id >= vocabulary.len()) {
                return Err(Error::PromptToken { index, id });
            }
        }
        check_code("draft", &self.draft, vocabulary)?;
        for (index, episode) in self.episodes.iter().enumerate() {
            check_code(
                &format!("patch of episode {index}"),
                &episode.patch,
                vocabulary,
            )?;
            self.check_episode(index, episode)?;
        }
        Ok(())
    }

    fn check_episode(&self, index: usize, episode: &Episode) -> Result<(), Error> {
        let scope = episode.scope.clone();
        if scope.start >= scope.end || scope.end > episode.at || episode.at > self.draft.len() {
            return Err(Error::ScopeRange {
                episode: index,
                scope,
                at: episode.at,
                draft: self.draft.len(),
            });
        }
        let earlier = &self.episodes[..index];
        if earlier.last().is_some_and(|before| before.at > episode.at) {
            return Err(Error::TriggerOrder { episode: index });
        }
        let overlaps =
            |other: &Episode| other.scope.start < scope.end && scope.start < other.scope.end;
        if let Some(first) = earlier.iter().position(overlaps) {
            return Err(Error::ScopesOverlap {
                first,
                second: index,
            });
        }
        // Earlier episodes whose scope is further left have moved this scope by what they changed.
        let meant = earlier
            .iter()
            .filter(|other| other.scope.start < scope.start)
            .fold(scope.start, |at, other| {
                at - other.scope.len() + other.patch.len()
            });
        let buffer = self.buffer_after(index, episode.at);
        match right_most(&buffer, &self.draft[scope]) {
            Some(found) if found != meant => Err(Error::ScopeAmbiguous {
                episode: index,
                meant,
                found,
            }),
            _ => Ok(()),
        }
    }
}

/// Where the right-most occurrence of `scope` in `buffer` starts.
fn right_most(buffer: &[u32], scope: &[u32]) -> Option<usize> {
    if scope.is_empty() {
        return None;
    }
    buffer
        .windows(scope.len())
        .rposition(|window| window == scope)
}

fn check_code(part: &str, tokens: &[u32], vocabulary: &Vocabulary) -> Result<(), Error> {
    match tokens.iter().position(|&id| !vocabulary.is_code(id)) {
        Some(index) => Err(Error::NotCode {
            part: part.to_owned(),
            index,
            id: tokens[index],
        }),
        None => Ok(()),
    }
}

fn write_episode(
    stream: &mut Stream,
    episode: &Episode,
    draft: &[u32],
    vocabulary: &Vocabulary,
) -> Result<(), Error> {
    let delimiter = |stream: &mut Stream, action| -> Result<(), Error> {
        let id = vocabulary.action_id(action).ok_or(Error::NoActions)?;
        stream.push(id, Role::Delimiter);
        Ok(())
    };
    delimiter(stream, Action::Trigger)?;
    delimiter(stream, Action::ScopeOpen)?;
    for &id in &draft[episode.scope.clone()] {
        stream.push(id, Role::Scope);
    }
    delimiter(stream, Action::ScopeClose)?;
    delimiter(stream, Action::PatchOpen)?;
    for &id in &episode.patch {
        stream.push(id, Role::Patch);
    }
    delimiter(stream, Action::PatchClose)
}
