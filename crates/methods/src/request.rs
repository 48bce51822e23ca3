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
    /// Whether to say where the time went ([`Outcome::timing`](crate::Outcome::timing)). Costs four readings of the
    /// clock a token, well under a microsecond.
    pub measure: bool,
}

impl Request<'_> {
    /// Refuses what no method can do with a network of this context and vocabulary.
    pub(crate) fn check(&self, context: usize, vocabulary: usize) -> Result<(), Error> {
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
        if let Some(id) = self.prompt.iter().find(|id| **id as usize >= vocabulary) {
            let id = *id;
            return Err(palinode_model::Error::IdOutOfVocabulary { id, vocabulary }.into());
        }
        self.sampling.check()?;
        Ok(())
    }
}

/// How far apart the lanes of a task lie before they are mixed.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The seed of one lane: a fixed mixture of the task's seed and the lane's number (SplitMix64), so that
/// sample 2 is the same text whether 2 or 20 samples are asked for, and neighbouring seeds share nothing.
#[must_use]
pub fn lane_seed(seed: u64, lane: usize) -> u64 {
    let mut mixed = seed_from(seed, lane).wrapping_add(GOLDEN);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The seed of a task whose first lane is lane `lane` of the task with this seed, and so on: for who has the
/// samples before it already.
#[must_use]
pub fn seed_from(seed: u64, lane: usize) -> u64 {
    seed.wrapping_add(GOLDEN.wrapping_mul(lane as u64))
}

#[cfg(test)]
mod tests {
    use super::{lane_seed, seed_from};

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
    #[test]
    fn a_task_can_begin_at_any_lane() {
        // Fixed for good: results of earlier versions can be made again.
        assert_eq!(lane_seed(0, 0), 0xe220_a839_7b1d_cdaf);
        for lane in 0..20 {
            assert_eq!(lane_seed(seed_from(7, 5), lane), lane_seed(7, 5 + lane));
        }
    }
}
