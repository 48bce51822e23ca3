//! Talk to a server that may be slow, wrong or away.
//!
//! The one room that connects. [`Policy`] says how long to wait and how often to try again, for every
//! server alike; [`hub`] fetches a model from the Hugging Face hub into the cache that Python's
//! `huggingface_hub` uses too. Nothing here reads flags or the environment: what the user chose comes in
//! as values.

mod error;
mod http;
pub mod hub;
mod secret;

pub use self::error::Error;
pub use self::http::{Policy, Proxy};
pub use self::secret::Token;
