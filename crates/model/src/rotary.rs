//! How does a position enter a query or a key? By rotary embeddings (Su et al. 2021, section 3.4), and
//! by the ways in which later models stretch them over longer texts.
//!
//! Two numbers of a head are one plane, turned by `position * frequency` radians. Frequencies fall by
//! powers of a base; a [`Stretch`] slows some of them down. The formulas are those of transformers'
//! `modeling_rope_utils.py`, computed in f32 as there: large positions multiply the difference.

use candle_core::{DType, Device, Tensor};

use crate::Error;

/// The angles of rotary embeddings.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotary {
    /// Radians a position, one for each plane: `[width / 2]`.
    frequencies: Vec<f32>,
    /// Cosines and sines are multiplied by it.
    scale: f32,
    /// Which two numbers are a plane.
    pairing: Pairing,
}

/// Which two numbers of a head are one plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// `i` and `i + width / 2`: Hugging Face's checkpoints.
    Halves,
    /// `2i` and `2i + 1`: GGUF files of Llama's form, whose queries and keys are permuted for it.
    Neighbours,
}

/// How positions beyond those of the first training are reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stretch {
    /// Every frequency divided by a factor.
    Linear {
        /// The factor.
        factor: f64,
    },
    /// Slow frequencies divided by a factor, fast ones left, those between blended (Llama 3.1).
    Llama3 {
        /// The factor.
        factor: f64,
        /// Wavelengths above `original / low` are slow.
        low: f64,
        /// Wavelengths below `original / high` are fast.
        high: f64,
        /// Positions of the first training.
        original: f64,
    },
    /// Blended by the number of turns within the original positions (Peng et al. 2023, section 3.2).
    Yarn {
        /// The factor.
        factor: f64,
        /// Positions of the first training.
        original: f64,
        /// Planes that turn more often than this are left.
        fast: f64,
        /// Planes that turn less often than this are slowed by the whole factor.
        slow: f64,
        /// Whether the blend's ends are rounded to whole planes.
        truncate: bool,
        /// Cosines and sines are multiplied by it.
        scale: f64,
    },
}

impl Rotary {
    /// Rotary embeddings for heads of `width` numbers, slowing down by powers of `base`.
    #[must_use]
    pub fn new(width: usize, base: f64) -> Rotary {
        let frequencies = (0..width / 2)
            .map(|plane| {
                let exponent = (2 * plane) as f32 / width as f32;
                1.0 / (base as f32).powf(exponent)
            })
            .collect();
        Rotary {
            frequencies,
            scale: 1.0,
            pairing: Pairing::Halves,
        }
    }

    /// The same, stretched; `base` is that of [`Rotary::new`].
    #[must_use]
    pub fn stretched(mut self, base: f64, stretch: Stretch) -> Rotary {
        match stretch {
            Stretch::Linear { factor } => {
                let slow = |frequency: &mut f32| *frequency /= factor as f32;
                self.frequencies.iter_mut().for_each(slow);
            }
            Stretch::Llama3 {
                factor,
                low,
                high,
                original,
            } => {
                for frequency in &mut self.frequencies {
                    let wavelength = std::f64::consts::TAU / f64::from(*frequency);
                    let exact = f64::from(*frequency);
                    if wavelength > original / low {
                        *frequency = (exact / factor) as f32;
                    } else if wavelength >= original / high {
                        let blend = (original / wavelength - low) / (high - low);
                        *frequency = ((1.0 - blend) * exact / factor + blend * exact) as f32;
                    }
                }
            }
            Stretch::Yarn {
                factor,
                original,
                fast,
                slow,
                truncate,
                scale,
            } => {
                let width = 2.0 * self.frequencies.len() as f64;
                let plane = |turns: f64| {
                    width * (original / (turns * std::f64::consts::TAU)).ln() / (2.0 * base.ln())
                };
                let (mut first, mut last) = (plane(fast), plane(slow));
                if truncate {
                    (first, last) = (first.floor(), last.ceil());
                }
                let (first, mut last) = (first.max(0.0), last.min(width - 1.0));
                if first == last {
                    last += 0.001;
                }
                for (plane, frequency) in self.frequencies.iter_mut().enumerate() {
                    let exact = f64::from(*frequency);
                    let ramp = ((plane as f64 - first) / (last - first)).clamp(0.0, 1.0);
                    *frequency = (exact / factor * ramp + exact * (1.0 - ramp)) as f32;
                }
                self.scale = scale as f32;
            }
        }
        self
    }

    /// The same with each plane's frequency divided by a factor of its own, as GGUF files state it.
    ///
    /// Returns nothing where there are not as many factors as planes, or one is no positive number.
    #[must_use]
    pub fn divided(mut self, factors: &[f32]) -> Option<Rotary> {
        let usable = |factor: &f32| factor.is_finite() && *factor > 0.0;
        if factors.len() != self.planes() || !factors.iter().all(usable) {
            return None;
        }
        for (frequency, factor) in self.frequencies.iter_mut().zip(factors) {
            *frequency /= factor;
        }
        Some(self)
    }

    /// The same with cosines and sines multiplied by a factor; nothing where it is no positive number.
    #[must_use]
    pub fn amplified(mut self, factor: f64) -> Option<Rotary> {
        self.scale *= factor as f32;
        Some(self).filter(|rotary| rotary.scale.is_finite() && rotary.scale > 0.0)
    }

    /// The same over other pairs.
    #[must_use]
    pub fn paired(self, pairing: Pairing) -> Rotary {
        Rotary { pairing, ..self }
    }

    /// Which two numbers of a head are one plane.
    #[must_use]
    pub fn pairing(&self) -> Pairing {
        self.pairing
    }

    /// Planes of a head: half its width.
    #[must_use]
    pub fn planes(&self) -> usize {
        self.frequencies.len()
    }

    /// Cosines and sines of some positions, each `[positions * planes]`.
    ///
    /// Computed anew for each call: a table for a whole context costs more at start than it ever
    /// saves, and its size would come from an untrusted configuration.
    #[must_use]
    pub fn angles(&self, positions: impl IntoIterator<Item = usize>) -> (Vec<f32>, Vec<f32>) {
        let (mut cosines, mut sines) = (Vec::new(), Vec::new());
        for position in positions {
            for frequency in &self.frequencies {
                let (sine, cosine) = (position as f32 * frequency).sin_cos();
                cosines.push(cosine * self.scale);
                sines.push(sine * self.scale);
            }
        }
        (cosines, sines)
    }

    /// Turns one head by one position's angles.
    pub(crate) fn turn(&self, head: &mut [f32], cosines: &[f32], sines: &[f32]) {
        let angles = cosines.iter().zip(sines);
        match self.pairing {
            Pairing::Halves => {
                let (first, second) = head.split_at_mut(self.planes());
                for ((a, b), (cosine, sine)) in first.iter_mut().zip(second).zip(angles) {
                    (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
                }
            }
            Pairing::Neighbours => {
                for ([a, b], (cosine, sine)) in head.as_chunks_mut::<2>().0.iter_mut().zip(angles) {
                    (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
                }
            }
        }
    }

    /// [`Rotary::angles`] as two tensors `[positions, planes]`.
    ///
    /// # Errors
    /// If the device cannot hold them.
    pub fn tensors(
        &self,
        positions: impl IntoIterator<Item = usize>,
        dtype: DType,
        device: &Device,
    ) -> Result<(Tensor, Tensor), Error> {
        let (cosines, sines) = self.angles(positions);
        let shape = (cosines.len() / self.planes(), self.planes());
        Ok((
            Tensor::from_vec(cosines, shape, device)?.to_dtype(dtype)?,
            Tensor::from_vec(sines, shape, device)?.to_dtype(dtype)?,
        ))
    }

    /// Turns `x [batch, heads, time, width]` by `cosines`, `sines` `[time, width / 2]`, with a backward.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn turn_tensor(
        &self,
        x: &Tensor,
        cosines: &Tensor,
        sines: &Tensor,
    ) -> Result<Tensor, Error> {
        let (batch, heads, time, width) = x.dims4()?;
        let half = width / 2;
        let (first, second) = match self.pairing {
            Pairing::Halves => (x.narrow(3, 0, half)?, x.narrow(3, half, half)?),
            Pairing::Neighbours => {
                let pairs = x.reshape((batch, heads, time, half, 2))?;
                let one =
                    |which| -> Result<Tensor, Error> { Ok(pairs.narrow(4, which, 1)?.squeeze(4)?) };
                (one(0)?, one(1)?)
            }
        };
        let turned_first = (first.broadcast_mul(cosines)? - second.broadcast_mul(sines)?)?;
        let turned_second = (second.broadcast_mul(cosines)? + first.broadcast_mul(sines)?)?;
        match self.pairing {
            Pairing::Halves => Ok(Tensor::cat(&[turned_first, turned_second], 3)?),
            Pairing::Neighbours => {
                let pairs = Tensor::stack(&[turned_first, turned_second], 4)?;
                Ok(pairs.reshape((batch, heads, time, width))?)
            }
        }
    }
}
