//! How are the stages wired into a method?
//!
//! A method decides who notices, who locates, who patches and who verifies. Each is one file and one
//! entry in [`METHODS`]; all share one shape: a [`Request`] goes in, [`Sink`] hears every token as it
//! falls, a [`Written`] comes out.
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
pub use request::{Request, lane_seed};
pub use sink::{Ignore, Sink};
pub use timing::Timing;
pub use vocabulary::vocabulary;
pub use written::{Sample, Stop, Written};
