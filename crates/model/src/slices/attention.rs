//! Which earlier positions does a token look at, and what does it take from them?

use std::sync::Arc;

use rayon::prelude::*;

use super::threads;
use super::vectors::{mix as mix_rows, softmax};
use crate::cache::{PAGE, Page};
use crate::network::{Lane, Span};
use crate::{Error, Shape};

/// Scores to compute before they are worth sharing among threads.
const WORTH_THREADS: usize = 1 << 16;

/// Rows of queries that look at a page together: it is read from a farther cache once for all of them.
const TOGETHER: usize = 8;

/// Some rows of queries of one lane, and one head of keys.
struct Task<'a> {
    /// The lane's pages.
    pages: &'a [Arc<Page>],
    /// Heads of queries for each row: `[group, W]`.
    queries: Vec<&'a [f32]>,
    /// Where what they find goes: as many numbers.
    outputs: Vec<&'a mut [f32]>,
    /// The position of the first row.
    past: usize,
    /// Which head of keys.
    head: usize,
}

/// Attention of the queries in `projected [T, (H + 2K) * W]` over what their lanes' caches hold up to their
/// own positions, the last `window` of them: `mixed [T, H * W]`.
pub(super) fn mix(
    shape: &Shape,
    window: Option<usize>,
    layer: usize,
    projected: &[f32],
    spans: &[Span],
    lanes: &mut [Lane<'_>],
    mixed: &mut [f32],
) -> Result<(), Error> {
    let mut all: Vec<&[Arc<Page>]> = Vec::new();
    for lane in lanes {
        all.push(lane.cache.pages(shape)?[layer].pages());
    }
    let width = shape.head_width;
    let line = (shape.heads + 2 * shape.kv_heads) * width;
    // Query heads that share a key head lie next to each other.
    let group = shape.heads / shape.kv_heads * width;
    let mut tasks = Vec::new();
    let mut work = 0;
    let mut outputs = mixed.chunks_exact_mut(shape.heads * width);
    for span in spans {
        for first in (0..span.count).step_by(TOGETHER) {
            let rows = first..span.count.min(first + TOGETHER);
            let new = tasks.len();
            tasks.extend((0..shape.kv_heads).map(|head| Task {
                pages: all[span.lane],
                queries: Vec::with_capacity(rows.len()),
                outputs: Vec::with_capacity(rows.len()),
                past: span.past + first,
                head,
            }));
            for (row, output) in rows.clone().zip(&mut outputs) {
                let queries = &projected[(span.start + row) * line..][..shape.heads * width];
                let heads = queries
                    .chunks_exact(group)
                    .zip(output.chunks_exact_mut(group));
                for (task, (queries, output)) in tasks[new..].iter_mut().zip(heads) {
                    task.queries.push(queries);
                    task.outputs.push(output);
                }
            }
            work += rows.len() * (span.past + rows.end) * shape.heads;
        }
    }
    let one = |memory: &mut Memory, task: Task<'_>| task.run(memory, width, window);
    if work < WORTH_THREADS || !threads() {
        let mut memory = Memory::default();
        for task in tasks {
            one(&mut memory, task);
        }
    } else {
        tasks.into_par_iter().for_each_init(Memory::default, one);
    }
    Ok(())
}

/// What one thread needs.
#[derive(Default)]
struct Memory {
    query: Vec<f32>,
    scores: Vec<f32>,
}

impl Task<'_> {
    fn run(mut self, memory: &mut Memory, width: usize, window: Option<usize>) {
        let scale = 1.0 / (width as f32).sqrt();
        let heads = self.queries[0].len() / width;
        // Which positions each row sees, and which pages they lie on. What else lies on these is computed and
        // not used.
        let (past, rows) = (self.past, self.queries.len());
        let first = |row: usize| window.map_or(0, |w| (past + row + 1).saturating_sub(w));
        let pages = |row: usize| first(row) / PAGE..=(past + row) / PAGE;
        let all = *pages(0).start()..*pages(rows - 1).end() + 1;
        let room = all.len() * PAGE;
        memory.scores.clear();
        memory.scores.resize(rows * heads * room, 0.0);
        memory.query.clear();
        for queries in &self.queries {
            memory
                .query
                .extend(queries.iter().map(|number| number * scale));
        }
        let (queries, scores) = (&memory.query[..], &mut memory.scores[..]);
        for number in all.clone() {
            let keys = self.pages[number].keys(self.head, width);
            let at = (number - all.start) * PAGE;
            let lines = queries
                .chunks_exact(width)
                .zip(scores.chunks_exact_mut(room));
            for (line, (query, scores)) in lines.enumerate() {
                if pages(line / heads).contains(&number) {
                    mix_rows(&mut scores[at..at + PAGE], query, keys, PAGE);
                }
            }
        }
        for (line, scores) in scores.chunks_exact_mut(room).enumerate() {
            let row = line / heads;
            let seen = first(row) - all.start * PAGE..past + row + 1 - all.start * PAGE;
            softmax(&mut scores[seen.clone()]);
            scores[..seen.start].fill(0.0);
        }
        self.outputs.iter_mut().for_each(|output| output.fill(0.0));
        for number in all.clone() {
            let values = self.pages[number].values(self.head, width);
            let at = (number - all.start) * PAGE;
            let outputs = self
                .outputs
                .iter_mut()
                .flat_map(|output| output.chunks_exact_mut(width));
            for (line, (output, scores)) in outputs.zip(scores.chunks_exact(room)).enumerate() {
                let row = line / heads;
                if pages(row).contains(&number) {
                    let end = (past + row + 1 - all.start * PAGE).min(at + PAGE);
                    mix_rows(output, &scores[at..end], values, width);
                }
            }
        }
    }
}
