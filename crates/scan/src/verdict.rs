//! What became of an analyzer, given all that was gathered of it?

use std::sync::atomic::Ordering;

use crate::analyzer::Work;
use crate::bench::Trouble;
use crate::desk::Desk;
use crate::request::Request;
use crate::run::{FailedFile, Run, Skipped, Status};

impl Desk<'_> {
    /// What became of the analyzer, as far as it is known.
    pub(crate) fn run(&self, request: &Request<'_>) -> Run {
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

    pub(crate) fn finish(self, request: &Request<'_>) -> Run {
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
