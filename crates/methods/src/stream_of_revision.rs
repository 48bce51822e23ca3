//! How does a model write code, notice, and take it back, in one stream?
//!
//! This is the loop in which [`palinode_revise`] (what does this stream mean?) and [`palinode_model`]
//! (which token comes next?) meet. They know nothing of each other. For each lane, until it ends:
//!
//! 1. the session says what is allowed next ([`Session::constraint`]);
//! 2. the network gives logits and the sampler draws among what is allowed, or, where exactly one token
//!    is allowed, nothing is computed at all;
//! 3. the session takes the token ([`Session::push`]) and says what happened, and how much of the
//!    stream is to be kept;
//! 4. where that is shorter than the stream, the cache is cut back, so that a refused episode is
//!    forgotten and not only hidden.
//!
//! Lanes take turns: in each round every lane goes on until it needs the network's opinion, and one pass gives
//! it to all of them (`lanes.rs`).
//!
//! An accepted revision cuts nothing: the model goes on behind its own episode, and the stream only
//! grows. (Stream of Revision, arXiv 2602.01187, section 3.)

use std::ops::ControlFlow;
use std::sync::Arc;

use palinode_model::{Cache, Choice, LocalModel, Past, Sampler, SamplingOptions};
use palinode_revise::{Constraint, Session, SessionOptions, Vocabulary};

use crate::lanes;
use crate::timing::Stopwatch;
use crate::{
    Client, Error, Method, Next, Outcome, Place, Request, Sample, Sink, Stop, Written, lane_seed,
};

pub(crate) static ENTRY: Method = Method {
    name: "stream_of_revision",
    title: "Take back what is wrong while writing",
    doc: "\
While it writes, the model may emit the trigger `<|backtracking|>`, quote a span of what it wrote
between `<|OLD|>` and `<|/OLD|>`, and give the text that replaces it between `<|NEW|>` and `<|/NEW|>`.
The quotation is constrained: only tokens that continue a span of the rendered program are allowed, so
it always names a place; of several, the right-most is meant. The cache is not rewound, so a revision
costs its own tokens and nothing else: no second call, no analyser.

Noticing, locating and patching are all done by the model, in one pass. It must have learnt to: the
model needs the five action tokens in its vocabulary and training on trajectories (`palinode train`).
One revision replaces one contiguous span.

Source: Stream of Revision (arXiv 2602.01187), sections 3 and appendix A, with the bound of
its equation 3 corrected by one.",
    needs_action_tokens: true,
    write: write_all,
};

/// Writes what a client wants written, revising wherever a request allows it.
fn write_all(
    model: &LocalModel,
    vocabulary: &Arc<Vocabulary>,
    at_once: usize,
    client: &mut dyn Client,
) -> Result<Outcome, Error> {
    lanes::write(model, vocabulary, at_once, client, |session| session)
}

/// Writes every lane of one `request`, one after the other, over one prefill of the prompt, and keeps them.
///
/// A vocabulary without action tokens writes plainly. Costs one forward pass over the prompt, and a forward pass
/// for each token that is not forced. The cache of the prompt is shared.
///
/// # Errors
/// See [`Error`]; the limits are checked before any forward pass.
pub fn write(
    model: &LocalModel,
    vocabulary: &Arc<Vocabulary>,
    request: &Request<'_>,
    sink: &mut dyn Sink,
) -> Result<Written, Error> {
    let mut one = One {
        request: Some(request.clone()),
        sink,
        samples: Vec::new(),
        error: None,
    };
    let outcome = write_all(model, vocabulary, 1, &mut one)?;
    match one.error {
        Some(error) => Err(error),
        None => Ok(Written {
            samples: one.samples,
            prompt_tokens: request.prompt.len(),
            interrupted: outcome.interrupted,
            timing: outcome.timing,
        }),
    }
}

/// A client with one request, who keeps what is written.
struct One<'a> {
    request: Option<Request<'a>>,
    sink: &'a mut dyn Sink,
    samples: Vec<Sample>,
    error: Option<Error>,
}

impl Sink for One<'_> {
    fn step(&mut self, place: Place, events: &[palinode_revise::Event]) -> ControlFlow<()> {
        self.sink.step(place, events)
    }

    fn end(&mut self, place: Place, sample: &Sample) {
        self.samples.push(sample.clone());
        self.sink.end(place, sample);
    }

    fn failed(&mut self, _request: usize, _sample: Option<usize>, error: Error) {
        self.error.get_or_insert(error);
    }
}

impl Client for One<'_> {
    fn next(&mut self, _idle: bool) -> Next<'_> {
        self.request.take().map_or(Next::End, Next::Request)
    }
}

/// What all samples of one prompt begin with.
#[derive(Debug)]
pub(crate) struct Start {
    /// Keys and values of the prompt.
    pub(crate) cache: Cache,
    /// What the network says directly after the prompt.
    pub(crate) logits: Vec<f32>,
    /// The prompt.
    pub(crate) prompt: Vec<u32>,
}

/// One sample while it is written: its session, its random stream, its cache.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Needed again if all of the stream is refused.
    start: Arc<Start>,
    /// Keys and values of the prompt and of the stream without `pending`.
    cache: Cache,
    /// What the network says after all that is in `cache`.
    logits: Vec<f32>,
    /// Tokens of the stream that `cache` holds and `logits` follow.
    seen: usize,
    /// Tokens of the stream that the network has not seen: it is only called when its opinion is needed,
    /// so a run of forced tokens is one pass.
    pending: Vec<u32>,
    session: Session,
    sampler: Sampler,
    max_tokens: usize,
    context: usize,
    spent: usize,
}

impl Lane {
    /// Sample `number` of a request, behind its prompt.
    pub(crate) fn new(
        start: Arc<Start>,
        context: usize,
        vocabulary: &Arc<Vocabulary>,
        request: &Request<'_>,
        number: usize,
    ) -> Result<Lane, Error> {
        // No episode is begun that the limits cannot let end.
        let room = request.max_tokens.min(context - start.prompt.len());
        let session = SessionOptions {
            max_stream_tokens: request.session.max_stream_tokens.min(room),
            ..request.session
        };
        Ok(Lane {
            cache: start.cache.clone(),
            logits: start.logits.clone(),
            seen: 0,
            pending: Vec::new(),
            session: Session::new(Arc::clone(vocabulary), session),
            sampler: Sampler::new(SamplingOptions {
                seed: lane_seed(request.sampling.seed, number),
                ..request.sampling.clone()
            })?,
            max_tokens: request.max_tokens,
            context,
            spent: 0,
            start,
        })
    }

    /// The tokens whose logits it waits for, and the cache they follow.
    pub(crate) fn question(&mut self) -> (&[u32], &mut Cache) {
        (&self.pending, &mut self.cache)
    }

    /// The logits it waited for.
    pub(crate) fn answer(&mut self, logits: Vec<f32>) {
        self.logits = logits;
        self.seen += self.pending.len();
        self.pending.clear();
    }

    /// Goes on until the network is needed, and says nothing then; or to the end, and says why.
    ///
    /// `hear` is told of each token's events. Its `Break` ends the lane after that token.
    pub(crate) fn advance(
        &mut self,
        stopwatch: &mut Stopwatch,
        hear: &mut dyn FnMut(&[palinode_revise::Event]) -> ControlFlow<()>,
    ) -> Result<Option<Stop>, Error> {
        loop {
            if self.session.ended() {
                return Ok(Some(Stop::End));
            }
            if self.spent == self.max_tokens {
                return Ok(Some(Stop::MaxTokens));
            }
            // The last position of the context can still be fed; the token it predicts cannot.
            if self.start.prompt.len() + self.session.stream().len() >= self.context {
                return Ok(Some(Stop::Context));
            }
            let Some(token) = self.draw(stopwatch)? else {
                return Ok(None);
            };
            self.spent += 1;

            let lap = stopwatch.start();
            let step = self.session.push(token);
            stopwatch.book(lap, |timing| &mut timing.revise);

            self.pending.push(token);
            let lap = stopwatch.start();
            self.keep(step.keep);
            stopwatch.book(lap, |timing| &mut timing.model);

            if hear(&step.events).is_break() && !self.session.ended() {
                return Ok(Some(Stop::Interrupted));
            }
        }
    }

    /// Ends it: the events of an episode that was open, and the sample.
    pub(crate) fn finish(
        mut self,
        stop: Stop,
        stopwatch: &mut Stopwatch,
    ) -> (Vec<palinode_revise::Event>, Sample) {
        let lap = stopwatch.start();
        let events = self.session.finish();
        stopwatch.book(lap, |timing| &mut timing.revise);
        let sample = Sample {
            program: self.session.buffer().to_vec(),
            stream: self.session.stream().to_vec(),
            revisions: self.session.revisions().to_vec(),
            usage: self.session.usage(),
            stop,
        };
        (events, sample)
    }

    /// The next token: forced, or drawn among what the session allows; none while the network has not seen
    /// everything before it.
    fn draw(&mut self, stopwatch: &mut Stopwatch) -> Result<Option<u32>, Error> {
        let lap = stopwatch.start();
        let choice = match self.session.constraint() {
            Constraint::Exactly(id) => {
                stopwatch.book(lap, |timing| &mut timing.revise);
                return Ok(Some(id));
            }
            Constraint::OneOf(ids) => Choice::OneOf(ids),
            Constraint::AnyBut { banned, bias } => Choice::AnyBut { banned, bias },
        };
        stopwatch.book(lap, |timing| &mut timing.revise);
        if !self.pending.is_empty() {
            return Ok(None);
        }
        let lap = stopwatch.start();
        let past = Past {
            prompt: &self.start.prompt,
            written: self.session.stream(),
        };
        let token = self.sampler.sample_after(&self.logits, choice, past)?;
        stopwatch.book(lap, |timing| &mut timing.sampling);
        Ok(Some(token))
    }

    /// Forgets what the session does not keep of its stream, `pending` included.
    fn keep(&mut self, keep: usize) {
        if keep >= self.seen {
            self.pending.truncate(keep - self.seen);
            return;
        }
        // The logits held belong to a longer stream. Those after the last token kept come from feeding it
        // again; those after the prompt were put aside.
        self.pending.clear();
        if keep == 0 {
            self.seen = 0;
            self.logits = self.start.logits.clone();
        } else {
            self.seen = keep - 1;
            self.pending.extend(self.session.stream().get(self.seen));
        }
        self.cache.truncate(self.start.prompt.len() + self.seen);
    }
}

#[cfg(test)]
mod tests {
    use palinode_model::{LoadOptions, Source};

    use super::*;

    const PROMPT: [u32; 3] = [5, 9, 2];
    const STREAM: [u32; 6] = [7, 1, 30, 4, 12, 8];

    /// A lane of `model` that has taken `stream`; the network has seen the first `seen` of it.
    fn lane(model: &LocalModel, stream: &[u32], seen: usize) -> Lane {
        let bytes = (0..model.network.shape().vocabulary).map(|id| format!("{id} ").into_bytes());
        let vocabulary = Arc::new(Vocabulary::new(bytes.collect(), None, Vec::new()).unwrap());
        let mut cache = model.network.new_cache();
        let logits = model.network.logits(&PROMPT, &mut cache).unwrap();
        let start = Arc::new(Start {
            cache,
            logits,
            prompt: PROMPT.to_vec(),
        });
        let request = Request {
            prompt: &PROMPT,
            lanes: 1,
            max_tokens: 100,
            sampling: SamplingOptions {
                ..SamplingOptions::default()
            },
            session: SessionOptions::default(),
            measure: false,
        };
        let mut lane = Lane::new(start, 128, &vocabulary, &request, 0).unwrap();
        for (at, id) in stream.iter().enumerate() {
            if at == seen {
                ask(model, &mut lane);
            }
            lane.session.push(*id);
            lane.pending.push(*id);
        }
        lane
    }

    fn ask(model: &LocalModel, lane: &mut Lane) {
        let (ids, cache) = lane.question();
        if !ids.is_empty() {
            let logits = model.network.logits(ids, cache).unwrap();
            lane.answer(logits);
        }
    }

    /// Cut back to any length, from a cache that has seen any part of the stream, the network says what it
    /// says after that length alone, and goes on from there.
    #[test]
    fn a_lane_that_is_cut_back_has_forgotten() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../model/tests/it/golden/qwen2/tied"
        );
        let model =
            palinode_model::load(&Source::Folder(folder.into()), &LoadOptions::default()).unwrap();
        let says = |lane: &mut Lane| {
            ask(&model, lane);
            lane.logits.clone()
        };
        for keep in 0..=STREAM.len() {
            let expected = says(&mut lane(&model, &STREAM[..keep], 0));
            for seen in 0..=STREAM.len() {
                let mut cut = lane(&model, &STREAM, seen);
                cut.keep(keep);
                let logits = says(&mut cut);
                assert_eq!(cut.cache.len(), PROMPT.len() + keep);
                assert_eq!(expected, logits, "kept {keep}, seen {seen}");
            }
        }
    }
}
