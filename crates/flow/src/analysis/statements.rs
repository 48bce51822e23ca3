//! Where does control go, and what holds there?

use super::run::{Origin, Returned, Run, RunSource};
use super::values::{Set, Value};
use crate::form::{Id, Slice, Statement};
use crate::result::{Check, Form};

/// Whether control goes on after a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// It does.
    On,
    /// It leaves the loop or the switch around.
    Jumps,
    /// It leaves the function.
    Leaves,
}

impl Run<'_> {
    /// Runs the statements of a block. Guards that its early exits leave hold until its end.
    pub(super) fn block(&mut self, block: Slice) -> Ends {
        let guards = self.guards.len();
        let ends = self.statements(block);
        self.guards.truncate(guards);
        ends
    }

    pub(super) fn statements(&mut self, block: Slice) -> Ends {
        for at in block.range() {
            if !self.spend() {
                return Ends::Leaves;
            }
            let statement = self.unit.statements[at];
            let ends = self.statement(statement);
            if ends != Ends::On {
                return ends;
            }
        }
        Ends::On
    }

    fn statement(&mut self, statement: Statement) -> Ends {
        match statement {
            Statement::Evaluate(value) => {
                self.evaluate(value);
                if self.is_exit(value) {
                    return Ends::Leaves;
                }
                self.demand(value);
            }
            Statement::Assign {
                target,
                value,
                augments,
                whole: _,
            } => {
                let result = self.evaluate(value);
                self.assign(target, Some(value), result, augments);
                self.demand(value);
            }
            Statement::If {
                condition,
                then,
                other,
            } => return self.branch(condition, then, other),
            Statement::Loop {
                condition,
                body,
                runs_once,
            } => self.repeat(condition, None, body, runs_once),
            Statement::Each { target, over, body } => {
                let elements = self.evaluate(over);
                let whole = self.whole(elements);
                let element = Value::of(whole);
                self.repeat(None, Some((target, element)), body, false);
            }
            Statement::Switch {
                subject,
                cases,
                falls_through,
            } => return self.switch(subject, cases, falls_through),
            Statement::Try {
                body,
                handlers,
                finally,
            } => return self.attempt(body, handlers, finally),
            Statement::Return(value) => {
                if let Some(id) = value {
                    let value = self.evaluate(id);
                    self.returned(id, value);
                }
                return Ends::Leaves;
            }
            Statement::Raise(value) => {
                if let Some(id) = value {
                    self.evaluate(id);
                }
                return Ends::Leaves;
            }
            Statement::Jump => {
                self.jump();
                return Ends::Jumps;
            }
            Statement::Assert(condition) => {
                self.evaluate(condition);
                self.guard(condition, true, Form::Assertion);
            }
        }
        Ends::On
    }

    /// What a value that leaves the function comes from.
    fn returned(&mut self, id: Id, value: Value) {
        if self.closure_depth > 0 {
            return;
        }
        self.judge_return(id, value);
        let whole = self.whole(value);
        for taint in self.taints.of(whole) {
            let from = match &self.sources[taint.source as usize] {
                RunSource::Parameter(at) => Origin::Parameter(*at),
                RunSource::Outside(source) => Origin::Source(source.clone()),
            };
            let same = self
                .outcome
                .returns
                .iter_mut()
                .find(|known| known.from == from);
            match same {
                Some(known) => {
                    known.cleaned &= taint.cleaned;
                    known.doubts = known.doubts.min(taint.doubts);
                }
                None => self.outcome.returns.push(Returned {
                    from,
                    cleaned: taint.cleaned,
                    doubts: taint.doubts,
                }),
            }
        }
    }

    fn branch(&mut self, condition: Id, then: Slice, other: Slice) -> Ends {
        self.evaluate(condition);
        let guards = self.guards.len();
        let mark = self.trail.len();
        self.guard(condition, true, Form::Branch);
        let then_ends = self.block(then);
        self.guards.truncate(guards);
        let then_left = self.take_back(mark);
        self.guard(condition, false, Form::Branch);
        let other_ends = self.block(other);
        self.guards.truncate(guards);
        let other_left = self.take_back(mark);
        match (then_ends, other_ends) {
            (Ends::On, Ends::On) => self.join(&[then_left, other_left]),
            (Ends::On, _) => {
                self.put(&then_left);
                self.guard(condition, true, Form::EarlyExit);
            }
            (_, Ends::On) => {
                self.put(&other_left);
                self.guard(condition, false, Form::EarlyExit);
                if then_ends == Ends::Leaves {
                    self.demands_of(guards);
                }
            }
            (Ends::Jumps, _) | (_, Ends::Jumps) => return Ends::Jumps,
            _ => return Ends::Leaves,
        }
        Ends::On
    }

    /// Notes for callers that a parameter was checked before the function went on.
    fn demands_of(&mut self, from: usize) {
        let guards: Vec<(Set, Check)> = self.guards[from..]
            .iter()
            .filter(|guard| guard.may_stop())
            .map(|guard| (guard.sources, guard.check))
            .collect();
        for (sources, check) in guards {
            for taint in self.taints.of(sources) {
                if let RunSource::Parameter(at) = self.sources[taint.source as usize]
                    && !self.outcome.demands.contains(&(at, check))
                {
                    self.outcome.demands.push((at, check));
                }
            }
        }
    }
}
