//! Which positions may a position see? Itself and those before it, or the last of them only.

use std::cell::RefCell;
use std::collections::BTreeMap;

use candle_core::Tensor;

use crate::Error;

/// Where some queries stand, how many they are, and how far they see.
type Key = (usize, usize, Option<usize>);

/// The masks of one pass: layers share them, and each is made, and taken to the device, once.
#[derive(Default)]
pub(super) struct Masks(RefCell<BTreeMap<Key, Tensor>>);

impl Masks {
    /// What is added to attention scores, in their type and on their device: 0 where a query may look, -infinity
    /// where it may not. None where nothing is hidden.
    ///
    /// `[time, past + time]`: query `t` stands at position `past + t` and sees positions up to its own, the last
    /// `window` of them.
    pub(super) fn of(
        &self,
        past: usize,
        time: usize,
        window: Option<usize>,
        scores: &Tensor,
    ) -> Result<Option<Tensor>, Error> {
        let seen = past + time;
        // A window that reaches over everything hides nothing.
        let window = window.filter(|window| *window < seen);
        if time == 1 && window.is_none() {
            return Ok(None);
        }
        let key = (past, time, window);
        if let Some(mask) = self.0.borrow().get(&key) {
            return Ok(Some(mask.clone()));
        }
        let mut values = vec![0f32; time * seen];
        for (query, row) in values.chunks_exact_mut(seen).enumerate() {
            let end = past + query + 1;
            row[end..].fill(f32::NEG_INFINITY);
            if let Some(window) = window {
                row[..end.saturating_sub(window)].fill(f32::NEG_INFINITY);
            }
        }
        let mask = Tensor::from_vec(values, (time, seen), scores.device())?;
        let mask = mask.to_dtype(scores.dtype())?;
        self.0.borrow_mut().insert(key, mask.clone());
        Ok(Some(mask))
    }
}
