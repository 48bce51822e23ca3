//! Token ids in, logits and hidden states out: weights, tokenizers, caches and sampling.
//!
//! [`load`] turns a folder in Hugging Face layout, a GGUF file, or files built into the program, into a
//! [`LocalModel`]: a [`Network`] and its [`Tokenizer`]. The caller drives: it encodes a prompt, asks
//! for [`Network::logits`], lets a [`Sampler`] choose among what is allowed, and hands the choice to
//! the network again, which remembers everything before it in a [`Cache`]. The room knows nothing of
//! revisions; a cache that can be cut back and forked, and choices restricted to some ids, are what
//! it offers to whoever does.
//!
//! [`architectures`] holds one file a network, which states its [`Form`]; two engines compute whatever a form
//! states, one on slices and one on [`tensors`]. [`peek`] answers what must be known before the
//! first tensor.

pub mod architectures;
mod cache;
mod chat;
mod config;
mod error;
pub mod form;
mod formats;
mod generation;
mod gguf_tokenizer;
mod infill;
mod load;
pub mod memory;
mod meter;
mod network;
pub mod rotary;
mod sampler;
mod slices;
mod source;
pub mod tensors;
mod token_bytes;
mod tokenizer;
mod weights;

pub use candle_core::{self, DType, Device};
pub use candle_nn;

pub use self::cache::Cache;
pub use self::chat::{Chat, ChatTemplate, Date};
pub use self::config::Config;
pub use self::error::Error;
pub use self::form::Form;
pub use self::formats::Format;
pub use self::generation::GenerationDefaults;
pub use self::load::{Kernels, LoadOptions, LocalModel, Plan, load, peek, plan, tokenizer};
pub use self::memory::Memory;
pub use self::network::{Answer, Hidden, Lane, Network, Positions, Shape, Want};
pub use self::sampler::{Choice, Past, Sampler, SamplingOptions};
pub use self::source::{EmbeddedModel, Source};
pub use self::tokenizer::Tokenizer;
pub use self::weights::Weights;
