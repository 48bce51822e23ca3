//! Which of the rules that ask something of the whole file does this file answer?

use std::collections::BTreeMap;

use ast_grep_core::AstGrep;
use ast_grep_core::matcher::MatcherExt;

use crate::clock::Meter;
use crate::document::Document;
use crate::scan::Asked;
use crate::shelf::OfFile;
use crate::since::Since;

/// What a text has shown so far: for each rule that has asked something of the file, by its place on the shelf, where
/// the node ends that gave the answer, if any did.
pub(crate) type Shown = BTreeMap<usize, Option<usize>>;

/// For each rule, whether it is to be asked: it asks nothing of the file, or some node shows what it asks. `shown` is
/// what the text showed before its last edit, and then what it shows now; what stands before `from` has not changed.
///
/// Cost: one walk over what changed of the tree where any rule asks, up to the node that answers the last of them; a
/// rule's share of it is on its account in `meter`.
pub(crate) fn answered(
    rules: &[Asked<'_>],
    root: &AstGrep<Document>,
    from: &Since,
    shown: &mut Shown,
    meter: &mut Meter<'_>,
) -> Vec<bool> {
    let mut answers: Vec<bool> = rules
        .iter()
        .map(|rule| rule.compiled.of_file.is_none())
        .collect();
    let mut open: Vec<(usize, &OfFile, usize)> = Vec::new();
    let before = std::mem::take(shown);
    for (at, rule) in rules.iter().enumerate() {
        let Some(of_file) = &rule.compiled.of_file else {
            continue;
        };
        let from = from.of(&of_file.scope);
        match before.get(&rule.shelved) {
            Some(&Some(end)) if end < from => {
                answers[at] = true;
                shown.insert(rule.shelved, Some(end));
            }
            // It was asked everywhere before here, and nothing showed it.
            Some(None) => open.push((at, of_file, from)),
            // The node that showed it changed, or its words were not in the text and it was not asked.
            Some(Some(_)) | None => open.push((at, of_file, 0)),
        }
    }
    for &(at, _, _) in &open {
        shown.insert(rules[at].shelved, None);
    }
    if open.is_empty() {
        return answers;
    }
    let lowest = open.iter().map(|(_, _, from)| *from).min().unwrap_or(0);
    // The tree is the document's own, since the nodes that are matched borrow it.
    let tree = root.root().get_inner_node();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let kind = node.kind_id();
        let end = node.end_byte();
        let beyond = lowest == 0 || end >= lowest;
        if beyond {
            open.retain(|&(at, of_file, from)| {
                if end < from || !of_file.kinds.contains(&kind) {
                    return true;
                }
                meter.node();
                let matcher = &of_file.config.matcher;
                let shows = meter.charge(at, || matcher.match_node(root.adopt(node)).is_some());
                answers[at] |= shows;
                if shows {
                    shown.insert(rules[at].shelved, Some(end));
                }
                !shows && !meter.is_stopped(at)
            });
        }
        if open.is_empty() {
            return answers;
        }
        if beyond && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return answers;
            }
        }
    }
}
