//! What does a condition ask?

use super::guards::Active;
use super::run::Run;
use super::values::{Made, NORMAL, Set, Value};
use crate::form::{Expression, Id, Operator, Slice};
use crate::result::{Check, Form};
use crate::tables::Meaning;

impl Run<'_> {
    /// What one condition, that is not made of others, asks.
    pub(super) fn asked(&mut self, condition: Id, holds: bool, form: Form) -> Option<Active> {
        let mut active = Active {
            condition,
            holds,
            form,
            check: Check::Presence,
            sources: Set::EMPTY,
            is_normal: false,
            about_parents: false,
            is_at_most: false,
        };
        match self.unit.expressions[condition.0 as usize].0 {
            Expression::Binary {
                operator,
                left,
                right,
            } => self.asked_by_operator(&mut active, operator, left, right),
            Expression::Call {
                callee, arguments, ..
            } => self.asked_by_call(&mut active, callee, arguments),
            Expression::Assign { value, .. } => {
                let value = self.last_of(value);
                active.sources = self.whole(value);
            }
            Expression::Constant { .. } => return None,
            _ => {
                let value = self.last_of(condition);
                active.sources = self.whole(value);
            }
        }
        Some(active)
    }

    pub(super) fn asked_by_operator(
        &mut self,
        active: &mut Active,
        operator: Operator,
        left: Id,
        right: Id,
    ) {
        let first = self.last_of(left);
        let second = self.last_of(right);
        // A condition on what a call says about a value is one on the value: `len(x) > 3`, `m(x) == 0`.
        let first_sources = self.sources_of(left, first);
        let second_sources = self.sources_of(right, second);
        active.sources = self.taints.union(first_sources, second_sources);
        self.mark_normal(active, first_sources);
        match operator {
            Operator::Equal | Operator::Unequal => {
                if operator == Operator::Unequal {
                    active.holds = !active.holds;
                }
                let (constant, other) = if first.made == Made::Constant {
                    (left, right)
                } else {
                    (right, left)
                };
                let is_nothing = self.is_nothing(constant);
                active.check = match self.call_asked(other) {
                    Some((callee, arguments)) => {
                        let holds = active.holds;
                        self.asked_by_call(active, callee, arguments);
                        // `strcmp(a, b) == 0` says yes; `strstr(a, b) == NULL` says no.
                        let zero_is_yes = matches!(active.check, Check::Equality | Check::Prefix);
                        active.holds = holds != (is_nothing && !zero_is_yes);
                        active.check
                    }
                    None if is_nothing => Check::Presence,
                    None => Check::Equality,
                };
                if !first_sources.is_empty() && !second_sources.is_empty() {
                    // Two values from outside, compared with each other.
                    active.check = Check::Other;
                }
            }
            Operator::In | Operator::NotIn => {
                if operator == Operator::NotIn {
                    active.holds = !active.holds;
                }
                self.asked_for_member(active, left, second_sources);
            }
            Operator::Less | Operator::Greater => {
                active.check = Check::Bounds;
                let left_is_smaller = (operator == Operator::Less) == active.holds;
                active.is_at_most = match (first_sources.is_empty(), second_sources.is_empty()) {
                    (false, true) => left_is_smaller,
                    (true, false) => !left_is_smaller,
                    _ => true,
                };
            }
            Operator::IsType => active.check = Check::Presence,
            Operator::And | Operator::Or | Operator::Default | Operator::Arithmetic => {
                active.check = Check::Other
            }
        }
    }

    /// `item in container`, however it is written.
    pub(super) fn asked_for_member(
        &mut self,
        active: &mut Active,
        item: Id,
        container_sources: Set,
    ) {
        if container_sources.is_empty() {
            active.check = Check::Membership;
            return;
        }
        active.check = Check::Contains;
        let text = self.text(self.span_of(item));
        active.about_parents = text.contains("..");
    }

    /// The call that a comparison is about, where it is about one.
    pub(super) fn call_asked(&self, id: Id) -> Option<(Id, Slice)> {
        match self.unit.expressions[id.0 as usize].0 {
            Expression::Call {
                callee, arguments, ..
            } => Some((callee, arguments)),
            _ => None,
        }
    }

    /// Whether a literal stands for nothing: null, an empty text, zero.
    pub(super) fn is_nothing(&self, id: Id) -> bool {
        let text = self.text(self.span_of(id));
        let is_constant = matches!(
            self.unit.expressions[id.0 as usize].0,
            Expression::Constant { .. }
        );
        let is_named = matches!(
            text,
            "None" | "null" | "undefined" | "nil" | "NULL" | "nullptr"
        );
        is_named
            || (is_constant
                && matches!(
                    text,
                    "" | "\"\"" | "''" | "``" | "0" | "-1" | "false" | "False"
                ))
    }

    pub(super) fn asked_by_call(&mut self, active: &mut Active, callee: Id, arguments: Slice) {
        let ids: Vec<Id> = self.unit.lists[arguments.range()].to_vec();
        let receiver = match self.unit.expressions[callee.0 as usize].0 {
            Expression::Field { base, .. } => Some(base),
            _ => None,
        };
        let mut receiver_sources = Set::EMPTY;
        if let Some(base) = receiver {
            let value = self.last_of(base);
            receiver_sources = self.sources_of(base, value);
        }
        let mut argument_sources = Set::EMPTY;
        for &id in &ids {
            let value = self.last_of(id);
            let sources = self.sources_of(id, value);
            argument_sources = self.taints.union(argument_sources, sources);
        }
        active.sources = self.taints.union(receiver_sources, argument_sources);
        let sources = active.sources;
        self.mark_normal(active, sources);
        let known = self.meaning(callee, |meaning| match meaning {
            Meaning::Asks(check) => Some(check),
            Meaning::Hides => Some(Check::Presence),
            _ => None,
        });
        active.check = known.unwrap_or(Check::Call);
        match active.check {
            Check::Membership => {
                // `allowed.includes(x)` asks about the argument, `x.includes("..")` about the receiver.
                let item = ids.first().copied();
                match item {
                    Some(item) if !receiver_sources.is_empty() => {
                        self.asked_for_member(active, item, receiver_sources)
                    }
                    _ => {}
                }
            }
            Check::Contains => {
                active.about_parents = ids
                    .iter()
                    .any(|&id| self.text(self.span_of(id)).contains(".."));
            }
            Check::Bounds => active.is_at_most = true,
            Check::Call if receiver_sources == active.sources && argument_sources.is_empty() => {
                // A method of the value itself: `x.is_valid()`; but `x.get("a")` says nothing.
                let carries = self.meaning(callee, |meaning| {
                    (meaning == Meaning::Carries).then_some(())
                });
                if carries.is_some() {
                    active.check = Check::Presence;
                }
            }
            _ => {}
        }
        if active.check == Check::Prefix
            && let Some(&first) = ids.first()
        {
            let text = self.text(self.span_of(first)).trim_matches(['"', '\'']);
            // `x.startswith("../")` is a question about the way upwards.
            if text.starts_with("..") {
                active.check = Check::Contains;
                active.about_parents = true;
            }
        }
    }

    /// What a value comes from, and what a call or a field that it is comes from.
    pub(super) fn sources_of(&mut self, id: Id, value: Value) -> Set {
        let whole = self.whole(value);
        if !whole.is_empty() {
            return whole;
        }
        // A call that hides its arguments still asks about them.
        match self.unit.expressions[id.0 as usize].0 {
            Expression::Call {
                callee, arguments, ..
            } => {
                let mut all = self.last_of_all(arguments);
                if let Expression::Field { base, .. } = self.unit.expressions[callee.0 as usize].0 {
                    let value = self.last_of(base);
                    let receiver = self.whole(value);
                    all = self.taints.union(all, receiver);
                }
                all
            }
            _ => whole,
        }
    }

    pub(super) fn mark_normal(&self, active: &mut Active, subject: Set) {
        let taints = self.taints.of(subject);
        active.is_normal =
            !taints.is_empty() && taints.iter().all(|taint| taint.cleaned & NORMAL != 0);
    }
}
