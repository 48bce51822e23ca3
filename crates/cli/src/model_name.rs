//! Which model does a name on the command line mean?

use std::path::{Path, PathBuf};

use palinode_model::{LocalModel, Source};

use crate::compute::Compute;
use crate::failure::Failure;
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
}

/// What a model can be, for those who named something else.
const FORMS: &str =
    "use `nano`, a folder with config.json, tokenizer.json and safetensors, or a .gguf file";

/// Names that will mean something later: how they begin, and what they are.
const LATER: [(&str, &str); 5] = [
    ("hf:", "models from the hub"),
    ("vllm:", "vLLM servers"),
    ("sglang:", "SGLang servers"),
    ("llamacpp:", "llama.cpp servers"),
    ("openai:", "OpenAI-compatible servers"),
];

impl ModelName {
    /// Understands a name.
    ///
    /// # Errors
    /// Where it is no folder and not `nano`, or a kind of model that this version cannot use.
    pub(crate) fn parse(name: &str) -> Result<Self, Failure> {
        if name == BUNDLED {
            return Ok(Self::Bundled);
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

    /// Loads it.
    ///
    /// # Errors
    /// What `palinode-model` finds wrong with its files.
    pub(crate) fn load(&self, compute: &Compute) -> Result<LocalModel, Failure> {
        let what = match self {
            Self::Bundled => {
                if NANO.files.iter().any(|(_, bytes)| bytes.is_empty()) {
                    return Err(Failure::new("the bundled model `nano` is not in this build").hint(
                        "train it with `palinode train nano` and build again, or name a folder with `--model`",
                    ));
                }
                "cannot load the bundled model `nano`".to_owned()
            }
            Self::Folder(path) | Self::Gguf(path) => {
                format!("cannot load the model in `{}`", path.display())
            }
        };
        palinode_model::load(&self.source(), &compute.options()?)
            .map_err(|error| Failure::new(what).because(&error).maybe_hint(error.hint()))
    }

    /// How many threads write fastest, by the model's size; nothing where its configuration cannot be read.
    pub(crate) fn threads(&self) -> Option<usize> {
        let shape = palinode_model::peek(&self.source()).ok()?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Some(palinode_model::threads::for_model(shape.parameters, cores))
    }

    fn source(&self) -> Source {
        match self {
            Self::Bundled => Source::Embedded(&NANO),
            Self::Folder(folder) => Source::Folder(folder.clone()),
            Self::Gguf(file) => Source::Gguf(file.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ModelName;

    fn refusal(name: &str) -> String {
        match ModelName::parse(name) {
            Ok(model) => format!("{model:?}"),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn names_of_later_versions_are_recognised() {
        insta::assert_snapshot!(refusal("hf:org/name@main"), @r"
        error: cannot use `hf:org/name@main`: models from the hub (`hf:`) are not in this version
        hint: use `nano`, or a folder with config.json, tokenizer.json and safetensors
        ");
        insta::assert_snapshot!(refusal("weights/Model.GGUF"), @r"
        error: cannot use `weights/Model.GGUF`: GGUF files (`.gguf`) are not in this version
        hint: use `nano`, or a folder with config.json, tokenizer.json and safetensors
        ");
        insta::assert_snapshot!(refusal("vllm:http://localhost:8000#model"), @r"
        error: cannot use `vllm:http://localhost:8000#model`: vLLM servers (`vllm:`) are not in this version
        hint: use `nano`, or a folder with config.json, tokenizer.json and safetensors
        ");
    }

    #[test]
    fn other_names_are_folders() {
        assert_eq!(refusal("nano"), "Bundled");
        insta::assert_snapshot!(refusal("no-such-model"), @r"
        error: no model `no-such-model`: there is no such folder
        hint: use `nano`, or a folder with config.json, tokenizer.json and safetensors
        ");
        insta::assert_snapshot!(refusal("Cargo.toml"), @r"
        error: no model `Cargo.toml`: it is not a folder
        hint: use `nano`, or a folder with config.json, tokenizer.json and safetensors
        ");
    }
}
