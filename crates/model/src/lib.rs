//! Token ids in, logits and hidden states out: weights, tokenizers, caches and sampling.

pub mod architectures;
mod cache;
mod error;
mod network;

pub use candle_core::{self, DType, Device};
pub use candle_nn;

pub use self::cache::Cache;
pub use self::error::Error;
pub use self::network::{Hidden, Network, Shape};
