//! `palinode list`: what is there to choose from?

use std::io::{self, Write};

use palinode_code::languages::LANGUAGES;
use serde::Serialize;

use crate::Status;
use crate::events::{SCHEMA, write_line};
use crate::failure::Failure;

/// List what there is to choose from: languages, models, methods
///
/// Without a kind, the kinds are listed.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to list
    #[arg(value_name = "KIND")]
    kind: Option<String>,
    /// One JSON object a line, with the manual of each entry
    #[arg(long)]
    json: bool,
}

/// One thing to choose.
#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    title: String,
    doc: String,
}

/// A kind of thing and its entries.
struct Kind {
    name: &'static str,
    title: &'static str,
    entries: fn() -> Vec<Entry>,
}

/// Every kind, each read from its registry.
const KINDS: &[Kind] = &[
    Kind {
        name: "languages",
        title: "languages that can be parsed, named with --lang",
        entries: languages,
    },
    #[cfg(feature = "local")]
    Kind {
        name: "models",
        title: "models that need no files, named with --model",
        entries: models,
    },
    #[cfg(feature = "local")]
    Kind {
        name: "architectures",
        title: "networks that a model's folder may hold",
        entries: architectures,
    },
    #[cfg(feature = "local")]
    Kind {
        name: "methods",
        title: "ways to write code",
        entries: methods,
    },
    #[cfg(feature = "train")]
    Kind {
        name: "objectives",
        title: "what a model can be trained to",
        entries: objectives,
    },
    #[cfg(feature = "train")]
    Kind {
        name: "weaknesses",
        title: "what the curriculum's tasks can go wrong in",
        entries: weaknesses,
    },
];

fn languages() -> Vec<Entry> {
    LANGUAGES
        .iter()
        .map(|language| Entry {
            name: language.name,
            title: format!("{} (.{})", language.title, language.extensions.join(" .")),
            doc: language.doc.to_owned(),
        })
        .collect()
}

#[cfg(feature = "local")]
fn models() -> Vec<Entry> {
    vec![Entry {
        name: crate::nano::BUNDLED,
        title: "the bundled model: small, trained on a synthetic curriculum, for demonstration".to_owned(),
        doc: "A very small model that comes with the program, so that revision can be seen without \
              downloading anything. Its model card, models/nano/README.md, says what it is and is not."
            .to_owned(),
    }]
}

#[cfg(feature = "local")]
fn architectures() -> Vec<Entry> {
    palinode_model::architectures::ARCHITECTURES
        .iter()
        .map(|architecture| Entry {
            name: architecture.name,
            title: architecture
                .doc
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
            doc: architecture.doc.to_owned(),
        })
        .collect()
}

#[cfg(feature = "local")]
fn methods() -> Vec<Entry> {
    palinode_methods::METHODS
        .iter()
        .map(|method| Entry {
            name: method.name,
            title: method.title.to_owned(),
            doc: method.doc.to_owned(),
        })
        .collect()
}

#[cfg(feature = "train")]
fn objectives() -> Vec<Entry> {
    palinode_train::OBJECTIVES
        .iter()
        .map(|objective| Entry {
            name: objective.name,
            title: objective.title.to_owned(),
            doc: objective.doc.to_owned(),
        })
        .collect()
}

#[cfg(feature = "train")]
fn weaknesses() -> Vec<Entry> {
    palinode_curriculum::WEAKNESSES
        .iter()
        .map(|weakness| Entry {
            name: weakness.name,
            title: format!("CWE-{}: {}", weakness.cwe, weakness.doc),
            doc: weakness.doc.to_owned(),
        })
        .collect()
}

/// The kinds themselves, as entries.
fn kinds() -> Vec<Entry> {
    KINDS
        .iter()
        .map(|kind| Entry {
            name: kind.name,
            title: kind.title.to_owned(),
            doc: kind.title.to_owned(),
        })
        .collect()
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let entries = match &arguments.kind {
        None => kinds(),
        Some(name) => match KINDS.iter().find(|kind| kind.name == name) {
            Some(kind) => (kind.entries)(),
            None => {
                let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                return Err(Failure::new(format!("there is no list of `{name}`"))
                    .hint(format!("one of: {}", names.join(", "))));
            }
        },
    };
    print(&entries, arguments.json).map_err(|error| Failure::stdout(&error))?;
    Ok(Status::Done)
}

/// A table, or one object a line.
fn print(entries: &[Entry], json: bool) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        schema: u32,
        #[serde(flatten)]
        entry: &'a Entry,
    }
    let mut out = io::stdout().lock();
    let width = entries
        .iter()
        .map(|entry| entry.name.len())
        .max()
        .unwrap_or(0);
    for entry in entries {
        if json {
            let schema = SCHEMA;
            write_line(&mut out, &Line { schema, entry })?;
        } else {
            writeln!(out, "{:width$}  {}", entry.name, entry.title)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Entry, KINDS, kinds};

    #[test]
    fn every_entry_of_every_kind_has_a_unique_name_and_a_manual() {
        let check = |entries: Vec<Entry>| {
            let mut names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), entries.len());
            assert!(!entries.is_empty());
            for entry in entries {
                assert!(
                    !entry.title.is_empty() && !entry.doc.is_empty(),
                    "{entry:?}"
                );
            }
        };
        check(kinds());
        for kind in KINDS {
            check((kind.entries)());
        }
    }
}
