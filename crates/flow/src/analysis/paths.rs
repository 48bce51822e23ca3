//! Under which names is an expression known?

use super::run::Run;
use super::values::Value;
use crate::form::{Expression, Id, Symbol};
use crate::lower::last_word;
use crate::tables::Meaning;

/// Names looked up on the way to what a name stands for.
const LONGEST_WAY: u32 = 6;

impl<'m> Run<'m> {
    /// The entries whose path may end in the last part of an expression's name.
    pub(super) fn entries_of(&self, id: Id) -> &'m [u32] {
        match self.unit.expressions[id.0 as usize].0 {
            Expression::Name { symbol, .. } => self.entries[symbol.0 as usize].alone,
            Expression::Field { symbol, .. } => self.entries[symbol.0 as usize].as_member,
            Expression::Index { base, .. } => match self.unit.expressions[base.0 as usize].0 {
                Expression::Name { symbol, .. } => self.entries[symbol.0 as usize].alone,
                Expression::Field { symbol, .. } => self.entries[symbol.0 as usize].as_member,
                _ => &[],
            },
            _ => &[],
        }
    }

    /// What an expression means by its name, as far as `wanted` asks for it: the first that it gives something for.
    pub(super) fn meaning<T>(
        &mut self,
        id: Id,
        wanted: impl Fn(Meaning) -> Option<T>,
    ) -> Option<T> {
        let mut found = Vec::new();
        self.meanings(id, wanted, &mut found);
        found.into_iter().next()
    }

    /// The same, all of them.
    pub(super) fn meanings<T>(
        &mut self,
        id: Id,
        wanted: impl Fn(Meaning) -> Option<T>,
        found: &mut Vec<T>,
    ) {
        let entries = self.entries_of(id);
        if entries.is_empty() {
            return;
        }
        let table = self.scope.table;
        let mut candidates: Vec<(u32, T)> = Vec::new();
        for &at in entries {
            if let Some(meaning) = wanted(table.entry(at).meaning) {
                candidates.push((at, meaning));
            }
        }
        if candidates.is_empty() {
            return;
        }
        let mut plain = std::mem::take(&mut self.path);
        plain.clear();
        self.put_path(id, false, 0, &mut plain);
        let mut resolved = String::new();
        self.put_path(id, true, 0, &mut resolved);
        for (at, meaning) in candidates {
            let entry = table.entry(at);
            if entry.matches(&resolved)
                || (plain != resolved && self.may_match_plainly(id) && entry.matches(&plain))
            {
                found.push(meaning);
            }
        }
        self.path = plain;
    }

    /// Whether the name as it is written counts too: not where it is alone and the file gives it another meaning.
    fn may_match_plainly(&self, id: Id) -> bool {
        !matches!(
            self.unit.expressions[id.0 as usize].0,
            Expression::Name { .. }
        )
    }

    /// The name that users are shown.
    pub(super) fn shown_path(&self, id: Id) -> String {
        let mut path = String::new();
        self.put_path(id, true, LONGEST_WAY - 1, &mut path);
        path
    }

    /// Writes the path of an expression; with `resolve`, by what its first name stands for.
    pub(super) fn put_path(&self, id: Id, resolve: bool, depth: u32, out: &mut String) {
        if depth > 4 * LONGEST_WAY || out.len() > 200 {
            return;
        }
        match self.unit.expressions[id.0 as usize].0 {
            Expression::Name { symbol, place } => {
                if resolve && self.put_resolved(symbol, self.values[place.0 as usize], depth, out) {
                    return;
                }
                out.push_str(self.word(symbol));
            }
            Expression::Field { base, symbol, .. } => {
                let before = out.len();
                self.put_path(base, resolve, depth + 1, out);
                if out.len() == before {
                    out.push_str("()");
                }
                out.push('.');
                out.push_str(self.word(symbol));
            }
            Expression::Index { base, .. } => {
                self.put_path(base, resolve, depth + 1, out);
                out.push_str("[]");
            }
            Expression::Call {
                callee, arguments, ..
            } => {
                if let Some(module) = self.required(callee, arguments) {
                    out.push_str(module);
                    return;
                }
                self.put_path(callee, resolve, depth + 1, out);
                out.push_str("()");
            }
            Expression::Keyed { key, .. } => out.push_str(self.word(key)),
            _ => {}
        }
    }

    /// The module that JavaScript's `require("module")` gives.
    fn required(&self, callee: Id, arguments: crate::form::Slice) -> Option<&str> {
        let Expression::Name { symbol, .. } = self.unit.expressions[callee.0 as usize].0 else {
            return None;
        };
        let first = *self.unit.lists.get(arguments.range())?.first()?;
        let is_text = matches!(
            self.unit.expressions[first.0 as usize].0,
            Expression::Constant { is_text: true }
        );
        (is_text && self.word(symbol) == "require").then(|| {
            let text = self.text(self.span_of(first));
            text.strip_prefix("node:").unwrap_or(text)
        })
    }

    /// What a name stands for: what it was given, what it was declared as, what an import makes of it.
    fn put_resolved(&self, symbol: Symbol, value: Value, depth: u32, out: &mut String) -> bool {
        if value.origin > 0 && depth < LONGEST_WAY {
            let origin = Id(value.origin - 1);
            let is_named = match self.unit.expressions[origin.0 as usize].0 {
                Expression::Call { .. } | Expression::Field { .. } => true,
                Expression::Name { symbol: other, .. } => other != symbol,
                _ => false,
            };
            if is_named {
                let before = out.len();
                self.put_path(origin, true, depth + LONGEST_WAY / 2, out);
                return out.len() > before;
            }
        }
        if let Some(declared) = self.unit.names[symbol.0 as usize].declared {
            let ty = last_word(self.text(self.span(declared)));
            if !ty.is_empty() {
                out.push_str(ty);
                return true;
            }
        }
        if value.is_known {
            return false;
        }
        if let Some(path) = self.scope.aliases.get(self.word(symbol)) {
            out.push_str(path);
            return true;
        }
        false
    }

    /// The paths of a name under modules all of whose names are brought in, tried where it has no other meaning.
    pub(super) fn is_defined_here(&self, name: &str) -> bool {
        self.scope.by_name.contains_key(name)
    }
}
