//! Which models lie in the hub's cache on this machine?

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use palinode_model::architectures;
use palinode_model::memory::readable;
use palinode_remote::hub::{Options, Repository, model_files};
use serde::Serialize;

use super::{HubModel, PREFIX, USER_AGENT, is_part, is_weights};
use crate::console::variable;

/// How deep branches, tags and GGUF files are looked for: their names may have slashes.
const DEEPEST: usize = 4;
/// The longest `config.json` that is read.
const LONGEST: u64 = 1 << 20;

/// A model in the cache.
#[derive(Debug, Serialize)]
pub(crate) struct Cached {
    /// What it is called on the command line.
    #[serde(skip)]
    pub(crate) name: String,
    /// Its files that are read, in bytes.
    bytes: u64,
    /// The network that its `config.json` names; GGUF files are not opened to find out.
    architecture: Option<String>,
    /// Whether that is one that can be run.
    known: Option<bool>,
    /// Whether any weights are there.
    weights: bool,
}

impl Cached {
    /// What is known of it, in a few words.
    pub(crate) fn title(&self) -> String {
        let size = readable(self.bytes);
        let what = match (&self.architecture, self.known) {
            (Some(name), Some(true)) => name.clone(),
            (Some(name), _) => {
                format!("{name}, which cannot be run (see `palinode list architectures`)")
            }
            (None, Some(_)) => "a config.json that cannot be used".to_owned(),
            (None, None) => "GGUF".to_owned(),
        };
        match self.weights {
            true => format!("in the cache, {size}: {what}"),
            false => format!("in the cache, without weights: {what}"),
        }
    }
}

/// Every model of the cache, sorted by name. What cannot be read is not there.
pub(crate) fn cached() -> Vec<Cached> {
    // Where the cache is needs no token, so a wrong one is nobody's problem here.
    let value = |name: &str| variable(name).filter(|_| !name.contains("TOKEN"));
    match Options::from_values(&value, USER_AGENT) {
        Ok(options) => models(&options.cache),
        // Nothing says where a cache could be.
        Err(_) => Vec::new(),
    }
}

fn models(cache: &Path) -> Vec<Cached> {
    let mut all = Vec::new();
    for folder in names(cache) {
        let Some(id) = folder.strip_prefix("models--") else {
            continue;
        };
        let id = id.replacen("--", "/", 1);
        let folder = cache.join(&folder);
        let mut references = BTreeMap::new();
        collect(&folder.join("refs"), "", DEEPEST, &mut references);
        for commit in names(&folder.join("snapshots")) {
            let revision = references.get(&commit).unwrap_or(&commit);
            let name = match revision.as_str() {
                "main" => id.clone(),
                revision => format!("{id}@{revision}"),
            };
            if name.parse::<Repository>().is_ok() {
                snapshot(&folder.join("snapshots").join(&commit), &name, &mut all);
            }
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The models of one commit: that of its `config.json`, and each GGUF file.
fn snapshot(folder: &Path, name: &str, all: &mut Vec<Cached>) {
    let files = names(folder);
    // Names stand for bytes elsewhere in the cache, which may have gone.
    let size = |file: &String| fs::metadata(folder.join(file)).map_or(0, |data| data.len());
    if files.iter().any(|file| file == "config.json") {
        let read: Vec<_> = files.iter().filter(|file| model_files(file)).collect();
        let (architecture, known) = network(&folder.join("config.json"));
        all.push(Cached {
            name: format!("{PREFIX}{name}"),
            bytes: read.iter().map(|file| size(file)).sum(),
            architecture,
            known: Some(known),
            weights: read.iter().any(|file| is_weights(file) && size(file) > 0),
        });
    }
    let mut below = Vec::new();
    nested(folder, "", DEEPEST, &mut below);
    for file in below.iter().filter(|file| size(file) > 0) {
        let stem = file.strip_suffix(".gguf");
        if stem.is_some_and(|stem| !is_part(stem))
            && let Ok(model) = HubModel::parse(&format!("{name}#{file}"))
        {
            all.push(Cached {
                name: model.to_string(),
                bytes: size(file),
                architecture: None,
                known: None,
                weights: true,
            });
        }
    }
}

/// The files in a folder and in those below it, as the hub names them.
fn nested(folder: &Path, prefix: &str, depth: usize, all: &mut Vec<String>) {
    for name in names(folder) {
        let path = folder.join(&name);
        let name = format!("{prefix}{name}");
        if !path.is_dir() {
            all.push(name);
        } else if depth > 0 {
            nested(&path, &format!("{name}/"), depth - 1, all);
        }
    }
}

/// The network that a `config.json` names, and whether it can be run.
fn network(file: &Path) -> (Option<String>, bool) {
    let mut bytes = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    if read.is_err() {
        return (None, false);
    }
    match architectures::find(&bytes, file) {
        Ok(architecture) => (Some(architecture.name.to_owned()), true),
        Err(palinode_model::Error::UnknownArchitecture { found, .. }) => (Some(found), false),
        Err(_) => (None, false),
    }
}

/// For each commit the branch or tag that stands for it: `main` before all others.
fn collect(folder: &Path, prefix: &str, depth: usize, references: &mut BTreeMap<String, String>) {
    for name in names(folder) {
        let path = folder.join(&name);
        let name = format!("{prefix}{name}");
        if path.is_dir() && depth > 0 {
            collect(&path, &format!("{name}/"), depth - 1, references);
        } else if let Ok(commit) = fs::read_to_string(&path) {
            let known = references
                .entry(commit.trim().to_owned())
                .or_insert(name.clone());
            if name == "main" {
                *known = name;
            }
        }
    }
}

/// The names in a folder, sorted; none where it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::models;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    const OTHER: &str = "1123456789abcdef0123456789abcdef01234567";

    fn put(folder: &Path, file: &str, text: &str) {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    #[test]
    fn the_cache_is_read_as_the_hub_lays_it_out() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path();
        let known = r#"{"architectures": ["Qwen2ForCausalLM"]}"#;
        let snapshot = |model: &str, commit: &str, file: &str| {
            format!("models--{model}/snapshots/{commit}/{file}")
        };
        put(cache, "models--a--known/refs/main", COMMIT);
        put(cache, "models--a--known/refs/v1", COMMIT);
        put(cache, "models--a--known/refs/refs/pr/1", OTHER);
        put(cache, &snapshot("a--known", COMMIT, "config.json"), known);
        put(
            cache,
            &snapshot("a--known", COMMIT, "model.safetensors"),
            "12345",
        );
        put(
            cache,
            &snapshot("a--known", COMMIT, "README.md"),
            "much text",
        );
        put(cache, &snapshot("a--known", OTHER, "config.json"), known);
        let unknown = r#"{"architectures": ["BertModel"]}"#;
        put(cache, &snapshot("b--other", COMMIT, "config.json"), unknown);
        put(
            cache,
            &snapshot("b--other", COMMIT, "model.safetensors"),
            "1",
        );
        put(cache, &snapshot("c--broken", COMMIT, "config.json"), "{");
        put(cache, "models--d--gguf/refs/main", COMMIT);
        put(cache, &snapshot("d--gguf", COMMIT, "m-Q4.gguf"), "123");
        put(
            cache,
            &snapshot("d--gguf", COMMIT, "m-00001-of-00002.gguf"),
            "123",
        );
        put(
            cache,
            &snapshot("d--gguf", COMMIT, "few/bits/m-Q2.gguf"),
            "1",
        );
        put(cache, &snapshot("no-slash", COMMIT, "config.json"), known);
        put(cache, "datasets--x--y/refs/main", COMMIT);
        let found: Vec<String> = models(cache)
            .iter()
            .map(|model| format!("{}  {}", model.name, model.title()))
            .collect();
        insta::assert_snapshot!(found.join("\n"), @r"
        hf:a/known  in the cache, 44 B: qwen2
        hf:a/known@refs/pr/1  in the cache, without weights: qwen2
        hf:b/other@0123456789abcdef0123456789abcdef01234567  in the cache, 33 B: BertModel, which cannot be run (see `palinode list architectures`)
        hf:c/broken@0123456789abcdef0123456789abcdef01234567  in the cache, without weights: a config.json that cannot be used
        hf:d/gguf#few/bits/m-Q2.gguf  in the cache, 1 B: GGUF
        hf:d/gguf#m-Q4.gguf  in the cache, 3 B: GGUF
        ");
        assert!(models(&cache.join("nowhere")).is_empty());
    }
}
