//! Which methods are there, and how is one called?

use std::sync::Arc;

use palinode_model::LocalModel;
use palinode_revise::Vocabulary;

use crate::{Client, Error, Outcome};

/// One way of writing code: who notices, locates, patches and verifies.
#[derive(Debug)]
pub struct Method {
    /// The name on the command line, in `snake_case`.
    pub name: &'static str,
    /// One line that says what it is.
    pub title: &'static str,
    /// The manual: what, why, source, limits.
    pub doc: &'static str,
    /// Whether it needs a model whose vocabulary has the five action tokens.
    pub needs_action_tokens: bool,
    /// Writes what a client wants written.
    pub write: Write,
}

/// Writes [`Request::lanes`](crate::Request::lanes) samples of each request that a client hands out, so many of them
/// at once, and tells the client of every token.
///
/// Samples are begun in the order of the requests. What a sample says does not depend on how many are written at
/// once nor on what is written beside it, on a processor to the last bit. Nothing is kept of a sample that ended.
///
/// A request or a sample that cannot be written is the client's to hear ([`Sink::failed`](crate::Sink::failed)) and
/// ends nothing else. The errors are what ends everything: the network failed. What the client has heard before
/// one stays true.
pub type Write =
    fn(&LocalModel, &Arc<Vocabulary>, usize, &mut dyn Client) -> Result<Outcome, Error>;

/// Every method. The order is the order in which `palinode list methods` shows them.
pub static METHODS: &[&Method] = &[&crate::plain::ENTRY, &crate::stream_of_revision::ENTRY];

/// The method of this name; case counts.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.name == name)
}
