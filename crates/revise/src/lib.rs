//! What does this stream of tokens mean: which program does it make, and what may come next?
//!
//! A language model writes a stream. Most of it is code, and goes to the end of the buffer. Five
//! action tokens ([`Action`]) let the model take back what it wrote: it quotes a span of the buffer
//! (the scope), writes another text (the patch), and the patch takes the scope's place. This is
//! *Stream of Revision*; the words are those of its paper, the rules where the paper leaves room are
//! documented in [`session`] and [`render`](mod@render).
//!
//! - [`Vocabulary`] says what the token ids are; [`Session`] follows one stream of them and tells the
//!   sampler what may come next.
//! - [`Renderer`] does the same for a stream that was written out as text.
//! - Both tell what happened in [`Event`]s; [`WholeCharacters`] makes them fit for display.
//! - [`Trajectory`] is the other direction: from a draft and what should become of it to a stream
//!   that a model can learn from.
//!
//! No input makes anything here panic, and nothing here does IO.
#![warn(clippy::disallowed_methods)]

mod action;
mod buffer;
mod characters;
mod error;
mod event;
mod matching;
pub mod render;
mod search;
pub mod session;
mod trajectory;
mod vocabulary;

pub use action::Action;
pub use characters::{Shown, Utf8Assembler, WholeCharacters};
pub use error::Error;
pub use event::{EpisodeTokens, Event, Refusal, replay};
pub use render::{Problem, ProblemKind, Rendered, Renderer, render};
pub use session::{Constraint, Expect, Session, SessionOptions, Step, Usage};
pub use trajectory::{Episode, Role, Stream, Trajectory};
pub use vocabulary::Vocabulary;
