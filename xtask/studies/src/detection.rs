//! How many flawed samples does each analyzer find, and how often does it cry out over code that was mended?

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use palinode_code::{Cwe, Text, languages};
use palinode_sandbox::Interrupt;
use palinode_scan::analyzers::{ANALYZERS, by_name};
use palinode_scan::{Analyzer, Report, Request, Run, Settings, Silent, Source, Status, scan};
use serde::Deserialize;

use crate::arguments::Arguments;
use crate::statistics::{mcnemar, wilson};

/// What several say together, where all of them looked: compared with `builtin` alone.
const TOGETHER: [&[&str]; 2] = [&["bandit", "codeshield"], &["flawfinder", "cppcheck"]];
/// The analyzer that is compared.
const OURS: &str = "builtin";

/// One sample, as `peers/detection_samples.py` writes it.
#[derive(Debug, Deserialize)]
struct Sample {
    dataset: String,
    language: String,
    label: Label,
    cwe: Option<u16>,
    code: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Label {
    Bad,
    Good,
}

/// Which samples somebody found anything in, and which ones something near the sample's weakness.
#[derive(Clone, Debug, Default)]
struct Seen {
    any: BTreeSet<usize>,
    near: BTreeSet<usize>,
}

impl Seen {
    fn with(mut self, other: &Seen) -> Seen {
        self.any.extend(&other.any);
        self.near.extend(&other.near);
        self
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let file: PathBuf = arguments.get("samples", PathBuf::new())?;
    let samples = read(&file)?;
    let names: String = arguments.get("analyzers", String::new())?;
    let rules: String = arguments.get("semgrep-rules", String::new())?;
    let asked: Vec<&'static Analyzer> = match names.is_empty() {
        true => ANALYZERS
            .iter()
            .copied()
            .filter(|analyzer| analyzer.name != "semgrep" || !rules.is_empty())
            .collect(),
        false => names
            .split(',')
            .map(|name| by_name(name).with_context(|| format!("there is no analyzer `{name}`")))
            .collect::<Result<_>>()?,
    };
    let sources = sources(&samples)?;
    let settings = Settings {
        path: std::env::var_os("PATH").unwrap_or_default(),
        semgrep_rules: rules.split_terminator(',').map(PathBuf::from).collect(),
        time: Duration::from_secs(arguments.get("seconds", 3600)?),
        ..Settings::default()
    };
    let request = Request {
        sources: &sources,
        analyzers: &asked,
        settings: &settings,
        interrupt: &Interrupt::new(),
    };
    let report = scan(&request, &Silent)?;
    tell(&samples, &report);
    Ok(())
}

fn read(file: &PathBuf) -> Result<Vec<Sample>> {
    let text = fs::read_to_string(file).with_context(|| {
        format!(
            "cannot read the samples `{}` (--samples FILE)",
            file.display()
        )
    })?;
    let lines = text.lines().map(|line| Ok(serde_json::from_str(line)?));
    let samples: Vec<Sample> = lines.collect::<Result<_>>()?;
    if samples.is_empty() {
        bail!("`{}` holds no sample", file.display());
    }
    Ok(samples)
}

fn sources(samples: &[Sample]) -> Result<Vec<Source>> {
    let source = |(at, sample): (usize, &Sample)| {
        let language = languages::by_name(&sample.language)
            .with_context(|| format!("there is no language `{}`", sample.language))?;
        let extension = language.extensions.first().copied().unwrap_or_default();
        let text = Text::from(sample.code.as_str());
        Ok(Source::new(format!("s{at}.{extension}"), text, language))
    };
    samples.iter().enumerate().map(source).collect()
}

/// What one analyzer saw. Findings without a weakness are near none.
fn seen(run: &Run, samples: &[Sample]) -> Seen {
    let mut seen = Seen::default();
    for (at, finding) in &run.findings {
        seen.any.insert(*at);
        let cwe = samples.get(*at).and_then(|sample| sample.cwe).map(Cwe);
        if cwe.is_some_and(|cwe| finding.cwes.iter().any(|found| found.is_near(cwe))) {
            seen.near.insert(*at);
        }
    }
    seen
}

fn tell(samples: &[Sample], report: &Report) {
    let mut all: Vec<(String, Seen)> = Vec::new();
    for run in &report.runs {
        let version = run.version.as_deref().unwrap_or("-");
        println!(
            "{} {version}: {}, {} of {} samples without an answer, {:.1} s, peak {} MB",
            run.analyzer.name,
            run.status,
            run.failed.len(),
            run.asked,
            run.wall.as_secs_f64(),
            run.peak_memory >> 20
        );
        if matches!(run.status, Status::Clean | Status::Findings) {
            all.push((run.analyzer.name.to_owned(), seen(run, samples)));
        }
    }
    let find = |name: &str| all.iter().find(|(known, _)| known == name);
    let mut together = Vec::new();
    for names in TOGETHER {
        let seen: Option<Vec<&Seen>> = names.iter().map(|name| Some(&find(name)?.1)).collect();
        if let Some(seen) = seen {
            let seen = seen.into_iter().fold(Seen::default(), Seen::with);
            together.push((names.join(" + "), seen));
        }
    }
    let union = all
        .iter()
        .fold(Seen::default(), |sum, (_, seen)| sum.with(seen));
    let ours = find(OURS).map(|(_, seen)| seen.clone());
    let pairs: Vec<(String, Seen)> = together.clone();
    all.extend(together);
    all.push(("union".to_owned(), union));

    let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        groups
            .entry((&sample.language, &sample.dataset))
            .or_default()
            .push(at);
        groups
            .entry((&sample.language, "all"))
            .or_default()
            .push(at);
    }
    println!(
        "\n| language | samples | analyzer | flawed: found | near the weakness | mended: cried out |"
    );
    println!("|---|---|---|---|---|---|");
    for ((language, dataset), members) in &groups {
        for (name, seen) in &all {
            let of = |label: Label| {
                members
                    .iter()
                    .filter(move |at| samples[**at].label == label)
            };
            let bad = of(Label::Bad).count();
            let good = of(Label::Good).count();
            let hits = of(Label::Bad).filter(|at| seen.any.contains(at)).count();
            let near = of(Label::Bad).filter(|at| seen.near.contains(at)).count();
            let cried = of(Label::Good).filter(|at| seen.any.contains(at)).count();
            if hits + cried > 0 || name == OURS {
                println!(
                    "| {language} | {dataset} | {name} | {} | {} | {} |",
                    share(hits, bad),
                    share(near, bad),
                    share(cried, good)
                );
            }
        }
    }
    let Some(ours) = ours else { return };
    println!();
    for (name, theirs) in &pairs {
        for label in [Label::Bad, Label::Good] {
            let asked =
                |at: &usize| samples[*at].label == label && reads(name, &samples[*at].language);
            let only = |a: &Seen, b: &Seen| {
                let only = a.any.difference(&b.any);
                only.filter(|at| asked(at)).count()
            };
            let (better, worse) = (only(&ours, theirs), only(theirs, &ours));
            println!(
                "{label:?}: {OURS} alone in {better} samples, {name} alone in {worse}; McNemar p {:.3}",
                mcnemar(better, worse)
            );
        }
    }
    by_weakness(samples, &all);
}

/// Whether one of several analyzers, written with ` + `, reads a language.
fn reads(names: &str, language: &str) -> bool {
    let analyzers = names.split(" + ").filter_map(by_name);
    analyzers
        .into_iter()
        .any(|analyzer| analyzer.reads(language))
}

fn by_weakness(samples: &[Sample], all: &[(String, Seen)]) {
    println!(
        "\n| weakness | flawed samples | {} |",
        names(all).join(" | ")
    );
    println!("|---|---|{}", "---|".repeat(all.len()));
    let mut groups: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for (at, sample) in samples.iter().enumerate() {
        if let (Label::Bad, Some(cwe)) = (sample.label, sample.cwe) {
            groups.entry(cwe).or_default().push(at);
        }
    }
    for (cwe, members) in groups {
        let found = all.iter().map(|(_, seen)| {
            let hits = members.iter().filter(|at| seen.any.contains(at)).count();
            hits.to_string()
        });
        let found: Vec<String> = found.collect();
        println!(
            "| {} | {} | {} |",
            Cwe(cwe),
            members.len(),
            found.join(" | ")
        );
    }
}

fn names(all: &[(String, Seen)]) -> Vec<&str> {
    all.iter().map(|(name, _)| name.as_str()).collect()
}

/// `37 of 100 (28-47 %)`.
fn share(hits: usize, of: usize) -> String {
    if of == 0 {
        return String::new();
    }
    let (low, high) = wilson(hits, of);
    format!("{hits} of {of} ({:.0}-{:.0} %)", low * 100.0, high * 100.0)
}
