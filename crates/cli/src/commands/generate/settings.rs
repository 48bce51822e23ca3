//! What was asked for, checked and complete?

use std::path::PathBuf;

use palinode_code::languages::{Language, by_name};

use super::Arguments;
use super::prompt::Prompt;
use crate::compute::Compute;
use crate::console::{ColourChoice, Console};
use crate::failure::Failure;
use crate::model_name::ModelName;

/// What `generate` is to do. Everything in it can be done, as far as that can be told without the model.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) prompt: Prompt,
    pub(super) model: ModelName,
    pub(super) language: Option<&'static Language>,
    pub(super) temperature: Option<f32>,
    pub(super) top_k: Option<usize>,
    pub(super) top_p: Option<f32>,
    pub(super) seed: u64,
    pub(super) samples: usize,
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
        let within = |flag: &str, value: Option<f32>, ok: fn(f32) -> bool, range: &str| match value
        {
            Some(value) if !ok(value) => Err(Failure::new(format!(
                "{flag} is {value}, which is not {range}"
            ))
            .hint(format!("give {flag} {range}"))),
            value => Ok(value),
        };
        let temperature = within(
            "--temperature",
            typed.temperature,
            |value| value.is_finite() && value >= 0.0,
            "a number from 0 up",
        )?;
        let top_p = within(
            "--top-p",
            typed.top_p,
            |value| value > 0.0 && value <= 1.0,
            "a number above 0 and at most 1",
        )?;
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
            temperature,
            top_k: typed.top_k,
            top_p,
            seed: typed.seed,
            samples,
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
