//! How does a syntax tree become the small form that is analyzed?
//!
//! What all languages share is here, by [`Role`]: a language's file says which of its nodes play which. Nothing
//! here recurses more deeply than the limit; what lies deeper is left out, and said to be.

use crate::form::{Closure, Expression, Id, Name, Near, Place, Slice, Statement, Symbol, Unit};
use crate::languages::Grammar;
use crate::roles::{Field, Role};
use crate::tree::{FastMap, Node};

mod calls;
mod control;
mod expressions;
mod functions;
mod operators;
mod statements;
mod strings;
mod targets;

pub(crate) use functions::{Placed, Reusable, last_word, lower};

/// Lowers a file.
pub(crate) struct Lowerer<'t> {
    pub(crate) nodes: &'t [Node],
    pub(crate) bytes: &'t [u8],
    pub(crate) grammar: &'static Grammar,
    /// The unit that is being made.
    unit: Draft,
    /// Those that are finished; what stands inside a function comes before it.
    done: Vec<Placed>,
    /// The type around.
    owner: Option<String>,
    depth: u32,
    deepest: u32,
    reusable: Option<&'t Reusable>,
}

/// A unit while it is made.
#[derive(Default)]
struct Draft {
    unit: Unit,
    base: u32,
    symbols: FastMap<Box<[u8]>, Symbol>,
    places: FastMap<(Option<Place>, Symbol), Place>,
    /// Attributes that stand above what comes next.
    attributes: Vec<Near>,
}

impl<'t> Lowerer<'t> {
    /// The nodes directly below one.
    pub(crate) fn children(&self, at: u32) -> Children<'t> {
        let (next, end) = match self.nodes.get(at as usize) {
            Some(node) => (at + 1, node.next),
            None => (0, 0),
        };
        let nodes = self.nodes;
        Children { nodes, next, end }
    }

    /// The first node below that fills a field.
    pub(crate) fn child(&self, at: u32, field: Field) -> Option<u32> {
        self.children(at)
            .find(|&child| self.node(child).field == field)
    }

    /// The first node below that fills one of these fields; the fields in order of preference.
    fn child_of(&self, at: u32, fields: &[Field]) -> Option<u32> {
        fields.iter().find_map(|&field| self.child(at, field))
    }

    pub(crate) fn node(&self, at: u32) -> Node {
        self.nodes[at as usize]
    }

    pub(crate) fn role(&self, at: u32) -> Role {
        self.nodes[at as usize].role
    }

    pub(crate) fn bytes_of(&self, at: u32) -> &'t [u8] {
        let node = self.node(at);
        &self.bytes[node.start as usize..node.end as usize]
    }

    /// The text of a node; nothing where it is not UTF-8.
    pub(crate) fn text(&self, at: u32) -> &'t str {
        std::str::from_utf8(self.bytes_of(at)).unwrap_or_default()
    }

    /// What stands between two nodes, without white space: an operator.
    fn between(&self, left: u32, right: u32) -> &'t [u8] {
        let (from, to) = (self.node(left).end, self.node(right).start);
        self.bytes
            .get(from as usize..to as usize)
            .unwrap_or_default()
            .trim_ascii()
    }

    /// That `name` stands for `path`, in the whole file.
    pub(crate) fn import(&mut self, name: &str, path: &str) {
        self.unit
            .unit
            .imports
            .push((name.to_owned(), path.to_owned()));
    }

    fn near(&self, at: u32) -> Near {
        let node = self.node(at);
        self.near_of(node.start, node.end)
    }

    fn near_of(&self, start: u32, end: u32) -> Near {
        Near {
            start: start.saturating_sub(self.unit.base),
            end: end.saturating_sub(self.unit.base),
        }
    }

    fn symbol(&mut self, at: u32) -> Symbol {
        let bytes = self.bytes_of(at);
        self.symbol_of(bytes)
    }

    fn symbol_of(&mut self, bytes: &[u8]) -> Symbol {
        if let Some(&symbol) = self.unit.symbols.get(bytes) {
            return symbol;
        }
        let unit = &mut self.unit.unit;
        let symbol = Symbol(unit.names.len() as u32);
        let start = unit.words.len() as u32;
        unit.words.extend_from_slice(bytes);
        let end = unit.words.len() as u32;
        unit.names.push(Name {
            text: Slice { start, end },
            declared: None,
        });
        self.unit.symbols.insert(bytes.into(), symbol);
        symbol
    }

    fn place(&mut self, of: Option<Place>, symbol: Symbol) -> Place {
        let unit = &mut self.unit;
        *unit.places.entry((of, symbol)).or_insert_with(|| {
            unit.unit.places.push((of, symbol));
            Place(unit.unit.places.len() as u32 - 1)
        })
    }

    fn add(&mut self, expression: Expression, near: Near) -> Id {
        self.unit.unit.expressions.push((expression, near));
        Id(self.unit.unit.expressions.len() as u32 - 1)
    }

    fn expression(&self, id: Id) -> Expression {
        self.unit.unit.expressions[id.0 as usize].0
    }

    fn near_of_id(&self, id: Id) -> Near {
        self.unit.unit.expressions[id.0 as usize].1
    }

    fn list(&mut self, ids: &[Id]) -> Slice {
        let start = self.unit.unit.lists.len() as u32;
        self.unit.unit.lists.extend_from_slice(ids);
        let end = self.unit.unit.lists.len() as u32;
        Slice { start, end }
    }

    fn block(&mut self, statements: Vec<Statement>) -> Slice {
        let start = self.unit.unit.statements.len() as u32;
        self.unit.unit.statements.extend(statements);
        let end = self.unit.unit.statements.len() as u32;
        Slice { start, end }
    }

    fn closure(&mut self, closure: Closure) -> u32 {
        self.unit.unit.closures.push(closure);
        self.unit.unit.closures.len() as u32 - 1
    }

    /// Does `work` one level down, unless that is too deep.
    fn deeper<T>(&mut self, at: u32, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= self.deepest {
            let near = self.near(at);
            self.unit.unit.too_deep.get_or_insert(near);
            return None;
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        Some(result)
    }
}

/// The nodes directly below one, in order.
pub(crate) struct Children<'t> {
    nodes: &'t [Node],
    next: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.next >= self.end {
            return None;
        }
        let at = self.next;
        self.next = self.nodes[at as usize].next;
        Some(at)
    }
}
