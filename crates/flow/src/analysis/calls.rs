//! What does a call do with what it is handed?

use palinode_code::Span;

use super::run::Run;
use super::values::{NORMAL, Note, Set, Taint, Value};
use crate::form::{Expression, Id, Slice};
use crate::kinds::{Kinds, SinkKind};
use crate::tables::{Argument, Meaning};

/// A call whose parts are evaluated.
pub(super) struct Called {
    pub(super) id: Id,
    pub(super) callee: Id,
    pub(super) span: Span,
    pub(super) receiver: Option<(Id, Value)>,
    pub(super) arguments: Vec<(Id, Value)>,
}

/// Methods that give the same value each time they are called with the same name, so that a check of one call is a
/// check of the next.
const REPEATABLE: [&str; 6] = ["get", "Get", "getFirst", "first", "input", "Param"];

/// Beginnings of names of functions that take harm away, by what they say of themselves.
const CLEANING_WORDS: [&str; 12] = [
    "sanitize",
    "sanitise",
    "escape",
    "clean",
    "quote",
    "purify",
    "validate",
    "normalize_and_check",
    "strip_tags",
    "safe_",
    "htmlescape",
    "html_escape",
];

impl Run<'_> {
    pub(super) fn call(
        &mut self,
        id: Id,
        callee: Id,
        arguments: Slice,
        is_complete: bool,
    ) -> Value {
        let called = self.parts_of(id, callee, arguments);
        let inner = self.resolved(callee);
        let mut meanings: Vec<Meaning> = Vec::new();
        if inner.is_none() {
            // What the file defines itself is not what the table means.
            self.meanings(callee, Some, &mut meanings);
        }
        if is_complete {
            for meaning in &meanings {
                if let Meaning::Sink(kind, argument, when) = *meaning {
                    self.judge_call(&called, kind, argument, when);
                }
            }
        }
        self.record(&called, inner, is_complete);
        for meaning in &meanings {
            match *meaning {
                Meaning::Fills(kind, argument) => {
                    let entered = self.outside(id, kind);
                    for target in self.selected(&called, argument) {
                        self.fill(target, entered.taint, called.span, true);
                    }
                }
                Meaning::Copies { from, to } => {
                    let sources = self.selected(&called, from);
                    let mut taint = Set::EMPTY;
                    for source in sources {
                        let value = self.last_of(source);
                        let whole = self.whole(value);
                        taint = self.taints.union(taint, whole);
                    }
                    for target in self.selected(&called, to) {
                        self.fill(target, taint, called.span, to != Argument::Receiver);
                    }
                }
                _ => {}
            }
        }
        self.result_of(&called, &meanings, inner)
    }

    fn parts_of(&mut self, id: Id, callee: Id, arguments: Slice) -> Called {
        let receiver = match self.unit.expressions[callee.0 as usize].0 {
            Expression::Field { base, .. } => Some((base, self.evaluate(base))),
            Expression::Name { .. } => None,
            _ => {
                self.evaluate(callee);
                None
            }
        };
        let mut closures = Vec::new();
        let mut values = Vec::with_capacity(arguments.range().len());
        let mut all = receiver.map_or(Set::EMPTY, |(_, value)| self.whole(value));
        for at in arguments.range() {
            let argument = self.unit.lists[at];
            if let Expression::Closure { index } = self.unit.expressions[argument.0 as usize].0 {
                closures.push(index);
                values.push((argument, Value::of(Set::EMPTY)));
                continue;
            }
            let value = self.evaluate(argument);
            let whole = self.whole(value);
            all = self.taints.union(all, whole);
            values.push((argument, value));
        }
        // What calls a function that it is handed, calls it with what it works on.
        for index in closures {
            let argument = self.doubted(all);
            self.closure(index, argument);
        }
        Called {
            id,
            callee,
            span: self.span_of(id),
            receiver,
            arguments: values,
        }
    }

    /// The arguments that are meant.
    pub(super) fn selected(&self, called: &Called, argument: Argument) -> Vec<Id> {
        let keyed = |id: Id| match self.unit.expressions[id.0 as usize].0 {
            Expression::Keyed { key, value } => Some((key, value)),
            _ => None,
        };
        let positional = || {
            called
                .arguments
                .iter()
                .filter(move |(id, _)| keyed(*id).is_none())
        };
        match argument {
            Argument::At(at) => positional()
                .nth(usize::from(at))
                .map(|(id, _)| *id)
                .into_iter()
                .collect(),
            Argument::Named(at, name) => {
                let mut named = called.arguments.iter().filter_map(|(id, _)| keyed(*id));
                let named = named
                    .find(|(key, _)| self.word(*key) == name)
                    .map(|(_, value)| value);
                let at = positional().nth(usize::from(at)).map(|(id, _)| *id);
                named.or(at).into_iter().collect()
            }
            Argument::From(at) => positional()
                .skip(usize::from(at))
                .map(|(id, _)| *id)
                .collect(),
            Argument::Receiver => called.receiver.map(|(id, _)| id).into_iter().collect(),
        }
    }

    /// Puts what a call brings into what it was handed.
    fn fill(&mut self, target: Id, taint: Set, span: Span, fills_all: bool) {
        if taint.is_empty() {
            return;
        }
        let taint = self.taints.stepped(taint, span, Note::Assigned);
        let place = match self.unit.expressions[target.0 as usize].0 {
            Expression::Name { place, .. } => Some(place),
            Expression::Field { place, .. } | Expression::Index { place, .. } => place,
            Expression::Other { parts } => match self.unit.lists[parts.range()] {
                [single] => return self.fill(single, taint, span, fills_all),
                _ => None,
            },
            _ => None,
        };
        if let Some(place) = place {
            let mut value = self.values[place.0 as usize];
            match fills_all {
                true => value.taint = self.taints.union(value.taint, taint),
                false => value.inner = self.taints.union(value.inner, taint),
            }
            value.is_known = true;
            self.write(place, value);
        }
    }

    /// Taints that went through a function of which nothing is known.
    fn doubted(&mut self, set: Set) -> Set {
        self.taints.map(set, |_, taint| Taint {
            doubts: taint.doubts.saturating_add(1),
            ..taint
        })
    }

    fn result_of(&mut self, called: &Called, meanings: &[Meaning], inner: Option<usize>) -> Value {
        let mut all = called
            .receiver
            .map_or(Set::EMPTY, |(_, value)| self.whole(value));
        for (_, value) in &called.arguments {
            let whole = self.whole(*value);
            all = self.taints.union(all, whole);
        }
        let mut cleaned = 0;
        let mut is_understood = false;
        let mut yields_other = false;
        for meaning in meanings {
            match *meaning {
                Meaning::Source(kind) => return self.asked_again(called, kind),
                Meaning::Asks(_) | Meaning::Hides => return Value::of(Set::EMPTY),
                Meaning::Cleans(kinds) => cleaned |= kinds.0,
                Meaning::Normalizes => cleaned |= NORMAL,
                Meaning::Carries | Meaning::Copies { .. } => is_understood = true,
                // What stands in a file says nothing of the file's name.
                Meaning::Sink(kind, _, _) => {
                    yields_other |= matches!(
                        kind,
                        SinkKind::Path
                            | SinkKind::Sql
                            | SinkKind::Command
                            | SinkKind::Log
                            | SinkKind::Regex
                    );
                }
                Meaning::Formats(at) => {
                    let parts = self.selected(called, Argument::From(at));
                    let mut value = self.filled_in(&parts, called.span);
                    if let (Expression::Field { .. }, Some((_, receiver))) = (
                        self.unit.expressions[called.callee.0 as usize].0,
                        called.receiver,
                    ) {
                        let whole = self.whole(receiver);
                        value.taint = self.taints.union(value.taint, whole);
                    }
                    return value;
                }
                _ => {}
            }
        }
        if cleaned != 0 {
            return Value::of(self.cleaned(all, cleaned, called.span));
        }
        if let Some(inner) = inner
            && let Some(value) = self.result_of_unit(called, inner)
        {
            return value;
        }
        if all.is_empty() || (yields_other && !is_understood) {
            let mut value = Value::of(Set::EMPTY);
            value.origin = called.id.0 + 1;
            return value;
        }
        let text = self.text(called.span);
        let hash = text.len() < 100 && REPEATABLE.contains(&self.last_name(called.callee));
        let key = hash.then(|| text.to_owned());
        if let Some(known) = key.as_ref().and_then(|key| self.repeated.get(key)) {
            return Value::of(*known);
        }
        if !is_understood {
            let name = self.last_name(called.callee).to_ascii_lowercase();
            let name = name.trim_start_matches('_');
            if CLEANING_WORDS.iter().any(|word| name.starts_with(word)) {
                return Value::of(self.cleaned(all, Kinds::ALL.0, called.span));
            }
            all = self.doubted(all);
        }
        let mut value = Value::of(self.taints.stepped(all, called.span, Note::Through));
        if let Some(key) = key {
            self.repeated.insert(key, value.taint);
        }
        value.origin = called.id.0 + 1;
        value
    }

    /// A call that brings a value in. The same call again, with the same literals, brings the same.
    fn asked_again(&mut self, called: &Called, kind: crate::kinds::SourceKind) -> Value {
        let text = self.text(called.span);
        let all_constant = !called.arguments.is_empty()
            && called
                .arguments
                .iter()
                .all(|(_, value)| value.made == super::values::Made::Constant);
        if kind != crate::kinds::SourceKind::Request || !all_constant || text.len() > 100 {
            return self.outside(called.id, kind);
        }
        let key = text.to_owned();
        if let Some(known) = self.repeated.get(&key) {
            return Value::of(*known);
        }
        let value = self.outside(called.id, kind);
        self.repeated.insert(key, value.taint);
        value
    }

    fn cleaned(&mut self, set: Set, bits: u32, span: Span) -> Set {
        let note = match bits & Kinds::ALL.0 {
            0 => Note::Through,
            kinds => Note::Cleaned(Kinds(kinds)),
        };
        self.taints.map(set, |taints, taint| Taint {
            cleaned: taint.cleaned | bits,
            step: taints.step(Some(taint.step), span, note),
            ..taint
        })
    }

    /// Whether a call does not return.
    pub(super) fn is_exit(&mut self, id: Id) -> bool {
        match self.unit.expressions[id.0 as usize].0 {
            Expression::Call { callee, .. } => {
                let exits =
                    self.meaning(callee, |meaning| (meaning == Meaning::Exits).then_some(()));
                exits.is_some()
            }
            _ => false,
        }
    }
}
