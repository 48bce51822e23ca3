//! Who is asked, and what do they say about the files as the user knows them?

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use palinode_code::languages::Language;
use palinode_code::{Edit, Finding, Step};
use palinode_rules::RuleBook;
use palinode_scan::analyzers::{ANALYZERS, by_name};
use palinode_scan::filter::{Baseline, Suppressed, suppress};
use palinode_scan::report::Comparison;
use palinode_scan::{Analyzer, Changes, Report, Request, Settings, Silent, compare, scan};

use super::collect::{Collected, Source};
use super::earlier::Since;
use super::rules::{book, read_rules};
use super::{Arguments, cannot_read};
use crate::console::variable;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// The analyzer that takes in what other tools reported.
const REPORTS: &str = "sarif";
/// The analyzer that has no rules of its own.
const RULES_OF_OTHERS: &str = "semgrep";

/// What was asked, and the answer.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What they say. Texts and positions are those of the files, also for findings in blocks of Markdown.
    pub(crate) report: Report,
    /// Those whom the user named.
    named: Vec<&'static str>,
    /// What comments in the code took back, and comments that took back nothing.
    pub(crate) suppressed: Suppressed,
    /// How many findings the baseline has already.
    pub(crate) known: usize,
    /// What the findings were compared with, where they are only those of a change.
    pub(crate) compared: Option<Comparison>,
    /// Whether somebody stopped it.
    pub(crate) interrupted: bool,
}

impl Asked {
    /// Whether the user named it: then its failure is the command's.
    pub(crate) fn is_named(&self, analyzer: &str) -> bool {
        self.named.contains(&analyzer)
    }
}

/// Asks.
pub(crate) fn ask(
    arguments: &Arguments,
    collected: &Collected,
    language: Option<&'static Language>,
    since: Option<&Since>,
) -> Result<Asked, Failure> {
    let settings = settings(arguments)?;
    let baseline = arguments
        .baseline
        .as_deref()
        .map(read_baseline)
        .transpose()?;
    let mut analyzers: Vec<&'static Analyzer> = match arguments.analyzer.is_empty() {
        true => ANALYZERS
            .iter()
            .copied()
            // Without rules it can say nothing, and nobody asked it to.
            .filter(|analyzer| {
                analyzer.name != RULES_OF_OTHERS || !settings.semgrep_rules.is_empty()
            })
            .collect(),
        false => {
            let names = arguments.analyzer.iter();
            names.map(|name| known(name)).collect::<Result<_, _>>()?
        }
    };
    let mut named: Vec<&'static str> = match arguments.analyzer.is_empty() {
        true => Vec::new(),
        false => analyzers.iter().map(|analyzer| analyzer.name).collect(),
    };
    if !arguments.sarif.is_empty() {
        analyzers.push(known(REPORTS)?);
        named.push(REPORTS);
    }
    let texts = texts(&collected.sources);
    let interrupt = Interrupt::listen();
    let switch = interrupt.switch();
    let request = Request {
        sources: &texts,
        analyzers: &analyzers,
        settings: &settings,
        interrupt: &switch,
    };
    let cannot_begin =
        |error| Failure::new("the scan could not begin").because(&error as &palinode_scan::Error);
    let mut report = scan(&request, &Silent).map_err(cannot_begin)?;
    // Before positions become those of the texts around.
    let mut suppressed = suppress(&report.sources, report.findings.clone());
    let all = std::mem::take(&mut report.findings);
    report.findings = std::mem::take(&mut suppressed.kept);
    let mut known = 0;
    if let Some(baseline) = baseline {
        let found = std::mem::take(&mut report.findings);
        let (new, old) = baseline.part(&report.sources, found);
        (report.findings, known) = (new, old.len());
    }
    let mut compared = None;
    if let Some(since) = since {
        let found = std::mem::take(&mut report.findings);
        let changes = match found.is_empty() {
            // Nothing can be new.
            true => Changes::default(),
            false => {
                let earlier = since.sources(
                    &collected.changed,
                    &arguments.paths,
                    language,
                    arguments.max_size,
                )?;
                let texts = self::texts(&earlier);
                let request = Request {
                    sources: &texts,
                    ..request
                };
                let before = scan(&request, &Silent).map_err(cannot_begin)?;
                report.findings = all;
                compare(&before, &report, found)
            }
        };
        let changes = since.comparison(changes);
        report.findings = changes.0;
        compared = Some(changes.1);
    }
    for (index, source) in collected.sources.iter().enumerate() {
        if source.within.is_some() {
            lift(&mut report, index, source);
        }
    }
    Ok(Asked {
        report,
        named,
        suppressed,
        known,
        compared,
        interrupted: interrupt.is_set(),
    })
}

/// The texts as analyzers get them.
fn texts(sources: &[Source]) -> Vec<palinode_scan::Source> {
    let text = |source: &Source| palinode_scan::Source {
        unfinished: source.unfinished,
        ..palinode_scan::Source::new(source.name.clone(), source.text.clone(), source.language)
    };
    sources.iter().map(text).collect()
}

/// Brings what was said about a block of Markdown to the text around it.
fn lift(report: &mut Report, index: usize, source: &Source) {
    let Some((outer, block)) = &source.within else {
        return;
    };
    let lift = |finding: &mut Finding| {
        finding.span = block.outside(finding.span);
        let steps = std::mem::take(&mut finding.trace).into_iter();
        finding.trace = steps
            .map(|step| Step {
                span: block.outside(step.span),
                ..step
            })
            .collect();
        let edits: Vec<Edit> = std::mem::take(&mut finding.fix);
        finding.fix = edits
            .iter()
            .map(|edit| block.edit_outside(edit, outer))
            .collect();
    };
    for found in &mut report.findings {
        if found.source == index {
            lift(&mut found.finding);
            found.witnesses.iter_mut().for_each(lift);
        }
    }
    for (_, finding) in report
        .runs
        .iter_mut()
        .flat_map(|run| &mut run.findings)
        .filter(|(at, _)| *at == index)
    {
        lift(finding);
    }
    if let Some(text) = report.sources.get_mut(index) {
        text.text = outer.clone();
    }
}

fn read_baseline(file: &Path) -> Result<Baseline, Failure> {
    let bytes = fs::read(file).map_err(|error| cannot_read(file, &error))?;
    Baseline::read(&bytes).map_err(|error| {
        Failure::new(format!("`{}` is no baseline", file.display()))
            .because(&error)
            .hint("`palinode scan --format json --output FILE` writes one")
    })
}

fn known(name: &str) -> Result<&'static Analyzer, Failure> {
    by_name(name).ok_or_else(|| {
        let names: Vec<&str> = ANALYZERS.iter().map(|analyzer| analyzer.name).collect();
        Failure::new(format!("there is no analyzer `{name}`"))
            .hint(format!("one of: {}", names.join(", ")))
    })
}

/// What the analyzers may use: from the flags and the environment.
pub(crate) fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let mut programs = BTreeMap::new();
    for pair in &arguments.tool {
        let Some((name, file)) = pair.split_once('=') else {
            return Err(Failure::new(format!("`--tool {pair}` names no program"))
                .hint("write it as --tool bandit=/opt/bandit/bin/bandit"));
        };
        programs.insert(known(name)?.name.to_owned(), PathBuf::from(file));
    }
    let read = |file: &PathBuf| -> Result<(String, Vec<u8>), Failure> {
        let bytes = fs::read(file).map_err(|error| cannot_read(file, &error))?;
        Ok((file.display().to_string(), bytes))
    };
    for path in &arguments.semgrep_rules {
        fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
    }
    let rules = match arguments.rules.is_empty() {
        true => Arc::new(RuleBook::builtin()),
        false => Arc::new(book(&read_rules(&arguments.rules)?)?),
    };
    Ok(Settings {
        rules,
        path: variable("PATH").unwrap_or_default(),
        programs,
        semgrep_rules: arguments.semgrep_rules.clone(),
        sarif: arguments.sarif.iter().map(read).collect::<Result<_, _>>()?,
        time: Duration::from_secs(arguments.time_limit),
        jobs: std::thread::available_parallelism().map_or(1, usize::from),
        ..Settings::default()
    })
}
