//! What is a method asked to write, and under which limits?

use palinode_model::SamplingOptions;
use palinode_revise::SessionOptions;

use crate::Error;

/// One task: a prompt, how many samples of it, and how they may be written.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The prompt's token ids, chat template included. It is not part of any buffer.
    pub prompt: &'a [u32],
    /// Samples to write, each in its own lane. At least 1.
    pub lanes: usize,
    /// Most tokens one sample may cost. Raw stream tokens are counted: code, and the trigger, scope,
    /// patch and delimiters of every episode, those that a refusal took back included. At least 1.
    /// An episode still open when it is reached is dropped.
    pub max_tokens: usize,
    /// How a token is drawn. `seed` is the task's; each lane has its own (see [`lane_seed`]).
    pub sampling: SamplingOptions,
    /// What an episode may do.
    pub session: SessionOptions,
    /// Whether to say where the time went ([`Written::timing`](crate::Written::timing)). Costs four readings of the clock a
    /// token, well under a microsecond.
    pub measure: bool,
}

impl Request<'_> {
    /// Refuses what no method can do.
    pub(crate) fn check(&self, context: usize) -> Result<(), Error> {
        if self.prompt.is_empty() {
            return Err(Error::EmptyPrompt);
        }
        if self.prompt.len() >= context {
            return Err(Error::PromptTooLong {
                tokens: self.prompt.len(),
                context,
            });
        }
        if self.lanes == 0 {
            return Err(Error::ZeroLimit { name: "lanes" });
        }
        if self.max_tokens == 0 {
            return Err(Error::ZeroLimit { name: "max_tokens" });
        }
        Ok(())
    }
}

/// The seed of one lane: a fixed mixture of the task's seed and the lane's number (SplitMix64), so that
/// sample 2 is the same text whether 2 or 20 samples are asked for, and neighbouring seeds share nothing.
#[must_use]
pub fn lane_seed(seed: u64, lane: usize) -> u64 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut mixed = seed.wrapping_add(GOLDEN.wrapping_mul(lane as u64 + 1));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::lane_seed;

    #[test]
    fn lanes_and_seeds_do_not_collide() {
        let mut seeds: Vec<u64> = (0..50)
            .flat_map(|seed| (0..50).map(move |lane| lane_seed(seed, lane)))
            .collect();
        seeds.sort_unstable();
        seeds.dedup();
        // Seed s and lane l share the sum only if GOLDEN divides a difference this small: never.
        assert_eq!(seeds.len(), 2500);
    }
}
