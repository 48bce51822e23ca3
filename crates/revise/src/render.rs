//! Which program does a text with the five markers mean?
//!
//! The [`Renderer`] reads a stream that was written out as text, byte by byte if need be, as the case
//! study in *Stream of Revision* (figure 5) prints one. It does what a [`Session`](crate::Session)
//! does with tokens; the scope is looked for in the bytes of the program so far, and the right-most
//! occurrence is the one replaced.
//!
//! # Line breaks
//! A marker that stands **alone on its line** (the line holds the marker and nothing else, not even
//! blanks or a second marker) takes its line's `\n` or `\r\n` with it, so that markers on lines of
//! their own leave no empty lines behind. Around any other marker every byte counts:
//! `a<|backtracking|><|OLD|>x<|/OLD|><|NEW|>y<|/NEW|>b` quotes exactly `x` and writes exactly `y`.
//! [`Renderer::verbatim`] knows no such lines: it is for a stream of tokens that was decoded to text,
//! where a line break beside a marker is a token like any other.
//!
//! # Malformed text
//! Nothing is an error. A malformed episode changes nothing, is reported as a [`Problem`] with its
//! place in the input, and the rest is rendered:
//!
//! - Between the trigger and `<|OLD|>`, and between `<|/OLD|>` and `<|NEW|>`, blanks mean nothing.
//! - A trigger that other text follows is reported, and that text, blanks included, is code.
//! - Any other fault (a scope that is empty or stands nowhere, text or a wrong marker in the episode)
//!   drops the episode's text up to its `<|/NEW|>`, or the next trigger, or the end of the input.
//! - A trigger inside an episode drops that one and begins the next.
//! - In code, `<|OLD|>` and `<|NEW|>` without a trigger begin such a dropped episode; a stray
//!   `<|/OLD|>` or `<|/NEW|>` is only left out.
//! - An episode open at the input's end is dropped.

mod markers;
mod problem;

use palinode_code::{Proposer, Revision, Span, Verdict};

use self::markers::{Piece, Scanner};
use self::problem::{Counter, Place};
pub use self::problem::{Problem, ProblemKind};
use crate::search::right_most;
use crate::{Action, EpisodeTokens, Event};

/// Renders a text with markers while it arrives. See the [module](self) for what it means.
///
/// Any bytes are taken, in pieces of any size; how the input is cut changes only how text is cut into
/// events. Costs: O(bytes), and for each scope at most one pass over the program so far. Memory: the
/// program, its revisions and the open episode.
#[derive(Clone, Debug)]
pub struct Renderer {
    scanner: Scanner,
    core: Core,
}

/// A rendered text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The program.
    pub program: Vec<u8>,
    /// What was taken back, in order; each span counts in the program before it.
    pub revisions: Vec<Revision>,
    /// Where the text is malformed, in the order in which it was noticed.
    pub problems: Vec<Problem>,
}

/// The program of a complete text with markers. See the [module](self) for what it means.
///
/// ```
/// let text = b"gets(s);<|backtracking|><|OLD|>gets(s)<|/OLD|><|NEW|>fgets(s, n, f)<|/NEW|>\n";
/// let rendered = palinode_revise::render(text);
/// assert_eq!(rendered.program, b"fgets(s, n, f);\n");
/// assert_eq!(rendered.revisions.len(), 1);
/// assert!(rendered.problems.is_empty());
/// ```
#[must_use]
pub fn render(text: &[u8]) -> Rendered {
    let mut renderer = Renderer::new();
    renderer.push(text);
    renderer.finish();
    renderer.into_rendered()
}

impl Renderer {
    /// A renderer for text written by people or for people: a marker alone on its line takes its line
    /// break with it.
    #[must_use]
    pub fn new() -> Renderer {
        Renderer {
            scanner: Scanner::new(true),
            core: Core::new(),
        }
    }

    /// A renderer for a decoded stream of tokens: every line break counts.
    #[must_use]
    pub fn verbatim() -> Renderer {
        Renderer {
            scanner: Scanner::new(false),
            core: Core::new(),
        }
    }

    /// Takes the next bytes of the text. Up to 15 bytes that may begin a marker are held back.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        let core = &mut self.core;
        self.scanner
            .push(bytes, |piece| core.take(piece, &mut events));
        events
    }

    /// The text is complete: what was held back is text, and an open episode is dropped. More bytes
    /// may follow; they are taken as if the text went on in code.
    pub fn finish(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        let core = &mut self.core;
        self.scanner.finish(|piece| core.take(piece, &mut events));
        core.end(&mut events);
        events
    }

    /// The program so far.
    #[must_use]
    pub fn program(&self) -> &[u8] {
        &self.core.rendered.program
    }

    /// What was taken back so far.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.core.rendered.revisions
    }

    /// Where the text was malformed so far.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.core.rendered.problems
    }

    /// All of these by value. Call [`Renderer::finish`] first, or what is held back is lost.
    #[must_use]
    pub fn into_rendered(self) -> Rendered {
        self.core.rendered
    }
}

impl Default for Renderer {
    fn default() -> Renderer {
        Renderer::new()
    }
}

/// The interpreter behind the scanner.
#[derive(Clone, Debug)]
struct Core {
    counter: Counter,
    state: State,
    /// Where the last marker stands.
    marker_at: Place,
    /// Where the open episode's trigger stands.
    opened_at: Place,
    rendered: Rendered,
}

#[derive(Clone, Debug)]
enum State {
    Code,
    /// After the trigger. The blanks since are code if text follows.
    ExpectScopeOpen {
        blanks: Vec<u8>,
    },
    Scope {
        text: Vec<u8>,
        at: Place,
    },
    /// After the scope, which stands there.
    ExpectPatchOpen {
        span: Span,
    },
    Patch {
        span: Span,
        text: Vec<u8>,
    },
    /// In an episode that was found malformed: nothing counts until its end.
    Broken,
}

impl State {
    /// The marker that comes next in this state.
    fn expected(&self) -> Option<Action> {
        match self {
            State::Code | State::Broken => None,
            State::ExpectScopeOpen { .. } => Some(Action::ScopeOpen),
            State::Scope { .. } => Some(Action::ScopeClose),
            State::ExpectPatchOpen { .. } => Some(Action::PatchOpen),
            State::Patch { .. } => Some(Action::PatchClose),
        }
    }
}

impl Core {
    fn new() -> Core {
        let counter = Counter::new();
        Core {
            state: State::Code,
            marker_at: counter.place(),
            opened_at: counter.place(),
            counter,
            rendered: Rendered::default(),
        }
    }

    fn take(&mut self, piece: Piece<'_>, events: &mut Vec<Event>) {
        match piece {
            Piece::Text(bytes) => {
                self.text(bytes, events);
                self.counter.advance(bytes);
            }
            Piece::Marker(action) => {
                self.marker_at = self.counter.place();
                self.marker(action, events);
                self.counter.advance(action.marker().as_bytes());
            }
            Piece::LineBreak(bytes) => self.counter.advance(bytes),
        }
    }

    fn text(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        let blank = || bytes.iter().all(u8::is_ascii_whitespace);
        match &mut self.state {
            State::Code => self.code(bytes.to_vec(), events),
            State::ExpectScopeOpen { blanks } if blank() => blanks.extend_from_slice(bytes),
            State::ExpectScopeOpen { blanks } => {
                let mut code = std::mem::take(blanks);
                code.extend_from_slice(bytes);
                let expected = Action::ScopeOpen;
                self.drop_episode(ProblemKind::MissingMarker { expected }, events);
                self.state = State::Code;
                self.code(code, events);
            }
            State::Scope { text, .. } => {
                text.extend_from_slice(bytes);
                let bytes = bytes.to_vec();
                events.push(Event::ScopeText { bytes });
            }
            State::ExpectPatchOpen { .. } if blank() => {}
            State::ExpectPatchOpen { .. } => {
                let expected = Action::PatchOpen;
                self.drop_episode(ProblemKind::MissingMarker { expected }, events);
            }
            State::Patch { text, .. } => {
                text.extend_from_slice(bytes);
                let bytes = bytes.to_vec();
                events.push(Event::PatchText { bytes });
            }
            State::Broken => {}
        }
    }

    fn marker(&mut self, action: Action, events: &mut Vec<Event>) {
        let at = self.marker_at;
        match (&mut self.state, action) {
            (State::Code | State::Broken, Action::Trigger) => self.open(events),
            (State::Broken, Action::PatchClose) => self.state = State::Code,
            (State::Broken, _) => {}
            (State::Code, _) => {
                events.push(Event::Stray { action });
                let kind = ProblemKind::UnexpectedMarker {
                    found: action,
                    expected: None,
                };
                self.problem(at, kind, events);
                if matches!(action, Action::ScopeOpen | Action::PatchOpen) {
                    self.state = State::Broken;
                }
            }
            (State::ExpectScopeOpen { .. }, Action::ScopeOpen) => {
                let text = Vec::new();
                self.state = State::Scope { text, at };
            }
            (State::Scope { text, at }, Action::ScopeClose) => {
                let (text, at) = (std::mem::take(text), *at);
                self.locate(&text, at, events);
            }
            (State::ExpectPatchOpen { span }, Action::PatchOpen) => {
                let (span, text) = (*span, Vec::new());
                self.state = State::Patch { span, text };
            }
            (State::Patch { span, text }, Action::PatchClose) => {
                let (span, text) = (*span, std::mem::take(text));
                self.commit(span, text, events);
            }
            (state, found) => {
                let expected = state.expected();
                let kind = ProblemKind::UnexpectedMarker { found, expected };
                self.drop_episode_at(at, kind, events);
                match found {
                    Action::Trigger => self.open(events),
                    Action::PatchClose => self.state = State::Code,
                    _ => {}
                }
            }
        }
    }

    /// The input is over.
    fn end(&mut self, events: &mut Vec<Event>) {
        if let Some(expected) = self.state.expected() {
            let kind = ProblemKind::OpenAtEnd { expected };
            self.drop_episode_at(self.opened_at, kind, events);
        }
        self.state = State::Code;
    }

    fn code(&mut self, bytes: Vec<u8>, events: &mut Vec<Event>) {
        self.rendered.program.extend_from_slice(&bytes);
        events.push(Event::Text { bytes });
    }

    fn open(&mut self, events: &mut Vec<Event>) {
        self.opened_at = self.marker_at;
        let blanks = Vec::new();
        self.state = State::ExpectScopeOpen { blanks };
        events.push(Event::Opened);
    }

    fn locate(&mut self, scope: &[u8], at: Place, events: &mut Vec<Event>) {
        match right_most(&self.rendered.program, scope) {
            Some(start) => {
                let span = Span::new(start, start + scope.len());
                self.state = State::ExpectPatchOpen { span };
                events.push(Event::Scope { span });
            }
            None if scope.is_empty() => self.drop_episode_at(at, ProblemKind::EmptyScope, events),
            None => self.drop_episode_at(at, ProblemKind::ScopeNotFound, events),
        }
    }

    fn commit(&mut self, span: Span, new: Vec<u8>, events: &mut Vec<Event>) {
        let program = &mut self.rendered.program;
        let old: Vec<u8> = program
            .splice(span.start..span.end, new.iter().copied())
            .collect();
        let revision = Revision {
            span,
            old,
            new,
            proposer: Proposer::Model,
            reason: None,
            evidence: Vec::new(),
            verdict: Verdict::Unjudged,
        };
        self.rendered.revisions.push(revision.clone());
        self.state = State::Code;
        let tokens = EpisodeTokens::default();
        events.push(Event::Revision { revision, tokens });
    }

    /// Gives the open episode up because of what follows its last marker.
    fn drop_episode(&mut self, kind: ProblemKind, events: &mut Vec<Event>) {
        self.drop_episode_at(self.marker_at, kind, events);
    }

    fn drop_episode_at(&mut self, at: Place, kind: ProblemKind, events: &mut Vec<Event>) {
        self.state = State::Broken;
        events.push(Event::Dropped { discarded: 0 });
        self.problem(at, kind, events);
    }

    fn problem(&mut self, at: Place, kind: ProblemKind, events: &mut Vec<Event>) {
        let problem = Problem::new(at, kind);
        self.rendered.problems.push(problem.clone());
        events.push(Event::Malformed { problem });
    }
}
