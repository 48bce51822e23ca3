//! How does a model's author want it to be sampled, and where does its text end?

use std::path::Path;

use serde::Deserialize;

use crate::{Error, SamplingOptions, Source};

/// Sampling options that `generation_config.json` recommends; absent where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GenerationDefaults {
    /// Logits are divided by it; 0 is greedy.
    pub temperature: Option<f32>,
    /// Only so many of the likeliest tokens are drawn from.
    pub top_k: Option<usize>,
    /// Only the likeliest tokens that together reach this share are drawn from.
    pub top_p: Option<f32>,
    /// Only tokens that are at least so likely, as a share of the likeliest, are drawn from.
    pub min_p: Option<f32>,
    /// Only the tokens of the most typical surprise that together reach this share are drawn from.
    pub typical_p: Option<f32>,
    /// Logits of tokens that were seen are divided by it, negative ones multiplied.
    pub repetition_penalty: Option<f32>,
}

#[derive(Deserialize, Default)]
struct GenerationFile {
    eos_token_id: Option<Ids>,
    do_sample: Option<bool>,
    temperature: Option<f32>,
    top_k: Option<usize>,
    top_p: Option<f32>,
    min_p: Option<f32>,
    typical_p: Option<f32>,
    repetition_penalty: Option<f32>,
}

/// The two ways files state end ids.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Many(Vec<u32>),
}

#[derive(Deserialize)]
struct ConfigFile {
    eos_token_id: Option<Ids>,
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], file: &Path) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Json {
        file: file.to_owned(),
        source,
    })
}

/// Reads the defaults and the end ids: from `generation_config.json`, else from `config.json`.
///
/// The ids come sorted, each once; none where no file states any.
pub(crate) fn read(
    source: &Source,
    vocabulary: usize,
) -> Result<(GenerationDefaults, Vec<u32>), Error> {
    const GENERATION: &str = "generation_config.json";
    let mut defaults = GenerationFile::default();
    if source.has(GENERATION) {
        defaults = parse(&source.read(GENERATION)?, &source.path(GENERATION))?;
    }
    let mut from = GENERATION;
    let mut ids = defaults.eos_token_id.take();
    if ids.is_none() {
        from = "config.json";
        ids = parse::<ConfigFile>(&source.read(from)?, &source.path(from))?.eos_token_id;
    }
    let mut ends = match ids {
        None => Vec::new(),
        Some(Ids::One(id)) => vec![id],
        Some(Ids::Many(ids)) => ids,
    };
    ends.sort_unstable();
    ends.dedup();
    let refuse = |file: &str, field: &'static str, problem: String| {
        Err(Error::Config {
            file: source.path(file),
            field,
            problem,
        })
    };
    if let Some(id) = ends.iter().find(|id| **id as usize >= vocabulary) {
        let problem = format!("is {id}, outside the vocabulary of {vocabulary}");
        return refuse(from, "eos_token_id", problem);
    }
    // The reference draws only where the file says so, and ignores the temperature where not.
    let temperature = match defaults.do_sample {
        Some(true) => Some(defaults.temperature.unwrap_or(1.0)),
        Some(false) => Some(0.0),
        None => None,
    };
    let defaults = GenerationDefaults {
        temperature,
        top_k: defaults.top_k,
        top_p: defaults.top_p,
        min_p: defaults.min_p,
        typical_p: defaults.typical_p,
        repetition_penalty: defaults.repetition_penalty,
    };
    match defaults.options().check() {
        Err(Error::SamplingOption {
            option,
            value,
            problem,
        }) => refuse(GENERATION, option, format!("is {value}; {problem}")),
        _ => Ok((defaults, ends)),
    }
}

impl GenerationDefaults {
    /// The options of a sampler that does as the author wants; the likeliest token where nothing is said.
    #[must_use]
    pub fn options(&self) -> SamplingOptions {
        let plain = SamplingOptions::default();
        SamplingOptions {
            temperature: self.temperature.unwrap_or(plain.temperature),
            top_k: self.top_k.unwrap_or(plain.top_k),
            top_p: self.top_p.unwrap_or(plain.top_p),
            min_p: self.min_p.unwrap_or(plain.min_p),
            typical_p: self.typical_p.unwrap_or(plain.typical_p),
            repetition_penalty: self.repetition_penalty.unwrap_or(plain.repetition_penalty),
            ..plain
        }
    }
}
