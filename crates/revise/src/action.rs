//! Which five tokens turn a stream of code into a stream that can take code back?
//!
//! The names are those of the paper *Stream of Revision* (appendix D.1).

use std::fmt;

/// One of the five action tokens.
///
/// An episode is always the same: [`Trigger`](Action::Trigger), [`ScopeOpen`](Action::ScopeOpen), the
/// scope, [`ScopeClose`](Action::ScopeClose), [`PatchOpen`](Action::PatchOpen), the patch,
/// [`PatchClose`](Action::PatchClose).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// `<|backtracking|>`: an episode begins.
    Trigger,
    /// `<|OLD|>`: the scope, a quotation of what was written, begins.
    ScopeOpen,
    /// `<|/OLD|>`: the scope ends.
    ScopeClose,
    /// `<|NEW|>`: the patch begins.
    PatchOpen,
    /// `<|/NEW|>`: the patch ends and takes the scope's place.
    PatchClose,
}

impl Action {
    /// All five, in the order in which an episode uses them. Every array of five action ids in this
    /// crate has this order.
    pub const ALL: [Action; 5] = [
        Action::Trigger,
        Action::ScopeOpen,
        Action::ScopeClose,
        Action::PatchOpen,
        Action::PatchClose,
    ];

    /// The token as text, which is also its name in a tokenizer.
    #[must_use]
    pub const fn marker(self) -> &'static str {
        match self {
            Action::Trigger => "<|backtracking|>",
            Action::ScopeOpen => "<|OLD|>",
            Action::ScopeClose => "<|/OLD|>",
            Action::PatchOpen => "<|NEW|>",
            Action::PatchClose => "<|/NEW|>",
        }
    }

    /// The action that `marker` names, if it names one.
    #[must_use]
    pub fn from_marker(marker: &[u8]) -> Option<Action> {
        Action::ALL
            .into_iter()
            .find(|action| action.marker().as_bytes() == marker)
    }

    /// What the token means, in one English sentence.
    ///
    /// A model that has never seen the token starts from the mean of this sentence's token embeddings
    /// (semantic initialisation, *Stream of Revision*, appendix D.1); changing a sentence changes what
    /// a newly prepared model starts from.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Action::Trigger => {
                "Stop writing and go back to an earlier place in the code to revise it."
            }
            Action::ScopeOpen => "Quote the exact piece of vulnerable code written above.",
            Action::ScopeClose => "End the quotation of the vulnerable code.",
            Action::PatchOpen => "Write the repaired code that replaces the quoted piece.",
            Action::PatchClose => "End the repaired code.",
        }
    }

    /// The place of this action in [`Action::ALL`].
    pub(crate) const fn index(self) -> usize {
        match self {
            Action::Trigger => 0,
            Action::ScopeOpen => 1,
            Action::ScopeClose => 2,
            Action::PatchOpen => 3,
            Action::PatchClose => 4,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.marker())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_names_agree() {
        for (index, action) in Action::ALL.into_iter().enumerate() {
            assert_eq!(action.index(), index);
            assert_eq!(
                Action::from_marker(action.marker().as_bytes()),
                Some(action)
            );
            assert!(action.description().ends_with('.'));
        }
        assert_eq!(Action::from_marker(b"<|old|>"), None);
    }
}
