//! Which values from outside arrive where they do harm, as the rules about flows say?

use palinode_code::{Finding, Parsed, Span, Text};
use palinode_flow::{Flow, Limits, MissingCheck, Module, Omission, Tables};

use crate::lacks;
use crate::rule::{Flows, Rule};
use crate::scan::{ANALYZER, Hit};
use crate::shelf::Shelf;

/// What is known of the flows, and of the missing checks, in a text.
#[derive(Default)]
pub(crate) struct Known {
    module: Option<Module>,
    pub(crate) missing: Vec<MissingCheck>,
}

impl Known {
    /// What the analysis of flows did not look at, but for languages that it does not know.
    pub(crate) fn omissions(&self) -> Vec<Omission> {
        let all = self
            .module
            .iter()
            .flat_map(|module| &module.analysis().omissions);
        all.filter(|omission| **omission != Omission::Language)
            .copied()
            .collect()
    }
}

/// What the shelf's rules about flows find. `known` is what was known of the text before its last edit, if anything,
/// and then what is known of it now. Nothing before the byte `unchanged` has changed since.
pub(crate) fn hits(
    shelf: &Shelf,
    parsed: &Parsed,
    known: &mut Known,
    unchanged: usize,
) -> Vec<Hit> {
    if shelf.flows.is_empty() {
        return Vec::new();
    }
    let (tables, limits) = (Tables::standard(), Limits::STANDARD);
    let now = match known.module.take() {
        Some(before) => before.update_from(unchanged, parsed, tables, &limits),
        None => Module::new(parsed, tables, &limits),
    };
    let mut hits = Vec::new();
    for flow in now.analysis().flows.iter().filter(|flow| flow.is_open()) {
        for rule in shelf.flows.iter().filter(|rule| is_about(rule, flow)) {
            hits.push(hit(rule, flow, parsed));
        }
    }
    known.module = Some(now);
    hits.extend(lacks::hits(shelf, parsed, &mut known.missing, unchanged));
    hits
}

fn is_about(rule: &Rule, flow: &Flow) -> bool {
    let Some(Flows::Into { kind, from }) = &rule.flow else {
        return false;
    };
    *kind == flow.site.kind && from.iter().any(|from| from == flow.source.kind.name())
}

fn hit(rule: &Rule, flow: &Flow, parsed: &Parsed) -> Hit {
    let length = parsed.text().len();
    let span = Span::new(
        flow.site.span.start.min(length),
        flow.site.span.end.min(length),
    );
    let node = parsed
        .root()
        .descendant_for_byte_range(span.start, span.end);
    let source = parsed.text().slice(flow.source.span).unwrap_or_default();
    let source = Text::from(source);
    let first_line = source
        .readable()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    let message = rule.message.replace("$SOURCE", &first_line);
    Hit {
        shelved: usize::MAX,
        absence: false,
        broken: node.is_none_or(|node| node.has_error()),
        finding: Finding {
            analyzer: ANALYZER,
            rule: rule.id.clone(),
            cwes: rule.cwes.clone(),
            severity: rule.severity,
            confidence: rule.confidence.map(|ours| ours.min(flow.certainty)),
            span,
            message: message.replace("$CALLEE", &flow.site.callee),
            advice: rule.advice.clone(),
            fix: Vec::new(),
            trace: flow.steps.clone(),
        },
    }
}
