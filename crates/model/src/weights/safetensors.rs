//! What does a safetensors file hold, or several that an index lists?
//!
//! The format's own crate reads the headers and compares them with the file's length.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorInfo};
use serde::Deserialize;

use super::{Naming, Place, Shard, Weights};
use crate::formats::Format;
use crate::{Error, Source};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

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
    // Compares the header with the length of the file before it trusts any offset.
    let read = SafeTensors::read_metadata(&bytes);
    let (header, metadata) = read.map_err(|error| Error::BadWeights {
        file: file.clone(),
        problem: format!(
            "not a complete safetensors file: {error} ({} bytes)",
            bytes.len()
        ),
    })?;
    // Eight bytes say how long the header is.
    let start = header + 8;
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
