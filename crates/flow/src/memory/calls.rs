//! What does a call do to memory, and to what is known?

use palinode_code::Confidence;

use super::blocks;
use super::names;
use super::nodes::{Kind, Operator, Role};
use super::result::Lack;
use super::variables::{Few, Made, Value, Variable};
use super::walk::Walk;

impl Walk<'_> {
    pub(super) fn call(&mut self, at: usize) -> Value {
        let name = self.called(at);
        if let Some(function) = self.child(at, Role::Called)
            && self.nodes[function].kind != Kind::Identifier
        {
            self.value(function);
        }
        let mut given: Vec<(usize, Value)> = Vec::new();
        let mut from = Few::default();
        let checks = names::checks(name);
        self.in_check += u32::from(checks);
        let arguments = self
            .children(at)
            .find(|&child| self.nodes[child].kind == Kind::Arguments);
        if let Some(arguments) = arguments {
            for child in self.children(arguments) {
                let value = self.value(child);
                from.extend(&value.from);
                given.push((child, value));
            }
        }
        self.in_check -= u32::from(checks);
        let first = given.first().and_then(|(_, value)| value.variable);
        if blocks::frees(name) {
            if let Some(variable) = first
                && given.len() <= 2
            {
                self.release(variable, at, blocks::surely_frees(name));
            }
            return Value::default();
        }
        for (_, value) in &given {
            if let Some(variable) = value.variable {
                self.variables[variable as usize].used.passed = true;
            }
        }
        self.judge_call(at, name, &given);
        // What a condition asks of returns.
        if names::never_returns(name) && self.in_condition == 0 {
            self.pointers.unreached = true;
        }
        if checks || self.in_condition > 0 {
            for variable in from.iter() {
                self.bound(variable, true, true);
                self.test(variable);
            }
        }
        let reads = names::reads_number(name);
        if reads || names::fills(name) {
            self.fill(&given, reads);
        }
        let made = Made {
            read: reads || names::swaps(name),
            narrowed: names::narrows(name),
            ..Made::default()
        };
        let keeps = made.narrowed || names::measures(name);
        Value {
            from: if keeps { from } else { Few::default() },
            call: u32::try_from(at).ok(),
            variable: None,
            made,
        }
    }

    fn judge_call(&mut self, at: usize, name: &[u8], given: &[(usize, Value)]) {
        let argument = |nth: usize| given.get(nth).map(|(_, value)| *value);
        if let Some(copy) = blocks::copy_of(name) {
            if let Some(length) = argument(copy.length) {
                let to = copy.to.and_then(argument);
                self.judge_copy(at, to.and_then(|to| to.variable), &length);
            }
            for nth in [copy.to, copy.from].into_iter().flatten() {
                self.follow_argument(argument(nth), at);
            }
        } else if names::reads_text(name) {
            for nth in [0, 1] {
                self.follow_argument(argument(nth), at);
            }
            let text = [0, 1].iter().find_map(|&nth| argument(nth)?.variable);
            if let Some(variable) = text {
                self.judge_text(variable, at);
            }
        }
        if blocks::allocates(name) {
            for (_, value) in given {
                self.judge_allocation(at, value);
            }
        }
        let is_stream = |variable: Variable| {
            let known = &self.variables[variable as usize];
            known.declared.parameter || known.is_member
        };
        if names::reads_on(name)
            && !self.has_compared
            && argument(0)
                .and_then(|value| value.variable)
                .is_some_and(is_stream)
        {
            self.report(Lack::Cursor, at, None, Confidence::Low);
        }
    }

    fn follow_argument(&mut self, value: Option<Value>, at: usize) {
        if let Some(variable) = value.and_then(|value| value.variable)
            && !self.variables[variable as usize].declared.array
        {
            self.follow(variable, at);
        }
    }

    /// `strlen(data)`, where the parameter behind `data` says how long it is.
    fn judge_text(&mut self, variable: Variable, at: usize) {
        let place = self.parameters.iter().position(|known| *known == variable);
        let behind = place.and_then(|place| self.parameters.get(place + 1));
        let Some(&length) = behind.filter(|_| !self.has_compared) else {
            return;
        };
        let known = self.variables[length as usize];
        let name = self.slice((known.start, known.end));
        if names::says_length(name) && !known.declared.pointer {
            self.report(Lack::UnendedText, at, Some(variable), Confidence::Low);
        }
    }

    /// What a call was handed the address of, or, where it is a macro that reads numbers, the name, holds what was
    /// read from bytes.
    fn fill(&mut self, given: &[(usize, Value)], reads_number: bool) {
        for (nth, (child, value)) in given.iter().enumerate() {
            let node = self.nodes[self.peel(*child)];
            let by_address = node.kind == Kind::Pointer && node.operator == Operator::Address;
            let by_name = reads_number && nth > 0 && node.kind == Kind::Identifier;
            if (by_address || by_name)
                && let Some(variable) = value.from.iter().next()
            {
                let read = Value {
                    made: Made {
                        read: true,
                        ..Made::default()
                    },
                    ..Value::default()
                };
                self.assign(variable, &read);
            }
        }
    }
}
