//! Which decoder is it? Everything in which one supported network differs from another, as data.
//!
//! Every network here is a stack of blocks of attention and feed-forward over one residual stream. What
//! its architecture decides (normalisation, biases, how positions turn, who sees how far) is stated in a
//! [`Form`], and two engines compute whatever a form states: one on plain slices, one on tensors. So an
//! architecture is one file that turns a configuration into a form.

use crate::Shape;
use crate::rotary::Rotary;

/// A network's form: its sizes, and what is computed with them.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// The sizes.
    pub shape: Shape,
    /// How the stream is normalised before each part.
    pub norm: NormKind,
    /// Added to the mean square, or the variance, before the root in normalisation.
    pub epsilon: f64,
    /// How positions turn queries and keys.
    pub rotary: Rotary,
    /// Whether queries, keys and values have biases.
    pub input_biases: bool,
    /// Whether attention's output has a bias.
    pub output_bias: bool,
    /// Whether each head's queries and keys are normalised before they are turned (by root mean square,
    /// with one weight a number of the head).
    pub head_norms: bool,
    /// For each layer, how many positions a token sees, itself included; all where absent.
    pub windows: Vec<Option<usize>>,
    /// How the feed-forward part is wired.
    pub feed_forward: FeedForwardKind,
    /// Whether its matrices have biases.
    pub feed_forward_biases: bool,
    /// Its non-linearity.
    pub activation: Activation,
}

/// How numbers are normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormKind {
    /// By the root of their mean square (Zhang & Sennrich 2019).
    RootMeanSquare,
    /// By mean and variance, with a bias (Ba et al. 2016).
    Layer,
}

/// How a feed-forward part is wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedForwardKind {
    /// `down(activation(gate(x)) * up(x))` (Shazeer 2020).
    Gated,
    /// `down(activation(up(x)))`.
    Plain,
}

/// A non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x * sigmoid(x)`.
    Silu,
    /// `x` times the normal distribution function, in its approximation by a hyperbolic tangent (Hendrycks &
    /// Gimpel 2016).
    GeluTanh,
}

/// What a tensor of a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Part {
    Embedding,
    AttentionNorm,
    Query,
    Key,
    Value,
    Output,
    QueryNorm,
    KeyNorm,
    FeedForwardNorm,
    Gate,
    Up,
    Down,
    Norm,
    Head,
}

/// One tensor's place in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// The layer; 0 for parts that belong to none.
    pub layer: usize,
    /// The part.
    pub part: Part,
    /// Whether it is the part's bias, not its weight.
    pub bias: bool,
}

impl Form {
    /// Every tensor of a network of this form and its shape, in the network's order.
    #[must_use]
    pub fn slots(&self) -> Vec<(Slot, Vec<usize>)> {
        let shape = &self.shape;
        let (hidden, inner, width) = (shape.hidden, shape.intermediate, shape.head_width);
        let queries = shape.heads * width;
        let keys = shape.kv_heads * width;
        let norm_bias = self.norm == NormKind::Layer;
        let mut all = Vec::new();
        let mut push = |layer, part, dims: &[usize], bias: bool| {
            let slot = |bias| Slot { layer, part, bias };
            all.push((slot(false), dims.to_vec()));
            if bias {
                all.push((slot(true), dims[..1].to_vec()));
            }
        };
        push(0, Part::Embedding, &[shape.vocabulary, hidden], false);
        for layer in 0..shape.layers {
            push(layer, Part::AttentionNorm, &[hidden], norm_bias);
            push(layer, Part::Query, &[queries, hidden], self.input_biases);
            push(layer, Part::Key, &[keys, hidden], self.input_biases);
            push(layer, Part::Value, &[keys, hidden], self.input_biases);
            push(layer, Part::Output, &[hidden, queries], self.output_bias);
            if self.head_norms {
                push(layer, Part::QueryNorm, &[width], false);
                push(layer, Part::KeyNorm, &[width], false);
            }
            push(layer, Part::FeedForwardNorm, &[hidden], norm_bias);
            let biases = self.feed_forward_biases;
            if self.feed_forward == FeedForwardKind::Gated {
                push(layer, Part::Gate, &[inner, hidden], biases);
            }
            push(layer, Part::Up, &[inner, hidden], biases);
            push(layer, Part::Down, &[hidden, inner], biases);
        }
        push(0, Part::Norm, &[hidden], norm_bias);
        if !shape.tied {
            push(0, Part::Head, &[shape.vocabulary, hidden], false);
        }
        all
    }

    /// [`Form::slots`] under the names of Hugging Face's checkpoints.
    #[must_use]
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let slots = self.slots().into_iter();
        slots.map(|(slot, dims)| (self.name(slot), dims)).collect()
    }

    /// A tensor's name in Hugging Face's checkpoints.
    #[must_use]
    pub fn name(&self, slot: Slot) -> String {
        let plain = self.feed_forward == FeedForwardKind::Plain;
        let stem = match slot.part {
            Part::Embedding => "embed_tokens",
            Part::AttentionNorm => "input_layernorm",
            Part::Query => "self_attn.q_proj",
            Part::Key => "self_attn.k_proj",
            Part::Value => "self_attn.v_proj",
            Part::Output => "self_attn.o_proj",
            Part::QueryNorm => "self_attn.q_norm",
            Part::KeyNorm => "self_attn.k_norm",
            Part::FeedForwardNorm => "post_attention_layernorm",
            Part::Gate => "mlp.gate_proj",
            Part::Up if plain => "mlp.c_fc",
            Part::Up => "mlp.up_proj",
            Part::Down if plain => "mlp.c_proj",
            Part::Down => "mlp.down_proj",
            Part::Norm => "norm",
            Part::Head => "lm_head",
        };
        let kind = if slot.bias { "bias" } else { "weight" };
        match slot.part {
            Part::Head => format!("{stem}.{kind}"),
            Part::Embedding | Part::Norm => format!("model.{stem}.{kind}"),
            _ => format!("model.layers.{}.{stem}.{kind}", slot.layer),
        }
    }

    /// Numbers in all weights; a shared matrix counts once.
    #[must_use]
    pub fn count(&self) -> u64 {
        // Layers are alike, so one is enough: a hostile file may state thousands.
        let one = Form {
            shape: Shape {
                layers: 1,
                ..self.shape.clone()
            },
            ..self.clone()
        };
        let numbers = |dims: &[usize]| dims.iter().map(|n| *n as u64).product::<u64>();
        let (mut layer, mut rest) = (0u64, 0u64);
        for (slot, dims) in one.slots() {
            match slot.part {
                Part::Embedding | Part::Norm | Part::Head => rest += numbers(&dims),
                _ => layer += numbers(&dims),
            }
        }
        layer
            .saturating_mul(self.shape.layers as u64)
            .saturating_add(rest)
    }
}
