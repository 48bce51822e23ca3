//! What happens where a pointer is followed, given back, or tested?

use palinode_code::Confidence;

use super::result::Lack;
use super::variables::Variable;
use super::walk::Walk;

impl Walk<'_> {
    /// A pointer is followed.
    pub(super) fn follow(&mut self, variable: Variable, at: usize) {
        let used = &mut self.variables[variable as usize].used;
        if used.followed == 0 && used.first_followed == 0 {
            used.first_followed = u32::try_from(at).unwrap_or(u32::MAX);
        }
        used.followed += 1;
        if self.pointers.perhaps_null.contains(&variable) {
            self.report(Lack::NullResult, at, Some(variable), Confidence::Medium);
            self.pointers.is_not_null(variable);
        }
        if let Some(surely) = self.pointers.freed(variable) {
            let certainty = match surely {
                true => Confidence::Medium,
                false => Confidence::Low,
            };
            self.report(Lack::UseAfterFree, at, Some(variable), certainty);
        }
    }

    /// A block is given back.
    pub(super) fn release(&mut self, variable: Variable, at: usize, surely: bool) {
        if surely && self.pointers.freed(variable) == Some(true) {
            self.report(Lack::DoubleFree, at, Some(variable), Confidence::Medium);
        }
        self.pointers.free(variable, surely);
    }

    /// `p->a = 1; if (!p) …`
    pub(super) fn judge_late_test(&mut self, variable: Variable, at: usize) {
        let known = &self.variables[variable as usize];
        if known.used.followed > 0 && !known.checked.tested && self.in_condition > 0 {
            self.report(Lack::LateNullTest, at, Some(variable), Confidence::Medium);
        }
    }
}
