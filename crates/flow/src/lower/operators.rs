//! What does an operator ask or make?

use super::Lowerer;
use crate::form::{Expression, Id, Operator};
use crate::roles::{Field, Role};

/// Operators in a row that are still read one by one.
const LONGEST_CHAIN: usize = 64;

/// The meaning of an operator as it is written.
fn meaning(operator: &[u8]) -> Operator {
    match operator {
        b"&&" | b"and" | b"AND" => Operator::And,
        b"||" | b"or" | b"OR" => Operator::Or,
        b"==" | b"===" | b"is" => Operator::Equal,
        b"!=" | b"!==" | b"<>" | b"is not" => Operator::Unequal,
        b"in" => Operator::In,
        b"not in" => Operator::NotIn,
        b"<" | b"<=" => Operator::Less,
        b">" | b">=" => Operator::Greater,
        b"instanceof" => Operator::IsType,
        b"??" | b"?:" => Operator::Default,
        _ => Operator::Arithmetic,
    }
}

impl Lowerer<'_> {
    /// An operator with two operands. Chains of one operator, however long, cost no depth.
    pub(super) fn binary(&mut self, at: u32) -> Id {
        let near = self.near(at);
        let mut operands: Vec<u32> = Vec::new();
        let mut operators: Vec<&[u8]> = Vec::new();
        let mut left = at;
        loop {
            let Some((first, second)) = self.operands(left) else {
                operands.push(left);
                break;
            };
            operators.push(self.between(first, second));
            operands.push(second);
            left = first;
            if self.role(left) != Role::Binary {
                operands.push(left);
                break;
            }
        }
        operands.reverse();
        operators.reverse();
        let Some((&first, rest)) = operands.split_first() else {
            return self.nothing(at);
        };
        if rest.is_empty() {
            let parts: Vec<u32> = self.children(first).collect();
            return self.other(first, &parts);
        }
        let joins = |operator: &&[u8]| {
            self.grammar
                .joins
                .iter()
                .any(|join| join.as_bytes() == *operator)
        };
        if rest.len() > LONGEST_CHAIN && !operators.iter().all(joins) {
            // What is left of a chain would stand as deep as the chain is long.
            return self.other(at, &operands);
        }
        if operators.iter().all(|operator| *operator == b">>") && self.reads_into(first) {
            return self.read_into(at, first, rest);
        }
        let mut result = self.lower(first);
        // Texts that are joined one after the other are one text.
        let mut parts: Vec<Id> = Vec::new();
        for (&right, operator) in rest.iter().zip(operators) {
            let value = self.lower(right);
            let so_far = self.near_between(first, right);
            let joins = self
                .grammar
                .joins
                .iter()
                .any(|join| join.as_bytes() == operator);
            if joins {
                if parts.is_empty() {
                    parts.push(result);
                }
                parts.push(value);
                continue;
            }
            if !parts.is_empty() {
                result = self.joined(&parts, first, right);
                parts.clear();
            }
            result = if operator == b"%" && self.grammar.percent_formats && self.is_text(result) {
                self.format(result, value, so_far)
            } else {
                let operator = meaning(operator);
                let binary = Expression::Binary {
                    operator,
                    left: result,
                    right: value,
                };
                self.add(binary, so_far)
            };
        }
        if parts.is_empty() {
            return result;
        }
        let slice = self.list(&parts);
        self.add(Expression::Build { parts: slice }, near)
    }

    /// Whether what stands left of `>>` is C++'s standard input.
    fn reads_into(&self, stream: u32) -> bool {
        matches!(self.text(stream), "std::cin" | "cin" | "std::wcin")
    }

    /// `std::cin >> a >> b`: each gets a part of what is read.
    fn read_into(&mut self, at: u32, stream: u32, targets: &[u32]) -> Id {
        let near = self.near(at);
        let value = self.lower(stream);
        let mut parts = Vec::new();
        for &target in targets {
            let target = self.target(target);
            let assign = Expression::Assign {
                target,
                value,
                augments: false,
            };
            parts.push(self.add(assign, near));
        }
        let parts = self.list(&parts);
        self.add(Expression::Other { parts }, near)
    }

    fn joined(&mut self, parts: &[Id], first: u32, last: u32) -> Id {
        let parts = self.list(parts);
        let near = self.near_between(first, last);
        self.add(Expression::Build { parts }, near)
    }

    fn operands(&self, at: u32) -> Option<(u32, u32)> {
        let left = self.child(at, Field::Left)?;
        let right = self.child(at, Field::Right)?;
        Some((left, right))
    }

    /// `a < b`, `a in b`, `a < b < c`.
    pub(super) fn comparison(&mut self, at: u32) -> Id {
        let operands: Vec<u32> = self.children(at).collect();
        let near = self.near(at);
        let values: Vec<Id> = operands
            .iter()
            .map(|&operand| self.lower(operand))
            .collect();
        let mut result: Option<Id> = None;
        for ((nodes, pair), _) in operands.windows(2).zip(values.windows(2)).zip(0..8) {
            let words = self.between(nodes[0], nodes[1]);
            let operator = match words {
                [b'n', b'o', b't', ..] => Operator::NotIn,
                [b'i', b's', b' ' | b'\t', ..] => Operator::Unequal,
                words => meaning(words),
            };
            let binary = Expression::Binary {
                operator,
                left: pair[0],
                right: pair[1],
            };
            let one = self.add(binary, near);
            result = Some(match result {
                None => one,
                Some(before) => {
                    let both = Expression::Binary {
                        operator: Operator::And,
                        left: before,
                        right: one,
                    };
                    self.add(both, near)
                }
            });
        }
        result.unwrap_or_else(|| self.nothing(at))
    }

    /// `not a`, `!a`, `-a`, `*a`.
    pub(super) fn unary(&mut self, at: u32) -> Id {
        let Some(operand) = self.children(at).last() else {
            return self.nothing(at);
        };
        let before = (self.node(at).start, self.node(operand).start);
        let operator = self.bytes.get(before.0 as usize..before.1 as usize);
        let value = self.lower(operand);
        match operator.unwrap_or_default().trim_ascii() {
            b"!" | b"not" => {
                let near = self.near(at);
                self.add(Expression::Not(value), near)
            }
            // A pointer and what it points to are one here.
            b"*" | b"&" | b"" | b"@" => value,
            _ => {
                let near = self.near(at);
                let parts = self.list(&[value]);
                self.add(Expression::Other { parts }, near)
            }
        }
    }
}
