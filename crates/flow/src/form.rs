//! What is left of a function when only what values do counts?
//!
//! One small form for all languages. Positions count from the start of the unit, so that a function that has not
//! changed is not lowered again when it moves.

use palinode_code::Span;

/// An expression of a unit: an index into [`Unit::expressions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) u32);

/// A name of a unit: an index into [`Unit::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Symbol(pub(crate) u32);

/// Something that holds a value: a variable, a field of it, its elements. An index into [`Unit::places`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place(pub(crate) u32);

/// Some entries of one of a unit's arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Slice {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Slice {
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A stretch of the text, counted from the start of the unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Near {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Near {
    pub(crate) fn span(self, base: u32) -> Span {
        Span::new((self.start + base) as usize, (self.end + base) as usize)
    }
}

/// A function, or what a file runs itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Unit {
    /// Its name; empty for the file itself.
    pub(crate) name: String,
    /// The type that it belongs to.
    pub(crate) owner: Option<String>,
    /// How long its text is.
    pub(crate) length: u32,
    pub(crate) has_receiver: bool,
    pub(crate) parameters: Vec<Parameter>,
    /// What is written above it: decorators, annotations.
    pub(crate) attributes: Vec<Near>,
    pub(crate) body: Slice,
    pub(crate) statements: Vec<Statement>,
    pub(crate) cases: Vec<Case>,
    pub(crate) expressions: Vec<(Expression, Near)>,
    pub(crate) lists: Vec<Id>,
    pub(crate) names: Vec<Name>,
    /// The names' texts, one after the other.
    pub(crate) words: Vec<u8>,
    pub(crate) places: Vec<(Option<Place>, Symbol)>,
    pub(crate) closures: Vec<Closure>,
    /// Names that it brings in from other files, for the whole file.
    pub(crate) imports: Vec<(String, String)>,
    /// Where something was left out because it is nested too deeply.
    pub(crate) too_deep: Option<Near>,
    /// How many units before it in the list stand inside it.
    pub(crate) inner: usize,
    /// The hash of what it was lowered from.
    pub(crate) key: u128,
}

impl Unit {
    /// The text of a name.
    pub(crate) fn word(&self, symbol: Symbol) -> &[u8] {
        &self.words[self.names[symbol.0 as usize].text.range()]
    }
}

/// A name, as a part of [`Unit::words`], and what type it is declared to have, if it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Name {
    pub(crate) text: Slice,
    pub(crate) declared: Option<Near>,
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) place: Place,
    pub(crate) name: Symbol,
    pub(crate) whole: Near,
}

/// A function that is a value and that nothing names, as part of the unit it stands in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Closure {
    /// Its parameters: a part of [`Unit::lists`].
    pub(crate) parameters: Slice,
    pub(crate) body: Slice,
}

/// A branch of a [`Statement::Switch`] or a handler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Case {
    /// The constants that lead here; none for the default.
    pub(crate) values: Slice,
    pub(crate) body: Slice,
}

/// A statement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Statement {
    Evaluate(Id),
    Assign {
        target: Id,
        value: Id,
        augments: bool,
        whole: Near,
    },
    If {
        condition: Id,
        then: Slice,
        other: Slice,
    },
    Loop {
        condition: Option<Id>,
        body: Slice,
        runs_once: bool,
    },
    Each {
        target: Option<Id>,
        over: Id,
        body: Slice,
    },
    Switch {
        subject: Option<Id>,
        cases: Slice,
        falls_through: bool,
    },
    Try {
        body: Slice,
        handlers: Slice,
        finally: Slice,
    },
    Return(Option<Id>),
    Raise(Option<Id>),
    /// Leaves a loop or a switch.
    Jump,
    Assert(Id),
}

/// An expression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expression {
    /// A literal; whether it is a text.
    Constant {
        is_text: bool,
    },
    Name {
        symbol: Symbol,
        place: Place,
    },
    Field {
        base: Id,
        symbol: Symbol,
        place: Option<Place>,
    },
    /// `base[index]`, and the place that stands for all elements of the base.
    Index {
        base: Id,
        index: Option<Id>,
        place: Option<Place>,
    },
    Call {
        callee: Id,
        arguments: Slice,
        /// Whether it is finished: nothing is missing in it.
        is_complete: bool,
        makes_object: bool,
    },
    /// A text that is made of these, one after the other.
    Build {
        parts: Slice,
    },
    /// A template, then what fills it in.
    Format {
        parts: Slice,
    },
    Binary {
        operator: Operator,
        left: Id,
        right: Id,
    },
    Not(Id),
    Choice {
        condition: Id,
        then: Id,
        other: Id,
    },
    Collection {
        items: Slice,
    },
    /// An item with its key or its name.
    Keyed {
        key: Symbol,
        value: Id,
    },
    Spread(Id),
    Closure {
        index: u32,
    },
    /// An assignment as an expression.
    Assign {
        target: Id,
        value: Id,
        augments: bool,
    },
    /// A list made of `item` for all elements of `over`.
    Comprehension {
        parts: Slice,
    },
    /// Anything else that is made of these.
    Other {
        parts: Slice,
    },
}

/// What a binary operator asks or makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    And,
    Or,
    Equal,
    Unequal,
    In,
    NotIn,
    /// Less, or equal.
    Less,
    /// Greater, or equal.
    Greater,
    /// A test of the type.
    IsType,
    /// The first operand, or the second where the first is nothing.
    Default,
    /// Numbers of numbers.
    Arithmetic,
}
