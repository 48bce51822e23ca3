//! Which methods are there, and how is one called?

use std::sync::Arc;

use palinode_model::LocalModel;
use palinode_revise::Vocabulary;

use crate::{Error, Request, Sink, Written};

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
    /// Writes the samples of some requests.
    pub write: Write,
}

/// Writes [`Request::lanes`] samples of each request, so many of them at once, telling the sink of every token.
///
/// Samples are begun in the order of the requests; the sink knows each by its number among all. What a sample
/// says does not depend on how many are written at once, on a processor to the last bit.
///
/// The errors are those of [`Error`]. What the sink has heard before one stays true.
pub type Write = fn(
    &LocalModel,
    &Arc<Vocabulary>,
    &[Request<'_>],
    usize,
    &mut dyn Sink,
) -> Result<Vec<Written>, Error>;

/// Every method. The order is the order in which `palinode list methods` shows them.
pub static METHODS: &[&Method] = &[&crate::plain::ENTRY, &crate::stream_of_revision::ENTRY];

/// The method of this name; case counts.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.name == name)
}
