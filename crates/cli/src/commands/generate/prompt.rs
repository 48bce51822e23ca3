//! What is to be written: where does the prompt come from, and can it be used?

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use palinode_code::languages::Language;
use palinode_model::{Chat, ChatTemplate, LocalModel};
use serde_json::{Value as Json, json};

use crate::console::Console;
use crate::failure::Failure;

/// More than this is no prompt: it is refused before anything is done with it.
pub(super) const MOST_BYTES: u64 = 16 << 20;

/// A prompt and where it comes from.
#[derive(Debug)]
pub(super) struct Prompt {
    /// The text, not blank, without the line breaks at its end.
    pub(super) text: String,
    pub(super) source: Source,
}

/// Where a prompt comes from.
#[derive(Debug)]
pub(super) enum Source {
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

/// What is put to the model, and how.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) wording: Wording,
    /// What stands behind the gap that is to be filled.
    pub(super) suffix: Option<String>,
    /// Without the model's chat template.
    pub(super) raw: bool,
    pub(super) language: Option<&'static Language>,
}

/// In what form it is said.
#[derive(Clone, Debug)]
pub(super) enum Wording {
    /// A text.
    Text(String),
    /// A conversation: objects with `role` and `content`, both texts.
    Messages(Vec<Json>),
}

/// The prompt's tokens, in the form that the model was trained on. `named` is what messages call the prompt.
///
/// # Errors
/// Where it does not fit in the model's context with room to write, the model cannot be asked so, or the tokenizer
/// fails on it.
pub(super) fn encode(
    asked: &Asked,
    named: &dyn Display,
    model: &LocalModel,
) -> Result<Vec<u32>, Failure> {
    let failed = |error: palinode_model::Error| {
        Failure::new(format!("cannot encode {named}"))
            .because(&error)
            .maybe_hint(error.hint())
    };
    let chat = model.chat.as_ref().filter(|_| !asked.raw);
    let ids = match (&asked.wording, &asked.suffix, chat) {
        (Wording::Text(text), Some(suffix), _) => {
            let ids = model.infill(text, suffix).map_err(failed)?;
            ids.ok_or_else(|| {
                Failure::new(format!("`{}` cannot fill a gap", model.name)).hint(
                    "leave out the suffix, or use a model with fill-in-the-middle tokens, such as Qwen2.5-Coder or \
                     StarCoder2",
                )
            })?
        }
        (Wording::Text(text), None, None) => raw(text, model).map_err(failed)?,
        (Wording::Text(text), None, Some(chat)) => {
            let messages = [json!({"role": "user", "content": text})];
            tokens(&messages, asked.language, model, chat).map_err(failed)?
        }
        (Wording::Messages(messages), _, Some(chat)) => {
            tokens(messages, asked.language, model, chat).map_err(failed)?
        }
        (Wording::Messages(_), _, None) => {
            return Err(Failure::new(format!(
                "`{}` has no chat template, so it cannot be given messages",
                model.name
            ))
            .hint("give a `prompt` instead"));
        }
    };
    let context = model.network.shape().context;
    if ids.is_empty() {
        return Err(
            Failure::new(format!("{named} has no tokens that `{}` knows", model.name))
                .hint("say it in other words"),
        );
    }
    if ids.len() >= context {
        return Err(Failure::new(format!(
            "{named} is too long: {} tokens, and the context of `{}` is {context}",
            ids.len(),
            model.name
        ))
        .hint("shorten it, or use a model with a longer context"));
    }
    Ok(ids)
}

/// The ids of a text to be continued.
fn raw(text: &str, model: &LocalModel) -> Result<Vec<u32>, palinode_model::Error> {
    let mut ids = model.tokenizer.begin().to_vec();
    ids.extend(model.tokenizer.encode_plain(text)?);
    Ok(ids)
}

/// The ids of messages within their template. The template's special tokens are tokens; those that a message
/// itself spells out (a marker, an end of turn) are only text, or a prompt could open an episode.
fn tokens(
    messages: &[Json],
    language: Option<&Language>,
    model: &LocalModel,
    chat: &ChatTemplate,
) -> Result<Vec<u32>, palinode_model::Error> {
    let render = |messages: &[Json]| {
        chat.render_chat(&Chat {
            messages,
            language: language.map(|language| language.name),
            ..Chat::default()
        })
    };
    let tokenizer = &model.tokenizer;
    let texts: Vec<&str> = messages
        .iter()
        .map(|message| message["content"].as_str().unwrap_or_default())
        .collect();
    let special = tokenizer.special_texts();
    let mut special = special.iter().filter(|special| !special.is_empty());
    if !special.any(|special| texts.iter().any(|text| text.contains(special.as_str()))) {
        return tokenizer.encode(&render(messages)?);
    }
    let mut places = messages.to_vec();
    for (number, message) in places.iter_mut().enumerate() {
        message["content"] = format!("{OPEN}{number}{CLOSE}").into();
    }
    let around = render(&places)?;
    let mut mentioned = vec![false; texts.len()];
    let mut ids = Vec::new();
    let mut rest = around.as_str();
    while let Some((before, number, behind)) = place(rest) {
        ids.extend(tokenizer.encode(before)?);
        if let Some(text) = texts.get(number) {
            ids.extend(tokenizer.encode_plain(text)?);
            mentioned[number] = true;
        }
        rest = behind;
    }
    ids.extend(tokenizer.encode(rest)?);
    if mentioned.contains(&false) {
        // Mentioned nowhere, or not as it is.
        return Err(palinode_model::Error::Encoding {
            problem:
                "it spells out special tokens, and the chat template does not leave it as it is"
                    .to_owned(),
        });
    }
    Ok(ids)
}

/// Around the number of the message whose place it keeps: private-use characters that no template has.
const OPEN: &str = "\u{f8ff}\u{e0d1}";
const CLOSE: &str = "\u{e0d1}\u{f8ff}";

/// The first place that is kept, what stands before it, its number, and what stands behind it.
fn place(text: &str) -> Option<(&str, usize, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (number, behind) = rest.split_once(CLOSE)?;
    Some((before, number.parse().ok()?, behind))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_are_found_in_their_order() {
        let text = "a\u{f8ff}\u{e0d1}12\u{e0d1}\u{f8ff}b\u{f8ff}\u{e0d1}3\u{e0d1}\u{f8ff}";
        let (before, number, behind) = place(text).unwrap();
        assert_eq!((before, number), ("a", 12));
        let (before, number, behind) = place(behind).unwrap();
        assert_eq!((before, number, behind), ("b", 3, ""));
        assert_eq!(place("a\u{f8ff}b"), None);
    }
}
