//! Which numbers does a checkpoint hold, under which names, in which shapes and in which form?
//!
//! Safetensors files, one or many with an index, or one GGUF file. Whatever the file, the result is one
//! table of tensors over mapped bytes; nothing is read before it is asked for, and no offset is trusted
//! before it was compared with the file's real size.

pub(crate) mod gguf;
mod safetensors;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;

use crate::form::{Form, Slot};
use crate::formats::Format;
use crate::source::Bytes;
use crate::{Error, Source};

/// The opened weight files of a checkpoint; cheap to clone.
#[derive(Clone, Debug)]
pub struct Weights {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// What messages about a missing tensor name: the only file, or the index.
    file: PathBuf,
    shards: Vec<Shard>,
    tensors: BTreeMap<String, Place>,
    naming: Naming,
}

/// How tensors are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    HuggingFace,
    Gguf,
}

/// One file.
#[derive(Clone, Debug)]
struct Shard {
    file: PathBuf,
    bytes: Arc<Bytes>,
}

/// Where a tensor lies.
#[derive(Clone, Debug)]
struct Place {
    shard: usize,
    /// The form of its numbers, or the name of one that is not read here.
    format: Result<Format, String>,
    dims: Vec<usize>,
    /// Within the file.
    bytes: Range<usize>,
}

/// A matrix, or a vector as a matrix of one row, as the file stores it.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    format: Format,
    outputs: usize,
    inputs: usize,
    row_bytes: usize,
    bytes: Arc<Bytes>,
    range: Range<usize>,
}

impl Stored {
    /// A matrix of its own.
    #[cfg(test)]
    pub(crate) fn of_bytes(format: Format, outputs: usize, inputs: usize, bytes: &[u8]) -> Stored {
        let row_bytes = format.bytes(inputs).unwrap_or(0);
        let padded = bytes.len().next_multiple_of(4);
        let mut words = vec![0f32; padded / 4];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Stored {
            format,
            outputs,
            inputs,
            row_bytes,
            bytes: Arc::new(Bytes::of_floats(&words)),
            range: 0..bytes.len(),
        }
    }

    /// Rows.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Numbers of a row.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// How its numbers are stored.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Bytes of a row.
    pub(crate) fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// The bytes of some rows.
    pub(crate) fn rows(&self, rows: Range<usize>) -> &[u8] {
        let start = self.range.start + rows.start * self.row_bytes;
        &self.bytes[start..start + rows.len() * self.row_bytes]
    }

    /// All numbers, row after row.
    pub(crate) fn numbers(&self) -> Vec<f32> {
        let mut numbers = vec![0.0; self.outputs * self.inputs];
        let bytes = self.rows(0..self.outputs);
        self.format.widen(bytes, &mut numbers);
        numbers
    }

    /// The same numbers in f32, in memory of their own.
    pub(crate) fn widened(&self) -> Stored {
        let bytes = Bytes::of_floats(&self.numbers());
        Stored {
            format: Format::F32,
            row_bytes: 4 * self.inputs,
            range: 0..bytes.len(),
            bytes: Arc::new(bytes),
            ..self.clone()
        }
    }
}

impl Weights {
    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists, or the one file
    /// of a GGUF source.
    ///
    /// Maps the files and reads their headers; numbers are read when a tensor is asked for.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unreadable`], [`Error::Json`], [`Error::BadWeights`],
    /// [`Error::MissingTensor`] where the index lists what its shard lacks, or [`Error::Config`]
    /// where the index names a file outside its folder.
    pub fn open(source: &Source) -> Result<Weights, Error> {
        safetensors::open(source)
    }

    fn new(
        file: PathBuf,
        shards: Vec<Shard>,
        tensors: BTreeMap<String, Place>,
        naming: Naming,
    ) -> Weights {
        Weights {
            inner: Arc::new(Inner {
                file,
                shards,
                tensors,
                naming,
            }),
        }
    }

    /// Checks that every tensor of a form is there, in its shape, in numbers that can be read.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::TensorShape`], [`Error::TensorType`], for the first that
    /// fails.
    pub fn check(&self, form: &Form) -> Result<(), Error> {
        for (slot, dims) in form.slots() {
            self.check_one(&self.name(form, slot), &dims)?;
        }
        Ok(())
    }

    fn check_one(&self, name: &str, dims: &[usize]) -> Result<(), Error> {
        let (place, _) = self.find(name)?;
        if place.dims != dims {
            return Err(Error::TensorShape {
                file: self.inner.shards[place.shard].file.clone(),
                tensor: name.to_owned(),
                expected: dims.to_vec(),
                found: place.dims.clone(),
            });
        }
        Ok(())
    }

    /// The name of a tensor in these files.
    fn name(&self, form: &Form, slot: Slot) -> String {
        match self.inner.naming {
            Naming::HuggingFace => form.name(slot),
            Naming::Gguf => gguf::name(slot),
        }
    }

    /// A tensor where it lies.
    pub(crate) fn stored(&self, form: &Form, slot: Slot) -> Result<Stored, Error> {
        self.stored_as(&self.name(form, slot))
    }

    pub(crate) fn stored_as(&self, name: &str) -> Result<Stored, Error> {
        let (place, format) = self.find(name)?;
        let shard = &self.inner.shards[place.shard];
        let damaged = || Error::BadWeights {
            file: shard.file.clone(),
            problem: format!("tensor `{name}` does not fit its place in the file"),
        };
        let inputs = place.dims.last().copied().unwrap_or(1);
        let outputs = match place.dims.split_last() {
            Some((_, rest)) => rest.iter().product(),
            None => 1,
        };
        let row_bytes = format.bytes(inputs).ok_or_else(damaged)?;
        let whole = row_bytes.checked_mul(outputs);
        if whole != Some(place.bytes.len()) || shard.bytes.get(place.bytes.clone()).is_none() {
            return Err(damaged());
        }
        let stored = Stored {
            format,
            outputs,
            inputs,
            row_bytes,
            bytes: Arc::clone(&shard.bytes),
            range: place.bytes.clone(),
        };
        match self.lies_evenly(place, format) {
            true => Ok(stored),
            false => Ok(stored.widened()),
        }
    }

    /// Whether numbers can be read where they lie, which a processor does only at multiples of their size.
    fn lies_evenly(&self, place: &Place, format: Format) -> bool {
        let file = self.inner.shards[place.shard].bytes.as_ptr().addr();
        let address = file.wrapping_add(place.bytes.start);
        !format.is_plain() || address.is_multiple_of(format.block_bytes())
    }

    /// Bytes that the weights take where they are multiplied as they lie: those of the file, but for what has to
    /// be widened to f32 first, which blocks are where `wide`, and plain numbers where they lie unevenly.
    pub(crate) fn in_place(&self, wide: bool) -> u64 {
        let bytes = |place: &Place| {
            let Ok(format) = place.format else {
                return 0;
            };
            let widened = match format.is_plain() {
                true => !self.lies_evenly(place, format),
                false => wide,
            };
            match widened {
                true => place
                    .dims
                    .iter()
                    .fold(4u64, |all, n| all.saturating_mul(*n as u64)),
                false => place.bytes.len() as u64,
            }
        };
        let sizes = self.inner.tensors.values().map(bytes);
        sizes.fold(0, u64::saturating_add)
    }

    /// All numbers of a tensor.
    pub(crate) fn vector(&self, form: &Form, slot: Slot) -> Result<Vec<f32>, Error> {
        Ok(self.stored(form, slot)?.numbers())
    }

    /// A tensor of a form, read and converted.
    pub(crate) fn tensor_of(
        &self,
        form: &Form,
        slot: Slot,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor, Error> {
        self.tensor(&self.name(form, slot), dtype, device)
    }

    /// One tensor, read and converted.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::TensorType`], or [`Error::Compute`] where memory runs out.
    pub fn tensor(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, Error> {
        let (place, _) = self.find(name)?;
        let stored = self.stored_as(name)?;
        let direct = match stored.format {
            Format::F32 => Some(DType::F32),
            Format::F16 => Some(DType::F16),
            Format::BF16 => Some(DType::BF16),
            _ => None,
        };
        let dims = place.dims.as_slice();
        let tensor = match direct {
            Some(direct) => {
                let bytes = stored.rows(0..stored.outputs);
                Tensor::from_raw_buffer(bytes, direct, dims, &Device::Cpu)?
            }
            None => Tensor::from_vec(stored.numbers(), dims, &Device::Cpu)?,
        };
        Ok(tensor.to_dtype(dtype)?.to_device(device)?)
    }

    /// How many numbers are stored in each form, and in how many bytes: the largest first.
    #[must_use]
    pub fn formats(&self) -> Vec<(Format, u64, u64)> {
        let mut all: BTreeMap<Format, (u64, u64)> = BTreeMap::new();
        for place in self.inner.tensors.values() {
            if let Ok(format) = place.format {
                let sums = all.entry(format).or_default();
                sums.0 += place.dims.iter().map(|n| *n as u64).product::<u64>();
                sums.1 += place.bytes.len() as u64;
            }
        }
        let mut all: Vec<_> = all
            .into_iter()
            .map(|(format, (numbers, bytes))| (format, numbers, bytes))
            .collect();
        all.sort_by_key(|(_, _, bytes)| std::cmp::Reverse(*bytes));
        all
    }

    /// candle's view of these weights, converting each tensor as it is taken.
    #[must_use]
    pub fn builder(&self, dtype: DType, device: &Device) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self.clone()), dtype, device.clone())
    }

    fn find(&self, name: &str) -> Result<(&Place, Format), Error> {
        let inner = &*self.inner;
        let place = inner
            .tensors
            .get(name)
            .ok_or_else(|| Error::MissingTensor {
                file: inner.file.clone(),
                tensor: name.to_owned(),
            })?;
        match &place.format {
            Ok(format) => Ok((place, *format)),
            Err(found) => Err(Error::TensorType {
                file: inner.shards[place.shard].file.clone(),
                tensor: name.to_owned(),
                found: found.clone(),
            }),
        }
    }
}

impl SimpleBackend for Weights {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let checked = self.check_one(name, shape.dims());
        checked.map_err(candle_core::Error::wrap)?;
        self.get_unchecked(name, dtype, device)
    }

    fn get_unchecked(
        &self,
        name: &str,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        self.tensor(name, dtype, device)
            .map_err(candle_core::Error::wrap)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.inner.tensors.contains_key(name)
    }
}
