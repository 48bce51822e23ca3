//! What is to be run, and where is it?

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// A program with everything that it gets from us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(crate) file: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) input: Vec<u8>,
}

impl Program {
    /// The program in this file, without arguments and input. It is no name to look for: see [`find_program`].
    #[must_use]
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: None,
            input: Vec::new(),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of its environment, which is otherwise empty but for `LANG`, `HOME`, `TMPDIR` and a `PATH` of
    /// the system's folders. A later value replaces an earlier one, and these.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts it in this folder. Without, it starts in the folder that is removed with the run.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Feeds it these bytes as its standard input, which is otherwise empty.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }
}

/// The first file of this name that can be run, in the folders of `path` as `PATH` lists them. A name with a
/// separator in it is a file itself. Folders of `path` that are relative are passed over: what a search finds must
/// not hang on where we stand.
#[must_use]
pub fn find_program(name: &str, path: &OsStr) -> Option<PathBuf> {
    if name.contains(std::path::is_separator) {
        let file = PathBuf::from(name);
        return is_program(&file).then_some(file);
    }
    folders(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| is_program(file))
}

/// The folders that a `PATH` lists.
#[cfg(unix)]
fn folders(path: &OsStr) -> impl Iterator<Item = PathBuf> {
    use std::os::unix::ffi::OsStrExt;

    let parts = path.as_bytes().split(|byte| *byte == b':');
    parts.map(|part| PathBuf::from(OsStr::from_bytes(part)))
}

/// The folders that a `PATH` lists.
#[cfg(not(unix))]
fn folders(path: &OsStr) -> impl Iterator<Item = PathBuf> {
    let parts: Vec<PathBuf> = path
        .to_string_lossy()
        .split(';')
        .map(PathBuf::from)
        .collect();
    parts.into_iter()
}

fn is_program(file: &Path) -> bool {
    let Ok(about) = file.metadata() else {
        return false;
    };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    about.is_file() && may_run
}
