//! What was asked for, checked and complete?

use std::path::PathBuf;

use palinode_code::languages::{Language, by_name};

use super::Arguments;
use super::prompt::Prompt;
use super::sampling::Sampling;
use crate::compute::Compute;
use crate::console::{ColourChoice, Console};
use crate::failure::Failure;
use crate::model_name::ModelName;

/// Samples that are written at once where nobody says otherwise. More hardly make each cheaper on a processor, and
/// each takes a cache.
const AT_ONCE: usize = 8;

/// What `generate` is to do. Everything in it can be done, as far as that can be told without the model.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) prompt: Prompt,
    pub(super) model: ModelName,
    pub(super) language: Option<&'static Language>,
    pub(super) raw: bool,
    pub(super) suffix: Option<String>,
    pub(super) sampling: Sampling,
    pub(super) samples: usize,
    /// At most as many as there are samples.
    pub(super) at_once: usize,
    pub(super) max_tokens: usize,
    pub(super) trigger_bias: f32,
    pub(super) revise: bool,
    pub(super) require_revision: bool,
    pub(super) json: bool,
    pub(super) events: Option<PathBuf>,
    pub(super) color: ColourChoice,
    pub(super) timing: bool,
    pub(super) compute: Compute,
}

impl Settings {
    /// Checks what was typed, and reads the prompt last, so that nobody types one in vain.
    pub(super) fn new(typed: Arguments, console: Console) -> Result<Self, Failure> {
        let at_least_one = |flag: &str, count: usize| match count {
            0 => Err(
                Failure::new(format!("{flag} is 0: nothing would be written"))
                    .hint(format!("give {flag} at least 1")),
            ),
            count => Ok(count),
        };
        let samples = at_least_one("--n", typed.n)?;
        let max_tokens = at_least_one("--max-tokens", typed.max_tokens)?;
        // What is shown while it is written is shown one by one, and a log is easier to read sample by sample.
        let followed = (console.live && !typed.json) || typed.events.is_some();
        let usual = if followed { 1 } else { AT_ONCE };
        let at_once = at_least_one("--at-once", typed.at_once.unwrap_or(usual))?;
        let within = |flag: &str, value: Option<f32>, ok: fn(f32) -> bool, range: &str| match value
        {
            Some(value) if !ok(value) => Err(Failure::new(format!(
                "{flag} is {value}, which is not {range}"
            ))
            .hint(format!("give {flag} {range}"))),
            value => Ok(value),
        };
        typed.sampling.check()?;
        within(
            "--trigger-bias",
            Some(typed.trigger_bias),
            f32::is_finite,
            "a finite number",
        )?;
        let language = typed.lang.as_deref().map(language).transpose()?;
        let model = ModelName::parse(&typed.model)?;
        let events_on_stdout = typed
            .events
            .as_ref()
            .is_some_and(|target| target.as_os_str() == "-");
        if typed.json && events_on_stdout {
            return Err(
                Failure::new("--json and --events - both want standard output")
                    .hint("write the events to a file: --events FILE"),
            );
        }
        Ok(Self {
            prompt: Prompt::read(typed.prompt, typed.file, console)?,
            model,
            language,
            raw: typed.raw,
            suffix: typed.suffix,
            sampling: typed.sampling,
            samples,
            at_once: at_once.min(samples),
            max_tokens,
            trigger_bias: typed.trigger_bias,
            revise: !typed.no_revision,
            require_revision: typed.require_revision,
            json: typed.json,
            events: typed.events,
            color: typed.color,
            timing: typed.timing,
            compute: typed.compute,
        })
    }
}

fn language(name: &str) -> Result<&'static Language, Failure> {
    by_name(name).ok_or_else(|| {
        Failure::new(format!("--lang: there is no language `{name}`"))
            .hint("see `palinode list languages`")
    })
}
