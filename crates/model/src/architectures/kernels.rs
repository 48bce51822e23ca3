//! What does the processor do well with slices of `f32`?
//!
//! Plain loops in a form the compiler turns into vector instructions: fixed counts of independent sums
//! that fit the registers, and memory read in the order it lies in.

use candle_core::{DType, Tensor};

use crate::Error;

/// Independent sums over a row: one 512-bit register, or two or four narrower ones.
const LANES: usize = 16;

/// Outputs of a matrix that are computed side by side.
const PANEL: usize = 32;

/// Rows of input that share one pass over a panel: as many as have their sums in registers. With more,
/// the compiler gives up on registers altogether.
const ROWS: usize = if cfg!(target_feature = "avx512f") {
    4
} else {
    2
};

/// `a * b + c`, in one rounding where the processor has an instruction for it (without one, the
/// library call that promises it is fifty times slower).
#[inline(always)]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        a.mul_add(b, c)
    } else {
        a * b + c
    }
}

/// A number as a matrix stores it.
trait Number: Copy {
    fn wide(self) -> f32;
}

impl Number for f32 {
    #[inline(always)]
    fn wide(self) -> f32 {
        self
    }
}

/// The upper half of an `f32`: bfloat16.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brief(u16);

impl Number for Brief {
    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

/// A weight matrix, cut into panels of 32 outputs that lie one after the other, `[inputs, 32]` each.
///
/// So weights stream through the processor in the order they lie in memory, each output has its own
/// lane and is summed over inputs in their order: the sums of a row do not depend on how many rows are
/// computed at once, and a prompt gives the same bits in one piece or token by token.
///
/// Decoding is bound by how fast weights come from memory. Where every number's lower half is zero, as
/// in checkpoints stored in bfloat16, only upper halves are kept: nothing is rounded, and half the
/// bytes move.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    inputs: usize,
    outputs: usize,
    numbers: Numbers,
}

#[derive(Clone, Debug)]
enum Numbers {
    Full(Vec<[f32; PANEL]>),
    Brief(Vec<[Brief; PANEL]>),
}

impl Matrix {
    /// The rows of some matrices `[outputs, inputs]`, one after the other.
    pub(super) fn stack(parts: &[&Tensor]) -> Result<Matrix, Error> {
        let mut inputs = 0;
        let mut rows = Vec::new();
        for part in parts {
            inputs = part.dim(1)?;
            rows.extend(vector(part)?);
        }
        let outputs = rows.len().checked_div(inputs).unwrap_or(0);
        let numbers = if rows.iter().all(|number| number.to_bits() & 0xFFFF == 0) {
            // The shift leaves 16 bits.
            let half = |number: f32| Brief((number.to_bits() >> 16) as u16);
            Numbers::Brief(panels(&rows, inputs, half))
        } else {
            Numbers::Full(panels(&rows, inputs, |number| number))
        };
        Ok(Matrix {
            inputs,
            outputs,
            numbers,
        })
    }

    /// Rows.
    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Copies one row to `target [inputs]`.
    pub(super) fn row(&self, row: usize, target: &mut [f32]) {
        let panel = row / PANEL * self.inputs..(row / PANEL + 1) * self.inputs;
        match &self.numbers {
            Numbers::Full(numbers) => lane(&numbers[panel], row % PANEL, target),
            Numbers::Brief(numbers) => lane(&numbers[panel], row % PANEL, target),
        }
    }

    /// `x [rows, inputs]` times the transposed matrix to `y [rows, outputs]`.
    pub(super) fn apply(&self, x: &[f32], y: &mut [f32]) {
        match &self.numbers {
            Numbers::Full(numbers) => product(numbers, x, y, self.inputs, self.outputs),
            Numbers::Brief(numbers) => product(numbers, x, y, self.inputs, self.outputs),
        }
    }
}

/// Cuts rows `[outputs, inputs]` into panels; outputs that fill up the last one are zero.
fn panels<N: Number>(rows: &[f32], inputs: usize, store: impl Fn(f32) -> N) -> Vec<[N; PANEL]> {
    let mut panels = Vec::with_capacity(rows.len().div_ceil(PANEL));
    for rows in rows.chunks(PANEL * inputs) {
        for input in 0..inputs {
            panels.push(std::array::from_fn(|output| {
                store(rows.get(output * inputs + input).copied().unwrap_or(0.0))
            }));
        }
    }
    panels
}

/// One output's numbers of a panel.
fn lane<N: Number>(panel: &[[N; PANEL]], lane: usize, target: &mut [f32]) {
    for (target, numbers) in target.iter_mut().zip(panel) {
        *target = numbers[lane].wide();
    }
}

/// `x [rows, inputs]` times panels of `outputs` to `y [rows, outputs]`.
fn product<N: Number>(
    numbers: &[[N; PANEL]],
    x: &[f32],
    y: &mut [f32],
    inputs: usize,
    outputs: usize,
) {
    let rows = x.len() / inputs;
    let together = rows / ROWS * ROWS;
    // Blocks of rows, input by input, so that the inner loop reads them in order.
    let mut blocks = Vec::with_capacity(together * inputs / ROWS);
    for block in x[..together * inputs].chunks_exact(ROWS * inputs) {
        for input in 0..inputs {
            blocks.push(std::array::from_fn::<f32, ROWS, _>(|row| {
                block[row * inputs + input]
            }));
        }
    }
    let singles = x[together * inputs..].as_chunks::<1>().0;
    for (number, panel) in numbers.chunks_exact(inputs).enumerate() {
        let first = number * PANEL;
        let width = PANEL.min(outputs - first);
        let mut write = |row: usize, sums: &[f32; PANEL]| {
            let start = row * outputs + first;
            y[start..start + width].copy_from_slice(&sums[..width]);
        };
        for (block, x) in blocks.chunks_exact(inputs).enumerate() {
            for (row, sums) in sums(panel, x).iter().enumerate() {
                write(block * ROWS + row, sums);
            }
        }
        for (row, x) in singles.chunks_exact(inputs).enumerate() {
            write(together + row, &sums(panel, x)[0]);
        }
    }
}

/// Some rows of input times one panel.
#[inline(always)]
fn sums<N: Number, const R: usize>(panel: &[[N; PANEL]], x: &[[f32; R]]) -> [[f32; PANEL]; R] {
    let mut sums = [[0f32; PANEL]; R];
    for (numbers, x) in panel.iter().zip(x) {
        for (sums, x) in sums.iter_mut().zip(x) {
            for (sum, number) in sums.iter_mut().zip(numbers) {
                *sum = fused(number.wide(), *x, *sum);
            }
        }
    }
    sums
}

/// All numbers of a tensor.
pub(super) fn vector(tensor: &Tensor) -> Result<Vec<f32>, Error> {
    Ok(tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
}

/// The product of two rows of one length.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] = fused(a[lane], b[lane], sums[lane]);
        }
    }
    let rest = a_rest.iter().zip(b_rest);
    rest.fold(sums.iter().sum(), |sum, (a, b)| fused(*a, *b, sum))
}

/// Adds `factor * row` to `y` for each of some rows that lie `stride` apart, the first `y.len()`
/// numbers of each.
pub(super) fn mix(y: &mut [f32], factors: &[f32], rows: &[f32], stride: usize) {
    let width = y.len();
    let (fours, rest) = factors.as_chunks::<4>();
    for (number, [a, b, c, d]) in fours.iter().enumerate() {
        let row = |offset: usize| {
            let start = (4 * number + offset) * stride;
            &rows[start..start + width]
        };
        let four = row(0).iter().zip(row(1)).zip(row(2)).zip(row(3));
        for (y, (((p, q), r), s)) in y.iter_mut().zip(four) {
            *y = fused(*d, *s, fused(*c, *r, fused(*b, *q, fused(*a, *p, *y))));
        }
    }
    for (offset, factor) in rest.iter().enumerate() {
        let start = (4 * fours.len() + offset) * stride;
        for (y, number) in y.iter_mut().zip(&rows[start..start + width]) {
            *y = fused(*factor, *number, *y);
        }
    }
}

/// Adds `other` to `x`.
pub(super) fn add(x: &mut [f32], other: &[f32]) {
    for (x, other) in x.iter_mut().zip(other) {
        *x += other;
    }
}

/// Root-mean-square normalisation of each row of `weight.len()` numbers of `x` to `y`.
pub(super) fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, y: &mut [f32]) {
    let width = weight.len();
    for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
        let scale = 1.0 / (dot(x, x) / width as f32 + epsilon).sqrt();
        for ((y, x), weight) in y.iter_mut().zip(x).zip(weight) {
            *y = x * scale * weight;
        }
    }
}

/// `exp(x)` within 2 units in the last place for results above 1e-38, and below that almost 0.
///
/// After Cephes' `expf`: `2^n` times a polynomial on half an octave; the compiler turns a loop over
/// it into vector instructions, which it cannot with the library's function.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding it leaves the nearest integer in the lowest bits of the sum.
    const ROUNDING: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = fused(x, std::f32::consts::LOG2_E, ROUNDING);
    let octaves = shifted - ROUNDING;
    // The logarithm of 2 in two parts, so that the remainder is exact.
    let r = fused(octaves, -0.693_359_4, x);
    let r = fused(octaves, 2.121_944_4e-4, r);
    let mut p = 1.987_569_1e-4;
    for coefficient in [
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = fused(p, r, coefficient);
    }
    let p = fused(p, r * r, r) + 1.0;
    p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// Softmax in place.
pub(super) fn softmax(scores: &mut [f32]) {
    let mut largest = [f32::NEG_INFINITY; LANES];
    let (blocks, rest) = scores.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            largest[lane] = largest[lane].max(block[lane]);
        }
    }
    let largest = largest
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    let mut sums = [0f32; LANES];
    let (blocks, rest) = scores.as_chunks_mut::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            block[lane] = exp(block[lane] - largest);
            sums[lane] += block[lane];
        }
    }
    let mut sum: f32 = sums.iter().sum();
    for score in rest {
        *score = exp(*score - largest);
        sum += *score;
    }
    let scale = 1.0 / sum;
    for score in scores {
        *score *= scale;
    }
}

/// `silu(gate) * up` of each row `[gate, up]` of `x` to `y`, which is half as wide.
pub(super) fn gate(x: &[f32], width: usize, y: &mut [f32]) {
    for (x, y) in x.chunks_exact(2 * width).zip(y.chunks_exact_mut(width)) {
        let (gates, ups) = x.split_at(width);
        for ((y, gate), up) in y.iter_mut().zip(gates).zip(ups) {
            *y = gate / (1.0 + exp(-gate)) * up;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::{Matrix, Numbers, dot, exp, mix, softmax};

    /// Numbers in (-1, 1) without a pattern a kernel could share.
    fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * i * 7 + i * 13) % 1009) as f32 / 504.5 - 1.0)
            .collect()
    }

    fn slow(matrix: &[f32], x: &[f32]) -> Vec<f32> {
        let row = |row: &[f32]| -> f64 {
            row.iter()
                .zip(x)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum()
        };
        matrix
            .chunks_exact(x.len())
            .map(|r| row(r) as f32)
            .collect()
    }

    fn near(found: &[f32], expected: &[f32], what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-5,
                "{what}: {found} {expected}"
            );
        }
    }

    #[test]
    fn products_of_every_width_and_height_agree_with_the_slow_form() {
        for (outputs, inputs) in [(1, 1), (3, 5), (32, 16), (33, 17), (64, 48), (71, 100)] {
            let weights = numbers(outputs * inputs);
            let halves: Vec<f32> = weights
                .iter()
                .map(|number| f32::from_bits(number.to_bits() & 0xFFFF_0000))
                .collect();
            for (weights, brief) in [(weights, false), (halves, true)] {
                let tensor = Tensor::from_slice(&weights, (outputs, inputs), &Device::Cpu).unwrap();
                let matrix = Matrix::stack(&[&tensor]).unwrap();
                // A single row of zeros would be brief as well.
                assert_eq!(
                    matches!(matrix.numbers, Numbers::Brief(_)),
                    brief || inputs == 1
                );
                for rows in [1, 2, 8, 9, 17] {
                    let x = numbers(rows * inputs + 3);
                    let x = &x[3..];
                    let mut y = vec![f32::NAN; rows * outputs];
                    matrix.apply(x, &mut y);
                    let expected: Vec<f32> = x
                        .chunks_exact(inputs)
                        .flat_map(|x| slow(&weights, x))
                        .collect();
                    near(&y, &expected, &format!("{outputs}x{inputs}, {rows} rows"));
                    // The same bits, however many rows are computed at once.
                    let mut alone = vec![f32::NAN; outputs];
                    matrix.apply(&x[..inputs], &mut alone);
                    assert_eq!(alone, y[..outputs]);
                }
                let mut row = vec![0.0; inputs];
                matrix.row(outputs - 1, &mut row);
                assert_eq!(row, weights[(outputs - 1) * inputs..]);
            }
        }
    }

    #[test]
    fn exponentials_are_those_of_the_library() {
        for step in -870..=880 {
            let x = step as f32 / 10.0;
            let (found, expected) = (exp(x), x.exp());
            assert!((found - expected).abs() <= 3e-7 * expected, "exp({x})");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn softmax_sums_to_one_and_keeps_ratios() {
        for count in [1, 2, 15, 16, 17, 100] {
            let scores: Vec<f32> = numbers(count).iter().map(|x| x * 20.0).collect();
            let mut found = scores.clone();
            softmax(&mut found);
            let largest = scores.iter().copied().fold(f32::MIN, f32::max);
            let sum: f32 = scores.iter().map(|x| (x - largest).exp()).sum();
            let expected: Vec<f32> = scores.iter().map(|x| (x - largest).exp() / sum).collect();
            near(&found, &expected, &format!("{count} scores"));
        }
    }

    #[test]
    fn mixing_adds_each_row_by_its_factor() {
        let (stride, width) = (20, 18);
        for count in 0..10 {
            let rows = numbers(stride * count.max(1));
            let factors = numbers(count);
            let mut y = numbers(width);
            let mut expected = y.clone();
            for (factor, row) in factors.iter().zip(rows.chunks_exact(stride)) {
                for (y, x) in expected.iter_mut().zip(row) {
                    *y += factor * x;
                }
            }
            mix(&mut y, &factors, &rows, stride);
            near(&y, &expected, &format!("{count} rows"));
        }
        assert_eq!(dot(&[], &[]), 0.0);
    }
}
