//! Steps: do all tests pass, and the examples in the documentation?

use std::path::Path;

use anyhow::Result;

use super::{Outcome, Step};
use crate::process;

pub(super) static ENTRY: Step = Step {
    name: "tests",
    shows: "every unit and integration test passes",
    run,
};

pub(super) static DOCTESTS: Step = Step {
    name: "doctests",
    shows: "every example in the documentation runs",
    run: |root| {
        let words = ["test", "--release", "--workspace", "--doc"];
        let finished = process::show(root, &process::cargo(), &words, &[])?;
        Ok(Outcome::of(finished.success, counted(&finished.text)))
    },
};

fn run(root: &Path) -> Result<Outcome> {
    let cargo = process::cargo();
    let words: &[&str] = if process::is_there(&cargo, &["nextest", "--version"]) {
        &["nextest", "run", "--release", "--workspace"]
    } else {
        println!("hint: `cargo install cargo-nextest --locked` runs the tests side by side");
        &[
            "test",
            "--release",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--examples",
        ]
    };
    let finished = process::show(root, &cargo, words, &[])?;
    Ok(Outcome::of(finished.success, counted(&finished.text)))
}

/// How many tests ran, as nextest or the standard test runner says.
fn counted(text: &str) -> String {
    let nextest = text.lines().rev().find_map(|line| {
        let (_, rest) = line
            .trim_start()
            .strip_prefix("Summary [")?
            .split_once(']')?;
        number_before(rest, "test")
    });
    let standard = text
        .lines()
        .filter_map(|line| line.strip_prefix("test result: "))
        .filter_map(|line| Some(number_before(line, "passed")? + number_before(line, "failed")?))
        .sum::<usize>();
    format!("{} tests", nextest.unwrap_or(standard))
}

/// The number that stands before a word that starts like this.
fn number_before(text: &str, word: &str) -> Option<usize> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|one| one.starts_with(word))?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_nextest_is_counted() {
        let text = "        PASS [ 0.1s] a b\n     Summary [   0.135s] 66 tests run: 66 passed, 0 skipped\n";
        assert_eq!(counted(text), "66 tests");
        assert_eq!(
            counted("     Summary [   0.1s] 1 test run: 0 passed, 1 failed\n"),
            "1 tests"
        );
    }

    #[test]
    fn the_results_of_the_standard_runner_are_added() {
        let text = "test result: ok. 3 passed; 0 failed; 0 ignored\nx\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n";
        assert_eq!(counted(text), "6 tests");
        assert_eq!(counted("nothing"), "0 tests");
    }
}
