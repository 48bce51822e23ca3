//! What can be asked of a network, whatever its architecture?

use std::fmt::Debug;

use crate::{Cache, Error};

/// A network's form in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The registry's name of the architecture.
    pub architecture: &'static str,
    /// Token ids are below it.
    pub vocabulary: usize,
    /// The most positions.
    pub context: usize,
    /// Blocks of attention and feed-forward.
    pub layers: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Width of a head.
    pub head_width: usize,
    /// Width inside the feed-forward part.
    pub intermediate: usize,
    /// Numbers in all weights; a shared matrix counts once.
    pub parameters: u64,
    /// Whether the head shares the embedding's matrix.
    pub tied: bool,
}

/// The residual stream of some positions at one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden {
    /// Which layer, see [`Network::hidden`].
    pub layer: usize,
    /// Numbers a position.
    pub width: usize,
    /// `[positions * width]`, position after position.
    pub values: Vec<f32>,
}

impl Hidden {
    /// The numbers of one position among those asked for, if it is there.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<&[f32]> {
        let start = position.checked_mul(self.width)?;
        self.values.get(start..start.checked_add(self.width)?)
    }

    /// How many positions.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }
}

/// A causal language model: token ids in, logits and hidden states out.
///
/// Every method continues what the cache holds: `ids` are the tokens after it, and after a success
/// the cache holds them too. After an error the cache's length is what it was. A network has no state
/// of its own, so one serves many caches, from many threads.
pub trait Network: Send + Sync + Debug {
    /// The network's form.
    fn shape(&self) -> &Shape;

    /// An empty cache for one sequence. Allocates next to nothing.
    fn new_cache(&self) -> Cache;

    /// Logits of the token after the last of `ids`: `[vocabulary]`.
    ///
    /// # Errors
    /// [`Error::NoTokens`], [`Error::IdOutOfVocabulary`], [`Error::TooLong`],
    /// [`Error::ForeignCache`], or [`Error::Compute`].
    fn logits(&self, ids: &[u32], cache: &mut Cache) -> Result<Vec<f32>, Error>;

    /// Logits after each of `ids`: `[ids][vocabulary]`.
    ///
    /// # Errors
    /// As [`Network::logits`].
    fn all_logits(&self, ids: &[u32], cache: &mut Cache) -> Result<Vec<Vec<f32>>, Error>;

    /// The residual stream at the layers asked for, in the order asked for.
    ///
    /// Layer 0 is the embedding, layer `i` the stream after `i` blocks, and the last one,
    /// [`Shape::layers`], is taken after the final normalisation, as in transformers'
    /// `hidden_states`.
    ///
    /// # Errors
    /// As [`Network::logits`], and [`Error::NoSuchLayer`].
    fn hidden(
        &self,
        ids: &[u32],
        cache: &mut Cache,
        layers: &[usize],
    ) -> Result<Vec<Hidden>, Error>;
}

/// What every network checks before it computes: `ids` are there, known, and fit after `past` tokens.
pub(crate) fn check_ids(shape: &Shape, past: usize, ids: &[u32]) -> Result<(), Error> {
    if ids.is_empty() {
        return Err(Error::NoTokens);
    }
    let tokens = past + ids.len();
    if tokens > shape.context {
        return Err(Error::TooLong {
            tokens,
            context: shape.context,
        });
    }
    match ids.iter().find(|id| **id as usize >= shape.vocabulary) {
        Some(&id) => Err(Error::IdOutOfVocabulary {
            id,
            vocabulary: shape.vocabulary,
        }),
        None => Ok(()),
    }
}

/// What every network checks before it computes: the layers asked for exist.
pub(crate) fn check_layers(shape: &Shape, layers: &[usize]) -> Result<(), Error> {
    match layers.iter().find(|layer| **layer > shape.layers) {
        Some(&layer) => Err(Error::NoSuchLayer {
            layer,
            layers: shape.layers,
        }),
        None => Ok(()),
    }
}
