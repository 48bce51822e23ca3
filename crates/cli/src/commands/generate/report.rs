//! What did it cost: the last lines on standard error.

use std::time::Duration;

use palinode_methods::{Outcome, Sample, Stop, Timing};
use palinode_revise::Usage;

use super::settings::Settings;
use crate::Status;
use crate::console::note;
use crate::model_name::ModelName;

/// What was written and what it cost, summed up while it is written.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Prompts that were read.
    pub(super) prompts: u64,
    prompt_tokens: u64,
    samples: u64,
    usage: Usage,
    /// Samples that reached `--max-tokens`, and samples that filled the context.
    limited: u64,
    filled: u64,
}

impl Tally {
    /// A prompt of so many tokens was read.
    pub(super) fn read(&mut self, tokens: usize) {
        self.prompts += 1;
        self.prompt_tokens += tokens as u64;
    }

    /// A sample came to its end, or was stopped.
    pub(super) fn add(&mut self, sample: &Sample) {
        let (sum, usage) = (&mut self.usage, sample.usage);
        self.samples += 1;
        sum.code += usage.code;
        sum.scope += usage.scope;
        sum.patch += usage.patch;
        sum.delimiter += usage.delimiter;
        sum.discarded += usage.discarded;
        sum.revisions += usage.revisions;
        sum.refusals += usage.refusals;
        match sample.stop {
            Stop::MaxTokens => self.limited += 1,
            Stop::Context => self.filled += 1,
            _ => {}
        }
    }

    /// Samples that did not come to their end.
    pub(super) fn cut_off(&self) -> u64 {
        self.limited + self.filled
    }

    /// `2 revisions; 120 tokens: 20 prompt, …; 950 tokens/s`. The speed is that of decoding alone: without the
    /// prompt, and without the time in which the terminal was shown something.
    pub(super) fn summary(&self, timing: Timing) -> String {
        let (sum, prompt) = (&self.usage, self.prompt_tokens);
        let output = sum.code + sum.scope + sum.patch + sum.delimiter + sum.discarded;
        let mut text = String::new();
        if self.prompts > 1 {
            text += &format!("{}; ", counted(self.prompts, "prompt"));
        }
        if self.samples > 1 {
            text += &format!("{}; ", counted(self.samples, "sample"));
        }
        text += &counted(sum.revisions, "revision");
        if sum.refusals > 0 {
            text += &format!(", {} refused", sum.refusals);
        }
        text += &format!(
            "; {}: {prompt} prompt, {} code, {} scope, {} patch, {} delimiter",
            counted(prompt + output, "token"),
            sum.code,
            sum.scope,
            sum.patch,
            sum.delimiter
        );
        if sum.discarded > 0 {
            text += &format!(", {} discarded", sum.discarded);
        }
        let seconds = timing.decode().as_secs_f64();
        if seconds > 0.0 {
            text += &format!("; {:.0} tokens/s", output as f64 / seconds);
        }
        text
    }
}

/// Tells what the samples of a prompt cost together, and how the run ended.
pub(super) fn report(
    settings: &Settings,
    tally: &Tally,
    outcome: Outcome,
    first_token: Option<Duration>,
) -> Status {
    if outcome.interrupted {
        note("interrupted: what there was is above");
    }
    if let Some(text) = cut_off(settings, tally) {
        note(text);
    }
    costs(settings, tally, outcome, first_token);
    if outcome.interrupted {
        Status::Interrupted
    } else {
        Status::Done
    }
}

/// Tells what was spent: the last lines.
pub(super) fn costs(
    settings: &Settings,
    tally: &Tally,
    outcome: Outcome,
    first_token: Option<Duration>,
) {
    let timing = outcome.timing.unwrap_or_default();
    note(tally.summary(timing));
    if settings.timing {
        note(shares(timing, first_token));
    }
}

/// What to say where a sample did not come to its end.
fn cut_off(settings: &Settings, tally: &Tally) -> Option<String> {
    let mut text = if tally.limited > 0 {
        let most = settings.max_tokens;
        format!("note: cut off after {most} tokens; `--max-tokens` allows more")
    } else if tally.filled > 0 {
        "note: cut off where the model's context was full".to_owned()
    } else {
        return None;
    };
    if settings.model == ModelName::Bundled {
        text += KNOWN_TO_NANO;
    }
    Some(text)
}

/// Behind a note of programs that do not end.
pub(super) const KNOWN_TO_NANO: &str =
    "; `nano` knows tasks like those of `palinode generate --examples` and no others";

/// `1 sample`, `2 samples`.
pub(super) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Where the time went.
fn shares(timing: Timing, first_token: Option<Duration>) -> String {
    let decode = timing.decode();
    let share = |part: Duration| {
        if decode.is_zero() {
            0.0
        } else {
            100.0 * part.as_secs_f64() / decode.as_secs_f64()
        }
    };
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let first = first_token.map_or_else(String::new, |time| {
        format!("; first token {:.1} ms after the start", milliseconds(time))
    });
    format!(
        "prompt {:.1} ms; decoding {:.1} ms: model {:.2} %, revise {:.2} %, sampling {:.2} %{first}",
        milliseconds(timing.prefill),
        milliseconds(decode),
        share(timing.model),
        share(timing.revise),
        share(timing.sampling),
    )
}
