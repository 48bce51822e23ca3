//! Which names bring values in, which do harm, which take harm away?
//!
//! The knowledge of the analysis about libraries, as data. A language's file here is a list of groups: a meaning,
//! and the paths that have it. Users add their own ([`Tables::extended`]).

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::error::Error;
use crate::kinds::{Kinds, SinkKind, SourceKind};
use crate::languages::Grammar;
use crate::result::Check;
use crate::tree::FastMap;

mod c;
mod go;
mod java;
mod javascript;
mod php;
mod python;

/// What a name means for a value.
///
/// A path is the dotted name of a function, a field or a variable, whatever the language writes between its parts
/// (`::`, `->`); a call in it is `()`, an index `[]`. Imports and aliases are resolved first, and a variable that
/// is declared with a type, or was given the result of a call, is also known by that. It matches
/// - a name that ends in it, at a dot: `request.args` is met by `flask.request.args`;
/// - with `=` before it, only exactly that: `=eval`, but not `frame.eval`;
/// - with `.` before it, only a member of something: `.execute`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The name.
    pub path: Cow<'static, str>,
    /// What it means.
    pub meaning: Meaning,
}

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    /// To read it, or to call it, gives a value from outside.
    Source(SourceKind),
    /// A call of it puts a value from outside into these arguments.
    Fills(SourceKind, Argument),
    /// All parameters of a function with this name, or with this decorator or annotation, are from outside; and so
    /// is a parameter that has the annotation itself.
    Handler(SourceKind),
    /// A call of it can do harm with these arguments. For `[]`, so can every element that is read or written.
    Sink(SinkKind, Argument, When),
    /// To assign to it can do harm.
    Assigned(SinkKind),
    /// What it returns can do no harm of these kinds any more.
    Cleans(Kinds),
    /// What it returns is a path or an address in its one normal form, so that its beginning can be checked.
    Normalizes,
    /// What it returns is the answer to this question about its arguments and its receiver.
    Asks(Check),
    /// It does not return where its arguments do not pass.
    Demands,
    /// A call of it puts into one argument, or the receiver, what stands in others.
    Copies {
        /// From here on.
        from: Argument,
        /// Into this.
        to: Argument,
    },
    /// A call makes a text of a template, the argument at this position, and of those after it.
    Formats(u8),
    /// What it returns says nothing about its arguments: a length, a hash.
    Hides,
    /// What it returns is its receiver and its arguments, understood: a method of strings.
    Carries,
    /// A call of it does not return.
    Exits,
}

/// Which arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// The one at this position, from 0.
    At(u8),
    /// The one at this position or with this name.
    Named(u8, &'static str),
    /// That at this position and those after it.
    From(u8),
    /// What the method is called on.
    Receiver,
}

/// Under which circumstances a call can do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Under all.
    Always,
    /// Unless it is a list of arguments, which no shell reads: then only its first item matters, or, where that is a
    /// shell, all. The name is that of an argument that asks for a shell.
    Shell(&'static str),
    /// Where the first argument is a shell.
    AfterShell,
    /// Unless an argument of this name contains this text.
    Unless(&'static str, &'static str),
    /// Where an argument of this name contains this text.
    With(&'static str, &'static str),
    /// Where the text before it, a format, has a conversion of a text without a width.
    TextConversion,
    /// Unless what it is called on comes from outside itself: who hands in the document may ask it anything.
    OverOurs,
    /// Where a handler returns it as a text: only for `=return`.
    Built,
}

/// Paths that mean one thing.
pub(crate) struct Group {
    pub(crate) meaning: Meaning,
    pub(crate) paths: &'static [&'static str],
}

/// What is known about names, for every language.
#[derive(Clone, Debug)]
pub struct Tables {
    tables: Vec<(&'static str, Table)>,
}

/// What is known about the names of one language.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    entries: Vec<Entry>,
    by_last: FastMap<Box<[u8]>, Vec<u32>>,
}

impl Tables {
    /// Nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self { tables: Vec::new() }
    }

    /// What is built in.
    #[must_use]
    pub fn standard() -> &'static Tables {
        static STANDARD: OnceLock<Tables> = OnceLock::new();
        STANDARD.get_or_init(|| {
            let c = c::groups();
            let all: [(&'static str, Vec<&'static [Group]>); 9] = [
                ("c", c.clone()),
                ("cpp", c),
                ("go", vec![go::GROUPS]),
                ("java", vec![java::GROUPS]),
                ("javascript", vec![javascript::GROUPS]),
                ("php", vec![php::GROUPS]),
                ("python", vec![python::GROUPS]),
                ("tsx", vec![javascript::GROUPS]),
                ("typescript", vec![javascript::GROUPS]),
            ];
            let mut tables = Tables::empty();
            for (language, groups) in all {
                let mut table = Table::default();
                for group in groups.into_iter().flatten() {
                    for path in group.paths {
                        table.add(Entry {
                            path: Cow::Borrowed(path),
                            meaning: group.meaning,
                        });
                    }
                }
                tables.tables.push((language, table));
            }
            tables
        })
    }

    /// These and more for one language.
    ///
    /// ```
    /// use palinode_flow::{Argument, Entry, Meaning, SinkKind, Tables, When};
    ///
    /// let sink = Meaning::Sink(SinkKind::Sql, Argument::At(0), When::Always);
    /// let entry = Entry { path: "warehouse.ask".into(), meaning: sink };
    /// let tables = Tables::standard().extended("python", [entry])?;
    /// # Ok::<(), palinode_flow::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Language`] or [`Error::Path`].
    pub fn extended(
        &self,
        language: &str,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<Self, Error> {
        let name = Grammar::of(language)
            .and_then(|grammar| grammar.languages.iter().find(|name| **name == language));
        let Some(&name) = name else {
            return Err(Error::Language {
                name: language.to_owned(),
            });
        };
        let mut tables = self.clone();
        let at = tables.tables.iter().position(|(known, _)| *known == name);
        let at = at.unwrap_or_else(|| {
            tables.tables.push((name, Table::default()));
            tables.tables.len() - 1
        });
        for entry in entries {
            if last_of(&entry.path).is_empty() {
                return Err(Error::Path {
                    path: entry.path.into_owned(),
                });
            }
            tables.tables[at].1.add(entry);
        }
        Ok(tables)
    }

    /// What is known for a language.
    pub fn entries(&self, language: &str) -> impl Iterator<Item = &Entry> {
        self.table(language)
            .into_iter()
            .flat_map(|table| &table.entries)
    }

    pub(crate) fn table(&self, language: &str) -> Option<&Table> {
        let found = self.tables.iter().find(|(name, _)| *name == language);
        found.map(|(_, table)| table)
    }
}

impl Table {
    fn add(&mut self, entry: Entry) {
        let last = last_of(&entry.path).as_bytes().into();
        self.by_last
            .entry(last)
            .or_default()
            .push(self.entries.len() as u32);
        self.entries.push(entry);
    }

    /// The entries whose path ends in this name.
    pub(crate) fn ending_in(&self, last: &[u8]) -> &[u32] {
        self.by_last
            .get(last)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    pub(crate) fn entry(&self, at: u32) -> &Entry {
        &self.entries[at as usize]
    }
}

impl Entry {
    /// Whether a path as it stands in code, resolved, is one that this entry is about.
    pub(crate) fn matches(&self, path: &str) -> bool {
        if let Some(exact) = self.path.strip_prefix('=') {
            return path == exact;
        }
        if let Some(member) = self.path.strip_prefix('.') {
            let before = path
                .strip_suffix(member)
                .and_then(|path| path.strip_suffix('.'));
            return before.is_some_and(|before| !before.is_empty());
        }
        match path.strip_suffix(&*self.path) {
            Some(before) => before.is_empty() || before.ends_with(['.', '/']),
            None => false,
        }
    }
}

/// The last part of a path.
fn last_of(path: &str) -> &str {
    let path = path.strip_prefix('=').unwrap_or(path);
    let last = path.rsplit('.').next().unwrap_or(path);
    match last.trim_end_matches("()").trim_end_matches("[]") {
        // All elements, of whatever it be.
        "" if last == "[]" => last,
        last => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &'static str, path: &str) -> bool {
        let meaning = Meaning::Hides;
        let path_of = Cow::Borrowed(pattern);
        Entry {
            path: path_of,
            meaning,
        }
        .matches(path)
    }

    #[test]
    fn a_path_matches_whole_parts() {
        assert!(matches("request.args", "flask.request.args"));
        assert!(matches("request.args", "request.args"));
        assert!(!matches("request.args", "my_request.args"));
        assert!(matches("=eval", "eval"));
        assert!(!matches("=eval", "frame.eval"));
        assert!(matches(".execute", "db.cursor().execute"));
        assert!(!matches(".execute", "execute"));
        assert!(!matches(".execute", "db.reexecute"));
    }

    #[test]
    fn built_in_paths_are_well_formed_and_stand_once_for_each_meaning() {
        let tables = Tables::standard();
        for (language, table) in &tables.tables {
            assert!(Grammar::of(language).is_some(), "{language}");
            for (at, entry) in table.entries.iter().enumerate() {
                assert!(!last_of(&entry.path).is_empty(), "{language}: {entry:?}");
                let same = table.entries[..at].iter().find(|other| *other == entry);
                assert_eq!(same, None, "{language}");
            }
        }
    }
}
