//! How does a `tokenizer.json` learn the five tokens?

use std::path::Path;

use palinode_revise::Action;
use tokenizers::{AddedToken, Tokenizer};

use crate::{Error, Result};

/// The ids of new action tokens, and of the words that describe them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionIds {
    /// In the order of [`Action::ALL`].
    pub ids: [u32; 5],
    /// The ids of each one's description, in the same order; none is empty.
    pub descriptions: [Vec<u32>; 5],
}

/// Adds the five tokens as special tokens after the last id; `file` is what errors name. Returns the new
/// `tokenizer.json` and the ids.
///
/// # Errors
/// [`Error::HasActionTokens`] where one is there already, [`Error::ModelFile`] where the file is no
/// tokenizer.
pub fn add_to_tokenizer(json: &[u8], file: &Path) -> Result<(Vec<u8>, ActionIds)> {
    let bad = |problem: String| Error::ModelFile {
        file: file.to_owned(),
        problem,
    };
    let mut tokenizer =
        Tokenizer::from_bytes(json).map_err(|error| bad(format!("not a tokenizer: {error}")))?;
    for action in Action::ALL {
        if tokenizer.token_to_id(action.marker()).is_some() {
            return Err(Error::HasActionTokens {
                file: file.to_owned(),
                marker: action.marker(),
            });
        }
    }
    let mut descriptions: [Vec<u32>; 5] = Default::default();
    for (ids, action) in descriptions.iter_mut().zip(Action::ALL) {
        let encoding = tokenizer
            .encode_fast(action.description(), false)
            .map_err(|error| bad(error.to_string()))?;
        *ids = encoding.get_ids().to_vec();
        if ids.is_empty() {
            return Err(bad(format!(
                "it has no tokens for `{}`",
                action.description()
            )));
        }
    }
    let tokens = Action::ALL.map(|action| AddedToken::from(action.marker(), true));
    tokenizer
        .add_special_tokens(tokens)
        .map_err(|error| bad(error.to_string()))?;
    let mut ids = [0u32; 5];
    for (id, action) in ids.iter_mut().zip(Action::ALL) {
        let found = tokenizer.token_to_id(action.marker());
        *id = found.ok_or_else(|| bad(format!("`{action}` could not be added")))?;
    }
    let text = tokenizer
        .to_string(true)
        .map_err(|error| bad(error.to_string()))?;
    Ok((text.into_bytes(), ActionIds { ids, descriptions }))
}
