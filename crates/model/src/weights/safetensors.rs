//! What does a safetensors file hold, or several that an index lists?
//!
//! The format's own crate reads the headers, of a copy in memory; tensors lie where the file is mapped.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::Deserialize;

use super::{Naming, Place, Shard, Weights};
use crate::formats::Format;
use crate::{Error, Source};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// The longest header, as the format's own crate has it.
const LONGEST_HEADER: u64 = 100_000_000;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

pub(super) fn open(source: &Source) -> Result<Weights, Error> {
    if !source.has(SINGLE) && source.has(INDEX) {
        return open_sharded(source);
    }
    let (shard, tensors) = open_shard(source, SINGLE, 0)?;
    let file = source.path(SINGLE);
    Ok(Weights::new(
        file,
        vec![shard],
        tensors,
        Naming::HuggingFace,
    ))
}

fn open_sharded(source: &Source) -> Result<Weights, Error> {
    let file = source.path(INDEX);
    let index: Index =
        serde_json::from_slice(&source.read(INDEX)?).map_err(|source| Error::Json {
            file: file.clone(),
            source,
        })?;
    let mut shards: Vec<Shard> = Vec::new();
    let mut opened: BTreeMap<&str, BTreeMap<String, Place>> = BTreeMap::new();
    let mut tensors = BTreeMap::new();
    for (tensor, name) in &index.weight_map {
        if !opened.contains_key(name.as_str()) {
            // The index is untrusted: it may name files beside it, no others.
            let plain = Path::new(name)
                .file_name()
                .is_some_and(|last| last == name.as_str());
            if !plain {
                return Err(Error::Config {
                    file,
                    field: "weight_map",
                    problem: format!("names `{name}`, which is not a file beside the index"),
                });
            }
            let (shard, places) = open_shard(source, name, shards.len())?;
            shards.push(shard);
            opened.insert(name, places);
        }
        let place = opened
            .get_mut(name.as_str())
            .and_then(|places| places.remove(tensor));
        let Some(place) = place else {
            return Err(Error::MissingTensor {
                file: source.path(name),
                tensor: tensor.clone(),
            });
        };
        tensors.insert(tensor.clone(), place);
    }
    Ok(Weights::new(file, shards, tensors, Naming::HuggingFace))
}

/// One file, and where its tensors lie; `number` is the file's among all.
fn open_shard(
    source: &Source,
    name: &str,
    number: usize,
) -> Result<(Shard, BTreeMap<String, Place>), Error> {
    let file = source.path(name);
    let bytes = source.map(name)?;
    let (start, metadata) =
        header(source, name, bytes.len())?.map_err(|error| Error::BadWeights {
            file: file.clone(),
            problem: format!(
                "not a complete safetensors file: {error} ({} bytes)",
                bytes.len()
            ),
        })?;
    let place = |info: &TensorInfo| Place {
        shard: number,
        format: match info.dtype {
            Dtype::F32 => Ok(Format::F32),
            Dtype::F16 => Ok(Format::F16),
            Dtype::BF16 => Ok(Format::BF16),
            other => Err(format!("{other:?}")),
        },
        dims: info.shape.clone(),
        bytes: start + info.data_offsets.0..start + info.data_offsets.1,
    };
    let tensors = metadata.tensors().into_iter();
    let tensors = tensors.map(|(name, info)| (name, place(info))).collect();
    let shard = Shard {
        file,
        bytes: Arc::new(bytes),
    };
    Ok((shard, tensors))
}

/// Where the numbers of a file of some length begin, and what its header says of them, compared with that length.
fn header(
    source: &Source,
    name: &str,
    length: usize,
) -> Result<Result<(usize, Metadata), SafeTensorError>, Error> {
    let head = source.head(name, 8)?;
    let Some(stated) = head.first_chunk() else {
        return Ok(Err(SafeTensorError::HeaderTooSmall));
    };
    let stated = u64::from_le_bytes(*stated);
    if stated > LONGEST_HEADER {
        return Ok(Err(SafeTensorError::HeaderTooLarge));
    }
    let start = 8 + stated as usize;
    let head = source.head(name, start)?;
    let Some(text) = head.get(8..start) else {
        return Ok(Err(SafeTensorError::InvalidHeaderLength));
    };
    // Offsets are checked on the way: each tensor follows the one before it and has the size of its shape.
    let metadata: Metadata = match serde_json::from_slice(text) {
        Ok(metadata) => metadata,
        Err(error) => return Ok(Err(SafeTensorError::InvalidHeaderDeserialization(error))),
    };
    match metadata.data_len().checked_add(start) == Some(length) {
        true => Ok(Ok((start, metadata))),
        false => Ok(Err(SafeTensorError::MetadataIncompleteBuffer)),
    }
}
