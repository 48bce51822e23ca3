//! What do the rules find on labelled samples, and how fast?
//!
//! Reads JSON Lines from the files named: `{dataset, language, label: "bad"|"good", cwe, pair, code}`. Prints, for each
//! data set, language and weakness: flawed samples, those with any finding, with one near the weakness, patched
//! samples, those with a finding, pairs with a finding that stands in both. With `--list WHAT` (`missed`, `far`,
//! `alarms`, `found`) it prints samples instead, with `--list each` one line of JSON for each sample; with `--rules`,
//! what each rule found.
#![expect(clippy::print_stdout, reason = "its answer is for standard output")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::{Duration, Instant};

use palinode_code::{Cwe, Finding, Text, languages};
use palinode_rules::{Options, RuleBook};
use serde::Deserialize;

#[derive(Deserialize)]
struct Sample {
    dataset: String,
    id: String,
    language: String,
    label: String,
    cwe: serde_json::Value,
    pair: Option<serde_json::Value>,
    code: String,
}

#[derive(Default)]
struct Row {
    bad: usize,
    found: usize,
    near: usize,
    good: usize,
    alarms: usize,
    alarms_near: usize,
    same_in_both: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    let (mut list, mut by_rule) = (None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--list" => list = arguments.next(),
            "--rules" => by_rule = true,
            _ => files.push(argument),
        }
    }
    let book = RuleBook::builtin();
    let mut rows: BTreeMap<(String, String, String), Row> = BTreeMap::new();
    let mut rules: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let (mut bytes, mut parsing, mut scanning) = (0, Duration::ZERO, Duration::ZERO);
    let mut each = Vec::new();
    for file in &files {
        let mut in_bad: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut samples = Vec::new();
        for (at, line) in std::fs::read_to_string(file)?.lines().enumerate() {
            samples.push((at, serde_json::from_str::<Sample>(line)?));
        }
        samples.sort_by_key(|(_, sample)| sample.label != "bad");
        for (at, sample) in samples {
            let language =
                languages::by_name(&sample.language).ok_or("a language that is not known")?;
            let text = Text::from(sample.code.as_str());
            let started = Instant::now();
            let parsed = language.parse_fragment(&text);
            let parsed_at = started.elapsed();
            let scan = book.scan(&parsed, &Options::default());
            each.push(started.elapsed());
            scanning += started.elapsed() - parsed_at;
            parsing += parsed_at;
            bytes += sample.code.len();

            let weakness = match &sample.cwe {
                serde_json::Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            let cwe = Cwe::read(&weakness);
            let is_near = |finding: &Finding| {
                cwe.is_some_and(|cwe| finding.cwes.iter().any(|found| found.is_near(cwe)))
            };
            let near = scan.findings.iter().any(is_near);
            let any = !scan.findings.is_empty();
            let ids: BTreeSet<String> = scan
                .findings
                .iter()
                .map(|finding| finding.rule.clone())
                .collect();
            let bad = sample.label == "bad";
            for total in [false, true] {
                let named = if total {
                    "all".to_owned()
                } else {
                    weakness.clone()
                };
                let row = rows
                    .entry((sample.dataset.clone(), sample.language.clone(), named))
                    .or_default();
                if bad {
                    row.bad += 1;
                    row.found += usize::from(any);
                    row.near += usize::from(near);
                } else {
                    row.good += 1;
                    row.alarms += usize::from(any);
                    row.alarms_near += usize::from(near);
                    let before = sample
                        .pair
                        .as_ref()
                        .and_then(|pair| in_bad.get(&pair.to_string()));
                    row.same_in_both +=
                        usize::from(before.is_some_and(|before| !before.is_disjoint(&ids)));
                }
            }
            for finding in &scan.findings {
                let counts = rules.entry(finding.rule.clone()).or_default();
                counts[if !bad {
                    2
                } else {
                    usize::from(!is_near(finding))
                }] += 1;
            }
            if list.as_deref() == Some("each") {
                println!(
                    "{}",
                    serde_json::json!({"i": at, "rules": ids, "near": near})
                );
            }
            let shown = match list.as_deref() {
                Some("missed") => bad && !any,
                Some("far") => bad && any && !near,
                Some("alarms") => !bad && any,
                Some("found") => bad && any,
                _ => false,
            };
            if shown {
                println!(
                    "==== {} {} {} CWE-{}",
                    sample.dataset, sample.id, sample.language, weakness
                );
                for finding in &scan.findings {
                    println!(
                        "---- {} line {}",
                        finding.rule,
                        text.line(finding.span.start)
                    );
                }
                println!("{}", sample.code);
            }
            if bad && let Some(pair) = sample.pair {
                in_bad.entry(pair.to_string()).or_default().extend(ids);
            }
        }
    }
    if list.is_none() {
        println!(
            "{:12} {:10} {:>5} {:>5} {:>5} {:>5} {:>5} {:>6} {:>6} {:>5}",
            "data", "language", "cwe", "bad", "any", "near", "good", "alarms", "a.near", "both"
        );
        for ((dataset, language, cwe), row) in &rows {
            println!(
                "{dataset:12} {language:10} {cwe:>5} {:>5} {:>5} {:>5} {:>5} {:>6} {:>6} {:>5}",
                row.bad,
                row.found,
                row.near,
                row.good,
                row.alarms,
                row.alarms_near,
                row.same_in_both
            );
        }
    }
    if by_rule {
        println!("{:40} {:>6} {:>6} {:>6}", "rule", "near", "other", "good");
        for (rule, [near, other, good]) in &rules {
            println!("{rule:40} {near:>6} {other:>6} {good:>6}");
        }
    }
    each.sort();
    let rate = |time: Duration| {
        f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6 / time.as_secs_f64()
    };
    println!(
        "{bytes} bytes; parsing {:.1} MB/s, rules {:.1} MB/s, both {:.1} MB/s; slowest {:?}, 99 of 100 under {:?}",
        rate(parsing),
        rate(scanning),
        rate(parsing + scanning),
        each.last().copied().unwrap_or_default(),
        each.get(each.len() * 99 / 100).copied().unwrap_or_default(),
    );
    Ok(())
}
