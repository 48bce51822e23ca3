//! What can be missing around an operation on memory?

use std::fmt;
use std::str::FromStr;

use palinode_code::{Confidence, Span, UnknownName};

/// A check that is missing, or what was done for want of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lack {
    /// As many bytes are copied as a value says that nothing was compared with.
    CopyLength,
    /// An element is chosen by a value from outside that nothing was compared with.
    Index,
    /// An element is chosen by a counter that is stepped and never compared with an end.
    RunningIndex,
    /// An element is chosen by a number with a sign of which only the upper end was looked at.
    NegativeIndex,
    /// Inside a loop that keeps a counter below its end, an element behind the counter's is touched.
    LookAhead,
    /// A pointer is moved by a value from outside that nothing was compared with.
    Advance,
    /// Memory is asked for by a product of which the factors were not compared with anything.
    AllocationProduct,
    /// Memory is asked for by a sum with a number that was read from bytes, which may wrap.
    AllocationSum,
    /// A one is shifted by a value that nothing was compared with.
    Shift,
    /// A sum or product that may wrap is itself what is compared.
    WrappingComparison,
    /// Numbers are read from a stream of which nobody asked how much is left.
    Cursor,
    /// A function is told how long a buffer is, and reads the buffer without looking.
    IgnoredLength,
    /// Bytes whose length is given are read as text, up to a zero that may not be there.
    UnendedText,
    /// A pointer walks up to a letter, with nothing to stop it where the letter is missing.
    EndlessWalk,
    /// What a function returned is used though it may be null.
    NullResult,
    /// A pointer is tested for null after it was used.
    LateNullTest,
    /// Memory is used after it was given back.
    UseAfterFree,
    /// Memory is given back twice.
    DoubleFree,
    /// What a call returned is used as a position though it may be negative.
    NegativeResult,
}

impl Lack {
    /// All of them.
    pub const ALL: [Lack; 19] = [
        Lack::CopyLength,
        Lack::Index,
        Lack::RunningIndex,
        Lack::NegativeIndex,
        Lack::LookAhead,
        Lack::Advance,
        Lack::AllocationProduct,
        Lack::AllocationSum,
        Lack::Shift,
        Lack::WrappingComparison,
        Lack::Cursor,
        Lack::IgnoredLength,
        Lack::UnendedText,
        Lack::EndlessWalk,
        Lack::NullResult,
        Lack::LateNullTest,
        Lack::UseAfterFree,
        Lack::DoubleFree,
        Lack::NegativeResult,
    ];

    /// The name in files and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Lack::CopyLength => "copy-length",
            Lack::Index => "index",
            Lack::RunningIndex => "running-index",
            Lack::NegativeIndex => "negative-index",
            Lack::LookAhead => "look-ahead",
            Lack::Advance => "advance",
            Lack::AllocationProduct => "allocation-product",
            Lack::AllocationSum => "allocation-sum",
            Lack::Shift => "shift",
            Lack::WrappingComparison => "wrapping-comparison",
            Lack::Cursor => "cursor",
            Lack::IgnoredLength => "ignored-length",
            Lack::UnendedText => "unended-text",
            Lack::EndlessWalk => "endless-walk",
            Lack::NullResult => "null-result",
            Lack::LateNullTest => "late-null-test",
            Lack::UseAfterFree => "use-after-free",
            Lack::DoubleFree => "double-free",
            Lack::NegativeResult => "negative-result",
        }
    }

    /// Whether it may yet turn out otherwise while the function is still being written.
    #[must_use]
    pub fn waits_for_end(self) -> bool {
        self == Lack::IgnoredLength
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Lack {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_it = |kind: &Lack| kind.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(is_it).ok_or(UnknownName)
    }
}

/// A place where memory is touched without a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingCheck {
    /// What is missing.
    pub kind: Lack,
    /// Where memory is touched.
    pub span: Span,
    /// A place where what should have been checked is written: the variable, else the whole operation.
    pub subject: Span,
    /// How sure it is: low where a caller may have checked, medium where only a name says what a function does.
    pub certainty: Confidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_name() {
        for kind in Lack::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }
}
