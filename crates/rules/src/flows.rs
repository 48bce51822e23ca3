//! Which values from outside arrive where they do harm, as the rules about flows say?

use palinode_code::{Finding, Parsed, Span, Text};
use palinode_flow::{Flow, Limits, Module, Tables};

use crate::lacks;
use crate::rule::{Breadth, Flows, Reach, Rule};
use crate::scan::{ANALYZER, Hit};
use crate::shelf::Shelf;

/// What the shelf's rules about flows find. `module` holds what is known of the text before its last edit, if
/// anything, and then what is known of it now.
pub(crate) fn hits(shelf: &Shelf, parsed: &Parsed, module: &mut Option<Module>) -> Vec<Hit> {
    if shelf.flows.is_empty() {
        return Vec::new();
    }
    let (tables, limits) = (Tables::standard(), Limits::STANDARD);
    let now = match module.take() {
        Some(before) => before.update(parsed, tables, &limits),
        None => Module::new(parsed, tables, &limits),
    };
    let mut hits = Vec::new();
    for flow in now.analysis().flows.iter().filter(|flow| flow.is_open()) {
        for rule in shelf.flows.iter().filter(|rule| is_about(rule, flow)) {
            hits.push(hit(rule, flow, parsed));
        }
    }
    *module = Some(now);
    hits.extend(lacks::hits(shelf, parsed));
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
        reach: Reach {
            breadth: Breadth::File,
            absence: false,
        },
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
