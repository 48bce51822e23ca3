//! Where does a function begin and end, and what may it be handed?

use std::sync::Arc;

use super::{Draft, Lowerer};
use crate::form::{Closure, Near, Parameter, Slice, Symbol, Unit};
use crate::languages::Grammar;
use crate::limits::Limits;
use crate::roles::{Field, Role};
use crate::tree::{FastMap, Node, key_of, with_attribute};

/// A unit and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) unit: Arc<Unit>,
    pub(crate) base: u32,
}

/// Units that were lowered before, by what they were lowered from.
#[derive(Default)]
pub(crate) struct Reusable {
    units: Vec<Placed>,
    by_key: FastMap<(u128, Option<String>), usize>,
}

impl Reusable {
    /// What an earlier version of a file leaves for the next.
    pub(crate) fn new(units: &[Placed]) -> Self {
        let keyed = units
            .iter()
            .enumerate()
            .filter(|(_, placed)| placed.unit.key != 0);
        Self {
            units: units.to_vec(),
            by_key: keyed
                .map(|(at, placed)| ((placed.unit.key, placed.unit.owner.clone()), at))
                .collect(),
        }
    }
}

/// The units of a file; the last one is the file itself.
pub(crate) fn lower(
    nodes: &[Node],
    bytes: &[u8],
    grammar: &'static Grammar,
    limits: &Limits,
    reusable: Option<&Reusable>,
) -> Vec<Placed> {
    let mut lowerer = Lowerer {
        nodes,
        bytes,
        grammar,
        unit: Draft::default(),
        done: Vec::new(),
        owner: None,
        depth: 0,
        deepest: limits.depth,
        reusable,
    };
    let body = match nodes.is_empty() {
        true => Slice::default(),
        false => lowerer.body(0),
    };
    let mut unit = lowerer.unit.unit;
    unit.body = body;
    unit.length = bytes.len() as u32;
    unit.inner = lowerer.done.len();
    let mut done = lowerer.done;
    let unit = Arc::new(unit);
    done.push(Placed { unit, base: 0 });
    done
}

impl Lowerer<'_> {
    /// A function that has a name. `whole` is the node that it stands for, which may be more than the function.
    pub(super) fn function(&mut self, at: u32, whole: u32, name: &str) {
        let owner = self.owner_of(at);
        let base = self.node(whole).start;
        let mut key = key_of(self.nodes, whole, self.bytes);
        for near in &self.unit.attributes {
            // Decorators stand before it and belong to it.
            let (start, end) = (near.start + self.unit.base, near.end + self.unit.base);
            let text = &self.bytes[start as usize..end as usize];
            key = with_attribute(key, text, base.wrapping_sub(start));
        }
        let key_and_owner = (key, owner);
        if key != 0
            && let Some(reusable) = self.reusable
            && let Some(&found) = reusable.by_key.get(&key_and_owner)
            && reusable.units[found].unit.name == name
        {
            let first = found - reusable.units[found].unit.inner;
            let before = reusable.units[found].base;
            let moved = reusable.units[first..=found].iter().map(|placed| Placed {
                unit: Arc::clone(&placed.unit),
                base: placed.base - before + base,
            });
            self.done.extend(moved);
            return;
        }
        let (key, owner) = key_and_owner;
        let mut draft = Draft {
            base,
            ..Draft::default()
        };
        let attributes = std::mem::take(&mut self.unit.attributes);
        let inner_from = self.done.len();
        std::mem::swap(&mut self.unit, &mut draft);
        let outer = draft;
        let outer_owner = self.owner.take();
        self.unit.unit.attributes = attributes
            .iter()
            .map(|near| self.near_of(near.start + outer.base, near.end + outer.base))
            .collect();
        self.attributes_inside(whole);
        if whole != at {
            self.attributes_inside(at);
        }
        let parameters = self.parameters(at);
        let body = self.function_body(at);
        self.owner = outer_owner;
        let draft = std::mem::replace(&mut self.unit, outer);
        let mut unit = draft.unit;
        unit.name = name.to_owned();
        unit.has_receiver = self.grammar.self_is_parameter
            && owner.is_some()
            && parameters.first().is_some_and(|first| {
                let text = unit.word(first.name);
                self.grammar.this.iter().any(|this| this.as_bytes() == text)
            });
        unit.owner = owner;
        unit.length = self.node(whole).end - base;
        unit.parameters = parameters;
        unit.body = body;
        unit.inner = self.done.len() - inner_from;
        unit.key = key;
        let unit = Arc::new(unit);
        self.done.push(Placed { unit, base });
    }

    /// What the function says itself that it belongs to, or the type around.
    fn owner_of(&self, at: u32) -> Option<String> {
        if let Some(receiver) = self.child(at, Field::Receiver) {
            let mut inside = receiver + 1..self.node(receiver).next;
            let ty = inside.find(|&below| self.role(below) == Role::Type);
            return ty.map(|ty| last_word(self.text(ty)).to_owned());
        }
        let declarator = self.function_declarator(at);
        if let Some(name) = declarator.and_then(|inner| self.child(inner, Field::Declarator))
            && let Some(scope) = self.child(name, Field::Scope)
        {
            return Some(self.text(scope).to_owned());
        }
        self.owner.clone()
    }

    /// The C declarator of a function, below those of pointers.
    fn function_declarator(&self, at: u32) -> Option<u32> {
        let mut declarator = self.child(at, Field::Declarator)?;
        while self.role(declarator) != Role::FunctionDeclarator {
            declarator = self.child(declarator, Field::Declarator)?;
        }
        Some(declarator)
    }

    /// The name of a function that is declared.
    pub(super) fn function_name(&self, at: u32) -> &str {
        if let Some(name) = self.child(at, Field::Name) {
            return self.text(name);
        }
        let declarator = self.function_declarator(at);
        let name = declarator.and_then(|inner| self.child(inner, Field::Declarator));
        name.map(|name| last_word(self.text(name)))
            .unwrap_or_default()
    }

    /// Annotations that stand inside the node.
    fn attributes_inside(&mut self, at: u32) {
        for child in self.children(at) {
            if self.role(child) == Role::Attribute {
                let near = self.near(child);
                self.unit.unit.attributes.push(near);
            }
        }
    }

    fn parameters(&mut self, at: u32) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        if let Some(receiver) = self.child(at, Field::Receiver) {
            // A receiver is known by its type, and no argument becomes it.
            for child in self.children(receiver) {
                self.parameter(child);
            }
        }
        let holder = self.function_declarator(at).unwrap_or(at);
        if let Some(single) = self.child(holder, Field::Parameter) {
            parameters.extend(self.parameter(single));
        }
        if let Some(list) = self.child(holder, Field::Parameters) {
            if self.role(list) == Role::Name {
                parameters.extend(self.parameter(list));
            }
            for child in self.children(list) {
                parameters.extend(self.parameter(child));
            }
        }
        parameters
    }

    /// The parameters that a node declares; Go has several in one.
    fn parameter(&mut self, at: u32) -> Vec<Parameter> {
        let whole = self.near(at);
        let mut names: Vec<u32> = Vec::new();
        match self.role(at) {
            Role::Name => names.push(at),
            Role::Parameter | Role::Pass | Role::Other | Role::Spread => {
                let fields = [Field::Name, Field::Pattern, Field::Left, Field::Declarator];
                let named: Vec<u32> = self
                    .children(at)
                    .filter(|&child| fields.contains(&self.node(child).field))
                    .collect();
                let candidates = match named.is_empty() {
                    true => self.children(at).take(1).collect(),
                    false => named,
                };
                names.extend(
                    candidates
                        .into_iter()
                        .filter_map(|child| self.first_name(child)),
                );
            }
            Role::Collection => names.extend(self.first_name(at)),
            _ => {}
        }
        let declared = self.child(at, Field::Type);
        let declare = |name: u32| {
            let symbol = self.symbol(name);
            if let Some(declared) = declared {
                let near = self.near(declared);
                self.declare(symbol, near);
            }
            let place = self.place(None, symbol);
            Parameter {
                place,
                name: symbol,
                whole,
            }
        };
        names.into_iter().map(declare).collect()
    }

    /// The first name in a node: what a declarator or pattern declares.
    pub(super) fn first_name(&self, at: u32) -> Option<u32> {
        (at..self.node(at).next).find(|&below| self.role(below) == Role::Name)
    }

    pub(super) fn declare(&mut self, symbol: Symbol, declared: Near) {
        self.unit.unit.names[symbol.0 as usize].declared = Some(declared);
    }

    /// What a function runs, be it statements or one expression.
    fn function_body(&mut self, at: u32) -> Slice {
        let Some(body) = self.child(at, Field::Body) else {
            // `def f():` at the end of what is written so far.
            return Slice::default();
        };
        match self.role(body) {
            Role::Block | Role::Other => self.body(body),
            _ => {
                let returned = self.lower(body);
                self.block(vec![crate::form::Statement::Return(Some(returned))])
            }
        }
    }

    /// A function that nothing names, as part of the unit it stands in.
    pub(super) fn inline(&mut self, at: u32) -> u32 {
        let mut places: Vec<crate::form::Id> = Vec::new();
        for parameter in self.parameters(at) {
            let Parameter { place, name, whole } = parameter;
            places.push(self.add(
                crate::form::Expression::Name {
                    symbol: name,
                    place,
                },
                whole,
            ));
        }
        let parameters = self.list(&places);
        let body = self.function_body(at);
        self.closure(Closure { parameters, body })
    }

    /// Does `work` inside a type.
    pub(super) fn inside_class(&mut self, at: u32, work: impl FnOnce(&mut Self)) {
        let name = self.child(at, Field::Name).or(self.child(at, Field::Type));
        let name = name.map(|name| self.text(name).to_owned());
        let outer = std::mem::replace(&mut self.owner, name);
        work(self);
        self.owner = outer;
    }
}

/// The last word of a qualified name or of a type: `b` of `*a.b`, of `a::b`, of `a.b<c>`.
pub(crate) fn last_word(text: &str) -> &str {
    let text = text.split(['<', '[']).next().unwrap_or(text);
    let text = text.trim_end_matches(['*', '&', ' ', '?', ']', ')']);
    let is_part =
        |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$' || letter == '~';
    text.rsplit(|letter| !is_part(letter))
        .next()
        .unwrap_or(text)
}
