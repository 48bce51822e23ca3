//! What does each token id of a local model stand for?

use std::sync::Arc;

use palinode_model::LocalModel;
use palinode_revise::{Action, Vocabulary};

use crate::Error;

/// The vocabulary of a local model, as `revise` needs it.
///
/// The model can revise only if its tokenizer has all five markers; with four or fewer it has none.
/// A network with more outputs than the tokenizer has tokens (rows added for alignment) gets empty
/// tokens for the rest. Costs one copy of the vocabulary's bytes; do it once a model.
///
/// # Errors
/// [`Error::VocabularyTooLarge`] when the tokenizer has tokens the network cannot give, and what
/// [`Vocabulary::new`] refuses.
pub fn vocabulary(model: &LocalModel) -> Result<Arc<Vocabulary>, Error> {
    let (tokens, outputs) = (model.tokenizer.len(), model.network.shape().vocabulary);
    if tokens > outputs {
        return Err(Error::VocabularyTooLarge {
            model: model.name.clone(),
            tokens,
            outputs,
        });
    }
    let actions = action_ids(model);
    Ok(Arc::new(Vocabulary::new(
        model.token_bytes(),
        actions,
        model.ends.clone(),
    )?))
}

/// The ids of the five markers in the order of [`Action::ALL`], if the tokenizer has every one.
fn action_ids(model: &LocalModel) -> Option<[u32; 5]> {
    let mut ids = [0; 5];
    for (id, action) in ids.iter_mut().zip(Action::ALL) {
        *id = model.tokenizer.id_of(action.marker())?;
    }
    Some(ids)
}
