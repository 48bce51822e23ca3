//! Of which nodes does a rule have to be asked again, after an edit?

use palinode_code::Parsed;
use palinode_code::tree_sitter::Node;

use crate::rule::Breadth;
use crate::shelf::Scope;

/// From where on a text has changed, and what stands around that place.
#[derive(Debug, Default)]
pub(crate) struct Since {
    /// Before this byte nothing has changed: no byte, and no node that ends there or earlier.
    pub(crate) unchanged: usize,
    /// Where the item before the one starts, at the top of the file, that changed first: rules may look at the items
    /// beside one.
    item: usize,
    /// The nodes that had that place inside or have it now, with their kinds and starts: they changed.
    around: Vec<(u16, usize)>,
}

impl Since {
    /// What has changed from `before` to `now`, where nothing did before `unchanged`. Cost: two walks down the tree.
    pub(crate) fn change(before: &Parsed, now: &Parsed, unchanged: usize) -> Self {
        if unchanged == 0 {
            return Self::default();
        }
        let mut around = Vec::new();
        for root in [before.root(), now.root()] {
            let mut cursor = root.walk();
            while cursor.goto_first_child_for_byte(unchanged).is_some() {
                let node = cursor.node();
                if node.start_byte() >= unchanged {
                    break;
                }
                around.push((node.kind_id(), node.start_byte()));
            }
        }
        Self {
            unchanged,
            item: item_before(now.root(), unchanged),
            around,
        }
    }

    /// The byte such that a condition of this scope has to be asked of the nodes that end there or later.
    pub(crate) fn of(&self, scope: &Scope) -> usize {
        match scope.breadth {
            Breadth::Node => self.unchanged,
            Breadth::Around => {
                let around = self.around.iter();
                let starts = around.filter(|(kind, _)| scope.around.contains(kind));
                starts
                    .map(|&(_, start)| start)
                    .min()
                    .map_or(self.unchanged, |start| start.min(self.unchanged))
            }
            Breadth::Item => self.item,
            Breadth::File => 0,
        }
    }
}

/// Where the item before the one at the top of the file starts in which the byte at `offset` stands.
fn item_before(root: Node<'_>, offset: usize) -> usize {
    let mut cursor = root.walk();
    if offset == 0 || cursor.goto_first_child_for_byte(offset - 1).is_none() {
        return 0;
    }
    for _ in 0..2 {
        cursor.goto_previous_sibling();
    }
    cursor.node().start_byte()
}
