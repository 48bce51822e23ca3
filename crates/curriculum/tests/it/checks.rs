//! Do the two checks agree with what the curriculum knows of its own programs?

use std::collections::BTreeMap;

use palinode_curriculum::{Curriculum, Options, Split, Task, WEAKNESSES, functional, security};

pub(crate) fn tasks(split: Split, count: u64) -> Vec<Task> {
    let curriculum = Curriculum::new(Options {
        seed: 11,
        split,
        unseen_wording: 0.25,
        risky: 0.7,
    });
    (0..count).map(|index| curriculum.task(index)).collect()
}

#[test]
fn drafts_have_their_weakness_alone_and_fixed_programs_none() {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for task in tasks(Split::Training, 3000) {
        let names = |program: &str| -> Vec<&str> {
            security::flaws(program, task.language)
                .into_iter()
                .map(|weakness| weakness.name)
                .collect()
        };
        assert!(
            names(&task.fixed).is_empty(),
            "{:?} in\n{}",
            names(&task.fixed),
            task.fixed
        );
        if let Some(weakness) = task.weakness {
            assert_eq!(names(&task.draft), [weakness.name], "{}", task.draft);
            *seen
                .entry((weakness.name, task.language.name()))
                .or_default() += 1;
        }
    }
    let patterns: usize = WEAKNESSES
        .iter()
        .map(|weakness| weakness.patterns.len())
        .sum();
    assert!(
        WEAKNESSES.len() >= 12 && patterns >= 45,
        "{patterns} patterns"
    );
    let pairs: std::collections::BTreeSet<_> = WEAKNESSES
        .iter()
        .flat_map(|weakness| {
            weakness
                .patterns
                .iter()
                .map(move |pattern| (weakness.name, pattern.language.name()))
        })
        .collect();
    assert_eq!(
        seen.keys()
            .copied()
            .collect::<std::collections::BTreeSet<_>>(),
        pairs,
        "every pair is drawn"
    );
}

#[test]
fn drafts_and_fixed_programs_do_their_task() {
    for split in [Split::Training, Split::HeldOut] {
        for task in tasks(split, 2000) {
            for program in [&task.draft, &task.fixed] {
                assert_eq!(
                    functional::breaks(program, &task),
                    None,
                    "{}\n{program}",
                    task.specification
                );
            }
        }
    }
}

#[test]
fn empty_and_foreign_programs_are_broken() {
    let all = tasks(Split::HeldOut, 400);
    for pair in all.windows(2) {
        assert_eq!(
            functional::breaks(" \n", &pair[0]),
            Some(functional::Break::Empty)
        );
        assert!(
            functional::breaks(&pair[1].fixed, &pair[0]).is_some(),
            "{}",
            pair[1].fixed
        );
        let renamed = pair[0]
            .fixed
            .replace(&pair[0].contract.parameters[0], "other_thing");
        assert!(
            functional::breaks(&renamed, &pair[0]).is_some(),
            "{renamed}"
        );
    }
}

#[test]
fn a_name_that_nothing_defines_is_broken() {
    let mut broken = 0;
    let all = tasks(Split::HeldOut, 300);
    for task in &all {
        // The last mention of the last parameter becomes a name that does not exist.
        let name = task
            .contract
            .parameters
            .last()
            .expect("every task has parameters");
        let at = task
            .fixed
            .rfind(name.as_str())
            .expect("a parameter is mentioned");
        let mut program = task.fixed.clone();
        program.replace_range(at..at + name.len(), "no_such_thing");
        broken += usize::from(functional::breaks(&program, task).is_some());
    }
    assert_eq!(broken, all.len());
}

#[test]
fn most_single_deletions_are_seen() {
    let (passed, tried) = blindness(5, 300);
    let share = passed as f64 / tried as f64;
    assert!(
        share < 0.02,
        "{passed} of {tried} programs with a line removed still pass"
    );
}

/// How many of a curriculum's right programs are still called right after one of their lines was
/// deleted, and how many such programs there were: what the check does not see.
fn blindness(seed: u64, tasks: u64) -> (usize, usize) {
    let curriculum = Curriculum::new(Options {
        seed,
        split: Split::HeldOut,
        unseen_wording: 0.0,
        risky: 0.7,
    });
    let (mut passed, mut tried) = (0, 0);
    for index in 0..tasks {
        let task = curriculum.task(index);
        let lines: Vec<&str> = task.fixed.lines().collect();
        let start = lines
            .iter()
            .position(|line| line.contains(&task.contract.function))
            .unwrap_or(0);
        for removed in start..lines.len() {
            if lines[removed].trim().is_empty() {
                continue;
            }
            let kept: Vec<&str> = lines
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != removed)
                .map(|(_, line)| *line)
                .collect();
            tried += 1;
            passed += usize::from(functional::breaks(&kept.join("\n"), &task).is_none());
        }
    }
    (passed, tried)
}
