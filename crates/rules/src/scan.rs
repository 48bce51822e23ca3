//! What do the rules find in one text?

use std::time::Duration;

use ast_grep_core::matcher::MatcherExt;
use ast_grep_core::replacer::Replacer;
use ast_grep_core::{AstGrep, NodeMatch};
use palinode_code::tree_sitter::Node;
use palinode_code::{Edit, Finding, Parsed, Span, Text};
use palinode_flow::Omission;

use crate::clock::{Clock, Meter};
use crate::document::Document;
use crate::of_file::{self, Shown};
use crate::rule::Rule;
use crate::shelf::{Compiled, Met, Shelf};
use crate::since::Since;
use crate::suppressions::{self, Suppressed};
use crate::unfinished::Unfinished;
use crate::view::View;

/// Who reports: the name in every finding of this room.
pub const ANALYZER: &str = "builtin";

/// How a text is scanned.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Whether the text may go on: what only its missing end makes look wrong is not reported.
    pub unfinished: bool,
    /// A clock, and how long rules may take by it. Without one each rule takes the time it takes.
    pub clock: Option<Clock<'a>>,
}

impl std::fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("unfinished", &self.unfinished)
            .field("clock", &self.clock.is_some())
            .finish()
    }
}

/// What the rules found, and what they did not get to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scan {
    /// What was found, in order of place and then of rule.
    pub findings: Vec<Finding>,
    /// What was found and taken back by a comment in the text, with its reason.
    pub suppressed: Vec<Suppressed>,
    /// The rules that were stopped before they had seen the whole text. Where any is, "nothing found" is not "clean".
    pub stopped: Vec<Stopped>,
    /// Where values were not followed: code nested too deeply, or too much of it. What holds for `stopped` holds here.
    pub omissions: Vec<Omission>,
}

/// A rule that was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Its id.
    pub rule: String,
    /// How long it had taken.
    pub taken: Duration,
}

/// A finding with what it takes to decide whether it is reported, and whether it is still true after an edit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hit {
    pub(crate) finding: Finding,
    /// Its rule's place on the shelf.
    pub(crate) shelved: usize,
    /// Whether its rule asks that something is not there.
    pub(crate) absence: bool,
    /// Whether the matched node has an error inside.
    pub(crate) broken: bool,
}

/// What one pass of the rules gives.
#[derive(Default)]
pub(crate) struct Pass {
    pub(crate) hits: Vec<Hit>,
    pub(crate) stopped: Vec<Stopped>,
    /// The rules that the file no longer shows what they ask of it: nothing that they found before is true.
    pub(crate) unasked: Vec<String>,
    /// What the analysis of flows did not look at.
    pub(crate) omissions: Vec<Omission>,
}

/// What a text before its last edit leaves for the pass over the text now; nothing, of a text that is new.
#[derive(Default)]
pub(crate) struct Before {
    met: Met,
    shown: Shown,
}

/// Asks the shelf's rules about `parsed`: each about the nodes that end at or behind where `from` says for its breadth.
pub(crate) fn pass(
    shelf: &Shelf,
    parsed: &Parsed,
    clock: Option<Clock<'_>>,
    from: &Since,
    before: &mut Before,
) -> Pass {
    let able = shelf.that_can_match(parsed.text().as_bytes(), from.unchanged, &mut before.met);
    let mut asked: Vec<Asked<'_>> = able
        .into_iter()
        .filter_map(|shelved| {
            let rule = &shelf.rules[shelved];
            let compiled = shelf.compiled(shelved)?;
            let from = from.of(&compiled.scope);
            Some(Asked {
                rule,
                compiled,
                shelved,
                from,
            })
        })
        .collect();
    if asked.is_empty() {
        return Pass::default();
    }
    let root = AstGrep::doc(Document::new(parsed, &shelf.grammar));
    let mut meter = Meter::new(clock, asked.len());
    let were = before.shown.iter();
    let was_shown: Vec<usize> = were.filter_map(|(&at, end)| end.map(|_| at)).collect();
    let answered = of_file::answered(&asked, &root, from, &mut before.shown, &mut meter);
    let mut unasked = Vec::new();
    for (asked, answered) in asked.iter_mut().zip(&answered) {
        match was_shown.contains(&asked.shelved) {
            false if asked.compiled.of_file.is_some() => asked.from = 0,
            true if !answered => unasked.push(asked.rule.id.clone()),
            _ => {}
        }
    }
    // The tree is the document's own, since the nodes that are matched borrow it.
    let tree = root.root().get_inner_node();
    let mut by_kind: Vec<Vec<usize>> =
        vec![Vec::new(); shelf.grammar.tree_sitter.node_kind_count()];
    for (at, asked) in asked.iter().enumerate().filter(|(at, _)| answered[*at]) {
        for &kind in &asked.compiled.kinds {
            if let Some(rules) = by_kind.get_mut(usize::from(kind)) {
                rules.push(at);
            }
        }
    }
    let length = parsed.text().len();
    let lowest = asked
        .iter()
        .zip(&answered)
        .filter(|(_, answered)| **answered)
        .map(|(asked, _)| asked.from)
        .min()
        .unwrap_or(0);
    let mut hits = Vec::new();
    let mut cursor = tree.walk();
    'walk: loop {
        let node = cursor.node();
        let beyond = lowest == 0 || node.end_byte() >= lowest;
        if beyond && let Some(rules) = by_kind.get(usize::from(node.kind_id())) {
            meter.node();
            for &at in rules {
                let rule = &asked[at];
                if node.end_byte() < rule.from || meter.is_stopped(at) {
                    continue;
                }
                let matched = meter.charge(at, || {
                    rule.compiled.config.matcher.match_node(root.adopt(node))
                });
                if let Some(matched) = matched
                    && node.end_byte() <= length
                {
                    hits.push(hit(rule, &matched, node, parsed.text()));
                }
            }
        }
        if beyond && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'walk;
            }
        }
    }
    let stopped = meter.stopped().map(|(at, taken)| Stopped {
        rule: asked[at].rule.id.clone(),
        taken,
    });
    Pass {
        stopped: stopped.collect(),
        hits,
        unasked,
        omissions: Vec::new(),
    }
}

/// A rule in a pass.
pub(crate) struct Asked<'s> {
    pub(crate) rule: &'s Rule,
    pub(crate) compiled: &'s Compiled,
    /// Its place on the shelf.
    pub(crate) shelved: usize,
    from: usize,
}

/// Whether a comment stands in a node: what is put behind one would be part of it.
fn has_comment(node: Node<'_>) -> bool {
    let mut cursor = node.walk();
    loop {
        if cursor.node().kind().contains("comment") {
            return true;
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
        }
    }
}

fn hit(asked: &Asked<'_>, matched: &NodeMatch<'_, Document>, node: Node<'_>, text: &Text) -> Hit {
    let Asked { rule, compiled, .. } = asked;
    let fix = compiled
        .config
        .fixer
        .first()
        .filter(|_| !has_comment(node))
        .map(|fixer| {
            let range =
                Replacer::<Document>::get_replaced_range(fixer, matched, &compiled.config.matcher);
            let new = Replacer::<Document>::generate_replacement(fixer, matched);
            Edit::new(Span::from(range), new)
        });
    // A rule may mend some of what it finds: where its rewriting changes nothing, it has nothing to propose. Nor has
    // it where bytes that are no text would be written as something else.
    let fix = fix.filter(|edit| {
        let old = text.slice(edit.span).unwrap_or_default();
        old != &*edit.new && std::str::from_utf8(old).is_ok()
    });
    Hit {
        shelved: asked.shelved,
        absence: rule.reach.absence,
        broken: node.has_error(),
        finding: Finding {
            analyzer: ANALYZER,
            rule: rule.id.clone(),
            cwes: rule.cwes.clone(),
            severity: rule.severity,
            confidence: rule.confidence,
            span: Span::from(node.byte_range()),
            message: one_line(&compiled.config.get_message(matched)),
            advice: rule.advice.clone(),
            fix: fix.into_iter().collect(),
            trace: Vec::new(),
        },
    }
}

/// Text for one line: what stood on several is joined by single spaces.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The result of a scan, from what all passes gave.
/// `unfinished` is the view that was asked, of a text that may go on.
pub(crate) fn settle(parsed: &Parsed, mut pass: Pass, unfinished: Option<&View>) -> Scan {
    // A rule that asks what is not there cannot be asked of a piece of code that is broken off.
    pass.hits.retain(|hit| !hit.absence || !hit.broken);
    if let Some(view) = unfinished.filter(|_| !pass.hits.is_empty()) {
        let end = match view.whole {
            Some(whole) => Unfinished::closed(parsed, whole),
            None => Unfinished::broken(parsed),
        };
        pass.hits.retain(|hit| end.lets_through(hit));
    }
    let mut findings: Vec<Finding> = pass.hits.into_iter().map(|hit| hit.finding).collect();
    let place = |finding: &Finding| (finding.span, finding.rule.clone());
    findings.sort_by_cached_key(place);
    findings.dedup_by(|one, other| one.span == other.span && one.rule == other.rule);
    pass.stopped.sort_by(|one, other| one.rule.cmp(&other.rule));
    let (findings, suppressed) = suppressions::apply(parsed, findings);
    Scan {
        findings,
        suppressed,
        stopped: pass.stopped,
        omissions: pass.omissions,
    }
}
