//! What does a Qwen2 `config.json` say, and can a network of that form exist?

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, Shape};

/// The name in `architectures` of `config.json`.
pub const ARCHITECTURE: &str = "Qwen2ForCausalLM";
/// The name in `model_type` of `config.json`.
pub const MODEL_TYPE: &str = "qwen2";

/// The largest width or count a field may state; far above every real model, low enough that no
/// product of three of them overflows 64 bits.
const LARGEST: usize = 1 << 20;
/// The most layers a configuration may state: each costs twelve names to check against the weights.
const MOST_LAYERS: usize = 1 << 12;
/// The longest context a configuration may state.
const LONGEST_CONTEXT: usize = 1 << 24;

/// A Qwen2 network's form, under Hugging Face's field names.
///
/// Fields not listed here do not change the numbers. [`Config::check`] says whether the values make
/// sense; a `Config` built by hand is checked when a network is built from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Names of the classes that can load the checkpoint.
    #[serde(default = "own_architectures")]
    pub architectures: Vec<String>,
    /// The family's name.
    #[serde(default = "own_model_type")]
    pub model_type: String,
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
    /// Key and value heads; each serves `num_attention_heads / num_key_value_heads` query heads.
    /// The same number as query heads where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_key_value_heads: Option<usize>,
    /// Width of a head; `hidden_size / num_attention_heads` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_dim: Option<usize>,
    /// The most positions the network was made for.
    #[serde(default = "default_context")]
    pub max_position_embeddings: usize,
    /// Added to the mean square before the root in normalisation.
    #[serde(default = "default_epsilon")]
    pub rms_norm_eps: f64,
    /// Base of the rotary frequencies, as older files state it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_theta: Option<f64>,
    /// The rotary settings, as newer files state them; they win over `rope_theta`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_parameters: Option<RopeParameters>,
    /// Stretching of positions, as older files state it; only its absence is supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_scaling: Option<RopeParameters>,
    /// Whether upper layers see a window of positions only.
    #[serde(default)]
    pub use_sliding_window: bool,
    /// The window's length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sliding_window: Option<usize>,
    /// Whether the head shares the embedding's matrix.
    #[serde(default)]
    pub tie_word_embeddings: bool,
    /// The activation of the feed-forward part; only `silu` is supported.
    #[serde(default = "default_activation")]
    pub hidden_act: String,
}

/// Rotary settings of `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RopeParameters {
    /// Base of the frequencies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_theta: Option<f64>,
    /// How positions are stretched; `default` is not at all.
    #[serde(default, alias = "type", skip_serializing_if = "Option::is_none")]
    pub rope_type: Option<String>,
}

fn own_architectures() -> Vec<String> {
    vec![ARCHITECTURE.to_owned()]
}
fn own_model_type() -> String {
    MODEL_TYPE.to_owned()
}
// The values the reference takes where the field is absent.
fn default_context() -> usize {
    32_768
}
fn default_epsilon() -> f64 {
    1e-6
}
fn default_activation() -> String {
    "silu".to_owned()
}

impl Config {
    /// Reads and checks the text of a `config.json`; `file` is what errors name.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Config`].
    pub fn parse(bytes: &[u8], file: &Path) -> Result<Config, Error> {
        let config: Config = serde_json::from_slice(bytes).map_err(|source| Error::Json {
            file: file.to_owned(),
            source,
        })?;
        config.check(file)?;
        Ok(config)
    }

    /// Key and value heads.
    #[must_use]
    pub fn kv_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    /// Width of a head; 0 where there are no heads.
    #[must_use]
    pub fn head_width(&self) -> usize {
        self.head_dim.unwrap_or_else(|| {
            self.hidden_size
                .checked_div(self.num_attention_heads)
                .unwrap_or(0)
        })
    }

    /// Base of the rotary frequencies.
    #[must_use]
    pub fn rotary_base(&self) -> f64 {
        self.rope_parameters
            .as_ref()
            .and_then(|parameters| parameters.rope_theta)
            .or(self.rope_theta)
            .unwrap_or(10_000.0)
    }

    /// The most positions that can be computed exactly.
    ///
    /// Within the length of a sliding window, windowed and full attention are the same, so a model
    /// with windows is served up to that length.
    #[must_use]
    pub fn context(&self) -> usize {
        match self.sliding_window {
            Some(window) if self.use_sliding_window => self.max_position_embeddings.min(window),
            _ => self.max_position_embeddings,
        }
    }

    /// Whether a network of this form can exist and is supported; `file` is what errors name.
    ///
    /// # Errors
    /// [`Error::Config`] with the first field that is wrong.
    pub fn check(&self, file: &Path) -> Result<(), Error> {
        let refuse = |field: &'static str, problem: String| {
            Err(Error::Config {
                file: file.to_owned(),
                field,
                problem,
            })
        };
        let counts = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.kv_heads()),
            ("head_dim", self.head_width()),
        ];
        for (field, value) in counts {
            if value == 0 || value > LARGEST {
                return refuse(field, format!("is {value}; it must be 1 to {LARGEST}"));
            }
        }
        if self.num_hidden_layers == 0 || self.num_hidden_layers > MOST_LAYERS {
            return refuse(
                "num_hidden_layers",
                format!(
                    "is {}; it must be 1 to {MOST_LAYERS}",
                    self.num_hidden_layers
                ),
            );
        }
        let context = self.context();
        if context == 0 || context > LONGEST_CONTEXT {
            return refuse(
                "max_position_embeddings",
                format!("gives a context of {context}; it must be 1 to {LONGEST_CONTEXT}"),
            );
        }
        if self.head_dim.is_none() && !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return refuse(
                "num_attention_heads",
                format!(
                    "is {}, which does not divide hidden_size {}",
                    self.num_attention_heads, self.hidden_size
                ),
            );
        }
        if !self.num_attention_heads.is_multiple_of(self.kv_heads()) {
            return refuse(
                "num_key_value_heads",
                format!(
                    "is {}, which does not divide num_attention_heads {}",
                    self.kv_heads(),
                    self.num_attention_heads
                ),
            );
        }
        if !self.head_width().is_multiple_of(2) {
            return refuse(
                "head_dim",
                format!(
                    "is {}; rotary embeddings need an even width",
                    self.head_width()
                ),
            );
        }
        if !(self.rms_norm_eps.is_finite() && self.rms_norm_eps > 0.0) {
            return refuse(
                "rms_norm_eps",
                format!("is {}; it must be positive", self.rms_norm_eps),
            );
        }
        let base = self.rotary_base();
        if !(base.is_finite() && base >= 1.0) {
            return refuse("rope_theta", format!("is {base}; it must be at least 1"));
        }
        if self.hidden_act != "silu" {
            return refuse(
                "hidden_act",
                format!("is `{}`; only `silu` is supported", self.hidden_act),
            );
        }
        for (field, parameters) in [
            ("rope_parameters", &self.rope_parameters),
            ("rope_scaling", &self.rope_scaling),
        ] {
            let kind = parameters.as_ref().and_then(|p| p.rope_type.as_deref());
            if let Some(kind) = kind.filter(|kind| *kind != "default") {
                return refuse(
                    field,
                    format!("stretches positions by `{kind}`; only `default` is supported"),
                );
            }
        }
        Ok(())
    }

    /// Every tensor of a checkpoint of this form: its name and its shape, in the order of the network.
    ///
    /// Twelve a layer, and layers are bounded by [`Config::check`].
    #[must_use]
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let hidden = self.hidden_size;
        let inner = self.intermediate_size;
        let queries = self.num_attention_heads * self.head_width();
        let keys = self.kv_heads() * self.head_width();
        let mut all = vec![(
            "model.embed_tokens.weight".to_owned(),
            vec![self.vocab_size, hidden],
        )];
        for layer in 0..self.num_hidden_layers {
            let mut push = |name: &str, shape: &[usize]| {
                all.push((format!("model.layers.{layer}.{name}"), shape.to_vec()));
            };
            push("input_layernorm.weight", &[hidden]);
            push("self_attn.q_proj.weight", &[queries, hidden]);
            push("self_attn.q_proj.bias", &[queries]);
            push("self_attn.k_proj.weight", &[keys, hidden]);
            push("self_attn.k_proj.bias", &[keys]);
            push("self_attn.v_proj.weight", &[keys, hidden]);
            push("self_attn.v_proj.bias", &[keys]);
            push("self_attn.o_proj.weight", &[hidden, queries]);
            push("post_attention_layernorm.weight", &[hidden]);
            push("mlp.gate_proj.weight", &[inner, hidden]);
            push("mlp.up_proj.weight", &[inner, hidden]);
            push("mlp.down_proj.weight", &[hidden, inner]);
        }
        all.push(("model.norm.weight".to_owned(), vec![hidden]));
        if !self.tie_word_embeddings {
            all.push(("lm_head.weight".to_owned(), vec![self.vocab_size, hidden]));
        }
        all
    }

    /// The form in the words every architecture shares.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let hidden = self.hidden_size as u64;
        let inner = self.intermediate_size as u64;
        let queries = (self.num_attention_heads * self.head_width()) as u64;
        let keys = (self.kv_heads() * self.head_width()) as u64;
        let attention = 2 * queries * hidden + queries + 2 * (keys * hidden + keys);
        let layer = attention + 3 * hidden * inner + 2 * hidden;
        let heads = if self.tie_word_embeddings { 1 } else { 2 };
        let embeddings = heads * self.vocab_size as u64 * hidden;
        Shape {
            architecture: MODEL_TYPE,
            vocabulary: self.vocab_size,
            context: self.context(),
            layers: self.num_hidden_layers,
            hidden: self.hidden_size,
            heads: self.num_attention_heads,
            kv_heads: self.kv_heads(),
            head_width: self.head_width(),
            intermediate: self.intermediate_size,
            parameters: (self.num_hidden_layers as u64)
                .saturating_mul(layer)
                .saturating_add(embeddings + hidden),
            tied: self.tie_word_embeddings,
        }
    }
}
