//! How is one analyzer asked about its texts, and where is what it says gathered?

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::analyzer::{Analyzer, Share, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::heard::{Checked, Files, Heard};
use crate::installation::{Installation, Presence, presence};
use crate::request::{Observer, Request};
use crate::run::Status;
use crate::source::Source;
use crate::stage::Stage;

/// The most files in one run of a tool: what fits a command line everywhere.
const MOST_FILES: usize = 400;

/// Indices of the texts that an analyzer reads.
pub(crate) fn applicable(analyzer: &Analyzer, sources: &[Source]) -> Vec<usize> {
    let reads =
        |(index, source): (usize, &Source)| analyzer.reads(source.language.name).then_some(index);
    sources.iter().enumerate().filter_map(reads).collect()
}

/// Where one analyzer's work is gathered.
pub(crate) struct Desk<'a> {
    pub(crate) analyzer: &'static Analyzer,
    pub(crate) sources: &'a [Source],
    /// Indices of the texts that it is asked about.
    pub(crate) asked: Vec<usize>,
    pub(crate) installation: OnceLock<Installation>,
    pub(crate) started: OnceLock<Instant>,
    pub(crate) peak_memory: AtomicU64,
    pub(crate) gathered: Mutex<Gathered>,
}

#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) parts_left: usize,
    pub(crate) checked: Vec<Checked>,
    /// Parts that gave no answer, and which texts they were about.
    pub(crate) trouble: Vec<(Trouble, Vec<usize>)>,
    /// Where nothing could be asked.
    pub(crate) verdict: Option<Status>,
    pub(crate) wall: Duration,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(analyzer: &'static Analyzer, request: &Request<'a>) -> Self {
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

    pub(crate) fn gathered(&self) -> std::sync::MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds out whether the analyzer can be asked, and about which texts at one time.
    pub(crate) fn open(&self, request: &Request<'_>, observer: &dyn Observer) -> Vec<Vec<usize>> {
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
                Presence::Unprovided { installation, why } => {
                    let _ = self.installation.set(installation);
                    Some(Status::Failed { why })
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
    pub(crate) fn ask(&self, files: &[usize], request: &Request<'_>, stage: Option<&Stage>) {
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
}
