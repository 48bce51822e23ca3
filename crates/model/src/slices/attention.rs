//! Which earlier positions does a token look at, and what does it take from them?

use std::sync::Arc;

use rayon::prelude::*;

use super::vectors::{mix as mix_rows, softmax};
use crate::cache::{PAGE, Page};
use crate::network::{Lane, Span};
use crate::{Error, Shape};

/// Scores to compute before more threads are worth waking.
const WORTH_THREADS: usize = 1 << 13;

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
    // For each row of queries its lane's pages, and its position.
    let mut rows: Vec<(&[Arc<Page>], usize)> = Vec::new();
    let mut work = 0;
    let mut all: Vec<&[Arc<Page>]> = Vec::new();
    for lane in lanes {
        all.push(lane.cache.pages(shape)?[layer].pages());
    }
    for span in spans {
        for offset in 0..span.count {
            rows.push((all[span.lane], span.past + offset));
            work += span.past + offset + 1;
        }
    }
    let width = shape.head_width;
    let line = (shape.heads + 2 * shape.kv_heads) * width;
    // Query heads that share a key head lie next to each other.
    let group = shape.heads / shape.kv_heads * width;
    let scale = 1.0 / (width as f32).sqrt();
    let one = |memory: &mut Memory, (number, output): (usize, &mut [f32])| {
        let (row, head) = (number / shape.kv_heads, number % shape.kv_heads);
        let (pages, position) = rows[row];
        let first = window.map_or(0, |window| (position + 1).saturating_sub(window));
        let queries = &projected[row * line + head * group..][..group];
        let heads = queries.chunks_exact(width);
        for (query, output) in heads.zip(output.chunks_exact_mut(width)) {
            memory.query.clear();
            memory
                .query
                .extend(query.iter().map(|number| number * scale));
            look(memory, pages, (first, position), (head, width), output);
        }
    };
    if work * shape.heads < WORTH_THREADS * 8 || rayon::current_num_threads() == 1 {
        let mut memory = Memory::default();
        for part in mixed.chunks_exact_mut(group).enumerate() {
            one(&mut memory, part);
        }
    } else {
        let parts = mixed.par_chunks_exact_mut(group).enumerate();
        parts.for_each_init(Memory::default, one);
    }
    Ok(())
}

/// What one thread needs.
#[derive(Default)]
struct Memory {
    query: Vec<f32>,
    scores: Vec<f32>,
}

/// One query over the positions from `first` to `last`, both included.
fn look(
    memory: &mut Memory,
    pages: &[Arc<Page>],
    (first, last): (usize, usize),
    (head, width): (usize, usize),
    output: &mut [f32],
) {
    // Pages that lie wholly before the window are left out; what lies before it in its first page is
    // computed and not used.
    let skipped = first / PAGE;
    let pages = &pages[skipped..=last / PAGE];
    let scores = &mut memory.scores;
    scores.clear();
    scores.resize(pages.len() * PAGE, 0.0);
    for (page, scores) in pages.iter().zip(scores.chunks_exact_mut(PAGE)) {
        mix_rows(scores, &memory.query, page.keys(head, width), PAGE);
    }
    let seen = first - skipped * PAGE..last + 1 - skipped * PAGE;
    softmax(&mut scores[seen.clone()]);
    scores[..seen.start].fill(0.0);
    output.fill(0.0);
    for (page, scores) in pages.iter().zip(scores[..seen.end].chunks(PAGE)) {
        mix_rows(output, scores, page.values(head, width), width);
    }
}
