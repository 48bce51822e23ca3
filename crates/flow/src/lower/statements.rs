//! What does a statement do with values, and where does control go after it?

use super::Lowerer;
use crate::form::{Expression, Id, Near, Slice, Statement};
use crate::roles::{Field, Role};

impl Lowerer<'_> {
    /// The statements in a node.
    pub(super) fn body(&mut self, at: u32) -> Slice {
        let mut statements = Vec::new();
        self.deeper(at, |lowerer| match lowerer.role(at) {
            Role::Block | Role::Other | Role::Else | Role::Finally => {
                for child in lowerer.children(at) {
                    lowerer.statement(child, &mut statements);
                }
            }
            _ => lowerer.statement(at, &mut statements),
        });
        self.block(statements)
    }

    pub(super) fn inner_body(&mut self, at: u32, fields: &[Field]) -> Slice {
        match self.child_of(at, fields) {
            Some(body) => self.body(body),
            None => Slice::default(),
        }
    }

    /// The statements of all children but those in `without`.
    pub(super) fn body_without(&mut self, at: u32, without: &[u32]) -> Slice {
        let mut statements = Vec::new();
        for child in self.children(at) {
            if !without.contains(&child) {
                self.deeper(child, |lowerer| lowerer.statement(child, &mut statements));
            }
        }
        self.block(statements)
    }

    /// Adds what a node does to `out`.
    pub(super) fn statement(&mut self, at: u32, out: &mut Vec<Statement>) {
        self.deeper(at, |lowerer| lowerer.statement_here(at, out));
    }

    fn statement_here(&mut self, at: u32, out: &mut Vec<Statement>) {
        match self.role(at) {
            Role::Skip | Role::Text | Role::Type | Role::Literal => {}
            Role::Attribute => {
                let near = self.near(at);
                self.unit.attributes.push(near);
            }
            Role::Block
            | Role::Other
            | Role::Else
            | Role::Finally
            | Role::ForClause
            | Role::Label => {
                for child in self.children(at) {
                    self.statement(child, out);
                }
            }
            Role::Pass => {
                for child in self.children(at) {
                    self.statement(child, out);
                }
            }
            Role::Function => {
                let name = self.function_name(at).to_owned();
                self.function(at, at, &name);
            }
            Role::Decorated => {
                let definition = self.child(at, Field::Definition);
                match definition.map(|inner| (inner, self.role(inner))) {
                    Some((inner, Role::Function)) => {
                        let name = self.function_name(inner).to_owned();
                        self.function(inner, at, &name);
                    }
                    Some((inner, _)) => self.statement(inner, out),
                    None => {}
                }
            }
            Role::Class => self.inside_class(at, |lowerer| {
                for child in lowerer.children(at) {
                    if lowerer.node(child).field != Field::Superclasses
                        && lowerer.node(child).field != Field::Name
                    {
                        lowerer.statement(child, out);
                    }
                }
            }),
            Role::Import => (self.grammar.import)(self, at),
            Role::Assign | Role::Augment => self.assign(at, out),
            Role::Declaration => self.declaration(at, out),
            Role::Declarator => {
                self.declarator(at, None, out);
            }
            Role::If | Role::ElseIf => self.if_statement(at, out),
            Role::While | Role::DoWhile => {
                let condition = self.condition(at, out);
                let body = self.inner_body(at, &[Field::Body]);
                out.push(Statement::Loop {
                    condition,
                    body,
                    runs_once: self.role(at) == Role::DoWhile,
                });
            }
            Role::For => self.for_statement(at, out),
            Role::ForEach => self.for_each(at, out),
            Role::Try => self.try_statement(at, out),
            Role::WithItem | Role::Alias => self.alias(at, out),
            Role::Switch => self.switch(at, out),
            Role::Return => {
                let value = self.children(at).next();
                let value = value.map(|value| self.lower(value));
                out.push(Statement::Return(value));
            }
            Role::Raise | Role::Exit => {
                let value = self.children(at).next();
                let value = value.map(|value| self.lower(value));
                out.push(Statement::Raise(value));
            }
            Role::Break | Role::Continue => out.push(Statement::Jump),
            Role::Assert => {
                if let Some(condition) = self.children(at).next() {
                    let condition = self.lower(condition);
                    out.push(Statement::Assert(condition));
                }
            }
            _ => {
                let value = self.lower(at);
                // `x = y` as an expression is a statement where it stands alone.
                let (expression, whole) = (self.expression(value), self.near_of_id(value));
                out.push(match expression {
                    Expression::Assign {
                        target,
                        value,
                        augments,
                    } => Statement::Assign {
                        target,
                        value,
                        augments,
                        whole,
                    },
                    _ => Statement::Evaluate(value),
                });
            }
        }
    }

    fn assign(&mut self, at: u32, out: &mut Vec<Statement>) {
        let (Some(left), right) = (
            self.child_of(at, &[Field::Left, Field::Name]),
            self.child_of(at, &[Field::Right, Field::Value]),
        ) else {
            return;
        };
        let Some(right) = right else {
            // `x: int`, without a value.
            return;
        };
        if self.names_function(at, left, right) {
            return;
        }
        let augments = self.augments(at, left, right);
        let value = self.lower(right);
        let target = self.target(left);
        self.declare_by(at, target);
        let whole = self.near(at);
        out.push(Statement::Assign {
            target,
            value,
            augments,
            whole,
        });
    }

    /// Whether an assignment adds to what its target was.
    pub(super) fn augments(&self, at: u32, left: u32, right: u32) -> bool {
        let operator = self.between(left, right);
        self.role(at) == Role::Augment
            || (operator.len() > 1 && operator.ends_with(b"=") && operator != b":=")
    }

    /// Where a function without a name is given one, it is a unit of its own.
    pub(super) fn names_function(&mut self, at: u32, left: u32, right: u32) -> bool {
        if self.role(right) != Role::Closure {
            return false;
        }
        let name = match self.role(left) {
            Role::Name => self.text(left),
            Role::Member => super::functions::last_word(self.text(left)),
            _ => return false,
        }
        .to_owned();
        self.function(right, at, &name);
        true
    }

    fn declaration(&mut self, at: u32, out: &mut Vec<Statement>) {
        let declared = self.child(at, Field::Type);
        for child in self.children(at) {
            match self.role(child) {
                Role::Declarator => self.declarator(child, declared, out),
                Role::Name | Role::Derived if self.node(child).field == Field::Declarator => {
                    self.declare_name(child, declared);
                }
                Role::Skip | Role::Type | Role::Attribute | Role::FunctionDeclarator => {}
                _ => self.statement(child, out),
            }
        }
    }

    pub(super) fn declare_name(&mut self, at: u32, declared: Option<u32>) {
        if let (Some(name), Some(declared)) = (self.first_name(at), declared) {
            let symbol = self.symbol(name);
            let near = self.near(declared);
            self.declare(symbol, near);
        }
    }

    /// A name with its first value; of Go's, several at once.
    fn declarator(&mut self, at: u32, declared: Option<u32>, out: &mut Vec<Statement>) {
        let fields = [
            Field::Name,
            Field::Declarator,
            Field::Left,
            Field::Pattern,
            Field::Property,
        ];
        let Some(left) = self.child_of(at, &fields) else {
            return;
        };
        let declared = declared.or(self.child(at, Field::Type));
        self.declare_name(left, declared);
        let Some(right) = self.child_of(at, &[Field::Value, Field::Right]) else {
            return;
        };
        if self.names_function(at, left, right) || (self.grammar.import_of)(self, left, right) {
            return;
        }
        let value = self.lower(right);
        let target = self.target(left);
        let whole = self.near(at);
        out.push(Statement::Assign {
            target,
            value,
            augments: false,
            whole,
        });
    }

    /// `value as name`, `(T name = value)`.
    fn alias(&mut self, at: u32, out: &mut Vec<Statement>) {
        let value = self.child(at, Field::Value).or(self.children(at).next());
        let Some(value) = value else {
            return;
        };
        if self.role(value) == Role::Alias {
            return self.statement(value, out);
        }
        let name = self.child_of(at, &[Field::Alias, Field::Name]);
        let Some(name) = name else {
            let value = self.lower(value);
            return out.push(Statement::Evaluate(value));
        };
        let declared = self.child(at, Field::Type);
        self.declare_name(name, declared);
        let value = self.lower(value);
        let target = self.target(name);
        let whole = self.near(at);
        out.push(Statement::Assign {
            target,
            value,
            augments: false,
            whole,
        });
    }

    /// Gives what is assigned the type that the assignment states.
    fn declare_by(&mut self, at: u32, target: Id) {
        if let (Some(declared), Expression::Name { symbol, .. }) =
            (self.child(at, Field::Type), self.expression(target))
        {
            let near = self.near(declared);
            self.declare(symbol, near);
        }
    }

    pub(super) fn near_between(&self, from: u32, to: u32) -> Near {
        self.near_of(self.node(from).start, self.node(to).end)
    }
}
