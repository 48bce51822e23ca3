//! What is known about what an expression yields?

use super::run::{Run, RunSource};
use super::values::{Made, Note, Set, Value};
use crate::form::{Expression, Id, Operator, Slice, Symbol};
use crate::kinds::SourceKind;
use crate::result::{Form, Source};
use crate::tables::Meaning;

impl Run<'_> {
    /// What an expression yields, after everything in it is done.
    pub(super) fn evaluate(&mut self, id: Id) -> Value {
        if !self.spend() {
            return Value::UNKNOWN;
        }
        let value = self.evaluate_here(id);
        self.last[id.0 as usize] = value;
        value
    }

    /// What an expression came to when it was last evaluated.
    pub(super) fn last_of(&self, id: Id) -> Value {
        self.last[id.0 as usize]
    }

    /// All that several expressions came from when they were last evaluated.
    pub(super) fn last_of_all(&mut self, items: Slice) -> Set {
        let mut all = Set::EMPTY;
        for at in items.range() {
            let value = self.last_of(self.unit.lists[at]);
            let whole = self.whole(value);
            all = self.taints.union(all, whole);
        }
        all
    }

    fn evaluate_here(&mut self, id: Id) -> Value {
        let (expression, near) = self.unit.expressions[id.0 as usize];
        match expression {
            Expression::Constant { is_text } => {
                let mut value = Value::constant(self.span(near));
                if !is_text {
                    value.text.1 = value.text.0;
                }
                value
            }
            Expression::Name { symbol, place } => {
                let value = self.values[place.0 as usize];
                if value.is_known {
                    return value;
                }
                if let Some(value) = self.source_at(id) {
                    return value;
                }
                self.constant_named(symbol)
            }
            Expression::Field { base, place, .. } => self.field(id, base, place),
            Expression::Index { base, index, place } => self.element(id, base, index, place),
            Expression::Call {
                callee,
                arguments,
                is_complete,
                ..
            } => self.call(id, callee, arguments, is_complete),
            Expression::Build { parts } => self.build(parts, self.span(near)),
            Expression::Format { parts } => {
                let parts = self.unit.lists[parts.range()].to_vec();
                self.filled_in(&parts, self.span(near))
            }
            Expression::Binary {
                operator,
                left,
                right,
            } => self.binary(operator, left, right),
            Expression::Not(inner) => {
                self.evaluate(inner);
                Value::of(Set::EMPTY)
            }
            Expression::Choice {
                condition,
                then,
                other,
            } => {
                self.evaluate(condition);
                let guards = self.guards.len();
                self.guard(condition, true, Form::Branch);
                let mut then = self.evaluate(then);
                then.taint = self.guarded(guards, then.taint);
                self.guards.truncate(guards);
                self.guard(condition, false, Form::Branch);
                let mut other = self.evaluate(other);
                other.taint = self.guarded(guards, other.taint);
                self.guards.truncate(guards);
                self.either(then, other)
            }
            Expression::Collection { items } => {
                let mut value = Value::of(Set::EMPTY);
                value.made = Made::List;
                value.origin = id.0 + 1;
                value.inner = self.all_of(items);
                value
            }
            Expression::Keyed { key, value } => {
                let result = self.evaluate(value);
                self.judge_keyed(id, key, value, result);
                result
            }
            Expression::Spread(value) => self.evaluate(value),
            Expression::Closure { index } => {
                self.closure(index, Set::EMPTY);
                Value::of(Set::EMPTY)
            }
            Expression::Assign {
                target,
                value,
                augments,
            } => {
                let result = self.evaluate(value);
                self.assign(target, Some(value), result, augments);
                result
            }
            Expression::Comprehension { parts } => {
                let mut value = Value::of(Set::EMPTY);
                for at in parts.range() {
                    let part = self.unit.lists[at];
                    value = self.evaluate(part);
                }
                let mut made = Value::of(Set::EMPTY);
                made.made = Made::List;
                made.inner = self.whole(value);
                made
            }
            Expression::Other { parts } => {
                let taint = self.all_of(parts);
                Value::of(taint)
            }
        }
    }

    /// What comes out of a choice, where what chose it keeps harm away.
    fn guarded(&mut self, from: usize, taint: Set) -> Set {
        if taint.is_empty() || self.guards.len() == from {
            return taint;
        }
        let sources: Vec<(u32, u32)> = self.guards[from..]
            .iter()
            .flat_map(|guard| {
                let kinds = guard.stops();
                self.taints
                    .of(guard.sources)
                    .iter()
                    .map(move |taint| (taint.source, kinds))
            })
            .collect();
        self.taints.map(taint, |_, mut taint| {
            for &(source, kinds) in &sources {
                if source == taint.source {
                    taint.cleaned |= kinds;
                }
            }
            taint
        })
    }

    /// All that several expressions come from.
    pub(super) fn all_of(&mut self, items: Slice) -> Set {
        let mut all = Set::EMPTY;
        for at in items.range() {
            let item = self.unit.lists[at];
            let value = self.evaluate(item);
            let whole = self.whole(value);
            all = self.taints.union(all, whole);
        }
        all
    }

    /// Where an expression is named as a source, what it gives.
    pub(super) fn source_at(&mut self, id: Id) -> Option<Value> {
        let kind = self.meaning(id, |meaning| match meaning {
            Meaning::Source(kind) => Some(kind),
            _ => None,
        })?;
        if let Expression::Name { symbol, .. } = self.unit.expressions[id.0 as usize].0
            && self.is_defined_here(self.word(symbol))
        {
            return None;
        }
        Some(self.outside(id, kind))
    }

    /// A value from outside that enters at an expression.
    pub(super) fn outside(&mut self, id: Id, kind: SourceKind) -> Value {
        let span = self.span_of(id);
        let name = self.shown_path(id);
        let taint = self.entering(RunSource::Outside(Source { kind, span, name }), span);
        Value::of(taint)
    }

    /// A name that nothing here was assigned to: perhaps a constant of the file.
    fn constant_named(&self, symbol: Symbol) -> Value {
        match self.scope.constants.get(self.word(symbol)) {
            Some(constant) => {
                let mut value = Value::constant(constant.text);
                if constant.is_list {
                    value.made = Made::List;
                }
                value
            }
            None => Value::UNKNOWN,
        }
    }

    fn field(&mut self, id: Id, base: Id, place: Option<crate::form::Place>) -> Value {
        let met = self.sources.len();
        let holder = self.evaluate(base);
        let is_first_part = self.sources.len() > met;
        if let Some(place) = place {
            let value = self.values[place.0 as usize];
            if value.is_known {
                return value;
            }
        }
        if let Some(value) = self.source_at(id) {
            return value;
        }
        let value = Value::of(holder.taint);
        if is_first_part && let Some(place) = place {
            // `request.form.name`, read again, is the same value: a check of the one is a check of the other.
            self.write(place, value);
        }
        value
    }

    fn element(
        &mut self,
        id: Id,
        base: Id,
        index: Option<Id>,
        place: Option<crate::form::Place>,
    ) -> Value {
        let met = self.sources.len();
        let holder = self.evaluate(base);
        let is_first_part = self.sources.len() > met;
        let mut is_constant = false;
        if let Some(index) = index {
            let value = self.evaluate(index);
            is_constant = matches!(
                self.unit.expressions[index.0 as usize].0,
                Expression::Constant { .. }
            );
            self.judge_index(id, index, value);
        }
        if let Some(place) = place
            && self.values[place.0 as usize].is_known
        {
            let value = self.values[place.0 as usize];
            if is_constant {
                return value;
            }
            let mut both = self.either(value, Value::of(holder.taint));
            both.taint = self.taints.union(both.taint, holder.inner);
            return both;
        }
        let taint = match is_constant && holder.made != Made::List {
            true => holder.taint,
            false => self.whole(holder),
        };
        let value = Value::of(taint);
        if is_first_part
            && is_constant
            && let Some(place) = place
        {
            self.write(place, value);
        }
        value
    }

    /// The part of a value that a pattern takes by its key.
    pub(super) fn keyed_part(&mut self, from: Option<Id>, value: Value, key: Symbol) -> Value {
        let items = from.and_then(|from| match self.unit.expressions[from.0 as usize].0 {
            Expression::Collection { items } => Some(items),
            _ => None,
        });
        for at in items.unwrap_or_default().range() {
            let item = self.unit.lists[at];
            if let Expression::Keyed { key: other, value } =
                self.unit.expressions[item.0 as usize].0
                && other == key
            {
                return self.evaluate(value);
            }
        }
        let whole = self.whole(value);
        Value::of(whole)
    }

    fn binary(&mut self, operator: Operator, left: Id, right: Id) -> Value {
        let first = self.evaluate(left);
        match operator {
            Operator::And | Operator::Or => {
                // The second operand is only met where the first came out one way.
                let guards = self.guards.len();
                self.guard(left, operator == Operator::And, Form::Branch);
                let second = self.evaluate(right);
                self.guards.truncate(guards);
                self.either(first, second)
            }
            Operator::Default => {
                let second = self.evaluate(right);
                self.either(first, second)
            }
            Operator::Arithmetic => {
                let second = self.evaluate(right);
                let taint = self.taints.union(first.taint, second.taint);
                Value::of(taint)
            }
            Operator::Equal
            | Operator::Unequal
            | Operator::In
            | Operator::NotIn
            | Operator::Less
            | Operator::Greater
            | Operator::IsType => {
                self.evaluate(right);
                Value::of(Set::EMPTY)
            }
        }
    }

    /// Runs a function that is a value where it stands: what it is handed comes from `argument`.
    pub(super) fn closure(&mut self, index: u32, argument: Set) {
        let closure = self.unit.closures[index as usize];
        for at in closure.parameters.range() {
            let parameter = self.unit.lists[at];
            if let Expression::Name { place, .. } = self.unit.expressions[parameter.0 as usize].0 {
                let span = self.span_of(parameter);
                let taint = self.taints.stepped(argument, span, Note::Assigned);
                self.write(place, Value::of(taint));
            }
        }
        self.closure_depth += 1;
        let mark = self.trail.len();
        self.block(closure.body);
        let left = self.take_back(mark);
        self.closure_depth -= 1;
        self.join(&[left, Vec::new()]);
    }
}
