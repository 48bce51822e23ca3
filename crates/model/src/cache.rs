//! What has a network already computed about a sequence, and how is that cut back or forked?

use std::fmt;
use std::sync::Arc;

use candle_core::Tensor;

use crate::{Error, Shape};

/// Positions a cache makes room for at first.
const FIRST_CAPACITY: usize = 64;

/// Keys and values of the tokens of one sequence, for each layer.
///
/// - Made by [`crate::Network::new_cache`], extended by the network that made it; another network
///   refuses it unless it has the same form.
/// - Room doubles when it is used up, so extending by one token costs constant time on average.
/// - [`Cache::truncate`] costs nothing and frees nothing.
/// - `clone` is a fork: it shares all memory, and the first side that is extended afterwards copies
///   what it keeps, once.
#[derive(Clone)]
pub struct Cache {
    form: Form,
    length: usize,
    rows: Rows,
}

/// What two networks must agree on to read each other's caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    layers: usize,
    kv_heads: usize,
    head_width: usize,
    context: usize,
}

impl Form {
    fn of(shape: &Shape) -> Form {
        Form {
            layers: shape.layers,
            kv_heads: shape.kv_heads,
            head_width: shape.head_width,
            context: shape.context,
        }
    }
}

#[derive(Clone)]
enum Rows {
    Tensors(Vec<TensorRows>),
    Floats(Vec<FloatRows>),
}

impl Cache {
    /// An empty cache for a network that computes with tensors.
    pub(crate) fn of_tensors(shape: &Shape) -> Cache {
        Cache {
            form: Form::of(shape),
            length: 0,
            rows: Rows::Tensors(vec![TensorRows::default(); shape.layers]),
        }
    }

    /// An empty cache for a network that computes with slices of `f32`.
    pub(crate) fn of_floats(shape: &Shape) -> Cache {
        Cache {
            form: Form::of(shape),
            length: 0,
            rows: Rows::Floats(vec![FloatRows::default(); shape.layers]),
        }
    }

    /// Tokens the cache holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Forgets every token after the first `length`; does nothing where there are no more than that.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Positions there is room for before memory is next taken.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match &self.rows {
            Rows::Tensors(rows) => rows.first().map_or(0, TensorRows::capacity),
            Rows::Floats(rows) => rows.first().map_or(0, |rows| rows.capacity),
        }
    }

    /// The rows of each layer, for a network of this shape that computes with tensors.
    pub(crate) fn tensors(&mut self, shape: &Shape) -> Result<&mut [TensorRows], Error> {
        match &mut self.rows {
            Rows::Tensors(rows) if self.form == Form::of(shape) => Ok(rows),
            _ => Err(Error::ForeignCache),
        }
    }

    /// The rows of each layer, for a network of this shape that computes with slices.
    pub(crate) fn floats(&mut self, shape: &Shape) -> Result<&mut [FloatRows], Error> {
        match &mut self.rows {
            Rows::Floats(rows) if self.form == Form::of(shape) => Ok(rows),
            _ => Err(Error::ForeignCache),
        }
    }

    /// Says that every layer now holds `count` more tokens.
    pub(crate) fn extend(&mut self, count: usize) {
        self.length += count;
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cache")
            .field("length", &self.length)
            .field("capacity", &self.capacity())
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

/// How much room to take where `needed` positions must fit.
fn grown(needed: usize, capacity: usize, limit: usize) -> usize {
    if needed <= capacity {
        return capacity;
    }
    needed
        .max(capacity * 2)
        .max(FIRST_CAPACITY)
        .min(limit.max(needed))
}

/// One layer's keys and values as tensors, each `[kv_heads, capacity, head_width]`.
#[derive(Clone, Default)]
pub(crate) struct TensorRows {
    pair: Option<Arc<(Tensor, Tensor)>>,
}

impl TensorRows {
    fn capacity(&self) -> usize {
        self.pair.as_ref().map_or(0, |pair| pair.0.dims()[1])
    }

    /// Writes `keys`, `values` `[kv_heads, time, head_width]` after the first `past` positions, and
    /// returns all there are now, each `[kv_heads, past + time, head_width]`.
    pub(crate) fn append(
        &mut self,
        past: usize,
        keys: &Tensor,
        values: &Tensor,
        limit: usize,
    ) -> Result<(Tensor, Tensor), Error> {
        let (heads, time, width) = keys.dims3()?;
        let seen = past + time;
        let capacity = grown(seen, self.capacity(), limit);
        // Tensors are written in place, so memory that a fork shares must not be touched.
        let alone = self
            .pair
            .as_mut()
            .is_some_and(|pair| Arc::get_mut(pair).is_some());
        if !alone || capacity != self.capacity() {
            let room = |old: Option<&Tensor>| -> Result<Tensor, Error> {
                let new = Tensor::zeros((heads, capacity, width), keys.dtype(), keys.device())?;
                if let Some(old) = old.filter(|_| past > 0) {
                    new.slice_set(&old.narrow(1, 0, past)?.contiguous()?, 1, 0)?;
                }
                Ok(new)
            };
            let old = self.pair.as_ref();
            self.pair = Some(Arc::new((
                room(old.map(|pair| &pair.0))?,
                room(old.map(|pair| &pair.1))?,
            )));
        }
        let Some(pair) = &self.pair else {
            return Err(Error::ForeignCache);
        };
        pair.0.slice_set(&keys.detach().contiguous()?, 1, past)?;
        pair.1.slice_set(&values.detach().contiguous()?, 1, past)?;
        Ok((pair.0.narrow(1, 0, seen)?, pair.1.narrow(1, 0, seen)?))
    }
}

/// One layer's keys and values as slices.
///
/// Keys lie with positions innermost, so that the scores of one query against all positions are sums
/// of long rows, which the compiler vectorises; values lie with the head's numbers innermost.
#[derive(Clone, Default)]
pub(crate) struct FloatRows {
    /// `[kv_heads, head_width, capacity]`
    keys: Arc<Vec<f32>>,
    /// `[kv_heads, capacity, head_width]`
    values: Arc<Vec<f32>>,
    /// Positions there is room for.
    pub(crate) capacity: usize,
}

impl FloatRows {
    /// Makes room for `needed` positions and writable memory, keeping the first `past`; returns keys,
    /// values and the capacity.
    pub(crate) fn room(
        &mut self,
        heads: usize,
        width: usize,
        past: usize,
        needed: usize,
        limit: usize,
    ) -> (&mut [f32], &mut [f32], usize) {
        let capacity = grown(needed, self.capacity, limit);
        if capacity != self.capacity {
            let mut keys = vec![0f32; heads * width * capacity];
            let mut values = vec![0f32; heads * width * capacity];
            if past > 0 {
                // Rows of positions for keys, blocks of positions for values.
                let old = self.keys.chunks_exact(self.capacity);
                for (new, old) in keys.chunks_exact_mut(capacity).zip(old) {
                    new[..past].copy_from_slice(&old[..past]);
                }
                let old = self.values.chunks_exact(self.capacity * width);
                for (new, old) in values.chunks_exact_mut(capacity * width).zip(old) {
                    new[..past * width].copy_from_slice(&old[..past * width]);
                }
            }
            self.keys = Arc::new(keys);
            self.values = Arc::new(values);
            self.capacity = capacity;
        }
        // Copies where a fork shares the memory, and only then.
        let keys = Arc::make_mut(&mut self.keys);
        let values = Arc::make_mut(&mut self.values);
        (keys, values, capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::grown;

    #[test]
    fn room_doubles_within_the_context_and_never_falls_short() {
        assert_eq!(grown(1, 0, 4096), 64);
        assert_eq!(grown(64, 64, 4096), 64);
        assert_eq!(grown(65, 64, 4096), 128);
        assert_eq!(grown(300, 64, 4096), 300);
        assert_eq!(grown(65, 64, 100), 100);
        assert_eq!(grown(10, 0, 10), 10);
    }
}
