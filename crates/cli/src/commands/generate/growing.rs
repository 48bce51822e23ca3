//! What text has a sample come to, and what was taken back on the way?

use std::time::Instant;

use palinode_methods::Sample;
use palinode_revise::{Event, Shown, Usage, WholeCharacters};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::events::{SCHEMA, WireRevision, WireTokens, WireUsage, Writing, draft};

/// A sample that is being written, as text in whole characters.
#[derive(Debug)]
pub(super) struct Growing {
    since: Instant,
    whole: WholeCharacters,
    pub(super) program: String,
    pub(super) revisions: Vec<WireRevision>,
}

impl Growing {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            whole: WholeCharacters::new(),
            program: String::new(),
            revisions: Vec::new(),
        }
    }

    /// Takes an event; says what it changed.
    pub(super) fn push(&mut self, event: &Event) -> Option<Shown> {
        let shown = self.whole.push(event)?;
        self.apply(event, &shown);
        Some(shown)
    }

    /// Nothing more comes: says what an unfinished character at the end adds.
    pub(super) fn finish(&mut self) -> Option<Shown> {
        let shown = self.whole.finish()?;
        self.apply(&Event::End, &shown);
        Some(shown)
    }

    fn apply(&mut self, event: &Event, shown: &Shown) {
        // The adapter's own changes always fit the text that they built.
        let _ = shown.apply_to(&mut self.program);
        self.revisions.extend(WireRevision::of(event, shown));
    }

    /// What it cost, behind a prompt of so many tokens.
    pub(super) fn usage(&self, prompt: usize, usage: Usage) -> WireUsage {
        WireUsage {
            tokens: Some(WireTokens {
                prompt: prompt as u64,
                code: usage.code,
                scope: usage.scope,
                patch: usage.patch,
                delimiter: usage.delimiter,
                discarded: usage.discarded,
            }),
            revisions: usage.revisions,
            refusals: usage.refusals,
            seconds: Some(self.since.elapsed().as_secs_f64()),
        }
    }
}

/// One JSON object for a sample.
#[derive(Debug, Serialize)]
pub(super) struct SampleLine<'a> {
    schema: u32,
    r#type: &'static str,
    #[serde(flatten)]
    origin: Option<&'a Origin>,
    sample: usize,
    samples: usize,
    model: &'a str,
    #[serde(flatten)]
    writing: &'a Writing,
    draft: String,
    program: &'a str,
    stop: &'static str,
    usage: WireUsage,
    revisions: &'a [WireRevision],
    #[serde(skip_serializing_if = "no_fields")]
    extra: Option<&'a Map<String, Json>>,
}

/// One JSON object for a prompt, or a sample of it, that could not be written.
#[derive(Debug, Serialize)]
pub(super) struct ErrorLine<'a> {
    pub(super) schema: u32,
    pub(super) r#type: &'static str,
    #[serde(flatten)]
    pub(super) origin: &'a Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sample: Option<usize>,
    pub(super) message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<&'a str>,
    #[serde(skip_serializing_if = "no_fields")]
    pub(super) extra: Option<&'a Map<String, Json>>,
}

/// Which line of a file of prompts a result is for.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Origin {
    /// What the line calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Json>,
    /// Its number, from 1, empty lines counted.
    pub(super) line: u64,
    /// What was asked for and with which settings, in 64 bits: what has the same is the same task.
    pub(super) fingerprint: String,
}

fn no_fields(extra: &Option<&Map<String, Json>>) -> bool {
    extra.is_none_or(Map::is_empty)
}

/// What all samples of a prompt have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common<'a> {
    pub(super) origin: Option<&'a Origin>,
    pub(super) samples: usize,
    pub(super) model: &'a str,
    pub(super) writing: &'a Writing,
    pub(super) extra: Option<&'a Map<String, Json>>,
}

impl<'a> Common<'a> {
    /// The line of a sample; `number` counts from 1.
    pub(super) fn line(
        self,
        number: usize,
        growing: &'a Growing,
        sample: &Sample,
    ) -> SampleLine<'a> {
        SampleLine {
            schema: SCHEMA,
            r#type: "sample",
            origin: self.origin,
            sample: number,
            samples: self.samples,
            model: self.model,
            writing: self.writing,
            draft: draft(&growing.program, &growing.revisions),
            program: &growing.program,
            stop: sample.stop.name(),
            usage: growing.usage(self.writing.prompt_tokens.unwrap_or_default(), sample.usage),
            revisions: &growing.revisions,
            extra: self.extra,
        }
    }
}
