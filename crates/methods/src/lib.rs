//! How are the stages wired into a method?
//!
//! A method decides who notices, who locates, who patches and who verifies. Each is one file and one
//! entry in [`METHODS`]; all share one shape: a [`Client`] hands out [`Request`]s, as a [`Sink`] it hears every
//! token as it falls and gets each [`Sample`] as it ends, and an [`Outcome`] says how it all ended.
//!
//! Start with [`stream_of_revision`]: the loop in which the model itself does all of it while writing.

mod error;
mod lanes;
mod method;
mod plain;
mod request;
mod sink;
pub mod stream_of_revision;
mod timing;
mod vocabulary;
mod written;

pub use error::Error;
pub use method::{METHODS, Method, Write, by_name};
pub use request::{Request, lane_seed, seed_from};
pub use sink::{Client, Ignore, Next, Place, Sink};
pub use timing::Timing;
pub use vocabulary::vocabulary;
pub use written::{Outcome, Sample, Stop, Written};
