//! How is it told that a value arrives?

use palinode_code::Span;

use super::run::{Arrival, Run, RunSource};
use super::values::{Note, Set, StepNode, Taint, Value};
use crate::form::Id;
use crate::kinds::{Kinds, SinkKind, SourceKind};
use crate::result::{Flow, Sanitizer, Site, Source, Step};

/// What tells one report from another: kind, place, argument, source.
pub(super) type Seen = (u8, u64, u64, u32);

impl Run<'_> {
    /// Notes a place, and what arrives there.
    #[expect(
        clippy::too_many_arguments,
        reason = "a site's parts, each of another type, known only together"
    )]
    pub(super) fn arrive(
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
    pub(super) fn flow(&self, site: Site, taint: Taint) -> Flow {
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

    pub(super) fn told(&self, step: &StepNode, source: &Source) -> Step {
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

    pub(super) fn report(&mut self, flow: Flow, taint: Taint, is_own: bool) {
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
