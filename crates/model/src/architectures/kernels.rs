//! What does the processor do well with slices of `f32`?
//!
//! Plain loops in a form the compiler turns into vector instructions: sixteen independent sums, rows
//! taken four at a time so that each load of the input serves four products. Matrix products for many
//! rows at once go to `gemm`, the library candle uses as well.

use candle_core::{DType, Tensor};

use crate::Error;

/// Independent sums: one 512-bit register, or two or four narrower ones.
const LANES: usize = 16;

/// Rows of input from which on `gemm`'s packing pays off.
const MANY: usize = 4;

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

/// The sum of the lanes, halves against halves.
#[inline(always)]
fn total(mut lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
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

/// A weight matrix, one row an output.
///
/// Decoding is bound by how fast weights come from memory. So where every number's lower half is zero,
/// as in checkpoints stored in bfloat16, only upper halves are kept: nothing is rounded, and half the
/// bytes move.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    inputs: usize,
    numbers: Numbers,
}

#[derive(Clone, Debug)]
enum Numbers {
    Full(Vec<f32>),
    Brief(Vec<Brief>),
}

impl Matrix {
    /// The rows of some matrices `[outputs, inputs]`, one after the other.
    pub(super) fn stack(parts: &[&Tensor]) -> Result<Matrix, Error> {
        let mut inputs = 0;
        let mut numbers = Vec::new();
        for part in parts {
            inputs = part.dim(1)?;
            numbers.extend(vector(part)?);
        }
        let brief = numbers.iter().all(|number| number.to_bits() & 0xFFFF == 0);
        let numbers = if brief {
            // The shift leaves 16 bits.
            let half = |number: &f32| Brief((number.to_bits() >> 16) as u16);
            Numbers::Brief(numbers.iter().map(half).collect())
        } else {
            Numbers::Full(numbers)
        };
        Ok(Matrix { inputs, numbers })
    }

    /// Rows.
    pub(super) fn outputs(&self) -> usize {
        let numbers = match &self.numbers {
            Numbers::Full(numbers) => numbers.len(),
            Numbers::Brief(numbers) => numbers.len(),
        };
        numbers.checked_div(self.inputs).unwrap_or(0)
    }

    /// Copies one row to `target [inputs]`.
    pub(super) fn row(&self, row: usize, target: &mut [f32]) {
        let range = row * self.inputs..(row + 1) * self.inputs;
        match &self.numbers {
            Numbers::Full(numbers) => target.copy_from_slice(&numbers[range]),
            Numbers::Brief(numbers) => widen(&numbers[range], target),
        }
    }

    /// `x [rows, inputs]` times the transposed matrix to `y [rows, outputs]`.
    pub(super) fn apply(&self, x: &[f32], y: &mut [f32]) {
        let outputs = self.outputs();
        let rows = x.len() / self.inputs;
        debug_assert_eq!(y.len(), rows * outputs);
        if rows < MANY {
            let rows = x.chunks_exact(self.inputs).zip(y.chunks_exact_mut(outputs));
            for (x, y) in rows {
                match &self.numbers {
                    Numbers::Full(numbers) => times(numbers, x, y),
                    Numbers::Brief(numbers) => times(numbers, x, y),
                }
            }
            return;
        }
        match &self.numbers {
            Numbers::Full(numbers) => product(numbers, x, y, self.inputs),
            Numbers::Brief(numbers) => {
                let mut full = vec![0f32; numbers.len()];
                widen(numbers, &mut full);
                product(&full, x, y, self.inputs);
            }
        }
    }
}

/// All numbers of a tensor.
pub(super) fn vector(tensor: &Tensor) -> Result<Vec<f32>, Error> {
    Ok(tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
}

fn widen(numbers: &[Brief], target: &mut [f32]) {
    for (target, number) in target.iter_mut().zip(numbers) {
        *target = number.wide();
    }
}

/// `matrix [y.len(), x.len()]` times `x`.
fn times<N: Number>(matrix: &[N], x: &[f32], y: &mut [f32]) {
    let width = x.len();
    let (fours, rest) = y.as_chunks_mut::<4>();
    let (upper, lower) = matrix.split_at(fours.len() * 4 * width);
    for (y, rows) in fours.iter_mut().zip(upper.chunks_exact(4 * width)) {
        let (ab, cd) = rows.split_at(2 * width);
        let ((a, b), (c, d)) = (ab.split_at(width), cd.split_at(width));
        *y = four_dots(x, [a, b, c, d]);
    }
    for (y, row) in rest.iter_mut().zip(lower.chunks_exact(width)) {
        *y = dot(x, row);
    }
}

/// The products of `x` with four rows of its length.
#[inline(always)]
fn four_dots<N: Number>(x: &[f32], rows: [&[N]; 4]) -> [f32; 4] {
    let mut sums = [[0f32; LANES]; 4];
    let (blocks, x_rest) = x.as_chunks::<LANES>();
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] =
        rows.map(|row| row.as_chunks::<LANES>());
    for ((((x, a), b), c), d) in blocks.iter().zip(a).zip(b).zip(c).zip(d) {
        for lane in 0..LANES {
            sums[0][lane] = fused(a[lane].wide(), x[lane], sums[0][lane]);
            sums[1][lane] = fused(b[lane].wide(), x[lane], sums[1][lane]);
            sums[2][lane] = fused(c[lane].wide(), x[lane], sums[2][lane]);
            sums[3][lane] = fused(d[lane].wide(), x[lane], sums[3][lane]);
        }
    }
    let mut found = sums.map(total);
    for (found, row) in found.iter_mut().zip([a_rest, b_rest, c_rest, d_rest]) {
        for (x, number) in x_rest.iter().zip(row) {
            *found = fused(*x, number.wide(), *found);
        }
    }
    found
}

/// The product of two rows of one length.
fn dot<N: Number>(x: &[f32], row: &[N]) -> f32 {
    let mut sums = [0f32; LANES];
    let (blocks, x_rest) = x.as_chunks::<LANES>();
    let (row, row_rest) = row.as_chunks::<LANES>();
    for (x, row) in blocks.iter().zip(row) {
        for lane in 0..LANES {
            sums[lane] = fused(row[lane].wide(), x[lane], sums[lane]);
        }
    }
    let rest = x_rest.iter().zip(row_rest);
    rest.fold(total(sums), |sum, (x, number)| {
        fused(*x, number.wide(), sum)
    })
}

/// `x [rows, inputs]` times the transposed `matrix [outputs, inputs]` to `y [rows, outputs]`.
fn product(matrix: &[f32], x: &[f32], y: &mut [f32], inputs: usize) {
    let rows = x.len() / inputs;
    let outputs = matrix.len() / inputs;
    assert!(
        x.len() == rows * inputs && matrix.len() == outputs * inputs && y.len() == rows * outputs,
        "a product's slices must have the sizes its shape says"
    );
    #[expect(unsafe_code, reason = "gemm takes pointers and strides")]
    // SAFETY: the assertion above says that each slice holds exactly the elements that its two strides
    // reach for these sizes, and `y` is borrowed mutably, so it overlaps neither input.
    unsafe {
        gemm::gemm(
            rows,
            outputs,
            inputs,
            y.as_mut_ptr(),
            1,
            outputs as isize,
            false,
            x.as_ptr(),
            1,
            inputs as isize,
            matrix.as_ptr(),
            inputs as isize,
            1,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
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
        5.000_000_1e-1,
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
    let mut sum = total(sums);
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
        for (outputs, inputs) in [(1, 1), (3, 5), (4, 16), (7, 17), (9, 48), (13, 100)] {
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
                for rows in [1, 2, 3, 4, 9] {
                    let x = numbers(rows * inputs + 3);
                    let x = &x[3..];
                    let mut y = vec![f32::NAN; rows * outputs];
                    matrix.apply(x, &mut y);
                    let expected: Vec<f32> = x
                        .chunks_exact(inputs)
                        .flat_map(|x| slow(&weights, x))
                        .collect();
                    near(&y, &expected, &format!("{outputs}x{inputs}, {rows} rows"));
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
        assert_eq!(dot::<f32>(&[], &[]), 0.0);
    }
}
