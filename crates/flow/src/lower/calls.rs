//! What is called, and what is it handed?

use super::Lowerer;
use crate::form::{Expression, Id, Near};
use crate::roles::{Field, Role};

impl Lowerer<'_> {
    /// A call, however the language writes it.
    pub(super) fn call(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let node = self.node(at);
        let makes_object = node.role == Role::New;
        let callee = match node.role {
            Role::WordCall | Role::ShellText => self.word(at),
            _ => self.callee(at),
        };
        let mut is_complete = !node.is_broken;
        let mut arguments = Vec::new();
        match node.role {
            Role::ShellText => {
                arguments.push(self.string(at));
            }
            Role::WordCall => {
                for child in self.children(at) {
                    arguments.push(self.lower(child));
                }
            }
            _ => {
                if let Some(list) = self
                    .child(at, Field::Arguments)
                    .or_else(|| self.bare_arguments(at))
                {
                    is_complete &= !self.node(list).is_broken;
                    match self.role(list) {
                        Role::Arguments => {
                            for child in self.children(list) {
                                arguments.push(self.argument(child));
                            }
                        }
                        // Python's generator, JavaScript's tagged template.
                        _ => arguments.push(self.lower(list)),
                    }
                }
            }
        }
        if let Expression::Field { base, symbol, .. } = self.expression(callee)
            && self.is_text(base)
            && self.symbol_is(symbol, b"format")
        {
            let mut parts = vec![base];
            parts.extend(arguments);
            let parts = self.list(&parts);
            return self.add(Expression::Format { parts }, near);
        }
        let arguments = self.list(&arguments);
        let call = Expression::Call {
            callee,
            arguments,
            is_complete,
            makes_object,
        };
        self.add(call, near)
    }

    /// The arguments where the grammar does not name them so.
    fn bare_arguments(&self, at: u32) -> Option<u32> {
        self.children(at)
            .find(|&child| self.role(child) == Role::Arguments)
    }

    fn symbol_is(&self, symbol: crate::form::Symbol, name: &[u8]) -> bool {
        self.unit.unit.word(symbol) == name
    }

    fn callee(&mut self, at: u32) -> Id {
        if let Some(function) = self.child_of(at, &[Field::Function, Field::Constructor]) {
            return self.lower(function);
        }
        let object = self.child_of(at, &[Field::Object, Field::Scope]);
        match (object, self.child(at, Field::Name)) {
            (Some(object), Some(name)) => {
                let base = self.lower(object);
                let symbol = self.symbol(name);
                let place = None;
                let near = self.near_between(object, name);
                self.add(
                    Expression::Field {
                        base,
                        symbol,
                        place,
                    },
                    near,
                )
            }
            (None, Some(name)) => self.name(name),
            _ => match self.child(at, Field::Type).or(self.children(at).next()) {
                Some(name) => self.name(name),
                None => self.nothing(at),
            },
        }
    }

    /// A name that stands for a function or a type, whatever node it is.
    fn name(&mut self, at: u32) -> Id {
        match self.role(at) {
            Role::Member | Role::Call => self.lower(at),
            _ => {
                // `new a.b.C<D>(…)` makes a `C`.
                let node = self.node(at);
                let text = self.bytes_of(at);
                let end = text
                    .iter()
                    .position(|&byte| byte == b'<')
                    .unwrap_or(text.len());
                let start = text[..end]
                    .iter()
                    .rposition(|&byte| byte == b'.' || byte == b'\\' || byte == b':');
                let start = start.map_or(0, |start| start + 1);
                let near = self.near_of(node.start + start as u32, node.start + end as u32);
                self.name_of(&text[start..end], near)
            }
        }
    }

    fn name_of(&mut self, bytes: &[u8], near: Near) -> Id {
        let symbol = self.symbol_of(bytes);
        let place = self.place(None, symbol);
        self.add(Expression::Name { symbol, place }, near)
    }

    /// The word that a statement begins with.
    fn word(&mut self, at: u32) -> Id {
        let node = self.node(at);
        let text = self.bytes_of(at);
        let is_part = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
        let end = text
            .iter()
            .position(|byte| !is_part(byte))
            .unwrap_or(text.len());
        let near = self.near_of(node.start, node.start + end as u32);
        if end == 0 {
            // PHP's backticks.
            return self.name_of(b"shell_exec", near);
        }
        self.name_of(&text[..end], near)
    }

    /// A change of type that changes the value: `(int) $x`, read as a call of `(int)`.
    pub(super) fn cast(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let (ty, value) = (self.child(at, Field::Type), self.child(at, Field::Value));
        let (Some(ty), Some(value)) = (ty, value) else {
            return self.nothing(at);
        };
        let name = format!("({})", self.text(ty).trim().to_ascii_lowercase());
        let ty_near = self.near(ty);
        let callee = self.name_of(name.as_bytes(), ty_near);
        let value = self.lower(value);
        let arguments = self.list(&[value]);
        let call = Expression::Call {
            callee,
            arguments,
            is_complete: true,
            makes_object: false,
        };
        self.add(call, near)
    }

    /// An argument, by position or by name.
    fn argument(&mut self, at: u32) -> Id {
        if self.role(at) == Role::Argument
            && let Some(name) = self.child(at, Field::Name)
            && let Some(value) = self.children(at).last().filter(|&value| value != name)
        {
            let key = self.symbol(name);
            let value = self.lower(value);
            let near = self.near(at);
            return self.add(Expression::Keyed { key, value }, near);
        }
        self.lower(at)
    }
}
