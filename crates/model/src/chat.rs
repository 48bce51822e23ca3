//! How is a task put to this model: which words does it expect around a user's message?
//!
//! Published checkpoints carry a Jinja template, in `chat_template.jinja` or as `chat_template` of
//! `tokenizer_config.json`. Templates are written for Python's engine, so the few methods of Python's
//! strings and dictionaries they use are answered here. A template is untrusted: it runs on a budget of
//! instructions, and on one of what it makes and compares ([`Meter`]).

use std::path::{Path, PathBuf};

use minijinja::machinery::{eval, make_string_output};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value, from_args};
use minijinja::{AutoEscape, Environment, ErrorKind, context};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::meter::{Meter, compile};
use crate::weights::gguf::Gguf;
use crate::{Error, Source, gguf_tokenizer};

const TEMPLATE: &str = "chat_template.jinja";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// Instructions a template may run; real ones need a few hundred a message.
const FUEL: u64 = 1_000_000;

/// What a template is to put into words.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chat<'a> {
    /// Objects with `role` and `content`, and whatever else a template knows.
    pub messages: &'a [Json],
    /// Descriptions of tools, in the form of OpenAI's interface.
    pub tools: &'a [Json],
    /// The language to write in, for templates that name it.
    pub language: Option<&'a str>,
    /// Today, for templates that say so.
    pub date: Date,
}

/// A day, for templates that ask which it is. A prompt must not change overnight, so nobody looks at a clock
/// here: it is handed in, and where it is not it is the day on which Llama 3.1's own template thinks it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The year.
    pub year: u16,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

impl Default for Date {
    fn default() -> Date {
        Date {
            year: 2024,
            month: 7,
            day: 26,
        }
    }
}

impl Date {
    /// By the directives of C's `strftime` that name a day; midnight for those that name a time.
    fn format(self, format: &str) -> String {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        const DAYS: [&str; 7] = [
            "Sunday",
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
        ];
        let month = MONTHS[usize::from(self.month.clamp(1, 12)) - 1];
        // Sakamoto's rule for the day of the week.
        let year = usize::from(self.year).saturating_sub(usize::from(self.month < 3));
        let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][usize::from(self.month.clamp(1, 12)) - 1];
        let weekday =
            (year + year / 4 - year / 100 + year / 400 + shift + usize::from(self.day)) % 7;
        let mut text = String::new();
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            match characters.next() {
                Some('Y') => text.push_str(&format!("{:04}", self.year)),
                Some('y') => text.push_str(&format!("{:02}", self.year % 100)),
                Some('m') => text.push_str(&format!("{:02}", self.month)),
                Some('d') => text.push_str(&format!("{:02}", self.day)),
                Some('B') => text.push_str(month),
                Some('b' | 'h') => text.push_str(&month[..3]),
                Some('A') => text.push_str(DAYS[weekday]),
                Some('a') => text.push_str(&DAYS[weekday][..3]),
                Some('H' | 'M' | 'S') => text.push_str("00"),
                Some('%') => text.push('%'),
                Some(other) => text.extend(['%', other]),
                None => text.push('%'),
            }
        }
        text
    }
}

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
        .map(Some)
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
        .map(Some)
    }

    /// A template by its text, and the two tokens it may name; `file` is what errors name.
    ///
    /// # Errors
    /// [`Error::Template`] where it is malformed.
    pub fn new(template: &str, bos: &str, eos: &str, file: &Path) -> Result<ChatTemplate, Error> {
        let chat = ChatTemplate {
            file: file.to_owned(),
            template: template.to_owned(),
            bos: bos.to_owned(),
            eos: eos.to_owned(),
        };
        chat.checked()
    }

    fn checked(mut self) -> Result<ChatTemplate, Error> {
        self.template = adapted(&self.template);
        let chat = self;
        if let Err(error) = compile(&chat.template, &syntax()) {
            return Err(chat.failure(&error));
        }
        Ok(chat)
    }

    /// The prompt for one user message; `language` is there for templates that name it.
    ///
    /// # Errors
    /// As [`ChatTemplate::render_chat`].
    pub fn render(&self, message: &str, language: Option<&str>) -> Result<String, Error> {
        let messages = [json!({"role": "user", "content": message})];
        self.render_chat(&Chat {
            messages: &messages,
            language,
            ..Chat::default()
        })
    }

    /// The prompt after some messages.
    ///
    /// # Errors
    /// [`Error::Template`] where the template fails, refuses, or runs too long.
    pub fn render_chat(&self, chat: &Chat<'_>) -> Result<String, Error> {
        let input = chat.messages.iter().chain(chat.tools).map(size).sum();
        let meter = Meter::new(input);
        let mut environment = environment(&meter);
        let date = chat.date;
        environment.add_function("strftime_now", move |format: &str| {
            // A directive is two characters, and the longest word for one is nine.
            meter.charge(format.len().saturating_mul(5))?;
            Ok(date.format(format))
        });
        let context = context! {
            messages => Value::from(Serde(chat.messages)),
            // None where there are none, as the reference passes it.
            tools => Value::from(Serde(
                Some(chat.tools).filter(|tools| !tools.is_empty()),
            )),
            add_generation_prompt => true,
            bos_token => self.bos.as_str(),
            eos_token => self.eos.as_str(),
            language => chat.language,
        };
        let rendered = compile(&self.template, &syntax()).and_then(|(instructions, blocks)| {
            let mut text = String::new();
            let mut output = make_string_output(&mut text);
            eval(
                &environment,
                &instructions,
                context,
                &blocks,
                &mut output,
                AutoEscape::None,
            )?;
            drop(output);
            Ok(text)
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

/// A template as the engine here reads it: line ends as the reference's engine reads them, and without the tags
/// by which training finds what the assistant said.
fn adapted(template: &str) -> String {
    let template = template.replace("\r\n", "\n").replace('\r', "\n");
    let mut adapted = String::with_capacity(template.len());
    let mut rest = template.as_str();
    while let Some(start) = rest.find("{%") {
        let (before, tag) = rest.split_at(start);
        adapted.push_str(before);
        let end = tag.find("%}").map_or(tag.len(), |end| end + 2);
        let (tag, after) = tag.split_at(end);
        let name = tag.trim_matches(|c: char| "{%-+}".contains(c) || c.is_whitespace());
        match name {
            "generation" => adapted.push_str(&tag.replace("generation", "if true")),
            "endgeneration" => adapted.push_str(&tag.replace("endgeneration", "endif")),
            _ => adapted.push_str(tag),
        }
        rest = after;
    }
    adapted.push_str(rest);
    adapted
}

/// What a value takes in memory, roughly: its texts, and something for every value in it.
fn size(value: &Json) -> u64 {
    let within = match value {
        Json::String(text) => text.len() as u64,
        Json::Array(items) => items.iter().map(size).sum(),
        Json::Object(items) => items
            .iter()
            .map(|(key, item)| key.len() as u64 + size(item))
            .sum(),
        _ => 0,
    };
    within + 64
}

/// Blocks swallow the line break after them and the blanks before them, as in the reference's engine.
fn syntax() -> SyntaxConfig {
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    // Only delimiters can be refused, and these are the usual ones.
    syntax.unwrap_or_default()
}

/// An engine that behaves as the reference's, and counts what it does.
fn environment(meter: &Meter) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.add_function("raise_exception", |message: String| {
        Err::<Value, _>(minijinja::Error::new(ErrorKind::InvalidOperation, message))
    });
    meter.install(&mut environment);
    let own = meter.clone();
    environment.add_filter(
        "tojson",
        move |value: &Value, indent: Option<Value>, options: Kwargs| {
            to_json(&own, value, indent, options)
        },
    );
    // To the reference nothing is neither.
    environment.add_test("iterable", |value: &Value| {
        !value.is_none() && value.try_iter().is_ok()
    });
    environment.add_test("sequence", |value: &Value| {
        !value.is_none() && value.len().is_some()
    });
    let own = meter.clone();
    environment.set_unknown_method_callback(move |_, value, method, arguments| {
        python_method(&own, value, method, arguments)
    });
    environment
}

/// JSON as Python writes it: the engine's own form escapes what matters in HTML.
fn to_json(
    meter: &Meter,
    value: &Value,
    indent: Option<Value>,
    options: Kwargs,
) -> Result<Value, minijinja::Error> {
    // Given by place or by name.
    let named = options.peek::<Option<Value>>("indent")?;
    let width = indent.as_ref().or(named.as_ref());
    let width = width.and_then(|width| width.as_usize());
    meter.weigh(value)?;
    meter.indented_json(value, width.unwrap_or(0))?;
    let ascii = options
        .get::<Option<bool>>("ensure_ascii")?
        .unwrap_or(false);
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
    if ascii {
        let mut units = [0; 2];
        let escaped = text.chars().map(|character| match character.is_ascii() {
            true => character.to_string(),
            false => {
                let units = character.encode_utf16(&mut units).iter();
                units.map(|unit| format!("\\u{unit:04x}")).collect()
            }
        });
        text = escaped.collect();
    }
    Ok(Value::from_safe_string(text))
}

/// Methods of Python's strings and dictionaries that published templates call.
fn python_method(
    meter: &Meter,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Value, minijinja::Error> {
    if let Some(text) = value.as_str() {
        return string_method(meter, text, method, arguments);
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

fn string_method(
    meter: &Meter,
    text: &str,
    method: &str,
    arguments: &[Value],
) -> Result<Value, minijinja::Error> {
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
        "title" => {
            let mut inside = false;
            let titled = text.chars().flat_map(|character| {
                let first = character.is_alphabetic() && !inside;
                inside = character.is_alphabetic();
                match first {
                    true => character.to_uppercase().collect::<Vec<char>>(),
                    false => character.to_lowercase().collect(),
                }
            });
            Ok(Value::from(titled.collect::<String>()))
        }
        "replace" => {
            let (from, to): (&str, &str) = from_args(arguments)?;
            meter.replace(text, from, to)
        }
        "split" => {
            let (separator, most): (Option<&str>, Option<i64>) = from_args(arguments)?;
            let most = most.and_then(|most| usize::try_from(most).ok());
            meter.split(text, separator, most)
        }
        _ => Err(ErrorKind::UnknownMethod.into()),
    }
}
