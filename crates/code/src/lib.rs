//! What is code to us: text with byte positions, spans, edits, [`Revision`]s, [`Fingerprint`]s, and
//! programming languages with what can be read off their syntax, [`Finding`]s and weaknesses ([`Cwe`]),
//! and the blocks of code in a chat answer ([`fenced`]).
//!
//! Start with [`Text`] and [`Revision`]; then [`languages`], whose entries turn a text into
//! [`Parsed`]: does it parse and where not ([`Parsed::errors`]), and which functions stand in it
//! ([`Parsed::functions`]).
//!
//! This room does no IO and takes any bytes: no input makes it panic, and deeply nested input costs
//! memory, not stack.
#![warn(clippy::disallowed_methods)]

mod edit;
mod error;
mod fences;
mod finding;
mod fingerprint;
mod frame;
mod functions;
pub mod languages;
mod parsed;
mod revision;
mod span;
mod stops;
mod syntax_error;
mod text;
mod tokens;
mod walk;
pub mod weaknesses;
mod whole;

pub use tree_sitter;

pub use edit::{Edit, apply_edits};
pub use error::Error;
pub use fences::{Fenced, fenced};
pub use finding::{Confidence, Finding, Severity, Step, UnknownName};
pub use fingerprint::Fingerprint;
pub use functions::Function;
pub use languages::Language;
pub use parsed::Parsed;
pub use revision::{Evidence, Proposer, Revision, Verdict, apply_revisions};
pub use span::Span;
pub use syntax_error::{SyntaxError, SyntaxErrorKind};
pub use text::{Position, Text};
pub use weaknesses::Cwe;
pub use whole::Whole;
