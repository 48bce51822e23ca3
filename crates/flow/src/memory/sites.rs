//! Which operations touch memory by a value that nobody looked at?

use palinode_code::Confidence;

use super::names;
use super::nodes::{Kind, Operator, Role};
use super::result::Lack;
use super::variables::{Origin, Value, Variable};
use super::walk::Walk;

/// Sizes of arrays that any byte, or any pair of bytes, is an index into.
const WIDE: [&[u8]; 6] = [
    b"256",
    b"0x100",
    b"257",
    b"65536",
    b"0x10000",
    b"UCHAR_MAX + 1",
];

/// An element of an array: `array[index]`.
pub(super) struct Element {
    /// Its node, and that of the index.
    pub(super) at: usize,
    pub(super) index_at: usize,
    pub(super) array: Option<Variable>,
    pub(super) is_written: bool,
}

impl Walk<'_> {
    /// `array[index]`.
    pub(super) fn judge_index(&mut self, element: &Element, index: &Value) {
        let array = element.array;
        let size = array.and_then(|array| self.variables[array as usize].declared.size);
        if size.is_some_and(|size| WIDE.contains(&self.slice(size))) {
            return;
        }
        let is_stepped = |variable: Variable| self.variables[variable as usize].used.stepped;
        if !index.from.iter().any(is_stepped)
            && let Some((origin, variable)) = self.open(index)
            && (origin == Origin::Bytes
                || (origin == Origin::Parameter && index.variable.is_some()))
        {
            self.report(Lack::Index, element.at, variable, Confidence::Low);
        }
        if let Some(variable) = index.variable {
            // What is written into memory that someone made elsewhere may well have room for all of it.
            if size.is_some() || !element.is_written {
                self.judge_running(element.at, variable);
            }
            self.judge_ends(element.at, variable);
        }
        self.judge_look_ahead(element.at, element.index_at, index);
    }

    /// `array[i++]`, where nothing compares `i` with an end.
    fn judge_running(&mut self, at: usize, variable: Variable) {
        let known = &self.variables[variable as usize];
        let unbounded = !known.checked.upper && !known.checked.compared && known.limit.is_none();
        if known.used.stepped && unbounded && known.declared.local {
            self.report(Lack::RunningIndex, at, Some(variable), Confidence::Low);
        }
    }

    /// `array[i]`, where nobody asked whether `i` is negative.
    fn judge_ends(&mut self, at: usize, variable: Variable) {
        let known = self.variables[variable as usize];
        let (checked, used) = (known.checked, known.used);
        let outside = self.origin(variable) >= Origin::Parameter;
        let half = checked.upper && !checked.lower && known.declared.signed;
        if half && outside && !used.stepped && !known.made.constant {
            self.report(Lack::NegativeIndex, at, Some(variable), Confidence::Low);
        }
        if used.result && !checked.upper && !checked.lower && !checked.compared {
            self.report(Lack::NegativeResult, at, Some(variable), Confidence::Medium);
        }
    }

    /// `array[i + 1]` where a loop keeps `i` below its end.
    fn judge_look_ahead(&mut self, at: usize, index_at: usize, index: &Value) {
        let sum = self.peel(index_at);
        let node = self.nodes[sum];
        if node.kind != Kind::Binary || node.operator != Operator::Plus || self.loops == 0 {
            return;
        }
        let right = self.child(sum, Role::Right);
        let is_ahead = right.is_some_and(|right| {
            self.nodes[right].kind == Kind::Number && self.written(right) != b"0"
        });
        if let Some(variable) = index.from.iter().next()
            && is_ahead
            && index.from.len() == 1
            && self.variables[variable as usize].limit.is_some()
        {
            self.report(Lack::LookAhead, at, Some(variable), Confidence::Low);
        }
    }

    /// `p + n`, where `p` is a pointer.
    pub(super) fn judge_moved_pointer(&mut self, at: usize, pointer: &Value, by: &Value) {
        if let Some(pointer) = pointer.variable
            && self.variables[pointer as usize].declared.pointer
        {
            self.judge_advance(at, by, 2);
        }
    }

    /// A pointer is moved by a value. `far` says from how far outside it must come: a member already, or not before
    /// a parameter.
    pub(super) fn judge_advance(&mut self, at: usize, by: &Value, far: u8) {
        let least = match far {
            1 => Origin::Member,
            _ => Origin::Bytes,
        };
        if let Some((origin, variable)) = self.open(by)
            && origin >= least
            && !by.made.product
        {
            self.report(Lack::Advance, at, variable, Confidence::Low);
        }
    }

    /// `malloc(size)`, `new T[size]`.
    pub(super) fn judge_allocation(&mut self, at: usize, size: &Value) {
        if size.made.product {
            let is_array = |variable: Variable| self.variables[variable as usize].declared.array;
            if let Some((_, Some(variable))) = self.partly_open(size)
                && !is_array(variable)
            {
                self.report(Lack::AllocationProduct, at, Some(variable), Confidence::Low);
            }
        } else if size.made.sum
            && let Some((Origin::Bytes, variable)) = self.open(size)
        {
            self.report(Lack::AllocationSum, at, variable, Confidence::Low);
        }
    }

    /// `1 << n`.
    pub(super) fn judge_shift(&mut self, at: usize, left: &Value, right: &Value) {
        if left.made.constant
            && !right.made.constant
            && let Some((origin, variable)) = self.open(right)
            && origin > Origin::Own
            && (right.made.sum || origin == Origin::Bytes)
        {
            self.report(Lack::Shift, at, variable, Confidence::Low);
        }
    }

    /// `memcpy(to, from, length)`.
    pub(super) fn judge_copy(&mut self, at: usize, to: Option<Variable>, length: &Value) {
        // Who hands in both the target and the length is the one to know that they fit.
        let is_given = to.is_some_and(|to| self.variables[to as usize].declared.parameter);
        if let Some((origin, variable)) = self.partly_open(length)
            && origin > Origin::Own
            && !(is_given && origin == Origin::Parameter)
        {
            self.report(Lack::CopyLength, at, variable, Confidence::Low);
        }
        if let Some(variable) = length.variable {
            let known = self.variables[variable as usize];
            if known.used.result && !known.checked.lower && !known.checked.compared {
                self.report(Lack::NegativeResult, at, Some(variable), Confidence::Medium);
            }
        }
    }

    /// Parameters that say how long a buffer is, in a function that reads the buffer and never looks at them.
    pub(super) fn judge_lengths(&mut self) {
        let mut buffer: Option<Variable> = None;
        for variable in std::mem::take(&mut self.parameters) {
            let known = self.variables[variable as usize];
            if known.declared.pointer {
                buffer = Some(variable);
                continue;
            }
            let name = self.name(variable);
            let Some(buffer) = buffer.filter(|_| names::says_length(name)) else {
                continue;
            };
            let read = self.variables[buffer as usize].used;
            if read.first_followed > 0
                && !known.checked.compared
                && !known.used.passed
                && !self.met.contains(&variable)
                && !self.seen.contains(&(Lack::UnendedText, self.name(buffer)))
            {
                let at = read.first_followed as usize;
                self.report(Lack::IgnoredLength, at, Some(variable), Confidence::Low);
            }
        }
    }
}
