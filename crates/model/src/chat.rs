//! How is a task put to this model: which words does it expect around a user's message?
//!
//! Published checkpoints carry a Jinja template, in `chat_template.jinja` or as `chat_template` of
//! `tokenizer_config.json`. Templates are written for Python's engine, so the few methods of Python's
//! strings and dictionaries they use are answered here; a template is untrusted and runs on a budget.

use std::path::PathBuf;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Value, from_args};
use minijinja::{Environment, ErrorKind, State, context};
use serde::Deserialize;

use crate::weights::gguf::Gguf;
use crate::{Error, Source, gguf_tokenizer};

const TEMPLATE: &str = "chat_template.jinja";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// Instructions a template may run; real ones need a few hundred a message.
const FUEL: u64 = 1_000_000;

/// A model's chat template.
#[derive(Debug)]
pub struct ChatTemplate {
    /// The file it came from.
    file: PathBuf,
    template: String,
    bos: String,
    eos: String,
}

#[derive(Deserialize, Default)]
struct TokenizerConfig {
    chat_template: Option<Templates>,
    bos_token: Option<TokenText>,
    eos_token: Option<TokenText>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Many(Vec<NamedTemplate>),
}

#[derive(Deserialize)]
struct NamedTemplate {
    name: String,
    template: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TokenText {
    Plain(String),
    Full { content: String },
}

impl TokenText {
    fn text(self) -> String {
        match self {
            TokenText::Plain(text) | TokenText::Full { content: text } => text,
        }
    }
}

impl ChatTemplate {
    /// The model's template, if it has one.
    ///
    /// # Errors
    /// [`Error::Json`] where `tokenizer_config.json` is malformed, [`Error::Template`] where the
    /// template is, [`Error::Unreadable`].
    pub(crate) fn read(source: &Source) -> Result<Option<ChatTemplate>, Error> {
        let mut config = TokenizerConfig::default();
        if source.has(TOKENIZER_CONFIG) {
            let bytes = source.read(TOKENIZER_CONFIG)?;
            config = serde_json::from_slice(&bytes).map_err(|error| Error::Json {
                file: source.path(TOKENIZER_CONFIG),
                source: error,
            })?;
        }
        let mut file = source.path(TOKENIZER_CONFIG);
        let mut template = config.chat_template.and_then(|templates| match templates {
            Templates::One(text) => Some(text),
            Templates::Many(all) => all
                .into_iter()
                .find(|named| named.name == "default")
                .map(|named| named.template),
        });
        // Newer checkpoints keep it in a file of its own, which then counts.
        if source.has(TEMPLATE) {
            file = source.path(TEMPLATE);
            template = Some(String::from_utf8_lossy(&source.read(TEMPLATE)?).into_owned());
        }
        let Some(template) = template else {
            return Ok(None);
        };
        ChatTemplate {
            file,
            template,
            bos: config.bos_token.map(TokenText::text).unwrap_or_default(),
            eos: config.eos_token.map(TokenText::text).unwrap_or_default(),
        }
        .checked()
    }

    /// The template of a GGUF file, if it has one.
    ///
    /// # Errors
    /// [`Error::Template`] where it is malformed.
    pub(crate) fn of_gguf(file: &Gguf) -> Result<Option<ChatTemplate>, Error> {
        let Some(template) = file.text("tokenizer.chat_template") else {
            return Ok(None);
        };
        let token = |used_as| gguf_tokenizer::named(file, used_as).unwrap_or_default();
        ChatTemplate {
            file: file.path().to_owned(),
            template: template.to_owned(),
            bos: token("bos"),
            eos: token("eos"),
        }
        .checked()
    }

    fn checked(self) -> Result<Option<ChatTemplate>, Error> {
        let chat = self;
        if let Err(error) = environment().template_from_str(&chat.template) {
            return Err(chat.failure(&error));
        }
        Ok(Some(chat))
    }

    /// The prompt for one user message; `language` is there for templates that name it.
    ///
    /// # Errors
    /// [`Error::Template`] where the template fails, refuses, or runs too long.
    pub fn render(&self, message: &str, language: Option<&str>) -> Result<String, Error> {
        let environment = environment();
        let rendered = environment
            .template_from_str(&self.template)
            .and_then(|template| {
                template.render(context! {
                    messages => [context! { role => "user", content => message }],
                    add_generation_prompt => true,
                    bos_token => self.bos.as_str(),
                    eos_token => self.eos.as_str(),
                    language,
                })
            });
        rendered.map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &minijinja::Error) -> Error {
        Error::Template {
            file: self.file.clone(),
            problem: error.to_string(),
        }
    }
}

/// An engine that behaves as the reference's: blocks swallow the line break after them and the blanks
/// before them.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    // Only delimiters can be refused, and these are the usual ones.
    environment.set_syntax(syntax.unwrap_or_default());
    environment.set_fuel(Some(FUEL));
    environment.add_function("raise_exception", |message: String| {
        Err::<Value, _>(minijinja::Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_filter("tojson", to_json);
    environment.set_unknown_method_callback(python_method);
    environment
}

/// JSON as Python writes it: the engine's own form escapes what matters in HTML.
fn to_json(
    value: &Value,
    indent: Option<Value>,
    options: Kwargs,
) -> Result<Value, minijinja::Error> {
    // Python's option, whose usual setting is what the engine does anyway.
    options.get::<Option<bool>>("ensure_ascii")?;
    let escaped = minijinja::filters::tojson(value, indent, options)?;
    let mut rest = escaped.as_str().unwrap_or_default();
    let mut text = String::with_capacity(rest.len());
    while let Some(place) = rest.find('\\') {
        text.push_str(&rest[..place]);
        // Every other escape is two characters, of which the second may be a backslash.
        let escapes = [
            ("\\u003c", "<"),
            ("\\u003e", ">"),
            ("\\u0026", "&"),
            ("\\u0027", "'"),
        ];
        let here = escapes
            .iter()
            .find(|(escape, _)| rest[place..].starts_with(escape));
        let (length, plain) = match here {
            Some((escape, plain)) => (escape.len(), *plain),
            None => (2, rest.get(place..place + 2).unwrap_or_default()),
        };
        text.push_str(plain);
        rest = rest.get(place + length..).unwrap_or_default();
    }
    text.push_str(rest);
    Ok(Value::from_safe_string(text))
}

/// Methods of Python's strings and dictionaries that published templates call.
fn python_method(
    _: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, minijinja::Error> {
    if let Some(text) = value.as_str() {
        return string_method(text, method, arguments);
    }
    if matches!(method, "items" | "keys" | "values") {
        from_args::<()>(arguments)?;
        let keys: Vec<Value> = value.try_iter()?.collect();
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let item = value.get_item(&key)?;
            found.push(match method {
                "keys" => key,
                "values" => item,
                _ => Value::from(vec![key, item]),
            });
        }
        return Ok(Value::from(found));
    }
    if method == "get" {
        let (key, default): (&Value, Option<&Value>) = from_args(arguments)?;
        let found = value.get_item(key)?;
        return Ok(match default {
            _ if !found.is_undefined() => found,
            Some(default) => default.clone(),
            None => Value::from(()),
        });
    }
    Err(ErrorKind::UnknownMethod.into())
}

fn string_method(text: &str, method: &str, arguments: &[Value]) -> Result<Value, minijinja::Error> {
    // Without an argument blanks are stripped, with one all of its characters.
    let stripped = |start: bool, end: bool| -> Result<Value, minijinja::Error> {
        let (set,): (Option<&str>,) = from_args(arguments)?;
        let strip = |c: char| set.map_or(c.is_whitespace(), |set| set.contains(c));
        let text = if start {
            text.trim_start_matches(strip)
        } else {
            text
        };
        let text = if end {
            text.trim_end_matches(strip)
        } else {
            text
        };
        Ok(Value::from(text))
    };
    match method {
        "strip" => stripped(true, true),
        "lstrip" => stripped(true, false),
        "rstrip" => stripped(false, true),
        "startswith" => {
            let (part,): (&str,) = from_args(arguments)?;
            Ok(Value::from(text.starts_with(part)))
        }
        "endswith" => {
            let (part,): (&str,) = from_args(arguments)?;
            Ok(Value::from(text.ends_with(part)))
        }
        "upper" => Ok(Value::from(text.to_uppercase())),
        "lower" => Ok(Value::from(text.to_lowercase())),
        "capitalize" => {
            let mut characters = text.chars();
            let first: String = characters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .collect();
            Ok(Value::from(first + &characters.as_str().to_lowercase()))
        }
        "replace" => {
            let (from, to): (&str, &str) = from_args(arguments)?;
            Ok(Value::from(text.replace(from, to)))
        }
        "split" => {
            let (separator,): (Option<&str>,) = from_args(arguments)?;
            let parts: Vec<Value> = match separator {
                Some(separator) => text.split(separator).map(Value::from).collect(),
                None => text.split_whitespace().map(Value::from).collect(),
            };
            Ok(Value::from(parts))
        }
        _ => Err(ErrorKind::UnknownMethod.into()),
    }
}
