//! How is a few-line piece of code written down once, so that names and constants can vary?

use std::collections::BTreeMap;

use crate::names::Draw;
use crate::task::Language;

/// What fills a `$slot` of a [`Pattern`].
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    /// A name that the specification gives: two words, from the split's own pool.
    Name,
    /// A name that the writer chooses: one of these.
    Local(&'static [&'static str]),
    /// A number that the specification gives, from the split's own pool, within `low..high`.
    Number(u32, u32),
    /// A short label that the specification gives: two words joined by a dash.
    Label,
    /// One of these, given by the specification.
    Choice(&'static [&'static str]),
}

/// A core: the lines in which a careless and a careful program differ, and what they need around them.
///
/// Everywhere, `$name` stands for a slot; `$fail` for the value an early exit returns. Lines are
/// indented by four spaces a level, whatever the language prints.
#[derive(Debug)]
pub struct Pattern {
    /// The language it is written in.
    pub language: Language,
    /// Its slots.
    pub slots: &'static [(&'static str, Slot)],
    /// Parameters, with their types where the language has them; the last word is the name.
    pub parameters: &'static [&'static str],
    /// Lines before the function: includes, imports, types, helpers.
    pub top: &'static [&'static str],
    /// Return type, where the language has one.
    pub returns: &'static str,
    /// What an early exit returns.
    pub fail: &'static str,
    /// Lines that both programs have before the difference.
    pub setup: &'static str,
    /// The careless lines.
    pub draft: &'static str,
    /// The careful lines.
    pub fixed: &'static str,
    /// Lines that both programs have after the difference.
    pub after: &'static str,
    /// What the function returns at its end; empty for nothing.
    pub value: &'static str,
    /// Ways to ask for it, without a word on security. The last one is never used in training.
    pub says: &'static [&'static str],
    /// Further ways to ask for it, all of them used in training.
    pub more: &'static [&'static str],
    /// What any program that does this must contain; see [`crate::Contract::needs`].
    pub needs: &'static [&'static str],
}

/// The values drawn for one task's slots.
pub(crate) type Filling = BTreeMap<&'static str, String>;

/// Draws a value for each slot.
pub(crate) fn draw(slots: &[(&'static str, Slot)], from: &mut Draw<'_>, into: &mut Filling) {
    for &(name, slot) in slots {
        let value = match slot {
            Slot::Name => from.name(),
            Slot::Local(choices) => from.local(choices),
            Slot::Number(low, high) => from.number(low, high).to_string(),
            Slot::Label => from.label(),
            Slot::Choice(choices) => from.choice(choices).to_owned(),
        };
        into.insert(name, value);
    }
}

/// Replaces every `$slot` by its value. A `$` that no known slot follows stays as it is (JavaScript's
/// template literals use it).
pub(crate) fn fill(template: &str, filling: &Filling) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let length = after
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(after.len());
        match filling.get(&after[..length]) {
            Some(value) => {
                out.push_str(value);
                rest = &after[length..];
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_known_slots_and_leaves_other_dollars() {
        let filling = Filling::from([("name", "user_title".to_owned()), ("k", "12".to_owned())]);
        assert_eq!(
            fill("`${$name}` < $k; $other $", &filling),
            "`${user_title}` < 12; $other $"
        );
    }
}
