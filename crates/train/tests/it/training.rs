//! Does a run learn, stop, go on, and refuse what it should?

use std::fs;
use std::ops::ControlFlow;

use palinode_revise::{Role, Stream};
use palinode_train::{
    Batches, CHECKPOINT_FILE, Error, Example, LOG_FILE, LossMask, Outcome, Plan, Recipe,
    StepReport, example_from_stream, run,
};

use crate::support::{examples, fresh, recipe, weights};

fn plan(folder: Option<&std::path::Path>) -> Plan<'_> {
    Plan {
        folder,
        save_every: 3,
        validation: &[],
        validate_every: 0,
    }
}

#[test]
fn a_few_sequences_are_learnt_by_heart() {
    let examples: Vec<Example> = examples(4)
        .into_iter()
        .map(|example| Example::plain(example.ids))
        .collect();
    let mut trainer = fresh(Recipe {
        learning_rate: 1e-2,
        weight_decay: 0.0,
        ..recipe(150)
    });
    let mut batches = Batches::new(&examples, trainer.recipe()).unwrap();
    run(&mut trainer, &mut batches, &plan(None), &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let history = trainer.history();
    assert!(history[0].loss > 3.5, "{}", history[0].loss);
    assert!(
        trainer.evaluate(&examples).unwrap() < 0.02,
        "{}",
        history[149].loss
    );
    assert!(history[149].learning_rate < history[20].learning_rate);
}

#[test]
fn an_interrupted_run_ends_with_the_same_bytes() {
    let examples = examples(10);
    let validation = &examples[..2];
    let go = |folder: &std::path::Path, stop_at: &[u64]| {
        let mut reports = Vec::new();
        for stop in stop_at.iter().chain(&[u64::MAX]) {
            // A new process has new variables: everything it goes on with comes from the checkpoint.
            let mut trainer = fresh(recipe(14));
            let mut batches = Batches::new(&examples, trainer.recipe()).unwrap();
            let plan = Plan {
                validation,
                validate_every: 4,
                ..plan(Some(folder))
            };
            let mut progress = |report: &StepReport| {
                reports.push(report.clone());
                if report.step == *stop {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            let outcome = run(&mut trainer, &mut batches, &plan, &mut progress).unwrap();
            if outcome == Outcome::Finished {
                return (weights(&trainer), reports, trainer.history().to_vec());
            }
        }
        unreachable!("the last round is not stopped")
    };
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (expected, reports, history) = go(whole.path(), &[]);
    let (resumed, again, resumed_history) = go(broken.path(), &[5, 6]);
    assert_eq!(expected, resumed);
    assert_eq!(reports, again);
    assert_eq!(history, resumed_history);
    assert_eq!(
        history
            .iter()
            .filter(|report| report.validation.is_some())
            .count(),
        4
    );
    for file in [LOG_FILE, CHECKPOINT_FILE] {
        assert_eq!(
            fs::read(whole.path().join(file)).unwrap(),
            fs::read(broken.path().join(file)).unwrap(),
            "{file}"
        );
    }
    let log = fs::read_to_string(whole.path().join(LOG_FILE)).unwrap();
    assert_eq!(log.lines().count(), 14);
    let first: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(
        (first["schema"].as_u64(), first["step"].as_u64()),
        (Some(1), Some(1))
    );
    // A finished run has nothing left to do.
    assert_eq!(go(whole.path(), &[]).1, []);
}

#[test]
fn another_run_s_checkpoint_is_refused_and_nothing_changes() {
    let examples = examples(6);
    let folder = tempfile::tempdir().unwrap();
    let mut first = fresh(recipe(4));
    let mut batches = Batches::new(&examples, first.recipe()).unwrap();
    run(
        &mut first,
        &mut batches,
        &plan(Some(folder.path())),
        &mut |_| ControlFlow::Continue(()),
    )
    .unwrap();

    let refusal = |recipe: Recipe, examples: &[Example]| {
        let mut trainer = fresh(recipe);
        let before = weights(&trainer);
        let mut batches = Batches::new(examples, trainer.recipe()).unwrap();
        let error = run(
            &mut trainer,
            &mut batches,
            &plan(Some(folder.path())),
            &mut |_| ControlFlow::Continue(()),
        )
        .unwrap_err();
        assert_eq!(weights(&trainer), before);
        assert!(error.hint().is_some());
        error.to_string().split_once("run: ").unwrap().1.to_owned()
    };
    let other = Recipe {
        learning_rate: 1e-4,
        ..recipe(4)
    };
    insta::assert_snapshot!(refusal(other, &examples), @"`learning_rate` is 0.0001 here and 0.003 there");
    insta::assert_snapshot!(refusal(recipe(4), &examples[1..]), @"it learns from other data");

    let config = crate::support::small_config(false);
    let map = palinode_train::initialise(&config, 9).unwrap();
    let mut untied = crate::support::trainer(&map, &config, recipe(4));
    let error = untied.resume(folder.path(), "").unwrap_err();
    assert!(matches!(error, Error::OtherRun { .. }), "{error}");
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(CHECKPOINT_FILE);
    let mut trainer = fresh(recipe(4));
    trainer.save(folder.path(), "data").unwrap();
    let whole = fs::read(&file).unwrap();
    for length in [0, 4, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..length]).unwrap();
        let error = trainer.resume(folder.path(), "data").unwrap_err();
        assert!(
            matches!(error, Error::BadCheckpoint { .. }),
            "{length}: {error}"
        );
    }
    fs::write(&file, &whole).unwrap();
    assert!(trainer.resume(folder.path(), "data").unwrap());
    fs::remove_file(&file).unwrap();
    assert!(!trainer.resume(folder.path(), "data").unwrap());
}

#[test]
fn bad_batches_are_refused_and_change_nothing() {
    let mut trainer = fresh(recipe(4));
    let before = weights(&trainer);
    let mut refusal = |example: Example| {
        trainer
            .step(&[&Example::plain(vec![1, 2]), &example])
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(refusal(Example::plain(vec![1, 61])), @"example 1: id 61 is outside the vocabulary of 61");
    insta::assert_snapshot!(refusal(Example::plain(vec![1; 65])), @"example 1: 65 tokens are more than the context of 64");
    insta::assert_snapshot!(refusal(Example { ids: vec![1, 2], weights: vec![1.0] }), @"example 1: 2 ids and 1 weights");
    insta::assert_snapshot!(refusal(Example { ids: vec![1], weights: vec![f32::NAN] }), @"example 1: a weight of NaN");
    let nothing = Example {
        ids: vec![1, 2],
        weights: vec![1.0, 0.0],
    };
    assert!(matches!(
        trainer.step(&[&nothing]),
        Err(Error::NothingToLearn { .. })
    ));
    assert!(matches!(
        trainer.step(&[]),
        Err(Error::NothingToLearn { .. })
    ));
    // An empty sequence and one of a single token beside others harm nothing.
    let (empty, single) = (Example::plain(vec![]), Example::plain(vec![3]));
    assert_eq!(weights(&trainer), before);
    trainer
        .step(&[&empty, &single, &Example::plain(vec![1, 2, 3])])
        .unwrap();
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_before_the_weights_change() {
    let mut trainer = fresh(recipe(4));
    let norm = &trainer
        .parameters()
        .iter()
        .find(|parameter| parameter.name == "model.norm.weight")
        .unwrap()
        .var;
    norm.set(&(norm.as_tensor() * f64::INFINITY).unwrap())
        .unwrap();
    let embedding = weights(&trainer)[0].clone();
    let error = trainer.step(&[&Example::plain(vec![1, 2, 3])]).unwrap_err();
    assert!(matches!(error, Error::Diverged { step: 1, .. }), "{error}");
    assert_eq!(weights(&trainer)[0], embedding);
}

#[test]
fn the_mask_says_what_of_a_stream_counts() {
    let stream = Stream {
        ids: vec![1, 2, 3, 4, 5, 6, 7],
        roles: vec![
            Role::Prompt,
            Role::Code,
            Role::Draft,
            Role::Delimiter,
            Role::Scope,
            Role::Patch,
            Role::End,
        ],
    };
    let of = |prompt: bool, draft: bool| {
        example_from_stream(&stream, LossMask { prompt, draft }).weights
    };
    assert_eq!(of(false, false), [0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(of(true, false), [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(of(false, true), [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
}
