//! What holds after a loop, a switch, a `try`: wherever control may leave a block but at its end?

use super::guards::Active;
use super::run::Run;
use super::statements::Ends;
use super::values::Value;
use crate::form::{Id, Place, Slice};
use crate::result::Form;

impl Run<'_> {
    pub(super) fn jump(&mut self) {
        let (Some(&mark), false) = (self.marks.last(), self.jumps.is_empty()) else {
            return;
        };
        let mut left: Vec<(Place, Value)> = Vec::new();
        for &(place, _) in &self.trail[mark..] {
            left.push((place, self.values[place.0 as usize]));
        }
        if let Some(jumps) = self.jumps.last_mut() {
            jumps.extend(left);
        }
    }

    /// Runs `work`, after which jumps out of it go on.
    pub(super) fn with_jumps(&mut self, work: impl FnOnce(&mut Self)) {
        self.marks.push(self.trail.len());
        self.jumps.push(Vec::new());
        work(self);
        self.marks.pop();
        let jumps = self.jumps.pop().unwrap_or_default();
        for (place, value) in jumps {
            let now = self.values[place.0 as usize];
            let both = self.either(now, value);
            if both != now {
                self.write(place, both);
            }
        }
    }

    pub(super) fn repeat(
        &mut self,
        condition: Option<Id>,
        each: Option<(Option<Id>, Value)>,
        body: Slice,
        runs_once: bool,
    ) {
        let outermost = !self.in_loop;
        self.in_loop = true;
        self.with_jumps(|run| {
            // What the first round leaves may reach an earlier place in the second. Of nested loops only the
            // outermost runs twice, so that the cost stays twice the program.
            let rounds = if outermost { 2 } else { 1 };
            for _ in 0..rounds {
                let guards = run.guards.len();
                let mark = run.trail.len();
                if let Some(condition) = condition {
                    run.evaluate(condition);
                    run.guard(condition, true, Form::Branch);
                }
                if let Some((Some(target), element)) = each {
                    run.assign(target, None, element, false);
                }
                let ends = run.block(body);
                run.guards.truncate(guards);
                let left = run.take_back(mark);
                let changes = left.iter().any(|&(place, value)| {
                    let before = run.values[place.0 as usize];
                    !value.taint.is_empty() && before.taint != value.taint
                        || !value.inner.is_empty() && before.inner != value.inner
                });
                match (ends, runs_once) {
                    (Ends::On, true) => run.put(&left),
                    (Ends::Leaves, _) => {}
                    _ => run.join(&[left, Vec::new()]),
                }
                if !changes {
                    break;
                }
            }
        });
        self.in_loop = !outermost;
    }

    pub(super) fn switch(
        &mut self,
        subject: Option<Id>,
        cases: Slice,
        falls_through: bool,
    ) -> Ends {
        let value = subject.map(|subject| self.evaluate(subject));
        let mut ways: Vec<Vec<(Place, Value)>> = Vec::new();
        let mut has_default = false;
        let mut all_leave = true;
        self.with_jumps(|run| {
            let mark = run.trail.len();
            let mut carried: Option<Vec<(Place, Value)>> = None;
            for at in cases.range() {
                let case = run.unit.cases[at];
                let guards = run.guards.len();
                has_default |= case.values == Slice::default();
                for value_at in case.values.range() {
                    let id = run.unit.lists[value_at];
                    run.evaluate(id);
                    match (subject, value) {
                        (Some(subject), Some(value)) => run.guard_case(subject, value, id),
                        // `switch { case condition: … }`
                        _ => run.guard(id, true, Form::Branch),
                    }
                }
                if let Some(before) = carried.take() {
                    run.put(&before);
                    run.guards.truncate(guards);
                }
                let ends = run.block(case.body);
                run.guards.truncate(guards);
                let left = run.take_back(mark);
                match ends {
                    Ends::On if falls_through => carried = Some(left),
                    Ends::On => ways.push(left),
                    Ends::Jumps => {}
                    Ends::Leaves => continue,
                }
                all_leave = false;
            }
            ways.extend(carried);
            if !has_default {
                ways.push(Vec::new());
            }
            run.join(&ways);
        });
        if has_default && all_leave {
            Ends::Leaves
        } else {
            Ends::On
        }
    }

    pub(super) fn attempt(&mut self, body: Slice, handlers: Slice, finally: Slice) -> Ends {
        let guards = self.guards.len();
        let mark = self.trail.len();
        let ends = self.statements(body);
        let mut ways = Vec::new();
        let left = self.take_back(mark);
        let mut goes_on = ends == Ends::On;
        if goes_on {
            ways.push(left.clone());
        }
        let held: Vec<Active> = self.guards.drain(guards..).collect();
        let mut all_leave = true;
        for at in handlers.range() {
            // It may have come to any point of the body.
            self.join(&[left.clone(), Vec::new()]);
            let handler_ends = self.block(self.unit.cases[at].body);
            let handled = self.take_back(mark);
            if handler_ends == Ends::On {
                ways.push(handled);
                goes_on = true;
                all_leave = false;
            }
        }
        if !ways.is_empty() {
            self.join(&ways);
        }
        if all_leave && ends == Ends::On {
            // Only a body that was run to its end goes on: what it checked holds.
            self.guards.extend(held);
        }
        let finally_ends = self.statements(finally);
        if finally_ends != Ends::On {
            return finally_ends;
        }
        match (goes_on, ends) {
            (true, _) => Ends::On,
            (false, Ends::On) => Ends::Leaves,
            (false, ends) => ends,
        }
    }
}
