//! What may be, where control comes by any of several ways?

use super::run::Run;
use super::values::{Made, Value};
use crate::form::Place;
use crate::tree::FastMap;

impl Run<'_> {
    /// Goes back to how places were, and says what had become of them, in order of their number.
    pub(super) fn take_back(&mut self, mark: usize) -> Vec<(Place, Value)> {
        let mut changed: Vec<Place> = self.trail[mark..].iter().map(|(place, _)| *place).collect();
        changed.sort_unstable_by_key(|place| place.0);
        changed.dedup();
        let now = |place: Place| (place, self.values[place.0 as usize]);
        let changed = changed.into_iter().map(now).collect();
        while self.trail.len() > mark {
            if let Some((place, old)) = self.trail.pop() {
                self.values[place.0 as usize] = old;
            }
        }
        changed
    }

    pub(super) fn put(&mut self, changed: &[(Place, Value)]) {
        for &(place, value) in changed {
            self.write(place, value);
        }
    }

    /// What may be, where control comes by any of several ways: places that one of them did not write are as they
    /// are now.
    pub(super) fn join(&mut self, ways: &[Vec<(Place, Value)>]) {
        if let [only] = ways {
            return self.put(only);
        }
        let mut seen: FastMap<Place, (Value, usize)> = FastMap::default();
        let mut order = Vec::new();
        for &(place, value) in ways.iter().flatten() {
            match seen.get(&place).copied() {
                Some((before, times)) => {
                    let both = self.either(before, value);
                    seen.insert(place, (both, times + 1));
                }
                None => {
                    order.push(place);
                    seen.insert(place, (value, 1));
                }
            }
        }
        for place in order {
            let Some(&(value, times)) = seen.get(&place) else {
                continue;
            };
            let value = match times < ways.len() {
                true => {
                    let now = self.values[place.0 as usize];
                    self.either(now, value)
                }
                false => value,
            };
            self.write(place, value);
        }
    }

    /// A value that is one or the other.
    pub(super) fn either(&mut self, one: Value, other: Value) -> Value {
        if !one.is_known {
            return other;
        }
        if !other.is_known || one == other {
            return one;
        }
        let taint = self.taints.union(one.taint, other.taint);
        let inner = self.taints.union(one.inner, other.inner);
        let more_varied = |value: &Value| match value.made {
            Made::Constant => 0,
            Made::List => 1,
            Made::Opaque => 2,
            Made::Prefixed => 3,
            Made::Built => 4,
        };
        let shown = if more_varied(&other) > more_varied(&one) {
            other
        } else {
            one
        };
        let origin = if one.origin == other.origin {
            one.origin
        } else {
            0
        };
        Value {
            taint,
            inner,
            origin,
            ..shown
        }
    }
}
