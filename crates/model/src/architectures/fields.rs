//! What does a configuration say, whatever the architecture, and can such a network exist?
//!
//! The fields are those of Hugging Face's `config.json`; a GGUF file's metadata are brought into the same
//! form. What an architecture does differently from the others it states in [`Traits`].

use std::path::Path;

use serde::Deserialize;

use crate::form::{Activation, FeedForwardKind, Form, NormKind};
use crate::rotary::{Rotary, Stretch};
use crate::{Error, Shape};

/// The largest width or count a field may state; far above every real model, low enough that no
/// product of three of them overflows 64 bits.
const LARGEST: usize = 1 << 20;
/// The most layers a configuration may state: each costs a dozen names to check against the weights.
const MOST_LAYERS: usize = 1 << 12;
/// The longest context a configuration may state.
const LONGEST_CONTEXT: usize = 1 << 24;

/// The fields of a `config.json` that change the numbers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Fields {
    /// Rows of the embedding: token ids are below it.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width inside the feed-forward part.
    pub intermediate_size: usize,
    /// Blocks of attention and feed-forward.
    pub num_hidden_layers: usize,
    /// Query heads.
    pub num_attention_heads: usize,
    /// Key and value heads; the same number as query heads where absent.
    pub num_key_value_heads: Option<usize>,
    /// Width of a head.
    pub head_dim: Option<usize>,
    /// The most positions the network was made for.
    pub max_position_embeddings: Option<usize>,
    /// Added before the root in normalisation by root mean square.
    pub rms_norm_eps: Option<f64>,
    /// Added before the root in normalisation by mean and variance.
    pub norm_epsilon: Option<f64>,
    /// Base of the rotary frequencies, as older files state it.
    pub rope_theta: Option<f64>,
    /// The rotary settings, as newer files state them.
    pub rope_parameters: Option<RotaryFields>,
    /// How positions are stretched, as older files state it; it wins over the newer form.
    pub rope_scaling: Option<RotaryFields>,
    /// Whether some layers see a window of positions only.
    pub use_sliding_window: Option<bool>,
    /// The window's length.
    pub sliding_window: Option<usize>,
    /// The first layer with a window.
    pub max_window_layers: Option<usize>,
    /// Which layers have a window, by name.
    pub layer_types: Option<Vec<String>>,
    /// Whether the head shares the embedding's matrix.
    pub tie_word_embeddings: Option<bool>,
    /// The activation of the feed-forward part.
    pub hidden_act: Option<String>,
    /// Whether attention has biases.
    pub attention_bias: Option<bool>,
    /// Whether the feed-forward part has biases.
    pub mlp_bias: Option<bool>,
    /// Whether both have.
    pub use_bias: Option<bool>,
}

/// Rotary settings of `config.json`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct RotaryFields {
    /// Base of the frequencies.
    pub rope_theta: Option<f64>,
    /// How positions are stretched; `default` is not at all.
    #[serde(alias = "type")]
    pub rope_type: Option<String>,
    /// By how much.
    pub factor: Option<f64>,
    /// Positions of the first training.
    pub original_max_position_embeddings: Option<f64>,
    /// Llama 3.1's bound of slow frequencies.
    pub low_freq_factor: Option<f64>,
    /// Llama 3.1's bound of fast frequencies.
    pub high_freq_factor: Option<f64>,
    /// YaRN's bound of fast planes, in turns.
    pub beta_fast: Option<f64>,
    /// YaRN's bound of slow planes, in turns.
    pub beta_slow: Option<f64>,
    /// YaRN's factor of cosines and sines.
    pub attention_factor: Option<f64>,
    /// A part of that factor, for files that state it in two.
    pub mscale: Option<f64>,
    /// The other part.
    pub mscale_all_dim: Option<f64>,
    /// Whether YaRN's bounds are rounded to whole planes.
    pub truncate: Option<bool>,
    /// The share of a head that is turned; only all of it is supported.
    pub partial_rotary_factor: Option<f64>,
}

/// In what one architecture differs from the others.
#[derive(Clone, Debug)]
pub(super) struct Traits {
    pub(super) architecture: &'static str,
    /// The context where no field states it.
    pub(super) context: usize,
    /// Key and value heads where no field states them; as many as query heads where absent.
    pub(super) kv_heads: Option<usize>,
    /// The head's width where no field states it; the hidden width shared out where absent.
    pub(super) head_width: Option<usize>,
    pub(super) norm: NormKind,
    pub(super) input_biases: bool,
    pub(super) output_bias: bool,
    pub(super) head_norms: bool,
    /// For each layer.
    pub(super) windows: Vec<Option<usize>>,
    pub(super) feed_forward: FeedForwardKind,
    pub(super) feed_forward_biases: bool,
    /// Where no field states it.
    pub(super) activation: &'static str,
    /// Where no field states it.
    pub(super) tied: bool,
}

impl Traits {
    /// Llama's form, from which the others are told apart.
    pub(super) fn llama(
        architecture: &'static str,
        context: usize,
        windows: Vec<Option<usize>>,
    ) -> Traits {
        Traits {
            architecture,
            context,
            kv_heads: None,
            head_width: None,
            norm: NormKind::RootMeanSquare,
            input_biases: false,
            output_bias: false,
            head_norms: false,
            windows,
            feed_forward: FeedForwardKind::Gated,
            feed_forward_biases: false,
            activation: "silu",
            tied: false,
        }
    }
}

/// An error about a field, once the file is known.
type Refusal = (&'static str, String);

impl Fields {
    /// The form of a network with these fields; `file` is what errors name.
    pub(super) fn form(&self, traits: Traits, file: &Path) -> Result<Form, Error> {
        self.try_form(traits)
            .map_err(|(field, problem)| Error::Config {
                file: file.to_owned(),
                field,
                problem,
            })
    }

    /// The layers with a window, as Qwen's files state them: by name, or from a first layer on.
    pub(super) fn windows_by_layer(&self) -> Vec<Option<usize>> {
        let window = self
            .sliding_window
            .filter(|_| self.use_sliding_window == Some(true));
        let first = self.max_window_layers.unwrap_or(28);
        let layers = self.num_hidden_layers.min(MOST_LAYERS);
        match &self.layer_types {
            Some(types) => (0..layers)
                .map(|layer| {
                    let named = types.get(layer).is_some_and(|t| t == "sliding_attention");
                    window.filter(|_| named)
                })
                .collect(),
            None => (0..layers)
                .map(|layer| window.filter(|_| layer >= first))
                .collect(),
        }
    }

    /// One window for every layer.
    pub(super) fn windows_everywhere(&self) -> Vec<Option<usize>> {
        vec![self.sliding_window; self.num_hidden_layers.min(MOST_LAYERS)]
    }

    /// No window anywhere.
    pub(super) fn no_windows(&self) -> Vec<Option<usize>> {
        vec![None; self.num_hidden_layers.min(MOST_LAYERS)]
    }

    fn try_form(&self, traits: Traits) -> Result<Form, Refusal> {
        let heads = self.num_attention_heads;
        let kv_heads = self
            .num_key_value_heads
            .or(traits.kv_heads)
            .unwrap_or(heads);
        let stated_width = self.head_dim.or(traits.head_width);
        let shared_out = self.hidden_size.checked_div(heads).unwrap_or(0);
        let width = stated_width.unwrap_or(shared_out);
        for (field, value) in [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_attention_heads", heads),
            ("num_key_value_heads", kv_heads),
            ("head_dim", width),
        ] {
            require(value > 0 && value <= LARGEST, field, || {
                format!("is {value}; it must be 1 to {LARGEST}")
            })?;
        }
        let layers = self.num_hidden_layers;
        require(
            layers > 0 && layers <= MOST_LAYERS,
            "num_hidden_layers",
            || format!("is {layers}; it must be 1 to {MOST_LAYERS}"),
        )?;
        let context = self.max_position_embeddings.unwrap_or(traits.context);
        require(
            context > 0 && context <= LONGEST_CONTEXT,
            "max_position_embeddings",
            || format!("gives a context of {context}; it must be 1 to {LONGEST_CONTEXT}"),
        )?;
        let divides = stated_width.is_some() || self.hidden_size.is_multiple_of(heads);
        require(divides, "num_attention_heads", || {
            format!(
                "is {heads}, which does not divide hidden_size {}",
                self.hidden_size
            )
        })?;
        require(
            heads.is_multiple_of(kv_heads),
            "num_key_value_heads",
            || format!("is {kv_heads}, which does not divide num_attention_heads {heads}"),
        )?;
        require(width.is_multiple_of(2), "head_dim", || {
            format!("is {width}; rotary embeddings need an even width")
        })?;
        for name in self.layer_types.iter().flatten() {
            let known = matches!(name.as_str(), "full_attention" | "sliding_attention");
            require(known, "layer_types", || {
                format!("names `{name}`; full_attention and sliding_attention are supported")
            })?;
        }
        if let Some(types) = &self.layer_types {
            require(types.len() == layers, "layer_types", || {
                format!("names {} layers of {layers}", types.len())
            })?;
        }
        let (field, epsilon) = match traits.norm {
            NormKind::RootMeanSquare => ("rms_norm_eps", self.rms_norm_eps.unwrap_or(1e-6)),
            NormKind::Layer => ("norm_epsilon", self.norm_epsilon.unwrap_or(1e-5)),
        };
        require(epsilon.is_finite() && epsilon > 0.0, field, || {
            format!("is {epsilon}; it must be positive")
        })?;
        for window in traits.windows.iter().flatten() {
            require(*window > 0, "sliding_window", || "is 0".to_owned())?;
        }
        let act = self.hidden_act.as_deref().unwrap_or(traits.activation);
        let mut form = Form {
            shape: Shape {
                architecture: traits.architecture,
                vocabulary: self.vocab_size,
                context,
                layers,
                hidden: self.hidden_size,
                heads,
                kv_heads,
                head_width: width,
                intermediate: self.intermediate_size,
                parameters: 0,
                tied: self.tie_word_embeddings.unwrap_or(traits.tied),
            },
            norm: traits.norm,
            epsilon,
            rotary: self.rotary(width, context)?,
            input_biases: traits.input_biases,
            output_bias: traits.output_bias,
            head_norms: traits.head_norms,
            windows: traits.windows,
            feed_forward: traits.feed_forward,
            feed_forward_biases: traits.feed_forward_biases,
            activation: activation(act)?,
        };
        form.shape.parameters = form.count();
        Ok(form)
    }

    /// The rotary settings, wherever they stand.
    fn rotary(&self, width: usize, context: usize) -> Result<Rotary, Refusal> {
        // Where a file has both, the reference takes the older.
        let (field, settings) = match (&self.rope_scaling, &self.rope_parameters) {
            (Some(scaling), _) => ("rope_scaling", scaling.clone()),
            (None, Some(parameters)) => ("rope_parameters", parameters.clone()),
            (None, None) => ("rope_parameters", RotaryFields::default()),
        };
        let base = settings.rope_theta.or(self.rope_theta).unwrap_or(10_000.0);
        require(base.is_finite() && base > 1.0, "rope_theta", || {
            format!("is {base}; it must be above 1")
        })?;
        if let Some(share) = settings.partial_rotary_factor {
            require(share == 1.0, "partial_rotary_factor", || {
                format!("is {share}; only 1 is supported")
            })?;
        }
        let rotary = Rotary::new(width, base);
        let number = |name: &str, value: Option<f64>| match value {
            Some(value) if value.is_finite() && value > 0.0 => Ok(value),
            Some(value) => Err((
                field,
                format!("has a `{name}` of {value}; it must be positive"),
            )),
            None => Err((field, format!("lacks `{name}`"))),
        };
        let original = || {
            let stated = settings.original_max_position_embeddings;
            number(
                "original_max_position_embeddings",
                stated.or(Some(context as f64)),
            )
        };
        let kind = settings.rope_type.as_deref().unwrap_or("default");
        let stretch = match kind {
            // Within the context these are the plain frequencies, and no position lies beyond it.
            "default" | "dynamic" => return Ok(rotary),
            "linear" => Stretch::Linear {
                factor: number("factor", settings.factor)?,
            },
            "llama3" => Stretch::Llama3 {
                factor: number("factor", settings.factor)?,
                low: number("low_freq_factor", settings.low_freq_factor)?,
                high: number("high_freq_factor", settings.high_freq_factor)?,
                original: original()?,
            },
            "yarn" => {
                let original = original()?;
                let factor = match settings.factor {
                    Some(factor) => number("factor", Some(factor))?,
                    None => context as f64 / original,
                };
                let scale = |part: f64| match factor > 1.0 {
                    true => 0.1 * part * factor.ln() + 1.0,
                    false => 1.0,
                };
                let parts = settings.mscale.zip(settings.mscale_all_dim);
                let scale = match (settings.attention_factor, parts) {
                    (Some(stated), _) => stated,
                    (None, Some((a, b))) if a != 0.0 && b != 0.0 => scale(a) / scale(b),
                    (None, _) => scale(1.0),
                };
                Stretch::Yarn {
                    factor,
                    original,
                    fast: number("beta_fast", settings.beta_fast.or(Some(32.0)))?,
                    slow: number("beta_slow", settings.beta_slow.or(Some(1.0)))?,
                    truncate: settings.truncate.unwrap_or(true),
                    scale: number("attention_factor", Some(scale))?,
                }
            }
            other => {
                return Err((
                    field,
                    format!(
                        "stretches positions by `{other}`; default, linear, dynamic, llama3 and yarn are \
                         supported"
                    ),
                ));
            }
        };
        Ok(rotary.stretched(base, stretch))
    }
}

fn require(
    holds: bool,
    field: &'static str,
    problem: impl FnOnce() -> String,
) -> Result<(), Refusal> {
    match holds {
        true => Ok(()),
        false => Err((field, problem())),
    }
}

fn activation(name: &str) -> Result<Activation, Refusal> {
    match name {
        "silu" | "swish" => Ok(Activation::Silu),
        "gelu_pytorch_tanh" | "gelu_new" => Ok(Activation::GeluTanh),
        other => Err((
            "hidden_act",
            format!("is `{other}`; silu and gelu_pytorch_tanh are supported"),
        )),
    }
}
