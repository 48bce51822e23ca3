//! Where does control go, and what holds there?

use super::guards::Active;
use super::run::{Origin, Returned, Run, RunSource};
use super::values::{Made, Note, Set, Value};
use crate::form::{Expression, Id, Place, Slice, Statement};
use crate::result::{Check, Form};
use crate::tree::FastMap;

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

    fn statements(&mut self, block: Slice) -> Ends {
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

    /// Goes back to how places were, and says what had become of them, in order of their number.
    pub(super) fn take_back(&mut self, mark: usize) -> Vec<(Place, Value)> {
        let mut changed: Vec<Place> = self.trail[mark..].iter().map(|(place, _)| *place).collect();
        changed.sort_unstable_by_key(|place| place.0);
        changed.dedup();
        let now = |place: Place| (place, self.values[place.0 as usize]);
        let changed = changed.into_iter().map(now).collect();
        while self.trail.len() > mark {
            if let Some((place, old)) = self.trail.pop() {
                self.values[place.0 as usize] = old;
            }
        }
        changed
    }

    pub(super) fn put(&mut self, changed: &[(Place, Value)]) {
        for &(place, value) in changed {
            self.write(place, value);
        }
    }

    /// What may be, where control comes by any of several ways: places that one of them did not write are as they
    /// are now.
    pub(super) fn join(&mut self, ways: &[Vec<(Place, Value)>]) {
        if let [only] = ways {
            return self.put(only);
        }
        let mut seen: FastMap<Place, (Value, usize)> = FastMap::default();
        let mut order = Vec::new();
        for &(place, value) in ways.iter().flatten() {
            match seen.get(&place).copied() {
                Some((before, times)) => {
                    let both = self.either(before, value);
                    seen.insert(place, (both, times + 1));
                }
                None => {
                    order.push(place);
                    seen.insert(place, (value, 1));
                }
            }
        }
        for place in order {
            let Some(&(value, times)) = seen.get(&place) else {
                continue;
            };
            let value = match times < ways.len() {
                true => {
                    let now = self.values[place.0 as usize];
                    self.either(now, value)
                }
                false => value,
            };
            self.write(place, value);
        }
    }

    /// A value that is one or the other.
    pub(super) fn either(&mut self, one: Value, other: Value) -> Value {
        if !one.is_known {
            return other;
        }
        if !other.is_known || one == other {
            return one;
        }
        let taint = self.taints.union(one.taint, other.taint);
        let inner = self.taints.union(one.inner, other.inner);
        let more_varied = |value: &Value| match value.made {
            Made::Constant => 0,
            Made::List => 1,
            Made::Opaque => 2,
            Made::Prefixed => 3,
            Made::Built => 4,
        };
        let shown = if more_varied(&other) > more_varied(&one) {
            other
        } else {
            one
        };
        let origin = if one.origin == other.origin {
            one.origin
        } else {
            0
        };
        Value {
            taint,
            inner,
            origin,
            ..shown
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

    fn jump(&mut self) {
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
    fn with_jumps(&mut self, work: impl FnOnce(&mut Self)) {
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

    fn repeat(
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

    fn switch(&mut self, subject: Option<Id>, cases: Slice, falls_through: bool) -> Ends {
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

    fn attempt(&mut self, body: Slice, handlers: Slice, finally: Slice) -> Ends {
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

    /// Puts a value where it is assigned to.
    pub(super) fn assign(&mut self, target: Id, from: Option<Id>, value: Value, augments: bool) {
        if !self.spend() {
            return;
        }
        let span = self.span_of(target);
        match self.unit.expressions[target.0 as usize].0 {
            Expression::Name { place, .. } => {
                let value = self.assigned(place, from, value, augments, span);
                self.forget_parts(place);
                self.write(place, value);
            }
            Expression::Field { base, place, .. } => {
                self.evaluate(base);
                self.judge_assigned(target, from, value);
                self.write_inside(place, from, value, augments, span);
            }
            Expression::Index { base, index, place } => {
                self.evaluate(base);
                if let Some(index) = index {
                    let index_value = self.evaluate(index);
                    self.judge_index(target, index, index_value);
                }
                self.judge_assigned(target, from, value);
                self.write_inside(place, from, value, augments, span);
            }
            Expression::Collection { items } => {
                let sources =
                    from.and_then(|from| match self.unit.expressions[from.0 as usize].0 {
                        Expression::Collection { items } => Some(items),
                        _ => None,
                    });
                let pairwise =
                    sources.filter(|sources| sources.range().len() == items.range().len());
                for (nth, at) in items.range().enumerate() {
                    let item = self.unit.lists[at];
                    match pairwise {
                        Some(sources) => {
                            let source = self.unit.lists[sources.range().start + nth];
                            let value = self.evaluate(source);
                            self.assign(item, Some(source), value, augments);
                        }
                        None => {
                            let whole = self.whole(value);
                            self.assign(item, None, Value::of(whole), augments);
                        }
                    }
                }
            }
            Expression::Keyed { key, value: inner } => {
                let value = self.keyed_part(from, value, key);
                self.assign(inner, None, value, augments);
            }
            Expression::Spread(inner) => self.assign(inner, from, value, augments),
            // What else stands left of an assignment is read: `*p = x`, `f().x = y`.
            Expression::Other { parts } | Expression::Build { parts } => {
                for at in parts.range() {
                    let part = self.unit.lists[at];
                    self.evaluate(part);
                }
            }
            _ => {
                self.evaluate(target);
            }
        }
    }

    /// Fields and elements of what a name held are not those of what it holds now.
    fn forget_parts(&mut self, place: Place) {
        if !self.holds_parts[place.0 as usize] {
            return;
        }
        for at in 0..self.unit.places.len() {
            let mut above = self.unit.places[at].0;
            while let Some(holder) = above {
                if holder == place && self.values[at].is_known {
                    self.write(Place(at as u32), Value::UNKNOWN);
                }
                above = self.unit.places[holder.0 as usize].0;
            }
        }
    }

    fn assigned(
        &mut self,
        place: Place,
        from: Option<Id>,
        value: Value,
        augments: bool,
        span: palinode_code::Span,
    ) -> Value {
        let mut value = value;
        value.is_known = true;
        if value.origin == 0 {
            value.origin = from.map_or(0, |from| from.0 + 1);
        }
        value.taint = self.taints.stepped(value.taint, span, Note::Assigned);
        if augments {
            let before = self.values[place.0 as usize];
            let taint = self.taints.union(before.taint, value.taint);
            let inner = self.taints.union(before.inner, value.inner);
            let made = match before.made {
                Made::Constant | Made::Prefixed if before.is_known => Made::Prefixed,
                _ if value.made == Made::Opaque && before.made == Made::Opaque => Made::Opaque,
                Made::List => Made::List,
                _ => Made::Built,
            };
            let all_constant = before.made == Made::Constant && value.made == Made::Constant;
            return Value {
                taint,
                inner,
                made: if all_constant { Made::Constant } else { made },
                text: before.text,
                origin: 0,
                ..value
            };
        }
        value
    }

    /// A field or an element gets a value: the place itself, and what all that holds it is known to hold.
    fn write_inside(
        &mut self,
        place: Option<Place>,
        from: Option<Id>,
        value: Value,
        augments: bool,
        span: palinode_code::Span,
    ) {
        let Some(place) = place else {
            return;
        };
        let value = self.assigned(place, from, value, augments, span);
        self.write(place, value);
        let whole = self.whole(value);
        if whole.is_empty() {
            return;
        }
        let mut above = self.unit.places[place.0 as usize].0;
        while let Some(holder) = above {
            let mut held = self.values[holder.0 as usize];
            held.inner = self.taints.union(held.inner, whole);
            held.is_known = true;
            self.write(holder, held);
            above = self.unit.places[holder.0 as usize].0;
        }
    }

    /// All that a value comes from, its fields and elements included.
    pub(super) fn whole(&mut self, value: Value) -> Set {
        self.taints.union(value.taint, value.inner)
    }
}
