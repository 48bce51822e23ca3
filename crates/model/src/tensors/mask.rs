//! Which positions may a position see? Itself and those before it, or the last of them only.

use candle_core::{DType, Device, Tensor};

use crate::Error;

/// Added to attention scores: 0 where a query may look, -infinity where it may not.
///
/// `[time, past + time]`: query `t` stands at position `past + t` and sees positions up to its own, the last
/// `window` of them.
///
/// # Errors
/// If the device cannot hold it.
pub(super) fn causal(
    past: usize,
    time: usize,
    window: Option<usize>,
    dtype: DType,
    device: &Device,
) -> Result<Tensor, Error> {
    let seen = past + time;
    let mut values = vec![0f32; time * seen];
    for (query, row) in values.chunks_exact_mut(seen).enumerate() {
        let end = past + query + 1;
        row[end..].fill(f32::NEG_INFINITY);
        if let Some(window) = window {
            row[..end.saturating_sub(window)].fill(f32::NEG_INFINITY);
        }
    }
    Ok(Tensor::from_vec(values, (time, seen), device)?.to_dtype(dtype)?)
}
