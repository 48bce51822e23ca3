//! Which rules take too long on this text?

use std::time::Duration;

/// A clock, and how long rules may take by it.
///
/// This room has none of its own: the caller brings one, so that a test may bring one that it moves itself.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// The time since any fixed moment.
    pub now: &'a dyn Fn() -> Duration,
    /// How long a text may take before anyone asks which rule it is that takes so long.
    pub slice: Duration,
    /// How long one rule may take on one text from then on.
    pub budget: Duration,
}

impl std::fmt::Debug for Clock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock")
            .field("slice", &self.slice)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// Nodes between two looks at the clock, while no rule is charged.
const NODES: u32 = 64;

/// Who has taken how long. It costs next to nothing until a text has taken longer than a slice.
pub(crate) struct Meter<'a> {
    clock: Option<Clock<'a>>,
    started: Duration,
    nodes: u32,
    charging: bool,
    taken: Vec<Duration>,
    stopped: Vec<bool>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(clock: Option<Clock<'a>>, rules: usize) -> Self {
        Self {
            started: clock.map_or(Duration::ZERO, |clock| (clock.now)()),
            clock,
            nodes: 0,
            charging: false,
            taken: vec![Duration::ZERO; rules],
            stopped: vec![false; rules],
        }
    }

    /// Says that another node is met.
    pub(crate) fn node(&mut self) {
        self.nodes = self.nodes.wrapping_add(1);
        if let Some(clock) = &self.clock
            && !self.charging
            && self.nodes.is_multiple_of(NODES)
        {
            self.charging = (clock.now)().saturating_sub(self.started) > clock.slice;
        }
    }

    /// Does `work`, on the account of a rule.
    pub(crate) fn charge<T>(&mut self, rule: usize, work: impl FnOnce() -> T) -> T {
        let Some(clock) = self.clock.filter(|_| self.charging) else {
            return work();
        };
        let before = (clock.now)();
        let result = work();
        self.taken[rule] += (clock.now)().saturating_sub(before);
        self.stopped[rule] |= self.taken[rule] > clock.budget;
        result
    }

    pub(crate) fn is_stopped(&self, rule: usize) -> bool {
        self.stopped[rule]
    }

    /// The rules that were stopped, and what they had taken.
    pub(crate) fn stopped(&self) -> impl Iterator<Item = (usize, Duration)> {
        let rules = self.taken.iter().copied().enumerate();
        rules.filter(|&(rule, _)| self.stopped[rule])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_rule_is_charged_once_the_text_has_had_its_slice() {
        let time = Cell::new(Duration::ZERO);
        let now = || time.get();
        let wait = |ms| time.set(time.get() + Duration::from_millis(ms));
        let clock = Clock {
            now: &now,
            slice: Duration::from_millis(10),
            budget: Duration::from_millis(5),
        };
        let mut meter = Meter::new(Some(clock), 2);
        meter.charge(0, || wait(11));
        assert!(!meter.is_stopped(0), "no one was charged yet");
        for _ in 0..NODES {
            meter.node();
        }
        meter.charge(0, || wait(6));
        meter.charge(1, || wait(5));
        assert_eq!((meter.is_stopped(0), meter.is_stopped(1)), (true, false));
        let stopped: Vec<_> = meter.stopped().collect();
        assert_eq!(stopped, [(0, Duration::from_millis(6))]);
    }
}
