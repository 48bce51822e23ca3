//! How do a folder of files, or one file, become a model that can be asked?

use candle_core::{DType, Device};

use crate::chat::ChatTemplate;
use crate::form::Form;
use crate::generation::{self, GenerationDefaults};
use crate::weights::gguf::Gguf;
use crate::{
    Error, Memory, Network, Shape, Source, Tokenizer, Weights, architectures, gguf_tokenizer,
    slices, tensors,
};

const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";

/// How the numbers are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernels {
    /// Slices on the processor, packed where the network is small; tensors on other devices, and for arithmetic
    /// in half precision.
    #[default]
    Automatic,
    /// candle's tensors.
    Tensors,
    /// Plain slices, with weights where they lie in the file. On a processor in f32 only, and refused elsewhere.
    Slices,
    /// Plain slices, with weights that are plain numbers packed anew in panels: for networks that fit a
    /// processor's cache. As [`Kernels::Slices`].
    Panels,
}

/// What may be decided about a model when it is loaded.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The numbers to compute with. Where absent, weights stay as the checkpoint stores them and the
    /// arithmetic is f32's on a processor, bf16's elsewhere. `F32` also widens weights that are stored in a few
    /// bits, which are otherwise multiplied as whole numbers with inputs rounded to eight bits.
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
    /// Whether to compute with slices.
    #[must_use]
    pub fn slices(&self) -> bool {
        self.slices_possible() && self.kernels != Kernels::Tensors
    }

    fn slices_possible(&self) -> bool {
        self.device.is_cpu() && self.dtype.is_none_or(|dtype| dtype == DType::F32)
    }

    /// Refuses kernels that do not exist for the device and the numbers asked for.
    ///
    /// # Errors
    /// [`Error::NoSuchKernels`].
    pub fn check(&self) -> Result<(), Error> {
        let slices = matches!(self.kernels, Kernels::Slices | Kernels::Panels);
        match slices && !self.slices_possible() {
            true => Err(Error::NoSuchKernels {
                kernels: self.kernels,
                device: if self.device.is_cpu() {
                    "the processor"
                } else {
                    "another device"
                },
                dtype: self.dtype.unwrap_or(self.tensor_dtype()).as_str(),
            }),
            false => Ok(()),
        }
    }

    /// The network of a form with these weights.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::TensorShape`], [`Error::TensorType`], [`Error::BadWeights`],
    /// [`Error::NoSuchKernels`], [`Error::Compute`] where memory runs out.
    pub fn network(&self, form: Form, weights: &Weights) -> Result<Box<dyn Network>, Error> {
        self.check()?;
        weights.check(&form)?;
        if self.slices() {
            let small = form.shape.parameters <= slices::SMALL;
            let packed = match self.kernels {
                Kernels::Panels => true,
                Kernels::Automatic => small,
                Kernels::Slices | Kernels::Tensors => false,
            };
            let wide = self.dtype.is_some();
            let decoder = slices::Decoder::load(form, weights, packed, wide)?;
            return Ok(Box::new(decoder));
        }
        let dtype = self.dtype.unwrap_or(self.tensor_dtype());
        let decoder = tensors::Decoder::load(&form, weights, dtype, &self.device)?;
        Ok(Box::new(decoder))
    }

    /// What tensors are computed in where nothing else is asked for.
    pub(crate) fn tensor_dtype(&self) -> DType {
        match self.device.is_cpu() {
            true => DType::F32,
            false => DType::BF16,
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
    /// What its files do not say and had to be guessed, in words for its user; mostly nothing.
    pub doubts: Vec<String>,
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
    if let Source::Gguf(_) = source {
        return load_gguf(source, options);
    }
    let form = architectures::form(&source.read(CONFIG)?, &source.path(CONFIG))?;
    let vocabulary = form.shape.vocabulary;
    // Cheap files first: a fault in them shows before gigabytes are read.
    let tokenizer = folder_tokenizer(source, vocabulary)?;
    let (generation, ends) = generation::read(source, vocabulary)?;
    let chat = ChatTemplate::read(source)?;
    let weights = Weights::open(source)?;
    Ok(LocalModel {
        network: options.network(form, &weights)?,
        tokenizer,
        ends,
        name: source.name(),
        generation,
        chat,
        doubts: Vec::new(),
    })
}

fn load_gguf(source: &Source, options: &LoadOptions) -> Result<LocalModel, Error> {
    let file = Gguf::open(source)?;
    let form = file.form()?;
    let vocabulary = form.shape.vocabulary;
    let tokenizer = gguf_tokenizer::read(&file, vocabulary)?;
    let chat = ChatTemplate::of_gguf(&file)?;
    Ok(LocalModel {
        network: options.network(form, &file.weights())?,
        tokenizer,
        ends: gguf_tokenizer::ends(&file, vocabulary),
        name: source.name(),
        generation: GenerationDefaults::default(),
        chat,
        doubts: gguf_tokenizer::doubt(&file).into_iter().collect(),
    })
}

/// What is known of a model before its weights are read.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The network's form.
    pub form: Form,
    /// The opened files.
    pub weights: Weights,
    /// What it will take when it is loaded.
    pub memory: Memory,
}

/// Opens a model's files and says what loading it will take. Reads configuration and headers only.
///
/// # Errors
/// Whatever is wrong with its configuration or the headers of its weights, [`Error::MissingTensor`] or
/// [`Error::TensorShape`] where the two do not belong together, and [`Error::NoSuchKernels`].
pub fn plan(source: &Source, options: &LoadOptions) -> Result<Plan, Error> {
    options.check()?;
    let (form, weights) = match source {
        Source::Gguf(_) => {
            let file = Gguf::open(source)?;
            (file.form()?, file.weights())
        }
        _ => {
            let form = architectures::form(&source.read(CONFIG)?, &source.path(CONFIG))?;
            (form, Weights::open(source)?)
        }
    };
    weights.check(&form)?;
    Ok(Plan {
        memory: Memory::of(&form.shape, &weights, options),
        form,
        weights,
    })
}

/// A model's tokenizer alone.
///
/// # Errors
/// [`Error::Missing`], [`Error::BadTokenizer`], [`Error::TokenizerTooLarge`], and what is wrong with its
/// configuration.
pub fn tokenizer(source: &Source) -> Result<Tokenizer, Error> {
    if let Source::Gguf(_) = source {
        let file = Gguf::open(source)?;
        return gguf_tokenizer::read(&file, file.form()?.shape.vocabulary);
    }
    folder_tokenizer(source, peek(source)?.vocabulary)
}

/// The tokenizer of a model that is not one file, if the network has a row for every id of it.
fn folder_tokenizer(source: &Source, vocabulary: usize) -> Result<Tokenizer, Error> {
    let file = source.path(TOKENIZER);
    let tokenizer = Tokenizer::from_bytes(&source.read(TOKENIZER)?, &file)?;
    match tokenizer.len() > vocabulary {
        true => Err(Error::TokenizerTooLarge {
            file,
            tokens: tokenizer.len(),
            vocabulary,
        }),
        false => Ok(tokenizer),
    }
}

/// A model's form, from its configuration or its header alone: cheap enough to ask before anything is set
/// up.
///
/// # Errors
/// [`Error::Missing`], [`Error::Json`], [`Error::BadWeights`], [`Error::UnknownArchitecture`],
/// [`Error::Config`].
pub fn peek(source: &Source) -> Result<Shape, Error> {
    let form = match source {
        Source::Gguf(_) => Gguf::open(source)?.form()?,
        _ => architectures::form(&source.read(CONFIG)?, &source.path(CONFIG))?,
    };
    Ok(form.shape)
}
