//! Which examples does each step learn from?

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::example::Example;
use crate::recipe::Recipe;
use crate::{Error, Result};

/// A list of examples in a new order at each pass.
///
/// What a step learns from is a function of the seed and the step's number, so a run resumes by its
/// step alone. The last batch of a pass is filled from the next pass.
#[derive(Debug)]
pub struct Batches<'a> {
    examples: &'a [Example],
    /// Examples that fit.
    usable: Vec<usize>,
    batch: usize,
    bucket: usize,
    seed: u64,
    /// The pass whose order is at hand, and that order.
    pass: Option<(u64, Vec<usize>)>,
}

impl<'a> Batches<'a> {
    /// Batches over `examples` as `recipe` says. Examples longer than its `max_length`, or that predict
    /// nothing, are left out; [`Batches::left_out`] counts them.
    ///
    /// # Errors
    /// [`Error::NothingToLearn`] where none is left.
    pub fn new(examples: &'a [Example], recipe: &Recipe) -> Result<Batches<'a>> {
        recipe.check()?;
        let fits =
            |example: &Example| example.ids.len() <= recipe.max_length && example.weight() > 0.0;
        let usable: Vec<usize> = (0..examples.len())
            .filter(|&i| fits(&examples[i]))
            .collect();
        if usable.is_empty() {
            return Err(Error::NothingToLearn { what: "training" });
        }
        Ok(Batches {
            examples,
            usable,
            batch: recipe.batch,
            bucket: recipe.bucket,
            seed: recipe.seed,
            pass: None,
        })
    }

    /// Examples that are never used.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.examples.len() - self.usable.len()
    }

    /// Steps that make a pass over all examples, rounded up.
    #[must_use]
    pub fn steps_a_pass(&self) -> u64 {
        self.usable.len().div_ceil(self.batch) as u64
    }

    /// A number that differs where the examples do: what a checkpoint remembers of its data.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        // FNV-1a over lengths, ids and weights.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |value: u64| {
            for byte in value.to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for example in self.examples {
            add(example.ids.len() as u64);
            for (id, weight) in example.ids.iter().zip(&example.weights) {
                add(u64::from(*id) << 32 | u64::from(weight.to_bits()));
            }
        }
        hash
    }

    /// The examples of step `step`, counted from 0.
    pub fn of_step(&mut self, step: u64) -> Vec<&'a Example> {
        let count = self.usable.len() as u64;
        let first = step * self.batch as u64;
        (first..first + self.batch as u64)
            .map(|place| {
                let i = self.order(place / count)[(place % count) as usize];
                &self.examples[i]
            })
            .collect()
    }

    fn order(&mut self, pass: u64) -> &[usize] {
        let order = match self.pass.take() {
            Some((at, order)) if at == pass => order,
            _ => self.shuffled(pass),
        };
        &self.pass.insert((pass, order)).1
    }

    fn shuffled(&self, pass: u64) -> Vec<usize> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        // Each pass has its own stream of the same generator: passes can be asked for in any order.
        random.set_stream(pass);
        let mut order = self.usable.clone();
        order.shuffle(&mut random);
        if self.bucket > 1 {
            for bucket in order.chunks_mut(self.batch * self.bucket) {
                bucket.sort_by_key(|&i| self.examples[i].ids.len());
            }
            let mut batches: Vec<&[usize]> = order.chunks(self.batch).collect();
            batches.shuffle(&mut random);
            order = batches.concat();
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(n: usize) -> Vec<Example> {
        (0..n)
            .map(|i| Example::plain(vec![i as u32; 2 + (i * 7) % 11]))
            .collect()
    }

    fn recipe(bucket: usize) -> Recipe {
        Recipe {
            batch: 4,
            bucket,
            seed: 3,
            ..Recipe::paper(10)
        }
    }

    #[test]
    fn every_pass_has_every_example_once_in_its_own_order() {
        for bucket in [1, 3] {
            let examples = examples(20);
            let mut batches = Batches::new(&examples, &recipe(bucket)).unwrap();
            assert_eq!(batches.steps_a_pass(), 5);
            let pass = |batches: &mut Batches<'_>, from: u64| -> Vec<u32> {
                (from..from + 5)
                    .flat_map(|step| batches.of_step(step))
                    .map(|e| e.ids[0])
                    .collect()
            };
            let (first, second) = (pass(&mut batches, 0), pass(&mut batches, 5));
            assert_ne!(first, second);
            for order in [first.clone(), second] {
                let mut sorted = order;
                sorted.sort_unstable();
                assert_eq!(sorted, (0..20).collect::<Vec<u32>>());
            }
            // Going back gives the same again.
            assert_eq!(pass(&mut batches, 0), first);
        }
    }

    #[test]
    fn buckets_bring_similar_lengths_together() {
        let examples = examples(64);
        let spread = |bucket: usize| -> usize {
            let mut batches = Batches::new(&examples, &recipe(bucket)).unwrap();
            (0..16)
                .map(|step| {
                    let lengths: Vec<usize> =
                        batches.of_step(step).iter().map(|e| e.ids.len()).collect();
                    lengths.iter().max().unwrap() - lengths.iter().min().unwrap()
                })
                .sum()
        };
        assert!(spread(16) * 3 < spread(1));
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut examples = examples(5);
        examples.push(Example::plain(vec![1; 50]));
        examples.push(Example {
            ids: vec![1, 2],
            weights: vec![1.0, 0.0],
        });
        let recipe = Recipe {
            max_length: 20,
            ..recipe(1)
        };
        let batches = Batches::new(&examples, &recipe).unwrap();
        assert_eq!(batches.left_out(), 2);
        assert!(Batches::new(&examples[5..], &recipe).is_err());
        assert_ne!(
            batches.fingerprint(),
            Batches::new(&examples[..5], &recipe).unwrap().fingerprint()
        );
    }
}
