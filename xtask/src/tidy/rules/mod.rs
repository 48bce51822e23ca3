//! Which rules are there? The registry: one file a rule, one `mod` line, one line in [`RULES`].

mod anyhow_in_libraries;
mod arrows;
mod bare_allow;
mod changelog;
mod dependencies;
mod disallowed;
mod environment;
mod ignored_tests;
mod leftovers;
mod lints;
mod machine;
mod opening;
mod processes;
mod registries;
mod size;
mod test_binaries;
mod unsafe_code;
mod weight;

use super::Rule;

/// Every rule, in the order in which offenders are shown.
pub(crate) static RULES: &[&Rule] = &[
    &opening::ENTRY,
    &size::ENTRY,
    &unsafe_code::ENTRY,
    &ignored_tests::ENTRY,
    &bare_allow::ENTRY,
    &leftovers::ENTRY,
    &arrows::ENTRY,
    &dependencies::ENTRY,
    &lints::ENTRY,
    &disallowed::ENTRY,
    &anyhow_in_libraries::ENTRY,
    &environment::ENTRY,
    &processes::ENTRY,
    &registries::ENTRY,
    &test_binaries::ENTRY,
    &machine::ENTRY,
    &weight::ENTRY,
    &changelog::ENTRY,
];

/// What the tests of the rules share: run one rule over a made-up tree.
#[cfg(test)]
mod checking {
    use crate::tidy::{Offence, Rule, Tree};

    /// `path:line` (or `path`) of each offender that fails, in the order of the rule.
    pub(super) fn offenders(rule: &Rule, files: &[(&str, &str)]) -> Vec<String> {
        places((rule.check)(&Tree::of(files)), false)
    }

    /// The same for warnings.
    pub(super) fn warnings(rule: &Rule, files: &[(&str, &str)]) -> Vec<String> {
        places((rule.check)(&Tree::of(files)), true)
    }

    fn places(offences: Vec<Offence>, warning: bool) -> Vec<String> {
        offences
            .into_iter()
            .filter(|offence| offence.warning == warning)
            .map(|offence| match offence.line {
                Some(line) => format!("{}:{line}", offence.path),
                None => offence.path,
            })
            .collect()
    }
}
