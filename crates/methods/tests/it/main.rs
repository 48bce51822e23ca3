//! Do the methods keep what they promise, with a real network behind them?

mod lanes;
mod methods;
mod revision;
mod scripted;

use std::ops::ControlFlow;
use std::sync::Arc;

use palinode_methods::{Request, Sample, Sink, Written, stream_of_revision, vocabulary};
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

/// Remembers all events, and may stop after some steps.
#[derive(Default)]
struct Heard {
    events: Vec<(usize, Event)>,
    steps: usize,
    ends: Vec<usize>,
    stop_after: Option<usize>,
}

impl Sink for Heard {
    fn step(&mut self, lane: usize, events: &[Event]) -> ControlFlow<()> {
        self.steps += 1;
        self.events
            .extend(events.iter().map(|event| (lane, event.clone())));
        if self.stop_after == Some(self.steps) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn end(&mut self, lane: usize, _sample: &Sample) {
        self.ends.push(lane);
    }
}

fn text(program: &[u8]) -> &str {
    std::str::from_utf8(program).expect("scripts write text")
}
