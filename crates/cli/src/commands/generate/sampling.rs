//! How are tokens drawn: which flags say so, and what holds where they are silent?

use palinode_model::{Error, SamplingOptions};

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
        match self.options(&SamplingOptions::default()).check() {
            Err(Error::SamplingOption {
                option,
                value,
                problem,
            }) => {
                let flag = format!("--{}", option.replace('_', "-"));
                Err(Failure::new(format!("{flag} is {value}: {problem}"))
                    .hint(format!("see `palinode generate --help` for {flag}")))
            }
            _ => Ok(()),
        }
    }
}
