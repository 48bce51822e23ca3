//! What does the model write when it may take nothing back?

use std::sync::Arc;

use palinode_model::LocalModel;
use palinode_revise::{SessionOptions, Vocabulary};

use crate::{Client, Error, Method, Outcome, lanes};

pub(crate) static ENTRY: Method = Method {
    name: "plain",
    title: "Write without taking anything back",
    doc: "\
The model writes from left to right and nothing is revised: the action tokens, where the vocabulary
has them, are never allowed. Any model can be used. It is the baseline the other methods are compared
with: same prompt, same sampling, same seed.",
    needs_action_tokens: false,
    write,
};

/// The same loop with revision switched off, so that the comparison is fair to the token.
fn write(
    model: &LocalModel,
    vocabulary: &Arc<Vocabulary>,
    at_once: usize,
    client: &mut dyn Client,
) -> Result<Outcome, Error> {
    lanes::write(model, vocabulary, at_once, client, |session| {
        SessionOptions {
            revise: false,
            ..session
        }
    })
}
