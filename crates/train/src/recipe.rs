//! With which numbers is a model trained?

use serde::{Deserialize, Serialize};

use crate::Error;

/// Every number a training run depends on. There is no default: a caller starts from
/// [`Recipe::paper`] and says what it changes, and a checkpoint remembers all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Updates of the weights.
    pub steps: u64,
    /// Sequences an update learns from.
    pub batch: usize,
    /// The highest learning rate, reached at the end of the warm-up.
    pub learning_rate: f64,
    /// Share of `steps` over which the learning rate rises from 0, 0 to 1.
    pub warmup: f64,
    /// Decay of the weights at each step, times the learning rate (decoupled, AdamW).
    pub weight_decay: f64,
    /// Whether biases, norms and embeddings decay too. Hugging Face's trainer, which the paper's recipe
    /// is written for, leaves biases and norms out; we leave the embeddings out with them.
    pub decay_all: bool,
    /// Share of the mean gradient kept from one step to the next.
    pub beta1: f64,
    /// Share of the mean squared gradient kept.
    pub beta2: f64,
    /// Added to the root of the mean squared gradient.
    pub epsilon: f64,
    /// The gradient is scaled down to this norm, taken over all parameters; a large number for never.
    pub clip: f64,
    /// Longest sequence, in tokens; longer examples are left out and counted.
    pub max_length: usize,
    /// Seed of the order of the examples.
    pub seed: u64,
    /// Batches whose examples are sorted by length together, so that sequences of a batch are of
    /// similar length: 1 for no sorting. Saves padding where there is padding, that is not on a
    /// processor, where sequences stand end to end.
    pub bucket: usize,
    /// Parts a batch is divided into. Each is computed by one thread and their gradients are added
    /// in order, so the numbers depend on `shards` and not on the cores of the machine; more shards
    /// than threads is what others call accumulating gradients.
    pub shards: usize,
    /// Shards computed at the same time. Changes no number.
    pub threads: usize,
}

impl Recipe {
    /// The recipe of *Stream of Revision* (arXiv 2602.01187, appendix E): AdamW, 3e-5, decay 0.01,
    /// cosine with a warm-up of 0.1, 4 sequences an update (2 a device, accumulated over 2), length
    /// 4096. The number of steps is two passes over the data, so it is the caller's. Clipping at 1 and
    /// the moments' decay (0.9, 0.999, 1e-8) are not stated there; they are the defaults of the trainer
    /// it used. The seed is ours.
    #[must_use]
    pub fn paper(steps: u64) -> Recipe {
        Recipe {
            steps,
            batch: 4,
            learning_rate: 3e-5,
            warmup: 0.1,
            weight_decay: 0.01,
            decay_all: false,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            clip: 1.0,
            max_length: 4096,
            seed: 0,
            bucket: 1,
            shards: 2,
            threads: 2,
        }
    }

    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// [`Error::Recipe`] with the first field that does not.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |field, problem: String| Err(Error::Recipe { field, problem });
        let counts = [
            ("steps", self.steps as usize),
            ("batch", self.batch),
            ("bucket", self.bucket),
            ("shards", self.shards),
            ("threads", self.threads),
        ];
        for (field, value) in counts {
            if value == 0 {
                return refuse(field, "is 0; it must be at least 1".to_owned());
            }
        }
        if self.max_length < 2 {
            return refuse(
                "max_length",
                format!(
                    "is {}; a sequence of one token predicts nothing",
                    self.max_length
                ),
            );
        }
        let shares = [
            ("warmup", self.warmup, 1.0),
            ("beta1", self.beta1, 0.999_999),
            ("beta2", self.beta2, 0.999_999_9),
        ];
        for (field, value, most) in shares {
            if !(0.0..=most).contains(&value) {
                return refuse(field, format!("is {value}; it must be 0 to {most}"));
            }
        }
        let sizes = [
            ("learning_rate", self.learning_rate),
            ("weight_decay", self.weight_decay),
            ("epsilon", self.epsilon),
        ];
        for (field, value) in sizes {
            if !(value.is_finite() && value >= 0.0) {
                return refuse(
                    field,
                    format!("is {value}; it must be 0 or more, and finite"),
                );
            }
        }
        if !(self.clip.is_finite() && self.clip > 0.0) {
            return refuse(
                "clip",
                format!("is {}; it must be above 0, and finite", self.clip),
            );
        }
        Ok(())
    }

    /// Every field that a number depends on, as text that gives the same number back: what a checkpoint
    /// remembers.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let Recipe {
            steps,
            batch,
            learning_rate,
            warmup,
            weight_decay,
            decay_all,
            beta1,
            beta2,
            epsilon,
            clip,
            max_length,
            seed,
            bucket,
            shards,
            threads: _,
        } = self;
        let fields = [
            ("steps", steps.to_string()),
            ("batch", batch.to_string()),
            ("learning_rate", learning_rate.to_string()),
            ("warmup", warmup.to_string()),
            ("weight_decay", weight_decay.to_string()),
            ("decay_all", decay_all.to_string()),
            ("beta1", beta1.to_string()),
            ("beta2", beta2.to_string()),
            ("epsilon", epsilon.to_string()),
            ("clip", clip.to_string()),
            ("max_length", max_length.to_string()),
            ("seed", seed.to_string()),
            ("bucket", bucket.to_string()),
            ("shards", shards.to_string()),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// The first field in which this recipe and one with these [`Recipe::fields`] give different numbers.
    pub(crate) fn difference(&self, other: &[(String, String)]) -> Option<String> {
        for (name, ours) in self.fields() {
            let theirs = other.iter().find(|(other, _)| *other == name);
            match theirs {
                Some((_, theirs)) if *theirs == ours => {}
                Some((_, theirs)) => {
                    return Some(format!("`{name}` is {ours} here and {theirs} there"));
                }
                None => return Some(format!("`{name}` is {ours} here and unknown there")),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paper_recipe_makes_sense_and_wrong_numbers_do_not() {
        assert!(Recipe::paper(100).check().is_ok());
        let wrong = [
            Recipe {
                steps: 0,
                ..Recipe::paper(1)
            },
            Recipe {
                shards: 0,
                ..Recipe::paper(1)
            },
            Recipe {
                warmup: 1.5,
                ..Recipe::paper(1)
            },
            Recipe {
                learning_rate: f64::NAN,
                ..Recipe::paper(1)
            },
            Recipe {
                clip: 0.0,
                ..Recipe::paper(1)
            },
            Recipe {
                max_length: 1,
                ..Recipe::paper(1)
            },
        ];
        for recipe in wrong {
            assert!(recipe.check().is_err(), "{recipe:?}");
        }
    }

    #[test]
    fn threads_are_no_difference_and_shards_are() {
        let recipe = Recipe::paper(10);
        assert_eq!(
            recipe.difference(
                &Recipe {
                    threads: 7,
                    ..recipe.clone()
                }
                .fields()
            ),
            None
        );
        let difference = recipe.difference(
            &Recipe {
                shards: 3,
                ..recipe.clone()
            }
            .fields(),
        );
        assert_eq!(
            difference.as_deref(),
            Some("`shards` is 2 here and 3 there")
        );
    }
}
