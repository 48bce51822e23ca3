//! In which forms are weights stored, and what numbers do their bytes mean?
//!
//! Besides plain floating point there are the block formats of GGUF files: some weights in a row share a
//! scale, and often a smallest value, and each is a few bits between. The layouts are those of ggml's
//! `ggml-common.h`. Every block is read as groups of 32 weights, `scale * q + smallest` with a small whole
//! number `q`, and both halves of a group may have scales of their own; what is computed on whole numbers
//! and what is turned back into floating point come from this one reading.

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
const FORMATS: [(Format, &str, usize, usize); 15] = [
    (Format::F32, "F32", 1, 4),
    (Format::F16, "F16", 1, 2),
    (Format::BF16, "BF16", 1, 2),
    (Format::Q4_0, "Q4_0", 32, Q4_0::BYTES),
    (Format::Q4_1, "Q4_1", 32, Q4_1::BYTES),
    (Format::Q5_0, "Q5_0", 32, Q5_0::BYTES),
    (Format::Q5_1, "Q5_1", 32, Q5_1::BYTES),
    (Format::Q8_0, "Q8_0", 32, Q8_0::BYTES),
    (Format::Q2K, "Q2_K", 256, Q2K::BYTES),
    (Format::Q3K, "Q3_K", 256, Q3K::BYTES),
    (Format::Q4K, "Q4_K", 256, Q4K::BYTES),
    (Format::Q5K, "Q5_K", 256, Q5K::BYTES),
    (Format::Q6K, "Q6_K", 256, Q6K::BYTES),
    (Format::IQ4NL, "IQ4_NL", 32, IQ4NL::BYTES),
    (Format::IQ4XS, "IQ4_XS", 256, IQ4XS::BYTES),
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

    /// Turns whole blocks into floating point. `target` holds as many numbers as `bytes` have; what is left
    /// over of either stays as it is.
    pub(crate) fn widen(self, bytes: &[u8], target: &mut [f32]) {
        match self {
            Format::F32 => {
                for (target, bytes) in target.iter_mut().zip(bytes.as_chunks::<4>().0) {
                    *target = f32::from_le_bytes(*bytes);
                }
            }
            Format::F16 => {
                for (target, bytes) in target.iter_mut().zip(bytes.as_chunks::<2>().0) {
                    *target = half(*bytes);
                }
            }
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

/// A block format.
///
/// Weight `i` of group `g` is `scales[g][i / 16] * q + smallest[g][i / 16]`.
pub(crate) trait Block {
    /// Bytes of a block.
    const BYTES: usize;
    /// Groups of 32 weights.
    const GROUPS: usize;
    /// Whether there are smallest values.
    const SMALLEST: bool;
    /// Whether the halves of a group differ in them.
    const HALVES: bool;
    /// Whether no `q` is negative.
    const POSITIVE: bool;

    /// The scales of each group's halves.
    fn scales(block: &[u8], scales: &mut [[f32; 2]], smallest: &mut [[f32; 2]]);

    /// The whole numbers of one group.
    fn group(block: &[u8], group: usize) -> [i8; 32];
}

/// The most groups a block has.
pub(crate) const MOST_GROUPS: usize = 8;

fn widen<B: Block>(bytes: &[u8], target: &mut [f32]) {
    let blocks = bytes.chunks_exact(B::BYTES);
    for (block, target) in blocks.zip(target.chunks_exact_mut(B::GROUPS * 32)) {
        let mut scales = [[0.0; 2]; MOST_GROUPS];
        let mut smallest = [[0.0; 2]; MOST_GROUPS];
        B::scales(block, &mut scales, &mut smallest);
        for (group, target) in target.as_chunks_mut::<32>().0.iter_mut().enumerate() {
            let numbers = B::group(block, group);
            for half in 0..2 {
                let (scale, smallest) = (scales[group][half], smallest[group][half]);
                for at in half * 16..half * 16 + 16 {
                    target[at] = scale * f32::from(numbers[at]) + smallest;
                }
            }
        }
    }
}

/// Two bytes at a place of a block.
#[inline(always)]
fn two(block: &[u8], at: usize) -> [u8; 2] {
    [block[at], block[at + 1]]
}

/// Four bytes at a place of a block as a number.
#[inline(always)]
fn four(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

/// The lower halves of 16 bytes, then the upper ones, each less `offset`.
#[inline(always)]
fn nibbles(bytes: &[u8], offset: i8) -> [i8; 32] {
    let mut numbers = [0; 32];
    for at in 0..16 {
        numbers[at] = (bytes[at] & 15) as i8 - offset;
        numbers[at + 16] = (bytes[at] >> 4) as i8 - offset;
    }
    numbers
}

/// The same with a fifth bit each.
#[inline(always)]
fn nibbles_and_bits(bytes: &[u8], bits: u32, offset: i8) -> [i8; 32] {
    let mut numbers = [0; 32];
    for at in 0..16 {
        let low = (bits >> at) << 4 & 16;
        let high = bits >> (at + 12) & 16;
        numbers[at] = (u32::from(bytes[at] & 15) | low) as i8 - offset;
        numbers[at + 16] = (u32::from(bytes[at] >> 4) | high) as i8 - offset;
    }
    numbers
}

macro_rules! one_group {
    ($name:ident, $bytes:expr, $smallest:expr, $positive:expr, |$block:ident| $numbers:expr) => {
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Block for $name {
            const BYTES: usize = $bytes;
            const GROUPS: usize = 1;
            const SMALLEST: bool = $smallest;
            const HALVES: bool = false;
            const POSITIVE: bool = $positive;

            #[inline(always)]
            fn scales(block: &[u8], scales: &mut [[f32; 2]], smallest: &mut [[f32; 2]]) {
                scales[0] = [half(two(block, 0)); 2];
                if Self::SMALLEST {
                    smallest[0] = [half(two(block, 2)); 2];
                }
            }

            #[inline(always)]
            fn group($block: &[u8], _: usize) -> [i8; 32] {
                $numbers
            }
        }
    };
}

one_group!(Q4_0, 18, false, false, |block| nibbles(&block[2..18], 8));
one_group!(Q4_1, 20, true, true, |block| nibbles(&block[4..20], 0));
one_group!(Q5_0, 22, false, false, |block| nibbles_and_bits(
    &block[6..22],
    four(block, 2),
    16
));
one_group!(Q5_1, 24, true, true, |block| nibbles_and_bits(
    &block[8..24],
    four(block, 4),
    0
));
one_group!(Q8_0, 34, false, false, |block| {
    let mut numbers = [0; 32];
    for (number, byte) in numbers.iter_mut().zip(&block[2..34]) {
        *number = *byte as i8;
    }
    numbers
});
one_group!(IQ4NL, 18, false, false, |block| uneven(&block[2..18]));

/// Sixteen levels, closer together near zero.
const LEVELS: [i8; 16] = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

/// [`nibbles`] that number [`LEVELS`].
#[inline(always)]
fn uneven(bytes: &[u8]) -> [i8; 32] {
    let mut numbers = nibbles(bytes, 0);
    for number in &mut numbers {
        *number = LEVELS[(*number & 15) as usize];
    }
    numbers
}

/// Scales and smallest values of Q4_K and Q5_K: eight of six bits each in twelve bytes.
#[inline(always)]
fn packed_scales(block: &[u8], scales: &mut [[f32; 2]], smallest: &mut [[f32; 2]]) {
    let (scale, least) = (half(two(block, 0)), -half(two(block, 2)));
    let [a, b, c] = [four(block, 4), four(block, 8), four(block, 12)];
    let first = [
        a & 0x3F3F_3F3F,
        (c & 0x0F0F_0F0F) | ((a >> 6) & 0x0303_0303) << 4,
    ];
    let second = [
        b & 0x3F3F_3F3F,
        ((c >> 4) & 0x0F0F_0F0F) | ((b >> 6) & 0x0303_0303) << 4,
    ];
    let (first, second) = (bytes_of(first), bytes_of(second));
    for group in 0..8 {
        scales[group] = [scale * first[group]; 2];
        smallest[group] = [least * second[group]; 2];
    }
}

/// Eight bytes as numbers.
#[inline(always)]
fn bytes_of(words: [u32; 2]) -> [f32; 8] {
    let bytes = (u64::from(words[0]) | u64::from(words[1]) << 32).to_le_bytes();
    let mut numbers = [0.0; 8];
    for (number, byte) in numbers.iter_mut().zip(bytes) {
        *number = f32::from(byte);
    }
    numbers
}

/// Four bits a weight; each group of 32 has a scale and a smallest value of six bits.
#[derive(Debug)]
pub(crate) struct Q4K;

impl Block for Q4K {
    const BYTES: usize = 144;
    const GROUPS: usize = 8;
    const SMALLEST: bool = true;
    const HALVES: bool = false;
    const POSITIVE: bool = true;

    #[inline(always)]
    fn scales(block: &[u8], scales: &mut [[f32; 2]], smallest: &mut [[f32; 2]]) {
        packed_scales(block, scales, smallest);
    }

    #[inline(always)]
    fn group(block: &[u8], group: usize) -> [i8; 32] {
        let bytes = &block[16 + group / 2 * 32..][..32];
        let mut numbers = [0; 32];
        for at in 0..32 {
            numbers[at] = (bytes[at] >> (group % 2 * 4) & 15) as i8;
        }
        numbers
    }
}

/// Q4_K with a fifth bit.
#[derive(Debug)]
pub(crate) struct Q5K;

impl Block for Q5K {
    const BYTES: usize = 176;
    const GROUPS: usize = 8;
    const SMALLEST: bool = true;
    const HALVES: bool = false;
    const POSITIVE: bool = true;

    #[inline(always)]
    fn scales(block: &[u8], scales: &mut [[f32; 2]], smallest: &mut [[f32; 2]]) {
        packed_scales(block, scales, smallest);
    }

    #[inline(always)]
    fn group(block: &[u8], group: usize) -> [i8; 32] {
        let high = &block[16..48];
        let low = &block[48 + group / 2 * 32..][..32];
        let mut numbers = [0; 32];
        for at in 0..32 {
            let bit = (high[at] >> group & 1) << 4;
            numbers[at] = ((low[at] >> (group % 2 * 4) & 15) | bit) as i8;
        }
        numbers
    }
}

/// Six bits a weight; each 16 have a scale of eight bits.
#[derive(Debug)]
pub(crate) struct Q6K;

impl Block for Q6K {
    const BYTES: usize = 210;
    const GROUPS: usize = 8;
    const SMALLEST: bool = false;
    const HALVES: bool = true;
    const POSITIVE: bool = false;

    #[inline(always)]
    fn scales(block: &[u8], scales: &mut [[f32; 2]], _: &mut [[f32; 2]]) {
        let scale = half(two(block, 208));
        for group in 0..8 {
            for part in 0..2 {
                scales[group][part] = scale * f32::from(block[192 + 2 * group + part] as i8);
            }
        }
    }

    #[inline(always)]
    fn group(block: &[u8], group: usize) -> [i8; 32] {
        // Two halves of 128 weights; in each, four groups share 64 bytes of low and 32 of high bits.
        let (side, part) = (group / 4, group % 4);
        let low = &block[side * 64 + part % 2 * 32..][..32];
        let high = &block[128 + side * 32..][..32];
        let mut numbers = [0; 32];
        for at in 0..32 {
            let bits = (high[at] >> (2 * part) & 3) << 4;
            numbers[at] = ((low[at] >> (part / 2 * 4) & 15) | bits) as i8 - 32;
        }
        numbers
    }
}

/// Two bits a weight; each 16 have a scale and a smallest value of four bits.
#[derive(Debug)]
pub(crate) struct Q2K;

impl Block for Q2K {
    const BYTES: usize = 84;
    const GROUPS: usize = 8;
    const SMALLEST: bool = true;
    const HALVES: bool = true;
    const POSITIVE: bool = true;

    #[inline(always)]
    fn scales(block: &[u8], scales: &mut [[f32; 2]], smallest: &mut [[f32; 2]]) {
        let (scale, least) = (half(two(block, 80)), -half(two(block, 82)));
        for group in 0..8 {
            for part in 0..2 {
                let byte = block[2 * group + part];
                scales[group][part] = scale * f32::from(byte & 15);
                smallest[group][part] = least * f32::from(byte >> 4);
            }
        }
    }

    #[inline(always)]
    fn group(block: &[u8], group: usize) -> [i8; 32] {
        let bytes = &block[16 + group / 4 * 32..][..32];
        let mut numbers = [0; 32];
        for at in 0..32 {
            numbers[at] = (bytes[at] >> (group % 4 * 2) & 3) as i8;
        }
        numbers
    }
}

/// Three bits a weight; each 16 have a scale of six bits.
#[derive(Debug)]
pub(crate) struct Q3K;

impl Block for Q3K {
    const BYTES: usize = 110;
    const GROUPS: usize = 8;
    const SMALLEST: bool = false;
    const HALVES: bool = true;
    const POSITIVE: bool = false;

    #[inline(always)]
    fn scales(block: &[u8], scales: &mut [[f32; 2]], _: &mut [[f32; 2]]) {
        let scale = half(two(block, 108));
        let [a, b, c] = [four(block, 96), four(block, 100), four(block, 104)];
        let bits = |from: u32| (from & 0x0303_0303) << 4;
        let low = [
            (a & 0x0F0F_0F0F) | bits(c),
            (b & 0x0F0F_0F0F) | bits(c >> 2),
        ];
        let high = [
            (a >> 4 & 0x0F0F_0F0F) | bits(c >> 4),
            (b >> 4 & 0x0F0F_0F0F) | bits(c >> 6),
        ];
        for (side, words) in [low, high].into_iter().enumerate() {
            for (at, number) in bytes_of(words).into_iter().enumerate() {
                scales[side * 4 + at / 2][at % 2] = scale * (number - 32.0);
            }
        }
    }

    #[inline(always)]
    fn group(block: &[u8], group: usize) -> [i8; 32] {
        let high = &block[..32];
        let low = &block[32 + group / 4 * 32..][..32];
        let mut numbers = [0; 32];
        for at in 0..32 {
            let bit = (high[at] >> group & 1) << 2;
            numbers[at] = ((low[at] >> (group % 4 * 2) & 3) | bit) as i8 - 4;
        }
        numbers
    }
}

/// Q4_K's counterpart with uneven levels: each group of 32 has a scale of six bits.
#[derive(Debug)]
pub(crate) struct IQ4XS;

impl Block for IQ4XS {
    const BYTES: usize = 136;
    const GROUPS: usize = 8;
    const SMALLEST: bool = false;
    const HALVES: bool = false;
    const POSITIVE: bool = false;

    #[inline(always)]
    fn scales(block: &[u8], scales: &mut [[f32; 2]], _: &mut [[f32; 2]]) {
        let scale = half(two(block, 0));
        let high = u16::from_le_bytes(two(block, 2));
        for group in 0..8 {
            let low = block[4 + group / 2] >> (group % 2 * 4) & 15;
            let bits = u16::from(low) | (high >> (2 * group) & 3) << 4;
            scales[group] = [scale * (f32::from(bits) - 32.0); 2];
        }
    }

    #[inline(always)]
    fn group(block: &[u8], group: usize) -> [i8; 32] {
        uneven(&block[8 + group * 16..][..16])
    }
}
