//! Which numbers does a checkpoint hold, under which names and in which shapes?
//!
//! Safetensors files, one or many with an index. Headers are checked against the real size of the
//! file before anything is allocated, and every tensor against the shape the configuration implies
//! before the first is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::Deserialize;

use crate::source::Bytes;
use crate::{Error, Source};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

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
    /// Which shard holds a tensor.
    places: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Shard {
    file: PathBuf,
    bytes: Bytes,
    metadata: Metadata,
    /// Where the numbers start, after the header.
    start: usize,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
    ///
    /// Maps the files and reads their headers; numbers are read when a tensor is asked for.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unreadable`], [`Error::Json`], [`Error::BadWeights`],
    /// [`Error::MissingTensor`] where the index lists what its shard lacks, or [`Error::Config`]
    /// where the index names a file outside its folder.
    pub fn open(source: &Source) -> Result<Weights, Error> {
        if !source.has(SINGLE) && source.has(INDEX) {
            return Weights::open_sharded(source);
        }
        let shard = Shard::open(source, SINGLE)?;
        let names = shard.metadata.offset_keys();
        Ok(Weights {
            inner: Arc::new(Inner {
                file: source.path(SINGLE),
                places: names.into_iter().map(|name| (name, 0)).collect(),
                shards: vec![shard],
            }),
        })
    }

    fn open_sharded(source: &Source) -> Result<Weights, Error> {
        let file = source.path(INDEX);
        let index: Index =
            serde_json::from_slice(&source.read(INDEX)?).map_err(|source| Error::Json {
                file: file.clone(),
                source,
            })?;
        let mut shards: Vec<Shard> = Vec::new();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut places = BTreeMap::new();
        for (tensor, name) in &index.weight_map {
            let number = match numbers.get(name.as_str()) {
                Some(number) => *number,
                None => {
                    // The index is untrusted: it may name files beside it, no others.
                    let plain = Path::new(name)
                        .file_name()
                        .is_some_and(|last| last == name.as_str());
                    if !plain {
                        return Err(Error::Config {
                            file,
                            field: "weight_map",
                            problem: format!(
                                "names `{name}`, which is not a file beside the index"
                            ),
                        });
                    }
                    shards.push(Shard::open(source, name)?);
                    numbers.insert(name, shards.len() - 1);
                    shards.len() - 1
                }
            };
            if shards[number].metadata.info(tensor).is_none() {
                return Err(Error::MissingTensor {
                    file: shards[number].file.clone(),
                    tensor: tensor.clone(),
                });
            }
            places.insert(tensor.clone(), number);
        }
        Ok(Weights {
            inner: Arc::new(Inner {
                file,
                shards,
                places,
            }),
        })
    }

    /// Checks that every tensor of the list is there, in that shape, in numbers that can be read.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::TensorShape`], [`Error::TensorType`], for the first that
    /// fails.
    pub fn check(&self, expected: &[(String, Vec<usize>)]) -> Result<(), Error> {
        for (name, shape) in expected {
            let (shard, info) = self.find(name)?;
            if &info.shape != shape {
                return Err(Error::TensorShape {
                    file: shard.file.clone(),
                    tensor: name.clone(),
                    expected: shape.clone(),
                    found: info.shape.clone(),
                });
            }
            shard.dtype(name, info)?;
        }
        Ok(())
    }

    /// One tensor, read and converted.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::TensorType`], or [`Error::Compute`] where memory runs out.
    pub fn tensor(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor, Error> {
        let (shard, info) = self.find(name)?;
        let stored = shard.dtype(name, info)?;
        let (start, end) = info.data_offsets;
        let bytes = shard.bytes.get(shard.start + start..shard.start + end);
        let bytes = bytes.ok_or_else(|| Error::BadWeights {
            file: shard.file.clone(),
            problem: format!("tensor `{name}` lies outside the file"),
        })?;
        let tensor = Tensor::from_raw_buffer(bytes, stored, &info.shape, &Device::Cpu)?;
        Ok(tensor.to_dtype(dtype)?.to_device(device)?)
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.inner.places.keys().map(String::as_str)
    }

    /// candle's view of these weights, converting each tensor as it is taken.
    #[must_use]
    pub fn builder(&self, dtype: DType, device: &Device) -> VarBuilder<'static> {
        VarBuilder::from_backend(Box::new(self.clone()), dtype, device.clone())
    }

    fn find(&self, name: &str) -> Result<(&Shard, &TensorInfo), Error> {
        let inner = &*self.inner;
        let found = inner
            .places
            .get(name)
            .and_then(|number| inner.shards.get(*number))
            .and_then(|shard| Some((shard, shard.metadata.info(name)?)));
        found.ok_or_else(|| Error::MissingTensor {
            file: inner.file.clone(),
            tensor: name.to_owned(),
        })
    }
}

impl Shard {
    fn open(source: &Source, name: &str) -> Result<Shard, Error> {
        let file = source.path(name);
        let bytes = source.map(name)?;
        // Compares the header with the length of the file before it trusts any offset.
        let read = SafeTensors::read_metadata(&bytes);
        let (header, metadata) = read.map_err(|error| Error::BadWeights {
            file: file.clone(),
            problem: format!("{error} ({} bytes)", bytes.len()),
        })?;
        Ok(Shard {
            file,
            // Eight bytes say how long the header is.
            start: header + 8,
            bytes,
            metadata,
        })
    }

    fn dtype(&self, name: &str, info: &TensorInfo) -> Result<DType, Error> {
        match info.dtype {
            Dtype::F32 => Ok(DType::F32),
            Dtype::F16 => Ok(DType::F16),
            Dtype::BF16 => Ok(DType::BF16),
            other => Err(Error::TensorType {
                file: self.file.clone(),
                tensor: name.to_owned(),
                found: format!("{other:?}"),
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
        let expected = [(name.to_owned(), shape.dims().to_vec())];
        self.check(&expected).map_err(candle_core::Error::wrap)?;
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
        self.inner.places.contains_key(name)
    }
}
