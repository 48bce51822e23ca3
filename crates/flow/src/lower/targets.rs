//! Where does an assigned value go?

use super::Lowerer;
use crate::form::{Expression, Id};
use crate::roles::{Field, Role};

impl Lowerer<'_> {
    /// What stands left of an assignment.
    pub(super) fn target(&mut self, at: u32) -> Id {
        let target = self.deeper(at, |lowerer| lowerer.target_here(at));
        target.unwrap_or_else(|| self.nothing(at))
    }

    fn target_here(&mut self, at: u32) -> Id {
        match self.role(at) {
            Role::Collection => {
                let mut items = Vec::new();
                for child in self.children(at) {
                    items.push(self.target(child));
                }
                match items[..] {
                    // Go's lists of one.
                    [single]
                        if self
                            .text(at)
                            .starts_with(|first: char| first.is_alphabetic() || first == '_') =>
                    {
                        single
                    }
                    _ => {
                        let items = self.list(&items);
                        let near = self.near(at);
                        self.add(Expression::Collection { items }, near)
                    }
                }
            }
            Role::Pair => {
                let (key, value) = (self.child(at, Field::Key), self.child(at, Field::Value));
                match (key, value) {
                    (Some(key), Some(value)) => {
                        let key = self.symbol(key);
                        let value = self.target(value);
                        let near = self.near(at);
                        self.add(Expression::Keyed { key, value }, near)
                    }
                    _ => self.last_target(at),
                }
            }
            // `{ a }`, which takes the field of its own name; `a = default`.
            Role::Parameter
            | Role::Spread
            | Role::Pass
            | Role::Derived
            | Role::Alias
            | Role::Declarator => self.last_target(at),
            _ => self.lower(at),
        }
    }

    fn last_target(&mut self, at: u32) -> Id {
        let fields = [Field::Left, Field::Declarator, Field::Name, Field::Argument];
        let inner = self
            .child_of(at, &fields)
            .or_else(|| self.children(at).last());
        match inner {
            Some(inner) => self.target(inner),
            None => self.nothing(at),
        }
    }
}
