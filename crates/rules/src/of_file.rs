//! Which of the rules that ask something of the whole file does this file answer?

use ast_grep_core::AstGrep;
use ast_grep_core::matcher::MatcherExt;

use crate::clock::Meter;
use crate::document::Document;
use crate::shelf::{Compiled, OfFile};

/// For each rule, whether it is to be asked: it asks nothing of the file, or some node shows what it asks. Cost: one
/// walk over the tree where any rule asks, up to the node that answers the last of them; a rule's share of it is on
/// its account in `meter`.
pub(crate) fn answered<'c>(
    rules: impl Iterator<Item = &'c Compiled>,
    root: &AstGrep<Document>,
    meter: &mut Meter<'_>,
) -> Vec<bool> {
    let asked: Vec<Option<&OfFile>> = rules.map(|rule| rule.of_file.as_ref()).collect();
    let mut answers: Vec<bool> = asked.iter().map(Option::is_none).collect();
    let mut open: Vec<(usize, &OfFile)> = asked
        .iter()
        .enumerate()
        .filter_map(|(at, of_file)| Some((at, (*of_file)?)))
        .collect();
    if open.is_empty() {
        return answers;
    }
    // The tree is the document's own, since the nodes that are matched borrow it.
    let tree = root.root().get_inner_node();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let kind = node.kind_id();
        open.retain(|&(at, of_file)| {
            if !of_file.kinds.contains(&kind) {
                return true;
            }
            meter.node();
            let matcher = &of_file.config.matcher;
            let shows = meter.charge(at, || matcher.match_node(root.adopt(node)).is_some());
            answers[at] |= shows;
            !shows && !meter.is_stopped(at)
        });
        if open.is_empty() {
            return answers;
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return answers;
            }
        }
    }
}
