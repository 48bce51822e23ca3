//! How are many samples written at once?
//!
//! A lane is a sample in the making. In each round every lane goes on until it needs the network, then one pass
//! answers all of them, each with as many new tokens as it has: so weights are read once for all lanes, which is
//! what decoding waits for. A lane that ends makes room for the next sample that waits. Nothing a lane writes
//! depends on the others, and one that fails takes none with it.

use std::collections::VecDeque;
use std::sync::Arc;

use palinode_model::{Cache, LocalModel, Network, Want};
use palinode_revise::{SessionOptions, Vocabulary};

use crate::stream_of_revision::{Lane, Start};
use crate::timing::Stopwatch;
use crate::{Client, Error, Next, Outcome, Place, Request, Stop};

/// Writes all that a client wants written, `at_once` samples at a time: see [`crate::Write`]. `adapt` says what a
/// method makes of each request's session.
pub(crate) fn write(
    model: &LocalModel,
    vocabulary: &Arc<Vocabulary>,
    at_once: usize,
    client: &mut dyn Client,
    adapt: fn(SessionOptions) -> SessionOptions,
) -> Result<Outcome, Error> {
    if at_once == 0 {
        return Err(Error::ZeroLimit { name: "at_once" });
    }
    let mut run = Run {
        network: model.network.as_ref(),
        vocabulary,
        at_once,
        adapt,
        waiting: VecDeque::new(),
        requests: 0,
        exhausted: false,
        lanes: Vec::new(),
        stopwatch: Stopwatch::default(),
    };
    let interrupted = run.go_on(client)?;
    Ok(Outcome {
        interrupted,
        timing: run.stopwatch.finish(),
    })
}

/// Samples that are written and those that wait.
struct Run<'a> {
    network: &'a dyn Network,
    vocabulary: &'a Arc<Vocabulary>,
    at_once: usize,
    adapt: fn(SessionOptions) -> SessionOptions,
    /// Requests whose samples are not all begun: no more than there are lanes.
    waiting: VecDeque<Waiting>,
    /// Requests that were handed out so far.
    requests: usize,
    /// The client has nothing more.
    exhausted: bool,
    lanes: Vec<(Place, Lane)>,
    stopwatch: Stopwatch,
}

/// A request whose samples are not all begun.
struct Waiting {
    number: usize,
    prompt: Vec<u32>,
    /// All but the prompt.
    request: Request<'static>,
    /// Samples that were begun: counted, for there may be a billion to come.
    begun: usize,
    /// What they begin with, once the prompt was read.
    start: Option<Arc<Start>>,
}

impl Waiting {
    fn new(
        number: usize,
        request: Request<'_>,
        adapt: fn(SessionOptions) -> SessionOptions,
    ) -> Self {
        Waiting {
            number,
            prompt: request.prompt.to_vec(),
            request: Request {
                prompt: &[],
                lanes: request.lanes,
                max_tokens: request.max_tokens,
                sampling: request.sampling,
                session: adapt(request.session),
                measure: request.measure,
            },
            begun: 0,
            start: None,
        }
    }

    fn left(&self) -> usize {
        self.request.lanes - self.begun
    }
}

impl Run<'_> {
    /// Writes until nothing is left or the client says stop; says whether it did.
    fn go_on(&mut self, client: &mut dyn Client) -> Result<bool, Error> {
        loop {
            self.take(client);
            self.read(client);
            self.begin(client);
            if self.lanes.is_empty() {
                if self.exhausted && self.waiting.is_empty() {
                    return Ok(false);
                }
                continue;
            }
            if self.advance(client) {
                return Ok(true);
            }
            self.ask()?;
        }
    }

    /// Takes requests from the client while there is room for their samples.
    fn take(&mut self, client: &mut dyn Client) {
        let shape = self.network.shape();
        while !self.exhausted {
            let waiting = self.waiting.iter().map(Waiting::left);
            let coming = waiting.fold(0, usize::saturating_add);
            let taken = self.lanes.len().saturating_add(coming);
            if taken >= self.at_once {
                break;
            }
            let request = match client.next(taken == 0) {
                Next::Request(request) => request,
                Next::Later => break,
                Next::End => {
                    self.exhausted = true;
                    break;
                }
            };
            let number = self.requests;
            self.requests += 1;
            match request.check(shape.context, shape.vocabulary) {
                Ok(()) => {
                    if request.measure {
                        self.stopwatch.run();
                    }
                    self.waiting
                        .push_back(Waiting::new(number, request, self.adapt));
                }
                Err(error) => client.failed(number, None, error),
            }
        }
    }

    /// Reads the prompts of the requests that wait, all in one pass. Where that fails, each is tried by itself, so
    /// that one which is too much for the machine fails alone.
    fn read(&mut self, client: &mut dyn Client) {
        let network = self.network;
        let unread = |waiting: &&mut Waiting| waiting.start.is_none();
        let mut new: Vec<&mut Waiting> = self.waiting.iter_mut().filter(unread).collect();
        if new.is_empty() {
            return;
        }
        let lap = self.stopwatch.start();
        let failed = if read(network, &mut new).is_ok() {
            Vec::new()
        } else {
            let alone = |waiting: &mut Waiting| {
                let error = read(network, &mut [&mut *waiting]).err()?;
                Some((waiting.number, error))
            };
            new.into_iter().filter_map(alone).collect()
        };
        self.stopwatch.book(lap, |timing| &mut timing.prefill);
        self.waiting.retain(|waiting| waiting.start.is_some());
        for (number, error) in failed {
            client.failed(number, None, error);
        }
    }

    /// Begins samples while there is room.
    fn begin(&mut self, client: &mut dyn Client) {
        let context = self.network.shape().context;
        while self.lanes.len() < self.at_once {
            let Some(waiting) = self.waiting.front_mut() else {
                break;
            };
            let Some(start) = waiting.start.clone() else {
                break;
            };
            let place = Place {
                request: waiting.number,
                sample: waiting.begun,
            };
            waiting.begun += 1;
            let lane = Lane::new(
                start,
                context,
                self.vocabulary,
                &waiting.request,
                place.sample,
            );
            if waiting.left() == 0 {
                // The prompt is forgotten with it.
                self.waiting.pop_front();
            }
            match lane {
                Ok(lane) => self.lanes.push((place, lane)),
                Err(error) => client.failed(place.request, Some(place.sample), error),
            }
        }
    }

    /// Every lane goes on until it needs the network, or ends; says whether the client said stop, and then all
    /// have ended.
    fn advance(&mut self, client: &mut dyn Client) -> bool {
        let mut interrupted = false;
        let lanes = std::mem::take(&mut self.lanes);
        for (place, mut lane) in lanes {
            let stop = if interrupted {
                Ok(Some(Stop::Interrupted))
            } else {
                lane.advance(&mut self.stopwatch, &mut |events| {
                    let go_on = client.step(place, events);
                    interrupted |= go_on.is_break();
                    go_on
                })
            };
            match stop {
                Ok(None) => self.lanes.push((place, lane)),
                Ok(Some(stop)) => interrupted |= self.end(place, lane, stop, client),
                Err(error) => client.failed(place.request, Some(place.sample), error),
            }
        }
        if interrupted {
            // What is there is kept: a lane that was not at fault is told of its end like the others.
            for (place, lane) in std::mem::take(&mut self.lanes) {
                self.end(place, lane, Stop::Interrupted, client);
            }
        }
        interrupted
    }

    /// Ends a lane and tells the client; says whether that said stop.
    fn end(&mut self, place: Place, lane: Lane, stop: Stop, client: &mut dyn Client) -> bool {
        let (events, sample) = lane.finish(stop, &mut self.stopwatch);
        let go_on = client.step(place, &events);
        client.end(place, &sample);
        go_on.is_break()
    }

    /// One pass for all lanes.
    fn ask(&mut self) -> Result<(), Error> {
        if self.lanes.is_empty() {
            return Ok(());
        }
        let lap = self.stopwatch.start();
        let questions = self.lanes.iter_mut().map(|(_, lane)| lane.question());
        let answers = last_logits(self.network, questions)?;
        for ((_, lane), logits) in self.lanes.iter_mut().zip(answers) {
            lane.answer(logits);
        }
        self.stopwatch.book(lap, |timing| &mut timing.model);
        Ok(())
    }
}

/// Reads prompts in one pass.
fn read(network: &dyn Network, new: &mut [&mut Waiting]) -> Result<(), Error> {
    let mut caches: Vec<Cache> = new.iter().map(|_| network.new_cache()).collect();
    let prompts = new.iter().map(|waiting| waiting.prompt.as_slice());
    let answers = last_logits(network, prompts.zip(&mut caches))?;
    for ((waiting, cache), logits) in new.iter_mut().zip(caches).zip(answers) {
        waiting.start = Some(Arc::new(Start {
            cache,
            logits,
            prompt: std::mem::take(&mut waiting.prompt),
        }));
    }
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
