//! How does a folder of files become a model that can be asked?

use candle_core::{DType, Device};

use crate::architectures::{self, Architecture};
use crate::chat::ChatTemplate;
use crate::generation::{self, GenerationDefaults};
use crate::{Error, Network, Shape, Source, Tokenizer, Weights};

const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";

/// How the numbers are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernels {
    /// Slices where the network is small, in f32 and on the processor; tensors otherwise.
    #[default]
    Automatic,
    /// candle's tensors.
    Tensors,
    /// Plain slices of f32 on one thread; see [`architectures::direct`].
    Slices,
}

/// What may be decided about a model when it is loaded.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The numbers to compute with, whatever the checkpoint stores; f32 where absent.
    pub dtype: Option<DType>,
    /// Where to compute.
    pub device: Device,
    /// How to compute.
    pub kernels: Kernels,
}

impl Default for LoadOptions {
    fn default() -> LoadOptions {
        LoadOptions {
            dtype: None,
            device: Device::Cpu,
            kernels: Kernels::default(),
        }
    }
}

impl LoadOptions {
    /// Whether a network of this shape is to compute with slices.
    #[must_use]
    pub fn slices(&self, shape: &Shape) -> bool {
        let possible = self.device.is_cpu() && self.dtype.is_none_or(|dtype| dtype == DType::F32);
        match self.kernels {
            Kernels::Automatic => possible && shape.parameters <= crate::threads::SMALL,
            Kernels::Tensors => false,
            Kernels::Slices => possible,
        }
    }
}

/// A model that runs in this process.
#[derive(Debug)]
pub struct LocalModel {
    /// The network.
    pub network: Box<dyn Network>,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// Ids that end a text, sorted; none where no file states any.
    pub ends: Vec<u32>,
    /// What it is called.
    pub name: String,
    /// How its author wants it to be sampled.
    pub generation: GenerationDefaults,
    /// The form it expects a user's message in.
    pub chat: Option<ChatTemplate>,
}

impl LocalModel {
    /// The prompt for a user's text: as the model's chat template puts it, or the text itself where
    /// the model has none.
    ///
    /// # Errors
    /// [`Error::Template`].
    pub fn prompt(&self, text: &str, language: Option<&str>) -> Result<String, Error> {
        match &self.chat {
            Some(chat) => chat.render(text, language),
            None => Ok(text.to_owned()),
        }
    }

    /// The bytes of every id the network knows; none for the rows that only fill up its vocabulary.
    #[must_use]
    pub fn token_bytes(&self) -> Vec<Vec<u8>> {
        let mut bytes = self.tokenizer.token_bytes();
        bytes.resize(self.network.shape().vocabulary, Vec::new());
        bytes
    }
}

/// Loads a model: configuration, weights, tokenizer, defaults.
///
/// # Errors
/// Whatever is wrong with one of its files; see [`Error`].
pub fn load(source: &Source, options: &LoadOptions) -> Result<LocalModel, Error> {
    let config = source.read(CONFIG)?;
    let architecture = find(&config, source)?;
    let shape = (architecture.shape)(&config, &source.path(CONFIG))?;
    // Cheap files first: a fault in them shows before gigabytes are read.
    let tokenizer = Tokenizer::from_bytes(&source.read(TOKENIZER)?, &source.path(TOKENIZER))?;
    if tokenizer.len() > shape.vocabulary {
        return Err(Error::TokenizerTooLarge {
            file: source.path(TOKENIZER),
            tokens: tokenizer.len(),
            vocabulary: shape.vocabulary,
        });
    }
    let (generation, ends) = generation::read(source, shape.vocabulary)?;
    let chat = ChatTemplate::read(source)?;
    let weights = Weights::open(source)?;
    let network = (architecture.load)(&config, &source.path(CONFIG), &weights, options)?;
    Ok(LocalModel {
        network,
        tokenizer,
        ends,
        name: source.name(),
        generation,
        chat,
    })
}

/// A model's form, from `config.json` alone: cheap enough to ask before anything is set up.
///
/// # Errors
/// [`Error::Missing`], [`Error::Json`], [`Error::UnknownArchitecture`], [`Error::Config`].
pub fn peek(source: &Source) -> Result<Shape, Error> {
    let config = source.read(CONFIG)?;
    (find(&config, source)?.shape)(&config, &source.path(CONFIG))
}

fn find(config: &[u8], source: &Source) -> Result<&'static Architecture, Error> {
    architectures::find(config, &source.path(CONFIG))
}
