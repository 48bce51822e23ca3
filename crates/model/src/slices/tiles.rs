//! What does the processor do well with rows of weights and rows of input?
//!
//! Plain loops in a form the compiler turns into vector instructions: fixed counts of independent sums
//! that fit the registers, and memory read in the order it lies in. Each pair of a row of weights and a row
//! of input is summed in one order, however many pairs are computed side by side: so a prompt gives the
//! same bits in one piece or token by token, alone or in a batch.

use std::ops::Range;

use bytemuck::AnyBitPattern;
use half::{bf16, f16};

use super::eight::Eight;
use crate::formats::{Block, MOST_GROUPS, Scales, half};

/// Numbers that are computed side by side.
const LANES: usize = 8;

/// Rows of weights and of input that are computed side by side where there are enough of both: their sums,
/// and the operands of one step, are as many registers as there are.
const WEIGHT_ROWS: usize = 4;
const INPUT_ROWS: usize = 3;

/// Rows of input that are multiplied by one row of blocks at once.
const BLOCK_INPUT_ROWS: usize = 4;

/// `a * b + c`, in one rounding where the processor has an instruction for it (without one, the
/// library call that promises it is fifty times slower).
#[inline(always)]
pub(super) fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        a.mul_add(b, c)
    } else {
        a * b + c
    }
}

/// Inputs that are summed before the next ones are looked at: rows of that length stay in a cache while they
/// meet each other.
const STRETCH: usize = 1024;

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

/// `weights [outputs, inputs]` times `x [rows, inputs]`: `y [outputs, rows]`.
pub(super) fn floats<W: Number>(weights: &[W], x: &[f32], inputs: usize, y: &mut [f32]) {
    let rows = x.len() / inputs;
    y.fill(0.0);
    if rows == 1 {
        // One stream at a time: memory gives more that way than to several.
        for (weights, y) in weights.chunks_exact(inputs).zip(y) {
            for (weights, x) in weights.chunks(STRETCH).zip(x.chunks(STRETCH)) {
                *y += tile([weights], [x])[0][0];
            }
        }
        return;
    }
    for start in (0..inputs).step_by(STRETCH) {
        let stretch = start..inputs.min(start + STRETCH);
        let blocks = weights.chunks(WEIGHT_ROWS * inputs);
        for (weights, y) in blocks.zip(y.chunks_mut(WEIGHT_ROWS * rows)) {
            if weights.len() == WEIGHT_ROWS * inputs {
                across::<W, WEIGHT_ROWS>(weights, x, inputs, stretch.clone(), y);
            } else {
                for (weights, y) in weights.chunks_exact(inputs).zip(y.chunks_exact_mut(rows)) {
                    across::<W, 1>(weights, x, inputs, stretch.clone(), y);
                }
            }
        }
    }
}

/// Adds a stretch of some rows of weights times all rows of input.
#[inline(always)]
fn across<W: Number, const C: usize>(
    weights: &[W],
    x: &[f32],
    inputs: usize,
    stretch: Range<usize>,
    y: &mut [f32],
) {
    let rows = x.len() / inputs;
    let weights = std::array::from_fn::<_, C, _>(|c| &weights[c * inputs..][stretch.clone()]);
    let mut first = 0;
    while first < rows {
        let row = |r: usize| &x[(first + r) * inputs..][stretch.clone()];
        if rows - first >= INPUT_ROWS {
            add_tile::<W, C, INPUT_ROWS>(weights, std::array::from_fn(row), first, rows, y);
            first += INPUT_ROWS;
        } else {
            add_tile::<W, C, 1>(weights, [row(0)], first, rows, y);
            first += 1;
        }
    }
}

#[inline(always)]
fn add_tile<W: Number, const C: usize, const R: usize>(
    weights: [&[W]; C],
    x: [&[f32]; R],
    first: usize,
    rows: usize,
    y: &mut [f32],
) {
    for (c, products) in tile(weights, x).iter().enumerate() {
        let y = &mut y[c * rows + first..][..R];
        for (y, product) in y.iter_mut().zip(products) {
            *y += product;
        }
    }
}

/// The products of some rows with some rows, all of one length.
#[inline(always)]
fn tile<W: Number, const C: usize, const R: usize>(
    weights: [&[W]; C],
    x: [&[f32]; R],
) -> [[f32; R]; C] {
    let mut sums = [[Eight::zero(); R]; C];
    let split_weights = weights.map(|row| row.as_chunks::<LANES>());
    let split_x = x.map(|row| row.as_chunks::<LANES>());
    let steps = split_x[0].0.len();
    let weights = split_weights.map(|(whole, _)| &whole[..steps]);
    let x = split_x.map(|(whole, _)| &whole[..steps]);
    for step in 0..steps {
        for c in 0..C {
            let weights = W::eight(&weights[c][step]);
            for r in 0..R {
                sums[c][r] = weights.fused(Eight::load(&x[r][step]), sums[c][r]);
            }
        }
    }
    let mut products = [[0f32; R]; C];
    for c in 0..C {
        for r in 0..R {
            let rest = split_weights[c].1.iter().zip(split_x[r].1);
            products[c][r] = rest.fold(sums[c][r].total(), |sum, (a, b)| fused(a.wide(), *b, sum));
        }
    }
    products
}

/// Rows of input as whole numbers of eight bits, in groups of 32 with a scale each.
#[derive(Debug, Default)]
pub(super) struct Rounded {
    groups: usize,
    numbers: Vec<[i8; 32]>,
    scales: Vec<f32>,
    /// The sums of each group's halves, and of both, as floating point.
    halves: Vec<[f32; 2]>,
    sums: Vec<f32>,
}

impl Rounded {
    /// Rounds `x [rows, inputs]`; inputs are a multiple of 32.
    pub(super) fn new(x: &[f32], inputs: usize) -> Rounded {
        let groups = x.as_chunks::<32>().0;
        let mut rounded = Rounded {
            groups: inputs / 32,
            numbers: Vec::with_capacity(groups.len()),
            scales: Vec::with_capacity(groups.len()),
            halves: Vec::with_capacity(groups.len()),
            sums: Vec::with_capacity(groups.len()),
        };
        for group in groups {
            // What is no number stays none: the scale carries it on, and the logits tell.
            let largest = group.iter().fold(0f32, |most, x| match x.abs() <= most {
                true => most,
                false => x.abs() + 0.0 * most,
            });
            let scale = largest / 127.0;
            let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
            let mut numbers = [0i8; 32];
            let mut halves = [0i32; 2];
            for at in 0..32 {
                // Adding it leaves the nearest whole number in the lowest bits of the sum.
                let shifted = group[at] * inverse + 12_582_912.0;
                numbers[at] = shifted.to_bits() as i8;
                halves[at / 16] += i32::from(numbers[at]);
            }
            let halves = halves.map(|sum| sum as f32 * scale);
            rounded.numbers.push(numbers);
            rounded.scales.push(scale);
            rounded.halves.push(halves);
            rounded.sums.push(halves[0] + halves[1]);
        }
        rounded
    }

    fn row(&self, row: usize) -> RoundedRow<'_> {
        let groups = row * self.groups..(row + 1) * self.groups;
        RoundedRow {
            numbers: &self.numbers[groups.clone()],
            scales: &self.scales[groups.clone()],
            halves: &self.halves[groups.clone()],
            sums: &self.sums[groups],
        }
    }

    fn rows(&self) -> usize {
        self.scales.len().checked_div(self.groups).unwrap_or(0)
    }
}

/// One row of [`Rounded`].
#[derive(Clone, Copy)]
struct RoundedRow<'a> {
    numbers: &'a [[i8; 32]],
    scales: &'a [f32],
    halves: &'a [[f32; 2]],
    sums: &'a [f32],
}

/// Rows of blocks times rows of input: `y [outputs, rows]`.
pub(super) fn blocks<B: Block + AnyBitPattern>(weights: &[u8], x: &Rounded, y: &mut [f32]) {
    let rows = x.rows();
    let weights: &[B] = bytemuck::cast_slice(weights);
    let blocks = x.groups / B::GROUPS;
    for (weights, y) in weights.chunks_exact(blocks).zip(y.chunks_exact_mut(rows)) {
        let mut first = 0;
        while first < rows {
            if rows - first >= BLOCK_INPUT_ROWS {
                let rows = std::array::from_fn(|r| x.row(first + r));
                let products = products::<B, BLOCK_INPUT_ROWS>(weights, rows);
                y[first..first + BLOCK_INPUT_ROWS].copy_from_slice(&products);
                first += BLOCK_INPUT_ROWS;
            } else {
                [y[first]] = products::<B, 1>(weights, [x.row(first)]);
                first += 1;
            }
        }
    }
}

/// One row of blocks times some rows of input.
#[inline(always)]
fn products<B: Block, const R: usize>(weights: &[B], x: [RoundedRow<'_>; R]) -> [f32; R] {
    let mut sums = [Eight::zero(); R];
    if B::GROUPS == MOST_GROUPS {
        add_products(weights, x, 0, &mut sums);
    } else {
        let (eights, rest) = weights.as_chunks::<MOST_GROUPS>();
        add_products(eights, x, 0, &mut sums);
        add_products(rest, x, eights.len() * MOST_GROUPS, &mut sums);
    }
    sums.map(Eight::total)
}

/// Adds the products of blocks with the groups of input from number `start` on.
#[inline(always)]
fn add_products<B: Block, const R: usize>(
    weights: &[B],
    x: [RoundedRow<'_>; R],
    start: usize,
    sums: &mut [Eight; R],
) {
    for (number, block) in weights.iter().enumerate() {
        let groups = start + number * B::GROUPS..start + (number + 1) * B::GROUPS;
        let Scales {
            scales,
            mut smallest,
        } = block.scales();
        if B::OFFSET != 0 {
            for (smallest, scale) in smallest.iter_mut().zip(&scales) {
                *smallest -= f32::from(B::OFFSET) * scale;
            }
        }
        for r in 0..R {
            if !B::SMALLEST && B::OFFSET == 0 {
                continue;
            }
            if B::HALVES {
                let halves = x[r].halves[groups.clone()].as_flattened().as_chunks().0;
                for (smallest, halves) in smallest.as_chunks().0.iter().zip(halves) {
                    sums[r] = Eight::load(smallest).fused(Eight::load(halves), sums[r]);
                }
            } else {
                let mut x_sums = [0.0; MOST_GROUPS];
                x_sums[..B::GROUPS].copy_from_slice(&x[r].sums[groups.clone()]);
                let (smallest, _) = smallest.as_chunks();
                sums[r] = Eight::load(&smallest[0]).fused(Eight::load(&x_sums), sums[r]);
            }
        }
        let numbers = block.numbers();
        for (group, numbers) in numbers.as_ref().iter().enumerate() {
            // The weights' scale once for all rows, the row's from memory: cheaper than a product of the two.
            let scale = if B::HALVES {
                Eight::halves(scales[2 * group], scales[2 * group + 1])
            } else {
                Eight::splat(scales[group])
            };
            for r in 0..R {
                let x_numbers = &x[r].numbers[groups.clone()][group];
                let products = if B::POSITIVE {
                    Eight::of_positive_products(numbers, x_numbers)
                } else {
                    Eight::of_products(numbers, x_numbers)
                };
                let x_scale = Eight::splat(x[r].scales[groups.clone()][group]);
                sums[r] = products.times(scale).fused(x_scale, sums[r]);
            }
        }
    }
}
