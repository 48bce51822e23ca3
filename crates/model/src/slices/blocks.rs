//! How are rows of blocks of few bits multiplied by rows of input, as whole numbers?
//!
//! Inputs are rounded to eight bits, in groups of 32 with a scale each; sums of four products are exact,
//! and only then meet the scales. Blocks are laid ready by eight groups: read anew for a single row of input,
//! read once for many. Each pair of rows is summed in one order either way, so that a prompt gives the same
//! bits in one piece or token by token, alone or in a batch.

use bytemuck::AnyBitPattern;
use rayon::prelude::*;

use super::eight::Eight;
use super::threads;
use crate::formats::{Block, MOST_GROUPS, Scales};

/// Rows of input that one row of blocks meets at once.
const INPUT_ROWS: usize = 4;

/// Rows of weights that are laid ready, and eights of each: in the nearest cache they meet many rows of input.
const READY_ROWS: usize = 8;
const READY_EIGHTS: usize = 4;

/// Rows of input that are taken on together: what is read again and again then stays in the second cache.
const TOGETHER: usize = 128;

/// Numbers to round before they are worth sharing among threads.
const WORTH_THREADS: usize = 1 << 15;

/// Rows of input as whole numbers of eight bits, in groups of 32 with a scale each.
#[derive(Debug, Default)]
pub(super) struct Rounded {
    /// Groups of a row.
    groups: usize,
    /// `[rows, groups / 8]`; the last of a row is filled up with zeros.
    eights: Vec<RoundedEight>,
}

/// Eight groups of a row of input.
#[derive(Clone, Copy, Debug)]
struct RoundedEight {
    numbers: [[i8; 32]; MOST_GROUPS],
    scales: [f32; MOST_GROUPS],
    /// The sums of each group's halves, and of both, as floating point.
    halves: [f32; 2 * MOST_GROUPS],
    sums: [f32; MOST_GROUPS],
}

impl Rounded {
    /// Rounds `x [rows, inputs]`; inputs are a multiple of 32.
    pub(super) fn new(x: &[f32], inputs: usize) -> Rounded {
        let groups = inputs / 32;
        let eights = groups.div_ceil(MOST_GROUPS);
        let empty = RoundedEight {
            numbers: [[0; 32]; MOST_GROUPS],
            scales: [0.0; MOST_GROUPS],
            halves: [0.0; 2 * MOST_GROUPS],
            sums: [0.0; MOST_GROUPS],
        };
        let mut rounded = vec![empty; x.len() / inputs * eights];
        let one = |(x, rounded): (&[f32], &mut [RoundedEight])| {
            for (x, eight) in x.chunks(32 * MOST_GROUPS).zip(rounded) {
                for (at, group) in x.as_chunks().0.iter().enumerate() {
                    let (numbers, scale, [low, high]) = round(group);
                    eight.numbers[at] = numbers;
                    eight.scales[at] = scale;
                    (eight.halves[2 * at], eight.halves[2 * at + 1]) = (low, high);
                    eight.sums[at] = low + high;
                }
            }
        };
        if x.len() >= WORTH_THREADS && threads() {
            let rows = x.par_chunks_exact(inputs);
            rows.zip(rounded.par_chunks_exact_mut(eights)).for_each(one);
        } else {
            let rows = x.chunks_exact(inputs);
            rows.zip(rounded.chunks_exact_mut(eights)).for_each(one);
        }
        Rounded {
            groups,
            eights: rounded,
        }
    }

    /// The eights of one row.
    #[inline(always)]
    fn row(&self, row: usize) -> &[RoundedEight] {
        let eights = self.groups.div_ceil(MOST_GROUPS);
        &self.eights[row * eights..(row + 1) * eights]
    }
}

/// 32 numbers as whole ones, their scale, and the sums of both halves.
#[inline(always)]
fn round(group: &[f32; 32]) -> ([i8; 32], f32, [f32; 2]) {
    // As whole numbers, bits without a sign have the order of the numbers, and what is no number is above all:
    // so it stays, the scale carries it on, and the logits tell.
    let bits = group.map(|x| x.to_bits() & 0x7FFF_FFFF);
    let largest = f32::from_bits(bits.into_iter().fold(0, u32::max));
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    // Adding it leaves the nearest whole number in the lowest bits of the sum.
    let numbers = group.map(|x| (x * inverse + 12_582_912.0).to_bits() as i8);
    let mut halves = [0i32; 2];
    for at in 0..32 {
        halves[at / 16] += i32::from(numbers[at]);
    }
    (numbers, scale, halves.map(|sum| sum as f32 * scale))
}

/// Eight groups of weights, read out of their blocks.
#[derive(Clone, Copy)]
struct Eights {
    numbers: [[i8; 32]; MOST_GROUPS],
    scales: Scales,
}

impl Eights {
    const EMPTY: Eights = Eights {
        numbers: [[0; 32]; MOST_GROUPS],
        scales: Scales {
            scales: [0.0; 2 * MOST_GROUPS],
            smallest: [0.0; 2 * MOST_GROUPS],
        },
    };

    /// Reads one block of eight groups, or up to eight blocks of one.
    #[inline(always)]
    fn read<B: Block>(&mut self, blocks: &[B]) {
        let Scales { scales, smallest } = &mut self.scales;
        for (number, block) in blocks.iter().enumerate() {
            let one = block.scales();
            if B::GROUPS == MOST_GROUPS {
                (*scales, *smallest) = (one.scales, one.smallest);
            } else {
                scales[number] = one.scales[0];
                smallest[number] = one.smallest[0];
            }
            let first = number * B::GROUPS;
            self.numbers[first..first + B::GROUPS].copy_from_slice(block.numbers().as_ref());
        }
        if B::OFFSET != 0 {
            for at in 0..2 * MOST_GROUPS {
                smallest[at] -= f32::from(B::OFFSET) * scales[at];
            }
        }
        if blocks.len() * B::GROUPS < MOST_GROUPS {
            smallest[blocks.len()..].fill(0.0);
        }
    }

    /// Adds the products of the first `groups` groups with those of some rows of input.
    #[inline(always)]
    fn add<B: Block, const R: usize>(
        &self,
        groups: usize,
        x: [&RoundedEight; R],
        sums: &mut [Eight; R],
    ) {
        let Scales { scales, smallest } = &self.scales;
        for r in 0..R {
            if B::SMALLEST || B::OFFSET != 0 {
                let smallest = smallest.as_chunks().0;
                let x_sums: &[[f32; 8]] = match B::HALVES {
                    true => x[r].halves.as_chunks().0,
                    false => std::slice::from_ref(&x[r].sums),
                };
                for (smallest, x_sums) in smallest.iter().zip(x_sums) {
                    sums[r] = Eight::load(smallest).fused(Eight::load(x_sums), sums[r]);
                }
            }
        }
        for group in 0..groups {
            let numbers = &self.numbers[group];
            // The weights' scale once for all rows, the row's from memory: cheaper than a product of the two.
            let scale = if B::HALVES {
                Eight::halves(scales[2 * group], scales[2 * group + 1])
            } else {
                Eight::splat(scales[group])
            };
            for r in 0..R {
                let x_numbers = &x[r].numbers[group];
                let products = if B::POSITIVE {
                    Eight::of_positive_products(numbers, x_numbers)
                } else {
                    Eight::of_products(numbers, x_numbers)
                };
                let x_scale = Eight::splat(x[r].scales[group]);
                sums[r] = products.times(scale).fused(x_scale, sums[r]);
            }
        }
    }

    /// [`Eights::add`], with a loop of fixed length where all groups are there.
    #[inline(always)]
    fn add_groups<B: Block, const R: usize>(
        &self,
        groups: usize,
        x: [&RoundedEight; R],
        sums: &mut [Eight; R],
    ) {
        if B::GROUPS == MOST_GROUPS || groups == MOST_GROUPS {
            self.add::<B, R>(MOST_GROUPS, x, sums);
        } else {
            self.add::<B, R>(groups, x, sums);
        }
    }
}

/// `weights [outputs, inputs]` times the first few rows of input: to `y`, `[outputs]` for each.
pub(super) fn few<B: Block + AnyBitPattern, const R: usize>(
    weights: &[u8],
    x: &Rounded,
    y: &mut [&mut [f32]; R],
) {
    let weights: &[B] = bytemuck::cast_slice(weights);
    let blocks = x.groups / B::GROUPS;
    let x: [&[RoundedEight]; R] = std::array::from_fn(|row| x.row(row));
    for (output, weights) in weights.chunks_exact(blocks).enumerate() {
        let mut sums = [Eight::zero(); R];
        for (number, blocks) in weights.chunks(MOST_GROUPS / B::GROUPS).enumerate() {
            let groups = blocks.len() * B::GROUPS;
            let mut eights = Eights::EMPTY;
            eights.read(blocks);
            eights.add_groups::<B, R>(groups, x.map(|x| &x[number]), &mut sums);
        }
        for r in 0..R {
            y[r][output] = sums[r].total();
        }
    }
}

/// `weights [all, inputs]` times rows of input: `y [rows, all]`.
pub(super) fn many<B: Block + AnyBitPattern>(weights: &[u8], x: &Rounded, y: &mut [f32]) {
    let weights: &[B] = bytemuck::cast_slice(weights);
    let blocks = x.groups / B::GROUPS;
    let all = weights.len() / blocks;
    let eights = x.groups.div_ceil(MOST_GROUPS);
    let mut ready = [[Eights::EMPTY; READY_EIGHTS]; READY_ROWS];
    let mut sums: Vec<[Eight; READY_ROWS]> = Vec::new();
    for (turn, weights) in weights.chunks(READY_ROWS * blocks).enumerate() {
        let outputs = turn * READY_ROWS..turn * READY_ROWS + weights.len() / blocks;
        for (number, y) in y.chunks_mut(TOGETHER * all).enumerate() {
            let first = number * TOGETHER;
            sums.clear();
            sums.resize(y.len() / all, Default::default());
            for start in (0..eights).step_by(READY_EIGHTS) {
                let part = start..eights.min(start + READY_EIGHTS);
                for (ready, weights) in ready.iter_mut().zip(weights.chunks_exact(blocks)) {
                    let eights = weights.chunks(MOST_GROUPS / B::GROUPS).skip(start);
                    for (ready, blocks) in ready.iter_mut().zip(eights) {
                        ready.read(blocks);
                    }
                }
                let groups = x.groups - start * MOST_GROUPS;
                let x = |row: usize| &x.row(first + row)[part.clone()];
                let ready = &ready[..outputs.len()];
                let (fours, rest) = sums.as_chunks_mut::<INPUT_ROWS>();
                for (number, sums) in fours.iter_mut().enumerate() {
                    let x = std::array::from_fn(|row| x(number * INPUT_ROWS + row));
                    meet::<B, INPUT_ROWS>(ready, x, groups, sums);
                }
                for (number, sums) in rest.iter_mut().enumerate() {
                    let x = [x(fours.len() * INPUT_ROWS + number)];
                    meet::<B, 1>(ready, x, groups, std::array::from_mut(sums));
                }
            }
            for (y, sums) in y.chunks_exact_mut(all).zip(&sums) {
                for (y, sum) in y[outputs.clone()].iter_mut().zip(sums) {
                    *y = sum.total();
                }
            }
        }
    }
}

/// Adds the products of a part of some rows of weights, which lies ready, with some rows of input; there are
/// `groups` groups from there on.
#[inline(always)]
fn meet<B: Block, const R: usize>(
    ready: &[[Eights; READY_EIGHTS]],
    x: [&[RoundedEight]; R],
    groups: usize,
    sums: &mut [[Eight; READY_ROWS]; R],
) {
    for (output, ready) in ready.iter().enumerate() {
        let mut now = sums.map(|sums| sums[output]);
        for (number, ready) in ready[..x[0].len()].iter().enumerate() {
            let groups = MOST_GROUPS.min(groups - number * MOST_GROUPS);
            ready.add_groups::<B, R>(groups, x.map(|x| &x[number]), &mut now);
        }
        for r in 0..R {
            sums[r][output] = now[r];
        }
    }
}
