//! Which functions stand in a text?
//!
//! One pass over the tree asks the language about every node. A node that is a function, or a type
//! that owns functions, is remembered while the walk is inside it; so what a function belongs to,
//! and which function it stands in, needs no search.

use std::cmp::Reverse;

use tree_sitter::Node;

use crate::parsed::{Parsed, span_of};
use crate::span::Span;
use crate::walk::{Step, Walk};

pub(crate) mod declarators;
pub(crate) mod ecmascript;
mod naming;
mod signature;

pub(crate) use naming::{NamingRule, named};

/// A function, method, constructor, or function expression (lambda, closure, arrow function).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its own name without what qualifies it (`run`, `operator==`, `~Buffer`); empty for a function
    /// expression that nothing names.
    pub name: String,
    /// The type, object or namespace it belongs to, as written: a class, a Rust `impl`'s type, a Go
    /// receiver's type, the `A::B` of `A::B::run`.
    pub owner: Option<String>,
    /// All of it, with decorators, a `template` head, and, for a function expression, the statement
    /// that only gives it its name.
    pub span: Span,
    /// The block or expression it runs; `None` for a declaration without one.
    pub body: Option<Span>,
    /// Everything before the body, on one line and without comments; at most 2,048 bytes, then `…`.
    pub signature: String,
    /// Where the signature stands.
    pub signature_span: Span,
    /// The parameters as written, each on one line and without comments, receivers of the `self`
    /// sort included; cut as `signature` is.
    pub parameters: Vec<String>,
    /// Index, in the same list, of the innermost function whose span encloses it.
    pub parent: Option<usize>,
}

/// A node, with what a language may ask about it.
pub(crate) struct Place<'p, 't> {
    pub(crate) node: Node<'t>,
    /// The nodes above it, the root first.
    pub(crate) ancestors: &'p [Node<'t>],
    pub(crate) source: &'p [u8],
    /// Whether the innermost function or type around it is a function.
    pub(crate) in_function: bool,
    pub(crate) naming: &'static [NamingRule],
}

/// What a language says about a node that is a function.
pub(crate) struct Found<'t> {
    pub(crate) name: String,
    /// Where the function itself says what it belongs to.
    pub(crate) owner: Option<String>,
    /// The node whose span is the function's.
    pub(crate) whole: Node<'t>,
    /// Where the signature starts.
    pub(crate) header: usize,
    /// Where the signature ends, when that is not where the body starts.
    pub(crate) header_end: Option<usize>,
    pub(crate) body: Option<Node<'t>>,
    pub(crate) parameters: Option<Node<'t>>,
}

impl<'t> Place<'_, 't> {
    /// The text of a node.
    pub(crate) fn text(&self, node: Node<'_>) -> String {
        let bytes = self.source.get(node.byte_range()).unwrap_or_default();
        signature::one_line(bytes, 0, &[])
    }

    /// The text of this node's field; empty where it has none.
    pub(crate) fn field_text(&self, field: &str) -> String {
        let node = self.node.child_by_field_name(field);
        node.map(|node| self.text(node)).unwrap_or_default()
    }

    /// The node directly above.
    pub(crate) fn parent(&self) -> Option<Node<'t>> {
        self.ancestors.last().copied()
    }

    /// The function this node is, by the fields most grammars use: `name`, `parameters`, `body`.
    pub(crate) fn plain(&self) -> Found<'t> {
        Found {
            name: self.field_text("name"),
            owner: None,
            whole: self.node,
            header: self.node.start_byte(),
            header_end: None,
            body: self.node.child_by_field_name("body"),
            parameters: self.node.child_by_field_name("parameters"),
        }
    }

    /// The function expression this node is, named by what it is assigned to.
    pub(crate) fn expression(&self) -> Found<'t> {
        let mut found = self.plain();
        if let Some(naming) = named(self) {
            if found.name.is_empty() {
                found.name = naming.name;
            }
            found.owner = naming.owner;
            found.whole = naming.whole;
            found.header = naming.whole.start_byte();
        }
        found
    }
}

/// What the walk is inside of.
struct Frame {
    /// Depth of the node, to know when it is left.
    depth: usize,
    inside: Inside,
}

enum Inside {
    Function,
    Owner(String),
}

/// The functions of a parse, in order.
pub(crate) fn functions_of(parsed: &Parsed) -> Vec<Function> {
    let syntax = &parsed.language.syntax;
    let source = parsed.text.as_bytes();
    let mut all_found: Vec<Found<'_>> = Vec::new();
    let mut comments: Vec<Span> = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut walk = Walk::new(parsed.root());
    while let Some(step) = walk.step() {
        let depth = walk.ancestors().len();
        let node = match step {
            Step::Enter(node) => node,
            Step::Leave => {
                // The ancestors of a node being left no longer include its children, so `depth` is
                // its own.
                while frames.last().is_some_and(|frame| frame.depth >= depth) {
                    frames.pop();
                }
                continue;
            }
        };
        if parsed.language.is_comment(node) {
            comments.push(span_of(node));
            walk.skip();
            continue;
        }
        if !node.is_named() {
            continue;
        }
        let place = Place {
            node,
            ancestors: walk.ancestors(),
            source,
            in_function: matches!(
                frames.last().map(|frame| &frame.inside),
                Some(Inside::Function)
            ),
            naming: syntax.naming,
        };
        if let Some(mut found) = (syntax.function)(&place) {
            let owner = match frames.last().map(|frame| &frame.inside) {
                Some(Inside::Owner(owner)) if !owner.is_empty() => Some(owner.clone()),
                _ => None,
            };
            found.owner = found.owner.or(owner);
            all_found.push(found);
            let inside = Inside::Function;
            frames.push(Frame { depth, inside });
        } else if let Some(owner) = (syntax.owner)(&place) {
            let inside = Inside::Owner(owner);
            frames.push(Frame { depth, inside });
        }
    }
    in_order(all_found)
        .into_iter()
        .map(|(found, parent)| found.finish(parent, source, &comments))
        .collect()
}

/// Sorts by start, enclosing before enclosed, and adds for each the index of the one around it. What
/// names a function can stand before it and hold functions too, so the walk's order is not enough.
fn in_order(mut all_found: Vec<Found<'_>>) -> Vec<(Found<'_>, Option<usize>)> {
    let key = |found: &Found<'_>| {
        let span = span_of(found.whole);
        (span.start, Reverse(span.end))
    };
    all_found.sort_by_key(key);
    let mut around: Vec<(usize, Span)> = Vec::new();
    let mut ordered = Vec::with_capacity(all_found.len());
    for (index, found) in all_found.into_iter().enumerate() {
        let span = span_of(found.whole);
        while around.last().is_some_and(|(_, outer)| outer.end < span.end) {
            around.pop();
        }
        ordered.push((found, around.last().map(|&(outer, _)| outer)));
        around.push((index, span));
    }
    ordered
}

impl Found<'_> {
    /// The function, once all comments are known.
    fn finish(self, parent: Option<usize>, source: &[u8], comments: &[Span]) -> Function {
        let Found {
            name,
            owner,
            whole,
            header,
            header_end,
            body,
            parameters,
        } = self;
        let end = header_end
            .or(body.map(|body| body.start_byte()))
            .unwrap_or(whole.end_byte());
        let signature_span =
            signature::trimmed(source, Span::new(header, end.max(header)), comments);
        Function {
            name,
            owner,
            span: span_of(whole),
            body: body.map(span_of),
            signature: signature::text_at(source, signature_span, comments),
            signature_span,
            parameters: parameters
                .map(|list| signature::parameters(source, list, comments))
                .unwrap_or_default(),
            parent,
        }
    }
}
