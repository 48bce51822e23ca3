//! Step: does the tree keep the rules of the house?

use std::path::Path;

use anyhow::Result;

use super::{Outcome, Step};
use crate::tidy::{self, Tree};

pub(super) static ENTRY: Step = Step {
    name: "tidy",
    shows: "the rules of the house are kept",
    run,
};

fn run(root: &Path) -> Result<Outcome> {
    let report = tidy::check(&Tree::read(root)?);
    print!("{report}");
    let counted = format!("{} rules", tidy::RULES.len());
    Ok(Outcome::of(report.is_clean(), counted))
}
