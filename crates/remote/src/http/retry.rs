//! When is a question asked again, and when is it given up?

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::Policy;
use crate::Error;

/// How often the caller is asked, while nothing happens, whether it still wants the answer.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// What has been tried for one question.
#[derive(Debug)]
pub(crate) struct Tries<'p> {
    policy: &'p Policy,
    failed: u32,
    paused: Duration,
}

impl<'p> Tries<'p> {
    pub(crate) fn new(policy: &'p Policy) -> Tries<'p> {
        Tries {
            policy,
            failed: 0,
            paused: Duration::ZERO,
        }
    }

    /// The last attempt brought something: the next failure counts as the first. The time spent pausing stays,
    /// so that a server that cuts every answer is left in the end.
    pub(crate) fn progressed(&mut self) {
        self.failed = 0;
    }

    /// How long to pause before the next attempt; none where this failure is final.
    ///
    /// Pauses have no random part: one client that asks for one thing makes no crowd.
    pub(crate) fn after(&mut self, error: &Error) -> Option<Duration> {
        self.failed += 1;
        if !error.is_passing() || self.failed >= self.policy.attempts {
            return None;
        }
        let doubled = 2_u32.saturating_pow(self.failed - 1);
        let own = self.policy.first_pause.saturating_mul(doubled);
        let pause = match error {
            Error::Busy {
                retry_after: Some(asked),
                ..
            } => {
                // Asking sooner than the server allows only makes it wait longer.
                if *asked > self.policy.longest_pause {
                    return None;
                }
                *asked
            }
            _ => own.min(self.policy.longest_pause),
        };
        self.paused = self.paused.saturating_add(pause);
        (self.paused <= self.policy.pauses).then_some(pause)
    }
}

/// Waits, as long as the caller wants to; `tick` is told what is left.
pub(crate) fn pause(
    length: Duration,
    tick: &mut dyn FnMut(Duration) -> ControlFlow<()>,
) -> Result<(), Error> {
    let end = Instant::now() + length;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if tick(left).is_break() {
            return Err(Error::Interrupted);
        }
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(TICK));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut() -> Error {
        Error::Cut {
            address: String::new(),
            received: 0,
            problem: String::new(),
        }
    }

    fn busy(retry_after: Option<u64>) -> Error {
        Error::Busy {
            address: String::new(),
            status: 429,
            retry_after: retry_after.map(Duration::from_secs),
            message: String::new(),
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let mut policy = Policy::usual("test");
        (policy.attempts, policy.longest_pause) = (6, Duration::from_secs(5));
        let mut tries = Tries::new(&policy);
        let pauses: Vec<_> = (0..6).map(|_| tries.after(&cut())).collect();
        let seconds = [Some(1), Some(2), Some(4), Some(5), Some(5), None];
        assert_eq!(pauses, seconds.map(|s| s.map(Duration::from_secs)));
    }

    #[test]
    fn what_a_server_asks_for_is_kept_within_bounds() {
        let policy = Policy::usual("test");
        let mut tries = Tries::new(&policy);
        assert_eq!(tries.after(&busy(Some(7))), Some(Duration::from_secs(7)));
        assert_eq!(tries.after(&busy(Some(61))), None);
    }

    #[test]
    fn progress_renews_the_attempts_and_not_the_budget() {
        let mut policy = Policy::usual("test");
        (policy.attempts, policy.pauses) = (2, Duration::from_secs(3));
        let mut tries = Tries::new(&policy);
        for _ in 0..3 {
            assert!(tries.after(&cut()).is_some());
            tries.progressed();
        }
        assert_eq!(tries.after(&cut()), None);
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        let policy = Policy::usual("test");
        assert_eq!(Tries::new(&policy).after(&Error::NoCache), None);
    }

    #[test]
    fn a_pause_can_be_broken_off() {
        let mut break_off = |_| ControlFlow::Break(());
        let paused = pause(Duration::from_secs(3600), &mut break_off);
        assert!(matches!(paused, Err(Error::Interrupted)));
    }
}
