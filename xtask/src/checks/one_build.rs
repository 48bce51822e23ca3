//! Step: do the tests reuse what the README's first command has compiled?
//!
//! cargo chooses a dependency's features from the packages and tests it builds together. A test's
//! dependency that switches on one more feature of a crate far down makes cargo compile all that
//! stands on it a second time, the large ones included: minutes that nobody asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Outcome, Step};
use crate::process;

pub(super) static ENTRY: Step = Step {
    name: "one-build",
    shows: "tests reuse what `cargo build --release` has compiled",
    run,
};

const BUILD: &str = "build --release --package palinode";
const TESTS: &str = "test --release --workspace --all-targets";

fn run(root: &Path) -> Result<Outcome> {
    let mut numbers = Numbers::default();
    let first = numbers.units(&plan(root, BUILD)?)?;
    let tests = numbers.units(&plan(root, TESTS)?)?;
    let twice: BTreeSet<&str> = first
        .iter()
        .filter(|(number, _)| !tests.contains_key(number))
        .map(|(_, name)| name.as_str())
        .collect();
    for name in &twice {
        println!("compiled a second time for the tests: {name}");
    }
    if !twice.is_empty() {
        println!(
            "hint: compare `cargo tree --edges features --invert CRATE` with and without `--edges \
             no-dev`, and switch the missing feature on in crates/model/Cargo.toml as well"
        );
    }
    Ok(Outcome::of(
        twice.is_empty(),
        format!("{} units shared", first.len()),
    ))
}

/// What cargo would compile, as its unit graph. That is an unstable form of output, which the
/// pinned toolchain keeps as it is; nothing is built.
fn plan(root: &Path, words: &str) -> Result<Value> {
    let words: Vec<&str> = words
        .split(' ')
        .chain(["-Z", "unstable-options", "--unit-graph"])
        .collect();
    let environment = [("RUSTC_BOOTSTRAP", "1")];
    let text = process::output(root, &process::cargo(), &words, &environment)?;
    serde_json::from_str(&text).context("cargo's unit graph is no JSON")
}

/// Gives equal units of several graphs equal numbers. Two units are equal where package, target,
/// profile, features and everything below them are.
#[derive(Default)]
struct Numbers(BTreeMap<String, usize>);

impl Numbers {
    /// The units of a graph by number, each with its package's name and version. Tests and the
    /// program itself are left out: they are linked anew in any case.
    fn units(&mut self, graph: &Value) -> Result<BTreeMap<usize, String>> {
        let units = graph["units"]
            .as_array()
            .context("no units in cargo's unit graph")?;
        let mut known = vec![None; units.len()];
        let mut found = BTreeMap::new();
        for (at, unit) in units.iter().enumerate() {
            let number = self.number(units, at, &mut known)?;
            let kinds = unit["target"]["kind"].to_string();
            if unit["mode"] != "test" && !kinds.contains("\"bin\"") {
                let package = unit["pkg_id"].as_str().unwrap_or_default();
                let name = package.rsplit(['/', '#']).next().unwrap_or(package);
                found.insert(number, name.to_owned());
            }
        }
        Ok(found)
    }

    fn number(&mut self, units: &[Value], at: usize, known: &mut [Option<usize>]) -> Result<usize> {
        if let Some(number) = known[at] {
            return Ok(number);
        }
        let unit = &units[at];
        let mut below = Vec::new();
        for dependency in unit["dependencies"].as_array().into_iter().flatten() {
            let index = dependency["index"]
                .as_u64()
                .and_then(|index| usize::try_from(index).ok());
            let index = index.filter(|index| *index < units.len());
            below.push(self.number(units, index.context("a unit below that is none")?, known)?);
        }
        below.sort_unstable();
        let fields = [
            "pkg_id", "target", "mode", "platform", "profile", "features",
        ];
        let key: Vec<String> = fields.iter().map(|field| unit[field].to_string()).collect();
        let next = self.0.len();
        let number = *self.0.entry(format!("{key:?} {below:?}")).or_insert(next);
        known[at] = Some(number);
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(features: &str, order: [usize; 2]) -> Value {
        let text = format!(
            r#"{{"units": [
                {{"pkg_id": "x#top@1.0.0", "target": {{"kind": ["lib"]}}, "mode": "build", "dependencies": [{{"index": {}}}, {{"index": {}}}]}},
                {{"pkg_id": "x#low@1.0.0", "target": {{"kind": ["lib"]}}, "mode": "build", "features": [{features}], "dependencies": []}},
                {{"pkg_id": "x#other@1.0.0", "target": {{"kind": ["lib"]}}, "mode": "build", "dependencies": []}},
                {{"pkg_id": "x#top@1.0.0", "target": {{"kind": ["bin"]}}, "mode": "build", "dependencies": [{{"index": 0}}]}}
            ]}}"#,
            order[0], order[1]
        );
        serde_json::from_str(&text).expect("it is JSON")
    }

    fn twice(first: &Value, tests: &Value) -> Vec<String> {
        let mut numbers = Numbers::default();
        let first = numbers.units(first).expect("a graph");
        let tests = numbers.units(tests).expect("a graph");
        first
            .into_iter()
            .filter(|(number, _)| !tests.contains_key(number))
            .map(|(_, name)| name)
            .collect()
    }

    #[test]
    fn a_feature_far_down_is_seen_in_all_that_stands_on_it() {
        let (few, more) = (graph("", [1, 2]), graph("\"std\"", [1, 2]));
        assert_eq!(twice(&few, &more), ["low@1.0.0", "top@1.0.0"]);
    }

    #[test]
    fn the_order_of_dependencies_makes_no_difference() {
        assert!(twice(&graph("", [1, 2]), &graph("", [2, 1])).is_empty());
    }

    #[test]
    fn a_broken_graph_is_an_error() {
        assert!(Numbers::default().units(&Value::Null).is_err());
        assert!(Numbers::default().units(&graph("", [1, 9])).is_err());
    }
}
