//! What does this stream of tokens mean, and which token may come next?
//!
//! A session follows one stream. It is a plain state machine: the caller samples, the session says
//! what may be sampled and what it did to the program.
//!
//! 1. ask [`Session::constraint`] (or [`Session::expects`], the same in symbols);
//! 2. sample a token that it allows;
//! 3. [`Session::push`] it; show the events; where `keep` is shorter than the stream was, cut the
//!    model's cache back to it;
//! 4. repeat until [`Session::ended`] or the caller's budget is spent, then [`Session::finish`].
//!
//! The states are those of *Stream of Revision* (section 3 and appendix A), with the two structural
//! tokens forced:
//!
//! ```text
//! code ─trigger─► expect OLD ─OLD─► scope ─/OLD─► expect NEW ─NEW─► patch ─/NEW─► code
//! ```
//!
//! What the paper leaves open is settled so:
//!
//! - The scope is a span of tokens of the **rendered** buffer, without the prompt; of several matches
//!   the right-most is meant. A span that starts or ends inside a token cannot be named.
//! - The patch replaces the scope in one step at `<|/NEW|>`. A patch may be empty or equal to the
//!   scope; a scope may not be empty. A later episode may quote what an earlier one wrote.
//! - The trigger is not allowed while the buffer is empty, when a limit is reached, and at a position
//!   where an episode was just refused: there at least one other token has to come first, or a model
//!   that insists would never get on.
//! - A token that was not allowed never panics. In code and patch, an action token out of place is
//!   reported and left out; anything else out of place in an episode refuses the episode, and the
//!   stream is cut back to before its trigger. A caller that cannot cut back has to stop there.
//! - An episode open at the end is dropped.

mod contract;

use std::sync::Arc;

use palinode_code::{Proposer, Revision, Span, Verdict};

pub use self::contract::{Constraint, Expect, SessionOptions, Usage};
use crate::buffer::Buffer;
use crate::matching::Matches;
use crate::vocabulary::Kind;
use crate::{Action, EpisodeTokens, Event, Refusal, Vocabulary};

/// Tokens of the shortest episode: five action tokens and one of scope.
const SHORTEST_EPISODE: usize = 6;

/// One stream of tokens and the program it makes. See the [module](self) for how to use it.
///
/// Costs: a code or patch token O(its bytes); a scope token as the matching of scopes says, O(places
/// in the buffer where the scope still stands); a commit O(buffer from the scope on). Memory: about 40
/// bytes a token of the buffer, and 8 bytes an id of the vocabulary, most of it never touched.
#[derive(Clone, Debug)]
pub struct Session {
    vocabulary: Arc<Vocabulary>,
    options: SessionOptions,
    buffer: Buffer,
    stream: Vec<u32>,
    state: State,
    /// The scope of the open episode.
    matches: Matches,
    /// The patch of the open episode.
    patch: Vec<u32>,
    patch_bytes: Vec<u8>,
    /// Where in the stream the open episode's trigger stands.
    opened_at: usize,
    /// Tokens of the open episode that were counted as discarded already.
    counted: u64,
    /// The length of the stream at which an episode was refused last.
    refused_at: Option<usize>,
    revisions: Vec<Revision>,
    usage: Usage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Code,
    ExpectScopeOpen,
    Scope,
    ExpectPatchOpen,
    Patch,
    Ended,
}

/// What a token did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// How many tokens of the stream stay, this one included if it does. Where it is less than the
    /// tokens pushed so far, the rest is forgotten: the next token follows the `keep`th.
    pub keep: usize,
}

impl Session {
    /// A session whose stream and buffer are empty.
    #[must_use]
    pub fn new(vocabulary: Arc<Vocabulary>, options: SessionOptions) -> Session {
        Session {
            buffer: Buffer::new(&vocabulary),
            vocabulary,
            options,
            stream: Vec::new(),
            state: State::Code,
            matches: Matches::default(),
            patch: Vec::new(),
            patch_bytes: Vec::new(),
            opened_at: 0,
            counted: 0,
            refused_at: None,
            revisions: Vec::new(),
            usage: Usage::default(),
        }
    }

    /// What may come next, in symbols. O(1).
    #[must_use]
    pub fn expects(&self) -> Expect<'_> {
        match self.state {
            State::Code => Expect::Code {
                trigger: self.trigger_allowed(),
            },
            State::ExpectScopeOpen => Expect::Exactly(Action::ScopeOpen),
            State::Scope if self.scope_is_full() => Expect::Exactly(Action::ScopeClose),
            State::Scope => {
                let scope = self.buffer.byte_range(self.matches.right_most());
                Expect::Span {
                    of: self.buffer.bytes(),
                    so_far: self.buffer.bytes().get(scope).unwrap_or(&[]),
                    may_close: self.matches.len() > 0,
                }
            }
            State::ExpectPatchOpen => Expect::Exactly(Action::PatchOpen),
            State::Patch if self.patch_is_full() => Expect::Exactly(Action::PatchClose),
            State::Patch => Expect::Patch,
            State::Ended => Expect::Ended,
        }
    }

    /// What may come next, in ids. O(1): lists are kept ready, and none is longer than the distinct
    /// tokens of the buffer, or the ids that are never code.
    #[must_use]
    pub fn constraint(&self) -> Constraint<'_> {
        // Only a vocabulary with action tokens ever leaves the state `Code` but by an end.
        let exactly = |action: Action| match self.vocabulary.action_id(action) {
            Some(id) => Constraint::Exactly(id),
            None => Constraint::OneOf(&[]),
        };
        match self.state {
            State::Code => {
                let allowed = self.trigger_allowed();
                let bias = self.options.trigger_bias;
                Constraint::AnyBut {
                    banned: self.vocabulary.banned_in_code(allowed),
                    bias: self
                        .vocabulary
                        .action_id(Action::Trigger)
                        .filter(|_| allowed && bias != 0.0 && !bias.is_nan())
                        .map(|id| (id, bias)),
                }
            }
            State::ExpectScopeOpen => exactly(Action::ScopeOpen),
            State::Scope if self.scope_is_full() => exactly(Action::ScopeClose),
            State::Scope => Constraint::OneOf(self.matches.allowed(&self.buffer)),
            State::ExpectPatchOpen => exactly(Action::PatchOpen),
            State::Patch if self.patch_is_full() => exactly(Action::PatchClose),
            State::Patch => Constraint::AnyBut {
                banned: self.vocabulary.banned_in_patch(),
                bias: None,
            },
            State::Ended => Constraint::OneOf(&[]),
        }
    }

    /// Takes the next token of the stream. Any id may be pushed; see the [module](self) for what
    /// becomes of one that [`Session::constraint`] does not allow.
    ///
    /// After the stream's end nothing is taken any more: the id is reported as ignored and not kept.
    pub fn push(&mut self, id: u32) -> Step {
        let mut events = Vec::new();
        if self.state == State::Ended {
            events.push(Event::Ignored { id });
        } else {
            self.stream.push(id);
            let kind = self.vocabulary.kind(id);
            match self.state {
                State::Code => self.push_code(id, kind, &mut events),
                State::ExpectScopeOpen => {
                    self.push_structural(id, Action::ScopeOpen, State::Scope, &mut events);
                }
                State::Scope => self.push_scope(id, kind, &mut events),
                State::ExpectPatchOpen => {
                    self.push_structural(id, Action::PatchOpen, State::Patch, &mut events);
                }
                State::Patch => self.push_patch(id, kind, &mut events),
                State::Ended => {}
            }
        }
        Step {
            events,
            keep: self.stream.len(),
        }
    }

    /// The stream is over, ended or not: an open episode is dropped, and nothing more is taken.
    pub fn finish(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if !matches!(self.state, State::Code | State::Ended) {
            let discarded = self.discard();
            events.push(Event::Dropped { discarded });
        }
        self.state = State::Ended;
        events
    }

    /// The program so far: what a user sees.
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        self.buffer.bytes()
    }

    /// The program so far as tokens, those that revisions wrote included.
    #[must_use]
    pub fn buffer_tokens(&self) -> &[u32] {
        self.buffer.tokens()
    }

    /// All tokens pushed, in order, less those of refused episodes: what the model has to have in its
    /// cache after the prompt.
    #[must_use]
    pub fn stream(&self) -> &[u32] {
        &self.stream
    }

    /// The accepted episodes, in order. Each applies to the buffer that the ones before it left,
    /// longer by the code written since.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// Where the tokens went.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Whether an end token came or [`Session::finish`] was called.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Whether an episode is open: its trigger has come and its patch is not complete.
    #[must_use]
    pub fn in_episode(&self) -> bool {
        !matches!(self.state, State::Code | State::Ended)
    }

    fn trigger_allowed(&self) -> bool {
        self.trigger_allowed_at(self.stream.len())
    }

    /// Whether a trigger may be the stream's token number `position`, all before it being as they are.
    fn trigger_allowed_at(&self, position: usize) -> bool {
        self.options.revise
            && self.vocabulary.can_revise()
            && !self.buffer.is_empty()
            && self.options.max_scope_tokens > 0
            && self.revisions.len() < self.options.max_revisions
            && position.saturating_add(SHORTEST_EPISODE) <= self.options.max_stream_tokens
            && self.refused_at != Some(position)
    }

    fn scope_is_full(&self) -> bool {
        self.matches.len() >= self.options.max_scope_tokens
    }

    fn patch_is_full(&self) -> bool {
        self.patch.len() >= self.options.max_patch_tokens
    }

    fn push_code(&mut self, id: u32, kind: Kind, events: &mut Vec<Event>) {
        match kind {
            Kind::Code => {
                self.buffer.push(id, &self.vocabulary);
                self.usage.code += 1;
                events.push(Event::Text {
                    bytes: self.vocabulary.bytes(id).to_vec(),
                });
            }
            Kind::End => {
                self.state = State::Ended;
                events.push(Event::End);
            }
            Kind::Action(action) => {
                let position = self.stream.len() - 1;
                if action == Action::Trigger && self.trigger_allowed_at(position) {
                    self.opened_at = position;
                    self.state = State::ExpectScopeOpen;
                    events.push(Event::Opened);
                } else {
                    self.usage.discarded += 1;
                    events.push(Event::Stray { action });
                }
            }
            Kind::Unknown => {
                self.usage.discarded += 1;
                events.push(Event::Ignored { id });
            }
        }
    }

    fn push_structural(&mut self, id: u32, action: Action, next: State, events: &mut Vec<Event>) {
        if self.vocabulary.action(id) == Some(action) {
            self.state = next;
        } else {
            self.refuse(Refusal::Expected { action, id }, events);
        }
    }

    fn push_scope(&mut self, id: u32, kind: Kind, events: &mut Vec<Event>) {
        if kind == Kind::Action(Action::ScopeClose) {
            if self.matches.len() == 0 {
                return self.refuse(Refusal::EmptyScope, events);
            }
            let span = self.buffer.byte_range(self.matches.right_most());
            self.state = State::ExpectPatchOpen;
            return events.push(Event::Scope {
                span: Span::from(span),
            });
        }
        if self.scope_is_full() {
            let limit = self.options.max_scope_tokens;
            return self.refuse(Refusal::ScopeTooLong { limit }, events);
        }
        // Only code stands in the buffer, so that any other id is refused here as well.
        match self.vocabulary.action_id(Action::ScopeClose) {
            Some(close) if self.matches.extend(id, close, &self.buffer) => {
                events.push(Event::ScopeText {
                    bytes: self.vocabulary.bytes(id).to_vec(),
                });
            }
            _ => self.refuse(Refusal::NotInBuffer { id }, events),
        }
    }

    fn push_patch(&mut self, id: u32, kind: Kind, events: &mut Vec<Event>) {
        match kind {
            Kind::Action(Action::PatchClose) => self.commit(events),
            Kind::Code if self.patch_is_full() => {
                let limit = self.options.max_patch_tokens;
                self.refuse(Refusal::PatchTooLong { limit }, events);
            }
            Kind::Code => {
                self.patch.push(id);
                let bytes = self.vocabulary.bytes(id).to_vec();
                self.patch_bytes.extend_from_slice(&bytes);
                events.push(Event::PatchText { bytes });
            }
            Kind::End => self.refuse(Refusal::EndInPatch, events),
            Kind::Action(action) => {
                self.usage.discarded += 1;
                self.counted += 1;
                events.push(Event::Stray { action });
            }
            Kind::Unknown => {
                self.usage.discarded += 1;
                self.counted += 1;
                events.push(Event::Ignored { id });
            }
        }
    }

    fn commit(&mut self, events: &mut Vec<Event>) {
        let scope = self.matches.right_most();
        let span = Span::from(self.buffer.byte_range(scope.clone()));
        let tokens = EpisodeTokens {
            scope: count(scope.len()),
            patch: count(self.patch.len()),
            delimiter: count(Action::ALL.len()),
        };
        let revision = Revision {
            span,
            old: self
                .buffer
                .bytes()
                .get(span.start..span.end)
                .unwrap_or(&[])
                .to_vec(),
            new: std::mem::take(&mut self.patch_bytes),
            proposer: Proposer::Model,
            reason: None,
            evidence: Vec::new(),
            verdict: Verdict::Unjudged,
        };
        self.buffer.splice(scope, &self.patch, &self.vocabulary);
        self.usage.scope += tokens.scope;
        self.usage.patch += tokens.patch;
        self.usage.delimiter += tokens.delimiter;
        self.usage.revisions += 1;
        self.revisions.push(revision.clone());
        self.close_episode();
        events.push(Event::Revision { revision, tokens });
    }

    fn refuse(&mut self, reason: Refusal, events: &mut Vec<Event>) {
        let discarded = self.discard();
        self.stream.truncate(self.opened_at);
        self.refused_at = Some(self.opened_at);
        self.usage.refusals += 1;
        events.push(Event::Refused { reason, discarded });
    }

    /// Forgets the open episode; returns how many tokens it had.
    fn discard(&mut self) -> u64 {
        let discarded = count(self.stream.len() - self.opened_at);
        self.usage.discarded += discarded.saturating_sub(self.counted);
        self.close_episode();
        discarded
    }

    fn close_episode(&mut self) {
        self.state = State::Code;
        self.matches.clear();
        self.patch.clear();
        self.patch_bytes.clear();
        self.counted = 0;
    }
}

fn count(tokens: usize) -> u64 {
    u64::try_from(tokens).unwrap_or(u64::MAX)
}
