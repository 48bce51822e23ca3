//! How are rows of blocks of few bits multiplied by rows of input, as whole numbers?
//!
//! Inputs are rounded to eight bits, in groups of 32 with a scale each. The sum of a group's products (of half a
//! group's, where halves have scales of their own) is exact, and only then meets the scales. Each pair of a row
//! of weights and a row of input has eight sums over every eighth of its groups, in their order, which are drawn
//! together at the end.
//!
//! A few rows of input meet one row of weights at a time, as it comes from memory: eight groups side by side.
//! Many rows meet eight rows of weights that are laid ready, side by side: the sums of a group then need not be
//! drawn together, and those of few bits are taken in sixteen bits. Both do the same arithmetic for each pair, so
//! that a prompt gives the same bits in one piece or token by token, alone or in a batch.

use bytemuck::AnyBitPattern;
use rayon::prelude::*;

use super::eight::{Eight, LANES, Pairs, Wholes, Words, transposed};
use super::threads;
use crate::formats::{Block, MOST_GROUPS};

/// Rows of input that weights which lie ready meet at once.
const INPUT_ROWS: usize = 4;

/// Eights of rows of weights that are laid ready: in the nearest cache they meet many rows of input.
const READY_EIGHTS: usize = 4;

/// Fours of rows of input that are taken on together: what is read again and again stays in the second cache.
const TOGETHER: usize = 32;

/// Numbers to round before they are worth sharing among threads.
const WORTH_THREADS: usize = 1 << 15;

/// Words of a group whose numbers have eight bits, and sixteen.
pub(super) const NARROW: usize = 8;
pub(super) const WIDE: usize = 16;

/// Rows of input as whole numbers of eight bits, in groups of 32 with a scale each.
#[derive(Debug)]
pub(super) struct Rounded {
    /// Groups of a row.
    groups: usize,
    /// `[rows, groups / 8]`; the last of a row is filled up with zeros.
    eights: Vec<RoundedEight>,
}

/// Eight groups of a row of input.
#[derive(Clone, Copy, Debug)]
struct RoundedEight {
    numbers: [Words; MOST_GROUPS],
    scales: [f32; MOST_GROUPS],
    /// The sums of the groups' first halves, of their last halves, and of both, as floating point.
    halves: [[f32; MOST_GROUPS]; 2],
    sums: [f32; MOST_GROUPS],
}

impl Rounded {
    /// Rounds `x [rows, inputs]`; inputs are a multiple of 32.
    pub(super) fn new(x: &[f32], inputs: usize) -> Rounded {
        let empty = RoundedEight {
            numbers: [[0; NARROW]; MOST_GROUPS],
            scales: [0.0; MOST_GROUPS],
            halves: [[0.0; MOST_GROUPS]; 2],
            sums: [0.0; MOST_GROUPS],
        };
        let eights = rounded(x, inputs, 1, empty, |eight, _, at, group| {
            let (numbers, scale, [low, high]) = round(group);
            eight.numbers[at] = bytemuck::must_cast(numbers);
            eight.scales[at] = scale;
            (eight.halves[0][at], eight.halves[1][at]) = (low, high);
            eight.sums[at] = low + high;
        });
        Rounded {
            groups: inputs / 32,
            eights,
        }
    }

    /// The eights of one row.
    #[inline(always)]
    fn row(&self, row: usize) -> &[RoundedEight] {
        let eights = self.groups.div_ceil(MOST_GROUPS);
        &self.eights[row * eights..(row + 1) * eights]
    }
}

/// [`Rounded`] rows by four, beside each other, in words of `W` a group.
#[derive(Debug)]
pub(super) struct Fours<const W: usize> {
    /// Groups of a row.
    groups: usize,
    /// `[rows / 4, groups / 8]`; what is missing is filled up with zeros.
    eights: Vec<FourEights<W>>,
}

/// Eight groups of four rows of input.
#[derive(Clone, Copy, Debug)]
struct FourEights<const W: usize> {
    words: [[[i32; INPUT_ROWS]; W]; MOST_GROUPS],
    scales: [[f32; INPUT_ROWS]; MOST_GROUPS],
    halves: [[[f32; INPUT_ROWS]; MOST_GROUPS]; 2],
    sums: [[f32; INPUT_ROWS]; MOST_GROUPS],
}

impl<const W: usize> Fours<W> {
    /// Rounds `x [rows, inputs]`; inputs are a multiple of 32.
    pub(super) fn new(x: &[f32], inputs: usize) -> Fours<W> {
        let empty = FourEights {
            words: [[[0; INPUT_ROWS]; W]; MOST_GROUPS],
            scales: [[0.0; INPUT_ROWS]; MOST_GROUPS],
            halves: [[[0.0; INPUT_ROWS]; MOST_GROUPS]; 2],
            sums: [[0.0; INPUT_ROWS]; MOST_GROUPS],
        };
        let eights = rounded(x, inputs, INPUT_ROWS, empty, |eight, row, at, group| {
            let (numbers, scale, [low, high]) = round(group);
            let narrow: [i32; NARROW] = bytemuck::must_cast(numbers);
            let wide: [i32; WIDE] = bytemuck::must_cast(numbers.map(i16::from));
            let words = if W == NARROW { &narrow[..] } else { &wide[..] };
            for (target, word) in eight.words[at].iter_mut().zip(words) {
                target[row] = *word;
            }
            eight.scales[at][row] = scale;
            eight.halves[0][at][row] = low;
            eight.halves[1][at][row] = high;
            eight.sums[at][row] = low + high;
        });
        Fours {
            groups: inputs / 32,
            eights,
        }
    }
}

/// Lets each group of `x [rows, inputs]` be written to the eight of groups that it belongs to, of `rows` rows each;
/// told are the row there and the group.
fn rounded<T: Clone + Send + Sync>(
    x: &[f32],
    inputs: usize,
    rows: usize,
    empty: T,
    write: impl Fn(&mut T, usize, usize, &[f32; 32]) + Sync,
) -> Vec<T> {
    let eights = (inputs / 32).div_ceil(MOST_GROUPS);
    let mut rounded = vec![empty; (x.len() / inputs).div_ceil(rows) * eights];
    let one = |(x, rounded): (&[f32], &mut [T])| {
        for (row, x) in x.chunks_exact(inputs).enumerate() {
            for (x, eight) in x.chunks(32 * MOST_GROUPS).zip(&mut *rounded) {
                for (at, group) in x.as_chunks().0.iter().enumerate() {
                    write(eight, row, at, group);
                }
            }
        }
    };
    if x.len() >= WORTH_THREADS && threads() {
        let x = x.par_chunks(rows * inputs);
        x.zip(rounded.par_chunks_exact_mut(eights)).for_each(one);
    } else {
        let x = x.chunks(rows * inputs);
        x.zip(rounded.chunks_exact_mut(eights)).for_each(one);
    }
    rounded
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
    numbers: [Words; MOST_GROUPS],
    /// For the first halves of the groups, and for the last; the first alone where halves do not differ.
    scales: [[f32; MOST_GROUPS]; 2],
    smallest: [[f32; MOST_GROUPS]; 2],
}

impl Eights {
    const EMPTY: Eights = Eights {
        numbers: [[0; LANES]; MOST_GROUPS],
        scales: [[0.0; MOST_GROUPS]; 2],
        smallest: [[0.0; MOST_GROUPS]; 2],
    };

    /// Reads one block of eight groups, or up to eight blocks of one; what is missing is zero.
    #[inline(always)]
    fn read<B: Block>(blocks: &[B]) -> Eights {
        let mut eights = Eights::EMPTY;
        let Eights {
            numbers,
            scales,
            smallest,
        } = &mut eights;
        for (number, block) in blocks.iter().enumerate() {
            let one = block.scales();
            if B::HALVES {
                for group in 0..MOST_GROUPS {
                    for half in 0..2 {
                        scales[half][group] = one.scales[2 * group + half];
                        smallest[half][group] = one.smallest[2 * group + half];
                    }
                }
            } else {
                let first = number * B::GROUPS;
                for group in 0..B::GROUPS {
                    scales[0][first + group] = one.scales[group];
                    smallest[0][first + group] = one.smallest[group];
                }
            }
            let numbers = &mut numbers[number * B::GROUPS..][..B::GROUPS];
            for (target, group) in numbers.iter_mut().zip(block.numbers().as_ref()) {
                *target = bytemuck::must_cast(*group);
            }
        }
        if B::OFFSET != 0 {
            for half in 0..halves::<B>() {
                for group in 0..MOST_GROUPS {
                    smallest[half][group] -= f32::from(B::OFFSET) * scales[half][group];
                }
            }
        }
        eights
    }

    /// Adds the products with eight groups of a row of input, each group to its place.
    #[inline(always)]
    fn add<B: Block>(&self, x: &RoundedEight, sums: Eight) -> Eight {
        let mut sums = sums;
        if B::SMALLEST || B::OFFSET != 0 {
            for half in 0..halves::<B>() {
                let x_sums = if B::HALVES { &x.halves[half] } else { &x.sums };
                sums = Eight::load(&self.smallest[half]).fused(Eight::load(x_sums), sums);
            }
        }
        let products = std::array::from_fn(|group| {
            Wholes::of_products(
                &self.numbers[group],
                &x.numbers[group],
                B::LARGEST.is_some(),
            )
        });
        let [low, high] = Wholes::halves(products);
        let x_scales = Eight::load(&x.scales);
        let scaled = |sum: Wholes, half: usize, sums| {
            let scales = Eight::load(&self.scales[half]);
            sum.floats().times(scales).fused(x_scales, sums)
        };
        if B::HALVES {
            scaled(high, 1, scaled(low, 0, sums))
        } else {
            scaled(low.plus(high), 0, sums)
        }
    }
}

/// Parts of a group that have scales of their own.
#[inline(always)]
const fn halves<B: Block>() -> usize {
    if B::HALVES { 2 } else { 1 }
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
        let mut add = |number: usize, eights: Eights| {
            for r in 0..R {
                sums[r] = eights.add::<B>(&x[r][number], sums[r]);
            }
        };
        let whole = weights.chunks_exact(MOST_GROUPS / B::GROUPS);
        let rest = whole.remainder();
        let number = whole.len();
        for (number, blocks) in whole.enumerate() {
            add(number, Eights::read(blocks));
        }
        if !rest.is_empty() {
            add(number, Eights::read(rest));
        }
        for r in 0..R {
            y[r][output] = sums[r].total();
        }
    }
}

/// Eight groups of eight rows of weights, side by side.
#[derive(Clone, Copy)]
struct Ready {
    /// Word for word of each group, that of every row: as many words as the numbers' width asks for.
    numbers: [Words; MOST_GROUPS * WIDE],
    /// For each half of the groups and each group, that of every row.
    scales: [[[f32; LANES]; MOST_GROUPS]; 2],
    smallest: [[[f32; LANES]; MOST_GROUPS]; 2],
}

impl Ready {
    const EMPTY: Ready = Ready {
        numbers: [[0; LANES]; MOST_GROUPS * WIDE],
        scales: [[[0.0; LANES]; MOST_GROUPS]; 2],
        smallest: [[[0.0; LANES]; MOST_GROUPS]; 2],
    };

    /// Lays eight rows' eights side by side.
    #[inline(always)]
    fn lay<B: Block>(&mut self, rows: &[Eights; LANES]) {
        for group in 0..MOST_GROUPS {
            if B::LARGEST.is_some() {
                let words = rows.each_ref().map(|row| row.numbers[group]);
                self.numbers[NARROW * group..][..NARROW].copy_from_slice(&transposed(words));
            } else {
                let shorts = rows.each_ref().map(|row| -> [Words; 2] {
                    let numbers: [i8; 32] = bytemuck::must_cast(row.numbers[group]);
                    bytemuck::must_cast(numbers.map(i16::from))
                });
                for half in 0..2 {
                    let words = transposed(shorts.map(|shorts| shorts[half]));
                    self.numbers[WIDE * group + LANES * half..][..LANES].copy_from_slice(&words);
                }
            }
        }
        for half in 0..halves::<B>() {
            let turn = |part: fn(&Eights) -> &[[f32; MOST_GROUPS]; 2]| {
                let rows = rows.each_ref().map(|row| part(row)[half]);
                bytemuck::must_cast(transposed(bytemuck::must_cast(rows)))
            };
            self.scales[half] = turn(|row| &row.scales);
            if B::SMALLEST || B::OFFSET != 0 {
                self.smallest[half] = turn(|row| &row.smallest);
            }
        }
    }

    /// Adds the products of the first `groups` groups with those of four rows of input.
    #[inline(always)]
    fn meet<B: Block, const W: usize>(
        &self,
        groups: usize,
        x: &FourEights<W>,
        sums: &mut [[Eight; INPUT_ROWS]; MOST_GROUPS],
    ) {
        for (group, sums) in sums.iter_mut().enumerate().take(groups) {
            let mut now = *sums;
            if B::SMALLEST || B::OFFSET != 0 {
                for half in 0..halves::<B>() {
                    let smallest = Eight::load(&self.smallest[half][group]);
                    let x_sums = match B::HALVES {
                        true => &x.halves[half][group],
                        false => &x.sums[group],
                    };
                    for row in 0..INPUT_ROWS {
                        now[row] = smallest.fused(Eight::splat(x_sums[row]), now[row]);
                    }
                }
            }
            let weights = &self.numbers[W * group..][..W];
            for half in 0..halves::<B>() {
                let part = W / halves::<B>() * half..W / halves::<B>() * (half + 1);
                let (weights, words) = (&weights[part.clone()], &x.words[group][part]);
                let products = match B::LARGEST {
                    Some(largest) => narrow(weights, words, largest),
                    None => wide(weights, words),
                };
                let scales = Eight::load(&self.scales[half][group]);
                for row in 0..INPUT_ROWS {
                    let x_scale = Eight::splat(x.scales[group][row]);
                    let scaled = products[row].floats().times(scales);
                    now[row] = scaled.fused(x_scale, now[row]);
                }
            }
            *sums = now;
        }
    }
}

/// The products of words of eight rows of weights, none of them negative or above `largest`, with those of four
/// rows of input: as many in sixteen bits as fit for certain.
#[inline(always)]
fn narrow(weights: &[Words], x: &[[i32; INPUT_ROWS]], largest: u8) -> [Wholes; INPUT_ROWS] {
    let fit = 32767 / (2 * 128 * usize::from(largest));
    let mut sums = [Wholes::zero(); INPUT_ROWS];
    for (weights, x) in weights.chunks(fit).zip(x.chunks(fit)) {
        let mut pairs = [Pairs::zero(); INPUT_ROWS];
        for (weights, x) in weights.iter().zip(x) {
            for row in 0..INPUT_ROWS {
                pairs[row] = pairs[row].add_products(weights, x[row]);
            }
        }
        for row in 0..INPUT_ROWS {
            sums[row] = sums[row].plus(pairs[row].wholes());
        }
    }
    sums
}

/// The products of words of eight rows of weights in sixteen bits with those of four rows of input.
#[inline(always)]
fn wide(weights: &[Words], x: &[[i32; INPUT_ROWS]]) -> [Wholes; INPUT_ROWS] {
    let mut sums = [Wholes::zero(); INPUT_ROWS];
    for (weights, x) in weights.iter().zip(x) {
        for row in 0..INPUT_ROWS {
            sums[row] = sums[row].add_products(weights, x[row]);
        }
    }
    sums
}

/// `weights [all, inputs]` times rows of input: `y [rows, all]`. `W` is the width that the blocks ask for.
pub(super) fn many<B: Block + AnyBitPattern, const W: usize>(
    weights: &[u8],
    x: &Fours<W>,
    y: &mut [f32],
) {
    let weights: &[B] = bytemuck::cast_slice(weights);
    let blocks = x.groups / B::GROUPS;
    let all = weights.len() / blocks;
    let eights = x.groups.div_ceil(MOST_GROUPS);
    let mut ready = [Ready::EMPTY; READY_EIGHTS];
    let mut sums: Vec<[[Eight; INPUT_ROWS]; MOST_GROUPS]> = Vec::new();
    let x = x.eights.chunks(TOGETHER * eights);
    for (y, x) in y.chunks_mut(TOGETHER * INPUT_ROWS * all).zip(x) {
        let fours = x.len() / eights;
        sums.clear();
        sums.resize(fours * all.div_ceil(LANES), Default::default());
        for start in (0..eights).step_by(READY_EIGHTS) {
            let part = start..eights.min(start + READY_EIGHTS);
            let weights = weights.chunks(LANES * blocks);
            for (weights, sums) in weights.zip(sums.chunks_exact_mut(fours)) {
                for (ready, number) in ready.iter_mut().zip(part.clone()) {
                    let mut rows = [Eights::EMPTY; LANES];
                    for (row, weights) in rows.iter_mut().zip(weights.chunks_exact(blocks)) {
                        let each = MOST_GROUPS / B::GROUPS;
                        let last = blocks.min((number + 1) * each);
                        *row = Eights::read(&weights[number * each..last]);
                    }
                    ready.lay::<B>(&rows);
                }
                for (x, sums) in x.chunks_exact(eights).zip(sums) {
                    let x = &x[part.clone()];
                    for (number, (ready, x)) in ready.iter().zip(x).enumerate() {
                        let groups = blocks * B::GROUPS - (start + number) * MOST_GROUPS;
                        if groups >= MOST_GROUPS {
                            ready.meet::<B, W>(MOST_GROUPS, x, sums);
                        } else {
                            ready.meet::<B, W>(groups, x, sums);
                        }
                    }
                }
            }
        }
        for (row, y) in y.chunks_exact_mut(all).enumerate() {
            let sums = sums[row / INPUT_ROWS..].iter().step_by(fours);
            for (y, sums) in y.chunks_mut(LANES).zip(sums) {
                let totals = Eight::totals(sums.map(|sums| sums[row % INPUT_ROWS]));
                y.copy_from_slice(&totals.numbers()[..y.len()]);
            }
        }
    }
}
