//! What does a syntax tree look like when it is laid out flat, and each node is named by what it means?
//!
//! One walk over tree-sitter's tree, without recursion, leaves an array in which the children of a node follow it.
//! Everything after this asks the array, not tree-sitter: finding a child by its field is a scan of neighbors, and
//! a function's subtree is a slice that can be hashed.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use palinode_code::Parsed;

use crate::languages::Grammar;
use crate::roles::{Field, Role};

/// A named node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Index after the last node below this one.
    pub(crate) next: u32,
    pub(crate) role: Role,
    /// The field of its parent that it fills.
    pub(crate) field: Field,
    /// Whether a part of it, directly below, is missing or does not fit.
    pub(crate) is_broken: bool,
}

/// What an earlier version of a text leaves: its nodes, and the offset before which nothing has changed since, no byte
/// and no node that ends there or earlier.
#[derive(Clone, Copy)]
pub(crate) struct Earlier<'n> {
    pub(crate) nodes: &'n [Node],
    pub(crate) unchanged: u32,
}

/// The nodes of a parse, each before its children. Comments and what means nothing to a flow are left out. Cost: a
/// visit of each node that changed, and of those beside them.
pub(crate) fn flatten(
    parsed: &Parsed,
    grammar: &Grammar,
    earlier: Option<Earlier<'_>>,
) -> Vec<Node> {
    let lookup = grammar.lookup(parsed);
    let mut nodes = Vec::with_capacity(parsed.text().len() / 8 + 1);
    // The nodes that the walk is inside of.
    let mut around: Vec<u32> = Vec::new();
    let mut known = Known::new(earlier.filter(|_| !parsed.root().has_error()));
    let mut cursor = parsed.tree().walk();
    loop {
        let node = cursor.node();
        let mut goes_down = false;
        let mut entered = false;
        if node.is_named() {
            let role = lookup.role(node.kind_id());
            if node.has_error()
                && (node.is_missing() || node.is_error())
                && let Some(&parent) = around.last()
            {
                nodes_mark(&mut nodes, parent);
            }
            if role != Role::Skip && !node.is_missing() {
                let range = node.byte_range();
                let field = cursor
                    .field_id()
                    .map_or(Field::None, |id| lookup.field(id.get()));
                let new = Node {
                    start: range.start as u32,
                    end: range.end as u32,
                    next: 0,
                    role,
                    field,
                    is_broken: false,
                };
                if !known.copy(new, &mut nodes) {
                    around.push(nodes.len() as u32);
                    entered = true;
                    nodes.push(new);
                    goes_down = !role.is_leaf();
                }
            }
        } else if node.is_missing()
            && let Some(&parent) = around.last()
        {
            nodes_mark(&mut nodes, parent);
        }
        if goes_down && cursor.goto_first_child() {
            continue;
        }
        if entered {
            close(&mut nodes, &mut around);
        }
        loop {
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                return nodes;
            }
            close(&mut nodes, &mut around);
        }
    }
}

/// The nodes of an earlier version, met in order.
struct Known<'n> {
    earlier: Option<Earlier<'n>>,
    /// No node before this one will be asked for.
    at: usize,
}

impl<'n> Known<'n> {
    fn new(earlier: Option<Earlier<'n>>) -> Self {
        Self { earlier, at: 0 }
    }

    /// Puts the subtree of `new` behind `nodes`, if it is known from before.
    fn copy(&mut self, new: Node, nodes: &mut Vec<Node>) -> bool {
        let Some(earlier) = self.earlier.filter(|earlier| new.end <= earlier.unchanged) else {
            return false;
        };
        let known = earlier.nodes;
        while known.get(self.at).is_some_and(|node| {
            let is_it = node.start == new.start && node.end == new.end && node.role == new.role;
            !is_it
                && (node.start, std::cmp::Reverse(node.end))
                    <= (new.start, std::cmp::Reverse(new.end))
        }) {
            self.at += 1;
        }
        let Some(node) = known.get(self.at) else {
            return false;
        };
        let is_it = node.start == new.start && node.end == new.end && node.role == new.role;
        if !is_it || node.is_broken {
            return false;
        }
        let end = node.next as usize;
        let subtree = &known[self.at..end];
        let (from, to) = (self.at as u32, nodes.len() as u32);
        nodes.extend(subtree.iter().map(|node| Node {
            next: node.next - from + to,
            ..*node
        }));
        nodes[to as usize].field = new.field;
        self.at = end;
        true
    }
}

fn nodes_mark(nodes: &mut [Node], parent: u32) {
    nodes[parent as usize].is_broken = true;
}

fn close(nodes: &mut [Node], around: &mut Vec<u32>) {
    if let Some(at) = around.pop() {
        nodes[at as usize].next = nodes.len() as u32;
    }
}

/// The hash of a subtree and of the text that it covers, the same wherever in a file it stands.
pub(crate) fn key_of(nodes: &[Node], at: u32, bytes: &[u8]) -> u128 {
    let root = nodes[at as usize];
    let mut low = Fast::default();
    let mut high = Fast(0x9E37_79B9_7F4A_7C15);
    let text = &bytes[root.start as usize..root.end as usize];
    low.write(text);
    high.write(text);
    for node in &nodes[at as usize..root.next as usize] {
        let place = u64::from(node.start - root.start) << 32 | u64::from(node.end - root.start);
        let meaning = u64::from(node.role as u8)
            | u64::from(node.field as u8) << 8
            | u64::from(node.is_broken) << 16
            | u64::from(node.next - at) << 32;
        low.write_u64(place ^ meaning.rotate_left(29));
        high.write_u64(meaning ^ place.rotate_left(17));
    }
    u128::from(low.finish()) << 64 | u128::from(high.finish())
}

/// The key of a function with an attribute of this text, `before` bytes before it.
pub(crate) fn with_attribute(key: u128, text: &[u8], before: u32) -> u128 {
    let mut hash = Fast(key as u64);
    hash.write(text);
    hash.write_u32(before);
    key.rotate_left(31) ^ u128::from(hash.finish())
}

/// A hash table whose hash is quick and the same in every run. What it holds is small and made anew for each
/// file, so that collisions made on purpose cost little.
pub(crate) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<Fast>>;

/// Multiplies and rotates, a word at a time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fast(u64);

impl Hasher for Fast {
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.write_u64(u64::from_le_bytes(word.try_into().unwrap_or_default()));
        }
        let mut last = [0; 8];
        let rest = words.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last) ^ (bytes.len() as u64).rotate_left(56));
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}
