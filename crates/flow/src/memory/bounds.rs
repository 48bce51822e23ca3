//! What has been compared with what, and what is still open?

use super::blocks;
use super::names;
use super::nodes::Kind;
use super::variables::{Origin, Value, Variable};
use super::walk::Walk;

impl Walk<'_> {
    /// A variable, and what it was made of, was compared: its upper end, its lower end, or both.
    pub(super) fn bound(&mut self, variable: Variable, upper: bool, lower: bool) {
        let from = self.variables[variable as usize].from;
        for variable in from.iter().chain([variable]) {
            let checked = &mut self.variables[variable as usize].checked;
            checked.upper |= upper;
            checked.lower |= lower;
            checked.compared = true;
        }
    }

    /// A variable stood in a condition: whatever it points to was asked for.
    pub(super) fn test(&mut self, variable: Variable) {
        self.pointers.is_not_null(variable);
        self.variables[variable as usize].checked.tested = true;
    }

    /// Whether nobody looked at the upper end of a variable, nor of what it was made of.
    pub(super) fn is_open(&self, variable: Variable) -> bool {
        let known = &self.variables[variable as usize];
        let is_free = |variable: Variable| {
            let checked = &self.variables[variable as usize].checked;
            !checked.upper && !checked.sized
        };
        is_free(variable) && !known.made.constant && known.from.iter().all(is_free)
    }

    /// From how far outside a variable comes, by itself or by what it was made of.
    pub(super) fn origin(&self, variable: Variable) -> Origin {
        let of = |variable: Variable| {
            let known = &self.variables[variable as usize];
            let declared = known.declared;
            if declared.array || known.made.constant {
                Origin::Own
            } else if known.made.read {
                Origin::Bytes
            } else if !known.used.assigned
                && ((declared.parameter && !declared.pointer)
                    || (self.is_piece && !declared.local && known.base.is_none()))
            {
                Origin::Parameter
            } else if known.is_member {
                Origin::Member
            } else {
                Origin::Own
            }
        };
        let from = self.variables[variable as usize].from;
        from.iter().map(of).fold(of(variable), Origin::max)
    }

    /// From how far outside a value comes of which nothing was looked at, and the variable to name; `None` where
    /// anything in it was looked at.
    pub(super) fn open(&self, value: &Value) -> Option<(Origin, Option<Variable>)> {
        let is_closed = value.made.constant
            || value.made.narrowed
            || value.from.iter().any(|variable| !self.is_open(variable));
        (!is_closed)
            .then(|| self.furthest(value, |_| true))
            .flatten()
    }

    /// The same, where some variable in it was looked at and another was not.
    pub(super) fn partly_open(&self, value: &Value) -> Option<(Origin, Option<Variable>)> {
        let asked = value.from.iter().any(|variable| self.is_open(variable));
        if value.made.constant || value.made.narrowed || (value.from.len() > 0 && !asked) {
            return None;
        }
        self.furthest(value, |variable| self.is_open(variable))
    }

    fn furthest(
        &self,
        value: &Value,
        is_asked: impl Fn(Variable) -> bool,
    ) -> Option<(Origin, Option<Variable>)> {
        let asked = value.from.iter().filter(|variable| is_asked(*variable));
        let best = asked
            .map(|variable| (self.origin(variable), Some(variable)))
            .max();
        match best {
            Some((_, variable)) if value.made.read => Some((Origin::Bytes, variable)),
            None if value.made.read => Some((Origin::Bytes, None)),
            best => best,
        }
    }

    /// A variable is given a value.
    pub(super) fn assign(&mut self, variable: Variable, value: &Value) {
        // `if (n > most) n = most;`
        let clamps = self
            .conditions
            .iter()
            .any(|mentioned| mentioned.contains(variable));
        let mut from = super::variables::Few::default();
        for source in value.from.iter().filter(|source| *source != variable) {
            from.add(source);
            let further = self.variables[source as usize].from;
            from.extend(&further);
        }
        let known = &mut self.variables[variable as usize];
        known.from = from;
        known.made = value.made;
        known.limit = None;
        known.checked.upper = clamps || value.made.narrowed;
        known.checked.lower = value.made.constant || value.made.narrowed;
        known.checked.tested = false;
        known.checked.sized = false;
        known.used.assigned = true;
        known.used.stepped = false;
        known.used.followed = 0;
        known.used.result = false;
        self.forget(variable);
        if let Some(call) = value.call {
            self.assign_result(variable, call as usize);
        }
    }

    fn assign_result(&mut self, variable: Variable, call: usize) {
        let name = self.called(call);
        // In a condition the result is looked at right away.
        if self.in_condition == 0 && blocks::may_return_null(name) {
            self.pointers.may_be_null(variable);
        }
        self.variables[variable as usize].used.result = names::returns_negative(name);
        if blocks::allocates(name) {
            for at in call..self.nodes[call].next as usize {
                let is_variable = matches!(self.nodes[at].kind, Kind::Identifier | Kind::Field);
                if is_variable && let Some(size) = self.known(self.written(at)) {
                    let from = self.variables[size as usize].from;
                    for variable in from.iter().chain([size]) {
                        self.variables[variable as usize].checked.sized = true;
                    }
                }
            }
        }
    }

    /// A variable has a new value: what was known through the old one is not.
    pub(super) fn forget(&mut self, variable: Variable) {
        let variables = &self.variables;
        let hangs_on_it = |known: Variable| {
            let mut at = Some(known);
            while let Some(here) = at {
                if here == variable {
                    return true;
                }
                at = variables[here as usize].base;
            }
            false
        };
        self.pointers
            .freed
            .retain(|(known, _)| !hangs_on_it(*known));
        self.pointers
            .perhaps_null
            .retain(|known| !hangs_on_it(*known));
    }
}
