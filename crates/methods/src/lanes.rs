//! How are many samples written at once?
//!
//! A lane is a sample in the making. In each round every lane goes on until it needs the network, then one pass
//! answers all of them, each with as many new tokens as it has: so weights are read once for all lanes, which is
//! what decoding waits for. A lane that ends makes room for the next sample that waits. Nothing a lane writes
//! depends on the others.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use palinode_model::{Cache, LocalModel, Network, Want};
use palinode_revise::Vocabulary;

use crate::stream_of_revision::{Lane, Start};
use crate::timing::Stopwatch;
use crate::{Error, Request, Sample, Sink, Stop, Written};

/// A sample that waits or is being written: the request it belongs to, its number there, and among all.
#[derive(Clone, Copy, Debug)]
struct Place {
    request: usize,
    sample: usize,
    overall: usize,
}

/// Writes all samples of some requests, `at_once` of them at a time, in their order: see [`crate::Write`].
pub(crate) fn write(
    model: &LocalModel,
    vocabulary: &Arc<Vocabulary>,
    requests: &[Request<'_>],
    at_once: usize,
    sink: &mut dyn Sink,
) -> Result<Vec<Written>, Error> {
    let network = model.network.as_ref();
    let context = network.shape().context;
    if at_once == 0 {
        return Err(Error::ZeroLimit { name: "at_once" });
    }
    for request in requests {
        request.check(context)?;
    }
    let mut stopwatch = Stopwatch::new(requests.iter().any(|request| request.measure));
    let mut waiting = Waiting::new(requests);
    let mut starts = Starts::default();
    let mut lanes: Vec<(Place, Lane)> = Vec::new();
    let mut done: Vec<BTreeMap<usize, Sample>> = vec![BTreeMap::new(); requests.len()];
    let mut interrupted = false;

    while !interrupted {
        let mut coming = Vec::new();
        while lanes.len() + coming.len() < at_once {
            let Some(place) = waiting.take() else { break };
            coming.push(place);
        }
        if coming.is_empty() && lanes.is_empty() {
            break;
        }
        starts.prepare(network, requests, &coming, &mut stopwatch)?;
        for place in coming {
            let request = &requests[place.request];
            let start = starts.of(place.request).ok_or(Error::EmptyPrompt)?;
            let lane = Lane::new(start, context, vocabulary, request, place.sample)?;
            lanes.push((place, lane));
        }
        starts.forget(waiting.first());

        let mut going = Vec::with_capacity(lanes.len());
        for (place, mut lane) in lanes {
            let stop = if interrupted {
                Some(Stop::Interrupted)
            } else {
                lane.advance(&mut stopwatch, &mut |events| {
                    let go_on = sink.step(place.overall, events);
                    interrupted |= go_on.is_break();
                    go_on
                })?
            };
            let Some(stop) = stop else {
                going.push((place, lane));
                continue;
            };
            let (sample, go_on) = end(place, lane, stop, &mut stopwatch, sink);
            interrupted |= go_on.is_break();
            done[place.request].insert(place.sample, sample);
        }
        lanes = going;
        if interrupted {
            // What is there is kept: a lane that was not at fault is told of its end like the others.
            for (place, lane) in lanes.drain(..) {
                let (sample, _) = end(place, lane, Stop::Interrupted, &mut stopwatch, sink);
                done[place.request].insert(place.sample, sample);
            }
        }
        ask(network, &mut lanes, &mut stopwatch)?;
    }
    let timing = stopwatch.finish();
    let written = requests.iter().zip(done).map(|(request, samples)| Written {
        interrupted: samples.len() < request.lanes
            || samples
                .values()
                .any(|sample| sample.stop == Stop::Interrupted),
        samples: samples.into_values().collect(),
        prompt_tokens: request.prompt.len(),
        timing,
    });
    Ok(written.collect())
}

/// Ends a lane and tells the sink; says also what the sink says.
fn end(
    place: Place,
    lane: Lane,
    stop: Stop,
    stopwatch: &mut Stopwatch,
    sink: &mut dyn Sink,
) -> (Sample, ControlFlow<()>) {
    let (events, sample) = lane.finish(stop, stopwatch);
    let go_on = sink.step(place.overall, &events);
    sink.end(place.overall, &sample);
    (sample, go_on)
}

/// The samples that are not begun, request by request: counted, for there may be a billion.
#[derive(Debug)]
struct Waiting<'a> {
    requests: &'a [Request<'a>],
    next: Place,
}

impl<'a> Waiting<'a> {
    fn new(requests: &'a [Request<'a>]) -> Waiting<'a> {
        Waiting {
            requests,
            next: Place {
                request: 0,
                sample: 0,
                overall: 0,
            },
        }
    }

    /// The request whose sample is next.
    fn first(&self) -> Option<usize> {
        Some(self.next.request).filter(|request| *request < self.requests.len())
    }

    /// The next sample, which waits no longer.
    fn take(&mut self) -> Option<Place> {
        let request = self.first()?;
        let place = self.next;
        self.next.overall += 1;
        self.next.sample += 1;
        if self.next.sample == self.requests[request].lanes {
            (self.next.request, self.next.sample) = (request + 1, 0);
        }
        Some(place)
    }
}

/// One pass for all lanes.
fn ask(
    network: &dyn Network,
    lanes: &mut [(Place, Lane)],
    stopwatch: &mut Stopwatch,
) -> Result<(), Error> {
    if lanes.is_empty() {
        return Ok(());
    }
    let lap = stopwatch.start();
    let questions = lanes.iter_mut().map(|(_, lane)| lane.question());
    let answers = last_logits(network, questions)?;
    for ((_, lane), logits) in lanes.iter_mut().zip(answers) {
        lane.answer(logits);
    }
    stopwatch.book(lap, |timing| &mut timing.model);
    Ok(())
}

/// What the network says after each of some token sequences, each behind its cache, in one pass.
fn last_logits<'a>(
    network: &dyn Network,
    questions: impl Iterator<Item = (&'a [u32], &'a mut Cache)>,
) -> Result<Vec<Vec<f32>>, Error> {
    let mut lanes: Vec<palinode_model::Lane<'_>> = questions
        .map(|(ids, cache)| palinode_model::Lane { ids, cache })
        .collect();
    let answers = network.forward(&mut lanes, Want::default())?.into_iter();
    Ok(answers
        .map(|mut answer| answer.logits.pop().unwrap_or_default())
        .collect())
}

/// Prompts that were read and whose samples are not all begun.
#[derive(Debug, Default)]
struct Starts(BTreeMap<usize, Arc<Start>>);

impl Starts {
    /// Reads the prompts of the samples that come now, all in one pass.
    fn prepare(
        &mut self,
        network: &dyn Network,
        requests: &[Request<'_>],
        coming: &[Place],
        stopwatch: &mut Stopwatch,
    ) -> Result<(), Error> {
        let mut new: Vec<usize> = coming.iter().map(|place| place.request).collect();
        new.dedup();
        new.retain(|request| !self.0.contains_key(request));
        if new.is_empty() {
            return Ok(());
        }
        let lap = stopwatch.start();
        let mut caches: Vec<Cache> = new.iter().map(|_| network.new_cache()).collect();
        let prompts = new.iter().map(|request| requests[*request].prompt);
        let answers = last_logits(network, prompts.zip(&mut caches))?;
        for ((request, cache), logits) in new.into_iter().zip(caches).zip(answers) {
            let start = Start {
                cache,
                logits,
                prompt: requests[request].prompt.to_vec(),
            };
            self.0.insert(request, Arc::new(start));
        }
        stopwatch.book(lap, |timing| &mut timing.prefill);
        Ok(())
    }

    fn of(&self, request: usize) -> Option<Arc<Start>> {
        self.0.get(&request).cloned()
    }

    /// Lets go of the prompts that nobody waits for.
    fn forget(&mut self, first_waiting: Option<usize>) {
        // They wait in the order of their requests.
        self.0
            .retain(|request, _| first_waiting.is_some_and(|first| first <= *request));
    }
}
