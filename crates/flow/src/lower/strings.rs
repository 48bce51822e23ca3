//! What is a text made of?

use super::Lowerer;
use crate::form::{Expression, Id, Near};
use crate::roles::Role;

impl Lowerer<'_> {
    /// A string: a constant, or one that is built of what it interpolates.
    pub(super) fn string(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let mut parts = Vec::new();
        let mut varies = false;
        for child in self.children(at) {
            if self.role(child) == Role::Text {
                let near = self.near(child);
                parts.push(self.add(Expression::Constant { is_text: true }, near));
            } else {
                varies = true;
                // Within an interpolation stands one expression, with how it is to be shown.
                parts.push(self.lower(child));
            }
        }
        if !varies {
            // Of a constant, what stands between the quotes counts.
            let inside = match (parts.first(), parts.last()) {
                (Some(&first), Some(&last)) => Near {
                    start: self.near_of_id(first).start,
                    end: self.near_of_id(last).end,
                },
                _ => near,
            };
            return self.add(Expression::Constant { is_text: true }, inside);
        }
        let parts = self.list(&parts);
        self.add(Expression::Build { parts }, near)
    }

    /// Strings side by side.
    pub(super) fn joined_strings(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let mut parts = Vec::new();
        for child in self.children(at) {
            parts.push(self.lower(child));
        }
        let parts = self.list(&parts);
        self.add(Expression::Build { parts }, near)
    }

    /// Whether an expression is a text that is written out, at least at its start.
    pub(super) fn is_text(&self, id: Id) -> bool {
        matches!(
            self.expression(id),
            Expression::Constant { is_text: true }
                | Expression::Build { .. }
                | Expression::Format { .. }
        )
    }

    /// A template that `value`, or the items of it, fill in.
    pub(super) fn format(&mut self, template: Id, value: Id, near: Near) -> Id {
        let mut parts = vec![template];
        match self.expression(value) {
            Expression::Collection { items } => {
                let items = self.unit.unit.lists[items.range()].to_vec();
                parts.extend(items);
            }
            _ => parts.push(value),
        }
        let parts = self.list(&parts);
        self.add(Expression::Format { parts }, near)
    }
}
