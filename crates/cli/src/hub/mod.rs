//! How does a model named `hf:org/name` come to this machine?

mod cached;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;

use palinode_model::Source;
use palinode_remote::Error;
use palinode_remote::hub::{Event, Hub, Options, Progress, Repository, Snapshot, model_files};

pub(crate) use self::cached::{Cached, cached};
use self::watch::Watch;
use crate::console::variable;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// How names of models on the hub begin.
pub(crate) const PREFIX: &str = "hf:";

/// What this program calls itself to servers.
const USER_AGENT: &str = concat!("palinode/", env!("CARGO_PKG_VERSION"));

/// How such a name is written.
const FORM: &str = "write `hf:org/name`, `hf:org/name@revision` for a branch, a tag or a commit, and \
                    `hf:org/name#file.gguf` for one GGUF file";

/// How many files are named to somebody who has to choose one.
const NAMED: usize = 12;

/// A model on the hub: a repository in Hugging Face layout, or one GGUF file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HubModel {
    repository: Repository,
    file: Option<String>,
}

impl fmt::Display for HubModel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}", self.repository)?;
        match &self.file {
            Some(file) => write!(out, "#{file}"),
            None => Ok(()),
        }
    }
}

/// The names of a repository's files, as far as they were looked at.
type Names = RefCell<BTreeSet<String>>;

impl HubModel {
    /// Understands what stands behind [`PREFIX`]. Nothing is asked of anybody.
    ///
    /// # Errors
    /// Where it is no name that the hub could have.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let refuse = || Failure::new(format!("no model `{PREFIX}{text}`"));
        let (repository, file) = match text.split_once('#') {
            Some((repository, file)) => (repository, Some(file)),
            None => (text, None),
        };
        let repository = repository
            .parse()
            .map_err(|error: Error| refuse().because(&error).hint(FORM))?;
        if let Some(file) = file {
            let stem = file.strip_suffix(".gguf").unwrap_or_default();
            if stem.is_empty() {
                let what =
                    format!("no model `{PREFIX}{text}`: what stands behind `#` is no .gguf file");
                return Err(Failure::new(what).hint(FORM));
            }
            if is_part(stem) {
                let what =
                    format!("cannot use `{PREFIX}{text}`: it is one of several parts of a model");
                return Err(Failure::new(what).hint(
                    "use a file that holds a whole model, or join the parts (`llama-gguf-split --merge`) \
                     and name the result",
                ));
            }
        }
        Ok(Self {
            repository,
            file: file.map(str::to_owned),
        })
    }

    /// What it is called in messages and answers; nothing where its file's own name says it best.
    pub(crate) fn title(&self) -> Option<String> {
        match self.file {
            Some(_) => None,
            None => Some(self.repository.to_string()),
        }
    }

    /// Brings it here, as far as it is not in the cache yet, and shows how far that has come.
    ///
    /// # Errors
    /// What `palinode-remote` finds wrong; where the repository holds no model that can be used; and where the
    /// person had enough of waiting.
    pub(crate) fn fetch(&self) -> Result<Source, Failure> {
        let failed = |error: &Error| {
            Failure::new(format!("cannot fetch `{self}`"))
                .because(error)
                .maybe_hint(error.hint())
        };
        let hub = Options::from_values(&variable, USER_AGENT)
            .and_then(Hub::new)
            .map_err(|error| failed(&error))?;
        let interrupt = Interrupt::listen();
        let mut watch = Watch::new(interrupt.clone());
        let names = Names::default();
        let mut unusable = None;
        let mut progress = |event: Event<'_>| {
            // All names are known by now, and nothing was fetched.
            if let Event::Begin { .. } = event {
                unusable = self.unusable(&names.borrow());
                if unusable.is_some() {
                    return ControlFlow::Break(());
                }
            }
            watch.event(event)
        };
        let fetched = self.ask(&hub, &names, &mut progress);
        watch.end();
        interrupt.ignore();
        if interrupt.is_set() {
            return Err(Failure::interrupted(
                "interrupted; what was fetched is kept, and the same command goes on from there",
            ));
        }
        if let Some(failure) = unusable {
            return Err(failure);
        }
        match fetched {
            Ok(snapshot) => Ok(self.source(&snapshot)),
            Err(error) => {
                let names = names.borrow();
                let better = match error {
                    Error::NothingWanted { .. } => self.unusable(&names),
                    // What is not in the cache may be on the hub, but for files of which each is a whole model.
                    Error::Offline { .. } if self.file.is_none() => self.only_gguf(&names),
                    _ => None,
                };
                Err(better.unwrap_or_else(|| failed(&error)))
            }
        }
    }

    fn ask(
        &self,
        hub: &Hub,
        names: &Names,
        progress: &mut dyn Progress,
    ) -> Result<Snapshot, Error> {
        let wanted = |name: &str| {
            names.borrow_mut().insert(name.to_owned());
            match &self.file {
                Some(file) => name == file,
                None => model_files(name),
            }
        };
        hub.fetch(&self.repository, &wanted, progress)
    }

    fn source(&self, snapshot: &Snapshot) -> Source {
        match &self.file {
            Some(file) => Source::Gguf(snapshot.folder.join(file)),
            None => Source::Folder(snapshot.folder.clone()),
        }
    }

    /// Why a repository with these files holds no such model, if it does not.
    fn unusable(&self, names: &BTreeSet<String>) -> Option<Failure> {
        let repository = &self.repository;
        if let Some(file) = &self.file {
            if names.contains(file) {
                return None;
            }
            let hint = match gguf_files(names) {
                files if files.is_empty() => "it has no GGUF files".to_owned(),
                files => format!("it has {}", some(&files)),
            };
            return Some(Failure::new(format!("`{repository}` has no file `{file}`")).hint(hint));
        }
        if names.iter().any(|name| is_weights(name)) {
            return None;
        }
        self.only_gguf(names).or_else(|| {
            let what = format!("`{repository}` has no weights in safetensors");
            let hint = "use a repository that has them, or one with GGUF files";
            Some(Failure::new(what).hint(hint))
        })
    }

    /// What to say to somebody who named a repository where each file is a model.
    fn only_gguf(&self, names: &BTreeSet<String>) -> Option<Failure> {
        let files = gguf_files(names);
        let first = files.first()?;
        if names.iter().any(|name| is_weights(name)) {
            return None;
        }
        let repository = &self.repository;
        let what = format!("`{repository}` holds GGUF files, and each is a model of its own");
        Some(Failure::new(what).hint(format!(
            "name one: `{PREFIX}{repository}#{first}`; it has {}",
            some(&files)
        )))
    }
}

/// Whether it is a file of weights that is fetched with its repository.
fn is_weights(name: &str) -> bool {
    model_files(name) && name.ends_with(".safetensors")
}

/// Those that hold a whole model.
fn gguf_files(names: &BTreeSet<String>) -> Vec<&str> {
    let whole = |name: &&str| {
        let stem = name.strip_suffix(".gguf");
        stem.is_some_and(|stem| !is_part(stem))
    };
    names.iter().map(String::as_str).filter(whole).collect()
}

/// Whether a file is named as llama.cpp names the parts of a model: `…-00002-of-00003`.
fn is_part(stem: &str) -> bool {
    let mut parts = stem.rsplit('-');
    let (last, of, this) = (parts.next(), parts.next(), parts.next());
    let number = |part: Option<&str>| {
        part.is_some_and(|part| part.len() == 5 && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    number(last) && of == Some("of") && number(this)
}

/// The first of some names, and how many more there are.
fn some(names: &[&str]) -> String {
    let (named, rest) = names.split_at(names.len().min(NAMED));
    let named: Vec<String> = named.iter().map(|name| format!("`{name}`")).collect();
    match rest.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::HubModel;

    fn refusal(name: &str) -> String {
        match HubModel::parse(name) {
            Ok(model) => format!("{model:?}"),
            Err(failure) => failure.to_string(),
        }
    }

    fn unusable(name: &str, files: &[&str]) -> String {
        let names: BTreeSet<String> = files.iter().map(|name| (*name).to_owned()).collect();
        let failure = HubModel::parse(name).unwrap().unusable(&names);
        failure.map_or("usable".to_owned(), |failure| failure.to_string())
    }

    #[test]
    fn names_are_read_and_written() {
        for name in ["a/b", "a/b@v1.0", "a/b#c.gguf", "a/b@main#d/c-Q4_K_M.gguf"] {
            let model = HubModel::parse(name).unwrap();
            assert_eq!(model.to_string(), format!("hf:{name}"));
        }
        let title = |name| HubModel::parse(name).unwrap().title();
        assert_eq!(title("a/b@v1").as_deref(), Some("a/b@v1"));
        assert_eq!(title("a/b#c.gguf"), None);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        insta::assert_snapshot!(refusal(""), @r"
        error: no model `hf:`
          cause: `` names no repository: the part before the `/` is missing
        hint: write `hf:org/name`, `hf:org/name@revision` for a branch, a tag or a commit, and `hf:org/name#file.gguf` for one GGUF file
        ");
        insta::assert_snapshot!(refusal("name"), @r"
        error: no model `hf:name`
          cause: `name` names no repository: the part before the `/` is missing
        hint: write `hf:org/name`, `hf:org/name@revision` for a branch, a tag or a commit, and `hf:org/name#file.gguf` for one GGUF file
        ");
        insta::assert_snapshot!(refusal("a/b@"), @r"
        error: no model `hf:a/b@`
          cause: `a/b@` names no repository: the revision after `@` is empty
        hint: write `hf:org/name`, `hf:org/name@revision` for a branch, a tag or a commit, and `hf:org/name#file.gguf` for one GGUF file
        ");
        insta::assert_snapshot!(refusal("a/b#model.bin"), @r"
        error: no model `hf:a/b#model.bin`: what stands behind `#` is no .gguf file
        hint: write `hf:org/name`, `hf:org/name@revision` for a branch, a tag or a commit, and `hf:org/name#file.gguf` for one GGUF file
        ");
        insta::assert_snapshot!(refusal("a/b#m-00001-of-00003.gguf"), @r"
        error: cannot use `hf:a/b#m-00001-of-00003.gguf`: it is one of several parts of a model
        hint: use a file that holds a whole model, or join the parts (`llama-gguf-split --merge`) and name the result
        ");
    }

    #[test]
    fn a_repository_without_such_a_model_is_told_apart() {
        let usual = ["config.json", "model.safetensors"];
        assert_eq!(unusable("a/b", &usual), "usable");
        assert_eq!(unusable("a/b#c.gguf", &["c.gguf"]), "usable");
        let gguf = [
            "c-Q4.gguf",
            "c-Q8.gguf",
            "c-F16-00001-of-00002.gguf",
            "config.json",
        ];
        insta::assert_snapshot!(unusable("a/b@v1", &gguf), @r"
        error: `a/b@v1` holds GGUF files, and each is a model of its own
        hint: name one: `hf:a/b@v1#c-Q4.gguf`; it has `c-Q4.gguf`, `c-Q8.gguf`
        ");
        insta::assert_snapshot!(unusable("a/b#c.gguf", &gguf), @r"
        error: `a/b` has no file `c.gguf`
        hint: it has `c-Q4.gguf`, `c-Q8.gguf`
        ");
        insta::assert_snapshot!(unusable("a/b#c.gguf", &usual), @r"
        error: `a/b` has no file `c.gguf`
        hint: it has no GGUF files
        ");
        insta::assert_snapshot!(unusable("a/b", &["config.json", "pytorch_model.bin"]), @r"
        error: `a/b` has no weights in safetensors
        hint: use a repository that has them, or one with GGUF files
        ");
    }
}
