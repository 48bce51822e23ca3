//! What does a GGUF file hold: which network, which tokenizer, which tensors?
//!
//! One file: a header, settings by name, a table of tensors, and their bytes. (ggml's `docs/gguf.md`.) The
//! header is read into memory, more and more of it until it is whole, so a file can make the reader take no more
//! memory than it has bytes; tensors lie where the file is mapped.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Naming, Place, Shard, Weights};
use crate::architectures::{ARCHITECTURES, Fields, RotaryFields, misfit};
use crate::form::{Form, Part, Slot};
use crate::formats::Format;
use crate::source::Bytes;
use crate::{Error, Source};

/// Where tensors begin unless the file says otherwise: at multiples of it.
const ALIGNMENT: u64 = 32;
/// The most dimensions of a tensor.
const MOST_DIMENSIONS: u32 = 4;

/// How much of a file is read first in search of its header's end; vocabularies take one to ten MiB.
const FIRST: usize = 1 << 20;
/// The longest header.
const LONGEST_HEADER: usize = 256 << 20;

/// An opened file.
#[derive(Debug)]
pub(crate) struct Gguf {
    path: PathBuf,
    /// The file's beginning, in which settings lie.
    header: Cow<'static, [u8]>,
    /// All of it, in which tensors lie.
    bytes: Arc<Bytes>,
    settings: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Place>,
}

/// A setting: a number, or a place in the header.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Whole(i128),
    Real(f64),
    Yes(bool),
    Text(Range<usize>),
    /// The kind of its entries, how many, and where.
    List(u32, usize, Range<usize>),
}

/// The name of a tensor in GGUF files.
pub(crate) fn name(slot: Slot) -> String {
    let stem = match slot.part {
        Part::Embedding => "token_embd",
        Part::AttentionNorm => "attn_norm",
        Part::Query => "attn_q",
        Part::Key => "attn_k",
        Part::Value => "attn_v",
        Part::Output => "attn_output",
        Part::QueryNorm => "attn_q_norm",
        Part::KeyNorm => "attn_k_norm",
        Part::FeedForwardNorm => "ffn_norm",
        Part::Gate => "ffn_gate",
        Part::Up => "ffn_up",
        Part::Down => "ffn_down",
        Part::Norm => "output_norm",
        Part::Head => "output",
    };
    let kind = if slot.bias { "bias" } else { "weight" };
    match slot.part {
        Part::Embedding | Part::Norm | Part::Head => format!("{stem}.{kind}"),
        _ => format!("blk.{}.{stem}.{kind}", slot.layer),
    }
}

/// Walks the bytes of a header.
struct Reader<'a> {
    /// The file's beginning.
    bytes: &'a [u8],
    /// The whole file's length.
    length: usize,
    at: usize,
}

/// Why a header cannot be read.
enum Problem {
    /// So many bytes of it are needed at least, and the file has them.
    Short(usize),
    /// What is wrong with it.
    Wrong(String),
}

impl From<String> for Problem {
    fn from(problem: String) -> Problem {
        Problem::Wrong(problem)
    }
}

impl<'a> Reader<'a> {
    /// Over a part that was read before.
    fn within(bytes: &'a [u8], range: &Range<usize>) -> Reader<'a> {
        Reader {
            bytes: &bytes[..range.end],
            length: range.end,
            at: range.start,
        }
    }

    fn skip(&mut self, count: usize) -> Result<Range<usize>, Problem> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.length);
        let end =
            end.ok_or_else(|| format!("it ends within its header, at byte {}", self.length))?;
        if end > self.bytes.len() {
            return Err(Problem::Short(end));
        }
        let range = self.at..end;
        self.at = end;
        Ok(range)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let range = self.skip(N)?;
        let mut taken = [0; N];
        taken.copy_from_slice(&self.bytes[range]);
        Ok(taken)
    }

    fn word(&mut self) -> Result<u32, Problem> {
        self.take().map(u32::from_le_bytes)
    }

    fn count(&mut self) -> Result<usize, Problem> {
        let count = u64::from_le_bytes(self.take()?);
        usize::try_from(count).map_err(|_| format!("it states a length of {count}").into())
    }

    fn text(&mut self) -> Result<Range<usize>, Problem> {
        let count = self.count()?;
        self.skip(count)
    }

    fn name(&mut self) -> Result<String, Problem> {
        let range = self.text()?;
        let bytes = &self.bytes[range];
        match std::str::from_utf8(bytes) {
            Ok(name) if name.len() < 1024 => Ok(name.to_owned()),
            _ => Err(format!("a name before byte {} is no name", self.at).into()),
        }
    }

    fn value(&mut self, kind: u32) -> Result<Value, Problem> {
        Ok(match kind {
            0 => Value::Whole(u8::from_le_bytes(self.take()?).into()),
            1 => Value::Whole(i8::from_le_bytes(self.take()?).into()),
            2 => Value::Whole(u16::from_le_bytes(self.take()?).into()),
            3 => Value::Whole(i16::from_le_bytes(self.take()?).into()),
            4 => Value::Whole(u32::from_le_bytes(self.take()?).into()),
            5 => Value::Whole(i32::from_le_bytes(self.take()?).into()),
            6 => Value::Real(f32::from_le_bytes(self.take()?).into()),
            7 => Value::Yes(self.take::<1>()? != [0]),
            8 => Value::Text(self.text()?),
            9 => {
                let kind = self.word()?;
                let count = self.count()?;
                let start = self.at;
                match fixed_width(kind) {
                    Some(width) => {
                        let bytes = count
                            .checked_mul(width)
                            .ok_or_else(|| format!("a list states {count} entries"))?;
                        self.skip(bytes)?;
                    }
                    None if kind == 8 => {
                        for _ in 0..count {
                            self.text()?;
                        }
                    }
                    None => return Err(format!("a list holds values of kind {kind}").into()),
                }
                Value::List(kind, count, start..self.at)
            }
            10 => Value::Whole(u64::from_le_bytes(self.take()?).into()),
            11 => Value::Whole(i64::from_le_bytes(self.take()?).into()),
            12 => Value::Real(f64::from_le_bytes(self.take()?)),
            other => return Err(format!("a setting has a value of kind {other}").into()),
        })
    }
}

/// Bytes of a value of a kind, where all have equally many.
fn fixed_width(kind: u32) -> Option<usize> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// The form that a type's number means.
fn format(number: u32) -> Result<Format, String> {
    Ok(match number {
        0 => Format::F32,
        1 => Format::F16,
        2 => Format::Q4_0,
        3 => Format::Q4_1,
        6 => Format::Q5_0,
        7 => Format::Q5_1,
        8 => Format::Q8_0,
        10 => Format::Q2K,
        11 => Format::Q3K,
        12 => Format::Q4K,
        13 => Format::Q5K,
        14 => Format::Q6K,
        20 => Format::IQ4NL,
        23 => Format::IQ4XS,
        30 => Format::BF16,
        other => return Err(format!("ggml type {other}")),
    })
}

impl Gguf {
    /// Opens a file and reads its header.
    pub(crate) fn open(source: &Source) -> Result<Gguf, Error> {
        let path = source.path("");
        let bytes = source.map("")?;
        let length = bytes.len();
        let mut wanted = FIRST;
        let problem = loop {
            let header = source.head("", wanted.min(length))?;
            match read(&header, length) {
                Ok((settings, tensors)) => {
                    return Ok(Gguf {
                        path,
                        header,
                        bytes: Arc::new(bytes),
                        settings,
                        tensors,
                    });
                }
                Err(Problem::Short(needed)) if needed > LONGEST_HEADER => {
                    break format!("its header has more than {LONGEST_HEADER} bytes");
                }
                // The file became shorter since its length was asked for.
                Err(Problem::Short(_)) if header.len() < wanted.min(length) => {
                    break format!("it ends within its header, at byte {}", header.len());
                }
                Err(Problem::Short(needed)) => wanted = needed.max(2 * wanted).min(LONGEST_HEADER),
                Err(Problem::Wrong(problem)) => break problem,
            }
        };
        Err(Error::BadWeights {
            file: path,
            problem: format!("not a complete GGUF file: {problem}"),
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The tensors.
    pub(crate) fn weights(&self) -> Weights {
        let shard = Shard {
            file: self.path.clone(),
            bytes: Arc::clone(&self.bytes),
        };
        let tensors = self.tensors.clone();
        Weights::new(self.path.clone(), vec![shard], tensors, Naming::Gguf)
    }

    /// A setting that is text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.settings.get(key)? {
            Value::Text(range) => std::str::from_utf8(&self.header[range.clone()]).ok(),
            _ => None,
        }
    }

    /// A setting that is a whole number.
    pub(crate) fn whole(&self, key: &str) -> Option<usize> {
        match self.settings.get(key)? {
            Value::Whole(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// A setting that is a number.
    pub(crate) fn real(&self, key: &str) -> Option<f64> {
        match self.settings.get(key)? {
            Value::Whole(number) => Some(*number as f64),
            Value::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// A setting that is true or false.
    pub(crate) fn yes(&self, key: &str) -> Option<bool> {
        match self.settings.get(key)? {
            Value::Yes(yes) => Some(*yes),
            _ => None,
        }
    }

    /// A setting that is a list of texts.
    pub(crate) fn texts(&self, key: &str) -> Option<Vec<&[u8]>> {
        let Value::List(8, count, range) = self.settings.get(key)? else {
            return None;
        };
        let mut reader = Reader::within(&self.header, range);
        (0..*count)
            .map(|_| reader.text().ok().map(|text| &self.header[text]))
            .collect()
    }

    /// A setting that is a list of so many numbers.
    pub(crate) fn numbers(&self, key: &str, expected: usize) -> Option<Vec<f64>> {
        let Value::List(kind, count, range) = self.settings.get(key)? else {
            return None;
        };
        if *count != expected {
            return None;
        }
        fixed_width(*kind)?;
        let mut reader = Reader::within(&self.header, range);
        (0..*count)
            .map(|_| match reader.value(*kind).ok()? {
                Value::Whole(number) => Some(number as f64),
                Value::Real(number) => Some(number),
                Value::Yes(yes) => Some(f64::from(u8::from(yes))),
                _ => None,
            })
            .collect()
    }

    /// The network's form, from the settings and the names of tensors.
    pub(crate) fn form(&self) -> Result<Form, Error> {
        let name = self.text("general.architecture").unwrap_or("(none named)");
        let found = ARCHITECTURES.iter().find_map(|architecture| {
            let (own, pairing) = architecture.gguf.filter(|(own, _)| *own == name)?;
            Some((architecture, own, pairing))
        });
        let Some((architecture, own, pairing)) = found else {
            return Err(Error::UnknownArchitecture {
                file: self.path.clone(),
                field: "general.architecture",
                found: name.to_owned(),
                reason: misfit(name),
                known: ARCHITECTURES
                    .iter()
                    .filter_map(|architecture| architecture.gguf.map(|(own, _)| own))
                    .collect(),
            });
        };
        let refuse = |field, problem: String| Error::Config {
            file: self.path.clone(),
            field,
            problem,
        };
        let experts = self.whole(&format!("{own}.expert_count")).unwrap_or(0);
        if experts > 0 {
            let problem = format!("is {experts}: mixtures of experts are not supported");
            return Err(refuse("expert_count", problem));
        }
        let fields = self
            .fields(own)
            .map_err(|(field, problem)| refuse(field, problem))?;
        let form = (architecture.form)(&fields, &self.path);
        let mut form = form.map_err(own_names)?;
        form.rotary = form.rotary.paired(pairing);
        // The one factor that is stated beside whatever way of stretching, and multiplies what comes of it.
        if let Some(factor) = self.real(&format!("{own}.rope.scaling.attn_factor")) {
            let amplified = form.rotary.amplified(factor);
            form.rotary = amplified.ok_or_else(|| {
                let problem = format!("is {factor}; it must be positive");
                refuse("rope.scaling.attn_factor", problem)
            })?;
        }
        if let Some(place) = self.tensors.get("rope_freqs.weight") {
            let misfit = || {
                let problem = format!("has shape {:?}, which does not fit the heads", place.dims);
                refuse("rope_freqs", problem)
            };
            if place.dims != [form.rotary.planes()] {
                return Err(misfit());
            }
            let factors = self.weights().stored_as("rope_freqs.weight")?.numbers();
            form.rotary = form.rotary.divided(&factors).ok_or_else(misfit)?;
        }
        let turned = self.whole(&format!("{own}.rope.dimension_count"));
        if let Some(turned) = turned.filter(|turned| *turned != form.shape.head_width) {
            let problem = format!("is {turned}: only whole heads are turned here");
            return Err(refuse("rope.dimension_count", problem));
        }
        Ok(form)
    }

    /// A setting that is a whole number, or a list of one for each layer; layers that differ are refused.
    fn alike(&self, own: &str, key: &'static str) -> Result<Option<usize>, (&'static str, String)> {
        let full = format!("{own}.{key}");
        let Some(Value::List(_, count, _)) = self.settings.get(&full) else {
            return Ok(self.whole(&full));
        };
        let refuse = |problem: &str| Err((key, problem.to_owned()));
        let Some(all) = self.numbers(&full, *count) else {
            return refuse("is a list of something else than numbers");
        };
        let Some(first) = all.first() else {
            return refuse("is an empty list");
        };
        let whole = first.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(first);
        match all.iter().all(|number| number == first) && whole {
            true => Ok(Some(*first as usize)),
            false => refuse("differs from layer to layer, which is not supported"),
        }
    }

    fn fields(&self, own: &str) -> Result<Fields, (&'static str, String)> {
        let whole = |key: &str| self.whole(&format!("{own}.{key}"));
        let real = |key: &str| self.real(&format!("{own}.{key}"));
        let has = |tensor: &str| Some(self.tensors.contains_key(tensor));
        let rows = |tensor: &str| self.tensors.get(tensor)?.dims.first().copied();
        let heads = self.alike(own, "attention.head_count")?;
        Ok(Fields {
            vocab_size: rows("token_embd.weight").unwrap_or(0),
            hidden_size: whole("embedding_length").unwrap_or(0),
            intermediate_size: self.alike(own, "feed_forward_length")?.unwrap_or(0),
            num_hidden_layers: whole("block_count").unwrap_or(0),
            num_attention_heads: heads.unwrap_or(0),
            // Silence means as many as there are query heads, for every architecture.
            num_key_value_heads: self.alike(own, "attention.head_count_kv")?.or(heads),
            head_dim: whole("attention.key_length")
                .or_else(|| whole("embedding_length")?.checked_div(heads?)),
            max_position_embeddings: whole("context_length"),
            rms_norm_eps: real("attention.layer_norm_rms_epsilon"),
            norm_epsilon: real("attention.layer_norm_epsilon"),
            rope_parameters: Some(self.rotary_fields(own)?),
            sliding_window: whole("attention.sliding_window"),
            tie_word_embeddings: has("output.weight").map(|head| !head),
            attention_bias: has("blk.0.attn_q.bias"),
            mlp_bias: has("blk.0.ffn_up.bias"),
            use_bias: has("blk.0.attn_q.bias"),
            ..Fields::default()
        })
    }

    /// How positions turn. Files that name no way of stretching but a factor mean the linear one, as llama.cpp
    /// reads them. YaRN's bounds and its factor are those of the `config.json` that the file was made of, where
    /// the file states them (llama.cpp's converter writes them down; it does not read them again).
    fn rotary_fields(&self, own: &str) -> Result<RotaryFields, (&'static str, String)> {
        let real = |key: &str| self.real(&format!("{own}.rope.{key}"));
        let factor = real("scaling.factor").or_else(|| real("scale_linear"));
        let factor = factor.filter(|factor| *factor != 0.0);
        let named = self.text(&format!("{own}.rope.scaling.type"));
        let kind = named.or_else(|| factor.map(|_| "linear"));
        let plain = |kind: &&str| *kind == "none" || (*kind == "linear" && factor.is_none());
        // A share of the unstretched frequencies, which transformers does not know either.
        let share = real("scaling.yarn_ext_factor");
        if let Some(share) =
            share.filter(|share| kind == Some("yarn") && *share >= 0.0 && *share != 1.0)
        {
            let problem = format!("is {share}; only 1 is supported");
            return Err(("rope.scaling.yarn_ext_factor", problem));
        }
        Ok(RotaryFields {
            rope_theta: real("freq_base"),
            rope_type: kind.filter(|kind| !plain(kind)).map(str::to_owned),
            factor,
            original_max_position_embeddings: real("scaling.original_context_length"),
            beta_fast: real("scaling.yarn_beta_fast"),
            beta_slow: real("scaling.yarn_beta_slow"),
            attention_factor: real("scaling.yarn_attn_factor"),
            ..RotaryFields::default()
        })
    }
}

/// An error about a field of a `config.json`, by the name that GGUF files have for it.
fn own_names(error: Error) -> Error {
    let Error::Config {
        file,
        field,
        problem,
    } = error
    else {
        return error;
    };
    let field = match field {
        "vocab_size" => "token_embd.weight",
        "hidden_size" => "embedding_length",
        "intermediate_size" => "feed_forward_length",
        "num_hidden_layers" => "block_count",
        "num_attention_heads" => "attention.head_count",
        "num_key_value_heads" => "attention.head_count_kv",
        "head_dim" => "attention.key_length",
        "max_position_embeddings" => "context_length",
        "rms_norm_eps" => "attention.layer_norm_rms_epsilon",
        "norm_epsilon" => "attention.layer_norm_epsilon",
        "rope_theta" => "rope.freq_base",
        "rope_parameters" => "rope.scaling",
        "sliding_window" => "attention.sliding_window",
        other => other,
    };
    Error::Config {
        file,
        field,
        problem,
    }
}

type Contents = (BTreeMap<String, Value>, BTreeMap<String, Place>);

/// Reads the header of a file that has some length and begins with these bytes.
fn read(bytes: &[u8], whole: usize) -> Result<Contents, Problem> {
    let mut reader = Reader {
        bytes,
        length: whole,
        at: 0,
    };
    if reader.take::<4>().ok() != Some(*b"GGUF") {
        return Err("it does not begin as one".to_owned().into());
    }
    let version = reader.word()?;
    if !(2..=3).contains(&version) {
        return Err(format!("it is of version {version}; 2 and 3 are read").into());
    }
    let (tensor_count, setting_count) = (reader.count()?, reader.count()?);
    let mut settings = BTreeMap::new();
    for _ in 0..setting_count {
        let key = reader.name()?;
        let kind = reader.word()?;
        let value = reader.value(kind)?;
        settings.insert(key, value);
    }
    let alignment = match settings.get("general.alignment") {
        Some(Value::Whole(number)) => u64::try_from(*number).unwrap_or(0),
        _ => ALIGNMENT,
    };
    if !alignment.is_power_of_two() || alignment > 1 << 20 {
        return Err(format!("`general.alignment` is {alignment}").into());
    }
    let mut found = Vec::new();
    for _ in 0..tensor_count {
        found.push(tensor(&mut reader)?);
    }
    let start = (reader.at as u64).next_multiple_of(alignment);
    let mut tensors = BTreeMap::new();
    for (name, dims, kind, offset) in found {
        let format = format(kind);
        let place = || -> Option<Place> {
            let count = dims.iter().try_fold(1usize, |all, n| all.checked_mul(*n))?;
            let length = match &format {
                Ok(format) => format.bytes(count)?,
                Err(_) => 0,
            };
            let first = usize::try_from(start.checked_add(offset)?).ok()?;
            let end = first.checked_add(length)?;
            (end <= whole).then(|| Place {
                shard: 0,
                format: format.clone(),
                dims: dims.clone(),
                bytes: first..end,
            })
        };
        let Some(place) = place() else {
            return Err(format!(
                "tensor `{name}` {dims:?} lies outside the file of {whole} bytes, or is no whole number of blocks"
            )
            .into());
        };
        if tensors.insert(name.clone(), place).is_some() {
            return Err(format!("tensor `{name}` stands in it twice").into());
        }
    }
    // A small file whose tensors share their bytes would be a large network.
    let mut ranges: Vec<&Range<usize>> = tensors.values().map(|place| &place.bytes).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    if let Some(pair) = ranges.windows(2).find(|pair| pair[0].end > pair[1].start) {
        return Err(format!("two tensors share the bytes from {}", pair[1].start).into());
    }
    Ok((settings, tensors))
}

/// One line of the table of tensors: name, dimensions with the outermost first, type, offset.
fn tensor(reader: &mut Reader<'_>) -> Result<(String, Vec<usize>, u32, u64), Problem> {
    let name = reader.name()?;
    let count = reader.word()?;
    if count > MOST_DIMENSIONS {
        return Err(format!("tensor `{name}` has {count} dimensions").into());
    }
    let mut dims = Vec::new();
    for _ in 0..count {
        dims.push(reader.count()?);
    }
    // The file states the innermost first.
    dims.reverse();
    Ok((
        name,
        dims,
        reader.word()?,
        u64::from_le_bytes(reader.take()?),
    ))
}
