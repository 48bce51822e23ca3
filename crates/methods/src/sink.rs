//! Who says what is to be written, who hears of each token, and who may say stop?

use std::ops::ControlFlow;

use palinode_revise::Event;

use crate::{Error, Request, Sample};

/// Which sample of which request: both count from 0, requests in the order in which they were handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The request.
    pub request: usize,
    /// Its sample.
    pub sample: usize,
}

/// Hears what happens while samples are written, in order.
///
/// Lanes that are written at once take turns; with one at a time, all steps of a sample come before the first of
/// the next.
pub trait Sink {
    /// Called for each token of a sample, and once more when it ends, with the events that it caused, which may be
    /// none. `Break` stops every lane: an open episode is dropped, and what was written so far is the result.
    fn step(&mut self, place: Place, events: &[Event]) -> ControlFlow<()>;

    /// Called once when a sample is done, after its last step. Nobody else keeps it.
    fn end(&mut self, place: Place, sample: &Sample) {
        let _ = (place, sample);
    }

    /// Called where a request cannot be written, and then once with no sample and before any step; or where one
    /// sample cannot be written on, which gets no `end`. The others are not touched by it.
    fn failed(&mut self, request: usize, sample: Option<usize>, error: Error) {
        let _ = (request, sample, error);
    }
}

/// Hands out what is to be written, and hears what becomes of it.
///
/// A request is asked for only when there is room to begin it, so there may be more than memory holds.
pub trait Client: Sink {
    /// What is to be written next. `idle` says that nothing else is being written: then the client may wait.
    fn next(&mut self, idle: bool) -> Next<'_>;
}

/// What a [`Client`] has for the writer.
#[derive(Clone, Debug)]
pub enum Next<'a> {
    /// A request, which is copied.
    Request(Request<'a>),
    /// Nothing yet: asked again after the next token, or at once where nothing is being written.
    Later,
    /// Nothing more, ever. The client is not asked again.
    End,
}

/// A sink for those who only want the result.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore;

impl Sink for Ignore {
    fn step(&mut self, _place: Place, _events: &[Event]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(Place, &[Event]) -> ControlFlow<()>> Sink for F {
    fn step(&mut self, place: Place, events: &[Event]) -> ControlFlow<()> {
        self(place, events)
    }
}
