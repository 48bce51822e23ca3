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
use x86::{Inner, InnerPairs, InnerWholes, turn};

#[cfg(not(all(
    target_arch = "x86_64",
    target_feature = "avx2",
    target_feature = "fma",
    target_feature = "f16c"
)))]
use plain::{Inner, InnerPairs, InnerWholes, turn};

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

    /// The sum of each two.
    #[inline(always)]
    pub(super) fn plus(self, other: Eight) -> Eight {
        Eight(self.0.plus(other.0))
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

    /// [`Eight::total`] of eight at once: what stands at one place in each is added.
    #[inline(always)]
    pub(super) fn totals([a, b, c, d, e, f, g, h]: [Eight; LANES]) -> Eight {
        let first = a.plus(e).plus(c.plus(g));
        first.plus(b.plus(f).plus(d.plus(h)))
    }
}

/// 32 bytes: eight words of four whole numbers of eight bits, or of two of sixteen.
pub(super) type Words = [i32; LANES];

/// Eight whole numbers of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wholes(InnerWholes);

impl Wholes {
    /// Nothing but zeros.
    #[inline(always)]
    pub(super) fn zero() -> Wholes {
        Wholes(InnerWholes::zero())
    }

    /// Sums of four neighbouring products each, of numbers of eight bits: number `i` is that of word `i`. In `b`
    /// none is below -127; `positive` says that none is negative in `a`.
    #[inline(always)]
    pub(super) fn of_products(a: &Words, b: &Words, positive: bool) -> Wholes {
        Wholes(InnerWholes::of_products(a, b, positive))
    }

    /// Adds the products of the two numbers of sixteen bits in each word of `a` with those of one word.
    #[inline(always)]
    pub(super) fn add_products(self, a: &Words, b: i32) -> Wholes {
        Wholes(self.0.add_products(a, b))
    }

    /// The sum of each two.
    #[inline(always)]
    pub(super) fn plus(self, other: Wholes) -> Wholes {
        Wholes(self.0.plus(other.0))
    }

    /// The sums of the first four numbers of each of eight, and those of the last four.
    #[inline(always)]
    pub(super) fn halves(eight: [Wholes; LANES]) -> [Wholes; 2] {
        InnerWholes::halves(eight.map(|wholes| wholes.0)).map(Wholes)
    }

    /// As floating point.
    #[inline(always)]
    pub(super) fn floats(self) -> Eight {
        Eight(self.0.floats())
    }
}

/// Two whole numbers of sixteen bits for each of eight places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs(InnerPairs);

impl Pairs {
    /// Nothing but zeros.
    #[inline(always)]
    pub(super) fn zero() -> Pairs {
        Pairs(InnerPairs::zero())
    }

    /// Adds the products of the numbers of eight bits in each word of `a`, none of them negative, with those of
    /// one word, two in one sum. Sums stay within sixteen bits: that is the caller's to see to.
    #[inline(always)]
    pub(super) fn add_products(self, a: &Words, b: i32) -> Pairs {
        Pairs(self.0.add_products(a, b))
    }

    /// The sum of each pair.
    #[inline(always)]
    pub(super) fn wholes(self) -> Wholes {
        Wholes(self.0.wholes())
    }
}

/// Word `i` of the `j`-th becomes word `j` of the `i`-th.
#[inline(always)]
pub(super) fn transposed(rows: [Words; LANES]) -> [Words; LANES] {
    turn(rows)
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
        __m128i, __m256, __m256i, _mm256_abs_epi8, _mm256_add_epi16, _mm256_add_epi32,
        _mm256_add_ps, _mm256_cvtepi32_ps, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_hadd_epi32,
        _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_permute2x128_si256,
        _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_si256,
        _mm256_sign_epi8, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi32,
        _mm256_unpacklo_epi64,
    };
    use std::mem::transmute;

    use half::f16;

    use super::Words;

    #[derive(Clone, Copy, Debug)]
    pub(super) struct Inner(__m256);

    impl Inner {
        #[inline(always)]
        pub(super) fn splat(number: f32) -> Inner {
            unsafe { Inner(_mm256_set1_ps(number)) }
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
        pub(super) fn fused(self, factor: Inner, sum: Inner) -> Inner {
            unsafe { Inner(_mm256_fmadd_ps(self.0, factor.0, sum.0)) }
        }

        #[inline(always)]
        pub(super) fn times(self, other: Inner) -> Inner {
            unsafe { Inner(_mm256_mul_ps(self.0, other.0)) }
        }

        #[inline(always)]
        pub(super) fn plus(self, other: Inner) -> Inner {
            unsafe { Inner(_mm256_add_ps(self.0, other.0)) }
        }
    }

    #[derive(Clone, Copy, Debug)]
    pub(super) struct InnerWholes(__m256i);

    impl InnerWholes {
        #[inline(always)]
        pub(super) fn zero() -> InnerWholes {
            unsafe { InnerWholes(_mm256_setzero_si256()) }
        }

        #[inline(always)]
        pub(super) fn of_products(a: &Words, b: &Words, positive: bool) -> InnerWholes {
            unsafe {
                let a = transmute::<Words, __m256i>(*a);
                let b = transmute::<Words, __m256i>(*b);
                // One operand of the instruction has no sign, so the sign is moved to the other. Sums of two
                // fit 16 bits: at most 2 * 128 * 127.
                InnerPairs(match positive {
                    true => _mm256_maddubs_epi16(a, b),
                    false => _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(b, a)),
                })
                .wholes()
            }
        }

        #[inline(always)]
        pub(super) fn add_products(self, a: &Words, b: i32) -> InnerWholes {
            unsafe {
                let a = transmute::<Words, __m256i>(*a);
                let products = _mm256_madd_epi16(a, _mm256_set1_epi32(b));
                InnerWholes(_mm256_add_epi32(self.0, products))
            }
        }

        #[inline(always)]
        pub(super) fn plus(self, other: InnerWholes) -> InnerWholes {
            unsafe { InnerWholes(_mm256_add_epi32(self.0, other.0)) }
        }

        #[inline(always)]
        pub(super) fn halves([a, b, c, d, e, f, g, h]: [InnerWholes; 8]) -> [InnerWholes; 2] {
            unsafe {
                let two = |a: InnerWholes, b: InnerWholes| _mm256_hadd_epi32(a.0, b.0);
                // What two additions of neighbours leave: the low halves of four, then their high halves.
                let first = _mm256_hadd_epi32(two(a, b), two(c, d));
                let last = _mm256_hadd_epi32(two(e, f), two(g, h));
                [
                    InnerWholes(_mm256_permute2x128_si256::<0x20>(first, last)),
                    InnerWholes(_mm256_permute2x128_si256::<0x31>(first, last)),
                ]
            }
        }

        #[inline(always)]
        pub(super) fn floats(self) -> Inner {
            unsafe { Inner(_mm256_cvtepi32_ps(self.0)) }
        }
    }

    #[derive(Clone, Copy, Debug)]
    pub(super) struct InnerPairs(__m256i);

    impl InnerPairs {
        #[inline(always)]
        pub(super) fn zero() -> InnerPairs {
            unsafe { InnerPairs(_mm256_setzero_si256()) }
        }

        #[inline(always)]
        pub(super) fn add_products(self, a: &Words, b: i32) -> InnerPairs {
            unsafe {
                let a = transmute::<Words, __m256i>(*a);
                let products = _mm256_maddubs_epi16(a, _mm256_set1_epi32(b));
                InnerPairs(_mm256_add_epi16(self.0, products))
            }
        }

        #[inline(always)]
        pub(super) fn wholes(self) -> InnerWholes {
            unsafe { InnerWholes(_mm256_madd_epi16(self.0, _mm256_set1_epi16(1))) }
        }
    }

    #[inline(always)]
    pub(super) fn turn(rows: [Words; 8]) -> [Words; 8] {
        unsafe {
            let [a, b, c, d, e, f, g, h] = rows.map(|row| transmute::<Words, __m256i>(row));
            // Words of two rows side by side, then of four, in each half; then halves of eight.
            let low = |a, b| _mm256_unpacklo_epi32(a, b);
            let high = |a, b| _mm256_unpackhi_epi32(a, b);
            let fours = |a, b, c, d| {
                let (ab, cd, ab_high, cd_high) = (low(a, b), low(c, d), high(a, b), high(c, d));
                [
                    _mm256_unpacklo_epi64(ab, cd),
                    _mm256_unpackhi_epi64(ab, cd),
                    _mm256_unpacklo_epi64(ab_high, cd_high),
                    _mm256_unpackhi_epi64(ab_high, cd_high),
                ]
            };
            let (first, last) = (fours(a, b, c, d), fours(e, f, g, h));
            let mut turned = [[0; 8]; 8];
            for at in 0..4 {
                let (first, last) = (first[at], last[at]);
                let low = _mm256_permute2x128_si256::<0x20>(first, last);
                let high = _mm256_permute2x128_si256::<0x31>(first, last);
                turned[at] = transmute::<__m256i, Words>(low);
                turned[at + 4] = transmute::<__m256i, Words>(high);
            }
            turned
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

    use super::{Words, fused};

    #[derive(Clone, Copy, Debug)]
    pub(super) struct Inner([f32; 8]);

    impl Inner {
        #[inline(always)]
        pub(super) fn splat(number: f32) -> Inner {
            Inner([number; 8])
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
        pub(super) fn fused(self, factor: Inner, sum: Inner) -> Inner {
            Inner(std::array::from_fn(|at| {
                fused(self.0[at], factor.0[at], sum.0[at])
            }))
        }

        #[inline(always)]
        pub(super) fn times(self, other: Inner) -> Inner {
            Inner(std::array::from_fn(|at| self.0[at] * other.0[at]))
        }

        #[inline(always)]
        pub(super) fn plus(self, other: Inner) -> Inner {
            Inner(std::array::from_fn(|at| self.0[at] + other.0[at]))
        }
    }

    /// The numbers of eight bits in a word.
    #[inline(always)]
    fn bytes(word: i32) -> [i32; 4] {
        word.to_ne_bytes().map(|byte| i32::from(byte as i8))
    }

    /// The numbers of sixteen bits in a word.
    #[inline(always)]
    fn shorts(word: i32) -> [i32; 2] {
        let [a, b, c, d] = word.to_ne_bytes();
        [[a, b], [c, d]].map(|short| i32::from(i16::from_ne_bytes(short)))
    }

    #[derive(Clone, Copy, Debug)]
    pub(super) struct InnerWholes([i32; 8]);

    impl InnerWholes {
        #[inline(always)]
        pub(super) fn zero() -> InnerWholes {
            InnerWholes([0; 8])
        }

        #[inline(always)]
        pub(super) fn of_products(a: &Words, b: &Words, _positive: bool) -> InnerWholes {
            InnerWholes(std::array::from_fn(|at| {
                let products = bytes(a[at]).into_iter().zip(bytes(b[at]));
                products.map(|(a, b)| a * b).sum()
            }))
        }

        #[inline(always)]
        pub(super) fn add_products(self, a: &Words, b: i32) -> InnerWholes {
            let [low, high] = shorts(b);
            InnerWholes(std::array::from_fn(|at| {
                let a = shorts(a[at]);
                self.0[at] + a[0] * low + a[1] * high
            }))
        }

        #[inline(always)]
        pub(super) fn plus(self, other: InnerWholes) -> InnerWholes {
            InnerWholes(std::array::from_fn(|at| self.0[at] + other.0[at]))
        }

        #[inline(always)]
        pub(super) fn halves(eight: [InnerWholes; 8]) -> [InnerWholes; 2] {
            [0, 4].map(|first| {
                InnerWholes(eight.map(|InnerWholes(sums)| sums[first..first + 4].iter().sum()))
            })
        }

        #[inline(always)]
        pub(super) fn floats(self) -> Inner {
            Inner(self.0.map(|sum| sum as f32))
        }
    }

    #[derive(Clone, Copy, Debug)]
    pub(super) struct InnerPairs([[i16; 2]; 8]);

    impl InnerPairs {
        #[inline(always)]
        pub(super) fn zero() -> InnerPairs {
            InnerPairs([[0; 2]; 8])
        }

        #[inline(always)]
        pub(super) fn add_products(self, a: &Words, b: i32) -> InnerPairs {
            let b = bytes(b);
            InnerPairs(std::array::from_fn(|at| {
                let products: [i32; 4] = std::array::from_fn(|byte| bytes(a[at])[byte] * b[byte]);
                let [first, last] = self.0[at];
                [
                    first + (products[0] + products[1]) as i16,
                    last + (products[2] + products[3]) as i16,
                ]
            }))
        }

        #[inline(always)]
        pub(super) fn wholes(self) -> InnerWholes {
            InnerWholes(self.0.map(|pair| pair.into_iter().map(i32::from).sum()))
        }
    }

    #[inline(always)]
    pub(super) fn turn(rows: [Words; 8]) -> [Words; 8] {
        std::array::from_fn(|i| std::array::from_fn(|j| rows[j][i]))
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::{Eight, Pairs, Wholes, Words, plain, transposed};

    fn words(numbers: [i8; 32]) -> Words {
        bytemuck::must_cast(numbers)
    }

    /// Every value that either side can have, the smallest of all included on the side of weights.
    #[test]
    fn whole_numbers_are_multiplied_exactly() {
        let expected = |a: [i8; 32], b: [i8; 32]| -> [f32; 8] {
            std::array::from_fn(|word| {
                let products =
                    (4 * word..4 * word + 4).map(|at| i32::from(a[at]) * i32::from(b[at]));
                products.sum::<i32>() as f32
            })
        };
        let same = |a: [i8; 32], b: [i8; 32], positive: bool| {
            let found = Wholes::of_products(&words(a), &words(b), positive).floats();
            let plain = plain::InnerWholes::of_products(&words(a), &words(b), positive).floats();
            assert_eq!(found.numbers(), expected(a, b));
            assert_eq!(plain.numbers(), expected(a, b));
        };
        for shift in 0..256usize {
            let a: [i8; 32] = std::array::from_fn(|i| (i * 37 + shift) as u8 as i8);
            let b: [i8; 32] = std::array::from_fn(|i| ((i * 91 + shift * 7) % 255) as u8 as i8)
                .map(|x: i8| x.max(-127));
            same(a, b, false);
            let positive = a.map(|x| x & 63);
            same(positive, b, true);
            // One word with each of eight, as numbers of eight bits and of sixteen.
            let one = words(b)[shift % 8];
            let expected = expected(positive, bytemuck::must_cast([one; 8]));
            let pairs = Pairs::zero().add_products(&words(positive), one).wholes();
            assert_eq!(pairs.floats().numbers(), expected);
            let pairs = plain::InnerPairs::zero().add_products(&words(positive), one);
            assert_eq!(pairs.wholes().floats().numbers(), expected);
            let shorts: [i16; 16] = std::array::from_fn(|at| i16::from(a[at]));
            let [low, high] = [i16::from(b[shift % 32]), -128];
            let expected: [f32; 8] = std::array::from_fn(|at| {
                let [first, last] = [shorts[2 * at], shorts[2 * at + 1]].map(i32::from);
                (first * i32::from(low) + last * i32::from(high)) as f32
            });
            let (shorts, one): (Words, i32) = (
                bytemuck::must_cast(shorts),
                bytemuck::must_cast([low, high]),
            );
            let sums = Wholes::zero().add_products(&shorts, one);
            assert_eq!(sums.floats().numbers(), expected);
            let sums = plain::InnerWholes::zero().add_products(&shorts, one);
            assert_eq!(sums.floats().numbers(), expected);
        }
        for (a, b) in [(-128, 127), (-128, -127), (127, 127)] {
            same([a; 32], [b; 32], false);
        }
    }

    #[test]
    fn words_turn_and_halves_add() {
        let rows: [Words; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (8 * i + j) as i32));
        let turned = transposed(rows);
        assert_eq!(turned, plain::turn(rows));
        assert_eq!((turned[0][1], turned[7][2]), (8, 23));
        // A word of sixteen bits times one is itself.
        let eight = rows.map(|row| Wholes::zero().add_products(&row, 1));
        let [low, high] = Wholes::halves(eight);
        let expected = |first: usize| -> [f32; 8] {
            rows.map(|row| row[first..first + 4].iter().sum::<i32>() as f32)
        };
        assert_eq!(low.floats().numbers(), expected(0));
        assert_eq!(high.floats().numbers(), expected(4));
        let plain = rows.map(|row| plain::InnerWholes::zero().add_products(&row, 1));
        let [low, high] = plain::InnerWholes::halves(plain);
        assert_eq!(low.floats().numbers(), expected(0));
        assert_eq!(
            high.plus(low).floats().numbers()[7],
            (56..64).sum::<i32>() as f32
        );
    }

    #[test]
    fn both_forms_do_the_same_arithmetic() {
        let a = [1.5, -2.0, 3.25, 0.0, 7.0, -0.5, 100.0, 1e-3];
        let b = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        let (x, y) = (Eight::load(&a), Eight::load(&b));
        let (p, q) = (plain::Inner::load(&a), plain::Inner::load(&b));
        assert_eq!(x.times(y).0.numbers(), p.times(q).numbers());
        assert_eq!(x.plus(y).0.numbers(), p.plus(q).numbers());
        let fused = x.fused(y, x);
        assert_eq!(fused.0.numbers(), p.fused(q, p).numbers());
        let splat = plain::Inner::splat(0.25).numbers();
        assert_eq!(Eight::splat(0.25).0.numbers(), splat);
        assert_eq!(Eight::splat(0.25).total(), 2.0);
        let eight: [Eight; 8] = std::array::from_fn(|at| Eight::splat(a[at]));
        assert_eq!(Eight::totals(eight).numbers(), [x.total(); 8]);
        let halves = a.map(f16::from_f32);
        let wide = Eight::of_halves(&halves).0.numbers();
        assert_eq!(wide, plain::Inner::of_halves(&halves).numbers());
        assert_eq!(wide, halves.map(f16::to_f32));
        assert_eq!(Eight::zero().total(), 0.0);
    }
}
