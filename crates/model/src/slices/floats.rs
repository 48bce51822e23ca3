//! How are rows of plain numbers multiplied by rows of input?
//!
//! Plain loops in a form the compiler turns into vector instructions: fixed counts of independent sums
//! that fit the registers, and memory read in the order it lies in. Each pair of a row of weights and a row
//! of input has eight sums over every eighth of its numbers, in their order, which are drawn together at the
//! end, however many pairs are computed side by side: so a prompt gives the same bits in one piece or token
//! by token, alone or in a batch.

use half::{bf16, f16};

use super::eight::{Eight, LANES, fused};
use crate::formats::half;

/// Rows of weights and of input that are computed side by side: their sums, and the operands of one step, are
/// as many registers as there are.
const WEIGHT_ROWS: usize = 4;
const INPUT_ROWS: usize = 3;

/// Inputs of weights that are laid ready, and how often as many rows as are computed side by side: in the
/// nearest cache they meet many rows of input.
const READY_STEPS: usize = 512 / LANES;
const READY_BLOCKS: usize = 2;

/// Blocks of rows of input that are taken on together: what is read again and again stays in the second cache.
const TOGETHER: usize = 32;

/// A plain number as it is stored.
pub(super) trait Number: Copy {
    /// The number.
    fn wide(self) -> f32;

    /// Eight of them.
    fn eight(numbers: &[Self; LANES]) -> Eight;
}

impl Number for f32 {
    #[inline(always)]
    fn wide(self) -> f32 {
        self
    }

    #[inline(always)]
    fn eight(numbers: &[f32; LANES]) -> Eight {
        Eight::load(numbers)
    }
}

impl Number for f16 {
    #[inline(always)]
    fn wide(self) -> f32 {
        half(self.to_le_bytes())
    }

    #[inline(always)]
    fn eight(numbers: &[f16; LANES]) -> Eight {
        Eight::of_halves(numbers)
    }
}

impl Number for bf16 {
    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    #[inline(always)]
    fn eight(numbers: &[bf16; LANES]) -> Eight {
        let mut wide = [0.0; LANES];
        for at in 0..LANES {
            wide[at] = numbers[at].wide();
        }
        Eight::load(&wide)
    }
}

/// `weights [outputs, inputs]` times a few rows of input `[inputs]`: to `y`, `[outputs]` for each.
pub(super) fn few<W: Number, const R: usize>(
    weights: &[W],
    x: [&[f32]; R],
    y: &mut [&mut [f32]; R],
) {
    let steps = x.map(|x| x.as_chunks::<LANES>().0);
    let rest = x.map(|x| x.as_chunks::<LANES>().1);
    // One stream at a time: memory gives more that way than to several.
    for (output, weights) in weights.chunks_exact(x[0].len()).enumerate() {
        let (weights, last) = weights.as_chunks();
        let steps = steps.map(|x| &x[..weights.len()]);
        let mut sums = [Eight::zero(); R];
        for (step, weights) in weights.iter().enumerate() {
            let weights = W::eight(weights);
            for r in 0..R {
                sums[r] = weights.fused(Eight::load(&steps[r][step]), sums[r]);
            }
        }
        for r in 0..R {
            y[r][output] = finish(sums[r], last, rest[r]);
        }
    }
}

/// The eight sums of a pair of rows drawn together, and what neither has eight of.
#[inline(always)]
fn finish<W: Number>(sum: Eight, weights: &[W], x: &[f32]) -> f32 {
    let rest = weights.iter().zip(x);
    rest.fold(sum.total(), |sum, (a, b)| fused(a.wide(), *b, sum))
}

/// Eight numbers each of the rows of input, and of weights, that are computed side by side.
type InputStep = [[f32; LANES]; INPUT_ROWS];
type WeightStep = [[f32; LANES]; WEIGHT_ROWS];

/// Rows of input by three, laid out as they are computed side by side.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Whole eights of a row.
    steps: usize,
    /// `[rows / 3, steps]`; the last block is filled up with rows of zeros.
    numbers: Vec<InputStep>,
}

impl Blocks {
    /// Lays out `x [rows, inputs]`.
    pub(super) fn new(x: &[f32], inputs: usize) -> Blocks {
        let steps = inputs / LANES;
        let rows = x.len() / inputs;
        let mut numbers = vec![[[0.0; LANES]; INPUT_ROWS]; rows.div_ceil(INPUT_ROWS) * steps];
        let blocks = numbers.chunks_exact_mut(steps.max(1));
        for (block, x) in blocks.zip(x.chunks(INPUT_ROWS * inputs)) {
            for (row, x) in x.chunks_exact(inputs).enumerate() {
                for (step, eight) in block.iter_mut().zip(x.as_chunks().0) {
                    step[row] = *eight;
                }
            }
        }
        Blocks { steps, numbers }
    }
}

/// `weights [all, inputs]` times `x [rows, inputs]`, which is given in blocks as well: `y [rows, all]`.
pub(super) fn many<W: Number>(
    weights: &[W],
    x: &[f32],
    blocks: &Blocks,
    inputs: usize,
    y: &mut [f32],
) {
    let all = weights.len() / inputs;
    let steps = blocks.steps;
    let mut ready = [[[[0.0; LANES]; WEIGHT_ROWS]; READY_STEPS]; READY_BLOCKS];
    let mut sums: Vec<[[[Eight; WEIGHT_ROWS]; INPUT_ROWS]; READY_BLOCKS]> = Vec::new();
    for (turn, weights) in weights
        .chunks(READY_BLOCKS * WEIGHT_ROWS * inputs)
        .enumerate()
    {
        let outputs = turn * READY_BLOCKS * WEIGHT_ROWS..;
        let rows = y.chunks_mut(TOGETHER * INPUT_ROWS * all);
        let rows = rows.zip(x.chunks(TOGETHER * INPUT_ROWS * inputs));
        for (number, (y, x)) in rows.enumerate() {
            let count = (y.len() / all).div_ceil(INPUT_ROWS);
            let blocks = &blocks.numbers[number * TOGETHER * steps..][..count * steps];
            sums.clear();
            sums.resize(count, Default::default());
            for start in (0..steps).step_by(READY_STEPS) {
                let part = start..steps.min(start + READY_STEPS);
                for (row, weights) in weights.chunks_exact(inputs).enumerate() {
                    let ready = &mut ready[row / WEIGHT_ROWS];
                    let weights = &weights.as_chunks().0[part.clone()];
                    for (ready, weights) in ready.iter_mut().zip(weights) {
                        ready[row % WEIGHT_ROWS] = W::eight(weights).numbers();
                    }
                }
                for (x, sums) in blocks.chunks_exact(steps).zip(&mut sums) {
                    for (ready, sums) in ready.iter().zip(sums) {
                        tile(&ready[..part.len()], &x[part.clone()], sums);
                    }
                }
            }
            let whole = steps * LANES;
            let rows = y.chunks_exact_mut(all).zip(x.chunks_exact(inputs));
            for (row, (y, x)) in rows.enumerate() {
                let sums = &sums[row / INPUT_ROWS];
                let y = &mut y[outputs.clone()];
                for (output, (weights, y)) in weights.chunks_exact(inputs).zip(y).enumerate() {
                    let sum = sums[output / WEIGHT_ROWS][row % INPUT_ROWS][output % WEIGHT_ROWS];
                    *y = finish(sum, &weights[whole..], &x[whole..]);
                }
            }
        }
    }
}

/// Adds the products of some rows of weights with some rows of input.
#[inline(always)]
fn tile(weights: &[WeightStep], x: &[InputStep], sums: &mut [[Eight; WEIGHT_ROWS]; INPUT_ROWS]) {
    let mut now = *sums;
    for (weights, x) in weights.iter().zip(x) {
        let x = x.each_ref().map(Eight::load);
        for c in 0..WEIGHT_ROWS {
            let weights = Eight::load(&weights[c]);
            for r in 0..INPUT_ROWS {
                now[r][c] = weights.fused(x[r], now[r][c]);
            }
        }
    }
    *sums = now;
}
