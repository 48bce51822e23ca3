//! In which forms are weights stored, and what numbers do their bytes mean?
//!
//! Besides plain floating point there are the block formats of GGUF files: some weights in a row share a
//! scale, and often a smallest value, and each is a few bits between. The layouts are those of ggml's
//! `ggml-common.h`. Every block is read as groups of 32 weights, `scale * q + smallest` with a small whole
//! number `q`, and both halves of a group may have scales of their own; what is computed on whole numbers
//! and what is turned back into floating point come from this one reading.

#![allow(
    clippy::needless_range_loop,
    reason = "places of several arrays at once, in loops of fixed length, is what the compiler turns into vector \
              instructions"
)]

use bytemuck::AnyBitPattern;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

/// How a tensor's numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the field")]
#[non_exhaustive]
pub enum Format {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
    IQ4NL,
    IQ4XS,
}

/// What is known of each format: its name, the weights and the bytes of a block.
pub(crate) const FORMATS: [(Format, &str, usize, usize); 15] = [
    (Format::F32, "F32", 1, 4),
    (Format::F16, "F16", 1, 2),
    (Format::BF16, "BF16", 1, 2),
    (Format::Q4_0, "Q4_0", 32, size_of::<Q4_0>()),
    (Format::Q4_1, "Q4_1", 32, size_of::<Q4_1>()),
    (Format::Q5_0, "Q5_0", 32, size_of::<Q5_0>()),
    (Format::Q5_1, "Q5_1", 32, size_of::<Q5_1>()),
    (Format::Q8_0, "Q8_0", 32, size_of::<Q8_0>()),
    (Format::Q2K, "Q2_K", 256, size_of::<Q2K>()),
    (Format::Q3K, "Q3_K", 256, size_of::<Q3K>()),
    (Format::Q4K, "Q4_K", 256, size_of::<Q4K>()),
    (Format::Q5K, "Q5_K", 256, size_of::<Q5K>()),
    (Format::Q6K, "Q6_K", 256, size_of::<Q6K>()),
    (Format::IQ4NL, "IQ4_NL", 32, size_of::<IQ4NL>()),
    (Format::IQ4XS, "IQ4_XS", 256, size_of::<IQ4XS>()),
];

impl Format {
    fn facts(self) -> (&'static str, usize, usize) {
        let found = FORMATS.iter().find(|facts| facts.0 == self);
        found.map_or(("", 1, 4), |(_, name, width, bytes)| {
            (*name, *width, *bytes)
        })
    }

    /// Its name, as GGUF's tools write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// Weights of a block: rows are multiples of it.
    #[must_use]
    pub fn block(self) -> usize {
        self.facts().1
    }

    /// Bytes of a block.
    #[must_use]
    pub fn block_bytes(self) -> usize {
        self.facts().2
    }

    /// Bytes of `count` weights; nothing where they are no whole blocks, or more than can be addressed.
    #[must_use]
    pub fn bytes(self, count: usize) -> Option<usize> {
        let (_, width, bytes) = self.facts();
        let blocks = Some(count / width).filter(|_| count.is_multiple_of(width));
        blocks?.checked_mul(bytes)
    }

    /// Whether each number stands for itself.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.block() == 1
    }

    /// The largest whole number in its blocks, where none is negative.
    pub(crate) fn largest(self) -> Option<u8> {
        match self {
            Format::F32 | Format::F16 | Format::BF16 => None,
            Format::Q4_0 => Q4_0::LARGEST,
            Format::Q4_1 => Q4_1::LARGEST,
            Format::Q5_0 => Q5_0::LARGEST,
            Format::Q5_1 => Q5_1::LARGEST,
            Format::Q8_0 => Q8_0::LARGEST,
            Format::Q2K => Q2K::LARGEST,
            Format::Q3K => Q3K::LARGEST,
            Format::Q4K => Q4K::LARGEST,
            Format::Q5K => Q5K::LARGEST,
            Format::Q6K => Q6K::LARGEST,
            Format::IQ4NL => IQ4NL::LARGEST,
            Format::IQ4XS => IQ4XS::LARGEST,
        }
    }

    /// Turns whole blocks into floating point. `target` holds as many numbers as `bytes` have; what is left
    /// over of either stays as it is.
    pub(crate) fn widen(self, bytes: &[u8], target: &mut [f32]) {
        match self {
            Format::F32 => {
                for (target, bytes) in target.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *target = f32::from_le_bytes(*bytes);
                }
            }
            Format::F16 => match bytemuck::try_cast_slice::<u8, u16>(bytes) {
                Ok(bits) => {
                    let count = bits.len().min(target.len());
                    let halves: &[half::f16] = bits[..count].reinterpret_cast();
                    halves.convert_to_f32_slice(&mut target[..count]);
                }
                // Numbers that lie at an odd place.
                Err(_) => {
                    for (target, bytes) in target.iter_mut().zip(bytes.as_chunks::<2>().0) {
                        *target = half(*bytes);
                    }
                }
            },
            Format::BF16 => {
                for (target, bytes) in target.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *target = f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
                }
            }
            Format::Q4_0 => widen::<Q4_0>(bytes, target),
            Format::Q4_1 => widen::<Q4_1>(bytes, target),
            Format::Q5_0 => widen::<Q5_0>(bytes, target),
            Format::Q5_1 => widen::<Q5_1>(bytes, target),
            Format::Q8_0 => widen::<Q8_0>(bytes, target),
            Format::Q2K => widen::<Q2K>(bytes, target),
            Format::Q3K => widen::<Q3K>(bytes, target),
            Format::Q4K => widen::<Q4K>(bytes, target),
            Format::Q5K => widen::<Q5K>(bytes, target),
            Format::Q6K => widen::<Q6K>(bytes, target),
            Format::IQ4NL => widen::<IQ4NL>(bytes, target),
            Format::IQ4XS => widen::<IQ4XS>(bytes, target),
        }
    }
}

/// A number in half precision.
#[inline(always)]
pub(crate) fn half(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_le_bytes(bytes);
    #[cfg(all(target_arch = "x86_64", target_feature = "f16c"))]
    {
        use std::arch::x86_64::{_mm_cvtph_ps, _mm_cvtsi32_si128, _mm_cvtss_f32};
        #[expect(
            unsafe_code,
            reason = "the library's function asks the processor each time"
        )]
        // SAFETY: the program is compiled for processors that have these instructions.
        unsafe {
            _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(i32::from(bits))))
        }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "f16c")))]
    {
        half::f16::from_bits(bits).to_f32()
    }
}

/// A block of weights, as it lies in a file.
///
/// Weight `i` of group `g` is `scale * (q - OFFSET) + smallest`, with scale and smallest value number `g`, or,
/// where halves of groups differ in them, number `2 g + i / 16`.
pub(crate) trait Block: Copy {
    /// Groups of 32 weights.
    const GROUPS: usize;
    /// Whether there are smallest values.
    const SMALLEST: bool = false;
    /// Whether the halves of a group differ in them.
    const HALVES: bool = false;
    /// What is taken off each whole number.
    const OFFSET: i8 = 0;
    /// The largest whole number, where none is negative.
    const LARGEST: Option<u8>;

    /// The scales and the smallest values.
    fn scales(&self) -> Scales;

    /// Groups of whole numbers.
    type Numbers: AsRef<[[i8; 32]]>;

    /// The whole numbers.
    fn numbers(&self) -> Self::Numbers;
}

/// The most groups a block has.
pub(crate) const MOST_GROUPS: usize = 8;

/// What the whole numbers of a block are multiplied by, and what is added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scales {
    pub(crate) scales: [f32; 2 * MOST_GROUPS],
    pub(crate) smallest: [f32; 2 * MOST_GROUPS],
}

impl Scales {
    /// One scale, and one smallest value.
    #[inline(always)]
    fn one(scale: f32, smallest: f32) -> Scales {
        let mut all = Scales {
            scales: [0.0; 2 * MOST_GROUPS],
            smallest: [0.0; 2 * MOST_GROUPS],
        };
        all.scales[0] = scale;
        all.smallest[0] = smallest;
        all
    }
}

fn widen<B: Block + AnyBitPattern>(bytes: &[u8], target: &mut [f32]) {
    let whole = bytes.len() / size_of::<B>() * size_of::<B>();
    let blocks: &[B] = bytemuck::cast_slice(&bytes[..whole]);
    for (block, target) in blocks.iter().zip(target.chunks_exact_mut(B::GROUPS * 32)) {
        let Scales { scales, smallest } = block.scales();
        let numbers = block.numbers();
        let numbers = numbers.as_ref();
        for (group, target) in target.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            for (at, target) in target.iter_mut().enumerate() {
                let which = if B::HALVES {
                    2 * group + at / 16
                } else {
                    group
                };
                let number = numbers[group][at] - B::OFFSET;
                *target = scales[which] * f32::from(number) + smallest[which];
            }
        }
    }
}

/// The lower halves of 16 bytes, then the upper ones.
#[inline(always)]
fn nibbles(bytes: &[u8; 16]) -> [i8; 32] {
    let mut numbers = [0; 32];
    for at in 0..16 {
        numbers[at] = (bytes[at] & 15) as i8;
        numbers[at + 16] = (bytes[at] >> 4) as i8;
    }
    numbers
}

/// [`nibbles`] with a fifth bit each: bit `i` of `bits` belongs to number `i`.
#[inline(always)]
fn nibbles_and_bits(bytes: &[u8; 16], bits: [u8; 4]) -> [i8; 32] {
    let mut numbers = nibbles(bytes);
    let sixteens = sixteens(u32::from_le_bytes(bits));
    for at in 0..32 {
        numbers[at] |= sixteens[at];
    }
    numbers
}

/// 16 for each bit that is set, else 0.
#[inline(always)]
fn sixteens(bits: u32) -> [i8; 32] {
    #[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
    {
        use std::arch::x86_64::{
            __m256i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_set1_epi8, _mm256_set1_epi32,
            _mm256_set1_epi64x, _mm256_setr_epi64x, _mm256_shuffle_epi8,
        };
        #[expect(
            unsafe_code,
            reason = "the compiler makes forty instructions of it, not five"
        )]
        // SAFETY: the program is compiled for processors that have these instructions, and every pattern of 32
        // bytes is valid as either type.
        unsafe {
            // Each byte eight times, then one bit of it.
            let places = _mm256_setr_epi64x(
                0,
                0x0101_0101_0101_0101,
                0x0202_0202_0202_0202,
                0x0303_0303_0303_0303,
            );
            let bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(bits.cast_signed()), places);
            let masks = _mm256_set1_epi64x(0x8040_2010_0804_0201u64.cast_signed());
            let set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, masks), masks);
            let sixteens = _mm256_and_si256(set, _mm256_set1_epi8(16));
            std::mem::transmute::<__m256i, [i8; 32]>(sixteens)
        }
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "avx2")))]
    sixteens_slowly(bits)
}

/// [`sixteens`] on any processor.
#[cfg(any(test, not(all(target_arch = "x86_64", target_feature = "avx2"))))]
fn sixteens_slowly(bits: u32) -> [i8; 32] {
    let mut all = [0; 32];
    for (at, number) in all.iter_mut().enumerate() {
        *number = if bits >> at & 1 == 1 { 16 } else { 0 };
    }
    all
}

/// Four bits a weight, around zero.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q4_0 {
    scale: [u8; 2],
    low: [u8; 16],
}

impl Block for Q4_0 {
    const GROUPS: usize = 1;
    const OFFSET: i8 = 8;
    const LARGEST: Option<u8> = Some(15);

    #[inline(always)]
    fn scales(&self) -> Scales {
        Scales::one(half(self.scale), 0.0)
    }

    type Numbers = [[i8; 32]; 1];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; 1] {
        [nibbles(&self.low)]
    }
}

/// Four bits a weight, above a smallest value.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q4_1 {
    scale: [u8; 2],
    smallest: [u8; 2],
    low: [u8; 16],
}

impl Block for Q4_1 {
    const GROUPS: usize = 1;
    const SMALLEST: bool = true;
    const LARGEST: Option<u8> = Some(15);

    #[inline(always)]
    fn scales(&self) -> Scales {
        Scales::one(half(self.scale), half(self.smallest))
    }

    type Numbers = [[i8; 32]; 1];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; 1] {
        [nibbles(&self.low)]
    }
}

/// Five bits a weight, around zero.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q5_0 {
    scale: [u8; 2],
    high: [u8; 4],
    low: [u8; 16],
}

impl Block for Q5_0 {
    const GROUPS: usize = 1;
    const OFFSET: i8 = 16;
    const LARGEST: Option<u8> = Some(31);

    #[inline(always)]
    fn scales(&self) -> Scales {
        Scales::one(half(self.scale), 0.0)
    }

    type Numbers = [[i8; 32]; 1];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; 1] {
        [nibbles_and_bits(&self.low, self.high)]
    }
}

/// Five bits a weight, above a smallest value.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q5_1 {
    scale: [u8; 2],
    smallest: [u8; 2],
    high: [u8; 4],
    low: [u8; 16],
}

impl Block for Q5_1 {
    const GROUPS: usize = 1;
    const SMALLEST: bool = true;
    const LARGEST: Option<u8> = Some(31);

    #[inline(always)]
    fn scales(&self) -> Scales {
        Scales::one(half(self.scale), half(self.smallest))
    }

    type Numbers = [[i8; 32]; 1];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; 1] {
        [nibbles_and_bits(&self.low, self.high)]
    }
}

/// Eight bits a weight.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q8_0 {
    scale: [u8; 2],
    numbers: [i8; 32],
}

impl Block for Q8_0 {
    const GROUPS: usize = 1;
    const LARGEST: Option<u8> = None;

    #[inline(always)]
    fn scales(&self) -> Scales {
        Scales::one(half(self.scale), 0.0)
    }

    type Numbers = [[i8; 32]; 1];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; 1] {
        [self.numbers]
    }
}

/// Sixteen levels, closer together near zero.
const LEVELS: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

/// [`nibbles`] that number [`LEVELS`].
#[inline(always)]
fn uneven(bytes: &[u8; 16]) -> [i8; 32] {
    let mut numbers = nibbles(bytes);
    for number in &mut numbers {
        *number = LEVELS[(*number & 15) as usize];
    }
    numbers
}

/// Four bits a weight that number uneven levels.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct IQ4NL {
    scale: [u8; 2],
    low: [u8; 16],
}

impl Block for IQ4NL {
    const GROUPS: usize = 1;
    const LARGEST: Option<u8> = None;

    #[inline(always)]
    fn scales(&self) -> Scales {
        Scales::one(half(self.scale), 0.0)
    }

    type Numbers = [[i8; 32]; 1];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; 1] {
        [uneven(&self.low)]
    }
}

/// Four bytes at a place as a number.
#[inline(always)]
fn four(bytes: &[u8; 12], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Eight bytes as numbers.
#[inline(always)]
fn bytes_of(words: [u32; 2]) -> [f32; 8] {
    let bytes = (u64::from(words[0]) | u64::from(words[1]) << 32).to_le_bytes();
    let mut numbers = [0.0; 8];
    for at in 0..8 {
        numbers[at] = f32::from(bytes[at]);
    }
    numbers
}

/// Scales and smallest values of Q4_K and Q5_K: eight of six bits each in twelve bytes.
#[inline(always)]
fn six_bits(scale: [u8; 2], smallest: [u8; 2], packed: &[u8; 12]) -> Scales {
    let (scale, least) = (half(scale), -half(smallest));
    let [a, b, c] = [four(packed, 0), four(packed, 4), four(packed, 8)];
    let first = bytes_of([
        a & 0x3F3F_3F3F,
        (c & 0x0F0F_0F0F) | ((a >> 6) & 0x0303_0303) << 4,
    ]);
    let second = bytes_of([
        b & 0x3F3F_3F3F,
        ((c >> 4) & 0x0F0F_0F0F) | ((b >> 6) & 0x0303_0303) << 4,
    ]);
    let mut all = Scales::one(0.0, 0.0);
    for group in 0..8 {
        all.scales[group] = scale * first[group];
        all.smallest[group] = least * second[group];
    }
    all
}

/// Four bits a weight; each group has a scale and a smallest value of six bits.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q4K {
    scale: [u8; 2],
    smallest: [u8; 2],
    packed: [u8; 12],
    low: [[u8; 32]; 4],
}

impl Block for Q4K {
    const GROUPS: usize = 8;
    const SMALLEST: bool = true;
    const LARGEST: Option<u8> = Some(15);

    #[inline(always)]
    fn scales(&self) -> Scales {
        six_bits(self.scale, self.smallest, &self.packed)
    }

    type Numbers = [[i8; 32]; MOST_GROUPS];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; MOST_GROUPS] {
        let mut numbers = [[0; 32]; MOST_GROUPS];
        for pair in 0..4 {
            for at in 0..32 {
                numbers[2 * pair][at] = (self.low[pair][at] & 15) as i8;
                numbers[2 * pair + 1][at] = (self.low[pair][at] >> 4) as i8;
            }
        }
        numbers
    }
}

/// Q4_K with a fifth bit.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q5K {
    scale: [u8; 2],
    smallest: [u8; 2],
    packed: [u8; 12],
    high: [u8; 32],
    low: [[u8; 32]; 4],
}

impl Block for Q5K {
    const GROUPS: usize = 8;
    const SMALLEST: bool = true;
    const LARGEST: Option<u8> = Some(31);

    #[inline(always)]
    fn scales(&self) -> Scales {
        six_bits(self.scale, self.smallest, &self.packed)
    }

    type Numbers = [[i8; 32]; MOST_GROUPS];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; MOST_GROUPS] {
        let mut numbers = [[0; 32]; MOST_GROUPS];
        for pair in 0..4 {
            for at in 0..32 {
                let bits = self.high[at] >> (2 * pair);
                let low = self.low[pair][at];
                numbers[2 * pair][at] = (low & 15 | (bits & 1) << 4) as i8;
                numbers[2 * pair + 1][at] = (low >> 4 | (bits & 2) << 3) as i8;
            }
        }
        numbers
    }
}

/// Six bits a weight; each half of a group has a scale of eight bits.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q6K {
    /// For each half of the block, the low bits of two times two groups.
    low: [[[u8; 32]; 2]; 2],
    /// For each half of the block, two bits of each of its four groups.
    high: [[u8; 32]; 2],
    scales: [i8; 16],
    scale: [u8; 2],
}

impl Block for Q6K {
    const GROUPS: usize = 8;
    const HALVES: bool = true;
    const OFFSET: i8 = 32;
    const LARGEST: Option<u8> = Some(63);

    #[inline(always)]
    fn scales(&self) -> Scales {
        let scale = half(self.scale);
        let mut all = Scales::one(0.0, 0.0);
        for at in 0..16 {
            all.scales[at] = scale * f32::from(self.scales[at]);
        }
        all
    }

    type Numbers = [[i8; 32]; MOST_GROUPS];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; MOST_GROUPS] {
        let mut numbers = [[0; 32]; MOST_GROUPS];
        for side in 0..2 {
            for at in 0..32 {
                let high = self.high[side][at];
                let [a, b] = [self.low[side][0][at], self.low[side][1][at]];
                numbers[4 * side][at] = (a & 15 | (high & 3) << 4) as i8;
                numbers[4 * side + 1][at] = (b & 15 | (high >> 2 & 3) << 4) as i8;
                numbers[4 * side + 2][at] = (a >> 4 | (high >> 4 & 3) << 4) as i8;
                numbers[4 * side + 3][at] = (b >> 4 | (high >> 6) << 4) as i8;
            }
        }
        numbers
    }
}

/// Two bits a weight; each half of a group has a scale and a smallest value of four bits.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q2K {
    packed: [u8; 16],
    low: [[u8; 32]; 2],
    scale: [u8; 2],
    smallest: [u8; 2],
}

impl Block for Q2K {
    const GROUPS: usize = 8;
    const SMALLEST: bool = true;
    const HALVES: bool = true;
    const LARGEST: Option<u8> = Some(3);

    #[inline(always)]
    fn scales(&self) -> Scales {
        let (scale, least) = (half(self.scale), -half(self.smallest));
        let mut all = Scales::one(0.0, 0.0);
        for at in 0..16 {
            all.scales[at] = scale * f32::from(self.packed[at] & 15);
            all.smallest[at] = least * f32::from(self.packed[at] >> 4);
        }
        all
    }

    type Numbers = [[i8; 32]; MOST_GROUPS];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; MOST_GROUPS] {
        let mut numbers = [[0; 32]; MOST_GROUPS];
        for side in 0..2 {
            for part in 0..4 {
                for at in 0..32 {
                    numbers[4 * side + part][at] = (self.low[side][at] >> (2 * part) & 3) as i8;
                }
            }
        }
        numbers
    }
}

/// Three bits a weight; each half of a group has a scale of six bits.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct Q3K {
    /// Bit `g` belongs to group `g`.
    high: [u8; 32],
    low: [[u8; 32]; 2],
    packed: [u8; 12],
    scale: [u8; 2],
}

impl Block for Q3K {
    const GROUPS: usize = 8;
    const HALVES: bool = true;
    const OFFSET: i8 = 4;
    const LARGEST: Option<u8> = Some(7);

    #[inline(always)]
    fn scales(&self) -> Scales {
        let scale = half(self.scale);
        let packed = &self.packed;
        let [a, b, c] = [four(packed, 0), four(packed, 4), four(packed, 8)];
        let bits = |from: u32| (from & 0x0303_0303) << 4;
        let low = [
            (a & 0x0F0F_0F0F) | bits(c),
            (b & 0x0F0F_0F0F) | bits(c >> 2),
        ];
        let high = [
            (a >> 4 & 0x0F0F_0F0F) | bits(c >> 4),
            (b >> 4 & 0x0F0F_0F0F) | bits(c >> 6),
        ];
        let mut all = Scales::one(0.0, 0.0);
        for (side, words) in [low, high].into_iter().enumerate() {
            for (at, number) in bytes_of(words).into_iter().enumerate() {
                all.scales[8 * side + at] = scale * (number - 32.0);
            }
        }
        all
    }

    type Numbers = [[i8; 32]; MOST_GROUPS];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; MOST_GROUPS] {
        let mut numbers = [[0; 32]; MOST_GROUPS];
        for side in 0..2 {
            for part in 0..4 {
                for at in 0..32 {
                    let bit = (self.high[at] >> (4 * side + part) & 1) << 2;
                    let low = self.low[side][at] >> (2 * part) & 3;
                    numbers[4 * side + part][at] = (low | bit) as i8;
                }
            }
        }
        numbers
    }
}

/// Q4_K's counterpart with uneven levels: each group has a scale of six bits.
#[repr(C)]
#[derive(Clone, Copy, Debug, AnyBitPattern)]
pub(crate) struct IQ4XS {
    scale: [u8; 2],
    high: [u8; 2],
    packed: [u8; 4],
    low: [[u8; 16]; 8],
}

impl Block for IQ4XS {
    const GROUPS: usize = 8;
    const LARGEST: Option<u8> = None;

    #[inline(always)]
    fn scales(&self) -> Scales {
        let scale = half(self.scale);
        let high = u16::from_le_bytes(self.high);
        let mut all = Scales::one(0.0, 0.0);
        for group in 0..8 {
            let low = self.packed[group / 2] >> (group % 2 * 4) & 15;
            let bits = u16::from(low) | (high >> (2 * group) & 3) << 4;
            all.scales[group] = scale * (f32::from(bits) - 32.0);
        }
        all
    }

    type Numbers = [[i8; 32]; MOST_GROUPS];

    #[inline(always)]
    fn numbers(&self) -> [[i8; 32]; MOST_GROUPS] {
        let mut numbers = [[0; 32]; MOST_GROUPS];
        for group in 0..8 {
            numbers[group] = uneven(&self.low[group]);
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{FORMATS, Format, sixteens, sixteens_slowly};

    #[derive(serde::Deserialize)]
    struct Blocks {
        bytes: Vec<Vec<u8>>,
        values: Vec<Vec<f32>>,
    }

    /// Random bytes, and what the `gguf` package of ggml's authors reads from them
    /// (`xtask/golden/by_hand/gguf_fixtures.py`).
    #[test]
    fn blocks_mean_what_ggml_says() {
        let golden = include_str!("../tests/it/golden/gguf/blocks.json");
        let golden: BTreeMap<String, Blocks> = serde_json::from_str(golden).unwrap();
        assert!(golden.len() >= 13);
        for (name, blocks) in golden {
            let found = FORMATS.iter().find(|facts| facts.1 == name).unwrap();
            for (bytes, values) in blocks.bytes.iter().zip(&blocks.values) {
                let mut wide = vec![f32::NAN; values.len()];
                found.0.widen(bytes, &mut wide);
                for (found, expected) in wide.iter().zip(values) {
                    let far = (found - expected).abs();
                    assert!(far <= 1e-6 * expected.abs(), "{name}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn bits_become_sixteens() {
        let mut bits = 1u32;
        for _ in 0..1000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            assert_eq!(sixteens(bits), sixteens_slowly(bits));
        }
    }

    #[test]
    fn every_format_has_a_line_and_counts_whole_blocks_only() {
        for (format, name, width, bytes) in FORMATS {
            assert_eq!((format.name(), format.block()), (name, width));
            assert_eq!(format.bytes(3 * width), Some(3 * bytes));
            assert_eq!(format.bytes(width + 1).is_some(), width == 1);
        }
        assert_eq!(Format::Q4K.bytes(256), Some(144));
        assert_eq!(Format::Q6K.bytes(256), Some(210));
    }
}
