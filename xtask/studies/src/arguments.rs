//! Which flags did the study get?

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};

/// Pairs of `--flag value`.
#[derive(Debug, Default)]
pub(crate) struct Arguments(BTreeMap<String, String>);

impl Arguments {
    /// Reads them.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut all = BTreeMap::new();
        while let Some(flag) = words.next() {
            let Some(name) = flag.strip_prefix("--") else {
                bail!("`{flag}` is no flag")
            };
            let value = words
                .next()
                .with_context(|| format!("`{flag}` takes a value"))?;
            all.insert(name.to_owned(), value);
        }
        Ok(Self(all))
    }

    /// Whether `--name` was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value of `--name`, or what it is without.
    pub(crate) fn get<T: FromStr>(&self, name: &str, otherwise: T) -> Result<T> {
        let Some(value) = self.0.get(name) else {
            return Ok(otherwise);
        };
        value
            .parse()
            .ok()
            .with_context(|| format!("`--{name} {value}` makes no sense"))
    }
}
