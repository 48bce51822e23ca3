//! `y = x Wᵀ + b`, with its gradients, on one core.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::lanes::add_to;
use super::matmul::{Panels, Store, multiply, multiply_transposed};
use super::storage::{rows_and_width, values, with_values};

const NAME: &str = "linear";

struct Linear;

/// `x` [.., in], `weight` [out, in], `bias` [out] or none → [.., out].
///
/// # Errors
/// Where the shapes do not fit, the type is not `f32` or a tensor is not contiguous.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match bias {
        Some(bias) => x.apply_op3(weight, bias, Linear),
        None => x.apply_op2(weight, Linear),
    }
}

fn forward(
    x: (&CpuStorage, &Layout),
    weight: (&CpuStorage, &Layout),
    bias: Option<(&CpuStorage, &Layout)>,
) -> Result<(CpuStorage, Shape)> {
    let (rows, depth) = rows_and_width(NAME, x.1)?;
    let (columns, weight_depth) = weight.1.shape().dims2()?;
    let bias = bias
        .map(|(storage, layout)| values(NAME, storage, layout))
        .transpose()?;
    if weight_depth != depth || bias.is_some_and(|bias| bias.len() != columns) {
        bail!(
            "{NAME}: a weight of {columns} × {weight_depth} does not fit an input of width {depth} or its bias"
        );
    }
    let panels = Panels::transposed(values(NAME, weight.0, weight.1)?, columns, depth);
    let mut out = vec![0f32; rows * columns];
    let store = bias.map_or(Store::Set, Store::SetWithBias);
    multiply(
        values(NAME, x.0, x.1)?,
        depth,
        rows,
        &panels,
        &mut out,
        columns,
        store,
    );
    let mut dims = x.1.dims().to_vec();
    dims.pop();
    dims.push(columns);
    Ok((CpuStorage::F32(out), dims.into()))
}

/// Gradients of the input, the weight and the bias.
fn backward(x: &Tensor, weight: &Tensor, gradient: &Tensor) -> Result<[Tensor; 3]> {
    let (columns, depth) = weight.dims2()?;
    with_values(NAME, gradient, |dy| {
        let rows = dy.len() / columns.max(1);
        let mut dx = vec![0f32; rows * depth];
        with_values(NAME, weight, |weight| {
            multiply(
                dy,
                columns,
                rows,
                &Panels::dense(weight, columns, depth),
                &mut dx,
                depth,
                Store::Set,
            );
            Ok(())
        })?;
        let mut dw = vec![0f32; columns * depth];
        with_values(NAME, x, |x| {
            multiply_transposed(dy, columns, columns, x, depth, depth, rows, &mut dw, depth);
            Ok(())
        })?;
        let mut db = vec![0f32; columns];
        for row in dy.chunks_exact(columns) {
            add_to(&mut db, row);
        }
        Ok([
            Tensor::from_vec(dx, x.shape(), x.device())?,
            Tensor::from_vec(dw, weight.shape(), x.device())?,
            Tensor::from_vec(db, columns, x.device())?,
        ])
    })
}

impl CustomOp2 for Linear {
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
        forward((s1, l1), (s2, l2), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [dx, dw, _] = backward(x, weight, gradient)?;
        Ok((Some(dx), Some(dw)))
    }
}

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        forward((s1, l1), (s2, l2), Some((s3, l3)))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [dx, dw, db] = backward(x, weight, gradient)?;
        Ok((Some(dx), Some(dw), Some(db)))
    }
}
