//! How are tokens drawn: which flags say so, and what holds where they are silent?

use palinode_model::{Error, SamplingOptions};
use serde_json::Value as Json;

use crate::failure::Failure;

/// Flags of drawing. What they leave open is the model's own.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Sampling {
    /// How freely tokens are drawn; 0 always takes the likeliest [default: the model's own, else 0]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    temperature: Option<f32>,
    /// Draw among this many likeliest tokens; 0 is no limit [default: the model's own, else 0]
    #[arg(long, value_name = "COUNT")]
    top_k: Option<usize>,
    /// Draw among the likeliest tokens that have this probability together [default: the model's own, else 1]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    top_p: Option<f32>,
    /// Draw among tokens at least so likely, as a share of the likeliest [default: the model's own, else 0]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    min_p: Option<f32>,
    /// Draw among the tokens of the most typical surprise that have this probability together [default: the
    /// model's own, else 1]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    typical_p: Option<f32>,
    /// Divide the logits of tokens seen before by this, the prompt's included [default: the model's own, else 1]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    repetition_penalty: Option<f32>,
    /// Take this off a token's logit each time it was written
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    frequency_penalty: f32,
    /// Take this off the logit of a token that was written
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    presence_penalty: f32,
    /// Add NUMBER to a token's logit; `-inf` bans it; may be given several times
    #[arg(long, value_name = "ID=NUMBER", value_parser = bias)]
    logit_bias: Vec<(u32, f32)>,
    /// The seed of the draws
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) seed: u64,
}

fn bias(text: &str) -> Result<(u32, f32), String> {
    let parts = text.split_once('=');
    let pair =
        parts.and_then(|(id, bias)| Some((id.trim().parse().ok()?, bias.trim().parse().ok()?)));
    pair.ok_or_else(|| "it must be a token id, `=` and a number".to_owned())
}

impl Sampling {
    /// The options: flags before the model's own.
    pub(super) fn options(&self, own: &SamplingOptions) -> SamplingOptions {
        SamplingOptions {
            temperature: self.temperature.unwrap_or(own.temperature),
            top_k: self.top_k.unwrap_or(own.top_k),
            top_p: self.top_p.unwrap_or(own.top_p),
            min_p: self.min_p.unwrap_or(own.min_p),
            typical_p: self.typical_p.unwrap_or(own.typical_p),
            repetition_penalty: self.repetition_penalty.unwrap_or(own.repetition_penalty),
            frequency_penalty: self.frequency_penalty,
            presence_penalty: self.presence_penalty,
            logit_bias: self.logit_bias.clone().into(),
            seed: self.seed,
        }
    }

    /// Refuses a value that makes no sense, by its flag.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.problem() {
            Some((option, value, problem)) => {
                let flag = format!("--{}", option.replace('_', "-"));
                Err(Failure::new(format!("{flag} is {value}: {problem}"))
                    .hint(format!("see `palinode generate --help` for {flag}")))
            }
            None => Ok(()),
        }
    }

    /// The option that makes no sense, its value, and what is wrong with it.
    pub(super) fn problem(&self) -> Option<(&'static str, f32, &'static str)> {
        match self.options(&SamplingOptions::default()).check() {
            Err(Error::SamplingOption {
                option,
                value,
                problem,
            }) => Some((option, value, problem)),
            _ => None,
        }
    }

    /// Refuses to push tokens that the model does not have.
    pub(super) fn check_ids(&self, vocabulary: usize) -> Result<(), Failure> {
        let foreign = self
            .logit_bias
            .iter()
            .find(|(id, _)| *id as usize >= vocabulary);
        foreign.map_or(Ok(()), |(id, _)| {
            Err(Failure::new(format!(
                "--logit-bias: token id {id} is outside the vocabulary of {vocabulary}"
            ))
            .hint("`palinode model logits` shows ids of this model"))
        })
    }

    /// Takes the value that a line of prompts has for one of the flags, by the flag's name with underscores;
    /// says whether there is such a flag.
    ///
    /// # Errors
    /// What the value must be and is not.
    pub(super) fn set(&mut self, field: &str, value: &Json) -> Result<bool, &'static str> {
        let number = || match value.as_f64() {
            Some(number) => Ok(number as f32),
            None => Err("it must be a number"),
        };
        let whole = || value.as_u64().ok_or("it must be a whole number, 0 or more");
        match field {
            "temperature" => self.temperature = Some(number()?),
            "top_k" => self.top_k = Some(usize::try_from(whole()?).unwrap_or(usize::MAX)),
            "top_p" => self.top_p = Some(number()?),
            "min_p" => self.min_p = Some(number()?),
            "typical_p" => self.typical_p = Some(number()?),
            "repetition_penalty" => self.repetition_penalty = Some(number()?),
            "frequency_penalty" => self.frequency_penalty = number()?,
            "presence_penalty" => self.presence_penalty = number()?,
            "seed" => self.seed = whole()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
