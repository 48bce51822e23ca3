//! How is a file analyzed, and how much of it again when it changes?

use std::sync::Arc;

use palinode_code::{Parsed, Span};

use super::{Function, Module};
use crate::analysis::{Constant, Outcome, Scope, run};
use crate::form::{Expression, Id, Statement};
use crate::languages::Grammar;
use crate::limits::Limits;
use crate::lower::{Placed, Reusable, lower};
use crate::result::{Analysis, Omission};
use crate::tables::{Table, Tables};
use crate::tree::{Earlier, Fast, FastMap, flatten};

/// A run, and all that it depended on.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    unit: Arc<crate::form::Unit>,
    base: u32,
    function: usize,
    surroundings: u64,
    /// The functions that its names may stand for, and what was known of them.
    callees: Vec<(usize, u32, Option<Arc<Outcome>>)>,
    budget_sufficed: bool,
    outcome: Arc<Outcome>,
}

impl Module {
    /// Reads a file, with what an earlier version of it leaves.
    pub(super) fn build(
        parsed: &Parsed,
        tables: &Tables,
        limits: &Limits,
        before: Option<(&Module, usize)>,
    ) -> Self {
        let unchanged = before.map_or(0, |(_, unchanged)| unchanged as u32);
        let before = before.map(|(module, _)| module);
        let mut module = Self {
            functions: Vec::new(),
            calls: Vec::new(),
            analysis: Analysis::default(),
            units: Vec::new(),
            runs: Vec::new(),
            nodes: Vec::new(),
            text: parsed.text().clone(),
        };
        let name = parsed.language().name;
        let (Some(grammar), Some(table)) = (Grammar::of(name), tables.table(name)) else {
            module.analysis.omissions.push(Omission::Language);
            return module;
        };
        let reusable = before.map(|before| Reusable::new(&before.units));
        let earlier = before.map(|before| Earlier {
            nodes: &before.nodes,
            unchanged,
        });
        module.nodes = flatten(parsed, grammar, earlier);
        module.units = lower(
            &module.nodes,
            parsed.text().as_bytes(),
            grammar,
            limits,
            reusable.as_ref(),
        );
        module.list_functions();
        module.run_all(grammar, table, limits, before);
        module.collect(limits);
        module
    }

    fn list_functions(&mut self) {
        let mut order: Vec<usize> = (0..self.units.len()).collect();
        // The file is the last unit, and of two that begin at one place, the outer comes first.
        order.sort_by_key(|&at| {
            let Placed { unit, base } = &self.units[at];
            (
                at + 1 != self.units.len(),
                *base,
                u32::MAX - unit.length,
                at,
            )
        });
        self.functions = order
            .into_iter()
            .map(|at| {
                let Placed { unit, base } = &self.units[at];
                let named = |parameter: &crate::form::Parameter| {
                    let name = String::from_utf8_lossy(unit.word(parameter.name)).into_owned();
                    (name, parameter.whole.span(*base))
                };
                Function {
                    name: unit.name.clone(),
                    owner: unit.owner.clone(),
                    span: Span::new(*base as usize, (*base + unit.length) as usize),
                    parameters: unit.parameters.iter().map(named).collect(),
                    unit: at,
                }
            })
            .collect();
    }

    fn run_all(
        &mut self,
        grammar: &'static Grammar,
        table: &Table,
        limits: &Limits,
        before: Option<&Module>,
    ) {
        let mut by_name: FastMap<String, Vec<usize>> = FastMap::default();
        let mut aliases: FastMap<String, String> = FastMap::default();
        let mut surroundings = Fast::default();
        for (at, placed) in self.units.iter().enumerate() {
            let unit = &placed.unit;
            if !unit.name.is_empty() {
                by_name.entry(unit.name.clone()).or_default().push(at);
            }
            for (name, path) in &unit.imports {
                std::hash::Hash::hash(&(name, path), &mut surroundings);
                aliases.insert(name.clone(), path.clone());
            }
        }
        let file = self.units.len() - 1;
        let constants = constants_of(&self.units[file], self.text.as_bytes(), &mut surroundings);
        let surroundings = std::hash::Hasher::finish(&surroundings);
        let mut function_of = vec![0; self.units.len()];
        for (at, function) in self.functions.iter().enumerate() {
            function_of[function.unit] = at;
        }
        let mut known: FastMap<(u128, u32), &Memo> = FastMap::default();
        for memo in before.iter().flat_map(|before| &before.runs) {
            known.insert((memo.unit.key, memo.base), memo);
        }
        let mut outcomes: Vec<Option<Arc<Outcome>>> = vec![None; self.units.len()];
        let mut left = limits.steps;
        for at in order(&self.units, &by_name) {
            let Placed { unit, base } = self.units[at].clone();
            let mut callees: Vec<(usize, u32, Option<Arc<Outcome>>)> = Vec::new();
            for callee in named_units(&unit, &by_name) {
                callees.push((
                    function_of[callee],
                    self.units[callee].base,
                    outcomes[callee].clone(),
                ));
            }
            let function = function_of[at];
            let memo = known.get(&(unit.key, base)).filter(|memo| {
                let same = |(one, other): (&(_, _, Option<Arc<Outcome>>), &(_, _, _))| {
                    let (one, other): (&(usize, u32, _), &(usize, u32, _)) = (one, other);
                    one.0 == other.0 && one.1 == other.1 && same_outcome(&one.2, &other.2)
                };
                unit.key != 0
                    && Arc::ptr_eq(&memo.unit, &unit)
                    && memo.function == function
                    && memo.surroundings == surroundings
                    && memo.budget_sufficed
                    && memo.outcome.steps < left
                    && memo.callees.len() == callees.len()
                    && memo.callees.iter().zip(&callees).all(same)
            });
            let outcome = match memo {
                Some(memo) => Arc::clone(&memo.outcome),
                None if left == 0 => Arc::new(Outcome {
                    ran_out: true,
                    ..Outcome::default()
                }),
                None => {
                    let scope = Scope {
                        bytes: self.text.as_bytes(),
                        grammar,
                        table,
                        units: &self.units,
                        by_name: &by_name,
                        aliases: &aliases,
                        constants: &constants,
                        outcomes: &outcomes,
                        function_of: &function_of,
                        most_flows: limits.flows,
                    };
                    Arc::new(run(&scope, at, left))
                }
            };
            left = left.saturating_sub(outcome.steps);
            outcomes[at] = Some(Arc::clone(&outcome));
            self.runs.push(Memo {
                unit,
                base,
                function,
                surroundings,
                callees,
                budget_sufficed: !outcome.ran_out,
                outcome,
            });
        }
    }

    fn collect(&mut self, limits: &Limits) {
        let analysis = &mut self.analysis;
        for memo in &self.runs {
            let span = Span::new(memo.base as usize, (memo.base + memo.unit.length) as usize);
            if let Some(near) = memo.unit.too_deep {
                let span = near.span(memo.base);
                analysis.omissions.push(Omission::Depth { span });
            }
            if memo.outcome.ran_out {
                analysis.omissions.push(Omission::Steps { span });
            }
            analysis.flows.extend(memo.outcome.flows.iter().cloned());
            analysis.sites.extend(memo.outcome.sites.iter().cloned());
            let own = memo
                .outcome
                .arrivals
                .iter()
                .filter(|arrival| arrival.is_own);
            analysis
                .parameter_flows
                .extend(own.map(|arrival| arrival.flow.clone()));
            self.calls.extend(memo.outcome.calls.iter().cloned());
        }
        self.calls.sort_by_key(|call| (call.caller, call.span));
        let place = |site: &crate::result::Site| (site.span, site.argument, site.kind);
        analysis.sites.sort_by_key(place);
        for flows in [&mut analysis.flows, &mut analysis.parameter_flows] {
            flows.sort_by(|one, other| {
                let key = |flow: &crate::result::Flow| {
                    (place(&flow.site), flow.source.span, flow.steps.len())
                };
                key(one).cmp(&key(other))
            });
            if flows.len() > limits.flows {
                flows.truncate(limits.flows);
                if analysis.omissions.last() != Some(&Omission::Flows) {
                    analysis.omissions.push(Omission::Flows);
                }
            }
        }
    }
}

fn same_outcome(one: &Option<Arc<Outcome>>, other: &Option<Arc<Outcome>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// The units that a unit's names may stand for, in order.
fn named_units(unit: &crate::form::Unit, by_name: &FastMap<String, Vec<usize>>) -> Vec<usize> {
    let mut found = Vec::new();
    for at in 0..unit.names.len() as u32 {
        let word = unit.word(crate::form::Symbol(at));
        if let Some(units) = std::str::from_utf8(word)
            .ok()
            .and_then(|word| by_name.get(word))
        {
            found.extend(units);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The units, each after those that it may call, as far as they do not call each other.
fn order(units: &[Placed], by_name: &FastMap<String, Vec<usize>>) -> Vec<usize> {
    let mut order = Vec::with_capacity(units.len());
    let mut met = vec![false; units.len()];
    for root in 0..units.len() {
        if std::mem::replace(&mut met[root], true) {
            continue;
        }
        let mut open = vec![(root, named_units(&units[root].unit, by_name), 0)];
        while let Some((at, callees, next)) = open.last_mut() {
            match callees.get(*next).copied() {
                Some(callee) => {
                    *next += 1;
                    if !std::mem::replace(&mut met[callee], true) {
                        open.push((callee, named_units(&units[callee].unit, by_name), 0));
                    }
                }
                None => {
                    order.push(*at);
                    open.pop();
                }
            }
        }
    }
    order
}

/// The names that the file itself gives a literal, once.
fn constants_of(file: &Placed, bytes: &[u8], surroundings: &mut Fast) -> FastMap<String, Constant> {
    let unit = &file.unit;
    let mut constants: FastMap<String, Option<Constant>> = FastMap::default();
    for at in unit.body.range() {
        let Statement::Assign { target, value, .. } = unit.statements[at] else {
            continue;
        };
        let Expression::Name { symbol, .. } = unit.expressions[target.0 as usize].0 else {
            continue;
        };
        let name = String::from_utf8_lossy(unit.word(symbol)).into_owned();
        let (expression, near) = unit.expressions[value.0 as usize];
        let text = near.span(file.base);
        let is_constant = |id: &Id| {
            matches!(
                unit.expressions[id.0 as usize].0,
                Expression::Constant { .. }
            )
        };
        let constant = match expression {
            Expression::Constant { .. } => Some(Constant {
                text,
                is_list: false,
            }),
            Expression::Collection { items }
                if unit.lists[items.range()].iter().all(is_constant) =>
            {
                Some(Constant {
                    text,
                    is_list: true,
                })
            }
            _ => None,
        };
        let text = bytes.get(text.range()).unwrap_or_default();
        std::hash::Hash::hash(&(&name, near.start, near.end, text), surroundings);
        let is_first = !constants.contains_key(&name);
        constants.insert(name, constant.filter(|_| is_first));
    }
    let single = constants
        .into_iter()
        .filter_map(|(name, constant)| Some((name, constant?)));
    single.collect()
}
