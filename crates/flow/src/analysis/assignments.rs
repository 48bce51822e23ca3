//! Where does a value go, and what is known of the place after that?

use super::run::Run;
use super::values::{Made, Note, Set, Value};
use crate::form::{Expression, Id, Place};

impl Run<'_> {
    /// Puts a value where it is assigned to.
    pub(super) fn assign(&mut self, target: Id, from: Option<Id>, value: Value, augments: bool) {
        if !self.spend() {
            return;
        }
        let span = self.span_of(target);
        match self.unit.expressions[target.0 as usize].0 {
            Expression::Name { place, .. } => {
                let value = self.assigned(place, from, value, augments, span);
                self.forget_parts(place);
                self.write(place, value);
            }
            Expression::Field { base, place, .. } => {
                self.evaluate(base);
                self.judge_assigned(target, from, value);
                self.write_inside(place, from, value, augments, span);
            }
            Expression::Index { base, index, place } => {
                self.evaluate(base);
                if let Some(index) = index {
                    let index_value = self.evaluate(index);
                    self.judge_index(target, index, index_value);
                }
                self.judge_assigned(target, from, value);
                self.write_inside(place, from, value, augments, span);
            }
            Expression::Collection { items } => {
                let sources =
                    from.and_then(|from| match self.unit.expressions[from.0 as usize].0 {
                        Expression::Collection { items } => Some(items),
                        _ => None,
                    });
                let pairwise =
                    sources.filter(|sources| sources.range().len() == items.range().len());
                for (nth, at) in items.range().enumerate() {
                    let item = self.unit.lists[at];
                    match pairwise {
                        Some(sources) => {
                            let source = self.unit.lists[sources.range().start + nth];
                            let value = self.evaluate(source);
                            self.assign(item, Some(source), value, augments);
                        }
                        None => {
                            let whole = self.whole(value);
                            self.assign(item, None, Value::of(whole), augments);
                        }
                    }
                }
            }
            Expression::Keyed { key, value: inner } => {
                let value = self.keyed_part(from, value, key);
                self.assign(inner, None, value, augments);
            }
            Expression::Spread(inner) => self.assign(inner, from, value, augments),
            // What else stands left of an assignment is read: `*p = x`, `f().x = y`.
            Expression::Other { parts } | Expression::Build { parts } => {
                for at in parts.range() {
                    let part = self.unit.lists[at];
                    self.evaluate(part);
                }
            }
            _ => {
                self.evaluate(target);
            }
        }
    }

    /// Fields and elements of what a name held are not those of what it holds now.
    pub(super) fn forget_parts(&mut self, place: Place) {
        if !self.holds_parts[place.0 as usize] {
            return;
        }
        for at in 0..self.unit.places.len() {
            let mut above = self.unit.places[at].0;
            while let Some(holder) = above {
                if holder == place && self.values[at].is_known {
                    self.write(Place(at as u32), Value::UNKNOWN);
                }
                above = self.unit.places[holder.0 as usize].0;
            }
        }
    }

    pub(super) fn assigned(
        &mut self,
        place: Place,
        from: Option<Id>,
        value: Value,
        augments: bool,
        span: palinode_code::Span,
    ) -> Value {
        let mut value = value;
        value.is_known = true;
        if value.origin == 0 {
            value.origin = from.map_or(0, |from| from.0 + 1);
        }
        value.taint = self.taints.stepped(value.taint, span, Note::Assigned);
        if augments {
            let before = self.values[place.0 as usize];
            let taint = self.taints.union(before.taint, value.taint);
            let inner = self.taints.union(before.inner, value.inner);
            let made = match before.made {
                Made::Constant | Made::Prefixed if before.is_known => Made::Prefixed,
                _ if value.made == Made::Opaque && before.made == Made::Opaque => Made::Opaque,
                Made::List => Made::List,
                _ => Made::Built,
            };
            let all_constant = before.made == Made::Constant && value.made == Made::Constant;
            return Value {
                taint,
                inner,
                made: if all_constant { Made::Constant } else { made },
                text: before.text,
                origin: 0,
                ..value
            };
        }
        value
    }

    /// A field or an element gets a value: the place itself, and what all that holds it is known to hold.
    pub(super) fn write_inside(
        &mut self,
        place: Option<Place>,
        from: Option<Id>,
        value: Value,
        augments: bool,
        span: palinode_code::Span,
    ) {
        let Some(place) = place else {
            return;
        };
        let value = self.assigned(place, from, value, augments, span);
        self.write(place, value);
        let whole = self.whole(value);
        if whole.is_empty() {
            return;
        }
        let mut above = self.unit.places[place.0 as usize].0;
        while let Some(holder) = above {
            let mut held = self.values[holder.0 as usize];
            held.inner = self.taints.union(held.inner, whole);
            held.is_known = true;
            self.write(holder, held);
            above = self.unit.places[holder.0 as usize].0;
        }
    }

    /// All that a value comes from, its fields and elements included.
    pub(super) fn whole(&mut self, value: Value) -> Set {
        self.taints.union(value.taint, value.inner)
    }
}
