//! Eight numbers side by side: what does a processor do with them in one instruction?
//!
//! The compiler finds most vector instructions by itself; where sums of whole numbers meet floating point it
//! does not, so they are named here, with the same arithmetic spelled out beside them for other processors.

use half::f16;

/// Numbers that are computed side by side.
pub(super) const LANES: usize = 8;

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

/// Eight numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eight(Inner);

impl Default for Eight {
    #[inline(always)]
    fn default() -> Eight {
        Eight::zero()
    }
}

#[cfg(all(
    target_arch = "x86_64",
    target_feature = "avx2",
    target_feature = "fma",
    target_feature = "f16c"
))]
use x86::Inner;

#[cfg(not(all(
    target_arch = "x86_64",
    target_feature = "avx2",
    target_feature = "fma",
    target_feature = "f16c"
)))]
use plain::Inner;

impl Eight {
    /// Nothing but zeros.
    #[inline(always)]
    pub(super) fn zero() -> Eight {
        Eight(Inner::splat(0.0))
    }

    /// One number eight times.
    #[inline(always)]
    pub(super) fn splat(number: f32) -> Eight {
        Eight(Inner::splat(number))
    }

    /// One number four times, then another.
    #[inline(always)]
    pub(super) fn halves(low: f32, high: f32) -> Eight {
        Eight(Inner::halves(low, high))
    }

    /// Eight numbers from memory.
    #[inline(always)]
    pub(super) fn load(numbers: &[f32; 8]) -> Eight {
        Eight(Inner::load(numbers))
    }

    /// Eight numbers in half precision from memory.
    #[inline(always)]
    pub(super) fn of_halves(numbers: &[f16; 8]) -> Eight {
        Eight(Inner::of_halves(numbers))
    }

    /// Sums of four neighbouring products each: number `i` is that of places `4 i` to `4 i + 3`.
    #[inline(always)]
    pub(super) fn of_products(a: &[i8; 32], b: &[i8; 32]) -> Eight {
        Eight(Inner::of_products(a, b))
    }

    /// [`Eight::of_products`] where no number of the first is negative.
    #[inline(always)]
    pub(super) fn of_positive_products(a: &[i8; 32], b: &[i8; 32]) -> Eight {
        Eight(Inner::of_positive_products(a, b))
    }

    /// `self * factor + sum`, rounded once where the processor can.
    #[inline(always)]
    pub(super) fn fused(self, factor: Eight, sum: Eight) -> Eight {
        Eight(self.0.fused(factor.0, sum.0))
    }

    /// The product of each two.
    #[inline(always)]
    pub(super) fn times(self, other: Eight) -> Eight {
        Eight(self.0.times(other.0))
    }

    /// All eight.
    #[inline(always)]
    pub(super) fn numbers(self) -> [f32; 8] {
        self.0.numbers()
    }

    /// The sum of all eight, halves onto halves.
    #[inline(always)]
    pub(super) fn total(self) -> f32 {
        let [a, b, c, d, e, f, g, h] = self.numbers();
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

#[cfg(all(
    target_arch = "x86_64",
    target_feature = "avx2",
    target_feature = "fma",
    target_feature = "f16c"
))]
mod x86 {
    #![expect(
        unsafe_code,
        reason = "vector instructions that the compiler does not find by itself; the program is compiled for \
                  processors that have them, and every pattern of these types' 32 bytes is valid"
    )]
    // SAFETY of every block below: see the reason above.

    use std::arch::x86_64::{
        __m128i, __m256, __m256i, _mm256_abs_epi8, _mm256_blend_ps, _mm256_cvtepi32_ps,
        _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_mul_ps,
        _mm256_set1_epi16, _mm256_set1_ps, _mm256_sign_epi8,
    };
    use std::mem::transmute;

    use half::f16;

    #[derive(Clone, Copy, Debug)]
    pub(super) struct Inner(__m256);

    impl Inner {
        #[inline(always)]
        pub(super) fn splat(number: f32) -> Inner {
            unsafe { Inner(_mm256_set1_ps(number)) }
        }

        #[inline(always)]
        pub(super) fn halves(low: f32, high: f32) -> Inner {
            unsafe {
                Inner(_mm256_blend_ps::<0xF0>(
                    _mm256_set1_ps(low),
                    _mm256_set1_ps(high),
                ))
            }
        }

        #[inline(always)]
        pub(super) fn load(numbers: &[f32; 8]) -> Inner {
            unsafe { Inner(transmute::<[f32; 8], __m256>(*numbers)) }
        }

        #[inline(always)]
        pub(super) fn of_halves(numbers: &[f16; 8]) -> Inner {
            unsafe { Inner(_mm256_cvtph_ps(transmute::<[f16; 8], __m128i>(*numbers))) }
        }

        #[inline(always)]
        pub(super) fn numbers(self) -> [f32; 8] {
            unsafe { transmute::<__m256, [f32; 8]>(self.0) }
        }

        #[inline(always)]
        pub(super) fn of_products(a: &[i8; 32], b: &[i8; 32]) -> Inner {
            unsafe {
                let a = transmute::<[i8; 32], __m256i>(*a);
                let b = transmute::<[i8; 32], __m256i>(*b);
                // One operand of the instruction has no sign, so the sign is moved to the other. Sums of two
                // fit 16 bits: at most 2 * 128 * 127.
                widen(_mm256_maddubs_epi16(
                    _mm256_abs_epi8(a),
                    _mm256_sign_epi8(b, a),
                ))
            }
        }

        #[inline(always)]
        pub(super) fn of_positive_products(a: &[i8; 32], b: &[i8; 32]) -> Inner {
            unsafe {
                let a = transmute::<[i8; 32], __m256i>(*a);
                let b = transmute::<[i8; 32], __m256i>(*b);
                widen(_mm256_maddubs_epi16(a, b))
            }
        }

        #[inline(always)]
        pub(super) fn fused(self, factor: Inner, sum: Inner) -> Inner {
            unsafe { Inner(_mm256_fmadd_ps(self.0, factor.0, sum.0)) }
        }

        #[inline(always)]
        pub(super) fn times(self, other: Inner) -> Inner {
            unsafe { Inner(_mm256_mul_ps(self.0, other.0)) }
        }
    }

    /// Neighbouring sums of 16 bits added, as floating point.
    #[inline(always)]
    fn widen(pairs: __m256i) -> Inner {
        unsafe {
            let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
            Inner(_mm256_cvtepi32_ps(fours))
        }
    }
}

#[cfg(any(
    test,
    not(all(
        target_arch = "x86_64",
        target_feature = "avx2",
        target_feature = "fma",
        target_feature = "f16c"
    ))
))]
mod plain {
    use half::f16;

    use super::fused;

    #[derive(Clone, Copy, Debug)]
    pub(super) struct Inner([f32; 8]);

    impl Inner {
        #[inline(always)]
        pub(super) fn splat(number: f32) -> Inner {
            Inner([number; 8])
        }

        #[inline(always)]
        pub(super) fn halves(low: f32, high: f32) -> Inner {
            Inner([low, low, low, low, high, high, high, high])
        }

        #[inline(always)]
        pub(super) fn load(numbers: &[f32; 8]) -> Inner {
            Inner(*numbers)
        }

        #[inline(always)]
        pub(super) fn of_halves(numbers: &[f16; 8]) -> Inner {
            Inner(numbers.map(f16::to_f32))
        }

        #[inline(always)]
        pub(super) fn numbers(self) -> [f32; 8] {
            self.0
        }

        #[inline(always)]
        pub(super) fn of_products(a: &[i8; 32], b: &[i8; 32]) -> Inner {
            let mut sums = [0i32; 8];
            for at in 0..32 {
                sums[at / 4] += i32::from(a[at]) * i32::from(b[at]);
            }
            Inner(sums.map(|sum| sum as f32))
        }

        #[inline(always)]
        pub(super) fn of_positive_products(a: &[i8; 32], b: &[i8; 32]) -> Inner {
            Inner::of_products(a, b)
        }

        #[inline(always)]
        pub(super) fn fused(self, factor: Inner, sum: Inner) -> Inner {
            Inner(std::array::from_fn(|at| {
                fused(self.0[at], factor.0[at], sum.0[at])
            }))
        }

        #[inline(always)]
        pub(super) fn times(self, other: Inner) -> Inner {
            Inner(std::array::from_fn(|at| self.0[at] * other.0[at]))
        }
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::{Eight, plain};

    /// Every value that either side can have, the smallest of all included on the side of weights.
    #[test]
    fn whole_numbers_are_multiplied_exactly() {
        let same = |a: &[i8; 32], b: &[i8; 32]| {
            let found = Eight::of_products(a, b).0.numbers();
            assert_eq!(found, plain::Inner::of_products(a, b).numbers());
        };
        for shift in 0..256usize {
            let a: [i8; 32] = std::array::from_fn(|i| (i * 37 + shift) as u8 as i8);
            let b: [i8; 32] = std::array::from_fn(|i| ((i * 91 + shift * 7) % 255) as u8 as i8)
                .map(|x: i8| x.max(-127));
            same(&a, &b);
            let positive = a.map(|x| x & 63);
            let found = Eight::of_positive_products(&positive, &b).0.numbers();
            let expected = plain::Inner::of_positive_products(&positive, &b);
            assert_eq!(found, expected.numbers());
        }
        for (a, b) in [(-128, 127), (-128, -127), (127, 127)] {
            same(&[a; 32], &[b; 32]);
        }
    }

    #[test]
    fn both_forms_do_the_same_arithmetic() {
        let a = [1.5, -2.0, 3.25, 0.0, 7.0, -0.5, 100.0, 1e-3];
        let b = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        let (x, y) = (Eight::load(&a), Eight::load(&b));
        let (p, q) = (plain::Inner::load(&a), plain::Inner::load(&b));
        assert_eq!(x.times(y).0.numbers(), p.times(q).numbers());
        let fused = x.fused(y, Eight::halves(1.0, 2.0));
        let expected = p.fused(q, plain::Inner::halves(1.0, 2.0));
        assert_eq!(fused.0.numbers(), expected.numbers());
        let splat = plain::Inner::splat(0.25).numbers();
        assert_eq!(Eight::splat(0.25).0.numbers(), splat);
        assert_eq!(Eight::splat(0.25).total(), 2.0);
        let halves = a.map(f16::from_f32);
        let wide = Eight::of_halves(&halves).0.numbers();
        assert_eq!(wide, plain::Inner::of_halves(&halves).numbers());
        assert_eq!(wide, halves.map(f16::to_f32));
        assert_eq!(Eight::zero().total(), 0.0);
    }
}
