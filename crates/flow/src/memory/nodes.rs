//! What does a piece of C look like as one flat array, with operators named?
//!
//! As in the rest of this room the tree is walked once, and all that follows asks the array.

use palinode_code::Parsed;
use palinode_code::tree_sitter::Node as TreeNode;

use super::kinds::Numbers;

/// What a node is, as far as memory cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Kind {
    Function,
    FunctionDeclarator,
    Parameter,
    Declaration,
    InitDeclarator,
    PointerDeclarator,
    ArrayDeclarator,
    Identifier,
    Member,
    Field,
    Subscript,
    Call,
    Arguments,
    Assign,
    Update,
    Binary,
    Unary,
    Pointer,
    Cast,
    Transparent,
    Conditional,
    Number,
    Text,
    Sizeof,
    New,
    Delete,
    If,
    Else,
    While,
    DoWhile,
    For,
    Each,
    Switch,
    Case,
    Return,
    Goto,
    Leave,
    Label,
    Block,
    Alternative,
    Type,
    #[default]
    Other,
    Skip,
}

/// Which child of its parent a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Role {
    Declarator,
    Type,
    Value,
    Left,
    Right,
    Argument,
    Index,
    Called,
    Condition,
    Body,
    Consequence,
    Alternative,
    Update,
    Initializer,
    Size,
    #[default]
    None,
}

/// What an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Operator {
    Less,
    Greater,
    /// `==` or `!=`.
    Equal,
    Times,
    Plus,
    Minus,
    ShiftLeft,
    /// What makes a number smaller or keeps it so: `&`, `%`, `/`, `>>`.
    Narrow,
    Or,
    /// `&&` or `||`.
    Logical,
    Not,
    Address,
    Arrow,
    Increment,
    Set,
    #[default]
    Other,
}

/// A named node; its children follow it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) role: Role,
    pub(super) operator: Operator,
    /// Whether the operator is `!=`.
    pub(super) negated: bool,
    pub(super) start: u32,
    pub(super) end: u32,
    /// Index after the last node below this one.
    pub(super) next: u32,
}

/// The nodes of a parse, each before its children, without comments and what is defined for the preprocessor.
/// `None` for other languages. What is inside of functions that have not changed is left out.
pub(super) fn flatten(parsed: &Parsed, unchanged: usize) -> Option<Vec<Node>> {
    let numbers = Numbers::of(parsed)?;
    let text = parsed.text().as_bytes();
    let mut nodes: Vec<Node> = Vec::with_capacity(text.len() / 6 + 1);
    let mut around: Vec<u32> = Vec::new();
    let mut cursor = parsed.tree().walk();
    loop {
        let node = cursor.node();
        let mut entered = false;
        let mut goes_down = true;
        if node.is_named() {
            let kind = numbers.kinds.get(usize::from(node.kind_id()));
            let kind = kind.copied().unwrap_or_default();
            if kind != Kind::Skip && !node.is_missing() {
                let role = cursor.field_id().map_or(Role::None, |id| {
                    let role = numbers.roles.get(usize::from(id.get()));
                    role.copied().unwrap_or_default()
                });
                around.push(number(nodes.len()));
                nodes.push(Node {
                    kind,
                    role,
                    operator: Operator::Other,
                    negated: false,
                    start: number(node.start_byte().min(node.end_byte()).min(text.len())),
                    end: number(node.end_byte()).min(number(text.len())),
                    next: 0,
                });
                entered = true;
                goes_down = !nodes
                    .last()
                    .is_some_and(|node| is_unchanged(node, unchanged));
            }
        } else if let Some(&parent) = around.last() {
            note_operator(&mut nodes[parent as usize], node, text);
        }
        if entered && goes_down && cursor.goto_first_child() {
            continue;
        }
        if entered {
            close(&mut nodes, &mut around);
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Some(nodes);
            }
            close(&mut nodes, &mut around);
        }
    }
}

/// Whether a node is a function that nothing has changed in.
pub(super) fn is_unchanged(node: &Node, unchanged: usize) -> bool {
    node.kind == Kind::Function && node.end as usize <= unchanged
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn close(nodes: &mut [Node], around: &mut Vec<u32>) {
    if let Some(open) = around.pop() {
        nodes[open as usize].next = number(nodes.len());
    }
}

/// Notes the operator that `token` is, if it is one of its parent's kind.
fn note_operator(parent: &mut Node, token: TreeNode<'_>, text: &[u8]) {
    let may_have = matches!(
        parent.kind,
        Kind::Assign | Kind::Update | Kind::Binary | Kind::Unary | Kind::Pointer | Kind::Field
    );
    if !may_have {
        return;
    }
    let Some(written) = text.get(token.byte_range()) else {
        return;
    };
    let operator = match written {
        b"<" | b"<=" => Operator::Less,
        b">" | b">=" => Operator::Greater,
        b"==" | b"!=" | b"not_eq" => Operator::Equal,
        b"*" | b"*=" => Operator::Times,
        b"+" | b"+=" => Operator::Plus,
        b"-" | b"-=" => Operator::Minus,
        b"<<" | b"<<=" => Operator::ShiftLeft,
        b"%" | b"/" | b">>" | b"%=" | b"/=" | b">>=" | b"&=" => Operator::Narrow,
        b"&" if parent.kind == Kind::Binary => Operator::Narrow,
        b"&" => Operator::Address,
        b"|" => Operator::Or,
        b"&&" | b"||" | b"and" | b"or" => Operator::Logical,
        b"!" | b"not" => Operator::Not,
        b"->" => Operator::Arrow,
        b"++" | b"--" => Operator::Increment,
        b"=" => Operator::Set,
        _ => return,
    };
    parent.operator = operator;
    parent.negated = written == b"!=";
}
