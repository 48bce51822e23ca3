//! Which tensor operations does a decoder need, and which of them have a backward?
//!
//! candle's fused normalisation, softmax and rotation have no backward and do not say so: a parameter
//! behind one of them silently gets no gradient. Here the plain forms carry training, and each fused
//! form stands beside its plain one under a name that says what it is.

use candle_core::{D, DType, Tensor};

use crate::Error;

/// `x [.., inputs] · weight [outputs, inputs]ᵀ + bias [outputs]` → `[.., outputs]`; has a backward.
///
/// # Errors
/// If the shapes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor, Error> {
    let (outputs, inputs) = weight.dims2()?;
    let mut shape = x.dims().to_vec();
    let rows = x.elem_count() / inputs.max(1);
    // One large product instead of one a batch element.
    let mut y = x.reshape((rows, inputs))?.matmul(&weight.t()?)?;
    if let Some(bias) = bias {
        y = y.broadcast_add(bias)?;
    }
    if let Some(last) = shape.last_mut() {
        *last = outputs;
    }
    Ok(y.reshape(shape)?)
}

/// Root-mean-square normalisation (Zhang & Sennrich 2019) over the last axis; has a backward.
///
/// Computed in f32 whatever the tensor's type, as the reference does.
///
/// # Errors
/// If the shapes do not fit.
pub fn rms_norm(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor, Error> {
    let dtype = x.dtype();
    let x = x.to_dtype(DType::F32)?;
    let mean_square = x.sqr()?.mean_keepdim(D::Minus1)?;
    let normed = x.broadcast_div(&(mean_square + epsilon)?.sqrt()?)?;
    Ok(normed.to_dtype(dtype)?.broadcast_mul(weight)?)
}

/// [`rms_norm`] in one pass, **without a backward**.
///
/// # Errors
/// If the shapes do not fit.
pub fn rms_norm_fused(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor, Error> {
    Ok(candle_nn::ops::rms_norm(x, weight, epsilon as f32)?)
}

/// Normalisation by mean and variance (Ba et al. 2016) over the last axis; has a backward.
///
/// Computed in f32 whatever the tensor's type, as the reference does.
///
/// # Errors
/// If the shapes do not fit.
pub fn layer_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    epsilon: f64,
) -> Result<Tensor, Error> {
    let dtype = x.dtype();
    let x = x.to_dtype(DType::F32)?;
    let x = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = x.sqr()?.mean_keepdim(D::Minus1)?;
    let normed = x.broadcast_div(&(variance + epsilon)?.sqrt()?)?;
    let scaled = normed.to_dtype(dtype)?.broadcast_mul(weight)?;
    Ok(scaled.broadcast_add(bias)?)
}

/// [`layer_norm`] in one pass, **without a backward**.
///
/// # Errors
/// If the shapes do not fit.
pub fn layer_norm_fused(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    epsilon: f64,
) -> Result<Tensor, Error> {
    Ok(candle_nn::ops::layer_norm(x, weight, bias, epsilon as f32)?)
}

/// Softmax over the last axis; has a backward.
///
/// The largest score is subtracted as a constant: its gradient is zero in sum, and leaving it out
/// saves a pass over the scores.
///
/// # Errors
/// If the tensor has no axis.
pub fn softmax(scores: &Tensor) -> Result<Tensor, Error> {
    let largest = scores.detach().max_keepdim(D::Minus1)?;
    let exponentials = scores.broadcast_sub(&largest)?.exp()?;
    let sums = exponentials.sum_keepdim(D::Minus1)?;
    Ok(exponentials.broadcast_div(&sums)?)
}

/// [`softmax`] in one pass, **without a backward**.
///
/// # Errors
/// If the tensor is not contiguous.
pub fn softmax_fused(scores: &Tensor) -> Result<Tensor, Error> {
    Ok(candle_nn::ops::softmax_last_dim(scores)?)
}
