//! What does a call of a function of the same file do?

use super::calls::Called;
use super::run::{Origin, Run, RunSource};
use super::values::{Note, Set, Taint, Value};
use crate::form::{Expression, Id, Slice};
use crate::kinds::Kinds;
use crate::module::Call;
use crate::result::Check;

impl Run<'_> {
    /// The function of this file that a callee is, where that can be told.
    pub(super) fn resolved(&self, callee: Id) -> Option<usize> {
        let name = self.last_name(callee);
        if name.is_empty() {
            return None;
        }
        let candidates = self.scope.by_name.get(name)?;
        let owner_of = |at: &&usize| self.scope.units[**at].unit.owner.as_deref();
        match self.unit.expressions[callee.0 as usize].0 {
            Expression::Name { .. } => {
                let mut free = candidates.iter().filter(|at| owner_of(at).is_none());
                let own = self.unit.owner.as_deref();
                let same = candidates
                    .iter()
                    .find(|at| own.is_some() && owner_of(at) == own);
                match (free.next(), free.next(), same) {
                    (_, _, Some(same)) if !self.scope.grammar.self_is_parameter => Some(*same),
                    (Some(only), None, _) => Some(*only),
                    _ => None,
                }
            }
            Expression::Field { base, .. } => {
                let mut path = String::new();
                self.put_path(base, false, 0, &mut path);
                let owner = match self.scope.grammar.this.contains(&path.as_str()) {
                    true => self.unit.owner.as_deref(),
                    false => Some(path.as_str()),
                };
                let owned = candidates
                    .iter()
                    .find(|at| owner.is_some() && owner_of(at) == owner);
                match (owned, &candidates[..]) {
                    (Some(owned), _) => Some(*owned),
                    // A method of that name stands once in the file, and what it is called on is no import.
                    (None, [only])
                        if !self.scope.aliases.contains_key(&path)
                            && self.entries_of(callee).is_empty() =>
                    {
                        Some(*only)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The parameter of a unit that each argument becomes.
    pub(super) fn bound(&self, called: &Called, inner: usize) -> Vec<(usize, Id, Value)> {
        let unit = &self.scope.units[inner].unit;
        let by_receiver = matches!(
            self.unit.expressions[called.callee.0 as usize].0,
            Expression::Field { .. }
        );
        let mut next = usize::from(unit.has_receiver && by_receiver);
        let mut bound = Vec::new();
        for &(id, value) in &called.arguments {
            if let Expression::Keyed { key, value: inside } = self.unit.expressions[id.0 as usize].0
            {
                let name = self.unit.word(key);
                let named = unit
                    .parameters
                    .iter()
                    .position(|parameter| unit.word(parameter.name) == name);
                bound.extend(named.map(|at| (at, inside, value)));
            } else {
                bound.push((next.min(unit.parameters.len().saturating_sub(1)), id, value));
                next += 1;
            }
        }
        bound
    }

    pub(super) fn result_of_unit(&mut self, called: &Called, inner: usize) -> Option<Value> {
        let outcome = self.scope.outcomes[inner].clone()?;
        self.outcome.callees.push(inner);
        let bound = self.bound(called, inner);
        for arrival in &outcome.arrivals {
            for &(parameter, _, value) in &bound {
                if parameter == arrival.parameter {
                    let whole = self.whole(value);
                    self.pass_on(arrival, whole, called.span);
                }
            }
        }
        let mut result = Set::EMPTY;
        for returned in &outcome.returns {
            let set = match &returned.from {
                Origin::Source(source) => {
                    self.entering(RunSource::Outside(source.clone()), source.span)
                }
                Origin::Parameter(at) => {
                    let mut set = Set::EMPTY;
                    for &(parameter, _, value) in &bound {
                        if parameter == *at {
                            let whole = self.whole(value);
                            set = self.taints.union(set, whole);
                        }
                    }
                    set
                }
            };
            let span = called.span;
            let set = self.taints.map(set, |taints, taint| {
                let note = match returned.cleaned & Kinds::ALL.0 {
                    0 => Note::Through,
                    kinds => Note::Cleaned(Kinds(kinds)),
                };
                Taint {
                    cleaned: taint.cleaned | returned.cleaned,
                    doubts: taint.doubts.saturating_add(returned.doubts),
                    step: taints.step(Some(taint.step), span, note),
                    ..taint
                }
            });
            result = self.taints.union(result, set);
        }
        Some(Value::of(result))
    }

    /// What a function of this file demands of the arguments of a call before it returns.
    pub(super) fn demanded_parameters(
        &mut self,
        callee: Id,
        arguments: Slice,
    ) -> Option<(Check, Set)> {
        let inner = self.resolved(callee)?;
        let outcome = self.scope.outcomes[inner].clone()?;
        if outcome.demands.is_empty() {
            return None;
        }
        let called = Called {
            id: callee,
            callee,
            span: self.span_of(callee),
            receiver: None,
            arguments: arguments
                .range()
                .map(|at| (self.unit.lists[at], self.last_of(self.unit.lists[at])))
                .collect(),
        };
        let mut found = None;
        for (parameter, _, value) in self.bound(&called, inner) {
            if outcome.demands.iter().any(|(at, _)| *at == parameter) {
                let whole = self.whole(value);
                let before = found.map_or(Set::EMPTY, |(_, set)| set);
                found = Some((Check::Call, self.taints.union(before, whole)));
            }
        }
        found
    }

    /// Notes a call to a function of this file.
    pub(super) fn record(&mut self, called: &Called, inner: Option<usize>, is_complete: bool) {
        let Some(inner) = inner.filter(|_| is_complete) else {
            return;
        };
        if self
            .outcome
            .calls
            .iter()
            .any(|call| call.span == called.span)
        {
            return;
        }
        self.outcome.calls.push(Call {
            caller: self.scope.function_of[self.index],
            callee: self.scope.function_of[inner],
            span: called.span,
            arguments: called
                .arguments
                .iter()
                .map(|(id, _)| self.span_of(*id))
                .collect(),
            guards: self.guards_on(None, crate::kinds::SinkKind::Code),
        });
    }
}
