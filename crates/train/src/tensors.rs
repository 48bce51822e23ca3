//! How do tensors enter and leave safetensors files, keeping their type?

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::TensorView;

use crate::Result;

/// A tensor of a file, in the type it is stored in.
pub(crate) fn load(view: &TensorView<'_>, device: &Device) -> Result<Tensor> {
    let dtype = DType::try_from(view.dtype())?;
    Ok(Tensor::from_raw_buffer(
        view.data(),
        dtype,
        view.shape(),
        device,
    )?)
}

/// The bytes of a file of these tensors, with one entry of metadata. The format sorts by type and name,
/// so the same tensors give the same bytes.
pub(crate) fn file(tensors: &[(String, Tensor)], metadata: (&str, String)) -> Result<Vec<u8>> {
    let on_processor = |(name, tensor): &(String, Tensor)| -> Result<(String, Tensor)> {
        Ok((name.clone(), tensor.to_device(&Device::Cpu)?.contiguous()?))
    };
    let tensors = tensors
        .iter()
        .map(on_processor)
        .collect::<Result<Vec<_>>>()?;
    let metadata = HashMap::from([(metadata.0.to_owned(), metadata.1)]);
    Ok(safetensors::serialize(tensors, Some(metadata)).map_err(candle_core::Error::from)?)
}
