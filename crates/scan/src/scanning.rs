//! How do several analyzers look at several texts side by side?

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::analyzer::{Analyzer, Share, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::error::Error;
use crate::heard::{Checked, Files, Heard};
use crate::installation::{Installation, Presence, presence};
use crate::merge::{Merged, merge};
use crate::request::{Observer, Request};
use crate::run::{FailedFile, Run, Skipped, Status};
use crate::source::Source;
use crate::stage::Stage;

/// The most files in one run of a tool: what fits a command line everywhere.
const MOST_FILES: usize = 400;

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

/// Indices of the texts that an analyzer reads.
fn applicable(analyzer: &Analyzer, sources: &[Source]) -> Vec<usize> {
    let reads =
        |(index, source): (usize, &Source)| analyzer.reads(source.language.name).then_some(index);
    sources.iter().enumerate().filter_map(reads).collect()
}

/// Where one analyzer's work is gathered.
struct Desk<'a> {
    analyzer: &'static Analyzer,
    sources: &'a [Source],
    /// Indices of the texts that it is asked about.
    asked: Vec<usize>,
    installation: OnceLock<Installation>,
    started: OnceLock<Instant>,
    peak_memory: AtomicU64,
    gathered: Mutex<Gathered>,
}

#[derive(Default)]
struct Gathered {
    parts_left: usize,
    checked: Vec<Checked>,
    /// Parts that gave no answer, and which texts they were about.
    trouble: Vec<(Trouble, Vec<usize>)>,
    /// Where nothing could be asked.
    verdict: Option<Status>,
    wall: Duration,
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

impl<'a> Desk<'a> {
    fn new(analyzer: &'static Analyzer, request: &Request<'a>) -> Self {
        Self {
            analyzer,
            sources: request.sources,
            asked: applicable(analyzer, request.sources),
            installation: OnceLock::new(),
            started: OnceLock::new(),
            peak_memory: AtomicU64::new(0),
            gathered: Mutex::default(),
        }
    }

    fn gathered(&self) -> std::sync::MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds out whether the analyzer can be asked, and about which texts at one time.
    fn open(&self, request: &Request<'_>, observer: &dyn Observer) -> Vec<Vec<usize>> {
        let nothing_to_do = match self.analyzer.work {
            Work::Reports => request.settings.sarif.is_empty(),
            Work::InProcess(_) | Work::Tool(_) => self.asked.is_empty(),
        };
        let verdict = if nothing_to_do {
            Some(Status::NotApplicable)
        } else if request.interrupt.is_triggered() {
            Some(Status::Interrupted)
        } else {
            match presence(self.analyzer, request.settings, request.interrupt) {
                Presence::BuiltIn => None,
                Presence::Ready(installation) => {
                    let _ = self.installation.set(installation);
                    None
                }
                Presence::Missing { install } => Some(Status::Missing { install }),
                Presence::Unusable { why } => Some(Status::Failed { why }),
                Presence::TimedOut => Some(Status::TimedOut),
                Presence::Interrupted => Some(Status::Interrupted),
            }
        };
        let parts = if verdict.is_some() {
            Vec::new()
        } else {
            self.shares()
        };
        observer.started(self.analyzer, parts.len());
        let mut gathered = self.gathered();
        gathered.verdict = verdict;
        gathered.parts_left = parts.len();
        parts
    }

    /// Which texts go into one run.
    fn shares(&self) -> Vec<Vec<usize>> {
        let chunks = |files: &[usize], most| files.chunks(most).map(<[usize]>::to_vec).collect();
        match &self.analyzer.work {
            Work::Reports => vec![(0..self.sources.len()).collect()],
            Work::InProcess(_) => chunks(&self.asked, 64),
            Work::Tool(tool) => match tool.share {
                Share::All => chunks(&self.asked, MOST_FILES),
                Share::Each => chunks(&self.asked, 1),
                Share::Language => {
                    let mut by_language: Vec<(&str, Vec<usize>)> = Vec::new();
                    for &index in &self.asked {
                        let name = self.sources[index].language.name;
                        match by_language.iter_mut().find(|(other, _)| *other == name) {
                            Some((_, files)) => files.push(index),
                            None => by_language.push((name, vec![index])),
                        }
                    }
                    let all = by_language.into_iter();
                    all.flat_map(|(_, files)| -> Vec<Vec<usize>> { chunks(&files, MOST_FILES) })
                        .collect()
                }
            },
        }
    }

    /// Asks about some texts, and keeps the answer. A panic in here is an answer too: it must not take the others
    /// down, and it must not read as clean.
    fn ask(&self, files: &[usize], request: &Request<'_>, stage: Option<&Stage>) {
        let started = *self.started.get_or_init(Instant::now);
        let deadline = started + request.settings.time;
        let answer = catch_unwind(AssertUnwindSafe(|| match &self.analyzer.work {
            Work::InProcess(look) => Ok(self.look(*look, files, request, deadline)),
            Work::Reports => self.read_reports(files, request),
            Work::Tool(tool) => self.use_tool(tool, files, request, stage, deadline),
        }));
        let answer =
            answer.unwrap_or_else(|_| Err(Trouble::Failed("a bug: it panicked".to_owned())));
        let mut gathered = self.gathered();
        match answer {
            Ok(checked) => gathered.checked.push(checked),
            Err(trouble) => gathered.trouble.push((trouble, files.to_vec())),
        }
    }

    fn look(
        &self,
        look: crate::analyzer::InProcess,
        files: &[usize],
        request: &Request<'_>,
        deadline: Instant,
    ) -> Checked {
        let mut checked = Checked::default();
        for &index in files {
            let answer = if request.interrupt.is_triggered() {
                Err("the scan was interrupted".to_owned())
            } else if Instant::now() >= deadline {
                Err("its time was over".to_owned())
            } else {
                look(&self.sources[index], request.settings)
            };
            match answer {
                Ok(looked) => {
                    let findings = looked.findings.into_iter();
                    checked
                        .findings
                        .extend(findings.map(|finding| (index, finding)));
                    let skipped = looked.skipped.into_iter();
                    checked
                        .skipped
                        .extend(skipped.map(|(line, why)| (index, line, why)));
                    checked
                        .failed
                        .extend(looked.incomplete.map(|why| (index, why)));
                }
                Err(why) => checked.failed.push((index, why)),
            }
        }
        checked
    }

    fn read_reports(&self, files: &[usize], request: &Request<'_>) -> Result<Checked, Trouble> {
        let named = files.iter().map(|&index| {
            let source = &self.sources[index];
            (source.name.clone(), index, source)
        });
        let files = Files::new(named);
        let mut all = Heard::default();
        for (name, bytes) in &request.settings.sarif {
            let heard = crate::sarif::read_any(bytes, &files);
            let heard = heard.map_err(|why| Trouble::Failed(format!("`{name}`: {why}")))?;
            all.said.extend(heard.said);
            all.failed.extend(heard.failed);
            all.skipped.extend(heard.skipped);
            all.notes.extend(
                heard
                    .notes
                    .into_iter()
                    .map(|note| format!("`{name}`: {note}")),
            );
        }
        Ok(all.check(self.analyzer.name, &files))
    }

    fn use_tool(
        &self,
        tool: &Tool,
        files: &[usize],
        request: &Request<'_>,
        stage: Option<&Stage>,
        deadline: Instant,
    ) -> Result<Checked, Trouble> {
        let (Some(stage), Some(installation)) = (stage, self.installation.get()) else {
            return Err(Trouble::Failed(
                "a bug: it was asked before it was found".to_owned(),
            ));
        };
        let named = files.iter().map(|&index| {
            let name = stage.name(tool.layout, index).to_owned();
            (name, index, &self.sources[index])
        });
        let files = Files::new(named);
        let failed =
            |error: std::io::Error| Trouble::Failed(format!("no folder for its output: {error}"));
        let fresh = stage.fresh().map_err(failed)?;
        let heard = (tool.run)(&Job {
            installation,
            settings: request.settings,
            interrupt: request.interrupt,
            deadline,
            root: &stage.root(tool.layout),
            fresh: fresh.path(),
            files: &files,
            peak_memory: &self.peak_memory,
        })?;
        Ok(heard.check(self.analyzer.name, &files))
    }

    /// What became of the analyzer, as far as it is known.
    fn run(&self, request: &Request<'_>) -> Run {
        let gathered = self.gathered();
        let is_reports = matches!(self.analyzer.work, Work::Reports);
        let mut run = Run {
            analyzer: self.analyzer,
            status: Status::Clean,
            version: self.installation.get().map(|found| found.version.clone()),
            asked: if is_reports {
                request.settings.sarif.len()
            } else {
                self.asked.len()
            },
            failed: Vec::new(),
            skipped: Vec::new(),
            notes: Vec::new(),
            wall: gathered.wall,
            peak_memory: self.peak_memory.load(Ordering::Relaxed),
            findings: Vec::new(),
        };
        for checked in &gathered.checked {
            run.findings.extend(checked.findings.iter().cloned());
            run.notes.extend(checked.notes.iter().cloned());
            let failed = checked.failed.iter().cloned();
            run.failed
                .extend(failed.map(|(source, why)| FailedFile { source, why }));
            let skipped = checked.skipped.iter().cloned();
            run.skipped
                .extend(skipped.map(|(source, line, why)| Skipped { source, line, why }));
        }
        for (trouble, files) in &gathered.trouble {
            let why = match trouble {
                Trouble::Failed(why) => why.clone(),
                Trouble::TimedOut => "it took too long".to_owned(),
                Trouble::Interrupted => "the scan was interrupted".to_owned(),
            };
            run.failed.extend(files.iter().map(|&source| FailedFile {
                source,
                why: why.clone(),
            }));
        }
        run.failed.sort();
        run.failed.dedup();
        run.skipped.sort();
        run.skipped.dedup();
        run.notes.sort();
        run.notes.dedup();
        run.findings.sort_by(crate::merge::order);
        run.findings.dedup();
        run.status = gathered
            .verdict
            .clone()
            .unwrap_or_else(|| status(&run, &gathered.trouble));
        run
    }

    fn finish(self, request: &Request<'_>) -> Run {
        self.run(request)
    }
}

/// The status of an analyzer that was asked. Whatever went wrong, it is not clean; and where there is no finding at
/// all, what went wrong is the status.
fn status(run: &Run, trouble: &[(Trouble, Vec<usize>)]) -> Status {
    let met = |wanted: &Trouble| trouble.iter().any(|(trouble, _)| trouble == wanted);
    if met(&Trouble::Interrupted) {
        return Status::Interrupted;
    }
    if !run.findings.is_empty() {
        return Status::Findings;
    }
    if met(&Trouble::TimedOut) {
        return Status::TimedOut;
    }
    match run.failed.first() {
        None => Status::Clean,
        Some(first) => {
            let mut files: Vec<usize> = run.failed.iter().map(|failed| failed.source).collect();
            files.dedup();
            let why = match (files.len(), run.asked) {
                (_, 1) => first.why.clone(),
                (failed, asked) => format!("{failed} of {asked} files, the first: {}", first.why),
            };
            Status::Failed { why }
        }
    }
}
