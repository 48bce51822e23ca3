//! Does a value arrive where it can do harm?

use palinode_code::Span;

use super::calls::Called;
use super::run::Run;
use super::values::{Made, Set, Value};
use crate::form::{Expression, Id};
use crate::kinds::SinkKind;
use crate::tables::{Argument, Meaning, When};

/// Programs that read their argument as a script.
const SHELLS: [&str; 10] = [
    "sh",
    "bash",
    "zsh",
    "dash",
    "ksh",
    "cmd",
    "cmd.exe",
    "powershell",
    "pwsh",
    "powershell.exe",
];

/// Imports of frameworks that send on what a handler returns as data, not as a page.
const DATA_FRAMEWORKS: [&str; 3] = ["FastAPI", "APIRouter", "api_view"];

impl Run<'_> {
    /// A call of something that can do harm.
    pub(super) fn judge_call(
        &mut self,
        called: &Called,
        kind: SinkKind,
        argument: Argument,
        when: When,
    ) {
        if !self.applies(called, when) {
            return;
        }
        for (nth, id) in self.selected(called, argument).into_iter().enumerate() {
            let mut value = self.last_of(id);
            if let When::Shell(flag) = when
                && !self.asks_for(called, flag, "rue")
            {
                value = self.without_shell(id, value, called);
            }
            let settled = match kind {
                // What some other function made of a value is not what is shown of it.
                SinkKind::Html => value.made == Made::Opaque && self.is_doubted(value),
                SinkKind::Url => self.settles_host(value, false),
                SinkKind::Redirect => self.settles_host(value, true),
                _ => false,
            };
            let index = match argument {
                Argument::At(at) | Argument::From(at) | Argument::Named(at, _) => {
                    Some(usize::from(at) + nth)
                }
                Argument::Receiver => None,
            };
            let whole = if settled {
                Set::EMPTY
            } else {
                self.whole(value)
            };
            self.arrive(kind, called.span, called.callee, id, index, value, whole);
        }
    }

    fn applies(&self, called: &Called, when: When) -> bool {
        match when {
            When::Always | When::Shell(_) => true,
            When::Built => false,
            When::OverOurs => called
                .receiver
                .is_none_or(|(_, value)| value.taint.is_empty() && value.inner.is_empty()),
            When::AfterShell => called
                .arguments
                .first()
                .is_some_and(|(id, _)| self.is_shell(*id)),
            When::Unless(name, text) => !self.asks_for(called, name, text),
            When::With(name, text) => self.asks_for(called, name, text),
            When::TextConversion => called.arguments.iter().any(|(id, value)| {
                let text = self.text(self.span_of(*id));
                value.made == Made::Constant && text.contains("%s")
            }),
        }
    }

    /// Whether an argument of this name, or an entry of an argument, has this text in it.
    fn asks_for(&self, called: &Called, name: &str, text: &str) -> bool {
        let has = |id: Id| match self.unit.expressions[id.0 as usize].0 {
            Expression::Keyed { key, value } => {
                self.word(key) == name && self.text(self.span_of(value)).contains(text)
            }
            _ => false,
        };
        !name.is_empty()
            && called
                .arguments
                .iter()
                .any(|(id, _)| match self.unit.expressions[id.0 as usize].0 {
                    Expression::Collection { items } => {
                        items.range().any(|at| has(self.unit.lists[at]))
                    }
                    _ => has(*id),
                })
    }

    /// Whether a literal names a shell.
    fn is_shell(&self, id: Id) -> bool {
        let is_text = matches!(
            self.unit.expressions[id.0 as usize].0,
            Expression::Constant { is_text: true }
        );
        let text = self.text(self.span_of(id)).trim_matches(['"', '\'']);
        let program = text.rsplit(['/', '\\']).next().unwrap_or(text);
        is_text && SHELLS.contains(&program)
    }

    /// Of a list of arguments that no shell reads, what decides which program runs.
    fn without_shell(&mut self, id: Id, value: Value, called: &Called) -> Value {
        if value.made != Made::List {
            // Where further arguments are handed over one by one, this is the program's name.
            let first_is_shell = called
                .arguments
                .first()
                .is_some_and(|(first, _)| self.is_shell(*first));
            if first_is_shell {
                let mut all = value;
                for (_, argument) in &called.arguments {
                    let whole = self.whole(*argument);
                    all.taint = self.taints.union(all.taint, whole);
                }
                return all;
            }
            return value;
        }
        let listed = if value.origin > 0 {
            Id(value.origin - 1)
        } else {
            id
        };
        let Expression::Collection { items } = self.unit.expressions[listed.0 as usize].0 else {
            return Value {
                taint: Set::EMPTY,
                inner: Set::EMPTY,
                ..value
            };
        };
        match self.unit.lists[items.range()].first() {
            Some(&first) if self.is_shell(first) => value,
            Some(&first) => {
                let program = self.last_of(first);
                Value {
                    taint: program.taint,
                    inner: program.inner,
                    ..value
                }
            }
            None => value,
        }
    }

    /// Whether something of which little is known stands between the value and where it came in.
    fn is_doubted(&self, value: Value) -> bool {
        let taints = self.taints.of(value.taint);
        taints.iter().any(|taint| taint.doubts > 0)
    }

    /// The value of a handler that a client is shown.
    pub(super) fn judge_return(&mut self, id: Id, value: Value) {
        let is_data = DATA_FRAMEWORKS
            .iter()
            .any(|name| self.scope.aliases.contains_key(*name));
        let is_text = match value.made {
            Made::Built | Made::Prefixed => true,
            // Shown as it came in, where nothing stands between of which little is known.
            Made::Opaque => !self.is_doubted(value),
            Made::Constant | Made::List => false,
        };
        if !self.is_handler || is_data || !is_text {
            return;
        }
        let table = self.scope.table;
        let entries = table.ending_in(b"return");
        let kinds: Vec<SinkKind> = entries
            .iter()
            .filter_map(|&at| match table.entry(at).meaning {
                Meaning::Sink(kind, _, When::Built) => Some(kind),
                _ => None,
            })
            .collect();
        for kind in kinds {
            let whole = self.whole(value);
            self.arrive(kind, self.span_of(id), id, id, None, value, whole);
        }
    }

    /// An assignment to something that shows or follows what it is given.
    pub(super) fn judge_assigned(&mut self, target: Id, from: Option<Id>, value: Value) {
        let kind = self.meaning(target, |meaning| match meaning {
            Meaning::Assigned(kind) => Some(kind),
            _ => None,
        });
        let Some(kind) = kind else {
            return;
        };
        let argument = from.unwrap_or(target);
        let span = Span::new(
            self.span_of(target).start,
            self.span_of(argument).end.max(self.span_of(target).end),
        );
        let settled = kind == SinkKind::Redirect && self.settles_host(value, true);
        let whole = if settled {
            Set::EMPTY
        } else {
            self.whole(value)
        };
        self.arrive(kind, span, target, argument, None, value, whole);
    }

    /// An entry of something written out, whose key says what becomes of it: React's `__html`.
    pub(super) fn judge_keyed(
        &mut self,
        entry: Id,
        key: crate::form::Symbol,
        value: Id,
        result: Value,
    ) {
        let table = self.scope.table;
        for &at in self.entries[key.0 as usize].as_member {
            let listed = table.entry(at);
            if let Meaning::Assigned(kind) = listed.meaning
                && listed.path.strip_prefix('=') == Some(self.word(key))
            {
                let whole = self.whole(result);
                self.arrive(kind, self.span_of(entry), entry, value, None, result, whole);
            }
        }
    }

    /// An element that is read or written, in languages that do not check positions.
    pub(super) fn judge_index(&mut self, element: Id, index: Id, value: Value) {
        let table = self.scope.table;
        for &at in table.ending_in(b"[]") {
            if let Meaning::Sink(kind, _, _) = table.entry(at).meaning {
                let whole = self.whole(value);
                if !whole.is_empty() {
                    self.arrive(
                        kind,
                        self.span_of(element),
                        element,
                        index,
                        Some(0),
                        value,
                        whole,
                    );
                }
            }
        }
    }
}
