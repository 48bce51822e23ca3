//! What can go wrong between a model's files and its numbers, and what can the user do about it?

use std::path::PathBuf;

/// Everything this room can refuse.
///
/// Variants carry the facts (file, tensor, shapes, numbers); [`Error::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file the model needs does not exist.
    #[error("`{}` does not exist", .file.display())]
    Missing {
        /// The file looked for.
        file: PathBuf,
    },
    /// A file exists and cannot be read.
    #[error("`{}` cannot be read: {source}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A JSON file is malformed, or a field in it has another type than expected.
    #[error("`{}` is not the JSON expected: {source}", .file.display())]
    Json {
        /// The file.
        file: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A field of a configuration file has a value that makes no sense, or one not supported.
    #[error("`{}`: `{field}` {problem}", .file.display())]
    Config {
        /// The file.
        file: PathBuf,
        /// The field's name.
        field: &'static str,
        /// What is wrong with its value.
        problem: String,
    },
    /// A file names an architecture that no entry of the registry handles.
    #[error("`{}`: architecture `{found}`{} is not {} (known: {})", .file.display(),
        if *.field == "architectures" { String::new() } else { format!(" in `{field}`") },
        match .reason { Some(reason) => format!("supported: {reason}"), None => "known".to_owned() },
        .known.join(", "))]
    UnknownArchitecture {
        /// The file.
        file: PathBuf,
        /// The field in which it stands: `architectures` of a `config.json`, or `general.architecture`.
        field: &'static str,
        /// The name found.
        found: String,
        /// What makes it differ from all that are here, where that is known.
        reason: Option<&'static str>,
        /// Every name that would have been understood.
        known: Vec<&'static str>,
    },
    /// The weights were made smaller by a method that this room does not read.
    #[error("`{}`: `{field}` says that the weights are stored by `{method}`, which is not read", .file.display())]
    Quantised {
        /// The file.
        file: PathBuf,
        /// The field that says so.
        field: &'static str,
        /// The method's name.
        method: String,
    },
    /// A way to compute was asked for that does not exist on the device or in the numbers asked for.
    #[error("{kernels:?} compute on the processor in f32, not on {device} in {dtype}")]
    NoSuchKernels {
        /// The way.
        kernels: crate::Kernels,
        /// The device.
        device: &'static str,
        /// The numbers.
        dtype: &'static str,
    },
    /// A weight file is truncated or not in its format.
    #[error("`{}`: {problem}", .file.display())]
    BadWeights {
        /// The file.
        file: PathBuf,
        /// What the format's reader said.
        problem: String,
    },
    /// The weight files lack a tensor.
    #[error("`{}`: tensor `{tensor}` is missing", .file.display())]
    MissingTensor {
        /// The weight file, or its index.
        file: PathBuf,
        /// The tensor's name in the checkpoint.
        tensor: String,
    },
    /// A tensor has another shape than `config.json` implies.
    #[error("`{}`: tensor `{tensor}` has shape {found:?}, expected {expected:?}", .file.display())]
    TensorShape {
        /// The weight file.
        file: PathBuf,
        /// The tensor's name in the checkpoint.
        tensor: String,
        /// The shape `config.json` implies.
        expected: Vec<usize>,
        /// The shape found.
        found: Vec<usize>,
    },
    /// A tensor's numbers are stored in a form this room does not read.
    #[error("`{}`: tensor `{tensor}` holds {found} numbers, which are not read", .file.display())]
    TensorType {
        /// The weight file.
        file: PathBuf,
        /// The tensor's name in the checkpoint.
        tensor: String,
        /// The number type found.
        found: String,
    },
    /// `tokenizer.json` is malformed.
    #[error("`{}` is not a tokenizer: {problem}", .file.display())]
    BadTokenizer {
        /// The file.
        file: PathBuf,
        /// What the reader said.
        problem: String,
    },
    /// The tokenizer can produce ids that the network has no row for.
    #[error("`{}` has {tokens} tokens, the network's vocabulary only {vocabulary}", .file.display())]
    TokenizerTooLarge {
        /// The tokenizer's file.
        file: PathBuf,
        /// One more than the largest id of the tokenizer.
        tokens: usize,
        /// Rows of the embedding.
        vocabulary: usize,
    },
    /// The tokenizer could not encode a text.
    #[error("the text could not be encoded: {problem}")]
    Encoding {
        /// What the tokenizer said.
        problem: String,
    },
    /// The chat template is malformed, or failed on this prompt.
    #[error("`{}`: the chat template failed: {problem}", .file.display())]
    Template {
        /// The file that holds the template.
        file: PathBuf,
        /// What the template engine said.
        problem: String,
    },
    /// A token id that the network has no row for.
    #[error("token id {id} is outside the vocabulary of {vocabulary}")]
    IdOutOfVocabulary {
        /// The id.
        id: u32,
        /// The number of ids.
        vocabulary: usize,
    },
    /// No ids were given where at least one is needed.
    #[error("no token was given to the network")]
    NoTokens,
    /// A hidden layer that the network does not have.
    #[error("hidden layer {layer} was asked for; this network has 0 to {layers}")]
    NoSuchLayer {
        /// The layer asked for.
        layer: usize,
        /// The last one.
        layers: usize,
    },
    /// More tokens than the network's positions.
    #[error("{tokens} tokens do not fit the model's context of {context}")]
    TooLong {
        /// Tokens in the cache and in this call together.
        tokens: usize,
        /// The most the model takes.
        context: usize,
    },
    /// A cache made by another network was handed in.
    #[error("the cache was made by another network")]
    ForeignCache,
    /// The network's answer holds a number that is none; its weights are damaged.
    #[error("the network's logit of token {id} is not a number")]
    NotANumber {
        /// The first id whose logit is NaN.
        id: u32,
    },
    /// A sampling option is out of range.
    #[error("sampling option `{option}` is {value}: {problem}")]
    SamplingOption {
        /// The option's name.
        option: &'static str,
        /// Its value.
        value: f32,
        /// The range it must lie in.
        problem: &'static str,
    },
    /// The model and its caches do not fit in memory.
    #[error("weights and caches take {}, and {} are free", crate::memory::readable(*.needed), crate::memory::readable(*.available))]
    TooLarge {
        /// Bytes that weights and caches take.
        needed: u64,
        /// Bytes there are.
        available: u64,
    },
    /// Every token was banned, or an empty list of choices was given.
    #[error("no token may be chosen")]
    NothingToChoose,
    /// A tensor operation failed; a bug here, or not enough memory.
    #[error("a tensor operation failed: {0}")]
    Compute(#[from] candle_core::Error),
}

impl Error {
    /// What the user can do about it, if there is something to say beyond the message itself.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::Missing { .. } => {
                "a model is a folder in Hugging Face layout: config.json, tokenizer.json, and \
                 model.safetensors or model.safetensors.index.json with its shards"
            }
            Error::Unreadable { .. } => "check that the file is a file and may be read",
            Error::Json { .. } => "fetch the file again",
            Error::BadTokenizer { .. } => {
                "fetch the file again; of a GGUF file whose tokenizer is not read, use the model's folder"
            }
            Error::Config { .. } => "correct the field, or fetch the file again",
            Error::UnknownArchitecture { field, known, .. } => {
                let who = match *field {
                    "architectures" => "a model whose config.json names".to_owned(),
                    field => format!("a file whose `{field}` is"),
                };
                return Some(format!("use {who} one of: {}", known.join(", ")));
            }
            Error::Quantised { .. } => {
                "use a GGUF file of the same model (Q8_0 or Q4_K_M), or its checkpoint in bf16"
            }
            Error::NoSuchKernels { .. } => {
                "leave the kernels to be chosen, or compute on the processor in f32"
            }
            Error::BadWeights { .. } => {
                "the download may have been cut short: compare the file's size, fetch it again"
            }
            Error::MissingTensor { .. } | Error::TensorShape { .. } => {
                "config.json and the weights do not belong together: fetch both from one revision"
            }
            Error::TensorType { .. } => {
                "use the unquantised safetensors checkpoint of the model, or a GGUF file in Q8_0 or Q4_K_M"
            }
            Error::TokenizerTooLarge { .. } => {
                "tokens were added to the tokenizer without rows in the embedding: add both together"
            }
            Error::Encoding { .. } => return None,
            Error::Template { .. } => {
                "correct `chat_template`, or remove it to prompt with plain text"
            }
            Error::IdOutOfVocabulary { .. } => "encode the text with this model's own tokenizer",
            Error::NoTokens => "give a prompt that is not empty",
            Error::NoSuchLayer { .. } => "ask for a layer the network has",
            Error::TooLong { context, .. } => {
                return Some(format!(
                    "shorten the prompt, or ask for fewer tokens: {context} is the most"
                ));
            }
            Error::ForeignCache => "make the cache with the network it is used with",
            Error::NotANumber { .. } => "the weights are damaged: fetch them again, or use f32",
            Error::SamplingOption { problem, .. } => problem,
            Error::TooLarge { .. } => {
                "use a model in fewer bits (a GGUF file such as Q4_K_M), fewer samples, or a shorter text"
            }
            Error::NothingToChoose => "ban fewer tokens",
            Error::Compute(_) => return None,
        };
        Some(hint.to_owned())
    }
}
