//! What is to be written: where does the prompt come from, and can it be used?

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use palinode_code::languages::Language;
use palinode_model::LocalModel;

use super::settings::Settings;
use crate::console::Console;
use crate::failure::Failure;

/// More than this is no prompt: it is refused before anything is done with it.
const MOST_BYTES: u64 = 16 << 20;

/// A prompt and where it comes from.
#[derive(Debug)]
pub(super) struct Prompt {
    /// The text, not blank, without the line breaks at its end.
    pub(super) text: String,
    source: Source,
}

/// Where a prompt comes from.
#[derive(Debug)]
enum Source {
    Argument,
    File(PathBuf),
    Stdin,
}

impl std::fmt::Display for Source {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Argument => write!(out, "the prompt given as an argument"),
            Self::File(file) => write!(out, "the prompt in `{}`", file.display()),
            Self::Stdin => write!(out, "the prompt on standard input"),
        }
    }
}

impl Prompt {
    /// Reads the prompt from wherever it is.
    pub(super) fn read(
        argument: Option<OsString>,
        file: Option<PathBuf>,
        console: Console,
    ) -> Result<Self, Failure> {
        let (bytes, source) = match (argument, file) {
            (None, Some(file)) if file.as_os_str() != "-" => {
                let source = Source::File(file.clone());
                let opened = File::open(file).map_err(|error| cannot_read(&source, &error))?;
                (read(&mut &opened, &source)?, source)
            }
            (Some(argument), _) if argument != "-" => {
                (argument.into_encoded_bytes(), Source::Argument)
            }
            (None, None) if console.stdin_is_terminal => {
                return Err(Failure::new("no prompt").hint(
                    "say what to write: `palinode generate \"…\"`; `palinode generate --examples` lists some",
                ));
            }
            _ => (
                read(&mut io::stdin().lock(), &Source::Stdin)?,
                Source::Stdin,
            ),
        };
        let mut text = String::from_utf8(bytes).map_err(|error| {
            Failure::new(format!(
                "{source} is not valid UTF-8: byte {} is wrong",
                error.utf8_error().valid_up_to() + 1
            ))
            .hint("save it as UTF-8")
        })?;
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        if text.trim().is_empty() {
            return Err(Failure::new(format!("{source} is empty"))
                .hint("say what to write; `palinode generate --examples` lists prompts"));
        }
        Ok(Self { text, source })
    }

    /// The file it comes from, if it is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(file) => Some(file),
            _ => None,
        }
    }
}

fn read(reader: &mut dyn Read, source: &Source) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    reader
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(source, &error))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(
            Failure::new(format!("{source} is longer than {} MiB", MOST_BYTES >> 20))
                .hint("shorten it"),
        );
    }
    Ok(bytes)
}

fn cannot_read(source: &Source, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read {source}"))
        .because(error)
        .hint("name a file that exists and may be read, or `-` for standard input")
}

/// The prompt's tokens, in the form that the model was trained on.
///
/// # Errors
/// Where it does not fit in the model's context with room to write, or the tokenizer fails on it.
pub(super) fn encode(settings: &Settings, model: &LocalModel) -> Result<Vec<u32>, Failure> {
    let prompt = &settings.prompt;
    let failed = |error: palinode_model::Error| {
        Failure::new(format!("cannot encode {}", prompt.source))
            .because(&error)
            .maybe_hint(error.hint())
    };
    let ids = match &settings.suffix {
        Some(suffix) => {
            let ids = model.infill(&prompt.text, suffix).map_err(failed)?;
            ids.ok_or_else(|| {
                Failure::new(format!("`{}` cannot fill a gap", model.name)).hint(
                    "leave out --suffix, or use a model with fill-in-the-middle tokens, such as Qwen2.5-Coder or \
                     StarCoder2",
                )
            })?
        }
        None if settings.raw || model.chat.is_none() => raw(&prompt.text, model).map_err(failed)?,
        None => tokens(&prompt.text, settings.language, model).map_err(failed)?,
    };
    let context = model.network.shape().context;
    if ids.is_empty() {
        return Err(Failure::new(format!(
            "{} has no tokens that `{}` knows",
            prompt.source, model.name
        ))
        .hint("say it in other words"));
    }
    if ids.len() >= context {
        return Err(Failure::new(format!(
            "{} is too long: {} tokens, and the context of `{}` is {context}",
            prompt.source,
            ids.len(),
            model.name
        ))
        .hint("shorten it, or use a model with a longer context"));
    }
    Ok(ids)
}

/// The ids of a text to be continued.
fn raw(text: &str, model: &LocalModel) -> Result<Vec<u32>, palinode_model::Error> {
    let mut ids = model.tokenizer.begin()?;
    ids.extend(model.tokenizer.encode_plain(text)?);
    Ok(ids)
}

/// The ids of the prompt within its template. The template's special tokens are tokens; those that the text
/// itself spells out (a marker, an end of turn) are only text, or a prompt could open an episode.
fn tokens(
    text: &str,
    language: Option<&Language>,
    model: &LocalModel,
) -> Result<Vec<u32>, palinode_model::Error> {
    /// Stands for the text; private-use characters that no template has.
    const PLACE: &str = "\u{f8ff}\u{e0d1}\u{f8ff}";
    let language = language.map(|language| language.name);
    let tokenizer = &model.tokenizer;
    let spelt_out = |special: &String| !special.is_empty() && text.contains(special.as_str());
    if !tokenizer.special_texts().iter().any(spelt_out) {
        return tokenizer.encode(&model.prompt(text, language)?);
    }
    let around = model.prompt(PLACE, language)?;
    let mut ids = Vec::new();
    if !around.contains(PLACE) {
        // Mentioned nowhere, or not as it is.
        return Err(palinode_model::Error::Encoding {
            problem:
                "it spells out special tokens, and the chat template does not leave it as it is"
                    .to_owned(),
        });
    }
    for (number, part) in around.split(PLACE).enumerate() {
        if number > 0 {
            ids.extend(tokenizer.encode_plain(text)?);
        }
        ids.extend(tokenizer.encode(part)?);
    }
    Ok(ids)
}
