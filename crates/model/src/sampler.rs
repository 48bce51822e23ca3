//! Which token comes next, given the network's logits and what is allowed?

use rand::RngCore;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::Error;

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingOptions {
    /// Logits are divided by it; 0 takes the likeliest token always.
    pub temperature: f32,
    /// Only so many of the likeliest tokens are drawn from; 0 is all.
    pub top_k: usize,
    /// Only the likeliest tokens that together reach this share are drawn from; 1 is all
    /// (Holtzman et al. 2020, section 3.1).
    pub top_p: f32,
    /// The same seed, logits and choices give the same tokens.
    pub seed: u64,
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
/// Temperature, then top-k, then top-p, as in transformers. Equal logits stand in the order of their
/// ids, so a tie at a cut is decided for the lower id.
#[derive(Clone, Debug)]
pub struct Sampler {
    options: SamplingOptions,
    random: ChaCha8Rng,
    /// Candidates of the step at hand, kept for its memory.
    candidates: Vec<Candidate>,
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
        let SamplingOptions {
            temperature, top_p, ..
        } = options;
        if !(temperature.is_finite() && temperature >= 0.0) {
            return Err(Error::SamplingOption {
                option: "temperature",
                value: temperature,
                problem: "it must be 0 or more",
            });
        }
        if !(top_p > 0.0 && top_p <= 1.0) {
            return Err(Error::SamplingOption {
                option: "top_p",
                value: top_p,
                problem: "it must be above 0, at most 1",
            });
        }
        Ok(Sampler {
            random: ChaCha8Rng::seed_from_u64(options.seed),
            options,
            candidates: Vec::new(),
        })
    }

    /// The options it was made with.
    #[must_use]
    pub fn options(&self) -> SamplingOptions {
        self.options
    }

    /// Draws one token.
    ///
    /// One pass over the logits; with top-k or top-p also a partial sort. A number is drawn from the
    /// random stream only where more than one token could be chosen.
    ///
    /// # Errors
    /// [`Error::NotANumber`] where a logit looked at is NaN or positive infinity,
    /// [`Error::NothingToChoose`] where nothing is allowed or everything allowed has probability 0,
    /// [`Error::IdOutOfVocabulary`].
    pub fn sample(&mut self, logits: &[f32], choice: Choice<'_>) -> Result<u32, Error> {
        let known = |id: u32| match logits.get(id as usize) {
            Some(logit) => Ok(*logit),
            None => Err(Error::IdOutOfVocabulary {
                id,
                vocabulary: logits.len(),
            }),
        };
        match choice {
            Choice::Exactly(id) => known(id).map(|_| id),
            Choice::OneOf(ids) => {
                self.candidates.clear();
                for &id in ids {
                    let value = known(id)?;
                    self.candidates.push(Candidate { id, value });
                }
                self.candidates
                    .sort_unstable_by_key(|candidate| candidate.id);
                self.candidates.dedup_by_key(|candidate| candidate.id);
                self.draw()
            }
            Choice::AnyBut { banned, bias } => {
                if let Some((id, _)) = bias {
                    known(id)?;
                }
                self.candidates.clear();
                let all = (0u32..).zip(logits);
                self.candidates
                    .extend(all.map(|(id, &value)| Candidate { id, value }));
                if let Some((id, bias)) = bias {
                    self.candidates[id as usize].value += bias;
                }
                for &id in banned {
                    if let Some(candidate) = self.candidates.get_mut(id as usize) {
                        candidate.value = f32::NEG_INFINITY;
                    }
                }
                self.draw()
            }
        }
    }

    /// Draws from the candidates, which stand in the order of their ids.
    fn draw(&mut self) -> Result<u32, Error> {
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
            return Ok(best.id);
        }
        self.candidates
            .retain(|candidate| candidate.value > f32::NEG_INFINITY);
        if self.options.top_k > 0 && self.options.top_k < self.candidates.len() {
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
        match self.candidates[..] {
            [only] => Ok(only.id),
            _ => Ok(self.walk()),
        }
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
