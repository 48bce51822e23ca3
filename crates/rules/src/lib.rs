//! Which weaknesses do our own rules see in this code: [`RuleBook::scan`] asks rules, which are data, about a parsed
//! text.
//!
//! A [`Rule`] is a YAML text in ast-grep's form with a manual; ours stand in `rules/`, one file each, and users hand in
//! more ([`RuleBook::with_rules`]). [`Scan`] is what they say, with what was stopped and what a comment takes back.
//! [`Watch`] scans a text that grows, statement by statement.
//!
//! This room does no IO and has no clock of its own ([`Clock`]). It takes any bytes: no text makes it panic.
#![warn(clippy::disallowed_methods)]

mod book;
mod builtin;
mod clock;
mod document;
mod error;
mod flows;
mod grammar;
mod lacks;
mod literals;
mod of_file;
mod rule;
mod scan;
mod shelf;
mod since;
mod suppressions;
mod unfinished;
mod view;
mod watch;

pub use book::RuleBook;
pub use clock::Clock;
pub use error::Error;
pub use palinode_flow::Omission;
pub use rule::Rule;
pub use scan::{ANALYZER, Options, Scan, Stopped};
pub use suppressions::{NO_REASON, Suppressed, Suppression};
pub use watch::Watch;
