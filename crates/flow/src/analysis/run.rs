//! What does one unit do, alone?

use palinode_code::Span;

use super::guards::Active;
use super::values::{Note, Set, Taint, Taints, Value};
use crate::form::{Id, Near, Place, Symbol, Unit};
use crate::kinds::SourceKind;
use crate::languages::Grammar;
use crate::lower::Placed;
use crate::module::Call;
use crate::result::{Check, Flow, Site, Source};
use crate::tables::{Meaning, Table};
use crate::tree::FastMap;

/// What a run may look up outside its unit.
pub(crate) struct Scope<'m> {
    pub(crate) bytes: &'m [u8],
    pub(crate) grammar: &'static Grammar,
    pub(crate) table: &'m Table,
    pub(crate) units: &'m [Placed],
    /// The units with a name.
    pub(crate) by_name: &'m FastMap<String, Vec<usize>>,
    /// What imports make names stand for.
    pub(crate) aliases: &'m FastMap<String, String>,
    /// Constants of the file itself: how each is made and the text it begins with.
    pub(crate) constants: &'m FastMap<String, Constant>,
    pub(crate) outcomes: &'m [Option<std::sync::Arc<Outcome>>],
    /// The index, among the functions that users see, of each unit.
    pub(crate) function_of: &'m [usize],
    pub(crate) most_flows: usize,
}

/// A name that the file itself gives one constant value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Constant {
    pub(crate) text: Span,
    pub(crate) is_list: bool,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Flows from sources.
    pub(crate) flows: Vec<Flow>,
    /// What parameters reach.
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) returns: Vec<Returned>,
    /// Parameters that it does not return past unless they pass a check.
    pub(crate) demands: Vec<(usize, Check)>,
    pub(crate) sites: Vec<Site>,
    pub(crate) calls: Vec<Call>,
    /// Steps that it took.
    pub(crate) steps: u64,
    pub(crate) ran_out: bool,
    /// Units that it called.
    pub(crate) callees: Vec<usize>,
}

/// That a parameter arrives somewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arrival {
    pub(crate) parameter: usize,
    pub(crate) cleaned: u32,
    pub(crate) doubts: u8,
    /// The flow from the parameter on.
    pub(crate) flow: Flow,
    /// Whether it arrives in the function itself, and not in one that it calls.
    pub(crate) is_own: bool,
}

/// Where a returned value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Returned {
    pub(crate) from: Origin,
    pub(crate) cleaned: u32,
    pub(crate) doubts: u8,
}

/// Where a value comes from, seen from outside a unit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Origin {
    Parameter(usize),
    Source(Source),
}

/// A source as a run knows it.
#[derive(Clone, Debug)]
pub(super) enum RunSource {
    Parameter(usize),
    Outside(Source),
}

/// The entries of the table whose path may end in a name.
#[derive(Clone, Copy)]
pub(super) struct Entries<'m> {
    /// Where it stands alone, and imports say what it is.
    pub(super) alone: &'m [u32],
    /// Where it is a member of something.
    pub(super) as_member: &'m [u32],
}

/// A run of one unit.
pub(super) struct Run<'m> {
    pub(super) scope: &'m Scope<'m>,
    pub(super) unit: &'m Unit,
    pub(super) index: usize,
    pub(super) base: u32,
    /// For each name, the entries of the table whose path may end in it.
    pub(super) entries: Vec<Entries<'m>>,
    pub(super) values: Vec<Value>,
    /// What places held before they were written, to go back to.
    pub(super) trail: Vec<(Place, Value)>,
    pub(super) taints: Taints,
    pub(super) sources: Vec<RunSource>,
    pub(super) guards: Vec<Active>,
    /// What jumps out of the loops and switches around leave behind.
    pub(super) jumps: Vec<Vec<(Place, Value)>>,
    pub(super) marks: Vec<usize>,
    pub(super) in_loop: bool,
    /// What each expression came to last.
    pub(super) last: Vec<Value>,
    /// Which places have fields or elements with places of their own.
    pub(super) holds_parts: Vec<bool>,
    /// What was reported already.
    pub(super) seen: FastMap<super::reports::Seen, ()>,
    /// What calls that give the same each time gave the first time, by their text.
    pub(super) repeated: FastMap<String, Set>,
    /// Whether the unit is called from outside.
    pub(super) is_handler: bool,
    pub(super) closure_depth: u32,
    pub(super) outcome: Outcome,
    pub(super) left: u64,
    pub(super) path: String,
}

/// Runs the unit at `index` with a budget of steps.
pub(crate) fn run(scope: &Scope<'_>, index: usize, budget: u64) -> Outcome {
    let Placed { unit, base } = &scope.units[index];
    let lookup = |symbol: u32| {
        let word = unit.word(Symbol(symbol));
        let as_member = scope.table.ending_in(word);
        let text = std::str::from_utf8(word).unwrap_or_default();
        let alone = match scope.aliases.get(text) {
            Some(path) => {
                let last = path.rsplit(['.', '/']).next().unwrap_or(path);
                scope.table.ending_in(last.as_bytes())
            }
            None => as_member,
        };
        Entries { alone, as_member }
    };
    let mut run = Run {
        scope,
        unit,
        index,
        base: *base,
        entries: (0..unit.names.len() as u32).map(lookup).collect(),
        values: vec![Value::UNKNOWN; unit.places.len()],
        trail: Vec::new(),
        taints: Taints::default(),
        sources: Vec::new(),
        guards: Vec::new(),
        jumps: Vec::new(),
        marks: Vec::new(),
        in_loop: false,
        last: vec![Value::UNKNOWN; unit.expressions.len()],
        holds_parts: holds_parts(unit),
        seen: FastMap::default(),
        repeated: FastMap::default(),
        is_handler: false,
        closure_depth: 0,
        outcome: Outcome::default(),
        left: budget,
        path: String::new(),
    };
    run.enter_parameters();
    run.block(unit.body);
    let Run {
        mut outcome, left, ..
    } = run;
    outcome.steps = budget - left;
    outcome.ran_out = left == 0;
    outcome.callees.sort_unstable();
    outcome.callees.dedup();
    outcome
}

fn holds_parts(unit: &Unit) -> Vec<bool> {
    let mut holds = vec![false; unit.places.len()];
    for holder in unit.places.iter().filter_map(|(holder, _)| *holder) {
        holds[holder.0 as usize] = true;
    }
    // What holds something that holds parts, holds them too.
    for at in (0..unit.places.len()).rev() {
        if holds[at]
            && let Some(holder) = unit.places[at].0
        {
            holds[holder.0 as usize] = true;
        }
    }
    holds
}

impl Run<'_> {
    /// Takes a step; `false` where the budget is spent.
    pub(super) fn spend(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    pub(super) fn span(&self, near: Near) -> Span {
        near.span(self.base)
    }

    pub(super) fn span_of(&self, id: Id) -> Span {
        self.span(self.unit.expressions[id.0 as usize].1)
    }

    /// The text at a span.
    pub(super) fn text(&self, span: Span) -> &str {
        let bytes = self.scope.bytes.get(span.range()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    pub(super) fn word(&self, symbol: Symbol) -> &str {
        std::str::from_utf8(self.unit.word(symbol)).unwrap_or_default()
    }

    pub(super) fn write(&mut self, place: Place, value: Value) {
        let old = std::mem::replace(&mut self.values[place.0 as usize], value);
        self.trail.push((place, old));
    }

    /// What a source gives, at its first step.
    pub(super) fn entering(&mut self, source: RunSource, span: Span) -> Set {
        let same = self
            .sources
            .iter()
            .position(|known| match (known, &source) {
                (RunSource::Parameter(one), RunSource::Parameter(other)) => one == other,
                (RunSource::Outside(one), RunSource::Outside(other)) => one == other,
                _ => false,
            });
        let source = same.unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len() - 1
        });
        let step = self.taints.step(None, span, Note::Enters);
        self.taints.single(Taint {
            source: source as u32,
            cleaned: 0,
            step,
            doubts: 0,
        })
    }

    /// Each parameter comes from the caller; those of handlers, from outside.
    fn enter_parameters(&mut self) {
        let unit = self.unit;
        let handler = self.handler_kind();
        self.is_handler = handler.is_some();
        for (at, parameter) in unit.parameters.iter().enumerate() {
            if unit.has_receiver && at == 0 {
                continue;
            }
            let span = self.span(parameter.whole);
            let kind = handler.or_else(|| self.annotation_kind(self.text(span)));
            let taint = self.entering(RunSource::Parameter(at), span);
            let taint = match kind {
                None => taint,
                Some(kind) => {
                    let name = self.word(parameter.name).to_owned();
                    let source = Source { kind, span, name };
                    let outside = self.entering(RunSource::Outside(source), span);
                    self.taints.union(outside, taint)
                }
            };
            self.values[parameter.place.0 as usize] = Value::of(taint);
        }
    }

    /// Where the function's name, or what is written above it, says that it is called from outside.
    fn handler_kind(&self) -> Option<SourceKind> {
        let named = self.handler_named(&self.unit.name);
        named.or_else(|| {
            let mut attributes = self.unit.attributes.iter();
            attributes.find_map(|&near| self.annotation_kind(self.text(self.span(near))))
        })
    }

    fn handler_named(&self, path: &str) -> Option<SourceKind> {
        let last = path.rsplit('.').next().unwrap_or(path);
        let entries = self.scope.table.ending_in(last.as_bytes());
        entries.iter().find_map(|&at| {
            let entry = self.scope.table.entry(at);
            match entry.meaning {
                Meaning::Handler(kind) if entry.matches(path) => Some(kind),
                _ => None,
            }
        })
    }

    /// Where a text begins with an annotation that says so.
    fn annotation_kind(&self, text: &str) -> Option<SourceKind> {
        let mut rest = text.trim_start();
        while let Some(after) = rest.strip_prefix('@').or(rest.strip_prefix("#[")) {
            let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
            let end = after.find(|letter| !is_part(letter)).unwrap_or(after.len());
            if let Some(kind) = self.handler_named(&after[..end]) {
                return Some(kind);
            }
            rest = after[end..].trim_start();
            if rest.starts_with('(') {
                rest = rest
                    .find(')')
                    .map_or("", |end| rest[end + 1..].trim_start());
            }
        }
        None
    }
}
