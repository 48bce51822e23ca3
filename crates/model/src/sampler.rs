//! Which token comes next, given the network's logits and what is allowed?

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::RngCore;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::Error;

/// How tokens are drawn.
///
/// What changes logits comes first: biases, then penalties. Then temperature, top-k, top-p, min-p and typical, in
/// the order in which transformers applies them.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingOptions {
    /// Logits are divided by it; 0 takes the likeliest token always.
    pub temperature: f32,
    /// Only so many of the likeliest tokens are drawn from; 0 is all.
    pub top_k: usize,
    /// Only the likeliest tokens that together reach this share are drawn from; 1 is all
    /// (Holtzman et al. 2020, section 3.1).
    pub top_p: f32,
    /// Only tokens that are at least so likely, as a share of the likeliest, are drawn from; 0 is all
    /// (Nguyen et al. 2024, arXiv 2407.01082).
    pub min_p: f32,
    /// Only the tokens whose surprise is nearest to the expected one, and that together reach this share, are
    /// drawn from; 1 is all (Meister et al. 2023, arXiv 2202.00666).
    pub typical_p: f32,
    /// Positive logits of tokens that were seen, in the prompt or since, are divided by it, negative ones
    /// multiplied; 1 changes nothing (Keskar et al. 2019, section 4.1).
    pub repetition_penalty: f32,
    /// Taken off a token's logit each time it was written, the prompt not counted; 0 changes nothing.
    pub frequency_penalty: f32,
    /// Taken off the logit of a token that was written, the prompt not counted; 0 changes nothing.
    pub presence_penalty: f32,
    /// Added to the logits of some tokens.
    pub logit_bias: Arc<[(u32, f32)]>,
    /// The same seed, logits and choices give the same tokens.
    pub seed: u64,
}

impl Default for SamplingOptions {
    /// The likeliest token always.
    fn default() -> SamplingOptions {
        SamplingOptions {
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            typical_p: 1.0,
            repetition_penalty: 1.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            logit_bias: Arc::default(),
            seed: 0,
        }
    }
}

impl SamplingOptions {
    /// Refuses a value that makes no sense.
    ///
    /// # Errors
    /// [`Error::SamplingOption`] with the first.
    pub fn check(&self) -> Result<(), Error> {
        let positive = |value: f32| value.is_finite() && value > 0.0;
        let share = |value: f32| value > 0.0 && value <= 1.0;
        let fraction = |value: f32| (0.0..=1.0).contains(&value);
        let not_negative = |value: f32| value.is_finite() && value >= 0.0;
        let biased = self.logit_bias.iter().map(|(_, bias)| *bias);
        let bias = biased.fold(0.0, |worst, bias| {
            match bias.is_nan() || bias == f32::INFINITY {
                true => f32::NAN,
                false => worst,
            }
        });
        type Test<'a> = &'a dyn Fn(f32) -> bool;
        let all: [(&'static str, f32, Test<'_>, &'static str); 8] = [
            (
                "temperature",
                self.temperature,
                &not_negative,
                "it must be 0 or more",
            ),
            ("top_p", self.top_p, &share, "it must be above 0, at most 1"),
            ("min_p", self.min_p, &fraction, "it must be 0 to 1"),
            (
                "typical_p",
                self.typical_p,
                &share,
                "it must be above 0, at most 1",
            ),
            (
                "repetition_penalty",
                self.repetition_penalty,
                &positive,
                "it must be above 0",
            ),
            (
                "frequency_penalty",
                self.frequency_penalty,
                &f32::is_finite,
                "it must be a number",
            ),
            (
                "presence_penalty",
                self.presence_penalty,
                &f32::is_finite,
                "it must be a number",
            ),
            (
                "logit_bias",
                bias,
                &f32::is_finite,
                "each must be a number or negative infinity",
            ),
        ];
        match all.into_iter().find(|(_, value, test, _)| !test(*value)) {
            Some((option, value, _, problem)) => Err(Error::SamplingOption {
                option,
                value,
                problem,
            }),
            None => Ok(()),
        }
    }

    /// Whether what was written before matters.
    fn looks_back(&self) -> bool {
        self.repetition_penalty != 1.0
            || self.frequency_penalty != 0.0
            || self.presence_penalty != 0.0
    }
}

/// What stands before the token that is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past<'a> {
    /// The prompt.
    pub prompt: &'a [u32],
    /// What was written since.
    pub written: &'a [u32],
}

/// What may be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice<'a> {
    /// Any token but these, one of them made likelier or less likely.
    AnyBut {
        /// Tokens that are not allowed; ids outside the vocabulary are ignored.
        banned: &'a [u32],
        /// A number added to one token's logit.
        bias: Option<(u32, f32)>,
    },
    /// One of these; only their logits are looked at. An id listed twice counts once.
    OneOf(&'a [u32]),
    /// This one; no logit is looked at and nothing is drawn.
    Exactly(u32),
}

/// A stream of random choices.
///
/// Equal logits stand in the order of their ids, so a tie at a cut is decided for the lower id.
#[derive(Clone, Debug)]
pub struct Sampler {
    options: SamplingOptions,
    random: ChaCha8Rng,
    /// What was seen up to the last step, where that matters.
    seen: Seen,
    /// Candidates of the step at hand, kept for its memory.
    candidates: Vec<Candidate>,
    /// Those among them whose logits are not the network's, in the order of their ids.
    changed: Vec<Candidate>,
}

/// How often each token stands before the next one; kept from step to step, because a step adds one.
#[derive(Clone, Debug, Default)]
struct Seen {
    prompt: Vec<u32>,
    written: Vec<u32>,
    /// How often each was written; 0 for those in the prompt only.
    counts: BTreeMap<u32, u32>,
}

impl Seen {
    /// Brings the counts to another past: mostly a token longer, after a cut back some shorter.
    fn bring_to(&mut self, past: Past<'_>) {
        if self.prompt != past.prompt {
            self.prompt = past.prompt.to_vec();
            self.written.clear();
            self.counts = past.prompt.iter().map(|id| (*id, 0)).collect();
        }
        let pairs = self.written.iter().zip(past.written);
        let common = pairs.take_while(|(before, now)| before == now).count();
        for id in self.written.drain(common..) {
            if let Some(count) = self.counts.get_mut(&id) {
                *count -= 1;
                if *count == 0 && !self.prompt.contains(&id) {
                    self.counts.remove(&id);
                }
            }
        }
        for id in &past.written[common..] {
            *self.counts.entry(*id).or_default() += 1;
            self.written.push(*id);
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    id: u32,
    /// The logit, then its share of the probability (not normalised).
    value: f32,
}

/// The order in which candidates are cut: likelier first, then lower ids.
fn likelier(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.value.total_cmp(&a.value).then(a.id.cmp(&b.id))
}

impl Sampler {
    /// A sampler at the start of its stream.
    ///
    /// # Errors
    /// [`Error::SamplingOption`].
    pub fn new(options: SamplingOptions) -> Result<Sampler, Error> {
        options.check()?;
        Ok(Sampler {
            random: ChaCha8Rng::seed_from_u64(options.seed),
            options,
            seen: Seen::default(),
            candidates: Vec::new(),
            changed: Vec::new(),
        })
    }

    /// The options it was made with.
    #[must_use]
    pub fn options(&self) -> &SamplingOptions {
        &self.options
    }

    /// [`Sampler::sample_after`] where nothing stands before.
    ///
    /// # Errors
    /// As there.
    pub fn sample(&mut self, logits: &[f32], choice: Choice<'_>) -> Result<u32, Error> {
        self.sample_after(logits, choice, Past::default())
    }

    /// Draws one token.
    ///
    /// One pass over the logits, which are copied only where one is drawn; with top-k, top-p or typical also a
    /// partial sort, with penalties also a pass over the tokens that were seen, each once. A number is drawn from the random stream only where more than one token could be
    /// chosen. Biases and penalties are for free choices: where the choice is between some tokens, their own
    /// logits decide, for a quotation must be free to repeat.
    ///
    /// # Errors
    /// [`Error::NotANumber`] where a logit looked at is NaN or positive infinity,
    /// [`Error::NothingToChoose`] where nothing is allowed or everything allowed has probability 0,
    /// [`Error::IdOutOfVocabulary`].
    pub fn sample_after(
        &mut self,
        logits: &[f32],
        choice: Choice<'_>,
        past: Past<'_>,
    ) -> Result<u32, Error> {
        self.gather(logits, choice, past)?;
        self.cut()?;
        match self.candidates[..] {
            [only] => Ok(only.id),
            _ => Ok(self.walk()),
        }
    }

    /// The tokens that could be drawn and their probabilities, in the order of their ids. Nothing is drawn.
    ///
    /// # Errors
    /// As [`Sampler::sample_after`].
    pub fn shares(
        &mut self,
        logits: &[f32],
        choice: Choice<'_>,
        past: Past<'_>,
    ) -> Result<Vec<(u32, f64)>, Error> {
        self.gather(logits, choice, past)?;
        self.cut()?;
        let total: f64 = self.candidates.iter().map(|c| f64::from(c.value)).sum();
        let share = |c: &Candidate| (c.id, f64::from(c.value) / total);
        let mut shares: Vec<(u32, f64)> = self.candidates.iter().map(share).collect();
        shares.sort_by_key(|(id, _)| *id);
        Ok(shares)
    }

    /// Puts what may be chosen into the candidates, in the order of ids, with their logits.
    fn gather(&mut self, logits: &[f32], choice: Choice<'_>, past: Past<'_>) -> Result<(), Error> {
        self.candidates.clear();
        match choice {
            Choice::Exactly(id) => {
                known(logits, id)?;
                // Whatever its logit, there is no other.
                self.candidates.push(Candidate { id, value: 0.0 });
            }
            Choice::OneOf(ids) => {
                for &id in ids {
                    let value = known(logits, id)?;
                    self.candidates.push(Candidate { id, value });
                }
                self.candidates
                    .sort_unstable_by_key(|candidate| candidate.id);
                self.candidates.dedup_by_key(|candidate| candidate.id);
            }
            Choice::AnyBut { banned, bias } => {
                self.change(logits, banned, bias, past)?;
                self.take(logits)?;
            }
        }
        Ok(())
    }

    /// Notes the tokens whose logits are changed by biases, penalties and bans, and to what.
    fn change(
        &mut self,
        logits: &[f32],
        banned: &[u32],
        bias: Option<(u32, f32)>,
        past: Past<'_>,
    ) -> Result<(), Error> {
        let looks_back = self.options.looks_back();
        if looks_back {
            self.seen.bring_to(past);
        }
        let counts = self.seen.counts.iter().filter(|_| looks_back);
        let biases = self.options.logit_bias.iter();
        for (id, _) in biases.clone().chain(&bias) {
            known(logits, *id)?;
        }
        let few = biases.clone().map(|(id, _)| *id);
        let few = few
            .chain(bias.map(|(id, _)| id))
            .chain(banned.iter().copied());
        self.changed.clear();
        // Ids outside the vocabulary have no logit.
        let all = counts.clone().map(|(id, _)| *id).chain(few);
        self.changed.extend(all.filter_map(|id| {
            let value = *logits.get(id as usize)?;
            Some(Candidate { id, value })
        }));
        // Nearly in order already: the counts are.
        self.changed.sort_by_key(|candidate| candidate.id);
        self.changed.dedup_by_key(|candidate| candidate.id);
        for (id, bias) in biases {
            if let Some(value) = value_of(&mut self.changed, *id) {
                *value += bias;
            }
        }
        let options = &self.options;
        let mut rest = self.changed.iter_mut();
        for (id, count) in counts {
            // Both are in order, and every count's token is among the changed.
            let Some(candidate) = rest.find(|candidate| candidate.id >= *id) else {
                break;
            };
            let value = &mut candidate.value;
            match *value > 0.0 {
                true => *value /= options.repetition_penalty,
                false => *value *= options.repetition_penalty,
            }
            *value -= options.frequency_penalty * *count as f32;
            if *count > 0 {
                *value -= options.presence_penalty;
            }
        }
        if let Some((id, bias)) = bias
            && let Some(value) = value_of(&mut self.changed, id)
        {
            *value += bias;
        }
        for id in banned {
            if let Some(value) = value_of(&mut self.changed, *id) {
                *value = f32::NEG_INFINITY;
            }
        }
        Ok(())
    }

    /// Takes the candidates from the logits and their changes: the likeliest where nothing is drawn, else all.
    fn take(&mut self, logits: &[f32]) -> Result<(), Error> {
        let greedy = self.options.temperature == 0.0;
        let candidates = &mut self.candidates;
        let mut best = Candidate {
            id: 0,
            value: f32::NEG_INFINITY,
        };
        let mut take = |first: usize, values: &[f32]| -> Result<(), Error> {
            for (id, &value) in (first as u32..).zip(values) {
                if value.is_nan() || value == f32::INFINITY {
                    return Err(Error::NotANumber { id });
                }
                if value > best.value {
                    best = Candidate { id, value };
                }
            }
            if !greedy {
                let all = (first as u32..).zip(values);
                candidates.extend(all.map(|(id, &value)| Candidate { id, value }));
            }
            Ok(())
        };
        let mut from = 0;
        for changed in &self.changed {
            let place = changed.id as usize;
            take(from, &logits[from..place])?;
            take(place, &[changed.value])?;
            from = place + 1;
        }
        take(from, &logits[from..])?;
        if greedy && best.value > f32::NEG_INFINITY {
            self.candidates.push(best);
        }
        Ok(())
    }

    /// Leaves the candidates that are drawn from, with their shares of the probability, not normalised.
    fn cut(&mut self) -> Result<(), Error> {
        let mut best = Candidate {
            id: 0,
            value: f32::NEG_INFINITY,
        };
        for candidate in &self.candidates {
            if candidate.value.is_nan() || candidate.value == f32::INFINITY {
                return Err(Error::NotANumber { id: candidate.id });
            }
            if candidate.value > best.value {
                best = *candidate;
            }
        }
        if best.value == f32::NEG_INFINITY {
            return Err(Error::NothingToChoose);
        }
        if self.options.temperature == 0.0 {
            self.candidates.clear();
            self.candidates.push(Candidate {
                id: best.id,
                value: 1.0,
            });
            return Ok(());
        }
        self.candidates
            .retain(|candidate| candidate.value > f32::NEG_INFINITY);
        let top_k = self.options.top_k > 0 && self.options.top_k < self.candidates.len();
        if top_k {
            self.candidates
                .select_nth_unstable_by(self.options.top_k - 1, likelier);
            self.candidates.truncate(self.options.top_k);
        }
        for candidate in &mut self.candidates {
            candidate.value = ((candidate.value - best.value) / self.options.temperature).exp();
        }
        // Also where top-k has cut: the choice must not depend on how the selection left the rest.
        if self.options.top_p < 1.0 {
            self.cut_to_share();
        } else if self.options.top_k > 0 {
            self.candidates
                .sort_unstable_by_key(|candidate| candidate.id);
        }
        if self.options.min_p > 0.0 {
            // The likeliest has a value of 1.
            let least = self.options.min_p;
            self.candidates.retain(|candidate| candidate.value >= least);
        }
        if self.options.typical_p < 1.0 {
            self.cut_to_typical();
        }
        Ok(())
    }

    /// Keeps the fewest of the candidates whose surprise is nearest to the expected one that reach the share
    /// `typical_p`, nearest first.
    fn cut_to_typical(&mut self) {
        let total: f64 = self.candidates.iter().map(|c| f64::from(c.value)).sum();
        let surprise = |candidate: &Candidate| -(f64::from(candidate.value) / total).ln();
        // What has no probability adds nothing to the expectation.
        let expected: f64 = self
            .candidates
            .iter()
            .filter(|candidate| candidate.value > 0.0)
            .map(|candidate| f64::from(candidate.value) / total * surprise(candidate))
            .sum();
        let far = |candidate: &Candidate| (surprise(candidate) - expected).abs();
        self.candidates
            .sort_by(|a, b| far(a).total_cmp(&far(b)).then(a.id.cmp(&b.id)));
        let goal = total * f64::from(self.options.typical_p);
        let mut reached = 0.0;
        let mut kept = self.candidates.len();
        for (at, candidate) in self.candidates.iter().enumerate() {
            reached += f64::from(candidate.value);
            if reached >= goal {
                kept = at + 1;
                break;
            }
        }
        self.candidates.truncate(kept);
    }

    /// Keeps the fewest of the likeliest candidates that reach the share `top_p`, likeliest first.
    ///
    /// Sorts more and more of them until the share is reached: mostly a few dozen are enough, and a
    /// full sort of a large vocabulary would cost more than a small network's step.
    fn cut_to_share(&mut self) {
        let total: f64 = self.candidates.iter().map(|c| f64::from(c.value)).sum();
        let goal = total * f64::from(self.options.top_p);
        let (mut sorted, mut reached) = (0, 0.0);
        let mut step = 64;
        while sorted < self.candidates.len() {
            let rest = &mut self.candidates[sorted..];
            let part = step.min(rest.len());
            if part < rest.len() {
                rest.select_nth_unstable_by(part - 1, likelier);
            }
            rest[..part].sort_unstable_by(likelier);
            for (offset, candidate) in rest[..part].iter().enumerate() {
                reached += f64::from(candidate.value);
                if reached >= goal {
                    self.candidates.truncate(sorted + offset + 1);
                    return;
                }
            }
            sorted += part;
            step *= 8;
        }
    }

    /// Picks a candidate with the probability of its share.
    fn walk(&mut self) -> u32 {
        let total: f64 = self.candidates.iter().map(|c| f64::from(c.value)).sum();
        // 53 random bits: a fraction in [0, 1).
        let fraction = (self.random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let mut left = fraction * total;
        let mut chosen = 0;
        for candidate in &self.candidates {
            if candidate.value > 0.0 {
                chosen = candidate.id;
                left -= f64::from(candidate.value);
                if left < 0.0 {
                    break;
                }
            }
        }
        chosen
    }
}

/// The value of an id among candidates in the order of their ids.
fn value_of(candidates: &mut [Candidate], id: u32) -> Option<&mut f32> {
    let place = candidates.binary_search_by_key(&id, |candidate| candidate.id);
    place.ok().map(|place| &mut candidates[place].value)
}

/// The logit of an id.
fn known(logits: &[f32], id: u32) -> Result<f32, Error> {
    match logits.get(id as usize) {
        Some(logit) => Ok(*logit),
        None => Err(Error::IdOutOfVocabulary {
            id,
            vocabulary: logits.len(),
        }),
    }
}
