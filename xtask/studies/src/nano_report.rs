//! Does the bundled model's revision help, on tasks it has never seen?
//!
//! Writes 1,000 held-out tasks with the model before it learnt to revise and with the bundled one, by the
//! same seeds and sampling, judges both by the curriculum's two checks, and puts the table into the
//! model card between its two marks.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};
use palinode_curriculum::{Curriculum, Options, Split, Task, functional, security};
use palinode_methods::{Ignore, Request, Sample, stream_of_revision, vocabulary};
use palinode_model::{LoadOptions, LocalModel, SamplingOptions, Source};
use palinode_revise::{SessionOptions, Vocabulary};

use crate::arguments::Arguments;
use crate::statistics::{mcnemar, wilson};

const OPEN: &str = "<!-- nano-report -->";
const CLOSE: &str = "<!-- /nano-report -->";

/// `--before DIR --after DIR --card FILE --tasks N --seed N --temperature T --top-p P`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let before: PathBuf = arguments.get("before", "models/nano-before".into())?;
    let after: PathBuf = arguments.get("after", "models/nano".into())?;
    let card: PathBuf = arguments.get("card", "models/nano/README.md".into())?;
    let count: u64 = arguments.get("tasks", 1000)?;
    let seed: u64 = arguments.get("seed", 20_261)?;
    let how = How {
        temperature: arguments.get("temperature", 0.8)?,
        top_p: arguments.get("top-p", 0.95)?,
    };
    let options = Options {
        seed,
        split: Split::HeldOut,
        unseen_wording: 0.25,
        risky: 0.7,
    };
    let curriculum = Curriculum::new(options);
    let tasks: Vec<Task> = (0..count).map(|index| curriculum.task(index)).collect();
    let one = judge(&before, &tasks, how)?;
    let two = judge(&after, &tasks, how)?;
    let table = table(&tasks, &one, &two, how);
    println!("{table}");
    replace_between(&card, &table)
}

/// How tokens are drawn.
#[derive(Clone, Copy, Debug)]
struct How {
    temperature: f32,
    top_p: f32,
}

/// What came of one task.
#[derive(Clone, Debug)]
struct Judged {
    flawed: bool,
    draft_flawed: bool,
    broken: bool,
    revisions: usize,
    tokens: u64,
}

fn judge(folder: &Path, tasks: &[Task], how: How) -> Result<Vec<Judged>> {
    let model = palinode_model::load(&Source::Folder(folder.to_owned()), &LoadOptions::default())
        .with_context(|| format!("loading {}", folder.display()))?;
    let words = vocabulary(&model)?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Judged)>> {
        let mut out = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(index) else {
                return Ok(out);
            };
            out.push((index, judge_one(&model, &words, task, how)?));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join())
            .collect::<Vec<_>>()
    });
    let mut all = Vec::with_capacity(tasks.len());
    for part in parts {
        let Ok(part) = part else {
            bail!("a thread that was writing programs panicked")
        };
        all.extend(part?);
    }
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, judged)| judged).collect())
}

fn judge_one(model: &LocalModel, words: &Arc<Vocabulary>, task: &Task, how: How) -> Result<Judged> {
    let prompt = model
        .tokenizer
        .encode_plain(&model.prompt(&task.specification, None)?)?;
    let request = Request {
        prompt: &prompt,
        lanes: 1,
        max_tokens: 700,
        sampling: SamplingOptions {
            temperature: how.temperature,
            top_p: how.top_p,
            seed: task.index,
            ..SamplingOptions::default()
        },
        session: SessionOptions::default(),
        measure: false,
    };
    let written = stream_of_revision::write(model, words, &request, &mut Ignore)?;
    let sample = written.samples.first().context("no sample was written")?;
    let program = String::from_utf8_lossy(&sample.program);
    let flawed = |program: &str| !security::flaws(program, task.language).is_empty();
    let usage = sample.usage;
    Ok(Judged {
        flawed: flawed(&program),
        draft_flawed: flawed(&String::from_utf8_lossy(&draft(sample))),
        broken: functional::breaks(&program, task).is_some(),
        revisions: sample.revisions.len(),
        tokens: usage.code + usage.scope + usage.patch + usage.delimiter + usage.discarded,
    })
}

/// The program as it would stand had nothing been taken back: revisions undone, the last first.
fn draft(sample: &Sample) -> Vec<u8> {
    let mut program = sample.program.clone();
    for revision in sample.revisions.iter().rev() {
        let start = revision.span.start;
        program.splice(
            start..start + revision.new.len(),
            revision.old.iter().copied(),
        );
    }
    program
}

/// Selects the tasks of a row.
type Group<'a> = &'a dyn Fn(&Task) -> bool;

/// The property that is counted.
type Count<'a> = &'a dyn Fn(&Judged) -> bool;

fn table(tasks: &[Task], one: &[Judged], two: &[Judged], how: How) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} held-out tasks ({} risky, {} benign; {} in wordings never seen in training), one sample each, temperature {}, top-p {}, the same seeds for both. In brackets: 95 % intervals (Wilson); p: exact McNemar test over pairs.\n",
        tasks.len(),
        tasks.iter().filter(|task| task.is_risky()).count(),
        tasks.iter().filter(|task| !task.is_risky()).count(),
        tasks.iter().filter(|task| task.unseen_wording).count(),
        how.temperature,
        how.top_p,
    );
    out.push_str("| | before | nano | better / worse | p |\n|---|---|---|---|---|\n");
    let risky = |task: &Task| task.is_risky();
    let benign = |task: &Task| !task.is_risky();
    let groups: [(&str, Group<'_>); 3] = [
        ("", &|_| true),
        (", wordings seen", &|task| !task.unseen_wording),
        (", wordings never seen", &|task| task.unseen_wording),
    ];
    for (name, group) in groups {
        let mut row = |title: &str, of: &dyn Fn(&Task) -> bool, count: Count<'_>| {
            let of = |task: &Task| of(task) && group(task);
            let _ = writeln!(
                out,
                "{}",
                row(&format!("{title}{name}"), tasks, one, two, &of, count)
            );
        };
        row("risky: flawed program", &risky, &|judged| judged.flawed);
        row(
            "risky: flawed draft (nothing taken back)",
            &risky,
            &|judged| judged.draft_flawed,
        );
        row("risky: no longer does the task", &risky, &|judged| {
            judged.broken
        });
        row("risky: flawed or broken", &risky, &|judged| {
            judged.flawed || judged.broken
        });
        row("benign: revised", &benign, &|judged| judged.revisions > 0);
        row("benign: no longer does the task", &benign, &|judged| {
            judged.broken
        });
    }
    out.push_str(&saved(tasks, one, two));
    out
}

fn row(
    title: &str,
    tasks: &[Task],
    one: &[Judged],
    two: &[Judged],
    of: &dyn Fn(&Task) -> bool,
    count: Count<'_>,
) -> String {
    let pairs: Vec<(bool, bool)> = tasks
        .iter()
        .zip(one.iter().zip(two))
        .filter(|(task, _)| of(task))
        .map(|(_, (before, after))| (count(before), count(after)))
        .collect();
    let share = |hits: usize| {
        let (low, high) = wilson(hits, pairs.len());
        let percent = 100.0 * hits as f64 / pairs.len().max(1) as f64;
        format!(
            "{hits} of {}: {percent:.1} % [{:.1}, {:.1}]",
            pairs.len(),
            100.0 * low,
            100.0 * high
        )
    };
    let better = pairs.iter().filter(|pair| pair.0 && !pair.1).count();
    let worse = pairs.iter().filter(|pair| !pair.0 && pair.1).count();
    let p = mcnemar(better, worse);
    let p = if p < 1e-4 {
        format!("{p:.0e}")
    } else {
        format!("{p:.4}")
    };
    let before = share(pairs.iter().filter(|pair| pair.0).count());
    let after = share(pairs.iter().filter(|pair| pair.1).count());
    format!("| {title} | {before} | {after} | {better} / {worse} | {p} |")
}

/// Which programs were saved by a revision, and what it cost.
fn saved(tasks: &[Task], one: &[Judged], two: &[Judged]) -> String {
    let risky: Vec<(&Judged, &Judged)> = tasks
        .iter()
        .zip(one.iter().zip(two))
        .filter(|(task, _)| task.is_risky())
        .map(|(_, pair)| pair)
        .collect();
    let saved: Vec<&(&Judged, &Judged)> = risky
        .iter()
        .filter(|(before, after)| before.flawed && !after.flawed)
        .collect();
    let by_revision = saved.iter().filter(|(_, after)| after.draft_flawed).count();
    let flawed_drafts: Vec<&(&Judged, &Judged)> = risky
        .iter()
        .filter(|(_, after)| after.draft_flawed)
        .collect();
    let repaired = flawed_drafts
        .iter()
        .filter(|(_, after)| !after.flawed)
        .count();
    let whole = flawed_drafts
        .iter()
        .filter(|(_, after)| !after.flawed && !after.broken)
        .count();
    let tokens = |all: &[Judged]| {
        all.iter().map(|judged| judged.tokens).sum::<u64>() as f64 / all.len().max(1) as f64
    };
    let (first, second) = (tokens(one), tokens(two));
    format!(
        "\nOf nano's {} flawed drafts, {repaired} were repaired by its own revision, {whole} of them into a program that does the task. \
Of the {} programs that were flawed before and are not with nano, {by_revision} had a flawed draft that a revision repaired; the others were drafted without the flaw. \
Output tokens: {first:.1} before, {second:.1} with nano, scopes, patches and delimiters included: {:.2}×.\n",
        flawed_drafts.len(),
        saved.len(),
        second / first,
    )
}

/// Puts the text between the card's marks.
fn replace_between(card: &Path, text: &str) -> Result<()> {
    let old =
        std::fs::read_to_string(card).with_context(|| format!("reading {}", card.display()))?;
    let (Some(open), Some(close)) = (old.find(OPEN), old.find(CLOSE)) else {
        bail!("{} lacks the marks {OPEN} and {CLOSE}", card.display());
    };
    let new = format!("{}{OPEN}\n{text}{}", &old[..open], &old[close..]);
    std::fs::write(card, new).with_context(|| format!("writing {}", card.display()))
}
