//! What does a line of a file of prompts ask for?

use palinode_code::languages::by_name;
use serde_json::{Map, Value as Json};

use crate::commands::generate::prompt::{Asked, MOST_BYTES, Wording};
use crate::commands::generate::sampling::Sampling;
use crate::commands::generate::settings::Settings;

use super::lines::RawLine;

/// What a line may hold, for those whose lines hold something else.
pub(super) const FORM: &str = "a line is a JSON object with `prompt`, or `messages`; see `palinode generate --help` \
                               for --prompts";

/// One prompt, as its line and the flags have it.
#[derive(Debug)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// What it calls itself.
    pub(super) id: Option<Json>,
    pub(super) asked: Asked,
    pub(super) sampling: Sampling,
    pub(super) max_tokens: usize,
    /// Fields that mean nothing here.
    pub(super) extra: Map<String, Json>,
}

impl Line {
    /// Understands a line; where it says nothing the flags hold.
    ///
    /// # Errors
    /// What is wrong with it, by its field.
    pub(super) fn parse(raw: &RawLine, settings: &Settings) -> Result<Self, String> {
        let Some(bytes) = &raw.bytes else {
            return Err(format!("it is longer than {} MiB", MOST_BYTES >> 20));
        };
        let text = std::str::from_utf8(bytes).map_err(|error| {
            format!(
                "it is not valid UTF-8: byte {} is wrong",
                error.valid_up_to() + 1
            )
        })?;
        let value: Json =
            serde_json::from_str(text.trim_end()).map_err(|error| not_json(&error))?;
        let Json::Object(mut fields) = value else {
            return Err(format!("it is {}, not an object", kind(&value)));
        };
        // A table that was exported says null where it has nothing.
        fields.retain(|_, value| !value.is_null());
        let id = id(&mut fields)?;
        let mut asked = settings.asked(wording(&mut fields)?);
        if let Some(suffix) = text_of(&mut fields, "suffix")? {
            asked.suffix = Some(suffix);
        }
        if let Some(name) = text_of(&mut fields, "lang")? {
            let language = by_name(&name).ok_or_else(|| {
                format!("`lang` is `{name}`, and `palinode list languages` has none of that name")
            })?;
            asked.language = Some(language);
        }
        check(&asked)?;
        if fields.contains_key("system") {
            return Err(
                "`system` is no field; give `messages`, the first with the role `system`"
                    .to_owned(),
            );
        }
        let mut sampling = settings.sampling.clone();
        let mut max_tokens = settings.max_tokens;
        let mut wrong = None;
        fields.retain(|field, value| {
            let known = if field == "max_tokens" {
                let count = value.as_u64().filter(|count| *count > 0);
                let count = count.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
                max_tokens = count.unwrap_or(max_tokens);
                count
                    .map(|_| true)
                    .ok_or("it must be a whole number, at least 1")
            } else {
                sampling.set(field, value)
            };
            if let Err(problem) = known {
                wrong.get_or_insert_with(|| format!("`{field}` is {value}: {problem}"));
            }
            matches!(known, Ok(false))
        });
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        if let Some((option, value, problem)) = sampling.problem() {
            return Err(format!("`{option}` is {value}: {problem}"));
        }
        Ok(Self {
            number: raw.number,
            id,
            asked,
            sampling,
            max_tokens,
            extra: fields,
        })
    }
}

/// What the line calls itself: `id`, else what other tools call it, which stays among the other fields too.
fn id(fields: &mut Map<String, Json>) -> Result<Option<Json>, String> {
    let named = |value: &Json| value.is_string() || value.is_i64() || value.is_u64();
    match fields.shift_remove("id") {
        Some(id) if named(&id) => Ok(Some(id)),
        Some(id) => Err(format!(
            "`id` is {}; it must be a text or a whole number of at most 64 bits",
            kind(&id)
        )),
        None => Ok(fields.get("task_id").filter(|id| named(id)).cloned()),
    }
}

/// What is put to the model.
fn wording(fields: &mut Map<String, Json>) -> Result<Wording, String> {
    match (text_of(fields, "prompt")?, fields.shift_remove("messages")) {
        (Some(_), Some(_)) => {
            Err("it has `prompt` and `messages`; it must have one of them".to_owned())
        }
        (None, None) => Err("it has no `prompt` and no `messages`".to_owned()),
        (Some(text), None) if text.trim().is_empty() => Err("`prompt` is empty".to_owned()),
        (Some(text), None) => Ok(Wording::Text(text)),
        (None, Some(Json::Array(messages))) if !messages.is_empty() => {
            for (at, message) in messages.iter().enumerate() {
                message_is_sound(message)
                    .map_err(|problem| format!("`messages[{at}]` {problem}"))?;
            }
            Ok(Wording::Messages(messages))
        }
        (None, Some(_)) => Err("`messages` must be a list with at least one message".to_owned()),
    }
}

/// A role, which stands in the template as it is, and a text.
fn message_is_sound(message: &Json) -> Result<(), String> {
    const NEEDED: &str = "must be an object with `role` and `content`, both texts";
    let Json::Object(fields) = message else {
        return Err(NEEDED.to_owned());
    };
    let (Some(Json::String(role)), Some(Json::String(_))) =
        (fields.get("role"), fields.get("content"))
    else {
        return Err(NEEDED.to_owned());
    };
    if let Some(other) = fields
        .keys()
        .find(|key| *key != "role" && *key != "content")
    {
        return Err(format!(
            "has `{other}`; only `role` and `content` are understood"
        ));
    }
    match !role.is_empty()
        && role
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    {
        true => Ok(()),
        false => Err("has a role that is no word such as `system`, `user`, `assistant`".to_owned()),
    }
}

/// Refuses what makes no sense together.
fn check(asked: &Asked) -> Result<(), String> {
    let together = match (&asked.wording, &asked.suffix, asked.raw) {
        (Wording::Messages(_), _, true) => {
            "`messages` need the chat template that --raw leaves out"
        }
        (Wording::Messages(_), Some(_), _) => {
            "a gap lies between `prompt` and `suffix`; `messages` have none"
        }
        (Wording::Text(_), Some(_), true) => {
            "`suffix` asks to fill a gap, and --raw to continue a text"
        }
        _ => return Ok(()),
    };
    Err(together.to_owned())
}

/// A field that is a text, taken out.
fn text_of(fields: &mut Map<String, Json>, name: &str) -> Result<Option<String>, String> {
    match fields.shift_remove(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{name}` is {}; it must be a text", kind(&other))),
    }
}

/// What the JSON reader says, without the number of a line within the line.
fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    format!("it is no JSON: {what}, at byte {}", error.column())
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
