//! Which functions stand in a file, who calls whom, and what flows through all of them?

use palinode_code::{Parsed, Span};

use crate::form::{Expression, Id, Statement};
use crate::limits::Limits;
use crate::lower::Placed;
use crate::result::{Analysis, Guard};
use crate::tables::Tables;
use crate::tree::Node;

mod build;

use build::Memo;

/// A file as the analysis sees it, with what was found.
///
/// It keeps what it takes to analyze the next version of the file at the cost of what has changed
/// ([`Module::update`]).
#[derive(Clone, Debug)]
pub struct Module {
    functions: Vec<Function>,
    calls: Vec<Call>,
    analysis: Analysis,
    units: Vec<Placed>,
    runs: Vec<Memo>,
    nodes: Vec<Node>,
    text: palinode_code::Text,
}

/// A function of the file, or the file itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name; empty for the file itself.
    pub name: String,
    /// The type that it belongs to.
    pub owner: Option<String>,
    /// All of it.
    pub span: Span,
    /// Its parameters, in order, each with its name.
    pub parameters: Vec<(String, Span)>,
    unit: usize,
}

/// A call from one function of the file to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who calls: an index into [`Module::functions`].
    pub caller: usize,
    /// Who is called: likewise.
    pub callee: usize,
    /// The call.
    pub span: Span,
    /// What is handed over, in order.
    pub arguments: Vec<Span>,
    /// What has been checked where control arrives here.
    pub guards: Vec<Guard>,
}

/// A place where a name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it is given a value there, or has its value read.
    pub is_definition: bool,
}

/// What flows where in a file. For more than one question about a file, or for its next version, make a [`Module`].
#[must_use]
pub fn analyze(parsed: &Parsed, tables: &Tables, limits: &Limits) -> Analysis {
    Module::new(parsed, tables, limits).analysis
}

impl Module {
    /// Reads a file.
    #[must_use]
    pub fn new(parsed: &Parsed, tables: &Tables, limits: &Limits) -> Self {
        Self::build(parsed, tables, limits, None)
    }

    /// Reads the next version of a file. What comes out is what [`Module::new`] would give; functions whose text,
    /// place and surroundings have not changed cost nothing, those that only moved are not lowered again.
    ///
    /// `tables` and `limits` must be those that this was made with.
    #[must_use]
    pub fn update(&self, parsed: &Parsed, tables: &Tables, limits: &Limits) -> Self {
        self.update_from(0, parsed, tables, limits)
    }

    /// [`Module::update`] where it is known that nothing before the byte `unchanged` has changed, no byte and no node
    /// of the tree that ends there or earlier, as [`Parsed::edited`] says.
    #[must_use]
    pub fn update_from(
        &self,
        unchanged: usize,
        parsed: &Parsed,
        tables: &Tables,
        limits: &Limits,
    ) -> Self {
        Self::build(parsed, tables, limits, Some((self, unchanged)))
    }

    /// The functions with a name, by where they begin, after the file itself, which is the first.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The calls between them, by caller and place.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What was found.
    #[must_use]
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// Where the names of a function are given values and where they are read, in order. Functions inside it that
    /// have names are not looked into.
    #[must_use]
    pub fn occurrences(&self, function: usize) -> Vec<Occurrence> {
        let Some(function) = self.functions.get(function) else {
            return Vec::new();
        };
        let Placed { unit, base } = &self.units[function.unit];
        let mut targets: Vec<Id> = Vec::new();
        for statement in &unit.statements {
            match *statement {
                Statement::Assign { target, .. } => targets.push(target),
                Statement::Each { target, .. } => targets.extend(target),
                _ => {}
            }
        }
        for (expression, _) in &unit.expressions {
            if let Expression::Assign { target, .. } = *expression {
                targets.push(target);
            }
        }
        let mut is_target = vec![false; unit.expressions.len()];
        while let Some(target) = targets.pop() {
            is_target[target.0 as usize] = true;
            match unit.expressions[target.0 as usize].0 {
                Expression::Collection { items } => targets.extend(&unit.lists[items.range()]),
                Expression::Keyed { value, .. } | Expression::Spread(value) => targets.push(value),
                _ => {}
            }
        }
        let named = unit.expressions.iter().zip(is_target);
        let mut occurrences: Vec<Occurrence> = named
            .filter_map(|((expression, near), is_definition)| match *expression {
                Expression::Name { symbol, .. } => Some(Occurrence {
                    name: String::from_utf8_lossy(unit.word(symbol)).into_owned(),
                    span: near.span(*base),
                    is_definition,
                }),
                _ => None,
            })
            .collect();
        occurrences.extend(function.parameters.iter().map(|(name, span)| Occurrence {
            name: name.clone(),
            span: *span,
            is_definition: true,
        }));
        occurrences.sort_by_key(|occurrence| (occurrence.span.start, occurrence.span.end));
        occurrences.dedup();
        occurrences
    }
}
