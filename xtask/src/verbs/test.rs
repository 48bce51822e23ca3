//! Does everything pass? `cargo xtask test`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use super::Verb;
use crate::checks::{Outcome, STEPS, Step};

pub(crate) static ENTRY: Verb = Verb {
    name: "test",
    usage: "[--no-skip] [STEP…]",
    summary: "Runs every check and test, and says what was skipped and why.",
    details: "Without a step, runs all: tidy, format, one-build, clippy, tests, analyzers,\n\
              doctests, docs, without-model, programs. A step that fails does not stop the others. A check whose tool\n\
              is missing is skipped and named at the end; `--no-skip` makes that a failure.",
    run,
};

fn run(root: &Path, words: &[String]) -> Result<ExitCode> {
    let mut no_skip = false;
    let mut chosen = Vec::new();
    for word in words {
        match STEPS.iter().find(|step| step.name == word) {
            Some(step) => chosen.push(*step),
            None if word == "--no-skip" => no_skip = true,
            None => {
                let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
                bail!(
                    "there is no step `{word}`: the steps are {}",
                    names.join(", ")
                );
            }
        }
    }
    if chosen.is_empty() {
        chosen = STEPS.to_vec();
    }
    let start = Instant::now();
    let done: Vec<Done> = chosen
        .into_iter()
        .map(|step| Done::of(step, root))
        .collect();
    let (text, good) = summary(&done, no_skip, start.elapsed().as_secs_f64());
    print!("{text}");
    Ok(ExitCode::from(u8::from(!good)))
}

/// A step that has run.
struct Done {
    step: &'static Step,
    seconds: f64,
    outcome: Result<Outcome>,
}

impl Done {
    fn of(step: &'static Step, root: &Path) -> Self {
        println!("\n── {}: {}", step.name, step.shows);
        let start = Instant::now();
        let outcome = (step.run)(root);
        if let Err(error) = &outcome {
            println!("error: {error:#}");
        }
        Self {
            step,
            seconds: start.elapsed().as_secs_f64(),
            outcome,
        }
    }
}

/// The last lines, and whether all is well.
fn summary(done: &[Done], no_skip: bool, seconds: f64) -> (String, bool) {
    let mut text = String::from("\n── summary\n");
    let mut failed = 0_usize;
    let mut skipped = Vec::new();
    for one in done {
        let (passed, counted) = match &one.outcome {
            Ok(outcome) => (outcome.passed, outcome.counted.clone()),
            // The whole of it stands above.
            Err(error) => (
                false,
                error
                    .to_string()
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            ),
        };
        let word = if passed { "passed" } else { "FAILED" };
        let line = format!(
            "{:<14} {word} {:>7.1} s  {counted}",
            one.step.name, one.seconds
        );
        text.push_str(line.trim_end());
        text.push('\n');
        failed += usize::from(!passed);
        if let Ok(outcome) = &one.outcome {
            skipped.extend(outcome.skipped.iter().map(|what| (one.step.name, what)));
        }
    }
    for (name, what) in &skipped {
        text.push_str(&format!("skipped in {name}: {what}\n"));
    }
    let passed = done.len() - failed;
    text.push_str(&format!(
        "{passed} steps passed, {failed} failed, {} checks skipped, {seconds:.1} s\n",
        skipped.len()
    ));
    let forbidden = no_skip && !skipped.is_empty();
    if forbidden {
        text.push_str("`--no-skip`: what is skipped counts as failed\n");
    }
    (text, failed == 0 && !forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(outcome: Result<Outcome>) -> Done {
        Done {
            step: STEPS[0],
            seconds: 1.25,
            outcome,
        }
    }

    #[test]
    fn a_summary_counts_and_gives_seconds() {
        let all = [
            done(Ok(Outcome::of(true, "18 rules"))),
            done(Ok(Outcome::of(false, ""))),
        ];
        let (text, good) = summary(&all, false, 2.5);
        assert!(!good);
        assert!(
            text.contains("tidy           passed     1.2 s  18 rules\n"),
            "{text}"
        );
        assert!(
            text.contains("1 steps passed, 1 failed, 0 checks skipped, 2.5 s\n"),
            "{text}"
        );
    }

    #[test]
    fn a_skip_is_named_and_fails_only_where_it_is_forbidden() {
        let mut outcome = Outcome::of(true, "");
        outcome.skipped.push("3 c programs: no gcc".to_owned());
        let all = [done(Ok(outcome))];
        let (text, good) = summary(&all, false, 0.0);
        assert!(good);
        assert!(
            text.contains("skipped in tidy: 3 c programs: no gcc\n"),
            "{text}"
        );
        assert!(!summary(&all, true, 0.0).1);
    }

    #[test]
    fn a_step_that_could_not_run_has_failed() {
        let (text, good) = summary(&[done(Err(anyhow::anyhow!("no git\nmore")))], false, 0.0);
        assert!(!good && text.contains("no git\n0 steps"), "{text}");
    }

    #[test]
    fn every_step_is_named_in_the_manual() {
        for step in STEPS {
            assert!(ENTRY.details.contains(step.name), "{}", step.name);
        }
    }
}
