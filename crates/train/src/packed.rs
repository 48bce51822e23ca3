//! How do sequences of different lengths become one computation?

use std::ops::Range;
use std::sync::Arc;

use crate::example::Example;
use crate::fused::Prediction;

/// Sequences end to end, without padding, and the predictions that count.
#[derive(Clone, Debug)]
pub struct Packed {
    /// All tokens.
    pub ids: Vec<u32>,
    /// Where each sequence lies among them.
    pub sequences: Arc<Vec<Range<usize>>>,
    /// What should follow what, with weights already divided by the whole batch's.
    pub predictions: Vec<Prediction>,
}

impl Packed {
    /// Packs `examples`; each weight is divided by `total`, the weight of the whole batch, so that the
    /// losses of a batch's parts add up to its mean.
    pub fn new<'a>(examples: impl IntoIterator<Item = &'a Example>, total: f64) -> Packed {
        let mut ids = Vec::new();
        let mut sequences = Vec::new();
        let mut predictions = Vec::new();
        for example in examples {
            let start = ids.len();
            ids.extend_from_slice(&example.ids);
            sequences.push(start..ids.len());
            for (i, (&target, &weight)) in
                example.ids.iter().zip(&example.weights).enumerate().skip(1)
            {
                if weight != 0.0 {
                    let row = (start + i - 1) as u32;
                    predictions.push(Prediction {
                        row,
                        target,
                        weight: (f64::from(weight) / total) as f32,
                    });
                }
            }
        }
        Packed {
            ids,
            sequences: Arc::new(sequences),
            predictions,
        }
    }

    /// Tokens of the longest sequence.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.sequences
            .iter()
            .map(ExactSizeIterator::len)
            .max()
            .unwrap_or(0)
    }
}

/// Divides the examples of a batch among `shards` so that each has about the same number of tokens:
/// the longest first, each to the shard with the fewest so far. Returns the places of each shard's
/// examples; a shard may be empty. Depends on the lengths alone.
#[must_use]
pub fn divide(lengths: &[usize], shards: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(lengths[i]), i));
    let mut parts = vec![Vec::new(); shards.max(1)];
    let mut tokens = vec![0usize; parts.len()];
    for i in order {
        let fewest = (0..parts.len())
            .min_by_key(|&part| (tokens[part], part))
            .unwrap_or(0);
        tokens[fewest] += lengths[i];
        parts[fewest].push(i);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_point_at_the_row_before() {
        let first = Example {
            ids: vec![1, 2, 3],
            weights: vec![1.0, 0.0, 2.0],
        };
        let second = Example {
            ids: vec![4, 5],
            weights: vec![1.0, 1.0],
        };
        let packed = Packed::new([&first, &second], 4.0);
        assert_eq!(packed.ids, [1, 2, 3, 4, 5]);
        assert_eq!(*packed.sequences, [0..3, 3..5]);
        let expected = [
            Prediction {
                row: 1,
                target: 3,
                weight: 0.5,
            },
            Prediction {
                row: 3,
                target: 5,
                weight: 0.25,
            },
        ];
        assert_eq!(packed.predictions, expected);
        assert_eq!(packed.longest(), 3);
    }

    #[test]
    fn division_is_even_and_complete() {
        let parts = divide(&[5, 9, 1, 7, 3, 3], 2);
        let mut all: Vec<usize> = parts.concat();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5]);
        let lengths = [5, 9, 1, 7, 3, 3];
        let sums: Vec<usize> = parts
            .iter()
            .map(|part| part.iter().map(|&i| lengths[i]).sum())
            .collect();
        assert_eq!(sums, [15, 13]);
        assert_eq!(divide(&[2], 3), [vec![0], vec![], vec![]]);
    }
}
