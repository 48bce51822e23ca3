//! What does a `config.json` say, and how is it written again?

use std::path::Path;

use serde_json::{Map, Value};

use crate::form::Form;
use crate::{Error, architectures};

/// A `config.json`: its text as it stands, with fields nobody here reads, and the form it states.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    json: Map<String, Value>,
    form: Form,
}

impl Config {
    /// Reads and checks the text of a `config.json`; `file` is what errors name.
    ///
    /// # Errors
    /// [`Error::Json`], [`Error::UnknownArchitecture`], [`Error::Config`].
    pub fn parse(bytes: &[u8], file: &Path) -> Result<Config, Error> {
        let json = serde_json::from_slice(bytes).map_err(|source| Error::Json {
            file: file.to_owned(),
            source,
        })?;
        let form = architectures::form(bytes, file)?;
        Ok(Config { json, form })
    }

    /// The form of the network.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Every tensor of a checkpoint and its shape, in the network's order.
    #[must_use]
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        self.form.tensors()
    }

    /// The file's fields.
    #[must_use]
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }

    /// The same network with another number of rows in its embedding, and in its head.
    #[must_use]
    pub fn with_vocabulary(mut self, rows: usize) -> Config {
        self.json.insert("vocab_size".to_owned(), rows.into());
        self.form.shape.vocabulary = rows;
        self.form.shape.parameters = self.form.count();
        self
    }
}
