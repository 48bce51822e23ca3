//! `silu(gate) * up` over rows that hold the two side by side, and its gradient.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};

use super::lanes::sigmoid;
use super::storage::{rows_and_width, values, with_values};

const NAME: &str = "swiglu";

struct SwiGlu;

/// `x` [.., 2 × width], gate then up → [.., width].
///
/// # Errors
/// Where the last dimension is odd, the type is not `f32` or the tensor is not contiguous.
pub fn swiglu(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(SwiGlu)
}

impl CustomOp1 for SwiGlu {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, double) = rows_and_width(NAME, layout)?;
        if double % 2 != 0 {
            bail!("{NAME}: gate and up of {double} values together");
        }
        let width = double / 2;
        let mut out = vec![0f32; rows * width];
        for (row, to) in values(NAME, storage, layout)?
            .chunks_exact(double)
            .zip(out.chunks_exact_mut(width))
        {
            let (gate, up) = row.split_at(width);
            for ((t, g), u) in to.iter_mut().zip(gate).zip(up) {
                *t = g * sigmoid(*g) * u;
            }
        }
        let mut dims = layout.dims().to_vec();
        dims.pop();
        dims.push(width);
        Ok((CpuStorage::F32(out), dims.into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let dx = with_values(NAME, x, |x| {
            with_values(NAME, gradient, |dy| {
                let mut dx = vec![0f32; x.len()];
                let width = gradient.dims().last().copied().unwrap_or(1).max(1);
                let rows = x.chunks_exact(2 * width).zip(dy.chunks_exact(width));
                for ((row, dy), to) in rows.zip(dx.chunks_exact_mut(2 * width)) {
                    let (gate, up) = row.split_at(width);
                    let (d_gate, d_up) = to.split_at_mut(width);
                    // Equal lengths that the compiler can see keep the loop free of bounds checks.
                    let (gate, up, dy) = (&gate[..width], &up[..width], &dy[..width]);
                    let (d_gate, d_up) = (&mut d_gate[..width], &mut d_up[..width]);
                    for i in 0..width {
                        let s = sigmoid(gate[i]);
                        d_up[i] = dy[i] * gate[i] * s;
                        d_gate[i] = dy[i] * up[i] * s * (1.0 + gate[i] * (1.0 - s));
                    }
                }
                Ok(dx)
            })
        })?;
        Ok(Some(Tensor::from_vec(dx, x.shape(), x.device())?))
    }
}
