//! How does text become token ids, and ids bytes?

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::Error;
use crate::token_bytes::Spelling;

/// How many times as long a text may become before it is split. A space that is written as `▁` makes it three times
/// as long.
const MOST_GROWTH: usize = 1000;

/// A model's tokenizer, read from `tokenizer.json`.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// The same, blind to special tokens; made when a text first contains one, for it costs a copy of
    /// the vocabulary.
    plain: OnceLock<Box<tokenizers::Tokenizer>>,
    /// Ids and texts of tokens marked as special.
    special: BTreeSet<u32>,
    special_texts: Vec<String>,
    /// Ids before a text that stands for itself.
    begin: Vec<u32>,
    bytes: Vec<Vec<u8>>,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tokenizer")
            .field("tokens", &self.bytes.len())
            .field("special", &self.special_texts)
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Reads the bytes of a `tokenizer.json`; `file` is what errors name.
    ///
    /// Added tokens that the file numbers with gaps are numbered without, after the vocabulary, as
    /// transformers does.
    ///
    /// Costs a few milliseconds for each 10,000 tokens.
    ///
    /// # Errors
    /// [`Error::BadTokenizer`].
    pub fn from_bytes(json: &[u8], file: &Path) -> Result<Tokenizer, Error> {
        let refuse = |problem: String| Error::BadTokenizer {
            file: PathBuf::from(file),
            problem,
        };
        // The library panics on some faults of syntax: a file that is no JSON must not reach it.
        let mut parts: Map<String, Value> =
            serde_json::from_slice(json).map_err(|error| refuse(error.to_string()))?;
        let mut take = |field: &str| {
            parts
                .insert(field.to_owned(), Value::Null)
                .unwrap_or(Value::Null)
        };
        // Some files carry the settings of the training run; a prompt is neither cut nor filled up.
        take("truncation");
        take("padding");
        // These are read here: the library's ways with them panic where they name tokens that are not there.
        let spelling = Spelling::of_decoder(&take("decoder"));
        let begin = begin(&take("post_processor"))
            .map_err(|problem| refuse(format!("`post_processor` {problem}")))?;
        let normalizer = parts.get("normalizer").unwrap_or(&Value::Null);
        let longer = growth(normalizer);
        if longer > MOST_GROWTH {
            return Err(refuse(format!(
                "`normalizer` can make a text more than {MOST_GROWTH} times as long"
            )));
        }
        // And of one text one spelling, each time.
        if let Some(model) = parts.get_mut("model").and_then(Value::as_object_mut) {
            model.remove("dropout");
            check_merges(model).map_err(|problem| refuse(format!("`merges` {problem}")))?;
        }
        let inner = tokenizers::Tokenizer::from_bytes(Value::Object(parts).to_string())
            .map_err(|error| refuse(error.to_string()))?;
        let mut words: Vec<(u32, String)> = inner
            .get_vocab(true)
            .into_iter()
            .map(|(word, id)| (id, word))
            .collect();
        words.sort_unstable();
        let count = words.last().map_or(0, |(id, _)| *id as usize + 1);
        // Ids come from the file: a single huge one must not take memory for all below it.
        if count > 16 * words.len() + 65_536 {
            return Err(refuse(format!(
                "its largest id is {}, with only {} tokens",
                count - 1,
                words.len()
            )));
        }
        if let Some(id) = begin.iter().find(|id| **id as usize >= count) {
            return Err(refuse(format!(
                "`post_processor` puts {id} before a text, which no token has"
            )));
        }
        let mut bytes = vec![Vec::new(); count];
        for (id, word) in &words {
            bytes[*id as usize] = spelling.bytes(word);
        }
        let mut special = BTreeSet::new();
        let mut special_texts = Vec::new();
        let mut added: Vec<_> = inner.get_added_tokens_decoder().into_iter().collect();
        added.sort_unstable_by_key(|(id, _)| *id);
        for (id, token) in added {
            if token.special {
                special.insert(id);
                special_texts.push(token.content.clone());
            }
            // Added tokens are written as they are, whatever the model's vocabulary does.
            if let Some(bytes) = bytes.get_mut(id as usize) {
                *bytes = token.content.into_bytes();
            }
        }
        Ok(Tokenizer {
            inner,
            plain: OnceLock::new(),
            special,
            special_texts,
            begin,
            bytes,
        })
    }

    /// One more than the largest id.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no token at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The ids of a text. Special tokens written out in it become their ids; none is added.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, Error> {
        encode(&self.inner, text)
    }

    /// The ids of a text that is nothing but text: a special token written out in it is spelled with
    /// ordinary tokens. For text from outside, which must not be able to speak the model's protocol.
    ///
    /// Tokens that `tokenizer.json` adds without marking them as special count as ordinary.
    ///
    /// # Errors
    /// [`Error::Encoding`], also where the vocabulary has no other way to spell the text.
    pub fn encode_plain(&self, text: &str) -> Result<Vec<u32>, Error> {
        let ids = encode(&self.inner, text)?;
        if !ids.iter().any(|id| self.special.contains(id)) {
            return Ok(ids);
        }
        let plain = self.plain.get_or_init(|| {
            let mut plain = self.inner.clone();
            plain.set_encode_special_tokens(true);
            Box::new(plain)
        });
        let ids = encode(plain, text)?;
        match ids.iter().find(|id| self.special.contains(id)) {
            None => Ok(ids),
            Some(id) => Err(Error::Encoding {
                problem: format!("it can only be spelled with the special token {id}"),
            }),
        }
    }

    /// The ids that this tokenizer puts before a text that stands for itself, such as a token of its beginning;
    /// mostly none. A chat template brings its own.
    #[must_use]
    pub fn begin(&self) -> &[u32] {
        &self.begin
    }

    /// The bytes of some tokens in a row; ids outside the vocabulary have none.
    ///
    /// Not necessarily UTF-8: a token may end within a character. Nothing is stripped from the start,
    /// so the bytes of two halves are the bytes of the whole.
    #[must_use]
    pub fn decode(&self, ids: &[u32]) -> Vec<u8> {
        let bytes = ids.iter().filter_map(|id| self.bytes.get(*id as usize));
        bytes.flatten().copied().collect()
    }

    /// The bytes of every id below [`Tokenizer::len`]; none for an id that no token has.
    #[must_use]
    pub fn token_bytes(&self) -> Vec<Vec<u8>> {
        self.bytes.clone()
    }

    /// The id of a token by its name in `tokenizer.json`.
    #[must_use]
    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// Whether `tokenizer.json` marks this id as special.
    #[must_use]
    pub fn is_special(&self, id: u32) -> bool {
        self.special.contains(&id)
    }

    /// The texts of all special tokens, in the order of their ids.
    #[must_use]
    pub fn special_texts(&self) -> &[String] {
        &self.special_texts
    }
}

/// How much longer a `normalizer` of `tokenizer.json` can make a text by replacing, one step after another.
fn growth(normalizer: &Value) -> usize {
    if let Some(steps) = normalizer["normalizers"].as_array() {
        let all = steps.iter().map(growth);
        return all.fold(1, usize::saturating_mul);
    }
    let made = normalizer["content"].as_str().map_or(0, str::len);
    match normalizer["pattern"]["String"].as_str() {
        Some(replaced) => made.div_ceil(replaced.len().max(1)).max(1),
        // A regular expression may match nothing, between any two characters.
        None => made + 1,
    }
}

/// Refuses merges whose parts or whose whole are no tokens, on some of which the library panics.
fn check_merges(model: &Map<String, Value>) -> Result<(), String> {
    let (Some(merges), Some(vocabulary)) = (
        model.get("merges").and_then(Value::as_array),
        model.get("vocab").and_then(Value::as_object),
    ) else {
        return Ok(());
    };
    let prefix = model.get("continuing_subword_prefix");
    let prefix = prefix.and_then(Value::as_str).unwrap_or_default();
    let mut whole = String::new();
    for merge in merges {
        let parts = match merge {
            Value::String(both) => both.split_once(' '),
            both => both[0].as_str().zip(both[1].as_str()),
        };
        let (first, second) = parts.ok_or_else(|| format!("has {merge}, which is no pair"))?;
        // What stands within a word is written with the prefix, which its merge leaves out.
        let end = second
            .get(prefix.len()..)
            .ok_or_else(|| format!("has {merge}, which lacks the prefix"))?;
        whole.clear();
        whole.push_str(first);
        whole.push_str(end);
        if let Some(missing) = [first, second, &whole]
            .into_iter()
            .find(|part| !vocabulary.contains_key(*part))
        {
            return Err(format!("has {merge}, but `{missing}` is no token"));
        }
    }
    Ok(())
}

/// What a `post_processor` of `tokenizer.json` puts before a text.
fn begin(processor: &Value) -> Result<Vec<u32>, String> {
    let id = |value: &Value| {
        let id = value.as_u64().and_then(|id| u32::try_from(id).ok());
        id.ok_or_else(|| format!("has an id of {value}"))
    };
    let empty = Vec::new();
    match processor["type"].as_str() {
        Some("TemplateProcessing") => {
            let pieces = processor["single"].as_array().unwrap_or(&empty);
            let mut ids = Vec::new();
            for piece in pieces.iter().map_while(|piece| piece.get("SpecialToken")) {
                let name = piece["id"].as_str().unwrap_or_default();
                let token = &processor["special_tokens"][name]["ids"];
                let token = token
                    .as_array()
                    .ok_or_else(|| format!("names the token `{name}`, which it lacks"))?;
                for one in token {
                    ids.push(id(one)?);
                }
            }
            Ok(ids)
        }
        Some("BertProcessing" | "RobertaProcessing") => Ok(vec![id(&processor["cls"][1])?]),
        Some("Sequence") => {
            let mut ids = Vec::new();
            // Each is put around what the one before it made.
            for processor in processor["processors"]
                .as_array()
                .unwrap_or(&empty)
                .iter()
                .rev()
            {
                ids.extend(begin(processor)?);
            }
            Ok(ids)
        }
        _ => Ok(Vec::new()),
    }
}

fn encode(tokenizer: &tokenizers::Tokenizer, text: &str) -> Result<Vec<u32>, Error> {
    // The fast form leaves out offsets, which nothing here needs.
    let encoding = tokenizer.encode_fast(text, false);
    let encoding = encoding.map_err(|error| Error::Encoding {
        problem: error.to_string(),
    })?;
    Ok(encoding.get_ids().to_vec())
}
