//! What are the loops that every fused operation shares?
//!
//! Plain safe Rust, written so that the compiler turns each loop into vector instructions: a fixed
//! number of independent lanes, no calls, no casts that saturate. The order of every sum is fixed by
//! the code, so the same build gives the same bytes whatever the number of threads.

/// Independent partial sums of a reduction. Sixteen `f32` fill one 512-bit register or two of 256.
pub(crate) const LANES: usize = 16;

/// `a * b + c`, in one rounding where the target has the instruction.
///
/// Without it, `mul_add` would be a call into the C library for every element, some fifty times
/// slower than two instructions; so the choice is made when the code is compiled.
#[inline(always)]
pub(crate) fn fused_multiply_add(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        a.mul_add(b, c)
    } else {
        a * b + c
    }
}

/// e to the power of `x`, within 2 units in the last place between -87 and 88; clamped outside,
/// NaN for NaN.
///
/// `x = n ln 2 + r`, a polynomial of degree 6 for the remainder, and the exponent bits for the rest.
/// Adding 1.5 × 2^23 rounds to the nearest whole number and leaves it in the low bits, which spares
/// the saturating cast that would keep the loop scalar.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = fused_multiply_add(x, std::f32::consts::LOG2_E, MAGIC);
    let n = shifted - MAGIC;
    // ln 2 in two parts, so that n ln 2 is exact to more than 24 bits.
    let r = fused_multiply_add(n, -0.693_359_4, x);
    let r = fused_multiply_add(n, 2.121_944_4e-4, r);
    let mut p = 1.0 / 720.0;
    p = fused_multiply_add(p, r, 1.0 / 120.0);
    p = fused_multiply_add(p, r, 1.0 / 24.0);
    p = fused_multiply_add(p, r, 1.0 / 6.0);
    p = fused_multiply_add(p, r, 0.5);
    p = fused_multiply_add(p, r, 1.0);
    p = fused_multiply_add(p, r, 1.0);
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    p * scale
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Sum of `f(a[i], b[i])` in a fixed order: one partial sum a lane, then the lanes in turn.
#[inline(always)]
fn reduce(a: &[f32], b: &[f32], f: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] = f(x[lane], y[lane], sums[lane]);
        }
    }
    let mut total = 0f32;
    for (x, y) in a_rest.iter().zip(b_rest) {
        total = f(*x, *y, total);
    }
    for sum in sums {
        total += sum;
    }
    total
}

/// Sum of `a[i] * b[i]`; the shorter of the two sets the length.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    reduce(a, b, fused_multiply_add)
}

/// Sum of `a[i]`.
pub(crate) fn sum(a: &[f32]) -> f32 {
    reduce(a, a, |x, _, sum| sum + x)
}

/// The largest of `a`, negative infinity for none. NaN is passed over.
pub(crate) fn maximum(a: &[f32]) -> f32 {
    let mut best = [f32::NEG_INFINITY; LANES];
    let (blocks, rest) = a.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            best[lane] = if block[lane] > best[lane] {
                block[lane]
            } else {
                best[lane]
            };
        }
    }
    let mut top = f32::NEG_INFINITY;
    for value in best.iter().chain(rest) {
        top = if *value > top { *value } else { top };
    }
    top
}

/// `row[i] = e^(row[i] - shift)`; returns the sum.
pub(crate) fn exp_in_place(row: &mut [f32], shift: f32) -> f32 {
    for value in row.iter_mut() {
        *value = exp(*value - shift);
    }
    sum(row)
}

/// `to[i] += from[i]`.
pub(crate) fn add_to(to: &mut [f32], from: &[f32]) {
    for (t, f) in to.iter_mut().zip(from) {
        *t += *f;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_to_the_library() {
        let mut worst = 0f64;
        for i in -86_999..88_000 {
            let x = i as f32 * 1e-3;
            let truth = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) - truth).abs() / truth);
        }
        assert!(worst < 3e-7, "relative error {worst}");
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
        assert!(exp(1e9).is_finite());
    }

    #[test]
    fn reductions_cover_every_element() {
        for n in 0..70 {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let ones = vec![1f32; n];
            let expected = (0..n).sum::<usize>() as f32;
            assert_eq!(sum(&a), expected);
            assert_eq!(dot(&a, &ones), expected);
            let top = n
                .checked_sub(1)
                .map_or(f32::NEG_INFINITY, |last| last as f32);
            assert_eq!(maximum(&a), top);
        }
    }
}
