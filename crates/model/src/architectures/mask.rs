//! Which earlier positions may a position see? All of them and itself, none after it.

use candle_core::{DType, Device, Tensor};

use crate::Error;

/// Added to attention scores: 0 where a query may look, -infinity where it may not.
///
/// `[time, past + time]`: query `t` stands at position `past + t` and sees positions up to its own.
///
/// # Errors
/// If the device cannot hold it.
pub fn causal(past: usize, time: usize, dtype: DType, device: &Device) -> Result<Tensor, Error> {
    let seen = past + time;
    let mut values = vec![0f32; time * seen];
    for (query, row) in values.chunks_exact_mut(seen).enumerate() {
        row[past + query + 1..].fill(f32::NEG_INFINITY);
    }
    Ok(Tensor::from_vec(values, (time, seen), device)?.to_dtype(dtype)?)
}
