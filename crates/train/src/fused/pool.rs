//! Where do the large temporary arrays of a step live between two steps?
//!
//! A step needs hundreds of megabytes for a moment. Handed back to the system each time, every page of
//! them is cleared again at the next step, which costs a tenth of it; so they are kept.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

/// Arrays not in use. Clones share them. They are freed with the last clone.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    free: Arc<Mutex<Vec<Vec<f32>>>>,
}

impl Pool {
    /// An array of `len` numbers, whose values are whatever was there before.
    pub(crate) fn take(&self, len: usize) -> Buffer {
        let found = self.free.lock().ok().and_then(|mut free| {
            // The smallest that is large enough, but not so large that a larger request misses it.
            let fitting = free
                .iter()
                .enumerate()
                .filter(|(_, values)| (len..=2 * len).contains(&values.capacity()));
            let best = fitting
                .min_by_key(|(_, values)| values.capacity())
                .map(|(i, _)| i)?;
            Some(free.swap_remove(best))
        });
        let mut values = found.unwrap_or_else(|| {
            // Rounded up, so that steps of slightly different sizes use the same arrays.
            Vec::with_capacity(len.next_multiple_of((len / 8).next_power_of_two()))
        });
        values.resize(len, 0.0);
        Buffer {
            values,
            pool: self.clone(),
        }
    }
}

/// An array on loan from a [`Pool`], which gets it back when this is dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    values: Vec<f32>,
    pool: Pool,
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Ok(mut free) = self.pool.free.lock() {
            free.push(std::mem::take(&mut self.values));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back() {
        let pool = Pool::default();
        let (first, second) = (pool.take(1000), pool.take(10));
        let address = first.as_ptr();
        drop((first, second));
        assert_eq!(pool.free.lock().unwrap().len(), 2);
        let again = pool.take(900);
        assert_eq!((again.len(), again.as_ptr()), (900, address));
        assert_eq!(pool.free.lock().unwrap().len(), 1);
        assert_eq!(pool.take(0).len(), 0);
    }
}
