//! Which files are looked at, which are not, and why not?

use std::collections::BTreeSet;
use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use palinode_code::languages::{self, Language};
use palinode_code::{Text, fenced};
use palinode_scan::report::Unread;

use super::cannot_read;
use crate::failure::Failure;

/// Bytes at a file's start in which a zero says that it is no text, as git has it.
const SNIFFED: usize = 8000;
/// A file with lines of so many bytes on average was not written by hand.
const MINIFIED_LINE: usize = 400;
/// Shorter files are looked at whatever their lines.
const MINIFIED_FILE: usize = 4096;

/// One text to look at.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// How it is named to the user; relative where it was named so.
    pub(crate) name: String,
    pub(crate) language: &'static Language,
    /// The code: the whole file, or a block of a chat answer.
    pub(crate) text: Text,
    /// Whether the code ends where somebody stopped writing.
    pub(crate) unfinished: bool,
    /// The answer that a block was taken from, with the block.
    pub(crate) within: Option<(Text, palinode_code::Fenced)>,
}

/// Everything that was found below the paths.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// In the order of their names.
    pub(crate) sources: Vec<Source>,
    /// What was left out though it may hold code, in the order of their names.
    pub(crate) skipped: Vec<Skipped>,
    /// Files in no language that is known.
    pub(crate) others: usize,
    /// Files that were not looked at because nothing in them has changed.
    pub(crate) unchanged: usize,
    /// Files that were not looked at because another repository keeps them.
    pub(crate) elsewhere: usize,
    /// Of files that have changed: how each is named, and its path without links. Empty where all are looked at.
    pub(crate) changed: Vec<(String, PathBuf)>,
}

/// A file that was left out.
#[derive(Debug)]
pub(crate) struct Skipped {
    pub(crate) name: String,
    pub(crate) why: Why,
}

/// Why a file was left out.
#[derive(Debug)]
pub(crate) enum Why {
    TooLarge { bytes: u64, most: u64 },
    Binary,
    Minified,
    Unreadable(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::TooLarge { bytes, most } => {
                write!(f, "has {bytes} bytes, more than {most} (--max-size)")
            }
            Why::Binary => write!(f, "is no text"),
            Why::Minified => write!(f, "is minified; name it to have it scanned"),
            Why::Unreadable(why) => write!(f, "cannot be read: {why}"),
        }
    }
}

/// Which files have changed? All by their paths without links.
#[derive(Debug, Default)]
pub(crate) struct Only {
    /// Those that are not what they were, or were not there.
    pub(crate) changed: BTreeSet<PathBuf>,
    /// Those that git keeps: only of them it can say that they have not changed.
    pub(crate) tracked: HashSet<PathBuf>,
    /// Folders of other repositories.
    pub(crate) repositories: Vec<PathBuf>,
}

/// How to look for files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice<'a> {
    /// Look only at what has changed.
    pub(crate) only: Option<&'a Only>,
    /// In folders, files with more bytes are left out.
    pub(crate) max_size: u64,
    /// Look also at what `.gitignore` and the like leave out, and at hidden files.
    pub(crate) no_ignore: bool,
    /// The language of everything, whatever its name.
    pub(crate) language: Option<&'static Language>,
}

/// Finds the files at and below `paths`. A file that is named is looked at whatever its size and form.
///
/// # Errors
/// A path that is not there or that cannot be read; a named file in no known language.
pub(crate) fn collect(paths: &[PathBuf], choice: Choice<'_>) -> Result<Collected, Failure> {
    let mut collected = Collected::default();
    // A file that was named twice, or named and found, is one file, whatever the names; the first one counts.
    let mut met = HashSet::new();
    // A file that was named is looked at whatever its form, also where it stands in a folder that was named.
    let (folders, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        paths.iter().partition(|path| path.is_dir());
    for path in files.into_iter().chain(folders) {
        let metadata = fs::metadata(path).map_err(|error| unread(path, &error))?;
        if metadata.is_dir() {
            let whole = path.canonicalize().map_err(|error| unread(path, &error))?;
            below(path, &whole, choice, &mut met, &mut collected);
        } else {
            let name = shown(path);
            // A pipe, as a shell gives it, has no such path.
            let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
            if !met.insert(whole.clone()) {
                continue;
            }
            if let Some(only) = choice.only
                && !collected.is_wanted(&name, whole, only)
            {
                continue;
            }
            let bytes = fs::read(path).map_err(|error| unread(path, &error))?;
            let found = sources(&name, Some(path), bytes, choice.language);
            if found.is_empty() {
                return Err(
                    Failure::new(format!("`{name}` is in no language that is known")).hint(
                        "name its language with --lang; `palinode list languages` lists them",
                    ),
                );
            }
            collected.sources.extend(found);
        }
    }
    collected.sources.sort_by(|a, b| a.name.cmp(&b.name));
    collected.skipped.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(collected)
}

impl Collected {
    /// What was left out, for reports.
    pub(crate) fn unread(&self) -> Vec<Unread> {
        let unread = self.skipped.iter().map(|skipped| Unread {
            name: skipped.name.clone(),
            why: skipped.why.to_string(),
            is_chosen: !matches!(skipped.why, Why::Unreadable(_)),
        });
        unread.collect()
    }

    /// Whether a file is among those that are wanted; remembers it if so.
    fn is_wanted(&mut self, name: &str, whole: PathBuf, only: &Only) -> bool {
        if only.changed.contains(&whole) {
            self.changed.push((name.to_owned(), whole));
            return true;
        }
        if only.tracked.contains(&whole) {
            self.unchanged += 1;
            return false;
        }
        let mut repositories = only.repositories.iter();
        if repositories.any(|folder| whole.starts_with(folder)) {
            self.elsewhere += 1;
            return false;
        }
        // Git is told to ignore it and knows nothing of it: then all of it is new.
        self.changed.push((name.to_owned(), whole));
        true
    }
}

/// The code in `bytes`: all of it, or, where it is Markdown, its fenced blocks in languages that are known.
pub(crate) fn sources(
    name: &str,
    path: Option<&Path>,
    bytes: Vec<u8>,
    language: Option<&'static Language>,
) -> Vec<Source> {
    let by_name = || languages::by_path(Path::new(name));
    let source = |language, text| Source {
        name: name.to_owned(),
        language,
        text,
        unfinished: false,
        within: None,
    };
    let text = Text::new(bytes);
    if let Some(language) = language.or_else(by_name) {
        return vec![source(language, text)];
    }
    let is_markdown = name.ends_with(".md") || name.ends_with(".markdown") || path.is_none();
    if !is_markdown {
        return Vec::new();
    }
    let blocks = fenced(&text).into_iter().filter_map(|block| {
        let code = block.text.clone();
        Some(Source {
            unfinished: !block.closed,
            within: Some((text.clone(), block.clone())),
            ..source(block.language()?, code)
        })
    });
    blocks.collect()
}

/// Everything below a folder, whose path without links is `whole`.
fn below(
    folder: &Path,
    whole: &Path,
    choice: Choice<'_>,
    met: &mut HashSet<PathBuf>,
    collected: &mut Collected,
) {
    let walk = WalkBuilder::new(folder)
        .standard_filters(!choice.no_ignore)
        // A copy of a project without its repository has its ignore files still.
        .require_git(false)
        .build();
    for entry in walk {
        let mut skip = |name: String, why| collected.skipped.push(Skipped { name, why });
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // It says which path.
                skip(
                    folder.display().to_string(),
                    Why::Unreadable(error.to_string()),
                );
                continue;
            }
        };
        // Links are not followed: what they lead to is looked at where it stands, and no circle arises.
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        // Markdown is looked into where it is named: in folders it is documentation, with examples of what is wrong.
        let language = choice.language.or_else(|| languages::by_path(path));
        if language.is_none() {
            collected.others += 1;
            continue;
        }
        let name = shown(path);
        let whole = whole.join(path.strip_prefix(folder).unwrap_or(path));
        if !met.insert(whole.clone()) {
            continue;
        }
        if let Some(only) = choice.only
            && !collected.is_wanted(&name, whole, only)
        {
            continue;
        }
        let mut skip = |name: String, why| collected.skipped.push(Skipped { name, why });
        match read(path, choice.max_size) {
            Ok(bytes) => {
                let found = sources(&name, Some(path), bytes, choice.language);
                collected.sources.extend(found);
            }
            Err(why) => skip(name, why),
        }
    }
}

/// How a file is named to the user: as they did, without steps that lead nowhere.
fn shown(path: &Path) -> String {
    let plain: PathBuf = path.components().collect();
    let plain = plain.strip_prefix(".").unwrap_or(&plain);
    plain.display().to_string()
}

/// The bytes of a file that looks written by hand.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, Why> {
    let unreadable = |error: std::io::Error| Why::Unreadable(error.to_string());
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    // One more than is allowed, whatever the file says of its size, and however it grows meanwhile.
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    if bytes.len() as u64 > most {
        let bytes = fs::metadata(path).map_err(unreadable)?.len();
        return Err(Why::TooLarge { bytes, most });
    }
    match unlike_code(&bytes) {
        Some(why) => Err(why),
        None => Ok(bytes),
    }
}

/// Why nobody wrote this by hand, where that can be seen.
pub(crate) fn unlike_code(bytes: &[u8]) -> Option<Why> {
    if bytes[..bytes.len().min(SNIFFED)].contains(&0) {
        return Some(Why::Binary);
    }
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
    (bytes.len() > MINIFIED_FILE && bytes.len() / lines > MINIFIED_LINE).then_some(Why::Minified)
}

fn unread(path: &Path, error: &std::io::Error) -> Failure {
    cannot_read(path, error)
        .hint("name files and folders that exist and may be read, or `-` for standard input")
}
