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
//! An accepted revision cuts nothing: the model goes on behind its own episode, and the stream only
//! grows. (Stream of Revision, arXiv 2602.01187, section 3.)

use std::ops::ControlFlow;
use std::sync::Arc;

use palinode_model::{Cache, Choice, LocalModel, Network, Sampler, SamplingOptions};
use palinode_revise::{Constraint, Session, SessionOptions, Vocabulary};

use crate::timing::Stopwatch;
use crate::{Error, Method, Request, Sample, Sink, Stop, Written, lane_seed};

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
model needs the five action tokens in its vocabulary and training on trajectories (`palinode train`). One revision replaces one contiguous span.

Source: Stream of Revision (arXiv 2602.01187), sections 3 and appendix A, with the bound of
its equation 3 corrected by one.",
    needs_action_tokens: true,
    write,
};

/// Writes every lane of `request`, one after the other, over one prefill of the prompt.
///
/// A vocabulary without action tokens writes plainly. Costs one forward pass over the prompt, a copy of
/// the prompt's cache for each lane, and a forward pass for each token that is not forced.
///
/// # Errors
/// See [`Error`]; the limits are checked before any forward pass.
pub fn write(
    model: &LocalModel,
    vocabulary: &Arc<Vocabulary>,
    request: &Request<'_>,
    sink: &mut dyn Sink,
) -> Result<Written, Error> {
    let network = model.network.as_ref();
    request.check(network.shape().context)?;
    let mut stopwatch = Stopwatch::new(request.measure);

    let lap = stopwatch.start();
    let mut prompt = network.new_cache();
    let first = network.logits(request.prompt, &mut prompt)?;
    stopwatch.book(lap, |timing| &mut timing.prefill);

    // No episode is begun that the limits cannot let end.
    let room = request
        .max_tokens
        .min(network.shape().context - request.prompt.len());
    let mut interrupted = false;
    let mut samples = Vec::with_capacity(request.lanes.min(1024));
    for number in 0..request.lanes {
        let session = SessionOptions {
            max_stream_tokens: request.session.max_stream_tokens.min(room),
            ..request.session
        };
        let lane = Lane {
            network,
            cache: prompt.clone(),
            prompt_logits: &first,
            logits: first.clone(),
            prompt: request.prompt.len(),
            seen: 0,
            pending: Vec::new(),
            session: Session::new(Arc::clone(vocabulary), session),
            sampler: Sampler::new(SamplingOptions {
                seed: lane_seed(request.sampling.seed, number),
                ..request.sampling
            })?,
        };
        let (sample, go_on) = lane.write(number, request.max_tokens, &mut stopwatch, sink)?;
        sink.end(number, &sample);
        samples.push(sample);
        if go_on.is_break() {
            interrupted = true;
            break;
        }
    }
    Ok(Written {
        samples,
        prompt_tokens: request.prompt.len(),
        interrupted,
        timing: stopwatch.finish(),
    })
}

/// One sample while it is written: its session, its random stream, its cache.
struct Lane<'a> {
    network: &'a dyn Network,
    /// Keys and values of the prompt and of the stream without `pending`.
    cache: Cache,
    /// What the network says directly after the prompt: needed again if all of the stream is refused.
    prompt_logits: &'a [f32],
    /// What the network says after all that is in `cache`.
    logits: Vec<f32>,
    /// Tokens of the prompt.
    prompt: usize,
    /// Tokens of the stream that `cache` holds and `logits` follow.
    seen: usize,
    /// Tokens of the stream that the network has not seen: it is only called when its opinion is needed,
    /// so a run of forced tokens is one pass.
    pending: Vec<u32>,
    session: Session,
    sampler: Sampler,
}

impl Lane<'_> {
    /// Writes until the model, a limit or the sink ends it; says also whether other lanes may follow.
    fn write(
        mut self,
        number: usize,
        max_tokens: usize,
        stopwatch: &mut Stopwatch,
        sink: &mut dyn Sink,
    ) -> Result<(Sample, ControlFlow<()>), Error> {
        let context = self.network.shape().context;
        let mut spent = 0;
        let mut go_on = ControlFlow::Continue(());
        let stop = loop {
            if self.session.ended() {
                break Stop::End;
            }
            if spent == max_tokens {
                break Stop::MaxTokens;
            }
            // The last position of the context can still be fed; the token it predicts cannot.
            if self.prompt + self.session.stream().len() >= context {
                break Stop::Context;
            }
            let token = self.draw(stopwatch)?;
            spent += 1;

            let lap = stopwatch.start();
            let step = self.session.push(token);
            stopwatch.book(lap, |timing| &mut timing.revise);

            self.pending.push(token);
            let lap = stopwatch.start();
            self.keep(step.keep);
            stopwatch.book(lap, |timing| &mut timing.model);

            go_on = sink.step(number, &step.events);
            if go_on.is_break() && !self.session.ended() {
                break Stop::Interrupted;
            }
        };
        let lap = stopwatch.start();
        let events = self.session.finish();
        stopwatch.book(lap, |timing| &mut timing.revise);
        if sink.step(number, &events).is_break() {
            go_on = ControlFlow::Break(());
        }
        let sample = Sample {
            program: self.session.buffer().to_vec(),
            stream: self.session.stream().to_vec(),
            revisions: self.session.revisions().to_vec(),
            usage: self.session.usage(),
            stop,
        };
        Ok((sample, go_on))
    }

    /// The next token: forced, or drawn among what the session allows.
    fn draw(&mut self, stopwatch: &mut Stopwatch) -> Result<u32, Error> {
        let lap = stopwatch.start();
        let choice = match self.session.constraint() {
            Constraint::Exactly(id) => {
                stopwatch.book(lap, |timing| &mut timing.revise);
                return Ok(id);
            }
            Constraint::OneOf(ids) => Choice::OneOf(ids),
            Constraint::AnyBut { banned, bias } => Choice::AnyBut { banned, bias },
        };
        stopwatch.book(lap, |timing| &mut timing.revise);

        if !self.pending.is_empty() {
            let lap = stopwatch.start();
            self.logits = self.network.logits(&self.pending, &mut self.cache)?;
            self.seen += self.pending.len();
            self.pending.clear();
            stopwatch.book(lap, |timing| &mut timing.model);
        }
        let lap = stopwatch.start();
        let token = self.sampler.sample(&self.logits, choice)?;
        stopwatch.book(lap, |timing| &mut timing.sampling);
        Ok(token)
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
            self.logits = self.prompt_logits.to_vec();
        } else {
            self.seen = keep - 1;
            self.pending.extend(self.session.stream().get(self.seen));
        }
        self.cache.truncate(self.prompt + self.seen);
    }
}

#[cfg(test)]
mod tests {
    use palinode_model::{LoadOptions, Source};

    use super::*;

    const PROMPT: [u32; 3] = [5, 9, 2];
    const STREAM: [u32; 6] = [7, 1, 30, 4, 12, 8];

    /// A lane of `model` that has taken `stream`; the network has seen the first `seen` of it.
    fn lane<'a>(model: &'a LocalModel, first: &'a [f32], stream: &[u32], seen: usize) -> Lane<'a> {
        let bytes = (0..model.network.shape().vocabulary).map(|id| format!("{id} ").into_bytes());
        let vocabulary = Vocabulary::new(bytes.collect(), None, Vec::new()).unwrap();
        let mut cache = model.network.new_cache();
        model.network.logits(&PROMPT, &mut cache).unwrap();
        let mut lane = Lane {
            network: model.network.as_ref(),
            cache,
            prompt_logits: first,
            logits: first.to_vec(),
            prompt: PROMPT.len(),
            seen: 0,
            pending: Vec::new(),
            session: Session::new(Arc::new(vocabulary), SessionOptions::default()),
            sampler: Sampler::new(SamplingOptions {
                temperature: 0.0,
                top_k: 0,
                top_p: 1.0,
                seed: 0,
            })
            .unwrap(),
        };
        for (at, id) in stream.iter().enumerate() {
            if at == seen {
                lane.draw(&mut Stopwatch::new(false)).unwrap();
            }
            lane.session.push(*id);
            lane.pending.push(*id);
        }
        lane
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
        let first = model
            .network
            .logits(&PROMPT, &mut model.network.new_cache())
            .unwrap();
        let says = |lane: &mut Lane<'_>| {
            lane.draw(&mut Stopwatch::new(false)).unwrap();
            lane.logits.clone()
        };
        for keep in 0..=STREAM.len() {
            let expected = says(&mut lane(&model, &first, &STREAM[..keep], 0));
            for seen in 0..=STREAM.len() {
                let mut cut = lane(&model, &first, &STREAM, seen);
                cut.keep(keep);
                let logits = says(&mut cut);
                assert_eq!(cut.cache.len(), PROMPT.len() + keep);
                let far = expected.iter().zip(&logits).map(|(a, b)| (a - b).abs());
                let far = far.fold(0.0, f32::max);
                assert!(far < 1e-4, "kept {keep}, seen {seen}: {far}");
            }
        }
    }
}
