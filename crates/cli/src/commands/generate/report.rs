//! What did it cost: the last lines on standard error.

use std::time::Duration;

use palinode_methods::{Stop, Timing, Written};
use palinode_revise::Usage;

use super::settings::Settings;
use crate::Status;
use crate::console::note;
use crate::model_name::ModelName;

/// Tells what the samples cost together, and how the run ended.
pub(super) fn report(
    settings: &Settings,
    written: &Written,
    first_token: Option<Duration>,
) -> Status {
    if written.interrupted {
        note("interrupted: what there was is above");
    }
    if let Some(text) = cut_off(settings, written) {
        note(text);
    }
    let timing = written.timing.unwrap_or_default();
    note(summary(written, timing));
    if settings.timing {
        note(shares(timing, first_token));
    }
    if written.interrupted {
        Status::Interrupted
    } else {
        Status::Done
    }
}

/// What to say where a sample did not come to its end.
fn cut_off(settings: &Settings, written: &Written) -> Option<String> {
    let cut = |stop| written.samples.iter().any(|sample| sample.stop == stop);
    let mut text = if cut(Stop::MaxTokens) {
        let most = settings.max_tokens;
        format!("note: cut off after {most} tokens; `--max-tokens` allows more")
    } else if cut(Stop::Context) {
        "note: cut off where the model's context was full".to_owned()
    } else {
        return None;
    };
    if settings.model == ModelName::Bundled {
        text += "; `nano` knows tasks like those of `palinode generate --examples` and no others";
    }
    Some(text)
}

/// `2 revisions; 120 tokens: 20 prompt, …; 950 tokens/s`. The speed is that of decoding alone: without the
/// prompt, and without the time in which the terminal was shown something.
fn summary(written: &Written, timing: Timing) -> String {
    let mut sum = Usage::default();
    for sample in &written.samples {
        sum.code += sample.usage.code;
        sum.scope += sample.usage.scope;
        sum.patch += sample.usage.patch;
        sum.delimiter += sample.usage.delimiter;
        sum.discarded += sample.usage.discarded;
        sum.revisions += sample.usage.revisions;
        sum.refusals += sample.usage.refusals;
    }
    let prompt = written.prompt_tokens as u64;
    let output = sum.code + sum.scope + sum.patch + sum.delimiter + sum.discarded;
    let mut text = String::new();
    if written.samples.len() > 1 {
        text += &format!("{} samples; ", written.samples.len());
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

fn counted(count: u64, what: &str) -> String {
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
