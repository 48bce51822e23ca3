//! What does the processor do well with rows of weights and rows of input?
//!
//! Plain loops in a form the compiler turns into vector instructions: fixed counts of independent sums
//! that fit the registers, and memory read in the order it lies in. Each pair of a row of weights and a row
//! of input is summed in one order, however many pairs are computed side by side: so a prompt gives the
//! same bits in one piece or token by token, alone or in a batch.

use crate::formats::{Block, MOST_GROUPS};

/// Numbers of a register.
pub(super) const LANES: usize = if cfg!(target_feature = "avx512f") {
    16
} else {
    8
};

/// A register's worth of numbers.
pub(super) type Register = [f32; LANES];

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

/// The sum of a register, halves onto halves.
#[inline(always)]
fn total(register: &Register) -> f32 {
    let mut sums = *register;
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}

/// `weights [outputs, inputs]` times `x [rows, inputs]`: `y [outputs, rows]`.
pub(super) fn floats(weights: &[f32], x: &[f32], inputs: usize, y: &mut [f32]) {
    let rows = x.len() / inputs;
    if rows == 1 {
        // One stream at a time: memory gives more that way than to several.
        for (weights, y) in weights.chunks_exact(inputs).zip(y) {
            *y = tile([weights], [x])[0][0];
        }
        return;
    }
    let blocks = weights.chunks(WEIGHT_ROWS * inputs);
    for (weights, y) in blocks.zip(y.chunks_mut(WEIGHT_ROWS * rows)) {
        if weights.len() == WEIGHT_ROWS * inputs {
            across::<WEIGHT_ROWS>(weights, x, inputs, y);
        } else {
            for (weights, y) in weights.chunks_exact(inputs).zip(y.chunks_exact_mut(rows)) {
                across::<1>(weights, x, inputs, y);
            }
        }
    }
}

/// Some rows of weights times all rows of input.
#[inline(always)]
fn across<const C: usize>(weights: &[f32], x: &[f32], inputs: usize, y: &mut [f32]) {
    let rows = x.len() / inputs;
    let weights: [&[f32]; C] = std::array::from_fn(|c| &weights[c * inputs..(c + 1) * inputs]);
    let mut first = 0;
    while first < rows {
        let x = &x[first * inputs..];
        if rows - first >= INPUT_ROWS {
            write::<C, INPUT_ROWS>(weights, x, first, rows, y);
            first += INPUT_ROWS;
        } else {
            write::<C, 1>(weights, x, first, rows, y);
            first += 1;
        }
    }
}

#[inline(always)]
fn write<const C: usize, const R: usize>(
    weights: [&[f32]; C],
    x: &[f32],
    first: usize,
    rows: usize,
    y: &mut [f32],
) {
    let inputs = weights[0].len();
    let sums = tile::<C, R>(
        weights,
        std::array::from_fn(|r| &x[r * inputs..(r + 1) * inputs]),
    );
    for (c, sums) in sums.iter().enumerate() {
        y[c * rows + first..][..R].copy_from_slice(sums);
    }
}

/// The products of some rows with some rows, all of one length.
#[inline(always)]
fn tile<const C: usize, const R: usize>(weights: [&[f32]; C], x: [&[f32]; R]) -> [[f32; R]; C] {
    let mut sums = [[[0f32; LANES]; R]; C];
    let split_weights = weights.map(|row| row.as_chunks::<LANES>());
    let split_x = x.map(|row| row.as_chunks::<LANES>());
    let steps = split_x[0].0.len();
    let weights = split_weights.map(|(whole, _)| &whole[..steps]);
    let x = split_x.map(|(whole, _)| &whole[..steps]);
    for step in 0..steps {
        for c in 0..C {
            let weights = &weights[c][step];
            for r in 0..R {
                let x = &x[r][step];
                for lane in 0..LANES {
                    sums[c][r][lane] = fused(weights[lane], x[lane], sums[c][r][lane]);
                }
            }
        }
    }
    let mut products = [[0f32; R]; C];
    for c in 0..C {
        for r in 0..R {
            let rest = split_weights[c].1.iter().zip(split_x[r].1);
            products[c][r] = rest.fold(total(&sums[c][r]), |sum, (a, b)| fused(*a, *b, sum));
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
            let largest = group.iter().fold(0f32, |most, x| most.max(x.abs()));
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
pub(super) fn blocks<B: Block>(weights: &[u8], x: &Rounded, y: &mut [f32]) {
    let rows = x.rows();
    let bytes = x.groups / B::GROUPS * B::BYTES;
    for (weights, y) in weights.chunks_exact(bytes).zip(y.chunks_exact_mut(rows)) {
        let mut first = 0;
        while first < rows {
            if rows - first >= BLOCK_INPUT_ROWS {
                let products = products::<B, BLOCK_INPUT_ROWS>(
                    weights,
                    std::array::from_fn(|r| x.row(first + r)),
                );
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
fn products<B: Block, const R: usize>(weights: &[u8], x: [RoundedRow<'_>; R]) -> [f32; R] {
    let mut sums = [[0f32; 8]; R];
    for (number, block) in weights.chunks_exact(B::BYTES).enumerate() {
        let mut scales = [[0f32; 2]; MOST_GROUPS];
        let mut smallest = [[0f32; 2]; MOST_GROUPS];
        B::scales(block, &mut scales, &mut smallest);
        let first = number * B::GROUPS;
        if B::SMALLEST {
            for r in 0..R {
                let groups = first..first + B::GROUPS;
                if B::HALVES {
                    let halves = &x[r].halves[groups];
                    for group in 0..B::GROUPS {
                        for half in 0..2 {
                            let lane = group % 4 * 2 + half;
                            sums[r][lane] =
                                fused(smallest[group][half], halves[group][half], sums[r][lane]);
                        }
                    }
                } else {
                    let totals = &x[r].sums[groups];
                    for group in 0..B::GROUPS {
                        sums[r][group] = fused(smallest[group][0], totals[group], sums[r][group]);
                    }
                }
            }
        }
        for group in 0..B::GROUPS {
            let weights = B::group(block, group);
            for r in 0..R {
                let products = if B::POSITIVE {
                    fours_of_positive(&weights, &x[r].numbers[first + group])
                } else {
                    fours(&weights, &x[r].numbers[first + group])
                };
                let scale = x[r].scales[first + group];
                let scales = scales[group].map(|weight| weight * scale);
                for lane in 0..8 {
                    let scale = if B::HALVES {
                        scales[lane / 4]
                    } else {
                        scales[0]
                    };
                    sums[r][lane] = fused(products[lane] as f32, scale, sums[r][lane]);
                }
            }
        }
    }
    let mut products = [0f32; R];
    for (product, sums) in products.iter_mut().zip(&sums) {
        let [a, b, c, d, e, f, g, h] = sums;
        *product = ((a + e) + (c + g)) + ((b + f) + (d + h));
    }
    products
}

/// Sums of four neighbouring products each, of whole numbers.
#[inline(always)]
fn fours(a: &[i8; 32], b: &[i8; 32]) -> [i32; 8] {
    #[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
    {
        use std::arch::x86_64::{
            __m256i, _mm256_abs_epi8, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16,
            _mm256_sign_epi8,
        };
        #[expect(
            unsafe_code,
            reason = "the compiler does not find this instruction by itself"
        )]
        // SAFETY: the program is compiled for processors that have these instructions, and both types are
        // 32 bytes of which every pattern is valid.
        unsafe {
            let a: __m256i = std::mem::transmute(*a);
            let b: __m256i = std::mem::transmute(*b);
            // One operand of the instruction has no sign, so the sign is moved to the other. Sums of two
            // fit 16 bits: at most 2 * 128 * 127.
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(b, a));
            std::mem::transmute(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "avx2")))]
    fours_slowly(a, b)
}

/// [`fours`] where no number of the first is negative.
#[inline(always)]
fn fours_of_positive(a: &[i8; 32], b: &[i8; 32]) -> [i32; 8] {
    #[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
    {
        use std::arch::x86_64::{
            __m256i, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16,
        };
        #[expect(
            unsafe_code,
            reason = "the compiler does not find this instruction by itself"
        )]
        // SAFETY: as in `fours`.
        unsafe {
            let a: __m256i = std::mem::transmute(*a);
            let b: __m256i = std::mem::transmute(*b);
            let pairs = _mm256_maddubs_epi16(a, b);
            std::mem::transmute(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "avx2")))]
    fours_slowly(a, b)
}

/// [`fours`] on any processor.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "avx2"))))]
fn fours_slowly(a: &[i8; 32], b: &[i8; 32]) -> [i32; 8] {
    let mut sums = [0i32; 8];
    for at in 0..32 {
        sums[at / 4] += i32::from(a[at]) * i32::from(b[at]);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::{fours, fours_of_positive, fours_slowly};

    /// Every value that either side can have, the smallest of all included on the side of weights.
    #[test]
    fn whole_numbers_are_multiplied_exactly() {
        for shift in 0..256usize {
            let a: [i8; 32] = std::array::from_fn(|i| (i * 37 + shift) as u8 as i8);
            let b: [i8; 32] = std::array::from_fn(|i| ((i * 91 + shift * 7) % 255) as u8 as i8)
                .map(|x: i8| x.max(-127));
            assert_eq!(fours(&a, &b), fours_slowly(&a, &b));
            let positive = a.map(|x| x & 63);
            assert_eq!(
                fours_of_positive(&positive, &b),
                fours_slowly(&positive, &b)
            );
        }
        for (a, b) in [(-128, 127), (-128, -127), (127, 127)] {
            let (a, b) = ([a; 32], [b; 32]);
            assert_eq!(fours(&a, &b), fours_slowly(&a, &b));
        }
    }
}
