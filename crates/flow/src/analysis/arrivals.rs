//! Does a value arrive where it can do harm?

use palinode_code::Span;

use super::calls::Called;
use super::run::{Arrival, Run, RunSource};
use super::values::{Made, Note, Set, StepNode, Taint, Value};
use crate::form::{Expression, Id};
use crate::kinds::{Kinds, SinkKind, SourceKind};
use crate::result::{Flow, Sanitizer, Site, Source, Step};
use crate::tables::{Argument, Meaning, When};

/// What tells one report from another: kind, place, argument, source.
pub(super) type Seen = (u8, u64, u64, u32);

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

    /// The value of a handler that a client is shown.
    pub(super) fn judge_return(&mut self, id: Id, value: Value) {
        if !self.is_handler || !matches!(value.made, Made::Built | Made::Prefixed) {
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

    /// Notes a place, and what arrives there.
    #[expect(
        clippy::too_many_arguments,
        reason = "a site's parts, each of another type, known only together"
    )]
    fn arrive(
        &mut self,
        kind: SinkKind,
        span: Span,
        callee: Id,
        argument: Id,
        index: Option<usize>,
        value: Value,
        whole: Set,
    ) {
        let argument_span = self.span_of(argument);
        let place = |span: Span| (span.start as u64) << 32 | span.end as u64;
        let seen = |source: u32| (kind as u8, place(span), place(argument_span), source);
        let is_new = self.seen.insert(seen(u32::MAX), ()).is_none();
        if !is_new && whole.is_empty() {
            return;
        }
        let mut site = Site {
            kind,
            span,
            callee: match callee == argument {
                true => "return".to_owned(),
                false => self.shown_path(callee),
            },
            argument: argument_span,
            index,
            shape: value.shape(),
            guards: Vec::new(),
            function: self.scope.function_of[self.index],
        };
        if is_new {
            site.guards = self.guards_on(None, kind);
            self.outcome.sites.push(site.clone());
        } else if let Some(known) = self
            .outcome
            .sites
            .iter()
            .find(|known| known.span == span && known.kind == kind)
        {
            site.guards.clone_from(&known.guards);
        }
        for taint in self.taints.of(whole).to_vec() {
            if self.seen.insert(seen(taint.source), ()).is_some() {
                continue;
            }
            let flow = self.flow(site.clone(), taint);
            self.report(flow, taint, true);
        }
    }

    /// The flow of one taint to a site.
    fn flow(&self, site: Site, taint: Taint) -> Flow {
        let way = self.taints.way(taint.step);
        let source = match &self.sources[taint.source as usize] {
            RunSource::Outside(source) => source.clone(),
            RunSource::Parameter(at) => {
                let parameter = self.unit.parameters[*at];
                Source {
                    kind: SourceKind::Parameter,
                    span: self.span(parameter.whole),
                    name: self.word(parameter.name).to_owned(),
                }
            }
        };
        let mut steps: Vec<Step> = way.iter().map(|step| self.told(step, &source)).collect();
        steps.dedup_by(|later, earlier| later.span == earlier.span);
        steps.push(Step {
            span: site.argument,
            note: format!("arrives in `{}` ({})", site.callee, site.kind),
        });
        Flow {
            guards: self.guards_on(Some(taint.source), site.kind),
            sanitizers: sanitizers(&way, taint.cleaned, site.argument),
            certainty: taint.certainty(),
            source,
            steps,
            site,
        }
    }

    fn told(&self, step: &StepNode, source: &Source) -> Step {
        let text = self.text(step.span);
        let short: String = text
            .chars()
            .take(40)
            .take_while(|letter| *letter != '\n')
            .collect();
        let note = match step.note {
            Note::Enters => format!("`{}` comes from outside ({})", source.name, source.kind),
            Note::Assigned => format!("goes into `{short}`"),
            Note::Built => "becomes part of a text".to_owned(),
            Note::Through => format!("goes through `{short}`"),
            Note::Cleaned(_) => format!("is cleaned by `{short}`"),
        };
        Step {
            span: step.span,
            note,
        }
    }

    fn report(&mut self, flow: Flow, taint: Taint, is_own: bool) {
        match self.sources[taint.source as usize] {
            RunSource::Outside(_) => {
                if self.outcome.flows.len() < self.scope.most_flows {
                    self.outcome.flows.push(flow);
                }
            }
            RunSource::Parameter(parameter) => {
                if self.outcome.arrivals.len() < self.scope.most_flows.min(MOST_ARRIVALS) {
                    self.outcome.arrivals.push(Arrival {
                        parameter,
                        cleaned: taint.cleaned,
                        doubts: taint.doubts,
                        flow,
                        is_own,
                    });
                }
            }
        }
    }

    /// What arrives somewhere in a function that is called, arrives there from here.
    pub(super) fn pass_on(&mut self, arrival: &Arrival, argument: Set, call: Span) {
        let site = &arrival.flow.site;
        let place = |span: Span| (span.start as u64) << 32 | span.end as u64;
        for taint in self.taints.of(argument).to_vec() {
            let seen = (
                site.kind as u8,
                place(site.span) ^ place(call).rotate_left(16),
                place(site.argument),
                taint.source,
            );
            if self.seen.insert(seen, ()).is_some() {
                continue;
            }
            let mut flow = self.flow(site.clone(), taint);
            flow.steps.pop();
            flow.steps.push(Step {
                span: call,
                note: format!("is handed to parameter `{}`", arrival.flow.source.name),
            });
            flow.steps
                .extend(arrival.flow.steps.iter().skip(1).cloned());
            flow.guards.extend(arrival.flow.guards.iter().cloned());
            flow.sanitizers
                .extend(arrival.flow.sanitizers.iter().copied());
            flow.certainty = flow.certainty.min(arrival.flow.certainty);
            let both = Taint {
                cleaned: taint.cleaned | arrival.cleaned,
                doubts: taint.doubts.saturating_add(arrival.doubts),
                ..taint
            };
            self.report(flow, both, false);
        }
    }
}

/// Places that one function's parameters are followed to.
const MOST_ARRIVALS: usize = 200;

/// What took harm away on the way, as far as it did so on every way.
fn sanitizers(way: &[StepNode], cleaned: u32, at: Span) -> Vec<Sanitizer> {
    let mut left = cleaned & Kinds::ALL.0;
    let mut found = Vec::new();
    for step in way {
        if let Note::Cleaned(kinds) = step.note
            && kinds.0 & cleaned != 0
        {
            found.push(Sanitizer {
                span: step.span,
                kinds: Kinds(kinds.0 & cleaned),
            });
            left &= !kinds.0;
        }
    }
    if left != 0 {
        // By a choice on the way: `x if is_safe(x) else ""`.
        found.push(Sanitizer {
            span: at,
            kinds: Kinds(left),
        });
    }
    found
}
