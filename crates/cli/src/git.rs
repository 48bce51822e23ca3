//! What does git know about these files?

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use palinode_sandbox::{Ending, Limits, Policy, Program, find_program, run};

use crate::console::variable;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// How long one question may take. On a slow disk, looking at every file of a large project takes minutes.
const PATIENCE: Duration = Duration::from_secs(600);
/// Bytes of all names of the files that git keeps.
const NAMES: usize = 1 << 30;
/// Bytes of texts that are asked for at one time.
const PORTION: usize = 32 << 20;

/// Kept from doing what a scan must not: running programs that the project's settings name, taking locks, fetching.
const SETTINGS: &[&str] = &[
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "--no-replace-objects",
];

/// The mode of a folder that is a repository of its own.
const SUBMODULE: &str = "160000";

/// What a filter may be told in git's settings: the programs that it is, and whether it may fail.
const FILTER_KEYS: &[(&str, &str)] = &[
    (".clean", ""),
    (".smudge", ""),
    (".process", ""),
    (".required", "false"),
];

/// A repository with files in it.
#[derive(Debug)]
pub(crate) struct Repository {
    git: PathBuf,
    /// The topmost folder of its files, without links in its path.
    pub(crate) root: PathBuf,
    /// Further settings, which take the programs out of the filters that the project's settings name.
    unfiltered: Vec<OsString>,
    /// Folders of submodules, below the root.
    submodules: Vec<PathBuf>,
    /// The files that git keeps, below the root.
    tracked: Vec<PathBuf>,
}

/// A file that is not what it was, or was not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Where it is now, below the root; `None` where it is gone.
    pub(crate) now: Option<PathBuf>,
    /// Where it was, and the name of what stood in it; `None` where it was not there.
    pub(crate) before: Option<(PathBuf, String)>,
}

/// What differs between a commit and the files as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) files: Vec<Changed>,
    /// Folders of other repositories: submodules of another commit than before or with changes that nobody committed,
    /// and such as nobody added.
    pub(crate) repositories: Vec<PathBuf>,
}

impl Repository {
    /// The repository around a folder.
    ///
    /// # Errors
    /// There is no git, or no repository with files around it, or git refuses it.
    pub(crate) fn around(folder: &Path) -> Result<Self, Failure> {
        let git = find_program("git", &variable("PATH").unwrap_or_default()).ok_or_else(|| {
            Failure::new("there is no `git`")
                .hint("install it (apt install git), or use --baseline")
        })?;
        let mut repository = Self {
            git,
            root: folder.to_path_buf(),
            unfiltered: Vec::new(),
            submodules: Vec::new(),
            tracked: Vec::new(),
        };
        let said = repository.ask(&["rev-parse", "--show-toplevel"]);
        let said = said.map_err(|why| {
            let failure = Failure::new(format!(
                "`{}` lies in no git repository with files",
                folder.display()
            ));
            why.told_by(failure)
                .hint("name files of one repository; --baseline compares without git")
        })?;
        let root = path(said.strip_suffix(b"\n").unwrap_or(&said));
        repository.root = root.canonicalize().map_err(|error| {
            Failure::new(format!("cannot read `{}`", root.display())).because(&error)
        })?;
        (repository.tracked, repository.submodules) = repository.index(&repository.root)?;
        repository.unfiltered = repository.unfiltered()?;
        Ok(repository)
    }

    /// The files that git keeps: those that do not differ from a commit have not changed.
    pub(crate) fn tracked(&self) -> impl Iterator<Item = &Path> {
        self.tracked.iter().map(PathBuf::as_path)
    }

    /// The folders of other repositories that are part of this one.
    pub(crate) fn submodules(&self) -> impl Iterator<Item = &Path> {
        self.submodules.iter().map(PathBuf::as_path)
    }

    /// What git keeps of the repository at `folder`: files, and folders of submodules.
    fn index(&self, folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
        let words = ["ls-files", "--stage", "-z"];
        let said = self.ask_with(folder, &words, Vec::new(), NAMES);
        let said =
            said.map_err(|why| why.told_by(Failure::new("git cannot say which files it keeps")))?;
        read_index(&said)
            .ok_or_else(|| Failure::new("what git says of the files it keeps cannot be read"))
    }

    /// The settings that take the programs out of all filters, also those of submodules, in which git looks whether
    /// anything has changed: to compare a file git would run them, and whoever wrote the settings may not be the user.
    fn unfiltered(&self) -> Result<Vec<OsString>, Failure> {
        let mut filters: BTreeSet<Vec<u8>> = BTreeSet::new();
        let mut seen = BTreeSet::from([self.root.clone()]);
        let mut folders = vec![(self.root.clone(), self.submodules.clone())];
        while let Some((folder, submodules)) = folders.pop() {
            let named = self.ask_in(&folder, &["config", "--null", "--name-only", "--list"]);
            let named = named
                .map_err(|why| why.told_by(Failure::new("git cannot say which filters it has")))?;
            filters.extend(named.split(|byte| *byte == 0).filter_map(filter_of));
            for submodule in submodules {
                // One that was never fetched has no settings, and git does not look into it.
                let Ok(submodule) = folder.join(submodule).canonicalize() else {
                    continue;
                };
                if submodule.join(".git").exists() && seen.insert(submodule.clone()) {
                    let within = self.index(&submodule)?.1;
                    folders.push((submodule, within));
                }
            }
        }
        let mut words = Vec::new();
        for filter in &filters {
            // `-c` ends a name at the first of these.
            if filter.contains(&b'=') {
                let name = String::from_utf8_lossy(filter).into_owned();
                return Err(Failure::new(format!(
                    "the settings of git name a filter `{name}`, which cannot be kept from running"
                ))
                .hint("rename it without `=`; --baseline compares without git"));
            }
            for (key, value) in FILTER_KEYS {
                let setting = [b"filter.", filter.as_slice(), key.as_bytes(), b"="].concat();
                let mut setting = path(&setting).into_os_string();
                setting.push(value);
                words.extend([OsString::from("-c"), setting]);
            }
        }
        Ok(words)
    }

    /// The full name of the commit that the user calls `revision`.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn commit(&self, revision: &str) -> Result<String, Failure> {
        let named = format!("{revision}^{{commit}}");
        let words = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &named,
        ];
        match self.ask(&words) {
            Ok(said) => Ok(String::from_utf8_lossy(&said).trim().to_owned()),
            Err(why) => {
                let shallow = self.ask(&["rev-parse", "--is-shallow-repository"]);
                let hint = match shallow.is_ok_and(|said| said.starts_with(b"true")) {
                    true => {
                        "this clone is shallow, older commits are not in it: `git fetch --unshallow` brings them (in GitHub's checkout action: `fetch-depth: 0`)"
                    }
                    false => {
                        "name a commit, branch or tag, such as HEAD~1 or main; one of a server has to be fetched first"
                    }
                };
                let failure =
                    Failure::new(format!("`{revision}` names no commit in this repository"));
                Err(why.told_by(failure).hint(hint))
            }
        }
    }

    /// What differs between a commit and the files as they are: also files that were never added, with `ignored` also
    /// those that git is told to ignore.
    ///
    /// # Errors
    /// git fails, or says what cannot be read.
    pub(crate) fn changes(&self, commit: &str, ignored: bool) -> Result<Changes, Failure> {
        let failed = |why: Silence| why.told_by(Failure::new("git cannot say what has changed"));
        let differing = self
            .ask(&[
                "diff",
                "--raw",
                "-z",
                "--no-abbrev",
                "--no-ext-diff",
                "--no-textconv",
                "--ignore-submodules=none",
                "--find-renames",
                commit,
                "--",
            ])
            .map_err(failed)?;
        let mut changes = read_differences(&differing)
            .ok_or_else(|| Failure::new("what git says has changed cannot be read"))?;
        let mut words = vec!["ls-files", "--others", "-z"];
        if !ignored {
            words.push("--exclude-standard");
        }
        for name in self.ask(&words).map_err(failed)?.split(|byte| *byte == 0) {
            match name.strip_suffix(b"/") {
                Some(folder) => changes.repositories.push(path(folder)),
                None if name.is_empty() => {}
                None => changes.files.push(Changed {
                    now: Some(path(name)),
                    before: None,
                }),
            }
        }
        Ok(changes)
    }

    /// What stood in files, by the names that [`Changes`] gives, each with the most bytes that it may have; `None` for
    /// a text that has more.
    ///
    /// # Errors
    /// One of them is not in this clone.
    pub(crate) fn texts(&self, wanted: &[(String, u64)]) -> Result<Vec<Option<Vec<u8>>>, Failure> {
        let names: Vec<String> = wanted.iter().map(|(name, _)| name.clone()).collect();
        let sizes = self.batch(&names, "--batch-check", names.len() * 128)?;
        let mut lines = sizes.split(|byte| *byte == b'\n');
        let mut texts = vec![None; names.len()];
        let mut portion: Vec<(usize, &String, usize)> = Vec::new();
        for (at, (name, most)) in wanted.iter().enumerate() {
            let line = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
            let size = line
                .strip_prefix(&format!("{name} blob "))
                .and_then(|size| size.parse::<usize>().ok());
            let size = size.ok_or_else(|| {
                Failure::new(format!("what stood in a file before is not in this clone: {line}"))
                    .hint("it was cloned in part: `git fetch --refetch --filter=` with no filter, or clone it whole")
            })?;
            if u64::try_from(size).is_ok_and(|size| size <= *most) {
                portion.push((at, name, size));
            }
            let together: usize = portion.iter().map(|(_, _, size)| size).sum();
            if together >= PORTION || at + 1 == names.len() {
                self.portion(&portion, &mut texts)?;
                portion.clear();
            }
        }
        Ok(texts)
    }

    /// Reads the texts of these names and sizes, each to its place.
    fn portion(
        &self,
        portion: &[(usize, &String, usize)],
        texts: &mut [Option<Vec<u8>>],
    ) -> Result<(), Failure> {
        let names = portion.iter().map(|(_, name, _)| (*name).clone());
        let names: Vec<String> = names.collect();
        let room: usize = portion.iter().map(|(_, _, size)| size + 128).sum();
        let said = self.batch(&names, "--batch", room)?;
        let mut rest = said.as_slice();
        for (at, _, size) in portion {
            let text = rest
                .iter()
                .position(|byte| *byte == b'\n')
                .and_then(|end| rest.get(end + 1..end + 1 + size));
            let text = text.ok_or_else(|| Failure::new("git stopped amid what stood in a file"))?;
            if let Some(place) = texts.get_mut(*at) {
                *place = Some(text.to_vec());
            }
            let taken = rest.iter().position(|byte| *byte == b'\n').unwrap_or(0) + size + 2;
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    fn batch(&self, names: &[String], form: &str, room: usize) -> Result<Vec<u8>, Failure> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut input = names.join("\n");
        input.push('\n');
        let words = ["cat-file", form];
        let said = self.ask_with(&self.root, &words, input.into_bytes(), room);
        said.map_err(|why| why.told_by(Failure::new("git cannot say what stood in files before")))
    }

    fn ask(&self, words: &[&str]) -> Result<Vec<u8>, Silence> {
        self.ask_in(&self.root, words)
    }

    fn ask_in(&self, folder: &Path, words: &[&str]) -> Result<Vec<u8>, Silence> {
        self.ask_with(folder, words, Vec::new(), Limits::default().output)
    }

    /// What git answers, without the user's environment but for where their settings lie: these say which folders of
    /// other owners they trust.
    fn ask_with(
        &self,
        folder: &Path,
        words: &[&str],
        input: Vec<u8>,
        room: usize,
    ) -> Result<Vec<u8>, Silence> {
        let mut program = Program::new(&self.git)
            .arguments(SETTINGS)
            .arguments(&self.unfiltered)
            .arguments(words.iter().copied())
            .variable("GIT_TERMINAL_PROMPT", "0")
            .variable("GIT_NO_LAZY_FETCH", "1")
            .variable("GIT_ALLOW_PROTOCOL", "none")
            .folder(folder)
            .input(input);
        for name in ["HOME", "XDG_CONFIG_HOME", "PATH"] {
            if let Some(value) = variable(name) {
                program = program.variable(name, value);
            }
        }
        let limits = Limits {
            time: PATIENCE,
            output: room.max(1 << 20),
            ..Limits::default()
        };
        let interrupt = Interrupt::listen().switch();
        let outcome = run(&program, &Policy::Tool(limits), &interrupt)
            .map_err(|error| Silence(error.to_string()))?;
        match outcome.ending {
            Ending::Exited(0) => Ok(outcome.stdout),
            ending => {
                let said = String::from_utf8_lossy(&outcome.stderr);
                let said: Vec<&str> = said
                    .lines()
                    .filter(|line| !line.trim().is_empty())
                    .collect();
                Err(Silence(match said.is_empty() {
                    true => format!("git {ending}"),
                    false => said.join("\n"),
                }))
            }
        }
    }
}

/// Why git gave no answer.
#[derive(Debug)]
struct Silence(String);

impl Silence {
    /// The failure, with what git said about it.
    fn told_by(self, failure: Failure) -> Failure {
        failure.because(&std::io::Error::other(self.0))
    }
}

/// Reads `git diff --raw -z --no-abbrev`: `:MODE MODE NAME NAME LETTER`, a zero, one path or two, each with a zero.
fn read_differences(said: &[u8]) -> Option<Changes> {
    let is_file = |mode: &str| mode.starts_with("100");
    let mut changes = Changes::default();
    let mut parts = said.split(|byte| *byte == 0);
    while let Some(head) = parts.next().filter(|head| !head.is_empty()) {
        let head = std::str::from_utf8(head).ok()?.strip_prefix(':')?;
        let mut words = head.split(' ');
        let (old_mode, new_mode) = (words.next()?, words.next()?);
        let (name, _, letter) = (words.next()?, words.next()?, words.next()?);
        let mut next_path = || parts.next().filter(|name| !name.is_empty()).map(path);
        let first = next_path()?;
        let second = match letter.starts_with(['R', 'C']) {
            true => next_path()?,
            false => first.clone(),
        };
        if [old_mode, new_mode].contains(&SUBMODULE) {
            changes.repositories.push(second);
            continue;
        }
        // Of a file in conflict a second line says what there is of it.
        if letter == "U" {
            continue;
        }
        let changed = Changed {
            now: is_file(new_mode).then_some(second),
            before: is_file(old_mode).then(|| (first, name.to_owned())),
        };
        if changed.now.is_some() || changed.before.is_some() {
            changes.files.push(changed);
        }
    }
    Some(changes)
}

/// Reads `git ls-files --stage -z`: `MODE NAME STAGE`, a tab, a path, a zero. Files, and folders of submodules; links
/// are neither.
fn read_index(said: &[u8]) -> Option<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut files, mut submodules) = (Vec::new(), Vec::new());
    for entry in said.split(|byte| *byte == 0) {
        if entry.is_empty() {
            continue;
        }
        let tab = entry.iter().position(|byte| *byte == b'\t')?;
        let (head, name) = (&entry[..tab], path(&entry[tab + 1..]));
        if head.starts_with(SUBMODULE.as_bytes()) {
            submodules.push(name);
        } else if head.starts_with(b"100") {
            files.push(name);
        }
    }
    Some((files, submodules))
}

/// The filter that a setting is about, where it is about one.
fn filter_of(setting: &[u8]) -> Option<Vec<u8>> {
    let rest = setting.strip_prefix(b"filter.")?;
    let keys = FILTER_KEYS.iter();
    let mut names = keys.filter_map(|(key, _)| rest.strip_suffix(key.as_bytes()));
    names.next().map(<[u8]>::to_vec)
}

/// A path as git writes it: bytes.
#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// A path as git writes it, in UTF-8.
#[cfg(not(unix))]
fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from(String::from_utf8_lossy(bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_keeps_is_read() {
        let id = "a".repeat(40);
        let said = format!(
            "100644 {id} 0\ta b.py\0100755 {id} 1\tx/\n.py\0120000 {id} 0\tlink\0160000 {id} 0\tsub\0"
        );
        let files = ["a b.py", "x/\n.py"].map(PathBuf::from).to_vec();
        let expected = (files, vec![PathBuf::from("sub")]);
        assert_eq!(read_index(said.as_bytes()), Some(expected));
        assert_eq!(read_index(b"100644 a.py\0"), None);
    }

    #[test]
    fn filters_are_known_by_their_settings() {
        for (setting, filter) in [
            (&b"filter.lfs.process"[..], Some(&b"lfs"[..])),
            (b"filter.a.b c\xff.clean", Some(b"a.b c\xff")),
            (b"filter.x.required", Some(b"x")),
            (b"filter.x.other", None),
            (b"filter.clean", None),
            (b"core.clean", None),
        ] {
            assert_eq!(filter_of(setting).as_deref(), filter);
        }
    }

    #[test]
    fn differences_are_read() {
        let id = "a".repeat(40);
        let none = "0".repeat(40);
        let said = format!(
            ":100644 100644 {id} {none} M\0a b.py\0:100644 100755 {id} {none} R086\0old\n\".py\0new.py\0\
             :100644 000000 {id} {none} D\0gone.py\0:000000 100644 {none} {none} A\0added.py\0\
             :160000 160000 {id} {none} M\0sub\0:120000 100644 {id} {none} T\0was link.py\0\
             :000000 000000 {none} {none} U\0both.py\0:100644 100644 {id} {none} M\0both.py\0"
        );
        let changes = read_differences(said.as_bytes()).expect("it is read");
        let file = |now: Option<&str>, before: Option<&str>| Changed {
            now: now.map(PathBuf::from),
            before: before.map(|before| (PathBuf::from(before), id.clone())),
        };
        let expected = [
            file(Some("a b.py"), Some("a b.py")),
            file(Some("new.py"), Some("old\n\".py")),
            file(None, Some("gone.py")),
            file(Some("added.py"), None),
            file(Some("was link.py"), None),
            file(Some("both.py"), Some("both.py")),
        ];
        assert_eq!(changes.files, expected);
        assert_eq!(changes.repositories, [PathBuf::from("sub")]);
        assert_eq!(read_differences(b""), Some(Changes::default()));
        for garbage in [
            &b"M a.py\0"[..],
            b":1 2 3\0",
            b":100644 100644 a b M\0",
            b"\xff\0",
        ] {
            assert_eq!(read_differences(garbage), None);
        }
    }
}
