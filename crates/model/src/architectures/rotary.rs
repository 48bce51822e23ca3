//! How does a position enter a query or a key? By rotary embeddings (Su et al. 2021, section 3.4).
//!
//! Numbers `i` and `i + width / 2` of a head are one plane, turned by `position / base^(2i / width)`
//! radians (the layout of Hugging Face's checkpoints: halves, not neighbours).

use candle_core::{DType, Device, Tensor};

use crate::Error;

/// The angles of rotary embeddings.
#[derive(Clone, Debug)]
pub struct Rotary {
    /// Radians a position, one for each plane: `[width / 2]`.
    frequencies: Vec<f32>,
}

impl Rotary {
    /// Rotary embeddings for heads of `width` numbers, slowing down by powers of `base`.
    #[must_use]
    pub fn new(width: usize, base: f64) -> Rotary {
        let frequencies = (0..width / 2)
            .map(|plane| {
                let exponent = (2 * plane) as f32 / width as f32;
                // In f32, as the reference computes it: large positions multiply the difference.
                1.0 / (base as f32).powf(exponent)
            })
            .collect();
        Rotary { frequencies }
    }

    /// Planes of a head: half its width.
    #[must_use]
    pub fn planes(&self) -> usize {
        self.frequencies.len()
    }

    /// Cosines and sines of `count` positions from `start`, each `[count * planes]`.
    ///
    /// Computed anew for each call: a table for a whole context costs more at start than it ever
    /// saves, and its size would come from an untrusted configuration.
    #[must_use]
    pub fn angles(&self, start: usize, count: usize) -> (Vec<f32>, Vec<f32>) {
        let mut cosines = Vec::with_capacity(count * self.planes());
        let mut sines = Vec::with_capacity(count * self.planes());
        for position in start..start + count {
            for frequency in &self.frequencies {
                let (sine, cosine) = (position as f32 * frequency).sin_cos();
                cosines.push(cosine);
                sines.push(sine);
            }
        }
        (cosines, sines)
    }

    /// [`Rotary::angles`] as two tensors `[count, planes]`.
    ///
    /// # Errors
    /// If the device cannot hold them.
    pub fn tensors(
        &self,
        start: usize,
        count: usize,
        dtype: DType,
        device: &Device,
    ) -> Result<(Tensor, Tensor), Error> {
        let (cosines, sines) = self.angles(start, count);
        let shape = (count, self.planes());
        Ok((
            Tensor::from_vec(cosines, shape, device)?.to_dtype(dtype)?,
            Tensor::from_vec(sines, shape, device)?.to_dtype(dtype)?,
        ))
    }
}

/// Turns `x [batch, heads, time, width]` by `cosines`, `sines` `[time, width / 2]`, with a backward.
///
/// # Errors
/// If the shapes do not fit.
pub fn turn(x: &Tensor, cosines: &Tensor, sines: &Tensor) -> Result<Tensor, Error> {
    let half = x.dim(3)? / 2;
    let first = x.narrow(3, 0, half)?;
    let second = x.narrow(3, half, half)?;
    let turned_first = (first.broadcast_mul(cosines)? - second.broadcast_mul(sines)?)?;
    let turned_second = (second.broadcast_mul(cosines)? + first.broadcast_mul(sines)?)?;
    Ok(Tensor::cat(&[turned_first, turned_second], 3)?)
}
