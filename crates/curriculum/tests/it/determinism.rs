//! Is a task a function of its options and number, and are the splits apart?

use std::collections::BTreeSet;

use palinode_curriculum::{Curriculum, Language, Options, Split, Token, TokenKind, Tokens};

use crate::checks::tasks;

#[test]
fn the_same_number_gives_the_same_task() {
    let options = Options {
        seed: 3,
        split: Split::Training,
        unseen_wording: 0.5,
        risky: 0.5,
    };
    let (one, two) = (Curriculum::new(options), Curriculum::new(options));
    let ahead = one.task(900);
    for index in [0, 5, 900] {
        let (a, b) = (one.task(index), two.task(index));
        assert_eq!(
            (a.specification, a.draft, a.fixed),
            (b.specification, b.draft, b.fixed)
        );
    }
    assert_eq!(ahead.fixed, two.task(900).fixed);
    let other = Curriculum::new(Options { seed: 4, ..options });
    assert_ne!(one.task(0).fixed, other.task(0).fixed);
}

#[test]
fn nearly_every_program_is_its_own() {
    let programs: BTreeSet<String> = tasks(Split::Training, 5000)
        .into_iter()
        .map(|task| task.fixed)
        .collect();
    assert_eq!(programs.len(), 5000);
}

#[test]
fn held_out_tasks_share_no_name_and_no_constant_with_training() {
    let given = |split| -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for task in tasks(split, 3000) {
            all.insert(task.contract.function.clone());
            all.extend(task.contract.parameters.iter().cloned());
            let large =
                |token: &&Token<'_>| token.kind == TokenKind::Number && token.text.len() >= 2;
            let tokens = Tokens::of(&task.fixed, task.language);
            all.extend(
                tokens
                    .all
                    .iter()
                    .filter(large)
                    .map(|token| token.text.to_owned()),
            );
        }
        // Fixed by the language or its library, not drawn: file modes, an exit status, a buffer.
        for fixed in ["0600", "0o600", "127", "512"] {
            all.remove(fixed);
        }
        all
    };
    let both: Vec<String> = given(Split::Training)
        .intersection(&given(Split::HeldOut))
        .cloned()
        .collect();
    assert!(both.is_empty(), "{both:?}");
}

#[test]
fn functions_are_as_long_as_real_ones() {
    for language in Language::ALL {
        let mut sizes: Vec<(usize, usize)> = tasks(Split::Training, 2000)
            .into_iter()
            .filter(|task| task.language == language)
            .map(|task| {
                let function = &task.fixed[task.fixed.find(&task.contract.function).unwrap_or(0)..];
                (
                    function
                        .lines()
                        .filter(|line| !line.trim().is_empty())
                        .count(),
                    function.len(),
                )
            })
            .collect();
        let middle = sizes.len() / 2;
        let lines = *sizes.select_nth_unstable(middle).1;
        sizes.sort_unstable_by_key(|size| size.1);
        let bytes = sizes[middle].1;
        assert!(
            lines.0 >= 12 && bytes >= 350,
            "{}: {} lines, {bytes} bytes",
            language.title(),
            lines.0
        );
    }
}

#[test]
fn unseen_wordings_are_a_quarter_and_marked() {
    let all = tasks(Split::HeldOut, 2000);
    let unseen = all.iter().filter(|task| task.unseen_wording).count();
    assert!((400..600).contains(&unseen), "{unseen}");
    // A held-out opening occurs in no task with known wording.
    let held = |text: &str| text.starts_with("A function ") || text.starts_with("Please give me ");
    assert!(
        all.iter()
            .all(|task| held(&task.specification) == task.unseen_wording)
    );
}
