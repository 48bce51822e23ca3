//! Causal grouped-query attention with rotary positions over sequences that stand end to end, and
//! its gradient.
//!
//! Sequences of different lengths need no padding: one after another in one matrix, each attends to
//! itself only. The probabilities are not kept between the passes; the backward pass makes them again
//! from the logarithm of each row's sum, which costs less than reading them back from memory.

use std::ops::Range;
use std::sync::Arc;

use candle_core::{Result, bail};

use super::lanes::{add_to, dot, exp, exp_in_place, maximum};
use super::matmul::{Panels, Store, multiply_part, multiply_transposed};
use super::rope::Rope;

/// Rows worked on together; the causal triangle is rounded up to this.
const BLOCK: usize = 24;

/// The shape of an attention layer over packed sequences.
#[derive(Clone, Debug)]
pub struct AttentionShape {
    /// Where each sequence lies among the rows, in order and without gaps.
    pub sequences: Arc<Vec<Range<usize>>>,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; divides `heads`.
    pub kv_heads: usize,
    /// Rotary tables, at least as long as the longest sequence; they set the width of a head.
    pub rope: Arc<Rope>,
}

impl AttentionShape {
    /// Numbers of a head.
    pub(crate) fn width(&self) -> usize {
        self.rope.width()
    }

    /// Numbers in a row of queries, keys and values together.
    pub(crate) fn stride(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.width()
    }

    /// Rows of all sequences together.
    pub(crate) fn rows(&self) -> usize {
        self.sequences.last().map_or(0, |last| last.end)
    }

    /// Refuses a shape that the loops below would not survive.
    ///
    /// # Errors
    /// Where the heads do not divide, the sequences leave gaps or one is longer than the tables.
    pub(crate) fn check(&self) -> Result<()> {
        if self.kv_heads == 0 || !self.heads.is_multiple_of(self.kv_heads) || self.width() == 0 {
            bail!(
                "{} query heads and {} key heads of {} numbers",
                self.heads,
                self.kv_heads,
                self.width()
            );
        }
        let mut end = 0;
        for sequence in self.sequences.iter() {
            if sequence.start != end || sequence.end < end {
                bail!("the sequences do not stand end to end");
            }
            if sequence.len() > self.rope.positions() {
                bail!(
                    "a sequence of {} tokens, positions for {}",
                    sequence.len(),
                    self.rope.positions()
                );
            }
            end = sequence.end;
        }
        Ok(())
    }
}

/// One sequence's query head or key head, turned to its positions: `len` rows of `width`.
fn turned(rope: &Rope, scale: f32, from: &[f32], stride: usize, len: usize, to: &mut Vec<f32>) {
    let width = rope.width();
    to.resize(len * width, 0.0);
    for (position, to) in to.chunks_exact_mut(width).enumerate() {
        rope.turn(position, scale, &from[position * stride..][..width], to);
    }
}

impl AttentionShape {
    fn scale(&self) -> f32 {
        1.0 / (self.width() as f32).sqrt()
    }

    /// Where key head `kv` and value head `kv` begin in a row.
    fn key_and_value(&self, kv: usize) -> (usize, usize) {
        let d = self.width();
        ((self.heads + kv) * d, (self.heads + self.kv_heads + kv) * d)
    }

    /// The query heads that share key head `kv`.
    fn group(&self, kv: usize) -> Range<usize> {
        let size = self.heads / self.kv_heads;
        kv * size..(kv + 1) * size
    }

    /// `qkv` [rows, (heads + 2 kv_heads) × width], queries then keys then values → `out` [rows, heads ×
    /// width], and for each row and head the logarithm of the sum of its exponentials.
    ///
    /// Time grows with the square of a sequence's length.
    pub(crate) fn forward(&self, qkv: &[f32], out: &mut [f32], log_sums: &mut [f32]) {
        let (d, stride, heads) = (self.width(), self.stride(), self.heads);
        let (mut q, mut k, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        let (mut keys, mut value_rows) = (Panels::default(), Panels::default());
        let mut inverse = [0f32; BLOCK];
        for sequence in self.sequences.iter() {
            let len = sequence.len();
            let qkv = &qkv[sequence.start * stride..sequence.end * stride];
            let out = &mut out[sequence.start * heads * d..sequence.end * heads * d];
            let log_sums = &mut log_sums[sequence.start * heads..sequence.end * heads];
            scores.resize(BLOCK * len, 0.0);
            for kv in 0..self.kv_heads {
                if len == 0 {
                    continue;
                }
                let (key, value) = self.key_and_value(kv);
                turned(&self.rope, 1.0, &qkv[key..], stride, len, &mut k);
                keys.set_transposed(&k, d, len, d);
                value_rows.set(&qkv[value..], stride, len, d);
                for head in self.group(kv) {
                    turned(
                        &self.rope,
                        self.scale(),
                        &qkv[head * d..],
                        stride,
                        len,
                        &mut q,
                    );
                    for start in (0..len).step_by(BLOCK) {
                        let end = len.min(start + BLOCK);
                        let rows = end - start;
                        multiply_part(
                            &q[start * d..],
                            d,
                            rows,
                            &keys,
                            d,
                            end,
                            &mut scores,
                            len,
                            Store::Set,
                        );
                        for (r, row) in scores.chunks_exact_mut(len).take(rows).enumerate() {
                            let (seen, unseen) = row[..end].split_at_mut(start + r + 1);
                            let top = maximum(seen);
                            let sum = exp_in_place(seen, top);
                            unseen.fill(0.0);
                            log_sums[(start + r) * heads + head] = top + sum.ln();
                            inverse[r] = 1.0 / sum;
                        }
                        let out = &mut out[start * heads * d + head * d..];
                        multiply_part(
                            &scores,
                            len,
                            rows,
                            &value_rows,
                            end,
                            d,
                            out,
                            heads * d,
                            Store::Set,
                        );
                        // Dividing the results is less work than dividing the probabilities.
                        for (r, inverse) in inverse.iter().enumerate().take(rows) {
                            for value in &mut out[r * heads * d..][..d] {
                                *value *= inverse;
                            }
                        }
                    }
                }
            }
        }
    }

    /// The gradient of `qkv`, into `gradient`, from what the forward pass read and wrote and the gradient
    /// of its result. Needs memory for two square matrices of the longest sequence.
    pub(crate) fn backward(
        &self,
        qkv: &[f32],
        log_sums: &[f32],
        out: &[f32],
        d_out: &[f32],
        gradient: &mut [f32],
    ) {
        gradient.fill(0.0);
        let (stride, row) = (self.stride(), self.heads * self.width());
        let mut work = Work::default();
        for sequence in self
            .sequences
            .iter()
            .filter(|sequence| !sequence.is_empty())
        {
            let rows = |width: usize| sequence.start * width..sequence.end * width;
            let side = Side {
                qkv: &qkv[rows(stride)],
                log_sums: &log_sums[rows(self.heads)],
                out: &out[rows(row)],
                d_out: &d_out[rows(row)],
                len: sequence.len(),
            };
            let gradient = &mut gradient[rows(stride)];
            for kv in 0..self.kv_heads {
                self.backward_group(kv, &side, gradient, &mut work);
            }
        }
    }

    /// One key head and its query heads, in one sequence.
    fn backward_group(&self, kv: usize, side: &Side<'_>, gradient: &mut [f32], work: &mut Work) {
        let (d, stride, len) = (self.width(), self.stride(), side.len);
        let rope = &*self.rope;
        let (key, value) = self.key_and_value(kv);
        turned(rope, 1.0, &side.qkv[key..], stride, len, &mut work.k);
        work.keys.set_transposed(&work.k, d, len, d);
        work.key_rows.set(&work.k, d, len, d);
        work.values
            .set_transposed(&side.qkv[value..], stride, len, d);
        work.d_k.clear();
        work.d_k.resize(len * d, 0.0);
        work.d_v.clear();
        work.d_v.resize(len * d, 0.0);
        work.d_q.resize(len * d, 0.0);
        work.p.resize(len * len, 0.0);
        work.d_s.resize(len * len, 0.0);
        for head in self.group(kv) {
            turned(
                rope,
                self.scale(),
                &side.qkv[head * d..],
                stride,
                len,
                &mut work.q,
            );
            self.backward_head(head, side, work);
            for (position, from) in work.d_q.chunks_exact(d).enumerate() {
                rope.turn_back(
                    position,
                    self.scale(),
                    from,
                    &mut gradient[position * stride + head * d..][..d],
                );
            }
        }
        for position in 0..len {
            let row = &mut gradient[position * stride..][..stride];
            rope.turn_back(
                position,
                1.0,
                &work.d_k[position * d..][..d],
                &mut row[key..][..d],
            );
            add_to(&mut row[value..][..d], &work.d_v[position * d..][..d]);
        }
    }

    /// With P the probabilities: dV += Pᵀ dO, dS = P ∘ (dO Vᵀ − rowsum(dO ∘ O)), dQ = dS K, dK += dSᵀ Q.
    fn backward_head(&self, head: usize, side: &Side<'_>, work: &mut Work) {
        let (d, heads, len) = (self.width(), self.heads, side.len);
        let row = heads * d;
        for start in (0..len).step_by(BLOCK) {
            let end = len.min(start + BLOCK);
            let rows = end - start;
            let p = &mut work.p[start * len..];
            let d_s = &mut work.d_s[start * len..];
            multiply_part(
                &work.q[start * d..],
                d,
                rows,
                &work.keys,
                d,
                end,
                p,
                len,
                Store::Set,
            );
            let d_out = &side.d_out[start * row + head * d..];
            multiply_part(d_out, row, rows, &work.values, d, end, d_s, len, Store::Set);
            for r in 0..rows {
                let log_sum = side.log_sums[(start + r) * heads + head];
                let out = &side.out[(start + r) * row + head * d..][..d];
                let shared = dot(&d_out[r * row..][..d], out);
                let (p, unseen_p) = p[r * len..][..end].split_at_mut(start + r + 1);
                let (d_s, unseen_d) = d_s[r * len..][..end].split_at_mut(start + r + 1);
                for (p, d_s) in p.iter_mut().zip(d_s) {
                    *p = exp(*p - log_sum);
                    *d_s = *p * (*d_s - shared);
                }
                unseen_p.fill(0.0);
                unseen_d.fill(0.0);
            }
            let d_q = &mut work.d_q[start * d..];
            multiply_part(d_s, len, rows, &work.key_rows, end, d, d_q, d, Store::Set);
        }
        for start in (0..len).step_by(BLOCK) {
            let end = len.min(start + BLOCK);
            let (columns, rows, corner) = (end - start, len - start, start * len + start);
            let d_out = &side.d_out[start * row + head * d..];
            let d_v = &mut work.d_v[start * d..];
            multiply_transposed(&work.p[corner..], len, columns, d_out, row, d, rows, d_v, d);
            let d_k = &mut work.d_k[start * d..];
            multiply_transposed(
                &work.d_s[corner..],
                len,
                columns,
                &work.q[start * d..],
                d,
                d,
                rows,
                d_k,
                d,
            );
        }
    }
}

/// One sequence's part of what the backward pass reads.
struct Side<'a> {
    qkv: &'a [f32],
    log_sums: &'a [f32],
    out: &'a [f32],
    d_out: &'a [f32],
    len: usize,
}

/// Memory that one backward pass uses again for every head.
#[derive(Default)]
struct Work {
    q: Vec<f32>,
    k: Vec<f32>,
    p: Vec<f32>,
    d_s: Vec<f32>,
    d_q: Vec<f32>,
    d_k: Vec<f32>,
    d_v: Vec<f32>,
    keys: Panels,
    key_rows: Panels,
    values: Panels,
}
