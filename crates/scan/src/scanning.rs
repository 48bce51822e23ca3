//! How do several analyzers look at several texts side by side?

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::analyzer::{Analyzer, Work};
use crate::desk::{Desk, applicable};
use crate::error::Error;
use crate::merge::{Merged, merge};
use crate::request::{Observer, Request};
use crate::run::Run;
use crate::source::Source;
use crate::stage::Stage;

/// What a scan says.
#[derive(Clone, Debug)]
pub struct Report {
    /// The texts, as they were handed in.
    pub sources: Vec<Source>,
    /// What became of each analyzer that was asked, in the order of the registry.
    pub runs: Vec<Run>,
    /// The findings of all, merged; by text, then by place.
    pub findings: Vec<Merged>,
}

impl Report {
    /// The runs that gave no answer about some text: what was found is then not all there is.
    pub fn incomplete(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| !run.is_complete())
    }
}

/// Asks the analyzers about the texts.
///
/// Cost: each tool's own, `settings.jobs` at a time; a copy of the texts on disk where a tool is asked; and one parse
/// of each text that has findings.
///
/// # Errors
/// Only where nothing could be asked at all: the texts could not be copied.
pub fn scan(request: &Request<'_>, observer: &dyn Observer) -> Result<Report, Error> {
    let mut analyzers = request.analyzers.to_vec();
    let place = |analyzer: &&Analyzer| {
        let known = crate::analyzers::ANALYZERS.iter();
        known.clone().position(|other| other.name == analyzer.name)
    };
    analyzers.sort_by_key(|analyzer| (place(analyzer), analyzer.name));
    analyzers.dedup_by_key(|analyzer| analyzer.name);
    let needs_copies = |analyzer: &&Analyzer| {
        matches!(analyzer.work, Work::Tool(_)) && !applicable(analyzer, request.sources).is_empty()
    };
    let stage = match analyzers.iter().any(needs_copies) {
        true => Some(Stage::new(request.sources)?),
        false => None,
    };
    let desks: Vec<Desk<'_>> = analyzers
        .into_iter()
        .map(|analyzer| Desk::new(analyzer, request))
        .collect();
    let queue: Mutex<VecDeque<Part<'_>>> = Mutex::new(
        desks
            .iter()
            .map(|desk| Part { desk, files: None })
            .collect(),
    );
    // Parts that are being worked on may add others to the queue, so an empty queue is not the end yet.
    let working = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..request.settings.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let part = {
                        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                        let part = queue.pop_front();
                        if part.is_some() {
                            working.fetch_add(1, Ordering::SeqCst);
                        }
                        part
                    };
                    match part {
                        Some(part) => {
                            let more = part.work(request, stage.as_ref(), observer);
                            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                            queue.extend(more);
                            working.fetch_sub(1, Ordering::SeqCst);
                        }
                        None if working.load(Ordering::SeqCst) == 0 => return,
                        None => std::thread::sleep(Duration::from_millis(1)),
                    }
                }
            });
        }
    });
    let runs: Vec<Run> = desks.into_iter().map(|desk| desk.finish(request)).collect();
    let said = runs.iter().flat_map(|run| run.findings.iter().cloned());
    Ok(Report {
        findings: merge(request.sources, said),
        sources: request.sources.to_vec(),
        runs,
    })
}

/// A piece of work: finding out whether an analyzer can be asked, or asking it about some texts.
struct Part<'d> {
    desk: &'d Desk<'d>,
    files: Option<Vec<usize>>,
}

impl<'d> Part<'d> {
    /// Does it, and returns what follows from it.
    fn work(
        self,
        request: &Request<'_>,
        stage: Option<&Stage>,
        observer: &dyn Observer,
    ) -> Vec<Part<'d>> {
        let desk = self.desk;
        let follows = match self.files {
            None => desk.open(request, observer),
            Some(files) => {
                desk.ask(&files, request, stage);
                observer.advanced(desk.analyzer);
                desk.gathered().parts_left -= 1;
                Vec::new()
            }
        };
        if desk.gathered().parts_left == 0 {
            let started = desk.started.get();
            desk.gathered().wall = started.map_or(Duration::ZERO, Instant::elapsed);
            observer.finished(&desk.run(request));
        }
        follows
            .into_iter()
            .map(|files| Part {
                desk,
                files: Some(files),
            })
            .collect()
    }
}
