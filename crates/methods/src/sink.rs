//! Who hears of each token, and who may say stop?

use std::ops::ControlFlow;

use palinode_revise::Event;

use crate::Sample;

/// Hears what happens while samples are written, in order.
///
/// Lanes that are written at once take turns; with one at a time, all steps of lane 0 come before the first of
/// lane 1. A lane's number is its sample's among all samples of all requests.
pub trait Sink {
    /// Called for each token of `lane`, and once more when the lane ends, with the events that it caused,
    /// which may be none. `Break` stops every lane: an open episode is dropped, and what was written so far is
    /// the result.
    fn step(&mut self, lane: usize, events: &[Event]) -> ControlFlow<()>;

    /// Called once when `lane` is done, after its last step.
    fn end(&mut self, lane: usize, sample: &Sample) {
        let _ = (lane, sample);
    }
}

/// A sink for those who only want the result.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore;

impl Sink for Ignore {
    fn step(&mut self, _lane: usize, _events: &[Event]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(usize, &[Event]) -> ControlFlow<()>> Sink for F {
    fn step(&mut self, lane: usize, events: &[Event]) -> ControlFlow<()> {
        self(lane, events)
    }
}
