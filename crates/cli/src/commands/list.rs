//! `palinode list`: what is there to choose from?

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

use palinode_code::languages::LANGUAGES;
use palinode_rules::RuleBook;
use serde::Serialize;

use crate::Status;
use crate::commands::scan::rules::{book, read_rules};
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
    /// With `rules`: list these too, files or folders of them
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// One JSON object a line, with the manual of each entry
    #[arg(long)]
    json: bool,
}

/// One thing to choose.
#[derive(Debug, Serialize)]
struct Entry {
    name: Cow<'static, str>,
    title: String,
    doc: String,
    /// What is known of a model in the hub's cache.
    #[cfg(feature = "local")]
    #[serde(flatten)]
    cached: Option<crate::hub::Cached>,
}

impl Entry {
    fn new(name: &'static str, title: impl Into<String>, doc: impl Into<String>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            title: title.into(),
            doc: doc.into(),
            #[cfg(feature = "local")]
            cached: None,
        }
    }
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
    Kind {
        name: "analyzers",
        title: "analyzers that `scan` can ask, named with --analyzer",
        entries: analyzers,
    },
    Kind {
        name: "rules",
        title: "rules of `builtin`, whose manuals `palinode rule` prints",
        entries: rules,
    },
    #[cfg(feature = "local")]
    Kind {
        name: "models",
        title: "models: how they are named with --model, and those in the hub's cache",
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
        .map(|language| {
            let title = format!("{} (.{})", language.title, language.extensions.join(" ."));
            Entry::new(language.name, title, language.doc)
        })
        .collect()
}

fn rules() -> Vec<Entry> {
    entries(&RuleBook::builtin())
}

/// The rules of a book, as entries.
fn entries(book: &RuleBook) -> Vec<Entry> {
    book.rules()
        .map(|rule| {
            let cwe = rule.cwes.first().map(|cwe| format!(" ({cwe})"));
            let title = format!("{}{}", rule.title, cwe.unwrap_or_default());
            Entry {
                name: Cow::Owned(rule.id.clone()),
                ..Entry::new("", title, rule.why.clone())
            }
        })
        .collect()
}

fn analyzers() -> Vec<Entry> {
    palinode_scan::analyzers::ANALYZERS
        .iter()
        .map(|analyzer| {
            let title = format!("{} ({})", analyzer.title, analyzer.languages.join(", "));
            Entry::new(analyzer.name, title, analyzer.doc)
        })
        .collect()
}

/// The bundled model, the forms of other names, and what lies in the hub's cache.
#[cfg(feature = "local")]
fn models() -> Vec<Entry> {
    let nano = Entry::new(
        crate::nano::BUNDLED,
        "the bundled model: small, trained on a synthetic curriculum, for demonstration",
        "A very small model that comes with the program, so that revision can be seen without \
         downloading anything. Its model card, models/nano/README.md, says what it is and is not.",
    );
    let forms = crate::model_name::NAME_FORMS
        .iter()
        .map(|name| Entry::new(name.form, name.title, name.doc));
    let cached = crate::hub::cached().into_iter().map(|model| Entry {
        name: Cow::Owned(model.name.clone()),
        title: model.title(),
        doc: "A model in the hub's cache on this machine: `bytes` counts the files that are read."
            .to_owned(),
        cached: Some(model),
    });
    std::iter::once(nano).chain(forms).chain(cached).collect()
}

#[cfg(feature = "local")]
fn architectures() -> Vec<Entry> {
    palinode_model::architectures::ARCHITECTURES
        .iter()
        .map(|architecture| {
            let title = architecture.doc.lines().next().unwrap_or_default();
            Entry::new(architecture.name, title, architecture.doc)
        })
        .collect()
}

#[cfg(feature = "local")]
fn methods() -> Vec<Entry> {
    palinode_methods::METHODS
        .iter()
        .map(|method| Entry::new(method.name, method.title, method.doc))
        .collect()
}

#[cfg(feature = "train")]
fn objectives() -> Vec<Entry> {
    palinode_train::OBJECTIVES
        .iter()
        .map(|objective| Entry::new(objective.name, objective.title, objective.doc))
        .collect()
}

#[cfg(feature = "train")]
fn weaknesses() -> Vec<Entry> {
    palinode_curriculum::WEAKNESSES
        .iter()
        .map(|weakness| {
            let title = format!("CWE-{}: {}", weakness.cwe, weakness.doc);
            Entry::new(weakness.name, title, weakness.doc)
        })
        .collect()
}

/// The kinds themselves, as entries.
fn kinds() -> Vec<Entry> {
    KINDS
        .iter()
        .map(|kind| Entry::new(kind.name, kind.title, kind.title))
        .collect()
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    if !arguments.rules.is_empty() && arguments.kind.as_deref() != Some("rules") {
        return Err(Failure::new("only rules are listed from files")
            .hint("palinode list rules --rules PATH"));
    }
    let entries = match &arguments.kind {
        Some(name) if name == "rules" => entries(&book(&read_rules(&arguments.rules)?)?),
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
            let mut names: Vec<&str> = entries.iter().map(|entry| &*entry.name).collect();
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
