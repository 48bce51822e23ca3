//! What is done with rows of numbers besides multiplying them by weights?

use super::eight::{self, Eight, fused};
use crate::form::Activation;

/// Independent sums over a row: one 512-bit register, or two or four narrower ones.
const LANES: usize = 16;

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
    let mut start = 0;
    // As many sums at a time as keep the processor busy and fit its registers.
    while y.len() - start >= 8 * eight::LANES {
        mix_eights::<8>(&mut y[start..], factors, &rows[start..], stride);
        start += 8 * eight::LANES;
    }
    while y.len() - start >= 4 * eight::LANES {
        mix_eights::<4>(&mut y[start..], factors, &rows[start..], stride);
        start += 4 * eight::LANES;
    }
    while y.len() - start >= eight::LANES {
        mix_eights::<1>(&mut y[start..], factors, &rows[start..], stride);
        start += eight::LANES;
    }
    for (factor, row) in factors.iter().zip(rows.chunks(stride)) {
        for (y, number) in y[start..].iter_mut().zip(&row[start..]) {
            *y = fused(*factor, *number, *y);
        }
    }
}

/// [`mix`] of the first `8 * N` numbers.
#[inline(always)]
fn mix_eights<const N: usize>(y: &mut [f32], factors: &[f32], rows: &[f32], stride: usize) {
    let Some(y) = y.as_chunks_mut().0.first_chunk_mut::<N>() else {
        return;
    };
    let mut sums = y.each_ref().map(Eight::load);
    for (factor, row) in factors.iter().zip(rows.chunks(stride)) {
        let Some(row) = row.as_chunks().0.first_chunk::<N>() else {
            break;
        };
        let factor = Eight::splat(*factor);
        for at in 0..N {
            sums[at] = factor.fused(Eight::load(&row[at]), sums[at]);
        }
    }
    *y = sums.map(Eight::numbers);
}

/// Adds `other` to `x`.
pub(super) fn add(x: &mut [f32], other: &[f32]) {
    for (x, other) in x.iter_mut().zip(other) {
        *x += other;
    }
}

/// Adds `row` to each row of `x`, where it is not empty.
pub(super) fn add_row(x: &mut [f32], row: &[f32]) {
    if !row.is_empty() {
        for x in x.chunks_exact_mut(row.len()) {
            add(x, row);
        }
    }
}

/// Normalisation by mean and variance of each row of `weight.len()` numbers of `x` to `y`.
pub(super) fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, y: &mut [f32]) {
    let width = weight.len();
    for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
        let mean = x.iter().sum::<f32>() / width as f32;
        for (y, x) in y.iter_mut().zip(x) {
            *y = x - mean;
        }
        let scale = 1.0 / (dot(y, y) / width as f32 + epsilon).sqrt();
        for (y, (weight, bias)) in y.iter_mut().zip(weight.iter().zip(bias)) {
            *y = *y * scale * weight + bias;
        }
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

/// `activation(gate) * up` of each row `[gate, up]` of `x` to `y`, which is half as wide.
pub(super) fn gate(x: &[f32], width: usize, activation: Activation, y: &mut [f32]) {
    for (x, y) in x.chunks_exact(2 * width).zip(y.chunks_exact_mut(width)) {
        let (gates, ups) = x.split_at(width);
        y.copy_from_slice(gates);
        activate(y, activation);
        for (y, up) in y.iter_mut().zip(ups) {
            *y *= up;
        }
    }
}

/// The activation of each number, in place.
pub(super) fn activate(x: &mut [f32], activation: Activation) {
    match activation {
        Activation::Silu => {
            for x in x {
                *x /= 1.0 + exp(-*x);
            }
        }
        Activation::GeluTanh => {
            // `(1 + tanh(u)) / 2` is `1 / (1 + exp(-2u))`; twice the root of 2 / pi stands before the cubic.
            for x in x {
                let u = 1.595_769 * (*x + 0.044_715 * *x * *x * *x);
                *x /= 1.0 + exp(-u);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{activate, dot, exp, layer_norm, mix, softmax};
    use crate::form::Activation;

    /// Numbers in (-1, 1) without a pattern a kernel could share.
    pub(in crate::slices) fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * i * 7 + i * 13) % 1009) as f32 / 504.5 - 1.0)
            .collect()
    }

    pub(in crate::slices) fn near(found: &[f32], expected: &[f32], what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-5,
                "{what}: {found} {expected}"
            );
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

    #[test]
    fn activations_and_layer_norm_are_those_of_their_definitions() {
        let x: Vec<f32> = numbers(40).iter().map(|x| x * 6.0).collect();
        let mut silu = x.clone();
        activate(&mut silu, Activation::Silu);
        let mut gelu = x.clone();
        activate(&mut gelu, Activation::GeluTanh);
        let wide = |f: &dyn Fn(f64) -> f64| -> Vec<f32> {
            x.iter().map(|x| f(f64::from(*x)) as f32).collect()
        };
        near(&silu, &wide(&|x| x / (1.0 + (-x).exp())), "silu");
        let tanh = |x: f64| {
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            0.5 * x * (1.0 + u.tanh())
        };
        near(&gelu, &wide(&tanh), "gelu");

        let (weight, bias) = (numbers(20), numbers(25)[5..].to_vec());
        let mut y = vec![0.0; 40];
        layer_norm(&x, &weight, &bias, 1e-5, &mut y);
        for (row, y) in x.chunks(20).zip(y.chunks(20)) {
            let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / 20.0;
            let spread = row
                .iter()
                .map(|x| (f64::from(*x) - mean).powi(2))
                .sum::<f64>()
                / 20.0;
            let expected: Vec<f32> = (0..20)
                .map(|at| {
                    let normed = (f64::from(row[at]) - mean) / (spread + 1e-5).sqrt();
                    (normed * f64::from(weight[at]) + f64::from(bias[at])) as f32
                })
                .collect();
            near(y, &expected, "layer norm");
        }
    }
}
