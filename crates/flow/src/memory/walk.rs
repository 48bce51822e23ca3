//! How is one function gone through, and what is carried along?

use std::collections::{HashMap, HashSet};

use palinode_code::{Confidence, Span};

use super::names;
use super::nodes::{Kind, Node, Operator, Role};
use super::result::{Lack, MissingCheck};
use super::variables::{Few, Known, Pointers, Variable};

/// How deeply statements and expressions may be nested; what lies deeper is not looked at.
const DEPTH: u32 = 100;
/// How many members and elements may hang on one another in what is told apart from others.
const LINKS: usize = 12;

/// A walk through one function.
pub(super) struct Walk<'a> {
    pub(super) text: &'a [u8],
    pub(super) nodes: &'a [Node],
    pub(super) named: HashMap<&'a [u8], Variable>,
    pub(super) variables: Vec<Known>,
    pub(super) parameters: Vec<Variable>,
    pub(super) pointers: Pointers,
    /// Every variable in the order in which it was met, so that a condition can tell which ones it mentions.
    pub(super) met: Vec<Variable>,
    /// What the conditions around this place mention.
    pub(super) conditions: Vec<Few>,
    /// Conditions that this place is a part of.
    pub(super) in_condition: u32,
    /// Whether this is a piece of code whose function is not there: what it does not declare it was given.
    pub(super) is_piece: bool,
    /// Calls that check what they are given, around this place.
    pub(super) in_check: u32,
    /// Loops around this place.
    pub(super) loops: u32,
    /// Whether anything has been compared by size so far.
    pub(super) has_compared: bool,
    depth: u32,
    found: Vec<MissingCheck>,
    pub(super) seen: HashSet<(Lack, &'a [u8])>,
}

/// What is missing in the function at this node.
pub(super) fn function(text: &[u8], nodes: &[Node], at: usize) -> Vec<MissingCheck> {
    let mut walk = Walk::new(text, nodes);
    let Some(declarator) = walk.child(at, Role::Declarator) else {
        return Vec::new();
    };
    let mut inner = declarator;
    while inner < nodes[declarator].next as usize {
        if nodes[inner].kind == Kind::Parameter {
            walk.declare(inner, true);
            inner = nodes[inner].next as usize;
        } else {
            inner += 1;
        }
    }
    if let Some(body) = walk.child(at, Role::Body) {
        walk.statement(body);
    }
    walk.pointers.unreached = false;
    walk.judge_lengths();
    walk.found
}

/// What is missing outside of all functions: in a piece of code whose function is not there.
pub(super) fn outside_functions(text: &[u8], nodes: &[Node]) -> Vec<MissingCheck> {
    let mut walk = Walk::new(text, nodes);
    walk.is_piece = true;
    if !nodes.is_empty() {
        walk.statement(0);
    }
    walk.found
}

impl<'a> Walk<'a> {
    fn new(text: &'a [u8], nodes: &'a [Node]) -> Self {
        Self {
            text,
            nodes,
            named: HashMap::new(),
            variables: Vec::new(),
            parameters: Vec::new(),
            pointers: Pointers::default(),
            met: Vec::new(),
            conditions: Vec::new(),
            in_condition: 0,
            is_piece: false,
            in_check: 0,
            loops: 0,
            has_compared: false,
            depth: 0,
            found: Vec::new(),
            seen: HashSet::new(),
        }
    }

    pub(super) fn written(&self, at: usize) -> &'a [u8] {
        self.slice((self.nodes[at].start, self.nodes[at].end))
    }

    pub(super) fn slice(&self, (start, end): (u32, u32)) -> &'a [u8] {
        self.text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// How a variable is written.
    pub(super) fn name(&self, variable: Variable) -> &'a [u8] {
        let known = &self.variables[variable as usize];
        self.slice((known.start, known.end))
    }

    pub(super) fn children(&self, at: usize) -> Children<'a> {
        Children {
            nodes: self.nodes,
            at: at + 1,
            end: self.nodes[at].next as usize,
        }
    }

    pub(super) fn child(&self, at: usize, role: Role) -> Option<usize> {
        self.children(at)
            .find(|&child| self.nodes[child].role == role)
    }

    /// The expression inside parentheses and casts.
    pub(super) fn peel(&self, mut at: usize) -> usize {
        loop {
            let inner = match self.nodes[at].kind {
                Kind::Transparent => self.children(at).next(),
                Kind::Cast => self.child(at, Role::Value),
                _ => None,
            };
            match inner {
                Some(inner) => at = inner,
                None => return at,
            }
        }
    }

    /// Runs `visit` one level deeper, where that is not too deep.
    pub(super) fn deeper<T: Default>(&mut self, visit: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= DEPTH {
            return T::default();
        }
        self.depth += 1;
        let result = visit(self);
        self.depth -= 1;
        result
    }

    /// Says that a check is missing at a node, once a kind and subject.
    pub(super) fn report(
        &mut self,
        kind: Lack,
        at: usize,
        subject: Option<Variable>,
        certainty: Confidence,
    ) {
        let span = |start: u32, end: u32| Span::new(start as usize, end as usize);
        let node = self.nodes[at];
        let subject = subject.map_or((node.start, node.end), |variable| {
            let known = &self.variables[variable as usize];
            (known.start, known.end)
        });
        if self.pointers.unreached || !self.seen.insert((kind, self.slice(subject))) {
            return;
        }
        self.found.push(MissingCheck {
            kind,
            span: span(node.start, node.end),
            subject: span(subject.0, subject.1),
            certainty,
        });
    }

    /// Whether a node names a place: a variable, and members and elements of one.
    pub(super) fn is_place(&self, at: usize) -> bool {
        let mut at = Some(at);
        for _ in 0..LINKS {
            let Some(here) = at else {
                return false;
            };
            let node = self.nodes[here];
            at = match node.kind {
                Kind::Identifier => return true,
                Kind::Field | Kind::Subscript => self.child(here, Role::Argument),
                Kind::Transparent => self.children(here).next(),
                Kind::Pointer if node.operator == Operator::Times => {
                    self.child(here, Role::Argument)
                }
                _ => return false,
            };
        }
        false
    }

    /// The variable that a node that [`Walk::is_place`] names.
    pub(super) fn variable(&mut self, at: usize) -> Variable {
        let name = self.written(at);
        if let Some(&known) = self.named.get(name) {
            return known;
        }
        let node = self.nodes[at];
        let inner = match node.kind {
            Kind::Field | Kind::Subscript | Kind::Pointer => self.child(at, Role::Argument),
            _ => None,
        };
        let inner = inner.filter(|&inner| self.is_place(inner));
        let base = inner.map(|inner| self.variable(inner));
        let variable = u32::try_from(self.variables.len()).unwrap_or(u32::MAX);
        self.variables.push(Known {
            start: node.start,
            end: node.end,
            base,
            is_member: node.kind == Kind::Field,
            ..Known::default()
        });
        self.named.insert(name, variable);
        variable
    }

    /// The variable with this name, where it has been met.
    pub(super) fn known(&self, name: &[u8]) -> Option<Variable> {
        self.named.get(name).copied()
    }

    /// The name of the function that a call calls, without what it belongs to.
    pub(super) fn called(&self, call: usize) -> &'a [u8] {
        let function = self.child(call, Role::Called);
        function.map_or(&b""[..], |at| names::last_part(self.written(at)))
    }
}

/// The children of a node.
#[derive(Clone)]
pub(super) struct Children<'a> {
    nodes: &'a [Node],
    at: usize,
    end: usize,
}

impl Iterator for Children<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.at >= self.end {
            return None;
        }
        let at = self.at;
        self.at = self.nodes[at].next as usize;
        Some(at)
    }
}
