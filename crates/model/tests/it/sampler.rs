//! Is a token drawn with the probability it should have, and only where it may be?

use std::collections::BTreeMap;

use palinode_model::{Choice, Error, Past, Sampler, SamplingOptions};
use proptest::prelude::*;

const FREE: Choice<'_> = Choice::AnyBut {
    banned: &[],
    bias: None,
};

fn sampler(temperature: f32, top_k: usize, top_p: f32, seed: u64) -> Sampler {
    let options = SamplingOptions {
        temperature,
        top_k,
        top_p,
        seed,
        ..SamplingOptions::default()
    };
    Sampler::new(options).unwrap()
}

/// The distribution by its definition: softmax, the top k, then the fewest that reach top p.
fn expected(
    logits: &[(u32, f32)],
    temperature: f32,
    top_k: usize,
    top_p: f32,
) -> BTreeMap<u32, f64> {
    let mut all: Vec<(u32, f64)> = logits
        .iter()
        .filter(|(_, logit)| *logit > f32::NEG_INFINITY)
        .map(|(id, logit)| (*id, f64::from(*logit)))
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    if top_k > 0 {
        all.truncate(top_k);
    }
    let best = all[0].1;
    for (_, value) in &mut all {
        *value = ((*value - best) / f64::from(temperature)).exp();
    }
    let total: f64 = all.iter().map(|(_, share)| share).sum();
    let mut reached = 0.0;
    let mut kept = Vec::new();
    for (id, share) in all {
        kept.push((id, share));
        reached += share / total;
        if top_p < 1.0 && reached >= f64::from(top_p) {
            break;
        }
    }
    let total: f64 = kept.iter().map(|(_, share)| share).sum();
    kept.into_iter()
        .map(|(id, share)| (id, share / total))
        .collect()
}

fn counts(
    sampler: &mut Sampler,
    logits: &[f32],
    choice: Choice<'_>,
    draws: u32,
) -> BTreeMap<u32, u32> {
    let mut counts = BTreeMap::new();
    for _ in 0..draws {
        *counts
            .entry(sampler.sample(logits, choice).unwrap())
            .or_insert(0) += 1;
    }
    counts
}

/// Every count within five standard deviations, and nothing outside the support.
fn assert_distribution(counts: &BTreeMap<u32, u32>, expected: &BTreeMap<u32, f64>, draws: u32) {
    let draws = f64::from(draws);
    for id in counts.keys() {
        assert!(expected.contains_key(id), "{id} is outside {expected:?}");
    }
    for (id, share) in expected {
        let count = f64::from(counts.get(id).copied().unwrap_or(0));
        let deviation = (draws * share * (1.0 - share)).sqrt();
        assert!(
            (count - draws * share).abs() <= 5.0 * deviation + 1.0,
            "{id}: {count} of {draws}, expected a share of {share}"
        );
    }
}

fn numbered(logits: &[f32]) -> Vec<(u32, f32)> {
    (0..).zip(logits.iter().copied()).collect()
}

#[test]
fn draws_have_the_distribution_of_the_definition() {
    let logits = [1.0, 3.0, -2.0, 2.5, 3.0, 0.0, f32::NEG_INFINITY, 2.9];
    let draws = 20_000;
    for (temperature, top_k, top_p) in [
        (1.0, 0, 1.0),
        (0.5, 0, 1.0),
        (2.0, 3, 1.0),
        (1.0, 0, 0.6),
        (1.3, 5, 0.8),
        (1.0, 1, 1.0),
        (1.0, 0, 1e-6),
        (1.0, 100, 0.999_99),
    ] {
        let mut sampler = sampler(temperature, top_k, top_p, 7);
        let counts = counts(&mut sampler, &logits, FREE, draws);
        let expected = expected(&numbered(&logits), temperature, top_k, top_p);
        assert_distribution(&counts, &expected, draws);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn the_support_of_top_k_and_top_p_is_exact(
        // Few values, so that ties at the cut are common; enough ids that the cut takes several steps.
        logits in prop::collection::vec(0i8..12, 1..400), top_k in 0usize..50, top_p in 0.05f32..1.0,
        seed in any::<u64>(),
    ) {
        let logits: Vec<f32> = logits.iter().map(|x| f32::from(*x) * 0.3).collect();
        let expected = expected(&numbered(&logits), 1.0, top_k, top_p);
        let mut sampler = sampler(1.0, top_k, top_p, seed);
        for _ in 0..200 {
            let id = sampler.sample(&logits, FREE).unwrap();
            // At a share within rounding of top_p either side may be taken; nothing else.
            let wider = self::expected(&numbered(&logits), 1.0, top_k, top_p + 1e-5);
            let inside = expected.contains_key(&id) || wider.contains_key(&id);
            prop_assert!(inside, "{} is outside {:?}", id, expected);
        }
    }
}

#[test]
fn greedy_takes_the_largest_and_the_lowest_of_equals() {
    let mut greedy = sampler(0.0, 3, 0.5, 1);
    assert_eq!(greedy.sample(&[1.0, 5.0, 5.0, 2.0], FREE).unwrap(), 1);
    let choice = Choice::AnyBut {
        banned: &[1, 9],
        bias: Some((3, 4.0)),
    };
    assert_eq!(greedy.sample(&[1.0, 5.0, 5.0, 2.0], choice).unwrap(), 3);
    let choice = Choice::AnyBut {
        banned: &[1],
        bias: Some((1, 100.0)),
    };
    assert_eq!(greedy.sample(&[1.0, 5.0, 5.0, 2.0], choice).unwrap(), 2);
    assert_eq!(
        greedy
            .sample(&[1.0, 5.0, 5.0, 2.0], Choice::OneOf(&[3, 0]))
            .unwrap(),
        3
    );
    assert_eq!(
        greedy
            .sample(&[1.0, 5.0, 5.0], Choice::OneOf(&[2, 1, 2]))
            .unwrap(),
        1
    );
    assert_eq!(greedy.sample(&[1.0, 5.0], Choice::Exactly(0)).unwrap(), 0);
}

#[test]
fn bans_and_bias_shape_the_distribution() {
    let logits = [0.0, 1.0, 2.0, 1.5];
    let choice = Choice::AnyBut {
        banned: &[2],
        bias: Some((0, 1.0)),
    };
    let counts = counts(&mut sampler(1.0, 0, 1.0, 3), &logits, choice, 20_000);
    let expected = expected(&[(0, 1.0), (1, 1.0), (3, 1.5)], 1.0, 0, 1.0);
    assert_distribution(&counts, &expected, 20_000);
}

#[test]
fn a_choice_of_some_ids_looks_at_no_other() {
    // Every other logit is damaged: it would be an error to look at one.
    let mut logits = vec![f32::NAN; 100];
    logits[40] = 1.0;
    logits[7] = 0.0;
    let choice = Choice::OneOf(&[40, 7, 40]);
    let counts = counts(&mut sampler(1.0, 0, 1.0, 5), &logits, choice, 20_000);
    assert_distribution(
        &counts,
        &expected(&[(7, 0.0), (40, 1.0)], 1.0, 0, 1.0),
        20_000,
    );
    let exactly = sampler(1.0, 0, 1.0, 5).sample(&logits, Choice::Exactly(3));
    assert_eq!(exactly.unwrap(), 3);
}

#[test]
fn a_seed_decides_everything_and_forced_tokens_draw_nothing() {
    let logits: Vec<f32> = (0..50).map(|i| (i % 7) as f32 * 0.4).collect();
    let run = |seed, forced: bool| -> Vec<u32> {
        let mut sampler = sampler(1.0, 20, 0.9, seed);
        (0..50)
            .map(|_| {
                if forced {
                    sampler.sample(&logits, Choice::Exactly(4)).unwrap();
                    sampler.sample(&logits, Choice::OneOf(&[4])).unwrap();
                }
                sampler.sample(&logits, FREE).unwrap()
            })
            .collect()
    };
    assert_eq!(run(1, false), run(1, false));
    assert_eq!(run(1, false), run(1, true));
    assert_ne!(run(1, false), run(2, false));
    // A stream of another build must be the same one: these are the first draws of seed 1.
    assert_eq!(run(1, false)[..8], [41, 13, 12, 20, 27, 26, 48, 13]);
}

#[test]
fn wrong_options_and_choices_are_refused() {
    for (temperature, top_p, option) in [
        (-1.0, 1.0, "temperature"),
        (f32::NAN, 1.0, "temperature"),
        (f32::INFINITY, 1.0, "temperature"),
        (1.0, 0.0, "top_p"),
        (1.0, 1.1, "top_p"),
        (1.0, f32::NAN, "top_p"),
    ] {
        let options = SamplingOptions {
            temperature,
            top_p,
            ..SamplingOptions::default()
        };
        let error = Sampler::new(options).unwrap_err();
        assert!(
            matches!(error, Error::SamplingOption { option: o, .. } if o == option),
            "{error}"
        );
        assert!(error.hint().is_some());
    }
    for temperature in [0.0, 1.0] {
        let mut sampler = sampler(temperature, 0, 1.0, 0);
        let mut sample = |logits: &[f32], choice| sampler.sample(logits, choice);
        let bias = |id| Choice::AnyBut {
            banned: &[],
            bias: Some((id, 1.0)),
        };
        assert!(matches!(sample(&[], FREE), Err(Error::NothingToChoose)));
        assert!(matches!(
            sample(&[1.0], Choice::OneOf(&[])),
            Err(Error::NothingToChoose)
        ));
        let all = Choice::AnyBut {
            banned: &[0, 1],
            bias: None,
        };
        assert!(matches!(
            sample(&[1.0, 2.0], all),
            Err(Error::NothingToChoose)
        ));
        assert!(matches!(
            sample(&[1.0, f32::NAN], FREE),
            Err(Error::NotANumber { id: 1 })
        ));
        assert!(matches!(
            sample(&[f32::INFINITY, 0.0], FREE),
            Err(Error::NotANumber { id: 0 })
        ));
        for choice in [Choice::OneOf(&[0, 2]), Choice::Exactly(2), bias(2)] {
            let error = sample(&[1.0, 2.0], choice).unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::IdOutOfVocabulary {
                        id: 2,
                        vocabulary: 2
                    }
                ),
                "{error}"
            );
        }
    }
}

#[derive(serde::Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    options: BTreeMap<String, f32>,
    logits: Vec<f32>,
    prompt: Vec<u32>,
    written: Vec<u32>,
    shares: Vec<(u32, f64)>,
}

/// Values made by `xtask/golden/sampling.py`.
#[test]
fn what_is_drawn_from_is_what_transformers_leaves() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/golden/sampling/golden.json"
    );
    let golden: Golden = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(golden.cases.len() >= 20);
    for case in golden.cases {
        let get = |name: &str, otherwise: f32| *case.options.get(name).unwrap_or(&otherwise);
        let options = SamplingOptions {
            temperature: get("temperature", 1.0),
            top_k: get("top_k", 0.0) as usize,
            top_p: get("top_p", 1.0),
            min_p: get("min_p", 0.0),
            typical_p: get("typical_p", 1.0),
            repetition_penalty: get("repetition_penalty", 1.0),
            ..SamplingOptions::default()
        };
        let mut sampler = Sampler::new(options).unwrap();
        let past = Past {
            prompt: &case.prompt,
            written: &case.written,
        };
        let found = sampler.shares(&case.logits, FREE, past).unwrap();
        let ids = |shares: &[(u32, f64)]| shares.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        assert_eq!(ids(&found), ids(&case.shares), "{:?}", case.options);
        for ((id, found), (_, expected)) in found.iter().zip(&case.shares) {
            let far = (found - expected).abs();
            assert!(
                far < 1e-6,
                "{:?}: {id} has {found}, not {expected}",
                case.options
            );
        }
        // What is drawn is among them.
        for _ in 0..50 {
            let id = sampler.sample_after(&case.logits, FREE, past).unwrap();
            assert!(found.iter().any(|(other, _)| *other == id));
        }
    }
}

#[test]
fn penalties_and_biases_move_logits_by_what_they_say() {
    let logits = [1.0f32, -1.0, 2.0, 0.5];
    let past = Past {
        prompt: &[0, 1],
        written: &[2, 2, 3],
    };
    let ratio = |options: SamplingOptions, of: u32| {
        let shares = |options, past| {
            let all = Sampler::new(options).unwrap().shares(&logits, FREE, past);
            let all: BTreeMap<u32, f64> = all.unwrap().into_iter().collect();
            // Against a token that nothing is done to.
            (all[&of] / all[&0]).ln()
        };
        let plain = SamplingOptions {
            temperature: 1.0,
            ..SamplingOptions::default()
        };
        shares(options, past) - shares(plain, past)
    };
    let options = |change: &dyn Fn(&mut SamplingOptions)| {
        let mut options = SamplingOptions {
            temperature: 1.0,
            ..SamplingOptions::default()
        };
        change(&mut options);
        options
    };
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found}");
    near(ratio(options(&|o| o.frequency_penalty = 0.5), 2), -1.0);
    near(ratio(options(&|o| o.frequency_penalty = 0.5), 3), -0.5);
    near(ratio(options(&|o| o.frequency_penalty = 0.5), 1), 0.0);
    near(ratio(options(&|o| o.presence_penalty = 0.5), 2), -0.5);
    near(ratio(options(&|o| o.presence_penalty = 0.5), 1), 0.0);
    near(
        ratio(options(&|o| o.logit_bias = [(3, 2.0)].into()), 3),
        2.0,
    );
    // A choice between some tokens is left alone: a quotation repeats what stands there.
    let mut sampler = Sampler::new(options(&|o| o.frequency_penalty = 50.0)).unwrap();
    let shares = sampler
        .shares(&logits, Choice::OneOf(&[2, 3]), past)
        .unwrap();
    near((shares[0].1 / shares[1].1).ln(), 1.5);
    // A bias on a token that is not there is a mistake.
    let mut sampler = Sampler::new(options(&|o| o.logit_bias = [(9, 2.0)].into())).unwrap();
    let error = sampler.sample(&logits, FREE).unwrap_err();
    assert!(matches!(error, Error::IdOutOfVocabulary { id: 9, .. }));
    // Minus infinity bans.
    let mut sampler =
        Sampler::new(options(&|o| o.logit_bias = [(2, f32::NEG_INFINITY)].into())).unwrap();
    let shares = sampler.shares(&logits, FREE, past).unwrap();
    assert!(shares.iter().all(|(id, _)| *id != 2));
}

#[test]
fn every_option_has_its_range() {
    let wrong = |change: &dyn Fn(&mut SamplingOptions), name: &str| {
        let mut options = SamplingOptions::default();
        change(&mut options);
        let error = Sampler::new(options).unwrap_err();
        let Error::SamplingOption { option, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(option, name);
    };
    wrong(&|o| o.min_p = 1.5, "min_p");
    wrong(&|o| o.min_p = f32::NAN, "min_p");
    wrong(&|o| o.typical_p = 0.0, "typical_p");
    wrong(&|o| o.repetition_penalty = 0.0, "repetition_penalty");
    wrong(
        &|o| o.frequency_penalty = f32::INFINITY,
        "frequency_penalty",
    );
    wrong(&|o| o.presence_penalty = f32::NAN, "presence_penalty");
    wrong(&|o| o.logit_bias = [(1, f32::NAN)].into(), "logit_bias");
    wrong(
        &|o| o.logit_bias = [(1, f32::INFINITY)].into(),
        "logit_bias",
    );
}

/// Logits as biases, penalties and bans leave them, counted anew from the whole past.
fn changed(
    logits: &[f32],
    options: &SamplingOptions,
    (banned, bias): (&[u32], Option<(u32, f32)>),
    past: Past<'_>,
) -> Vec<f32> {
    let mut values = logits.to_vec();
    for (id, bias) in options.logit_bias.iter() {
        values[*id as usize] += bias;
    }
    let mut written: BTreeMap<u32, f32> = past.prompt.iter().map(|id| (*id, 0.0)).collect();
    for id in past.written {
        *written.entry(*id).or_default() += 1.0;
    }
    for (id, count) in written {
        let Some(value) = values.get_mut(id as usize) else {
            continue;
        };
        match *value > 0.0 {
            true => *value /= options.repetition_penalty,
            false => *value *= options.repetition_penalty,
        }
        *value -= options.frequency_penalty * count;
        if count > 0.0 {
            *value -= options.presence_penalty;
        }
    }
    if let Some((id, bias)) = bias {
        values[id as usize] += bias;
    }
    for id in banned {
        if let Some(value) = values.get_mut(*id as usize) {
            *value = f32::NEG_INFINITY;
        }
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// What is kept from step to step gives what counting anew gives, whatever is written, cut back or begun again.
    #[test]
    fn counts_that_are_kept_are_those_of_the_whole_past(
        logits in prop::collection::vec(-3f32..3.0, 12),
        steps in prop::collection::vec((0usize..4, prop::collection::vec(0u32..14, 0..5), 0usize..6), 1..12),
        (repetition, frequency, presence) in (0.5f32..2.0, -1f32..1.0, -1f32..1.0),
        biases in prop::collection::vec((0u32..12, -2f32..2.0), 0..4),
        banned in prop::collection::vec(0u32..14, 0..3), bias in prop::option::of((0u32..12, -2f32..2.0)),
    ) {
        let options = SamplingOptions {
            temperature: 1.0,
            repetition_penalty: repetition,
            frequency_penalty: frequency,
            presence_penalty: presence,
            logit_bias: biases.into(),
            ..SamplingOptions::default()
        };
        let greedy = SamplingOptions { temperature: 0.0, ..options.clone() };
        let mut sampler = Sampler::new(options.clone()).unwrap();
        let mut greedy = Sampler::new(greedy).unwrap();
        let mut plain = Sampler::new(SamplingOptions { temperature: 1.0, ..SamplingOptions::default() }).unwrap();
        let (mut prompt, mut written) = (Vec::new(), Vec::new());
        let choice = Choice::AnyBut { banned: &banned, bias };
        for (what, ids, cut) in steps {
            match what {
                0 => {
                    prompt = ids;
                    written.clear();
                }
                1 => written.truncate(written.len().saturating_sub(cut)),
                _ => written.extend(ids),
            }
            let past = Past { prompt: &prompt, written: &written };
            let expected = changed(&logits, &options, (&banned, bias), past);
            let shares = plain.shares(&expected, FREE, Past::default()).unwrap();
            // To the last bit: the same numbers go the same way.
            prop_assert_eq!(sampler.shares(&logits, choice, past).unwrap(), shares);
            let best = (0u32..).zip(&expected).fold((0, f32::NEG_INFINITY), |best, (id, value)| {
                if *value > best.1 { (id, *value) } else { best }
            });
            prop_assert_eq!(greedy.sample_after(&logits, choice, past).unwrap(), best.0);
        }
    }
}
