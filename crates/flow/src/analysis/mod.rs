//! What reaches what, when the units of a file are run on what is known instead of on values?
//!
//! Each unit is run once, callees before callers, statement by statement: branches are run apart and joined, loops
//! run twice so that what one round leaves reaches the next. What a parameter reaches is the unit's [`Summary`],
//! which stands for it wherever the file calls it.

mod arrivals;
mod assignments;
mod calls;
mod evaluate;
mod guards;
mod inner_calls;
mod joins;
mod loops;
mod paths;
mod questions;
mod reports;
mod run;
mod shapes;
mod statements;
mod values;

pub(crate) use run::{Constant, Outcome, Scope, run};
