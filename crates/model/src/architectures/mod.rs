//! Which networks can be run? One file each, and one line in the registry below.

mod fields;

pub mod llama;
pub mod mistral;
pub mod qwen2;
pub mod qwen3;
pub mod starcoder2;

use std::path::Path;

use serde::Deserialize;

use self::fields::Traits;
pub use self::fields::{Fields, RotaryFields};
use crate::Error;
use crate::form::Form;
use crate::rotary::Pairing;

/// Every architecture, in the order in which they are listed.
pub static ARCHITECTURES: &[&Architecture] = &[
    &llama::ENTRY,
    &mistral::ENTRY,
    &qwen2::ENTRY,
    &qwen3::ENTRY,
    &starcoder2::ENTRY,
];

/// What the registry knows about an architecture.
#[derive(Debug)]
pub struct Architecture {
    /// The name used here, and in `model_type` of `config.json`.
    pub name: &'static str,
    /// Names in `architectures` of `config.json`.
    pub classes: &'static [&'static str],
    /// The name in `general.architecture` of GGUF files, and how their positions are paired.
    pub gguf: Option<(&'static str, Pairing)>,
    /// What it is, where it is described, what is not supported.
    pub doc: &'static str,
    /// The form that a configuration states; the path is what errors name.
    pub form: fn(&Fields, &Path) -> Result<Form, Error>,
}

#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    architectures: Option<Vec<String>>,
    model_type: Option<String>,
}

/// The form that the bytes of a `config.json` state; the path is what errors name.
///
/// # Errors
/// [`Error::Json`], [`Error::UnknownArchitecture`], [`Error::Config`].
pub fn form(config: &[u8], file: &Path) -> Result<Form, Error> {
    let architecture = find(config, file)?;
    let fields = serde_json::from_slice(config).map_err(|source| Error::Json {
        file: file.to_owned(),
        source,
    })?;
    (architecture.form)(&fields, file)
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
    let classes = names.architectures.unwrap_or_default();
    let by_class = |name: &String| {
        let mut all = ARCHITECTURES.iter().copied();
        all.find(|entry| entry.classes.contains(&name.as_str()))
    };
    let by_type = || {
        // A file that names classes, none of them known, is of another network with the same body.
        let name = names.model_type.as_deref().filter(|_| classes.is_empty())?;
        let mut all = ARCHITECTURES.iter().copied();
        all.find(|entry| entry.name == name)
    };
    let found = classes.iter().find_map(by_class).or_else(by_type);
    found.ok_or_else(|| Error::UnknownArchitecture {
        file: file.to_owned(),
        found: match (classes.first(), &names.model_type) {
            (Some(class), _) => class.clone(),
            (None, Some(name)) => name.clone(),
            (None, None) => "(none named)".to_owned(),
        },
        known: ARCHITECTURES
            .iter()
            .flat_map(|entry| entry.classes.iter().copied())
            .collect(),
    })
}
