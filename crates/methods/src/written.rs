//! What did a method write, and what did it cost?

use palinode_code::Revision;
use palinode_revise::Usage;

use crate::Timing;

/// How a run ended. Its samples were given to the [`Sink`](crate::Sink).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the sink said stop: samples that were being written are not complete, and others are missing.
    pub interrupted: bool,
    /// Where the time went, if any request asked for it.
    pub timing: Option<Timing>,
}

/// The result of one [`Request`](crate::Request) that was written by itself.
#[derive(Clone, Debug)]
pub struct Written {
    /// The samples, in lane order. Fewer than asked for only where the sink said stop.
    pub samples: Vec<Sample>,
    /// Tokens of the prompt, paid once for all samples.
    pub prompt_tokens: usize,
    /// Whether the sink said stop: the last sample may not be complete, and others may be missing.
    pub interrupted: bool,
    /// Where the time went, if it was asked for.
    pub timing: Option<Timing>,
}

/// One sample.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The program: the buffer when the lane stopped.
    pub program: Vec<u8>,
    /// The raw stream, action tokens included, refused episodes left out.
    pub stream: Vec<u32>,
    /// What was taken back, in order. Applied to the draft one after the other they give the program.
    pub revisions: Vec<Revision>,
    /// Tokens by kind.
    pub usage: Usage,
    /// Why the lane stopped.
    pub stop: Stop,
}

/// Why a lane stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// The model wrote an end token.
    End,
    /// [`Request::max_tokens`](crate::Request::max_tokens) was reached.
    MaxTokens,
    /// The model's context is full.
    Context,
    /// The sink said stop.
    Interrupted,
}

impl Stop {
    /// The name in machine-readable output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::MaxTokens => "max_tokens",
            Self::Context => "context",
            Self::Interrupted => "interrupted",
        }
    }
}
