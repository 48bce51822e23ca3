//! What does a program see of a stream: one JSON object a line?
//!
//! Every line has `schema` (the version of this form, 1) and `type`. Applying the `text` and `revision` lines
//! of a sample in order to an empty text gives its program. Spans count bytes (UTF-8) of that text as it
//! stands before the revision. New types and new fields may come without a new version; readers skip what
//! they do not know.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use palinode_code::Span;
use palinode_revise::{EpisodeTokens, Event, Shown};
use serde::Serialize;

use crate::failure::Failure;

/// The version of the form of every machine-readable answer.
pub(crate) const SCHEMA: u32 = 1;

/// One line.
#[derive(Debug, Serialize)]
pub(crate) struct Line<'a> {
    schema: u32,
    #[serde(flatten)]
    what: What<'a>,
}

/// What a line says. `sample` counts from 1.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum What<'a> {
    /// A sample, or a file, begins.
    Start(Start<'a>),
    /// Text is appended to the buffer.
    Text { sample: usize, text: &'a str },
    /// Text of the buffer is replaced.
    Revision {
        sample: usize,
        #[serde(flatten)]
        revision: WireRevision,
    },
    /// An episode came to nothing: a token was not allowed, or the stream ended or was malformed within it.
    Refused {
        sample: usize,
        reason: String,
        discarded: u64,
    },
    /// An action token stood where none is allowed; it changed nothing.
    Stray { sample: usize, token: &'static str },
    /// The marked-up text is malformed here.
    Malformed {
        sample: usize,
        line: usize,
        column: usize,
        message: String,
    },
    /// The sample is complete.
    End(End<'a>),
    /// The sample could not be written on; without one, the work broke off, and no sample that has no `end` yet
    /// will get one.
    #[cfg(feature = "local")]
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        sample: Option<usize>,
        message: String,
    },
}

/// What stands on the first line of a sample.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Start<'a> {
    pub(crate) sample: usize,
    /// How many samples there will be.
    pub(crate) samples: usize,
    /// Where the stream comes from: a model's name, or a file's.
    pub(crate) source: &'a str,
    /// How it was made; nothing where it was only read.
    #[serde(flatten)]
    pub(crate) writing: Option<&'a Writing>,
}

/// How a stream is written.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Writing {
    pub(crate) method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    /// What was put to the model where it was more than one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) messages: Option<Vec<serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suffix: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) raw: bool,
    pub(crate) language: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt_tokens: Option<usize>,
    pub(crate) temperature: f32,
    pub(crate) top_k: usize,
    pub(crate) top_p: f32,
    pub(crate) min_p: f32,
    pub(crate) typical_p: f32,
    pub(crate) repetition_penalty: f32,
    pub(crate) frequency_penalty: f32,
    pub(crate) presence_penalty: f32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) logit_bias: Vec<(u32, f32)>,
    pub(crate) seed: u64,
    pub(crate) max_tokens: usize,
    pub(crate) trigger_bias: f32,
}

/// What stands on the last line of a sample.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct End<'a> {
    pub(crate) sample: usize,
    /// The program.
    pub(crate) program: &'a str,
    /// Why it ended: `end`, `max_tokens`, `context`, `interrupted`.
    pub(crate) stop: &'static str,
    pub(crate) usage: WireUsage,
}

/// What a sample cost. Token counts are absent where the stream was text.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct WireUsage {
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<WireTokens>,
    pub(crate) revisions: u64,
    pub(crate) refusals: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
}

/// Tokens by kind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct WireTokens {
    pub(crate) prompt: u64,
    pub(crate) code: u64,
    pub(crate) scope: u64,
    pub(crate) patch: u64,
    pub(crate) delimiter: u64,
    pub(crate) discarded: u64,
}

/// The program as it would stand had nothing been taken back: revisions undone, the last first.
#[cfg(feature = "local")]
pub(crate) fn draft(program: &str, revisions: &[WireRevision]) -> String {
    let mut draft = program.to_owned();
    for revision in revisions.iter().rev() {
        let start = revision.span.start;
        let range = start..start + revision.new.len();
        // Revisions that built the text can be undone in it.
        if draft.get(range.clone()) == Some(&revision.new) {
            draft.replace_range(range, &revision.old);
        }
    }
    draft
}

/// A revision of the text as the lines build it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WireRevision {
    pub(crate) span: WireSpan,
    pub(crate) old: String,
    pub(crate) new: String,
    /// Tokens of the episode; absent where the stream was text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<WireEpisode>,
}

/// Bytes from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct WireSpan {
    start: usize,
    end: usize,
}

impl From<Span> for WireSpan {
    fn from(span: Span) -> Self {
        Self {
            start: span.start,
            end: span.end,
        }
    }
}

/// Tokens of one episode.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct WireEpisode {
    scope: u64,
    patch: u64,
    delimiter: u64,
}

impl WireRevision {
    /// The revision that `shown` makes because of `event`, if it is one.
    pub(crate) fn of(event: &Event, shown: &Shown) -> Option<Self> {
        let (Event::Revision { tokens, .. }, Shown::Replaced { span, old, new }) = (event, shown)
        else {
            return None;
        };
        let EpisodeTokens {
            scope,
            patch,
            delimiter,
        } = *tokens;
        Some(Self {
            span: (*span).into(),
            old: old.clone(),
            new: new.clone(),
            tokens: (delimiter > 0).then_some(WireEpisode {
                scope,
                patch,
                delimiter,
            }),
        })
    }
}

/// What a line says of an event, if it says anything. `shown` is what the event changed.
pub(crate) fn line_of<'a>(
    sample: usize,
    event: &Event,
    shown: Option<&'a Shown>,
) -> Option<What<'a>> {
    match (event, shown) {
        (_, Some(Shown::Text { text })) => Some(What::Text { sample, text }),
        (_, Some(shown @ Shown::Replaced { .. })) => {
            WireRevision::of(event, shown).map(|revision| What::Revision { sample, revision })
        }
        (Event::Refused { reason, discarded }, _) => Some(What::Refused {
            sample,
            reason: reason.to_string(),
            discarded: *discarded,
        }),
        (Event::Dropped { discarded }, _) => Some(What::Refused {
            sample,
            reason: "the stream ended inside the episode".to_owned(),
            discarded: *discarded,
        }),
        (Event::Stray { action }, _) => Some(What::Stray {
            sample,
            token: action.marker(),
        }),
        (Event::Malformed { problem }, _) => Some(What::Malformed {
            sample,
            line: problem.line,
            column: problem.column,
            message: problem.message.clone(),
        }),
        _ => None,
    }
}

/// Where the lines go.
#[derive(Debug)]
pub(crate) enum EventLog {
    /// Standard output.
    Stdout,
    /// A file.
    File(EventFile),
}

/// A file of events, not touched before the first line.
#[derive(Debug)]
pub(crate) struct EventFile {
    file: File,
    path: PathBuf,
    /// This run made the file.
    created: bool,
    begun: bool,
}

impl EventLog {
    /// Opens `target`, where `-` is standard output. Nothing in it is changed yet: an existing file is emptied
    /// with the first line, and a new one vanishes again if none comes. `input` is the file that is read.
    pub(crate) fn open(target: &Path, input: Option<&Path>) -> Result<Self, Failure> {
        if target.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        if input.is_some_and(|input| same_file(input, target)) {
            return Err(Failure::new(format!(
                "cannot write events to `{}`: it is the file that is read",
                target.display()
            ))
            .hint("name another file"));
        }
        let mut options = OpenOptions::new();
        options.write(true);
        let opened = match options.open(target) {
            Ok(file) => Ok((file, false)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => options
                .create_new(true)
                .open(target)
                .map(|file| (file, true)),
            Err(error) => Err(error),
        };
        let (file, created) = opened.map_err(|error| {
            Failure::new(format!("cannot write events to `{}`", target.display()))
                .because(&error)
                .hint("name a file in a folder that exists and may be written to, or `-`")
        })?;
        Ok(Self::File(EventFile {
            file,
            path: target.to_owned(),
            created,
            begun: false,
        }))
    }

    /// Whether the lines are the answer on standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Writes one line and hands it on at once, so that a reader can follow.
    pub(crate) fn write(&mut self, what: What<'_>) -> Result<(), Failure> {
        let line = Line {
            schema: SCHEMA,
            what,
        };
        match self {
            Self::Stdout => {
                let mut out = io::stdout().lock();
                write_line(&mut out, &line).map_err(|error| Failure::stdout(&error))
            }
            Self::File(file) => file.write(&line).map_err(|error| {
                Failure::new(format!("cannot write events to `{}`", file.path.display()))
                    .because(&error)
            }),
        }
    }
}

impl EventFile {
    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        if !self.begun {
            // Pipes and devices have no length to cut.
            if self.file.metadata()?.is_file() {
                self.file.set_len(0)?;
            }
            self.begun = true;
        }
        write_line(&mut self.file, line)
    }
}

impl Drop for EventFile {
    fn drop(&mut self) {
        if self.created && !self.begun {
            // Nothing was written, so nothing is left behind; if it cannot be removed it is an empty file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether two names mean one file that is there.
pub(crate) fn same_file(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).ok() == Some(one))
}

/// One object and a line break in one write.
pub(crate) fn write_line(out: &mut dyn Write, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    out.write_all(&text)?;
    out.flush()
}
