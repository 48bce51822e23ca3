//! What is one thing to learn from?

use palinode_revise::{Role, Stream};

/// A sequence of ids and how much each prediction counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The tokens.
    pub ids: Vec<u32>,
    /// `weights[i]`: what predicting `ids[i]` from `ids[..i]` counts; `weights[0]` is ignored, since
    /// nothing predicts the first token. Finite, 0 or more.
    pub weights: Vec<f32>,
}

impl Example {
    /// Every token counts once.
    #[must_use]
    pub fn plain(ids: Vec<u32>) -> Example {
        let weights = vec![1.0; ids.len()];
        Example { ids, weights }
    }

    /// Sum of the weights of the predictions.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weights
            .iter()
            .skip(1)
            .map(|weight| f64::from(*weight))
            .sum()
    }

    /// What is wrong with it, if anything, for a network of `vocabulary` ids and `context` positions.
    pub(crate) fn problem(&self, vocabulary: usize, context: usize) -> Option<String> {
        if self.ids.len() != self.weights.len() {
            return Some(format!(
                "{} ids and {} weights",
                self.ids.len(),
                self.weights.len()
            ));
        }
        if self.ids.len() > context {
            return Some(format!(
                "{} tokens are more than the context of {context}",
                self.ids.len()
            ));
        }
        if let Some(id) = self.ids.iter().find(|id| **id as usize >= vocabulary) {
            return Some(format!("id {id} is outside the vocabulary of {vocabulary}"));
        }
        if let Some(weight) = self
            .weights
            .iter()
            .find(|weight| !(weight.is_finite() && **weight >= 0.0))
        {
            return Some(format!("a weight of {weight}"));
        }
        None
    }
}

/// Which tokens of a stream are in the loss. The code that stands at the end, the action tokens, the
/// scope, the patch and the end always are.
///
/// The paper (arXiv 2602.01187, appendix E) trains on the likelihood of the whole stream given the
/// prompt and does not say whether the draft is masked: with it, the model also learns to write the
/// code that it will take back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LossMask {
    /// Whether the prompt is in the loss.
    pub prompt: bool,
    /// Whether code that a later episode takes back is in the loss.
    pub draft: bool,
}

/// The example that a training stream makes: weight 1 where `mask` lets the token's role count, else 0.
#[must_use]
pub fn example_from_stream(stream: &Stream, mask: LossMask) -> Example {
    let counts = |role: &Role| match role {
        Role::Prompt => mask.prompt,
        Role::Draft => mask.draft,
        _ => true,
    };
    Example {
        ids: stream.ids.clone(),
        weights: stream
            .roles
            .iter()
            .map(|role| if counts(role) { 1.0 } else { 0.0 })
            .collect(),
    }
}
