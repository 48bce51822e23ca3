//! What does an expression give, and what does it touch on the way?

use super::names;
use super::nodes::{Kind, Operator, Role};
use super::sites::Element;
use super::variables::{Few, Made, Value};
use super::walk::Walk;

impl Walk<'_> {
    pub(super) fn value(&mut self, at: usize) -> Value {
        self.deeper(|walk| walk.value_here(at))
    }

    fn value_here(&mut self, at: usize) -> Value {
        match self.nodes[at].kind {
            Kind::Identifier if self.is_constant(at) => Value::CONSTANT,
            Kind::Identifier => self.place(at),
            Kind::Number | Kind::Sizeof | Kind::Text | Kind::Type => Value::CONSTANT,
            Kind::Transparent | Kind::Arguments | Kind::Other => self.last_of(at),
            Kind::Cast => self.cast(at),
            Kind::Field => self.field(at),
            Kind::Pointer => self.pointer(at),
            Kind::Subscript => self.subscript(at, false),
            Kind::Update => self.update(at),
            Kind::Unary => self.unary(at),
            Kind::Conditional => self.choice(at),
            Kind::Binary => self.binary(at),
            Kind::Assign => self.assignment(at),
            Kind::Call => self.call(at),
            Kind::New => self.new_object(at),
            Kind::Delete => {
                let given = self.last_of(at);
                if let Some(variable) = given.variable {
                    self.release(variable, at, true);
                }
                Value::default()
            }
            _ => {
                self.statement(at);
                Value::default()
            }
        }
    }

    /// `MOST`, where it is no variable of this function.
    fn is_constant(&self, at: usize) -> bool {
        let name = self.written(at);
        name.len() > 1 && !name.iter().any(u8::is_ascii_lowercase) && self.known(name).is_none()
    }

    fn cast(&mut self, at: usize) -> Value {
        let Some(inner) = self.child(at, Role::Value) else {
            return Value::default();
        };
        let mut value = self.value(inner);
        let kind = self.child(at, Role::Type);
        value.made.wide |= kind.is_some_and(|kind| names::is_wide(self.written(kind)));
        value
    }

    fn last_of(&mut self, at: usize) -> Value {
        let mut last = Value::default();
        for child in self.children(at) {
            last = self.value(child);
        }
        last
    }

    /// The value of a variable, a member or an element that is told apart from others.
    fn place(&mut self, at: usize) -> Value {
        let variable = self.variable(at);
        self.met.push(variable);
        let known = &self.variables[variable as usize];
        Value {
            from: Few::one(variable),
            variable: Some(variable),
            call: None,
            made: Made {
                constant: false,
                narrowed: false,
                ..known.made
            },
        }
    }

    fn place_or_nothing(&mut self, at: usize) -> Value {
        if self.is_place(at) {
            self.place(at)
        } else {
            Value::default()
        }
    }

    fn field(&mut self, at: usize) -> Value {
        if let Some(inner) = self.child(at, Role::Argument) {
            let base = self.value(inner);
            if self.nodes[at].operator == Operator::Arrow
                && let Some(variable) = base.variable
            {
                self.follow(variable, at);
            }
        }
        self.place_or_nothing(at)
    }

    fn pointer(&mut self, at: usize) -> Value {
        let Some(inner) = self.child(at, Role::Argument) else {
            return Value::default();
        };
        let value = self.value(inner);
        if self.nodes[at].operator != Operator::Times {
            return Value {
                from: value.from,
                ..Value::default()
            };
        }
        if let Some(variable) = value.variable.or_else(|| value.from.iter().next()) {
            self.follow(variable, at);
        }
        let steps = self.nodes[self.peel(inner)].kind == Kind::Update;
        let mut read = self.place_or_nothing(at);
        // `*p++` is how bytes of a message are read.
        read.made.read |= steps;
        read
    }

    /// What an assignment writes to.
    fn target(&mut self, at: usize) -> Value {
        match self.nodes[at].kind {
            Kind::Subscript => self.subscript(at, true),
            _ => self.value(at),
        }
    }

    fn subscript(&mut self, at: usize, is_written: bool) -> Value {
        let Some(base) = self.child(at, Role::Argument) else {
            return Value::default();
        };
        let array = self.value(base);
        if let Some(index_at) = self.child(at, Role::Index) {
            let index = self.value(index_at);
            let element = Element {
                at,
                array: array.variable,
                index_at,
                is_written,
            };
            self.judge_index(&element, &index);
        }
        if let Some(variable) = array.variable
            && !self.variables[variable as usize].declared.array
        {
            self.follow(variable, at);
        }
        self.place_or_nothing(at)
    }

    fn update(&mut self, at: usize) -> Value {
        let Some(inner) = self.child(at, Role::Argument) else {
            return Value::default();
        };
        let value = self.value(inner);
        if let Some(variable) = value.variable {
            self.variables[variable as usize].used.stepped = true;
            self.forget(variable);
        }
        value
    }

    fn unary(&mut self, at: usize) -> Value {
        let value = self.last_of(at);
        if self.nodes[at].operator == Operator::Not
            && let Some(variable) = value.variable
        {
            self.judge_late_test(variable, at);
        }
        value
    }

    fn choice(&mut self, at: usize) -> Value {
        let mut from = self.condition_of(at, false);
        let mut constant = true;
        for role in [Role::Consequence, Role::Alternative] {
            if let Some(branch) = self.child(at, role) {
                let value = self.value(branch);
                constant &= value.made.constant;
                from.extend(&value.from);
            }
        }
        Value {
            from,
            made: Made {
                constant,
                narrowed: true,
                ..Made::default()
            },
            ..Value::default()
        }
    }

    fn assignment(&mut self, at: usize) -> Value {
        let (Some(left), Some(right)) = (self.child(at, Role::Left), self.child(at, Role::Right))
        else {
            return Value::default();
        };
        let value = self.value(right);
        let target = self.target(self.peel(left)).variable;
        let Some(variable) = target else {
            return value;
        };
        match self.nodes[at].operator {
            Operator::Set => self.assign(variable, &value),
            operator => {
                if operator == Operator::Plus && self.variables[variable as usize].declared.pointer
                {
                    self.judge_advance(at, &value, 1);
                }
                let known = &mut self.variables[variable as usize];
                known.from.extend(&value.from);
                known.used.stepped = true;
                known.made.read |= value.made.read;
                known.made.constant = false;
                known.checked.upper |= operator == Operator::Narrow;
            }
        }
        Value {
            variable: target,
            ..value
        }
    }

    fn new_object(&mut self, at: usize) -> Value {
        for child in self.children(at) {
            if self.nodes[child].role == Role::Declarator {
                if let Some(size) = self.child(child, Role::Size) {
                    let size = self.value(size);
                    self.judge_allocation(at, &size);
                }
            } else if self.nodes[child].kind == Kind::Arguments {
                self.value(child);
            }
        }
        Value::default()
    }
}

/// Whether a written number is one that the lower end of a range is compared with.
pub(super) fn is_lower_end(written: &[u8]) -> bool {
    matches!(
        written,
        b"0" | b"1" | b"-1" | b"0U" | b"0u" | b"0L" | b"0UL"
    ) || names::is_null(written)
}
