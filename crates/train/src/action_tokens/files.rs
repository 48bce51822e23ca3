//! How does a model folder become one whose model can learn to revise?

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use palinode_revise::Action;
use safetensors::SafeTensors;
use serde_json::{Value, json};

use super::rows::{EMBEDDING, add_action_rows, is_vocabulary};
use super::tokenizer::{ActionIds, add_to_tokenizer};
use crate::checkpoint::replace;
use crate::tensors;
use crate::weights::weight_files;
use crate::{Error, Result};

/// What [`add_action_tokens`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The new ids, in the order of [`Action::ALL`].
    pub ids: [u32; 5],
    /// Rows of the embedding before.
    pub rows_before: usize,
    /// Rows of the embedding now; the same where unused rows were there.
    pub rows: usize,
}

/// Writes the model in `from` (Hugging Face layout) with the five action tokens to `to`, which must not
/// exist or be an empty folder. Weights keep their types; files that need no change are copied.
///
/// `to` appears whole or not at all: it is written beside itself under another name first.
///
/// # Errors
/// [`Error::HasActionTokens`], [`Error::ModelFile`] where a file is missing or damaged, [`Error::File`].
///
/// # Cost
/// Holds one weight file in memory at a time.
pub fn add_action_tokens(from: &Path, to: &Path) -> Result<Added> {
    let occupied = fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || to.is_file() {
        return Err(Error::ModelFile {
            file: to.to_owned(),
            problem: "there is something here already".to_owned(),
        });
    }
    let tokenizer_file = from.join("tokenizer.json");
    let (tokenizer, actions) = add_to_tokenizer(&read(&tokenizer_file)?, &tokenizer_file)?;
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = to.with_file_name(name);
    let written = write(from, &beside, &tokenizer, &actions);
    let moved = written.and_then(|added| {
        if to.is_dir() {
            fs::remove_dir(to).map_err(Error::writing(to))?;
        }
        fs::rename(&beside, to).map_err(Error::writing(to))?;
        Ok(added)
    });
    if moved.is_err() {
        // What could not be finished should not lie about; if this fails too, the first error says more.
        let _ = fs::remove_dir_all(&beside);
    }
    moved
}

fn write(from: &Path, to: &Path, tokenizer: &[u8], actions: &ActionIds) -> Result<Added> {
    if to.exists() {
        // Left by a run that was interrupted.
        fs::remove_dir_all(to).map_err(Error::writing(to))?;
    }
    fs::create_dir_all(to).map_err(Error::writing(to))?;
    let weights = weight_files(from)?;
    let mut rows = None;
    let mut grown = 0;
    for file in &weights {
        grown += write_weights(file, &target(file, to), actions, &mut rows)?;
    }
    let (rows_before, rows) = rows.ok_or_else(|| Error::ModelFile {
        file: from.to_owned(),
        problem: format!("no weight file has `{EMBEDDING}`"),
    })?;
    replace(&to.join("tokenizer.json"), tokenizer)?;
    let config = from.join("config.json");
    if !config.exists() {
        return Err(Error::ModelFile {
            file: config,
            problem: "does not exist".to_owned(),
        });
    }
    edit(&config, to, |config| config["vocab_size"] = json!(rows))?;
    let mut done = vec!["tokenizer.json".to_owned(), "config.json".to_owned()];
    for (name, change) in SETTINGS {
        let file = from.join(name);
        if file.exists() || name == "tokenizer_config.json" {
            edit(&file, to, |value| change(value, actions))?;
        }
        done.push(name.to_owned());
    }
    let index = from.join("model.safetensors.index.json");
    if index.exists() {
        edit(&index, to, |value| {
            let total = value
                .pointer("/metadata/total_size")
                .and_then(Value::as_u64);
            if let Some(total) = total {
                value["metadata"]["total_size"] = json!(total + grown as u64);
            }
        })?;
    }
    done.push("model.safetensors.index.json".to_owned());
    for entry in fs::read_dir(from).map_err(Error::reading(from))? {
        let file = entry.map_err(Error::reading(from))?.path();
        let named = file
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if file.is_file() && !done.contains(&named) && !weights.contains(&file) {
            let to = target(&file, to);
            fs::copy(&file, &to).map_err(Error::writing(&to))?;
        }
    }
    Ok(Added {
        ids: actions.ids,
        rows_before,
        rows,
    })
}

type Change = fn(&mut Value, &ActionIds);

/// The files besides `tokenizer.json` that may list special tokens.
const SETTINGS: [(&str, Change); 3] = [
    ("tokenizer_config.json", |value, actions| {
        let known = &mut value["added_tokens_decoder"];
        if !known.is_object() {
            *known = json!({});
        }
        for (id, action) in actions.ids.iter().zip(Action::ALL) {
            known[id.to_string()] = json!({
                "content": action.marker(), "lstrip": false, "normalized": false, "rstrip": false,
                "single_word": false, "special": true,
            });
        }
        list_special(value);
    }),
    ("special_tokens_map.json", |value, _| list_special(value)),
    ("added_tokens.json", |value, actions| {
        for (id, action) in actions.ids.iter().zip(Action::ALL) {
            value[action.marker()] = json!(id);
        }
    }),
];

fn list_special(value: &mut Value) {
    let listed = &mut value["additional_special_tokens"];
    if !listed.is_array() {
        *listed = json!([]);
    }
    if let Some(list) = listed.as_array_mut() {
        list.extend(Action::ALL.map(|action| json!(action.marker())));
    }
}

/// Copies a weight file with new rows where it has the embedding or the head; how many bytes its tensors grew.
fn write_weights(
    from: &Path,
    to: &Path,
    actions: &ActionIds,
    rows: &mut Option<(usize, usize)>,
) -> Result<usize> {
    let bytes = read(from)?;
    let bad = |problem: String| Error::ModelFile {
        file: from.to_owned(),
        problem,
    };
    let incomplete = |error| bad(format!("not a complete safetensors file: {error}"));
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(incomplete)?;
    let all = SafeTensors::deserialize(&bytes).map_err(incomplete)?;
    let mut changed: Vec<(String, Tensor)> = Vec::new();
    let mut grown = 0;
    for (name, view) in all.iter().filter(|(name, _)| is_vocabulary(name)) {
        let matrix = tensors::load(&view, &Device::Cpu)?;
        let new = add_action_rows(name, &matrix, actions)?;
        grown += (new.elem_count() - matrix.elem_count()) * matrix.dtype().size_in_bytes();
        if name == EMBEDDING {
            *rows = Some((matrix.dim(0)?, new.dim(0)?));
        }
        changed.push((name.to_owned(), new));
    }
    if changed.is_empty() {
        fs::write(to, &bytes).map_err(Error::writing(to))?;
        return Ok(0);
    }
    let mut stored = Vec::new();
    for (name, view) in all.iter() {
        let tensor = match changed.iter().position(|(other, _)| other == name) {
            Some(i) => changed.swap_remove(i).1,
            None => tensors::load(&view, &Device::Cpu)?,
        };
        stored.push((name.to_owned(), tensor));
    }
    // Most files have the one entry `format`; of several, the first by name is kept, so that the bytes do
    // not depend on the order of a map.
    let metadata: Option<(&String, &String)> = header
        .metadata()
        .as_ref()
        .and_then(|map: &HashMap<String, String>| map.iter().min());
    let metadata = metadata.map_or(("format", "pt".to_owned()), |(key, value)| {
        (key.as_str(), value.clone())
    });
    let file = tensors::file(&stored, metadata)?;
    fs::write(to, &file).map_err(Error::writing(to))?;
    Ok(grown)
}

/// Writes a JSON file with a change; an absent one counts as an empty object.
fn edit(file: &Path, to: &Path, change: impl FnOnce(&mut Value)) -> Result<()> {
    let bad = |problem: String| Error::ModelFile {
        file: file.to_owned(),
        problem,
    };
    let mut value: Value = if file.exists() {
        serde_json::from_slice(&read(file)?).map_err(|error| bad(format!("not JSON: {error}")))?
    } else {
        json!({})
    };
    // Anything else could not be indexed by name below.
    if !value.is_object() {
        return Err(bad("not a JSON object".to_owned()));
    }
    change(&mut value);
    let text = serde_json::to_string_pretty(&value).map_err(|error| bad(error.to_string()))?;
    replace(&target(file, to), format!("{text}\n").as_bytes())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).map_err(Error::reading(file))
}

/// The file of the same name in `folder`.
fn target(file: &Path, folder: &Path) -> PathBuf {
    folder.join(file.file_name().unwrap_or_default())
}
