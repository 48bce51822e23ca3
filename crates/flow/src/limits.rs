//! How much work may one file cost?

/// Budgets, in units that are the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Expressions and statements visited, over all functions.
    pub steps: u64,
    /// How deeply expressions and statements may be nested; what lies deeper is not looked at. At 200, half a
    /// megabyte of stack suffices.
    pub depth: u32,
    /// Flows that are kept.
    pub flows: usize,
}

impl Limits {
    /// For files that people and models write, and time for those that they do not.
    pub const STANDARD: Limits = Limits {
        steps: 4_000_000,
        depth: 200,
        flows: 2_000,
    };
}
