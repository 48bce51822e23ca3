//! How do gradients change the weights?
//!
//! AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) with decoupled decay, in the order of
//! `torch.optim.AdamW`: first the decay, then the step. candle's own keeps its moments in the
//! parameter's type and knows neither parameter groups nor clipping.

use candle_core::{DType, Tensor, Var, bail};

use crate::Result;
use crate::fused::{dot, with_values};
use crate::recipe::Recipe;

/// A trained tensor.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name in the checkpoint.
    pub name: String,
    /// Its value, shared with the network.
    pub var: Var,
    /// Whether it decays.
    pub decay: bool,
}

/// Whether a tensor of this name and rank decays where not everything does: matrices, but not the
/// embedding; biases and norms are vectors.
#[must_use]
pub fn decays(name: &str, rank: usize) -> bool {
    rank > 1 && !name.contains("embed_tokens")
}

/// The state of AdamW over a list of parameters: two moments each, in f32.
#[derive(Debug)]
pub struct AdamW {
    /// Mean gradient and mean squared gradient of each parameter.
    moments: Vec<(Tensor, Tensor)>,
    /// Updates so far.
    updates: u64,
}

impl AdamW {
    /// All moments zero.
    ///
    /// # Errors
    /// If the device cannot hold two numbers for each weight.
    pub fn new(parameters: &[Parameter]) -> Result<AdamW> {
        let zeros = |parameter: &Parameter| -> Result<(Tensor, Tensor)> {
            let (shape, device) = (parameter.var.shape(), parameter.var.device());
            Ok((
                Tensor::zeros(shape, DType::F32, device)?,
                Tensor::zeros(shape, DType::F32, device)?,
            ))
        };
        Ok(AdamW {
            moments: parameters.iter().map(zeros).collect::<Result<_>>()?,
            updates: 0,
        })
    }

    /// The state that a checkpoint holds.
    pub(crate) fn from_parts(moments: Vec<(Tensor, Tensor)>, updates: u64) -> AdamW {
        AdamW { moments, updates }
    }

    /// Mean and mean squared gradients, in the order of the parameters.
    #[must_use]
    pub fn moments(&self) -> &[(Tensor, Tensor)] {
        &self.moments
    }

    /// Updates so far.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// One update. `gradients` stand in the order of the parameters and are multiplied by `scale`, which
    /// is how clipping comes in.
    ///
    /// # Errors
    /// Where a gradient has another shape than its parameter.
    pub fn update(
        &mut self,
        parameters: &[Parameter],
        gradients: &[Tensor],
        scale: f64,
        learning_rate: f64,
        recipe: &Recipe,
    ) -> Result<()> {
        self.updates += 1;
        let power = i32::try_from(self.updates).unwrap_or(i32::MAX);
        let first = 1.0 - recipe.beta1.powi(power);
        let second = 1.0 - recipe.beta2.powi(power);
        let all = parameters.iter().zip(gradients).zip(&mut self.moments);
        for ((parameter, gradient), moments) in all {
            let decays = recipe.decay_all || parameter.decay;
            let numbers = Numbers {
                keep: if decays {
                    1.0 - learning_rate * recipe.weight_decay
                } else {
                    1.0
                },
                rate: learning_rate / first,
                root: second.sqrt(),
                scale,
                recipe,
            };
            if parameter.var.device().is_cpu() && parameter.var.dtype() == DType::F32 {
                numbers.update_values(&parameter.var, gradient, moments)?;
            } else {
                numbers.update_tensors(&parameter.var, gradient, moments)?;
            }
        }
        Ok(())
    }
}

/// What one update of one parameter needs.
struct Numbers<'a> {
    /// What decay leaves of the weight.
    keep: f64,
    /// Learning rate, corrected for the first moment's start at zero.
    rate: f64,
    /// Root of the second moment's correction.
    root: f64,
    /// What the gradient is multiplied by.
    scale: f64,
    recipe: &'a Recipe,
}

impl Numbers<'_> {
    /// In candle's operations: any device, any type of weight.
    fn update_tensors(
        &self,
        var: &Var,
        gradient: &Tensor,
        moments: &mut (Tensor, Tensor),
    ) -> Result<()> {
        let (beta1, beta2) = (self.recipe.beta1, self.recipe.beta2);
        let gradient = (gradient.to_dtype(DType::F32)? * self.scale)?;
        let mean = ((&moments.0 * beta1)? + (&gradient * (1.0 - beta1))?)?;
        let square = ((&moments.1 * beta2)? + (gradient.sqr()? * (1.0 - beta2))?)?;
        let root = ((square.sqrt()? / self.root)? + self.recipe.epsilon)?;
        let step = ((&mean / root)? * self.rate)?;
        let value = ((var.to_dtype(DType::F32)? * self.keep)? - step)?;
        var.set(&value.to_dtype(var.dtype())?.detach())?;
        *moments = (mean.detach(), square.detach());
        Ok(())
    }

    /// In one pass over the numbers: on a processor, a tenth of the time.
    fn update_values(
        &self,
        var: &Var,
        gradient: &Tensor,
        moments: &mut (Tensor, Tensor),
    ) -> Result<()> {
        let (beta1, beta2) = (self.recipe.beta1 as f32, self.recipe.beta2 as f32);
        // From the doubles: 1 - 0.999f32 would be off in the fifth digit.
        let (new1, new2) = (
            (1.0 - self.recipe.beta1) as f32,
            (1.0 - self.recipe.beta2) as f32,
        );
        let (keep, rate, root) = (self.keep as f32, self.rate as f32, self.root as f32);
        let (scale, epsilon) = (self.scale as f32, self.recipe.epsilon as f32);
        let read = |tensor: &Tensor| with_values("adamw", tensor, |values| Ok(values.to_vec()));
        let mut weights = read(var)?;
        let mut mean = read(&moments.0)?;
        let mut square = read(&moments.1)?;
        with_values("adamw", gradient, |gradient| {
            if gradient.len() != weights.len() {
                bail!(
                    "a gradient of {} numbers for {} weights",
                    gradient.len(),
                    weights.len()
                );
            }
            let state = weights.iter_mut().zip(&mut mean).zip(&mut square);
            for (((w, m), v), g) in state.zip(gradient) {
                let g = g * scale;
                *m = beta1 * *m + new1 * g;
                *v = beta2 * *v + new2 * g * g;
                *w = keep * *w - rate * *m / (v.sqrt() / root + epsilon);
            }
            Ok(())
        })?;
        let (shape, device) = (var.shape(), var.device());
        var.set(&Tensor::from_vec(weights, shape, device)?)?;
        *moments = (
            Tensor::from_vec(mean, shape, device)?,
            Tensor::from_vec(square, shape, device)?,
        );
        Ok(())
    }
}

/// The norm of all gradients together, as if they were one vector; summed in f64 in their order.
///
/// # Errors
/// If a gradient cannot be read.
pub fn global_norm(gradients: &[Tensor]) -> Result<f64> {
    let mut total = 0f64;
    for gradient in gradients {
        total += if gradient.device().is_cpu() && gradient.dtype() == DType::F32 {
            with_values("norm", gradient, |values| {
                // A block in f32 and the blocks in f64: as exact as needed, and fast.
                Ok(values
                    .chunks(1024)
                    .map(|block| f64::from(dot(block, block)))
                    .sum::<f64>())
            })?
        } else {
            f64::from(
                gradient
                    .to_dtype(DType::F32)?
                    .sqr()?
                    .sum_all()?
                    .to_scalar::<f32>()?,
            )
        };
    }
    Ok(total.sqrt())
}

/// What gradients of norm `norm` are multiplied by so that it is at most `most`
/// (`torch.nn.utils.clip_grad_norm_`, with its 1e-6).
#[must_use]
pub fn clip_scale(norm: f64, most: f64) -> f64 {
    (most / (norm + 1e-6)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn parameter(name: &str, values: &[f32]) -> Parameter {
        let var = Var::from_slice(values, values.len(), &Device::Cpu).unwrap();
        Parameter {
            name: name.to_owned(),
            var,
            decay: true,
        }
    }

    #[test]
    fn both_forms_agree() {
        let recipe = Recipe {
            weight_decay: 0.1,
            learning_rate: 0.05,
            ..Recipe::paper(10)
        };
        let (fast, plain) = (
            parameter("a", &[1.0, -2.0, 0.5]),
            parameter("b", &[1.0, -2.0, 0.5]),
        );
        let zeros = || Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap();
        let (mut fast_moments, mut plain_moments) = ((zeros(), zeros()), (zeros(), zeros()));
        for step in 1..=4 {
            let gradient = Tensor::new(&[0.1f32 * step as f32, -3.0, 1e-4], &Device::Cpu).unwrap();
            let numbers = Numbers {
                keep: 1.0 - 0.05 * 0.1,
                rate: 0.05 / (1.0 - 0.9f64.powi(step)),
                root: (1.0 - 0.999f64.powi(step)).sqrt(),
                scale: 0.5,
                recipe: &recipe,
            };
            numbers
                .update_values(&fast.var, &gradient, &mut fast_moments)
                .unwrap();
            numbers
                .update_tensors(&plain.var, &gradient, &mut plain_moments)
                .unwrap();
        }
        let (fast, plain) = (
            fast.var.to_vec1::<f32>().unwrap(),
            plain.var.to_vec1::<f32>().unwrap(),
        );
        for (a, b) in fast.iter().zip(&plain) {
            assert!((a - b).abs() < 1e-6, "{fast:?} {plain:?}");
        }
    }

    #[test]
    fn clipping_leaves_small_gradients_alone() {
        let gradients = [
            Tensor::new(&[3f32, 0.0], &Device::Cpu).unwrap(),
            Tensor::new(&[[4f32]], &Device::Cpu).unwrap(),
        ];
        let norm = global_norm(&gradients).unwrap();
        assert!((norm - 5.0).abs() < 1e-9);
        assert_eq!(clip_scale(norm, 10.0), 1.0);
        assert!((clip_scale(norm, 1.0) - 0.2).abs() < 1e-6);
    }

    #[test]
    fn norms_biases_and_embeddings_do_not_decay() {
        assert!(decays("model.layers.0.self_attn.q_proj.weight", 2));
        assert!(decays("lm_head.weight", 2));
        assert!(!decays("model.layers.0.self_attn.q_proj.bias", 1));
        assert!(!decays("model.layers.0.input_layernorm.weight", 1));
        assert!(!decays("model.embed_tokens.weight", 2));
    }
}
