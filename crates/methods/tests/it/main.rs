//! Do the methods keep what they promise, with a real network behind them?

mod lanes;
mod methods;
mod revision;
mod scripted;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use palinode_methods::{
    Client, Error, Method, Next, Outcome, Place, Request, Sample, Sink, Written,
    stream_of_revision, vocabulary,
};
use palinode_model::{LoadOptions, LocalModel, SamplingOptions, Source};
use palinode_revise::{Event, SessionOptions, Vocabulary};

/// A model that follows a script, and its vocabulary.
struct Writer {
    model: LocalModel,
    vocabulary: Arc<Vocabulary>,
}

impl Writer {
    fn new(script: scripted::Script<'_>, actions: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        scripted::write(folder.path(), script, actions);
        let source = Source::Folder(folder.path().to_owned());
        let model = palinode_model::load(&source, &LoadOptions::default())
            .expect("the scripted checkpoint is sound");
        let vocabulary = vocabulary(&model).expect("its vocabulary too");
        Self { model, vocabulary }
    }

    fn prompt(&self) -> Vec<u32> {
        self.model
            .tokenizer
            .encode("greet")
            .expect("bytes can be encoded")
    }

    fn write(&self, request: &Request<'_>, sink: &mut dyn Sink) -> Written {
        stream_of_revision::write(&self.model, &self.vocabulary, request, sink)
            .expect("nothing is wrong with the request")
    }
}

/// Greedy, one lane, no limit that matters.
fn request(prompt: &[u32]) -> Request<'_> {
    Request {
        prompt,
        lanes: 1,
        max_tokens: 1000,
        sampling: SamplingOptions {
            ..SamplingOptions::default()
        },
        session: SessionOptions::default(),
        measure: false,
    }
}

/// Remembers all that it hears, and may stop after some steps.
#[derive(Default)]
struct Heard {
    events: Vec<(Place, Event)>,
    steps: usize,
    ends: Vec<Place>,
    samples: BTreeMap<Place, Sample>,
    failures: Vec<(usize, Option<usize>, String)>,
    stop_after: Option<usize>,
}

impl Heard {
    /// The streams of a request's samples, in their order.
    fn streams(&self, request: usize) -> Vec<Vec<u32>> {
        let own = self
            .samples
            .iter()
            .filter(|(place, _)| place.request == request);
        own.map(|(_, sample)| sample.stream.clone()).collect()
    }

    /// The events of a sample.
    fn events_of(&self, place: Place) -> impl Iterator<Item = &Event> {
        let own = self.events.iter().filter(move |(of, _)| *of == place);
        own.map(|(_, event)| event)
    }
}

impl Sink for Heard {
    fn step(&mut self, place: Place, events: &[Event]) -> ControlFlow<()> {
        self.steps += 1;
        self.events
            .extend(events.iter().map(|event| (place, event.clone())));
        if self.stop_after == Some(self.steps) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn end(&mut self, place: Place, sample: &Sample) {
        self.ends.push(place);
        self.samples.insert(place, sample.clone());
    }

    fn failed(&mut self, request: usize, sample: Option<usize>, error: Error) {
        self.failures.push((request, sample, error.to_string()));
    }
}

/// A client with some requests; it hesitates before each where something else is being written.
struct Wanting<'a> {
    requests: std::slice::Iter<'a, Request<'a>>,
    hesitate: bool,
    /// How often it was asked.
    asked: usize,
    heard: Heard,
}

impl Sink for Wanting<'_> {
    fn step(&mut self, place: Place, events: &[Event]) -> ControlFlow<()> {
        self.heard.step(place, events)
    }

    fn end(&mut self, place: Place, sample: &Sample) {
        self.heard.end(place, sample);
    }

    fn failed(&mut self, request: usize, sample: Option<usize>, error: Error) {
        self.heard.failed(request, sample, error);
    }
}

impl Client for Wanting<'_> {
    fn next(&mut self, idle: bool) -> Next<'_> {
        self.asked += 1;
        if self.hesitate && !idle && !self.asked.is_multiple_of(5) {
            return Next::Later;
        }
        self.requests
            .next()
            .map_or(Next::End, |request| Next::Request(request.clone()))
    }
}

/// Has a method write some requests for a client that may hesitate and stop.
fn write_all(
    method: &Method,
    writer: &Writer,
    requests: &[Request<'_>],
    at_once: usize,
    hesitate: bool,
    stop_after: Option<usize>,
) -> (Outcome, Heard) {
    let mut client = Wanting {
        requests: requests.iter(),
        hesitate,
        asked: 0,
        heard: Heard {
            stop_after,
            ..Heard::default()
        },
    };
    let outcome = (method.write)(&writer.model, &writer.vocabulary, at_once, &mut client);
    (outcome.expect("the network does not fail"), client.heard)
}

fn text(program: &[u8]) -> &str {
    std::str::from_utf8(program).expect("scripts write text")
}
