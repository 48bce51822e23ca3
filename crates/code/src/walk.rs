//! In which order are the nodes of a syntax tree met, without recursion?

use tree_sitter::{Node, TreeCursor};

/// A walk over a tree: every node is entered before and left after its children.
///
/// It keeps the chain of ancestors itself, since asking tree-sitter for a parent starts from the
/// root each time. Stack use is constant; memory grows with the depth of the tree.
pub(crate) struct Walk<'tree> {
    cursor: TreeCursor<'tree>,
    ancestors: Vec<Node<'tree>>,
    next: Move,
}

/// What the walk does next.
enum Move {
    Start,
    /// Into the node the cursor stands on.
    Down,
    /// Past the node the cursor stands on.
    Across,
    End,
}

/// One step of a [`Walk`].
pub(crate) enum Step<'tree> {
    Enter(Node<'tree>),
    Leave,
}

impl<'tree> Walk<'tree> {
    /// A walk over `root` and everything under it.
    pub(crate) fn new(root: Node<'tree>) -> Self {
        Self {
            cursor: root.walk(),
            ancestors: Vec::new(),
            next: Move::Start,
        }
    }

    /// The next step; `None` when the root has been left.
    pub(crate) fn step(&mut self) -> Option<Step<'tree>> {
        match self.next {
            Move::Start => {
                self.next = Move::Down;
                Some(Step::Enter(self.cursor.node()))
            }
            Move::Down => {
                let node = self.cursor.node();
                if self.cursor.goto_first_child() {
                    self.ancestors.push(node);
                    Some(Step::Enter(self.cursor.node()))
                } else {
                    self.next = Move::Across;
                    Some(Step::Leave)
                }
            }
            Move::Across => {
                if self.ancestors.is_empty() {
                    self.next = Move::End;
                    return None;
                }
                if self.cursor.goto_next_sibling() {
                    self.next = Move::Down;
                    return Some(Step::Enter(self.cursor.node()));
                }
                self.cursor.goto_parent();
                self.ancestors.pop().map(|_| Step::Leave)
            }
            Move::End => None,
        }
    }

    /// Pass over the children of the node just entered; it is then not left either.
    pub(crate) fn skip(&mut self) {
        self.next = Move::Across;
    }

    /// The nodes above the one just entered, the root first.
    pub(crate) fn ancestors(&self) -> &[Node<'tree>] {
        &self.ancestors
    }

    /// The field of its parent that the node just entered fills.
    pub(crate) fn field(&self) -> Option<&'tree str> {
        self.cursor.field_name()
    }
}
