//! Where do endless small tasks with known flaws, fixes and checks come from?
//!
//! A [`Task`] is a security-neutral specification, a careless `draft`, the `fixed` program, and a
//! [`Contract`] that says when a program still does the task. It is composed, by seed alone, from
//! - a **core**: a [`Pattern`] of a [`Weakness`] (or a benign one), which holds the few lines where
//!   draft and fixed differ;
//! - **surroundings**: steps that have nothing to do with security ([`steps`]);
//! - **names and constants** ([`names`]) from one of two disjoint [`Split`]s, so that a held-out task
//!   shares no given name and no constant with training.
//!
//! Two checks judge *any* program, whoever wrote it, and see nothing of the pattern that made the task:
//! [`security::flaws`] (is a weakness in here?) and [`functional::breaks`] (does it still do the task?).
//!
//! This is made material: it teaches a small model the *mechanics* of revision, and tests it. It says
//! nothing about how a model does on real code.

#![warn(clippy::disallowed_methods)]

mod benign;
mod compose;
pub mod functional;
mod lexer;
pub mod names;
mod pattern;
pub mod security;
pub mod steps;
mod task;
mod weakness;
mod weaknesses;
mod wording;
mod words;

pub use compose::{Curriculum, Options};
pub use lexer::{Token, TokenKind, Tokens};
pub use names::Split;
pub use pattern::{Pattern, Slot};
pub use task::{Contract, Language, Task};
pub use weakness::Weakness;
pub use weaknesses::WEAKNESSES;
