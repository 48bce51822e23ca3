//! Which model does a name on the command line mean?

use std::path::{Path, PathBuf};

use palinode_model::memory::{available, readable};
use palinode_model::{Error, LocalModel, Memory, Source};

use crate::compute::Compute;
use crate::console::note;
use crate::failure::Failure;
use crate::hub::{self, HubModel};
use crate::nano::{BUNDLED, NANO};

/// A model that can be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ModelName {
    /// The bundled one.
    Bundled,
    /// A folder in Hugging Face's layout.
    Folder(PathBuf),
    /// A GGUF file.
    Gguf(PathBuf),
    /// One that is fetched from the hub, or was.
    Hub(HubModel),
}

/// A form that a model's name may have.
pub(crate) struct NameForm {
    /// How it is written.
    pub(crate) form: &'static str,
    /// What it names.
    pub(crate) title: &'static str,
    /// What the user should know about it.
    pub(crate) doc: &'static str,
}

/// Every form but the bundled model's name.
pub(crate) const NAME_FORMS: &[NameForm] = &[
    NameForm {
        form: "FOLDER",
        title: "a folder in Hugging Face layout",
        doc: "It holds config.json, tokenizer.json, and model.safetensors or \
              model.safetensors.index.json with its shards. `palinode list architectures` says which \
              networks it may hold.",
    },
    NameForm {
        form: "FILE.gguf",
        title: "a GGUF file, which holds everything",
        doc: "Weights stay as they are stored, in F32, F16, BF16, or a few bits, so a model takes about as \
              much memory as its file has bytes.",
    },
    NameForm {
        form: "hf:org/name[@revision]",
        title: "a model on the Hugging Face hub",
        doc: "It is fetched once, into the cache that Python's huggingface_hub uses too, and checked; a \
              download that broke off goes on where it stopped. The revision is a branch, a tag or a commit. \
              HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE mean what they mean there.",
    },
    NameForm {
        form: "hf:org/name[@revision]#file.gguf",
        title: "one GGUF file on the hub",
        doc: "Only that file is fetched.",
    },
];

/// What a model can be, for those who named something else.
const FORMS: &str = "use `nano`, a folder with config.json, tokenizer.json and safetensors, a .gguf file, or \
                     `hf:org/name` for one on the hub";

/// Names that will mean something later: how they begin, and what they are.
const LATER: [(&str, &str); 4] = [
    ("vllm:", "vLLM servers"),
    ("sglang:", "SGLang servers"),
    ("llamacpp:", "llama.cpp servers"),
    ("openai:", "OpenAI-compatible servers"),
];

/// Weights of more bytes take long enough to load that the person should know why.
const WORTH_SAYING: u64 = 1 << 30;

impl ModelName {
    /// Understands a name. Nothing is fetched.
    ///
    /// # Errors
    /// Where it has none of the forms that a name may have, or is of a kind that this version cannot use.
    pub(crate) fn parse(name: &str) -> Result<Self, Failure> {
        if name == BUNDLED {
            return Ok(Self::Bundled);
        }
        if let Some(rest) = name.strip_prefix(hub::PREFIX) {
            return HubModel::parse(rest).map(Self::Hub);
        }
        let later = LATER
            .into_iter()
            .find(|(prefix, _)| name.starts_with(prefix));
        if let Some((form, what)) = later {
            return Err(Failure::new(format!(
                "cannot use `{name}`: {what} (`{form}`) are not in this version"
            ))
            .hint(FORMS));
        }
        let folder = Path::new(name);
        let gguf = folder
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"));
        if gguf && folder.is_file() {
            return Ok(Self::Gguf(folder.to_owned()));
        }
        if folder.is_dir() {
            return Ok(Self::Folder(folder.to_owned()));
        }
        let why = if folder.exists() {
            "it is neither a folder nor a .gguf file"
        } else {
            "there is no such folder or file"
        };
        Err(Failure::new(format!("no model `{name}`: {why}")).hint(FORMS))
    }

    /// Loads it, if it fits in memory with the caches that are certain to be needed: so many lanes at once, each
    /// with so many positions, or as many as the model has.
    ///
    /// # Errors
    /// What `palinode-model` finds wrong with its files, and what cannot be fetched.
    pub(crate) fn load(
        &self,
        compute: &Compute,
        lanes: usize,
        positions: usize,
    ) -> Result<LocalModel, Failure> {
        self.load_for(compute, lanes, &|_| Ok(positions))
    }

    /// As [`load`](Self::load), where how many positions are needed depends on the model's files.
    ///
    /// # Errors
    /// As there, and those of `positions`.
    pub(crate) fn load_for(
        &self,
        compute: &Compute,
        lanes: usize,
        positions: &dyn Fn(&Source) -> Result<usize, Failure>,
    ) -> Result<LocalModel, Failure> {
        let options = compute.options()?;
        let source = self.source()?;
        let failed = |error: Error| self.unusable(&error);
        if *self != Self::Bundled {
            let plan = palinode_model::plan(&source, &options).map_err(failed)?;
            // What a device of its own has free is for that device to say.
            if options.device.is_cpu() {
                let each = positions(&source)?.min(plan.form.shape.context);
                let all = lanes.saturating_mul(each);
                plan.memory.check(all, available()).map_err(failed)?;
            }
            if plan.memory.weights > WORTH_SAYING {
                note(loading(&self.title(&source), &plan.memory));
            }
        }
        let mut model = palinode_model::load(&source, &options).map_err(failed)?;
        model.name = self.title(&source);
        for doubt in &model.doubts {
            note(format_args!("{}: {doubt}", model.name));
        }
        Ok(model)
    }

    /// Where its files are; those that are not here yet are fetched.
    ///
    /// # Errors
    /// Where they cannot be fetched, or this build has none.
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        match self {
            Self::Bundled if NANO.files.iter().any(|(_, bytes)| bytes.is_empty()) => {
                Err(Failure::new("the bundled model `nano` is not in this build").hint(
                    "train it with `palinode train nano` and build again, or name a folder with `--model`",
                ))
            }
            Self::Bundled => Ok(Source::Embedded(&NANO)),
            Self::Folder(folder) => Ok(Source::Folder(folder.clone())),
            Self::Gguf(file) => Ok(Source::Gguf(file.clone())),
            Self::Hub(model) => model.fetch(),
        }
    }

    /// What it is called in messages and answers.
    pub(crate) fn title(&self, source: &Source) -> String {
        match self {
            // Its folder is called after a commit.
            Self::Hub(model) => model.title().unwrap_or_else(|| source.name()),
            _ => source.name(),
        }
    }

    /// The failure of loading it.
    pub(crate) fn unusable(&self, error: &Error) -> Failure {
        let what = match self {
            Self::Bundled => "cannot load the bundled model `nano`".to_owned(),
            Self::Folder(path) | Self::Gguf(path) => {
                format!("cannot load the model in `{}`", path.display())
            }
            Self::Hub(model) => format!("cannot load `{model}`"),
        };
        Failure::new(what).because(error).maybe_hint(error.hint())
    }
}

/// What is said before a large model is loaded.
fn loading(name: &str, memory: &Memory) -> String {
    format!(
        "loading {name}: {} of weights, {} of cache a token",
        readable(memory.weights),
        readable(memory.position)
    )
}

#[cfg(test)]
mod tests {
    use palinode_model::Memory;

    use super::{ModelName, loading};

    fn refusal(name: &str) -> String {
        match ModelName::parse(name) {
            Ok(model) => format!("{model:?}"),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn names_of_later_versions_are_recognised() {
        insta::assert_snapshot!(refusal("vllm:http://localhost:8000#model"), @r"
        error: cannot use `vllm:http://localhost:8000#model`: vLLM servers (`vllm:`) are not in this version
        hint: use `nano`, a folder with config.json, tokenizer.json and safetensors, a .gguf file, or `hf:org/name` for one on the hub
        ");
    }

    #[test]
    fn other_names_are_folders_and_files() {
        assert_eq!(refusal("nano"), "Bundled");
        assert!(matches!(ModelName::parse("hf:a/b"), Ok(ModelName::Hub(_))));
        insta::assert_snapshot!(refusal("no-such-model"), @r"
        error: no model `no-such-model`: there is no such folder or file
        hint: use `nano`, a folder with config.json, tokenizer.json and safetensors, a .gguf file, or `hf:org/name` for one on the hub
        ");
        insta::assert_snapshot!(refusal("weights/Model.GGUF"), @r"
        error: no model `weights/Model.GGUF`: there is no such folder or file
        hint: use `nano`, a folder with config.json, tokenizer.json and safetensors, a .gguf file, or `hf:org/name` for one on the hub
        ");
        insta::assert_snapshot!(refusal("Cargo.toml"), @r"
        error: no model `Cargo.toml`: it is neither a folder nor a .gguf file
        hint: use `nano`, a folder with config.json, tokenizer.json and safetensors, a .gguf file, or `hf:org/name` for one on the hub
        ");
    }

    /// A model of seven billion numbers in about four and a half bits.
    const LARGE: Memory = Memory {
        weights: 4_368_439_552,
        position: 57_344,
    };

    #[test]
    fn what_does_not_fit_is_refused_with_both_numbers() {
        let free = Some(4 << 30);
        let name = ModelName::parse("hf:a/b#c.gguf").unwrap();
        let error = LARGE.check(0, free).unwrap_err();
        insta::assert_snapshot!(name.unusable(&error), @r"
        error: cannot load `hf:a/b#c.gguf`
          cause: weights and caches take 4.1 GiB, and 4.0 GiB are free
        hint: use a model in fewer bits (a GGUF file such as Q4_K_M), fewer samples, or a shorter text
        ");
        let room = Some(LARGE.weights + 57_344 * 10);
        assert!(LARGE.check(10, room).is_ok());
        assert!(LARGE.check(11, room).is_err());
        assert!(LARGE.check(usize::MAX, None).is_ok());
    }

    #[test]
    fn a_large_model_is_announced() {
        assert_eq!(
            loading("c", &LARGE),
            "loading c: 4.1 GiB of weights, 56 KiB of cache a token"
        );
    }
}
