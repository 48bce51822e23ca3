//! What does a condition ask, and which harm does it keep away?

use palinode_code::Span;

use super::run::Run;
use super::values::{Set, Value};
use crate::form::{Expression, Id, Operator};
use crate::kinds::{Kinds, SinkKind};
use crate::result::{Check, Form, Guard};
use crate::tables::Meaning;

/// A condition that control has passed on its way here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Active {
    pub(super) condition: Id,
    pub(super) holds: bool,
    pub(super) form: Form,
    pub(super) check: Check,
    /// What the condition depends on.
    pub(super) sources: Set,
    /// Whether what it asks about is in its one normal form.
    pub(super) is_normal: bool,
    /// Whether the text that it asks for is part of a way upwards.
    pub(super) about_parents: bool,
    /// Whether a comparison, as it came out, says that the value is at most something.
    pub(super) is_at_most: bool,
}

/// How deep a condition is taken apart.
const DEEPEST: u32 = 24;

impl Active {
    /// The kinds of harm that it keeps away, as bits.
    pub(super) fn stops(&self) -> u32 {
        let path_like = Kinds::of(&[
            SinkKind::Path,
            SinkKind::Redirect,
            SinkKind::Url,
            SinkKind::Header,
            SinkKind::Log,
        ]);
        let memory = Kinds::of(&[SinkKind::Allocation, SinkKind::Length, SinkKind::Index]);
        let text = Kinds(Kinds::ALL.0 & !memory.0);
        let kinds = match (self.check, self.holds) {
            (Check::Equality | Check::Membership, true) => Kinds::ALL,
            (Check::Type, true) => text,
            (Check::Pattern, _) => text,
            (Check::Call, _) => Kinds::ALL,
            (Check::Prefix, _) if self.is_normal => path_like,
            (Check::Prefix, true) => Kinds::of(&[SinkKind::Url, SinkKind::Redirect]),
            (Check::Contains, false) if self.about_parents => Kinds::of(&[SinkKind::Path]),
            (Check::Contains, false) => path_like,
            (Check::Bounds, _) if self.is_at_most => memory,
            (Check::Membership | Check::Equality, false) => Kinds::NONE,
            _ => Kinds::NONE,
        };
        kinds.0
    }

    /// Whether it keeps any harm away.
    pub(super) fn may_stop(&self) -> bool {
        self.stops() != 0
    }
}

impl Run<'_> {
    /// From here on, `condition` came out as `holds`. It has been evaluated.
    pub(super) fn guard(&mut self, condition: Id, holds: bool, form: Form) {
        self.guard_at(condition, holds, form, 0);
    }

    fn guard_at(&mut self, condition: Id, holds: bool, form: Form, depth: u32) {
        if depth > DEEPEST || !self.spend() {
            return;
        }
        match self.unit.expressions[condition.0 as usize].0 {
            Expression::Not(inner) => self.guard_at(inner, !holds, form, depth + 1),
            Expression::Binary {
                operator: operator @ (Operator::And | Operator::Or),
                left,
                right,
            } => {
                if (operator == Operator::And) == holds {
                    self.guard_at(left, holds, form, depth + 1);
                    self.guard_at(right, holds, form, depth + 1);
                } else {
                    self.guard_of_either(condition, left, right, holds, form, depth);
                }
            }
            _ => {
                if let Some(active) = self.asked(condition, holds, form) {
                    self.guards.push(active);
                }
            }
        }
    }

    /// One of two came out so, and it is not known which: what both would say, holds.
    fn guard_of_either(
        &mut self,
        whole: Id,
        left: Id,
        right: Id,
        holds: bool,
        form: Form,
        depth: u32,
    ) {
        let from = self.guards.len();
        self.guard_at(left, holds, form, depth + 1);
        let middle = self.guards.len();
        self.guard_at(right, holds, form, depth + 1);
        let first: Option<Active> = self.guards[from..middle].first().copied();
        let second: Option<Active> = self.guards[middle..].first().copied();
        let all: Vec<Set> = self.guards[from..]
            .iter()
            .map(|guard| guard.sources)
            .collect();
        self.guards.truncate(from);
        let mut sources = Set::EMPTY;
        for set in all {
            sources = self.taints.union(sources, set);
        }
        let same = match (first, second) {
            (Some(first), Some(second)) if first.check == second.check => {
                Some(match first.stops() & !second.stops() {
                    0 => first,
                    _ => second,
                })
            }
            // `x is None or x == "a"`: nothing is as harmless as what is known.
            (Some(first), Some(second)) if first.check == Check::Presence && !first.holds => {
                Some(second)
            }
            _ => None,
        };
        let active = match same {
            Some(guard) => Active {
                condition: whole,
                sources,
                ..guard
            },
            None => Active {
                condition: whole,
                holds,
                form,
                check: Check::Other,
                sources,
                is_normal: false,
                about_parents: false,
                is_at_most: false,
            },
        };
        self.guards.push(active);
    }

    /// In a branch of a switch, the subject is the branch's constant.
    pub(super) fn guard_case(&mut self, subject: Id, value: Value, constant: Id) {
        let sources = self.whole(value);
        self.guards.push(Active {
            condition: if sources.is_empty() {
                constant
            } else {
                subject
            },
            holds: true,
            form: Form::Branch,
            check: Check::Equality,
            sources,
            is_normal: false,
            about_parents: false,
            is_at_most: false,
        });
    }

    /// A call that does not return where its argument does not pass: `validate(path)`, as a statement.
    pub(super) fn demand(&mut self, call: Id) {
        let Expression::Call {
            callee, arguments, ..
        } = self.unit.expressions[call.0 as usize].0
        else {
            return;
        };
        let name = self.last_name(callee).to_ascii_lowercase();
        let is_named = [
            "validate", "check_", "check", "assert", "ensure", "verify", "require_", "sanitize",
        ]
        .iter()
        .any(|word| name.strip_prefix('_').unwrap_or(&name).starts_with(word));
        let is_listed = self.meaning(callee, |meaning| {
            (meaning == Meaning::Demands).then_some(())
        });
        let demanded = self.demanded_parameters(callee, arguments);
        let (check, sources) = match demanded {
            Some((check, sources)) => (check, sources),
            None if is_named || is_listed.is_some() => {
                let sources = self.last_of_all(arguments);
                (Check::Call, sources)
            }
            None => return,
        };
        if sources.is_empty() {
            return;
        }
        let mut active = Active {
            condition: call,
            holds: true,
            form: Form::Call,
            check,
            sources,
            is_normal: false,
            about_parents: false,
            is_at_most: false,
        };
        self.mark_normal(&mut active, sources);
        self.guards.push(active);
    }

    /// The last part of the name of what is called.
    pub(super) fn last_name(&self, callee: Id) -> &str {
        match self.unit.expressions[callee.0 as usize].0 {
            Expression::Name { symbol, .. } | Expression::Field { symbol, .. } => self.word(symbol),
            _ => "",
        }
    }

    /// The guards that are active, for a report: those about `source`, or all.
    pub(super) fn guards_on(&self, source: Option<u32>, kind: SinkKind) -> Vec<Guard> {
        let about = |active: &&Active| match source {
            None => true,
            Some(source) => self
                .taints
                .of(active.sources)
                .iter()
                .any(|taint| taint.source == source),
        };
        self.guards
            .iter()
            .filter(about)
            .map(|active| Guard {
                span: self.span_of(active.condition),
                holds: active.holds,
                form: active.form,
                check: active.check,
                callees: self.callees_in(active.condition),
                is_effective: Kinds(active.stops()).contains(kind),
            })
            .collect()
    }

    /// The functions that a condition calls.
    fn callees_in(&self, condition: Id) -> Vec<String> {
        let span: Span = self.span_of(condition);
        let mut names = Vec::new();
        // What an expression is made of was lowered just before it.
        for at in (0..=condition.0).rev() {
            let (expression, near) = self.unit.expressions[at as usize];
            if !span.encloses(self.span(near)) {
                break;
            }
            if let Expression::Call { callee, .. } = expression {
                let name = self.last_name(callee).to_owned();
                if !name.is_empty() && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names.reverse();
        names
    }
}
