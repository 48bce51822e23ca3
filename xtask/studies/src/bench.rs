//! How fast does the bundled model write, and what does revision cost it?
//!
//! Prints, as Markdown: tokens a second and the share of decode time spent in `revise`; the time of one
//! constraint step over buffers of 1 k, 16 k and 128 k tokens; and the time from the start of the process
//! to the first token. With `--python PATH`, `transformers` decodes the same folder in the same run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use palinode_curriculum::{Curriculum, Options, Split};
use palinode_methods::{Ignore, Request, stream_of_revision, vocabulary};
use palinode_model::{LoadOptions, SamplingOptions, Source};
use palinode_revise::{Action, Session, SessionOptions, Vocabulary};

use crate::arguments::Arguments;

/// `--model DIR --palinode PROGRAM --python PROGRAM`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let model: PathBuf = arguments.get("model", "models/nano".into())?;
    let palinode: PathBuf = arguments.get("palinode", "target/release/palinode".into())?;
    let python: String = arguments.get("python", String::new())?;
    let ours = decode(&model)?;
    if !python.is_empty() {
        peer(&python, &model, ours)?;
    }
    constraint()?;
    first_token(&palinode)
}

/// Tokens a second over 40 tasks, one lane.
fn decode(folder: &Path) -> Result<f64> {
    let model = palinode_model::load(&Source::Folder(folder.to_owned()), &LoadOptions::default())?;
    let words = vocabulary(&model)?;
    let curriculum = Curriculum::new(Options {
        seed: 31,
        split: Split::HeldOut,
        unseen_wording: 0.0,
        risky: 0.7,
    });
    let (mut tokens, mut revisions) = (0, 0);
    let (mut inside, mut network, mut decoding) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for index in 0..40 {
        let task = curriculum.task(index);
        let prompt = model
            .tokenizer
            .encode_plain(&model.prompt(&task.specification, None)?)?;
        let request = Request {
            prompt: &prompt,
            lanes: 1,
            max_tokens: 500,
            sampling: SamplingOptions {
                temperature: 0.8,
                top_p: 0.95,
                seed: index,
                ..SamplingOptions::default()
            },
            session: SessionOptions::default(),
            measure: true,
        };
        let written = stream_of_revision::write(&model, &words, &request, &mut Ignore)?;
        let timing = written.timing.context("the run was to be measured")?;
        inside += timing.revise;
        network += timing.model;
        decoding += timing.revise + timing.model + timing.sampling;
        for sample in &written.samples {
            let usage = sample.usage;
            tokens += usage.code + usage.scope + usage.patch + usage.delimiter + usage.discarded;
            revisions += usage.revisions;
        }
    }
    let rate = tokens as f64 / decoding.as_secs_f64();
    println!("| decoding with nano, one lane, 40 tasks | |\n|---|---|");
    println!("| tokens a second | {rate:.0} |");
    println!("| revisions | {revisions} in {tokens} tokens |");
    println!(
        "| decode time in `revise` | {:.2} % |",
        100.0 * inside.as_secs_f64() / decoding.as_secs_f64()
    );
    println!(
        "| decode time in the network | {:.1} % |",
        100.0 * network.as_secs_f64() / decoding.as_secs_f64()
    );
    Ok(rate)
}

/// `transformers` on the same weights: greedy, one sequence, its cache on.
fn peer(python: &str, folder: &Path, ours: f64) -> Result<()> {
    const SCRIPT: &str = "\
import sys, time, torch
from transformers import AutoModelForCausalLM
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
ids = torch.arange(1, 97).unsqueeze(0)
best = 0.0
with torch.no_grad():
    for _ in range(4):
        start = time.perf_counter()
        out = model.generate(ids, max_new_tokens=200, min_new_tokens=200, do_sample=False, pad_token_id=0)
        best = max(best, 200 / (time.perf_counter() - start))
print(best)
";
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        .arg(folder)
        .stderr(Stdio::null())
        .output();
    let output = output.with_context(|| format!("starting {python}"))?;
    ensure!(
        output.status.success(),
        "{python} could not run transformers on {}",
        folder.display()
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let rate: f64 = text
        .trim()
        .parse()
        .with_context(|| format!("reading `{}`", text.trim()))?;
    println!(
        "| transformers, same weights, tokens a second (best of 4) | {rate:.0} ({:.1} times as fast here) |",
        ours / rate
    );
    Ok(())
}

/// One step of a scope over buffers of growing size.
fn constraint() -> Result<()> {
    println!(
        "\n| constraint step, tokens of buffer | first of a scope | each following | commit |\n|---|---|---|---|"
    );
    for size in [1_000_usize, 16_000, 128_000] {
        let (first, next, commit) = episode(size)?;
        println!("| {size} | {first:.1} µs | {next:.2} µs | {commit:.1} µs |");
    }
    Ok(())
}

/// Median microseconds of the first step of a scope, of each following one, and of the splice, over a
/// buffer of `size` tokens in the proportions of code: few frequent tokens, many rare.
fn episode(size: usize) -> Result<(f64, f64, f64)> {
    const IDS: u32 = 32_000;
    const SCOPE: usize = 24;
    let actions = [IDS, IDS + 1, IDS + 2, IDS + 3, IDS + 4];
    let tokens = (0..IDS + 6).map(|id| id.to_string().into_bytes()).collect();
    let words = Arc::new(Vocabulary::new(tokens, Some(actions), vec![IDS + 5])?);
    let mut session = Session::new(Arc::clone(&words), SessionOptions::default());
    let mut state = 1_u64;
    for _ in 0..size {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let share = (state >> 33) as f64 / (1_u64 << 31) as f64;
        // Zipf-like: the token of rank r about 1/r as often as the first.
        let rank = (f64::from(IDS).powf(share) - 1.0) as u32;
        session.push(rank.min(IDS - 1));
    }
    let (mut first, mut next, mut commit) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..60 {
        let start = size * (round + 1) / 70;
        let scope: Vec<u32> = session.buffer_tokens()[start..start + SCOPE].to_vec();
        let id = |action| {
            words
                .action_id(action)
                .context("the vocabulary has the action tokens")
        };
        session.push(id(Action::Trigger)?);
        session.push(id(Action::ScopeOpen)?);
        for (at, token) in scope.iter().enumerate() {
            let lap = Instant::now();
            std::hint::black_box(session.constraint());
            session.push(*token);
            let took = lap.elapsed().as_secs_f64() * 1e6;
            if at == 0 {
                first.push(took)
            } else {
                next.push(took)
            }
        }
        session.push(id(Action::ScopeClose)?);
        session.push(id(Action::PatchOpen)?);
        for token in &scope {
            session.push(*token);
        }
        let lap = Instant::now();
        session.push(id(Action::PatchClose)?);
        commit.push(lap.elapsed().as_secs_f64() * 1e6);
    }
    ensure!(session.revisions().len() >= 60, "an episode was refused");
    Ok((median(first), median(next), median(commit)))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// From the start of the process to its end, one token written.
fn first_token(palinode: &Path) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..15 {
        let start = Instant::now();
        let status = Command::new(palinode)
            .args([
                "generate",
                "--max-tokens",
                "1",
                "Write a C function load_item(path).",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("starting {}", palinode.display()))?;
        ensure!(
            status.success(),
            "{} ended with {status}",
            palinode.display()
        );
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    println!(
        "\nFrom process start to the first token, process end included: median {:.0} ms of 15.",
        median(times)
    );
    Ok(())
}
