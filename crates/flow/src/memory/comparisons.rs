//! What do the operators between two values ask or make?

use palinode_code::Confidence;

use super::expressions::is_lower_end;
use super::names;
use super::nodes::{Kind, Operator, Role};
use super::result::Lack;
use super::variables::{Few, Made, Origin, Value};
use super::walk::Walk;

/// The two sides of an operator: what they give, and where they stand.
struct Sides {
    left: Value,
    right: Value,
    left_at: usize,
    right_at: usize,
}

impl Walk<'_> {
    /// An expression that decides where control goes.
    pub(super) fn condition(&mut self, at: usize, repeats: bool) -> Value {
        self.deeper(|walk| walk.condition_here(at, repeats))
    }

    fn condition_here(&mut self, at: usize, repeats: bool) -> Value {
        let node = self.nodes[at];
        match (node.kind, node.operator) {
            (Kind::Transparent, _) => {
                let mut last = Value::default();
                for child in self.children(at) {
                    last = self.condition(child, repeats);
                }
                last
            }
            (Kind::Binary, Operator::Logical) => self.several(at, repeats),
            (Kind::Binary, Operator::Less | Operator::Greater) if repeats => self.loop_limit(at),
            _ => self.value(at),
        }
    }

    /// `a && b`: what `a` mentions has been tested when `b` is asked.
    fn several(&mut self, at: usize, repeats: bool) -> Value {
        let mut from = Few::default();
        for child in self.children(at) {
            let first = self.met.len();
            from.extend(&self.condition(child, repeats).from);
            self.test_met_since(first);
        }
        Value {
            from,
            ..Value::default()
        }
    }

    /// `i < n` over a loop: the counter is kept below its limit, but nobody looked at the limit.
    fn loop_limit(&mut self, at: usize) -> Value {
        let Some(sides) = self.sides(at) else {
            return Value::default();
        };
        self.has_compared = true;
        let less = self.nodes[at].operator == Operator::Less;
        let (small, large, large_at) = match less {
            true => (sides.left, sides.right, sides.right_at),
            false => (sides.right, sides.left, sides.left_at),
        };
        if let (Some(counter), Some((origin, limit))) = (small.variable, self.open(&large))
            && origin > Origin::Own
        {
            self.variables[counter as usize].limit = limit;
        }
        let lower = [sides.left_at, sides.right_at]
            .iter()
            .any(|&side| is_lower_end(self.written(self.peel(side))));
        let is_below = lower && (large.made.constant || large_at == sides.right_at);
        for variable in small.from.iter() {
            self.bound(variable, !is_below, is_below);
        }
        for variable in large.from.iter() {
            self.variables[variable as usize].checked.compared = true;
        }
        let mut from = small.from;
        from.extend(&large.from);
        Value {
            from,
            ..Value::default()
        }
    }

    fn sides(&mut self, at: usize) -> Option<Sides> {
        let (left_at, right_at) = (self.child(at, Role::Left)?, self.child(at, Role::Right)?);
        Some(Sides {
            left: self.value(left_at),
            right: self.value(right_at),
            left_at,
            right_at,
        })
    }

    pub(super) fn binary(&mut self, at: usize) -> Value {
        let operator = self.nodes[at].operator;
        if operator == Operator::Logical {
            return self.several(at, false);
        }
        let Some(sides) = self.sides(at) else {
            return Value::default();
        };
        let (left, right) = (&sides.left, &sides.right);
        let mut from = left.from;
        from.extend(&right.from);
        let constant = left.made.constant && right.made.constant;
        let plain = Made {
            constant,
            ..Made::default()
        };
        let made = match operator {
            Operator::Less | Operator::Greater => {
                self.compare_sizes(&sides);
                Made {
                    narrowed: true,
                    ..plain
                }
            }
            Operator::Equal => {
                self.compare_equal(at, &sides);
                Made {
                    narrowed: true,
                    ..plain
                }
            }
            Operator::Narrow => Made {
                narrowed: true,
                ..plain
            },
            Operator::ShiftLeft => {
                self.judge_shift(at, left, right);
                let takes_bytes = [sides.left_at, sides.right_at].iter().any(|&side| {
                    matches!(
                        self.nodes[self.peel(side)].kind,
                        Kind::Subscript | Kind::Pointer
                    )
                });
                Made {
                    read: left.made.read || right.made.read || takes_bytes,
                    product: !left.made.constant,
                    ..plain
                }
            }
            Operator::Or => Made {
                read: left.made.read || right.made.read,
                ..plain
            },
            _ => {
                if operator == Operator::Plus {
                    self.judge_moved_pointer(at, left, right);
                    self.judge_moved_pointer(at, right, left);
                }
                let wide = left.made.wide || right.made.wide;
                let stays = |one: &Value, other: &Value| {
                    one.made.narrowed && (other.made.narrowed || other.made.constant)
                };
                Made {
                    read: left.made.read || right.made.read,
                    product: !wide
                        && (left.made.product
                            || right.made.product
                            || (operator == Operator::Times && !constant)),
                    wide,
                    sum: left.made.sum
                        || right.made.sum
                        || (operator == Operator::Plus && !constant),
                    constant,
                    narrowed: stays(left, right) || stays(right, left),
                }
            }
        };
        Value {
            from,
            made,
            ..Value::default()
        }
    }

    fn compare_sizes(&mut self, sides: &Sides) {
        self.has_compared = true;
        for (value, side) in [(&sides.left, sides.left_at), (&sides.right, sides.right_at)] {
            self.judge_wrapping(value, side);
        }
        let is_end = |walk: &Self, side: usize| is_lower_end(walk.written(walk.peel(side)));
        let (left_end, right_end) = (is_end(self, sides.left_at), is_end(self, sides.right_at));
        for variable in sides.left.from.iter() {
            self.bound(variable, !right_end, right_end);
        }
        for variable in sides.right.from.iter() {
            self.bound(variable, !left_end, left_end);
        }
    }

    /// `a + b > most`, where neither `a` nor `b` was compared with anything: the sum may have wrapped.
    fn judge_wrapping(&mut self, value: &Value, side: usize) {
        let inner = self.nodes[self.peel(side)];
        let is_sum = inner.kind == Kind::Binary
            && matches!(inner.operator, Operator::Plus | Operator::Times);
        if is_sum
            && self.in_check == 0
            && !value.made.wide
            && value.from.len() >= 2
            && let Some((origin, variable)) = self.open(value)
            && origin > Origin::Own
        {
            self.report(Lack::WrappingComparison, side, variable, Confidence::Low);
        }
    }

    fn compare_equal(&mut self, at: usize, sides: &Sides) {
        let is_null = [sides.left_at, sides.right_at]
            .iter()
            .any(|&side| is_lower_end(self.written(self.peel(side))));
        for variable in sides.left.from.iter().chain(sides.right.from.iter()) {
            match is_null {
                true => self.variables[variable as usize].checked.compared = true,
                false => self.bound(variable, true, true),
            }
        }
        let with_null = [sides.left_at, sides.right_at].iter().any(|&side| {
            let side = self.written(self.peel(side));
            side == b"0" || names::is_null(side)
        });
        if with_null && let Some(variable) = sides.left.variable.or(sides.right.variable) {
            self.judge_late_test(variable, at);
        }
    }
}
