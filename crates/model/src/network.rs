//! What can be asked of a network, whatever its architecture and however it is computed?

use std::fmt::Debug;

use crate::{Cache, Error};

/// New positions computed at once, over all lanes: bounds the memory of a pass.
const CHUNK: usize = 512;

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

/// One sequence of a batch: its new tokens, and what is known of those before them.
#[derive(Debug)]
pub struct Lane<'a> {
    /// The new tokens; lanes need not have equally many.
    pub ids: &'a [u32],
    /// The tokens before them.
    pub cache: &'a mut Cache,
}

/// What is wanted of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Want<'a> {
    /// After which of the new tokens.
    pub logits: Positions,
    /// The layers whose residual stream is wanted, at every new token; see [`Network::hidden`].
    pub hidden: &'a [usize],
}

/// Some of the new tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Positions {
    /// None of them.
    None,
    /// The last.
    #[default]
    Last,
    /// All of them.
    All,
}

/// What a pass says of one lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// A row of `vocabulary` logits for each position wanted.
    pub logits: Vec<Vec<f32>>,
    /// The layers wanted, in the order in which they were.
    pub hidden: Vec<Hidden>,
}

/// A causal language model: token ids in, logits and hidden states out.
///
/// Every method continues what a cache holds: `ids` are the tokens after it, and after a success the cache
/// holds them too. After an error every cache's length is what it was. A network has no state of its own,
/// so one serves many caches, from many threads.
///
/// A lane's numbers do not depend on which other lanes share its pass.
pub trait Network: Send + Sync + Debug {
    /// The network's form.
    fn shape(&self) -> &Shape;

    /// An empty cache for one sequence. Allocates next to nothing.
    fn new_cache(&self) -> Cache;

    /// One pass over the new tokens of all lanes: each matrix is read once for all of them, which is what
    /// makes many lanes cheaper than one after the other. Long inputs are computed in chunks.
    ///
    /// # Errors
    /// [`Error::NoTokens`] where a lane has none, [`Error::IdOutOfVocabulary`], [`Error::TooLong`],
    /// [`Error::NoSuchLayer`], [`Error::ForeignCache`], or [`Error::Compute`].
    fn forward(&self, lanes: &mut [Lane<'_>], want: Want<'_>) -> Result<Vec<Answer>, Error>;

    /// Logits of the token after the last of `ids`: `[vocabulary]`.
    ///
    /// # Errors
    /// As [`Network::forward`].
    fn logits(&self, ids: &[u32], cache: &mut Cache) -> Result<Vec<f32>, Error> {
        let mut rows = one(self, ids, cache, Want::default())?.logits;
        rows.pop().ok_or(Error::NoTokens)
    }

    /// Logits after each of `ids`: `[ids][vocabulary]`.
    ///
    /// # Errors
    /// As [`Network::forward`].
    fn all_logits(&self, ids: &[u32], cache: &mut Cache) -> Result<Vec<Vec<f32>>, Error> {
        let want = Want {
            logits: Positions::All,
            hidden: &[],
        };
        Ok(one(self, ids, cache, want)?.logits)
    }

    /// The residual stream at the layers asked for, in the order asked for.
    ///
    /// Layer 0 is the embedding, layer `i` the stream after `i` blocks, and the last one,
    /// [`Shape::layers`], is taken after the final normalisation, as in transformers'
    /// `hidden_states`.
    ///
    /// # Errors
    /// As [`Network::forward`].
    fn hidden(
        &self,
        ids: &[u32],
        cache: &mut Cache,
        layers: &[usize],
    ) -> Result<Vec<Hidden>, Error> {
        let want = Want {
            logits: Positions::None,
            hidden: layers,
        };
        Ok(one(self, ids, cache, want)?.hidden)
    }
}

/// A pass over one lane.
fn one<N: Network + ?Sized>(
    network: &N,
    ids: &[u32],
    cache: &mut Cache,
    want: Want<'_>,
) -> Result<Answer, Error> {
    let mut answers = network.forward(&mut [Lane { ids, cache }], want)?;
    answers.pop().ok_or(Error::NoTokens)
}

/// The new tokens of one lane within a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// The lane.
    pub(crate) lane: usize,
    /// Positions before the first of them.
    pub(crate) past: usize,
    /// The first row of the chunk that is one of them.
    pub(crate) start: usize,
    /// How many.
    pub(crate) count: usize,
}

/// The position of each row of a chunk.
pub(crate) fn positions(spans: &[Span]) -> impl Iterator<Item = usize> {
    spans
        .iter()
        .flat_map(|span| span.past..span.past + span.count)
}

/// Is shown the rows of a layer.
pub(crate) type Tap<'a, Rows> = dyn FnMut(usize, &Rows) -> Result<(), Error> + 'a;

/// A way to compute a form: what [`drive`] needs of it.
pub(crate) trait Engine {
    /// Rows of numbers: `[rows, width]`.
    type Rows;

    /// The residual stream after the final normalisation, one row for each of `ids`; `tap` sees the stream
    /// before each layer, and that one.
    fn pass(
        &self,
        ids: &[u32],
        spans: &[Span],
        lanes: &mut [Lane<'_>],
        tap: &mut Tap<'_, Self::Rows>,
    ) -> Result<Self::Rows, Error>;

    /// Logits of some rows: `[rows * vocabulary]`.
    fn head(&self, hidden: &Self::Rows, rows: &[usize]) -> Result<Vec<f32>, Error>;

    /// All numbers of some rows, row after row.
    fn numbers(&self, rows: &Self::Rows) -> Result<Vec<f32>, Error>;
}

/// Runs all lanes' new tokens through an engine, chunk by chunk.
pub(crate) fn drive<E: Engine>(
    engine: &E,
    shape: &Shape,
    lanes: &mut [Lane<'_>],
    want: Want<'_>,
) -> Result<Vec<Answer>, Error> {
    check_layers(shape, want.hidden)?;
    for lane in lanes.iter() {
        check_ids(shape, lane.cache.len(), lane.ids)?;
    }
    let empty = |layer: &usize| Hidden {
        layer: *layer,
        width: shape.hidden,
        values: Vec::new(),
    };
    let mut answers: Vec<Answer> = lanes
        .iter()
        .map(|_| Answer {
            logits: Vec::new(),
            hidden: want.hidden.iter().map(empty).collect(),
        })
        .collect();
    for (ids, spans) in chunks(lanes) {
        let mut tap = |layer: usize, rows: &E::Rows| {
            if !want.hidden.contains(&layer) {
                return Ok(());
            }
            let numbers = engine.numbers(rows)?;
            for span in &spans {
                let part = span.start * shape.hidden..(span.start + span.count) * shape.hidden;
                let asked = answers[span.lane].hidden.iter_mut();
                for hidden in asked.filter(|hidden| hidden.layer == layer) {
                    hidden.values.extend_from_slice(&numbers[part.clone()]);
                }
            }
            Ok(())
        };
        let hidden = engine.pass(&ids, &spans, lanes, &mut tap)?;
        let mut rows = Vec::new();
        let mut owners = Vec::new();
        for span in &spans {
            let whole =
                span.past + span.count == lanes[span.lane].cache.len() + lanes[span.lane].ids.len();
            let all = span.start..span.start + span.count;
            let wanted = match want.logits {
                Positions::None => 0..0,
                Positions::Last if whole => all.end - 1..all.end,
                Positions::Last => 0..0,
                Positions::All => all,
            };
            owners.extend(wanted.clone().map(|_| span.lane));
            rows.extend(wanted);
        }
        if rows.is_empty() {
            continue;
        }
        let logits = engine.head(&hidden, &rows)?;
        for (logits, lane) in logits.chunks_exact(shape.vocabulary).zip(owners) {
            answers[lane].logits.push(logits.to_vec());
        }
    }
    for lane in lanes {
        lane.cache.extend(lane.ids.len());
    }
    Ok(answers)
}

/// The ids of each pass, and whose they are: lanes in their order, cut where a pass is full.
fn chunks(lanes: &[Lane<'_>]) -> Vec<(Vec<u32>, Vec<Span>)> {
    let mut all: Vec<(Vec<u32>, Vec<Span>)> = Vec::new();
    for (number, lane) in lanes.iter().enumerate() {
        let mut past = lane.cache.len();
        let mut left = lane.ids;
        while !left.is_empty() {
            let room = all.last().map_or(0, |(ids, _)| CHUNK - ids.len());
            if room == 0 {
                all.push((Vec::new(), Vec::new()));
                continue;
            }
            let (now, later) = left.split_at(room.min(left.len()));
            if let Some((ids, spans)) = all.last_mut() {
                spans.push(Span {
                    lane: number,
                    past,
                    start: ids.len(),
                    count: now.len(),
                });
                ids.extend_from_slice(now);
            }
            past += now.len();
            left = later;
        }
    }
    all
}

/// What every network checks before it computes: `ids` are there, known, and fit after `past` tokens.
fn check_ids(shape: &Shape, past: usize, ids: &[u32]) -> Result<(), Error> {
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
fn check_layers(shape: &Shape, layers: &[usize]) -> Result<(), Error> {
    match layers.iter().find(|layer| **layer > shape.layers) {
        Some(&layer) => Err(Error::NoSuchLayer {
            layer,
            layers: shape.layers,
        }),
        None => Ok(()),
    }
}
