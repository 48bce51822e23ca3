//! Has the person pressed Ctrl-C?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Becomes true when Ctrl-C is pressed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on: the first Ctrl-C only sets the flag, so that what there is can be printed; a
    /// second ends the process at once. Where no handler can be set, Ctrl-C keeps its usual meaning.
    #[cfg(feature = "local")]
    pub(crate) fn listen() -> Self {
        let interrupt = Self::default();
        let flag = interrupt.clone();
        let _ = ctrlc::set_handler(move || {
            if flag.0.swap(true, Ordering::Relaxed) {
                leave();
            }
        });
        interrupt
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(feature = "local")]
#[expect(
    clippy::exit,
    reason = "the person asked twice; nothing is left half-written that matters"
)]
fn leave() {
    std::process::exit(crate::Status::Interrupted.code().into());
}
