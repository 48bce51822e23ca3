//! Rotary positions: which angle turns which pair of a head's numbers?

use palinode_model::rotary::Rotary;

/// Cosines and sines of the first positions, in the pairing of Hugging Face's Qwen2 and Llama (number
/// `i` with number `i + width / 2`).
#[derive(Debug)]
pub struct Rope {
    half: usize,
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl Rope {
    /// Tables of `rotary`'s angles for positions below `positions`.
    #[must_use]
    pub fn new(rotary: &Rotary, positions: usize) -> Self {
        let (cosines, sines) = rotary.angles(0..positions);
        Self {
            half: rotary.planes(),
            cosines,
            sines,
        }
    }

    /// How many positions the tables hold.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.cosines.len().checked_div(self.half).unwrap_or(0)
    }

    /// Numbers of a head.
    #[must_use]
    pub fn width(&self) -> usize {
        self.half * 2
    }

    /// Turns `from` by its position's angles, times `scale`, into `to`.
    pub(crate) fn turn(&self, position: usize, scale: f32, from: &[f32], to: &mut [f32]) {
        self.rotate(position, scale, 1.0, from, to);
    }

    /// Turns back: the gradient of [`Rope::turn`].
    pub(crate) fn turn_back(&self, position: usize, scale: f32, from: &[f32], to: &mut [f32]) {
        self.rotate(position, scale, -1.0, from, to);
    }

    #[inline(always)]
    fn rotate(&self, position: usize, scale: f32, direction: f32, from: &[f32], to: &mut [f32]) {
        let half = self.half;
        let cosines = &self.cosines[position * half..][..half];
        let sines = &self.sines[position * half..][..half];
        let (a, b) = (&from[..half], &from[half..][..half]);
        let (to_a, to_b) = to.split_at_mut(half);
        let (to_a, to_b) = (&mut to_a[..half], &mut to_b[..half]);
        for i in 0..half {
            let (cosine, sine) = (cosines[i] * scale, sines[i] * scale * direction);
            to_a[i] = a[i] * cosine - b[i] * sine;
            to_b[i] = b[i] * cosine + a[i] * sine;
        }
    }
}
