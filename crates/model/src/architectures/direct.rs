//! How is a small network's step computed without a tensor library around each operation?
//!
//! For a few million parameters the arithmetic of one token takes less time than the allocations,
//! shape checks and dispatch of the hundred tensor operations it is written in. Here the same
//! decoder — normalisation, rotary positions, grouped attention, gated feed-forward — runs over plain
//! slices on one thread, with the matrices of queries, keys and values, and of gate and up, stacked
//! into one product each. The numbers are those of the tensor path but for the order of additions,
//! and that order is one and the same for every position: a prompt gives the same bits at once, in
//! pieces or token by token, and so does a cache that was cut back and extended.
//!
//! Shapes as in [`super::qwen2`]: `T` new positions, `S` seen ones, `D` hidden, `H` and `K` heads of
//! width `W`, `F` inner width, `V` ids.

use super::kernels::{Matrix, add, gate, mix, rms_norm, softmax};
use super::rotary::Rotary;
use crate::cache::FloatRows;
use crate::network::{check_ids, check_layers};
use crate::{Cache, Error, Hidden, Network, Shape};

/// New positions computed at once: bounds the memory of a prompt.
const CHUNK: usize = 256;

/// One layer's weights.
#[derive(Debug)]
pub(super) struct DirectLayer {
    pub(super) attention_norm: Vec<f32>, // [D]
    /// Rows of queries, keys, values.
    pub(super) inputs: Matrix, // [(H + 2K) * W, D]
    pub(super) inputs_bias: Vec<f32>,    // [(H + 2K) * W], or empty
    pub(super) output: Matrix,           // [D, H * W]
    pub(super) feed_forward_norm: Vec<f32>, // [D]
    /// Rows of gate and up.
    pub(super) gate_up: Matrix, // [2F, D]
    pub(super) down: Matrix,             // [D, F]
}

/// A decoder over slices of `f32`; built from an architecture's own form, which says how.
#[derive(Debug)]
pub struct Direct {
    pub(super) shape: Shape,
    pub(super) rotary: Rotary,
    pub(super) epsilon: f32,
    pub(super) embedding: Matrix, // [V, D]
    pub(super) layers: Vec<DirectLayer>,
    pub(super) norm: Vec<f32>,       // [D]
    pub(super) head: Option<Matrix>, // [V, D]; absent where the embedding serves
}

/// Memory of one call, for `T` positions.
struct Work {
    normed: Vec<f32>,    // [T, D]
    projected: Vec<f32>, // [T, (H + 2K) * W]
    mixed: Vec<f32>,     // [T, H * W]
    added: Vec<f32>,     // [T, D]
    gates: Vec<f32>,     // [T, 2F]
    inner: Vec<f32>,     // [T, F]
    scores: Vec<f32>,    // [S]
    cosines: Vec<f32>,   // [T, W / 2]
    sines: Vec<f32>,     // [T, W / 2]
}

impl Direct {
    fn work(&self, past: usize, time: usize) -> Work {
        let shape = &self.shape;
        let (cosines, sines) = self.rotary.angles(past, time);
        let queries = shape.heads * shape.head_width;
        let keys = shape.kv_heads * shape.head_width;
        Work {
            normed: vec![0.0; time * shape.hidden],
            projected: vec![0.0; time * (queries + 2 * keys)],
            mixed: vec![0.0; time * queries],
            added: vec![0.0; time * shape.hidden],
            gates: vec![0.0; time * 2 * shape.intermediate],
            inner: vec![0.0; time * shape.intermediate],
            scores: vec![0.0; past + time],
            cosines,
            sines,
        }
    }

    /// Hidden states of new tokens after the final normalisation, `[T, D]`; `tap` sees the stream
    /// before each layer and after the last norm.
    fn infer(
        &self,
        ids: &[u32],
        past: usize,
        rows: &mut [FloatRows],
        tap: &mut dyn FnMut(usize, &[f32]),
    ) -> Vec<f32> {
        let shape = &self.shape;
        let mut work = self.work(past, ids.len());
        let mut x = vec![0.0; ids.len() * shape.hidden];
        for (id, x) in ids.iter().zip(x.chunks_exact_mut(shape.hidden)) {
            self.embedding.row(*id as usize, x);
        }
        for (number, (layer, rows)) in self.layers.iter().zip(rows).enumerate() {
            tap(number, &x);
            rms_norm(&x, &layer.attention_norm, self.epsilon, &mut work.normed);
            self.attend(layer, past, rows, &mut work);
            layer.output.apply(&work.mixed, &mut work.added);
            add(&mut x, &work.added);
            rms_norm(&x, &layer.feed_forward_norm, self.epsilon, &mut work.normed);
            layer.gate_up.apply(&work.normed, &mut work.gates);
            gate(&work.gates, shape.intermediate, &mut work.inner);
            layer.down.apply(&work.inner, &mut work.added);
            add(&mut x, &work.added);
        }
        let mut last = work.normed;
        rms_norm(&x, &self.norm, self.epsilon, &mut last);
        tap(self.layers.len(), &last);
        last
    }

    /// Attention of `work.normed` over what is cached and itself, to `work.mixed`.
    fn attend(&self, layer: &DirectLayer, past: usize, rows: &mut FloatRows, work: &mut Work) {
        let shape = &self.shape;
        let width = shape.head_width;
        let queries = shape.heads * width;
        let keys = shape.kv_heads * width;
        let line = queries + 2 * keys;
        let time = work.projected.len() / line;
        layer.inputs.apply(&work.normed, &mut work.projected);
        let (key_cache, value_cache, capacity) =
            rows.room(shape.kv_heads, width, past, past + time, shape.context);

        let planes = self.rotary.planes();
        let angles = work
            .cosines
            .chunks_exact(planes)
            .zip(work.sines.chunks_exact(planes));
        let lines = work.projected.chunks_exact_mut(line).zip(angles);
        for (position, (line, (cosines, sines))) in (past..).zip(lines) {
            add(line, &layer.inputs_bias);
            let (turned, values) = line.split_at_mut(queries + keys);
            for head in turned.chunks_exact_mut(width) {
                turn(head, cosines, sines);
            }
            // Keys [K, W, capacity]: one number in each row of positions.
            let columns = key_cache.chunks_exact_mut(capacity);
            for (column, key) in columns.zip(&turned[queries..]) {
                column[position] = *key;
            }
            // Values [K, capacity, W]: one row in each block of positions.
            let blocks = value_cache.chunks_exact_mut(capacity * width);
            for (block, value) in blocks.zip(values.chunks_exact(width)) {
                block[position * width..(position + 1) * width].copy_from_slice(value);
            }
        }

        let scale = 1.0 / (width as f32).sqrt();
        let group = shape.heads / shape.kv_heads;
        let lines = work.projected.chunks_exact_mut(line);
        let outputs = work.mixed.chunks_exact_mut(queries);
        for (time, (line, output)) in lines.zip(outputs).enumerate() {
            let scores = &mut work.scores[..past + time + 1];
            let heads = line[..queries].chunks_exact_mut(width);
            let heads = heads.zip(output.chunks_exact_mut(width));
            for (head, (query, output)) in heads.enumerate() {
                let block = (head / group) * capacity * width;
                let block = block..block + capacity * width;
                query.iter_mut().for_each(|number| *number *= scale);
                scores.fill(0.0);
                mix(scores, query, &key_cache[block.clone()], capacity);
                softmax(scores);
                output.fill(0.0);
                mix(output, scores, &value_cache[block], width);
            }
        }
    }

    /// Runs `ids` in chunks; `visit` gets each chunk's final hidden states.
    fn run(
        &self,
        ids: &[u32],
        cache: &mut Cache,
        tap: &mut dyn FnMut(usize, &[f32]),
        visit: &mut dyn FnMut(&[f32]),
    ) -> Result<(), Error> {
        let past = cache.len();
        check_ids(&self.shape, past, ids)?;
        let rows = cache.floats(&self.shape)?;
        for (number, chunk) in ids.chunks(CHUNK).enumerate() {
            visit(&self.infer(chunk, past + number * CHUNK, rows, tap));
        }
        cache.extend(ids.len());
        Ok(())
    }

    /// Logits of hidden states `[T, D]`: `[T, V]`.
    fn head(&self, hidden: &[f32]) -> Vec<f32> {
        let head = self.head.as_ref().unwrap_or(&self.embedding);
        let time = hidden.len() / self.shape.hidden;
        let mut logits = vec![0.0; time * head.outputs()];
        head.apply(hidden, &mut logits);
        logits
    }
}

/// Turns a head by one position's angles.
fn turn(head: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let (first, second) = head.split_at_mut(cosines.len());
    let planes = first.iter_mut().zip(second).zip(cosines.iter().zip(sines));
    for ((a, b), (cosine, sine)) in planes {
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
    }
}

impl Network for Direct {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn new_cache(&self) -> Cache {
        Cache::of_floats(&self.shape)
    }

    fn logits(&self, ids: &[u32], cache: &mut Cache) -> Result<Vec<f32>, Error> {
        let width = self.shape.hidden;
        let mut last = Vec::new();
        self.run(ids, cache, &mut |_, _| {}, &mut |hidden| {
            last.clear();
            last.extend_from_slice(&hidden[hidden.len() - width..]);
        })?;
        Ok(self.head(&last))
    }

    fn all_logits(&self, ids: &[u32], cache: &mut Cache) -> Result<Vec<Vec<f32>>, Error> {
        let mut all = Vec::with_capacity(ids.len());
        self.run(ids, cache, &mut |_, _| {}, &mut |hidden| {
            let logits = self.head(hidden);
            all.extend(
                logits
                    .chunks_exact(self.shape.vocabulary)
                    .map(<[f32]>::to_vec),
            );
        })?;
        Ok(all)
    }

    fn hidden(
        &self,
        ids: &[u32],
        cache: &mut Cache,
        layers: &[usize],
    ) -> Result<Vec<Hidden>, Error> {
        check_layers(&self.shape, layers)?;
        let mut found: Vec<Hidden> = layers
            .iter()
            .map(|&layer| Hidden {
                layer,
                width: self.shape.hidden,
                values: Vec::new(),
            })
            .collect();
        let mut tap = |layer: usize, x: &[f32]| {
            for hidden in found.iter_mut().filter(|hidden| hidden.layer == layer) {
                hidden.values.extend_from_slice(x);
            }
        };
        self.run(ids, cache, &mut tap, &mut |_| {})?;
        Ok(found)
    }
}
