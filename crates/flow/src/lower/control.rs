//! Where does control go: branches, loops, handlers?

use super::Lowerer;
use crate::form::{Case, Id, Slice, Statement};
use crate::roles::{Field, Role};

impl Lowerer<'_> {
    /// The condition of a statement, after what is set up before it.
    pub(super) fn condition(&mut self, at: u32, out: &mut Vec<Statement>) -> Option<Id> {
        if let Some(first) = self.child(at, Field::Initializer) {
            self.statement(first, out);
        }
        let condition = self.child(at, Field::Condition)?;
        if self.role(condition) == Role::ConditionClause {
            if let Some(first) = self.child(condition, Field::Initializer) {
                self.statement(first, out);
            }
            let value = self.child(condition, Field::Value)?;
            return Some(self.lower(value));
        }
        Some(self.lower(condition))
    }

    pub(super) fn if_statement(&mut self, at: u32, out: &mut Vec<Statement>) {
        let condition = self.condition(at, out);
        let then = self.inner_body(at, &[Field::Consequence, Field::Body]);
        let alternatives: Vec<u32> = self
            .children(at)
            .filter(|&child| self.node(child).field == Field::Alternative)
            .collect();
        let other = self.alternatives(&alternatives);
        match condition {
            Some(condition) => out.push(Statement::If {
                condition,
                then,
                other,
            }),
            None => out.push(Statement::Loop {
                condition: None,
                body: then,
                runs_once: false,
            }),
        }
    }

    /// `elif … elif … else`, from the last to the first.
    pub(super) fn alternatives(&mut self, nodes: &[u32]) -> Slice {
        let mut other = Slice::default();
        // Each stands inside the one before it.
        let most = self.deepest.saturating_sub(self.depth) as usize;
        if let Some(&beyond) = nodes.get(most) {
            let near = self.near(beyond);
            self.unit.unit.too_deep.get_or_insert(near);
        }
        for &at in nodes.iter().take(most).rev() {
            other = if self.role(at) == Role::ElseIf {
                let mut statements = Vec::new();
                let condition = self.condition(at, &mut statements);
                let then = self.inner_body(at, &[Field::Consequence, Field::Body]);
                if let Some(condition) = condition {
                    statements.push(Statement::If {
                        condition,
                        then,
                        other,
                    });
                }
                self.block(statements)
            } else {
                self.body(at)
            };
        }
        other
    }

    pub(super) fn for_statement(&mut self, at: u32, out: &mut Vec<Statement>) {
        // Go and others put the three parts in a clause, or write only a condition, or a range.
        let mut holder = at;
        for child in self.children(at) {
            match self.role(child) {
                Role::RangeClause => {
                    let body = self.child(at, Field::Body);
                    return self.each(child, body, out);
                }
                Role::ForClause => holder = child,
                _ => {}
            }
        }
        let first = [Field::Initializer, Field::Init, Field::Initialize];
        for child in self.children(holder) {
            if first.contains(&self.node(child).field) {
                self.statement(child, out);
            }
        }
        let body_node = self.child(at, Field::Body);
        let condition = self.child(holder, Field::Condition).or_else(|| {
            let mut others = self.children(at);
            others.find(|&child| {
                holder == at && self.node(child).field == Field::None && Some(child) != body_node
            })
        });
        let condition = condition.map(|condition| match self.role(condition) {
            Role::Pass if self.node(condition).field == Field::Condition => {
                let inner = self.children(condition).next().unwrap_or(condition);
                self.lower(inner)
            }
            _ => self.lower(condition),
        });
        let mut statements = Vec::new();
        if let Some(body) = body_node {
            self.statement(body, &mut statements);
        }
        if let Some(update) = self.child(holder, Field::Update) {
            self.statement(update, &mut statements);
        }
        let body = self.block(statements);
        out.push(Statement::Loop {
            condition,
            body,
            runs_once: false,
        });
    }

    pub(super) fn for_each(&mut self, at: u32, out: &mut Vec<Statement>) {
        let body = self.child(at, Field::Body);
        self.each(at, body, out);
    }

    /// `holder` says which name runs over what.
    pub(super) fn each(&mut self, holder: u32, body: Option<u32>, out: &mut Vec<Statement>) {
        let left = [Field::Left, Field::Name, Field::Declarator];
        let right = [Field::Right, Field::Value];
        let mut over = self.child_of(holder, &right);
        let mut target = self.child_of(holder, &left);
        if over.is_none() {
            // PHP: `foreach (over as target)`, without fields.
            let mut plain = self
                .children(holder)
                .filter(|&child| Some(child) != body && Some(child) != target);
            over = plain.next();
            target = target.or(plain.next());
        }
        let Some(over) = over else {
            return;
        };
        let over = self.lower(over);
        let target = target.map(|target| self.target(target));
        let body = match body {
            Some(body) => self.body(body),
            None => Slice::default(),
        };
        out.push(Statement::Each { target, over, body });
    }

    pub(super) fn try_statement(&mut self, at: u32, out: &mut Vec<Statement>) {
        if let Some(resources) = self.child(at, Field::Resources) {
            self.statement(resources, out);
        }
        let body = self.inner_body(at, &[Field::Body]);
        let mut cases = Vec::new();
        let mut finally = Slice::default();
        for child in self.children(at) {
            match self.role(child) {
                Role::Catch => {
                    let body = match self.child(child, Field::Body) {
                        Some(body) => self.body(body),
                        None => self.body_without(child, &[]),
                    };
                    cases.push(Case {
                        values: Slice::default(),
                        body,
                    });
                }
                Role::Finally => finally = self.body(child),
                Role::Else => {
                    let body = self.body(child);
                    finally = Slice {
                        start: body.start,
                        end: body.end,
                    };
                }
                _ => {}
            }
        }
        let handlers = self.cases(cases);
        out.push(Statement::Try {
            body,
            handlers,
            finally,
        });
    }

    pub(super) fn cases(&mut self, cases: Vec<Case>) -> Slice {
        let start = self.unit.unit.cases.len() as u32;
        self.unit.unit.cases.extend(cases);
        let end = self.unit.unit.cases.len() as u32;
        Slice { start, end }
    }

    pub(super) fn switch(&mut self, at: u32, out: &mut Vec<Statement>) {
        if let Some(first) = self.child(at, Field::Initializer) {
            self.statement(first, out);
        }
        let subject_fields = [Field::Condition, Field::Value, Field::Subject];
        let subject_node = self.child_of(at, &subject_fields);
        let subject = match subject_node {
            Some(subject) if self.role(subject) == Role::ConditionClause => {
                let value = self.child(subject, Field::Value);
                value.map(|value| self.lower(value))
            }
            subject => subject.map(|subject| self.lower(subject)),
        };
        let holder = self.child(at, Field::Body).unwrap_or(at);
        let mut cases = Vec::new();
        for case in self.children(holder) {
            if Some(case) == subject_node || self.role(case) != Role::Case {
                continue;
            }
            let value_nodes: Vec<u32> = self
                .children(case)
                .filter(|&child| {
                    matches!(self.node(child).field, Field::Value)
                        || self.role(child) == Role::Label
                        || (self.grammar.self_is_parameter
                            && self.role(child) == Role::Pass
                            && self.node(child).field == Field::None)
                })
                .collect();
            let mut values = Vec::new();
            for &node in &value_nodes {
                match self.role(node) {
                    Role::Label => {
                        for child in self.children(node) {
                            values.push(self.lower(child));
                        }
                    }
                    _ => values.push(self.lower(node)),
                }
            }
            let values = self.list(&values);
            let body = match self.child(case, Field::Consequence) {
                Some(body) => self.body(body),
                None => self.body_without(case, &value_nodes),
            };
            cases.push(Case { values, body });
        }
        let cases = self.cases(cases);
        out.push(Statement::Switch {
            subject,
            cases,
            falls_through: self.grammar.cases_fall_through,
        });
    }
}
