//! How does somebody else end a run that is under way?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A switch that ends runs. Clones share it; once it is on, it stays on, and later runs end at once.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// A switch that is off.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every run that was given this switch, within a few hundredths of a second. It only stores a value, so a
    /// signal handler may call it.
    pub fn trigger(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is on.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl From<Arc<AtomicBool>> for Interrupt {
    /// The switch that this value is: who sets it, turns it on.
    fn from(switch: Arc<AtomicBool>) -> Self {
        Self(switch)
    }
}
