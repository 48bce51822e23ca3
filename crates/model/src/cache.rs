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
/// - Extending by one token costs constant time on average.
/// - [`Cache::truncate`] costs next to nothing.
/// - `clone` is a fork: it shares all memory. On a processor the side that is extended afterwards copies at
///   most 64 positions; on other devices, what it keeps, once.
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
    Pages(Vec<Pages>),
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
    pub(crate) fn of_pages(shape: &Shape) -> Cache {
        Cache {
            form: Form::of(shape),
            length: 0,
            rows: Rows::Pages(vec![Pages::default(); shape.layers]),
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
        if let Rows::Pages(rows) = &mut self.rows {
            rows.iter_mut().for_each(|rows| rows.truncate(self.length));
        }
    }

    /// Positions there is room for before memory is next taken.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match &self.rows {
            Rows::Tensors(rows) => rows.first().map_or(0, TensorRows::capacity),
            Rows::Pages(rows) => rows.first().map_or(0, |rows| rows.pages.len() * PAGE),
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
    pub(crate) fn pages(&mut self, shape: &Shape) -> Result<&mut [Pages], Error> {
        match &mut self.rows {
            Rows::Pages(rows) if self.form == Form::of(shape) => Ok(rows),
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

/// Positions of one page.
pub(crate) const PAGE: usize = 64;

/// One layer's keys and values as slices, in pages of 64 positions.
///
/// Forks share pages; a shared page is copied when one side writes in it, so a fork costs at most one page
/// a layer, however long the text before it.
#[derive(Clone, Default)]
pub(crate) struct Pages {
    pages: Vec<Arc<Page>>,
}

/// Keys and values of 64 positions.
///
/// Keys lie with positions innermost, so that the scores of one query against all positions are sums
/// of long rows, which the compiler vectorises; values lie with the head's numbers innermost.
#[derive(Clone)]
pub(crate) struct Page {
    /// `[kv_heads, head_width, PAGE]`
    keys: Vec<f32>,
    /// `[kv_heads, PAGE, head_width]`
    values: Vec<f32>,
}

impl Page {
    /// One head's keys, `[head_width, PAGE]`.
    pub(crate) fn keys(&self, head: usize, width: usize) -> &[f32] {
        &self.keys[head * width * PAGE..(head + 1) * width * PAGE]
    }

    /// One head's values, `[PAGE, head_width]`.
    pub(crate) fn values(&self, head: usize, width: usize) -> &[f32] {
        &self.values[head * width * PAGE..(head + 1) * width * PAGE]
    }
}

impl Pages {
    /// Writes one position's keys and values, each `[kv_heads * head_width]`; every position before it has
    /// been written.
    pub(crate) fn write(&mut self, position: usize, width: usize, keys: &[f32], values: &[f32]) {
        let (page, offset) = (position / PAGE, position % PAGE);
        while self.pages.len() <= page {
            self.pages.push(Arc::new(Page {
                keys: vec![0.0; keys.len() * PAGE],
                values: vec![0.0; values.len() * PAGE],
            }));
        }
        // Copies where a fork shares the page, and only then.
        let page = Arc::make_mut(&mut self.pages[page]);
        for (column, key) in page.keys.chunks_exact_mut(PAGE).zip(keys) {
            column[offset] = *key;
        }
        let blocks = page.values.chunks_exact_mut(PAGE * width);
        for (block, value) in blocks.zip(values.chunks_exact(width)) {
            block[offset * width..(offset + 1) * width].copy_from_slice(value);
        }
    }

    /// All pages, those of positions that were cut back included.
    pub(crate) fn pages(&self) -> &[Arc<Page>] {
        &self.pages
    }

    /// Lets pages go that hold none of the first `length` positions.
    fn truncate(&mut self, length: usize) {
        self.pages.truncate(length.div_ceil(PAGE));
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
