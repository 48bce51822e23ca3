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
    quantization_config: Option<Quantisation>,
    /// An older name of the same.
    compression_config: Option<Quantisation>,
}

/// How weights were made smaller, which changes how every tensor is stored.
#[derive(Deserialize)]
struct Quantisation {
    quant_method: Option<String>,
    load_in_4bit: Option<bool>,
    load_in_8bit: Option<bool>,
}

impl Quantisation {
    /// The method's name, as far as the file says it.
    fn method(self) -> String {
        let bits = self.load_in_4bit == Some(true) || self.load_in_8bit == Some(true);
        let unnamed = if bits {
            "bitsandbytes"
        } else {
            "a method it does not name"
        };
        self.quant_method.unwrap_or_else(|| unnamed.to_owned())
    }
}

/// Well-known networks that are none of these, and why.
const MISFITS: &[(&[&str], &str)] = &[
    (
        &[
            "DeepseekV2ForCausalLM",
            "DeepseekV3ForCausalLM",
            "deepseek2",
        ],
        "its keys and values are kept in one compressed form for all heads, and its feed-forward parts are \
         mixtures of experts",
    ),
    (
        &[
            "DeepseekForCausalLM",
            "MixtralForCausalLM",
            "Qwen2MoeForCausalLM",
            "Qwen3MoeForCausalLM",
            "deepseek",
            "qwen2moe",
            "qwen3moe",
        ],
        "its feed-forward parts are mixtures of experts",
    ),
];

/// What makes a well-known network differ from all that are here.
pub(crate) fn misfit(name: &str) -> Option<&'static str> {
    let found = MISFITS.iter().find(|(names, _)| names.contains(&name));
    found.map(|(_, reason)| *reason)
}

/// The form that the bytes of a `config.json` state; the path is what errors name.
///
/// # Errors
/// [`Error::Json`], [`Error::UnknownArchitecture`], [`Error::Config`], [`Error::Quantised`].
pub fn form(config: &[u8], file: &Path) -> Result<Form, Error> {
    let architecture = find(config, file)?;
    unquantised(config, file)?;
    let fields = serde_json::from_slice(config).map_err(|source| Error::Json {
        file: file.to_owned(),
        source,
    })?;
    (architecture.form)(&fields, file)
}

/// Refuses weights that are stored by a method of their own: their tensors have other names, shapes and meanings.
fn unquantised(config: &[u8], file: &Path) -> Result<(), Error> {
    let names = names(config, file)?;
    let fields = [
        ("quantization_config", names.quantization_config),
        ("compression_config", names.compression_config),
    ];
    let stated = fields
        .into_iter()
        .find_map(|(field, how)| Some((field, how?)));
    match stated {
        None => Ok(()),
        Some((field, how)) => Err(Error::Quantised {
            file: file.to_owned(),
            field,
            method: how.method(),
        }),
    }
}

fn names(config: &[u8], file: &Path) -> Result<Names, Error> {
    serde_json::from_slice(config).map_err(|source| Error::Json {
        file: file.to_owned(),
        source,
    })
}

/// The architecture that a `config.json` names: by class, else by `model_type`.
///
/// # Errors
/// [`Error::Json`], [`Error::UnknownArchitecture`].
pub fn find(config: &[u8], file: &Path) -> Result<&'static Architecture, Error> {
    let names = names(config, file)?;
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
    let name = match (classes.first(), &names.model_type) {
        (Some(name), _) | (None, Some(name)) => name.as_str(),
        (None, None) => "(none named)",
    };
    found.ok_or_else(|| Error::UnknownArchitecture {
        file: file.to_owned(),
        field: "architectures",
        found: name.to_owned(),
        reason: misfit(name),
        known: ARCHITECTURES
            .iter()
            .flat_map(|entry| entry.classes.iter().copied())
            .collect(),
    })
}
