//! What is an expression made of?

use super::Lowerer;
use crate::form::{Expression, Id, Place, Slice};
use crate::roles::{Field, Role};

impl Lowerer<'_> {
    /// An expression.
    pub(crate) fn lower(&mut self, at: u32) -> Id {
        let lowered = self.deeper(at, |lowerer| lowerer.lower_here(at));
        lowered.unwrap_or_else(|| self.nothing(at))
    }

    /// An expression of which nothing is known.
    pub(super) fn nothing(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let parts = Slice::default();
        self.add(Expression::Other { parts }, near)
    }

    fn lower_here(&mut self, at: u32) -> Id {
        let near = self.near(at);
        match self.role(at) {
            Role::Name => {
                let symbol = self.symbol(at);
                let place = self.place(None, symbol);
                self.add(Expression::Name { symbol, place }, near)
            }
            Role::Literal => self.add(Expression::Constant { is_text: false }, near),
            Role::Text => self.add(Expression::Constant { is_text: true }, near),
            Role::String => self.string(at),
            Role::Joined => self.joined_strings(at),
            Role::Member => self.member(at),
            Role::Index => self.index(at),
            Role::Call | Role::New | Role::WordCall | Role::ShellText => self.call(at),
            Role::Cast => self.cast(at),
            Role::Binary => self.binary(at),
            Role::Comparison => self.comparison(at),
            Role::Unary => self.unary(at),
            Role::Pass | Role::Argument => {
                let children = self.children(at);
                let mut inner = children.filter(|&child| self.role(child) != Role::Type);
                match (self.child(at, Field::Value), inner.next()) {
                    (Some(value), _) | (None, Some(value)) => self.lower(value),
                    _ => self.nothing(at),
                }
            }
            Role::Conditional => self.conditional(at),
            Role::Collection => {
                let mut items = Vec::new();
                for child in self.children(at) {
                    items.push(self.lower(child));
                }
                match items[..] {
                    // `return a, b` and Go's lists: one item alone is itself.
                    [single] if self.is_bare_list(at) => single,
                    _ => {
                        let items = self.list(&items);
                        self.add(Expression::Collection { items }, near)
                    }
                }
            }
            Role::Pair | Role::Keyword => self.keyed(at),
            Role::Spread => {
                let inner = self.children(at).last();
                let inner = inner.map(|inner| self.lower(inner));
                match inner {
                    Some(inner) => self.add(Expression::Spread(inner), near),
                    None => self.nothing(at),
                }
            }
            Role::Closure => {
                let index = self.inline(at);
                self.add(Expression::Closure { index }, near)
            }
            Role::Assign | Role::Augment | Role::Declarator => self.assignment(at),
            Role::Comprehension => self.comprehension(at),
            Role::Function => {
                let name = self.function_name(at).to_owned();
                self.function(at, at, &name);
                self.nothing(at)
            }
            Role::Attribute | Role::Type | Role::Skip => self.nothing(at),
            _ => {
                let parts: Vec<u32> = self.children(at).collect();
                self.other(at, &parts)
            }
        }
    }

    /// Whether a list is written without brackets.
    fn is_bare_list(&self, at: u32) -> bool {
        let first = self.children(at).next();
        first.is_some_and(|first| {
            self.node(first).start == self.node(at).start
                && self.node(first).end == self.node(at).end
        })
    }

    pub(super) fn other(&mut self, at: u32, parts: &[u32]) -> Id {
        let near = self.near(at);
        let parts: Vec<Id> = parts.iter().map(|&part| self.lower(part)).collect();
        let parts = self.list(&parts);
        self.add(Expression::Other { parts }, near)
    }

    fn member(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let objects = [
            Field::Object,
            Field::Operand,
            Field::Argument,
            Field::Scope,
            Field::Value,
        ];
        let names = [
            Field::Attribute,
            Field::Property,
            Field::Member,
            Field::Name,
        ];
        let object = self.child_of(at, &objects).or(self.children(at).next());
        let name = self.child_of(at, &names).or(self.children(at).last());
        let (Some(object), Some(name)) = (object, name) else {
            return self.nothing(at);
        };
        if object == name {
            return match self.role(name) {
                Role::Name => self.lower(name),
                _ => self.nothing(at),
            };
        }
        let mut base = self.lower(object);
        let mut name = name;
        // C++ nests to the right: `a::(b::c)`.
        while self.role(name) == Role::Member
            && let Some(scope) = self.child(name, Field::Scope)
            && let Some(inner) = self.child(name, Field::Name)
        {
            let symbol = self.symbol(scope);
            let place = self
                .place_of_id(base)
                .map(|of| self.place(Some(of), symbol));
            let near = self.near_between(object, scope);
            base = self.add(
                Expression::Field {
                    base,
                    symbol,
                    place,
                },
                near,
            );
            name = inner;
        }
        let symbol = self.symbol(name);
        let place = self
            .place_of_id(base)
            .map(|of| self.place(Some(of), symbol));
        self.add(
            Expression::Field {
                base,
                symbol,
                place,
            },
            near,
        )
    }

    /// What holds the value of an expression, where something does that has a name.
    pub(super) fn place_of_id(&self, id: Id) -> Option<Place> {
        match self.expression(id) {
            Expression::Name { place, .. } => Some(place),
            Expression::Field { place, .. } => place,
            _ => None,
        }
    }

    fn index(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let bases = [
            Field::Value,
            Field::Object,
            Field::Operand,
            Field::Argument,
            Field::Array,
        ];
        let children: Vec<u32> = self.children(at).collect();
        let base = self.child_of(at, &bases).or(children.first().copied());
        let Some(base_node) = base else {
            return self.nothing(at);
        };
        let indices: Vec<u32> = children
            .into_iter()
            .filter(|&child| child != base_node)
            .collect();
        let base = self.lower(base_node);
        let of = self.place_of_id(base);
        let index = match indices[..] {
            [] => None,
            [single] => Some(self.lower(single)),
            _ => Some(self.other(at, &indices)),
        };
        // An element with a constant key has a place of its own; all others share one.
        let text = match index.map(|index| (self.expression(index), self.near_of_id(index))) {
            Some((Expression::Constant { .. }, text)) => text,
            _ => Default::default(),
        };
        let place = of.map(|of| {
            let base = self.unit.base;
            let all = self.bytes;
            let bytes = all.get(text.span(base).range()).unwrap_or_default();
            let bytes = if text == Default::default() {
                b"[]"
            } else {
                bytes
            };
            let symbol = self.symbol_of(bytes);
            self.place(Some(of), symbol)
        });
        self.add(Expression::Index { base, index, place }, near)
    }

    fn conditional(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let children: Vec<u32> = self.children(at).collect();
        let parts = match self.child(at, Field::Condition) {
            Some(condition) => {
                let then = self.child_of(at, &[Field::Consequence, Field::Body]);
                let other = self.child(at, Field::Alternative);
                // PHP's `a ?: b` yields the condition itself.
                other.map(|other| (condition, then.unwrap_or(condition), other))
            }
            // Python: `then if condition else other`.
            None => match children[..] {
                [then, condition, other] => Some((condition, then, other)),
                _ => None,
            },
        };
        let Some((condition, then, other)) = parts else {
            return self.other(at, &children);
        };
        let condition = self.lower(condition);
        let then = self.lower(then);
        let other = self.lower(other);
        let choice = Expression::Choice {
            condition,
            then,
            other,
        };
        self.add(choice, near)
    }

    fn keyed(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let mut children = self.children(at);
        let key = self
            .child_of(at, &[Field::Key, Field::Name])
            .or(children.next());
        let value = self.child(at, Field::Value).or(self.children(at).last());
        let (Some(key), Some(value)) = (key, value) else {
            return self.nothing(at);
        };
        if self.role(value) == Role::Closure && self.node(value).field == Field::Value {
            let name = super::functions::last_word(self.text(key)).to_owned();
            if !name.is_empty() && self.role(at) == Role::Pair {
                self.function(value, at, &name);
                return self.nothing(at);
            }
        }
        let key = match self.role(key) {
            // The key without its quotes.
            Role::String => self.children(key).next().unwrap_or(key),
            _ => key,
        };
        let key = self.symbol(key);
        let value = self.lower(value);
        self.add(Expression::Keyed { key, value }, near)
    }

    fn assignment(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let left = self.child_of(at, &[Field::Left, Field::Name, Field::Declarator]);
        let right = self.child_of(at, &[Field::Right, Field::Value]);
        let (Some(left), Some(right)) = (left, right) else {
            return self.nothing(at);
        };
        if self.names_function(at, left, right) {
            return self.nothing(at);
        }
        let augments = self.augments(at, left, right);
        let value = self.lower(right);
        let target = self.target(left);
        let assign = Expression::Assign {
            target,
            value,
            augments,
        };
        self.add(assign, near)
    }

    /// `[item for target in over if condition]`: the target gets the elements before the item is made.
    fn comprehension(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let mut parts = Vec::new();
        for child in self.children(at) {
            if self.role(child) == Role::RangeClause {
                let over = self.child(child, Field::Right);
                let target = self.child(child, Field::Left);
                if let (Some(over), Some(target)) = (over, target) {
                    let value = self.lower(over);
                    let target = self.target(target);
                    let assign = Expression::Assign {
                        target,
                        value,
                        augments: false,
                    };
                    let near = self.near(child);
                    parts.push(self.add(assign, near));
                }
            }
        }
        if let Some(item) = self.child(at, Field::Body) {
            parts.push(self.lower(item));
        }
        let parts = self.list(&parts);
        self.add(Expression::Comprehension { parts }, near)
    }
}
