//! What does a session cost per token, in buffers of 1 k, 16 k and 128 k tokens?
//!
//! Three buffers: `code` has tokens as frequent as words are (rank × frequency constant, 8,192 distinct
//! ones); `lines` repeats one block of 64 tokens; `one` repeats one token, the worst there is. For
//! each, what one call costs:
//!
//! - `first`: the scope opens, and the sampler reads which tokens may begin it;
//! - `second`: the scope's first token (the buffer's most frequent), and which may follow;
//! - `later`: each of the next 15 tokens of a scope, on average;
//! - `commit`: `<|/NEW|>` with a patch of 16 tokens for a scope that ends 32 tokens before the end;
//! - `far`: the same for a scope at the buffer's start, the worst there is (not for `one` and `lines`,
//!   whose right-most match is never far).

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use palinode_revise::{Action, Constraint, Session, SessionOptions, Vocabulary};

const DISTINCT: u32 = 8192;
const SCOPE: usize = 16;

/// As many ids as a current model has, each of four bytes.
fn vocabulary() -> Arc<Vocabulary> {
    let count = 151_936u32;
    let tokens = (0..count).map(|id| id.to_le_bytes().to_vec()).collect();
    let actions = std::array::from_fn(|index| count - 8 + index as u32);
    Arc::new(Vocabulary::new(tokens, Some(actions), vec![count - 1]).expect("ids are in range"))
}

/// A small generator of numbers that look random: SplitMix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn buffer(kind: &str, tokens: usize) -> Vec<u32> {
    let mut state = 7;
    (0..tokens)
        .map(|index| match kind {
            "code" => {
                // The exponential of a uniform number has a density that falls as 1 / rank.
                let uniform = (random(&mut state) >> 11) as f64 / (1u64 << 53) as f64;
                let rank = f64::from(DISTINCT).powf(uniform) as u32 - 1;
                // Frequent tokens are spread over the ids.
                rank.wrapping_mul(2_654_435_761) % 150_000
            }
            "lines" => (index % 64) as u32 * 31,
            _ => 5,
        })
        .collect()
}

/// A session whose buffer is `tokens`, where the trigger has come.
fn opened(vocabulary: &Arc<Vocabulary>, tokens: &[u32]) -> Session {
    let mut session = Session::new(Arc::clone(vocabulary), SessionOptions::default());
    for &id in tokens {
        session.push(id);
    }
    push_action(&mut session, vocabulary, Action::Trigger);
    session
}

fn push_action(session: &mut Session, vocabulary: &Vocabulary, action: Action) {
    session.push(vocabulary.action_id(action).expect("it has all five"));
}

fn push_all(session: &mut Session, tokens: &[u32]) -> usize {
    let mut listed = 0;
    for &id in tokens {
        session.push(id);
        if let Constraint::OneOf(ids) = session.constraint() {
            listed += ids.len();
        }
    }
    listed
}

fn benches(criterion: &mut Criterion) {
    let vocabulary = vocabulary();
    for (name, tokens) in [("1k", 1 << 10), ("16k", 1 << 14), ("128k", 1 << 17)] {
        for kind in ["code", "lines", "one"] {
            let tokens = buffer(kind, tokens);
            let mut group = criterion.benchmark_group(format!("{kind}/{name}"));
            let before = opened(&vocabulary, &tokens);
            let mut open = before.clone();
            push_action(&mut open, &vocabulary, Action::ScopeOpen);
            let frequent = tokens
                .iter()
                .position(|&id| id == if kind == "code" { 0 } else { tokens[0] })
                .unwrap_or(0);
            let frequent = frequent.min(tokens.len() - SCOPE);
            let scope = &tokens[frequent..frequent + SCOPE];

            group.bench_function("first", |bencher| {
                bencher.iter_batched_ref(
                    || before.clone(),
                    |session| {
                        push_action(session, &vocabulary, Action::ScopeOpen);
                        black_box(session.constraint());
                    },
                    BatchSize::LargeInput,
                );
            });
            group.bench_function("second", |bencher| {
                bencher.iter_batched_ref(
                    || open.clone(),
                    |session| push_all(session, &scope[..1]),
                    BatchSize::LargeInput,
                );
            });
            let mut begun = open.clone();
            begun.push(scope[0]);
            group.bench_function("later (15 tokens)", |bencher| {
                bencher.iter_batched_ref(
                    || begun.clone(),
                    |session| push_all(session, &scope[1..]),
                    BatchSize::LargeInput,
                );
            });
            let near = tokens.len() - 32 - SCOPE;
            let places = [("commit", near), ("far", 0)];
            for (what, start) in &places[..if kind == "code" { 2 } else { 1 }] {
                let mut patched = open.clone();
                push_all(&mut patched, &tokens[*start..start + SCOPE]);
                push_action(&mut patched, &vocabulary, Action::ScopeClose);
                push_action(&mut patched, &vocabulary, Action::PatchOpen);
                push_all(&mut patched, &tokens[..SCOPE]);
                group.bench_function(*what, |bencher| {
                    bencher.iter_batched_ref(
                        || patched.clone(),
                        |session| push_action(session, &vocabulary, Action::PatchClose),
                        BatchSize::LargeInput,
                    );
                });
            }
            group.finish();
        }
    }
}

criterion_group! {
    name = constraint;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(std::time::Duration::from_millis(200))
        .measurement_time(std::time::Duration::from_millis(800));
    targets = benches
}
criterion_main!(constraint);
