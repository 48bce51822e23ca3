//! How does an operation reach the numbers of a tensor?

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor, bail};

/// The values of a contiguous `f32` tensor as candle hands it to an operation's forward pass.
pub(crate) fn values<'a>(
    name: &str,
    storage: &'a CpuStorage,
    layout: &Layout,
) -> Result<&'a [f32]> {
    let CpuStorage::F32(all) = storage else {
        bail!("{name}: the fused operations compute in f32")
    };
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&all[start..end]),
        None => bail!("{name}: the fused operations want contiguous tensors"),
    }
}

/// Calls `f` with the values of a tensor on the processor; one in another order is copied first.
pub(crate) fn with_values<R>(
    name: &str,
    tensor: &Tensor,
    f: impl FnOnce(&[f32]) -> Result<R>,
) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => f(values(name, storage, layout)?),
        _ => bail!("{name}: the fused operations run on the processor"),
    }
}

/// The size of the last dimension and the number of rows before it.
pub(crate) fn rows_and_width(name: &str, layout: &Layout) -> Result<(usize, usize)> {
    match layout.dims().last() {
        Some(&width) if width > 0 => Ok((layout.shape().elem_count() / width, width)),
        _ => bail!("{name}: the last dimension is empty"),
    }
}
