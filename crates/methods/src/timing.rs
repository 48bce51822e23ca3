//! Where does the time of decoding go?

use std::time::{Duration, Instant};

/// Time spent, by room. The rest of the wall time belongs to the sink and the loop itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The forward passes over prompts.
    pub prefill: Duration,
    /// Forward passes after them, and cutting the caches.
    pub model: Duration,
    /// Constraints, pushing tokens, closing sessions: all of `revise`.
    pub revise: Duration,
    /// Drawing tokens.
    pub sampling: Duration,
}

impl Timing {
    /// Model, revise and sampling together, without the prefill.
    #[must_use]
    pub fn decode(&self) -> Duration {
        self.model + self.revise + self.sampling
    }
}

/// Adds up time where it is asked to, and reads no clock where it is not.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    timing: Timing,
    running: bool,
}

impl Stopwatch {
    /// Reads the clock from now on.
    pub(crate) fn run(&mut self) {
        self.running = true;
    }

    /// Starts a lap.
    pub(crate) fn start(&self) -> Option<Instant> {
        self.running.then(Instant::now)
    }

    /// Ends a lap and books it on the account that `of` picks.
    pub(crate) fn book(&mut self, start: Option<Instant>, of: fn(&mut Timing) -> &mut Duration) {
        if let Some(start) = start {
            *of(&mut self.timing) += start.elapsed();
        }
    }

    /// The times, if they were taken.
    pub(crate) fn finish(self) -> Option<Timing> {
        self.running.then_some(self.timing)
    }
}
