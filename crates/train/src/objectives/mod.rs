//! Which losses can a model be trained on? One file each, and one line in the registry below.

use candle_core::Tensor;

use crate::Result;
use crate::forward::Forward;
use crate::packed::Packed;

mod sft;

/// A training objective.
#[derive(Debug)]
pub struct Objective {
    /// What the command line calls it.
    pub name: &'static str,
    /// One line: what it does.
    pub title: &'static str,
    /// The manual: what, why, source, limits.
    pub doc: &'static str,
    /// The loss of a part of a batch, a scalar with a gradient where `backward` is true. The losses of
    /// the parts add up to the batch's: weights come divided by the weight of the whole batch.
    pub loss: fn(forward: &Forward, part: &Packed, backward: bool) -> Result<Tensor>,
}

/// Every objective, in the order in which they are listed.
pub static OBJECTIVES: &[&Objective] = &[&sft::ENTRY];

/// The objective of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Objective> {
    OBJECTIVES
        .iter()
        .copied()
        .find(|objective| objective.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_complete_and_found() {
        for (i, objective) in OBJECTIVES.iter().enumerate() {
            assert!(
                OBJECTIVES[..i]
                    .iter()
                    .all(|other| other.name != objective.name)
            );
            assert!(by_name(objective.name).is_some());
            assert!(!objective.title.is_empty() && objective.doc.contains("Source:"));
        }
        assert!(by_name("nothing").is_none());
    }
}
