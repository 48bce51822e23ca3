//! Root-mean-square normalisation with a weight (Zhang & Sennrich 2019), and its gradients.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::lanes::dot;
use super::storage::{rows_and_width, values, with_values};

const NAME: &str = "rms_norm";

/// 1 / root of the mean square of a row.
fn scale(row: &[f32], epsilon: f32) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + epsilon).sqrt()
}

/// `out = x / root(mean(x²) + epsilon) * weight`, row by row.
pub(crate) fn forward(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    let width = weight.len();
    for (row, to) in x.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let scale = scale(row, epsilon);
        for ((t, v), w) in to.iter_mut().zip(row).zip(weight) {
            *t = v * scale * w;
        }
    }
}

/// Adds the gradients to `dx` and `dw`. With `n = x·s`: dw = Σ dy·n, dx = s·(dy·w − n·mean(dy·w·n)).
pub(crate) fn backward(
    x: &[f32],
    weight: &[f32],
    epsilon: f32,
    dy: &[f32],
    dx: &mut [f32],
    dw: &mut [f32],
) {
    let width = weight.len();
    let mut weighted = vec![0f32; width];
    let rows = x.chunks_exact(width).zip(dy.chunks_exact(width));
    for ((row, dy), to) in rows.zip(dx.chunks_exact_mut(width)) {
        let scale = scale(row, epsilon);
        for ((g, d), w) in weighted.iter_mut().zip(dy).zip(weight) {
            *g = d * w;
        }
        for ((t, d), v) in dw.iter_mut().zip(dy).zip(row) {
            *t += d * (v * scale);
        }
        let mean = dot(&weighted, row) * scale / width as f32;
        for ((t, g), v) in to.iter_mut().zip(&weighted).zip(row) {
            *t += scale * (g - v * scale * mean);
        }
    }
}

struct RmsNorm {
    epsilon: f32,
}

/// `forward` as a tensor operation with a backward: `x` \[.., width\], `weight` \[width\].
///
/// # Errors
/// Where the shapes do not fit, the type is not `f32` or a tensor is not contiguous.
pub fn rms_norm(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor> {
    x.apply_op2(
        weight,
        RmsNorm {
            epsilon: epsilon as f32,
        },
    )
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, width) = rows_and_width(NAME, l1)?;
        let (x, weight) = (values(NAME, s1, l1)?, values(NAME, s2, l2)?);
        if weight.len() != width {
            bail!(
                "{NAME}: a weight of {} values for rows of {width}",
                weight.len()
            );
        }
        let mut out = vec![0f32; x.len()];
        forward(x, weight, self.epsilon, &mut out);
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let mut dx = vec![0f32; x.elem_count()];
        let mut dw = vec![0f32; weight.elem_count()];
        with_values(NAME, x, |x| {
            with_values(NAME, weight, |weight| {
                with_values(NAME, gradient, |dy| {
                    backward(x, weight, self.epsilon, dy, &mut dx, &mut dw);
                    Ok(())
                })
            })
        })?;
        Ok((
            Some(Tensor::from_vec(dx, x.shape(), x.device())?),
            Some(Tensor::from_vec(dw, weight.shape(), x.device())?),
        ))
    }
}
