//! What is known about a value at one point of a program?

use palinode_code::{Confidence, Span};

use crate::kinds::Kinds;
use crate::result::Shape;

/// Marks a value whose path or address is in its one normal form.
pub(super) const NORMAL: u32 = 1 << 31;

/// Sources of one value that are told apart; further ones are forgotten.
const MOST_SOURCES: usize = 12;

/// What is known about a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    /// Whether anything is known at all.
    pub(super) is_known: bool,
    /// What it comes from.
    pub(super) taint: Set,
    /// What its fields and elements come from, over and above that.
    pub(super) inner: Set,
    pub(super) made: Made,
    /// The literal that a text begins with.
    pub(super) text: (u32, u32),
    /// The expression that it was given by, one more than its index; 0 for none.
    pub(super) origin: u32,
}

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Constant,
    Prefixed,
    Built,
    List,
    Opaque,
}

impl Value {
    pub(super) const UNKNOWN: Value = Value {
        is_known: false,
        taint: Set::EMPTY,
        inner: Set::EMPTY,
        made: Made::Opaque,
        text: (0, 0),
        origin: 0,
    };

    pub(super) fn of(taint: Set) -> Value {
        Value {
            is_known: true,
            taint,
            ..Value::UNKNOWN
        }
    }

    pub(super) fn constant(text: Span) -> Value {
        Value {
            is_known: true,
            made: Made::Constant,
            text: (text.start as u32, text.end as u32),
            ..Value::UNKNOWN
        }
    }

    pub(super) fn shape(&self) -> Shape {
        let text = Span::new(self.text.0 as usize, self.text.1 as usize);
        match self.made {
            Made::Constant => Shape::Constant { text },
            Made::Prefixed => Shape::Prefixed { prefix: text },
            Made::Built => Shape::Built,
            Made::List => Shape::List,
            Made::Opaque => Shape::Opaque,
        }
    }
}

/// Some taints: a part of [`Taints::all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Set {
    start: u32,
    end: u32,
}

impl Set {
    pub(super) const EMPTY: Set = Set { start: 0, end: 0 };

    pub(super) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// That a value comes from a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Taint {
    /// Index of the source in the run.
    pub(super) source: u32,
    /// The kinds of harm that it can no longer do, as bits, and [`NORMAL`].
    pub(super) cleaned: u32,
    /// The last step of its way.
    pub(super) step: u32,
    /// Functions of other files that it went through, of which nothing is known.
    pub(super) doubts: u8,
}

impl Taint {
    pub(super) fn certainty(self) -> Confidence {
        match self.doubts {
            0 => Confidence::High,
            1 => Confidence::Medium,
            _ => Confidence::Low,
        }
    }
}

/// One step of a way, and the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepNode {
    pub(super) before: Option<u32>,
    pub(super) span: Span,
    pub(super) note: Note,
}

/// What happens at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    Enters,
    Assigned,
    Built,
    Through,
    Cleaned(Kinds),
}

/// All taints and steps of a run.
#[derive(Default)]
pub(super) struct Taints {
    all: Vec<Taint>,
    steps: Vec<StepNode>,
}

impl Taints {
    pub(super) fn of(&self, set: Set) -> &[Taint] {
        &self.all[set.start as usize..set.end as usize]
    }

    pub(super) fn single(&mut self, taint: Taint) -> Set {
        self.all.push(taint);
        let end = self.all.len() as u32;
        Set {
            start: end - 1,
            end,
        }
    }

    pub(super) fn step(&mut self, before: Option<u32>, span: Span, note: Note) -> u32 {
        self.steps.push(StepNode { before, span, note });
        self.steps.len() as u32 - 1
    }

    /// The way that ends in a step, in order.
    pub(super) fn way(&self, last: u32) -> Vec<StepNode> {
        let mut way = Vec::new();
        let mut next = Some(last);
        while let Some(at) = next {
            let step = self.steps[at as usize];
            way.push(step);
            next = step.before;
        }
        way.reverse();
        way
    }

    /// What comes from either: harm is gone where it is gone on both ways.
    pub(super) fn union(&mut self, one: Set, other: Set) -> Set {
        if one == other || other.is_empty() {
            return one;
        }
        if one.is_empty() {
            return other;
        }
        let adds = self.of(other).iter().any(|taint| {
            let same = self
                .of(one)
                .iter()
                .find(|known| known.source == taint.source);
            same.is_none_or(|same| same.cleaned & !taint.cleaned != 0 || taint.doubts < same.doubts)
        });
        if !adds {
            return one;
        }
        let start = self.all.len();
        self.all
            .extend_from_within(one.start as usize..one.end as usize);
        for at in other.start as usize..other.end as usize {
            let taint = self.all[at];
            let same = self.all[start..]
                .iter()
                .position(|known| known.source == taint.source);
            if let Some(same) = same {
                let known = &mut self.all[start + same];
                if known.cleaned & !taint.cleaned != 0 {
                    // The way on which less was taken away is the one to tell.
                    known.step = taint.step;
                }
                known.cleaned &= taint.cleaned;
                known.doubts = known.doubts.min(taint.doubts);
            } else if self.all.len() - start < MOST_SOURCES {
                self.all.push(taint);
            }
        }
        Set {
            start: start as u32,
            end: self.all.len() as u32,
        }
    }

    /// The same taints, each changed.
    pub(super) fn map(
        &mut self,
        set: Set,
        mut change: impl FnMut(&mut Self, Taint) -> Taint,
    ) -> Set {
        if set.is_empty() {
            return set;
        }
        let start = self.all.len() as u32;
        let mut changed = Vec::with_capacity((set.end - set.start) as usize);
        for at in set.start..set.end {
            let taint = self.all[at as usize];
            changed.push(change(self, taint));
        }
        let start = start.max(self.all.len() as u32);
        self.all.extend(changed);
        let end = self.all.len() as u32;
        Set { start, end }
    }

    /// The same taints, with a step more on their way.
    pub(super) fn stepped(&mut self, set: Set, span: Span, note: Note) -> Set {
        self.map(set, |taints, taint| Taint {
            step: taints.step(Some(taint.step), span, note),
            ..taint
        })
    }
}
