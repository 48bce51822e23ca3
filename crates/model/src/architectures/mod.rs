//! Which networks can be run? One file each, and one line in the registry below.

pub mod direct;
mod kernels;
pub mod mask;
pub mod operations;
pub mod rotary;

pub mod qwen2;

use std::path::Path;

use serde::Deserialize;

use crate::{Error, LoadOptions, Network, Shape, Weights};

/// Every architecture, in the order in which they are listed.
pub static ARCHITECTURES: &[&Architecture] = &[&qwen2::ENTRY];

/// Makes a network of a `config.json`, the path that errors name, and the weights.
pub type Load = fn(&[u8], &Path, &Weights, &LoadOptions) -> Result<Box<dyn Network>, Error>;

/// What the registry knows about an architecture.
#[derive(Debug)]
pub struct Architecture {
    /// The name used here, and in `model_type` of `config.json`.
    pub name: &'static str,
    /// Names in `architectures` of `config.json`.
    pub classes: &'static [&'static str],
    /// What it is, where it is described, what is not supported.
    pub doc: &'static str,
    /// The form that the bytes of a `config.json` state; the path is what errors name.
    pub shape: fn(&[u8], &Path) -> Result<Shape, Error>,
    /// The network of a `config.json` with these weights.
    pub load: Load,
}

#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    architectures: Vec<String>,
    model_type: Option<String>,
}

/// The architecture that a `config.json` names: by class, else by `model_type`.
///
/// # Errors
/// [`Error::Json`], [`Error::UnknownArchitecture`].
pub fn find(config: &[u8], file: &Path) -> Result<&'static Architecture, Error> {
    let names: Names = serde_json::from_slice(config).map_err(|source| Error::Json {
        file: file.to_owned(),
        source,
    })?;
    let by_class = |name: &String| {
        let mut all = ARCHITECTURES.iter().copied();
        all.find(|entry| entry.classes.contains(&name.as_str()))
    };
    let by_type = || {
        // A file that names classes, none of them known, is of another network with the same body.
        let name = names
            .model_type
            .as_deref()
            .filter(|_| names.architectures.is_empty())?;
        ARCHITECTURES
            .iter()
            .copied()
            .find(|entry| entry.name == name)
    };
    let found = names
        .architectures
        .iter()
        .find_map(by_class)
        .or_else(by_type);
    found.ok_or_else(|| Error::UnknownArchitecture {
        file: file.to_owned(),
        found: match (names.architectures.first(), names.model_type) {
            (Some(class), _) => class.clone(),
            (None, Some(name)) => name,
            (None, None) => "(none named)".to_owned(),
        },
        known: ARCHITECTURES
            .iter()
            .flat_map(|entry| entry.classes.iter().copied().chain([entry.name]))
            .collect(),
    })
}
