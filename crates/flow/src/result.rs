//! What is said about a value that arrives somewhere: from where, on which way, past which guards?

use palinode_code::{Confidence, Span};

use crate::kinds::{Kinds, SinkKind, SourceKind};

/// Everything that was found in one file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// Values from outside that arrive where they can do harm, guarded or not, by place of arrival.
    pub flows: Vec<Flow>,
    /// The same for parameters of functions, within the function alone: what would happen if a caller handed in
    /// what it was sent. Weak evidence, kept apart.
    pub parameter_flows: Vec<Flow>,
    /// Every place where a value could do harm, whatever arrives there, by place.
    pub sites: Vec<Site>,
    /// What was not looked at; empty where all was.
    pub omissions: Vec<Omission>,
}

/// Something that the analysis did not look at, so that silence about it means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omission {
    /// This language is not lowered.
    Language,
    /// Something in here is nested more deeply than the limit.
    Depth {
        /// What was left out.
        span: Span,
    },
    /// The budget of steps ended before this function, or in it.
    Steps {
        /// The function.
        span: Span,
    },
    /// More flows were found than the limit.
    Flows,
}

/// A place where a value could do harm.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// What could happen.
    pub kind: SinkKind,
    /// The whole call or assignment.
    pub span: Span,
    /// What is called, as the file's imports resolve it; the target of an assignment.
    pub callee: String,
    /// The argument that matters.
    pub argument: Span,
    /// Its position among the arguments, where it is passed by position.
    pub index: Option<usize>,
    /// What the argument is made of.
    pub shape: Shape,
    /// What has been checked where control arrives here, whether or not it is about the argument.
    pub guards: Vec<Guard>,
    /// The innermost named function that it stands in: an index into [`crate::Module::functions`]. The first of
    /// them is the file itself.
    pub function: usize,
}

/// What a value was built of, as far as the file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A literal, or several of them joined.
    Constant {
        /// The first literal.
        text: Span,
    },
    /// A text that begins with a literal and goes on with what varies.
    Prefixed {
        /// The literal's part that comes before what varies.
        prefix: Span,
    },
    /// A text that was built here and begins with what varies.
    Built,
    /// A list, an array, a tuple or a map that was written out.
    List,
    /// Anything else: a parameter, the result of a call.
    Opaque,
}

/// A value from outside that arrives where it can do harm.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Where it arrives.
    pub site: Site,
    /// Where it comes from.
    pub source: Source,
    /// The way from the source to the site, both included, in order.
    pub steps: Vec<Step>,
    /// The checks on the way whose condition depends on the same source, in the order in which they are met; in
    /// callers too.
    pub guards: Vec<Guard>,
    /// What it went through that takes harm away, of whatever kind.
    pub sanitizers: Vec<Sanitizer>,
    /// How sure it is that the value arrives: high where every step is understood, medium past a function of
    /// another file, low where more than one such stands between.
    pub certainty: Confidence,
}

/// Where a value enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What kind of outside.
    pub kind: SourceKind,
    /// The expression, or the parameter.
    pub span: Span,
    /// Its name, as the file's imports resolve it.
    pub name: String,
}

/// One step of the way.
pub use palinode_code::Step;

/// Something that takes harm away from a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sanitizer {
    /// The call.
    pub span: Span,
    /// For which kinds of harm it helps.
    pub kinds: Kinds,
}

/// A condition that control has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The condition.
    pub span: Span,
    /// Whether it held (`true`) or failed (`false`) where control went on.
    pub holds: bool,
    /// How it steers control.
    pub form: Form,
    /// What it asks.
    pub check: Check,
    /// The functions that it calls, by the last part of their names.
    pub callees: Vec<String>,
    /// Whether it keeps this value from doing this harm; for guards of a [`Site`], whether it would keep any
    /// value from it that it is about.
    pub is_effective: bool,
}

/// How a condition steers control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The place stands in a branch of it, or in a loop.
    Branch,
    /// Where it comes out otherwise, control leaves before the place.
    EarlyExit,
    /// An assertion, which may be compiled away.
    Assertion,
    /// A call that does not return where the value does not pass: `validate(path)`.
    Call,
}

/// What a condition asks about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// Is there anything: null, emptiness, existence, a type that says nothing.
    Presence,
    /// Is it this one constant?
    Equality,
    /// Is it one of these?
    Membership,
    /// Does it match a pattern?
    Pattern,
    /// Does it begin with this?
    Prefix,
    /// Does it contain this?
    Contains,
    /// Is it a number, a digit, an address, something harmless by its form?
    Type,
    /// Is it smaller or larger than this?
    Bounds,
    /// Does a function, of which nothing else is known, accept it?
    Call,
    /// Something else, or several things of which one suffices.
    Other,
}

impl Flow {
    /// Whether nothing that is known here stands in its way: not cleaned for this kind, and no effective guard.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.is_sanitized() && !self.is_guarded()
    }

    /// Whether it went through something that takes this kind of harm away.
    #[must_use]
    pub fn is_sanitized(&self) -> bool {
        let kind = self.site.kind;
        self.sanitizers
            .iter()
            .any(|sanitizer| sanitizer.kinds.contains(kind))
    }

    /// Whether a guard keeps it from doing this kind of harm.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.guards.iter().any(|guard| guard.is_effective)
    }
}
