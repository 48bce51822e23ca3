//! What was asked for, checked and complete?

use std::path::PathBuf;

use palinode_code::languages::{Language, by_name};
use palinode_methods::Method;
use palinode_model::SamplingOptions;
use palinode_revise::SessionOptions;

use super::Arguments;
use super::prompt::{Asked, Prompt, Wording};
use super::sampling::Sampling;
use crate::compute::Compute;
use crate::console::{ColourChoice, Console};
use crate::events::Writing;
use crate::failure::Failure;
use crate::model_name::ModelName;

/// Samples that are written at once where nobody says otherwise. More hardly make each cheaper on a processor, and
/// each takes a cache.
const AT_ONCE: usize = 8;

/// What is to be written.
#[derive(Debug)]
pub(super) enum Work {
    /// Samples of one prompt.
    One(Prompt),
    /// Samples of each prompt of a file.
    Many {
        /// The file; `-` is standard input.
        prompts: PathBuf,
        /// Where results go; standard output where nothing is named, and for `-`.
        out: Option<PathBuf>,
    },
}

/// What `generate` is to do. Everything in it can be done, as far as that can be told without the model.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) work: Work,
    pub(super) model: ModelName,
    pub(super) language: Option<&'static Language>,
    pub(super) raw: bool,
    pub(super) suffix: Option<String>,
    pub(super) sampling: Sampling,
    pub(super) samples: usize,
    /// At most as many as there are samples, where that is known.
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
        let shown = console.live && !typed.json && typed.prompts.is_none();
        let followed = shown || typed.events.is_some();
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
        if typed.prompts.is_some() && typed.events.is_some() {
            return Err(Failure::new("--events follows one prompt, and --prompts names many").hint(
                "leave out --events: each result has its revisions; or write the one prompt by itself to follow it",
            ));
        }
        if typed.prompts.is_none() && typed.out.is_some() {
            return Err(Failure::new("--out is for the results of --prompts")
                .hint("standard output holds the program: `palinode generate … > FILE`"));
        }
        let (work, most) = match typed.prompts {
            Some(prompts) => {
                let out = typed.out.filter(|out| out.as_os_str() != "-");
                (Work::Many { prompts, out }, usize::MAX)
            }
            None => {
                let prompt = Prompt::read(typed.prompt, typed.file, console)?;
                (Work::One(prompt), samples)
            }
        };
        Ok(Self {
            work,
            model,
            language,
            raw: typed.raw,
            suffix: typed.suffix,
            sampling: typed.sampling,
            samples,
            at_once: at_once.min(most),
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

impl Settings {
    /// What a prompt asks for, as the flags have it.
    pub(super) fn asked(&self, wording: Wording) -> Asked {
        Asked {
            wording,
            suffix: self.suffix.clone(),
            raw: self.raw,
            language: self.language,
        }
    }

    /// How a prompt is written: for the answers that say so. How many tokens it has is not known yet.
    pub(super) fn writing(
        &self,
        method: &'static Method,
        asked: &Asked,
        sampling: &SamplingOptions,
        max_tokens: usize,
    ) -> Writing {
        let (prompt, messages) = match asked.wording.clone() {
            Wording::Text(text) => (Some(text), None),
            Wording::Messages(messages) => (None, Some(messages)),
        };
        Writing {
            method: method.name,
            prompt,
            messages,
            suffix: asked.suffix.clone(),
            raw: asked.raw,
            language: asked.language.map(|language| language.name),
            prompt_tokens: None,
            temperature: sampling.temperature,
            top_k: sampling.top_k,
            top_p: sampling.top_p,
            min_p: sampling.min_p,
            typical_p: sampling.typical_p,
            repetition_penalty: sampling.repetition_penalty,
            frequency_penalty: sampling.frequency_penalty,
            presence_penalty: sampling.presence_penalty,
            logit_bias: sampling.logit_bias.to_vec(),
            seed: sampling.seed,
            max_tokens,
            trigger_bias: self.trigger_bias,
        }
    }

    /// What an episode may do.
    pub(super) fn session(&self) -> SessionOptions {
        SessionOptions {
            revise: self.revise,
            trigger_bias: self.trigger_bias,
            ..SessionOptions::default()
        }
    }
}

/// The language that `--lang` names.
fn language(name: &str) -> Result<&'static Language, Failure> {
    by_name(name).ok_or_else(|| {
        Failure::new(format!("--lang: there is no language `{name}`"))
            .hint("see `palinode list languages`")
    })
}
