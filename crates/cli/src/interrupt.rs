//! Has the person pressed Ctrl-C?

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Becomes true when Ctrl-C is pressed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    pressed: Arc<AtomicBool>,
    /// Whether anybody looks at `pressed`.
    heeded: AtomicBool,
}

impl Interrupt {
    /// Listens from now on: the first Ctrl-C only sets the flag, so that what there is can be printed; a
    /// second ends the process at once. Where no handler can be set, Ctrl-C keeps its usual meaning.
    ///
    /// A process has one handler, so all who listen hear the same.
    pub(crate) fn listen() -> Self {
        static LISTENER: OnceLock<Interrupt> = OnceLock::new();
        let listener = LISTENER.get_or_init(|| {
            let interrupt = Self::default();
            let state = Arc::clone(&interrupt.0);
            let _ = ctrlc::set_handler(move || {
                let heeded = state.heeded.load(Ordering::Relaxed);
                if state.pressed.swap(true, Ordering::Relaxed) || !heeded {
                    leave();
                }
            });
            interrupt
        });
        listener.0.heeded.store(true, Ordering::Relaxed);
        listener.clone()
    }

    /// Nobody looks from now on: Ctrl-C ends the process at once, until somebody listens again.
    #[cfg(feature = "local")]
    pub(crate) fn ignore(&self) {
        self.0.heeded.store(false, Ordering::Relaxed);
    }

    /// The switch that Ctrl-C turns, for those who end programs by it.
    pub(crate) fn switch(&self) -> palinode_sandbox::Interrupt {
        palinode_sandbox::Interrupt::from(Arc::clone(&self.0.pressed))
    }

    /// Whether Ctrl-C was pressed.
    pub(crate) fn is_set(&self) -> bool {
        self.0.pressed.load(Ordering::Relaxed)
    }
}

#[expect(
    clippy::exit,
    reason = "the person insists, or nobody could stop; nothing is left half-written that matters"
)]
fn leave() {
    std::process::exit(crate::Status::Interrupted.code().into());
}
