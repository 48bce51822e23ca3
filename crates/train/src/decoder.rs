//! What does a Qwen2 network compute, in the operations that are fast to train on a processor?
//!
//! The same network as `palinode_model`'s [`Qwen2`](palinode_model::architectures::qwen2::Qwen2) over
//! the same variables, in [`fused`] operations and without padding: sequences stand end to end. A test
//! holds the two together.

use std::sync::Arc;

use candle_core::Tensor;
use candle_nn::VarBuilder;
use palinode_model::architectures::qwen2::Config;
use palinode_model::architectures::rotary::Rotary;

use crate::Result;
use crate::fused::{self, AttentionShape, Rope};
use crate::packed::Packed;

#[derive(Clone, Debug)]
struct Layer {
    attention_norm: Tensor,       // [D]
    query_key_value: [Tensor; 3], // [H * W, D], [K * W, D], [K * W, D]
    biases: [Tensor; 3],          // [H * W], [K * W], [K * W]
    output: Tensor,               // [D, H * W]
    feed_forward_norm: Tensor,    // [D]
    gate_up: [Tensor; 2],         // [F, D] each
    down: Tensor,                 // [D, F]
}

/// A Qwen2 network's variables, in the order of its layers.
#[derive(Clone, Debug)]
pub(crate) struct Decoder {
    embedding: Tensor, // [V, D]
    layers: Vec<Layer>,
    norm: Tensor, // [D]
    head: Tensor, // [V, D]; the embedding where it serves
    rotary: Rotary,
    heads: usize,
    kv_heads: usize,
    epsilon: f64,
}

impl Decoder {
    /// Takes the variables from `vb`, which sits at the checkpoint's root.
    pub(crate) fn load(config: &Config, vb: &VarBuilder<'_>) -> Result<Decoder> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let (queries, keys) = (
            config.num_attention_heads * config.head_width(),
            config.kv_heads() * config.head_width(),
        );
        let layer = |number: usize| -> Result<Layer> {
            let vb = vb.pp("model.layers").pp(number);
            let matrix = |name: &str, rows: usize, columns: usize| {
                vb.get((rows, columns), &format!("{name}.weight"))
            };
            let vector = |name: &str, width: usize| vb.get(width, name);
            Ok(Layer {
                attention_norm: vector("input_layernorm.weight", hidden)?,
                query_key_value: [
                    matrix("self_attn.q_proj", queries, hidden)?,
                    matrix("self_attn.k_proj", keys, hidden)?,
                    matrix("self_attn.v_proj", keys, hidden)?,
                ],
                biases: [
                    vector("self_attn.q_proj.bias", queries)?,
                    vector("self_attn.k_proj.bias", keys)?,
                    vector("self_attn.v_proj.bias", keys)?,
                ],
                output: matrix("self_attn.o_proj", hidden, queries)?,
                feed_forward_norm: vector("post_attention_layernorm.weight", hidden)?,
                gate_up: [
                    matrix("mlp.gate_proj", inner, hidden)?,
                    matrix("mlp.up_proj", inner, hidden)?,
                ],
                down: matrix("mlp.down_proj", hidden, inner)?,
            })
        };
        let embedding = vb.get((config.vocab_size, hidden), "model.embed_tokens.weight")?;
        Ok(Decoder {
            layers: (0..config.num_hidden_layers)
                .map(layer)
                .collect::<Result<_>>()?,
            norm: vb.get(hidden, "model.norm.weight")?,
            head: if config.tie_word_embeddings {
                embedding.clone()
            } else {
                vb.get((config.vocab_size, hidden), "lm_head.weight")?
            },
            embedding,
            rotary: Rotary::new(config.head_width(), config.rotary_base()),
            heads: config.num_attention_heads,
            kv_heads: config.kv_heads(),
            epsilon: config.rms_norm_eps,
        })
    }

    /// Hidden states after the final normalisation: `[tokens, D]`.
    pub(crate) fn hidden(&self, packed: &Packed) -> Result<Tensor> {
        let shape = AttentionShape {
            sequences: Arc::clone(&packed.sequences),
            heads: self.heads,
            kv_heads: self.kv_heads,
            rope: Arc::new(Rope::new(&self.rotary, packed.longest())),
        };
        let ids = Tensor::new(packed.ids.as_slice(), self.embedding.device())?;
        let mut x = self.embedding.index_select(&ids, 0)?; // [tokens, D]
        for layer in &self.layers {
            let normed = fused::rms_norm(&x, &layer.attention_norm, self.epsilon)?;
            // One product instead of three, and one gradient for its input.
            let weight = Tensor::cat(&layer.query_key_value, 0)?;
            let bias = Tensor::cat(&layer.biases, 0)?;
            let qkv = fused::linear(&normed, &weight, Some(&bias))?;
            let mixed = fused::attention(&qkv, &shape)?;
            x = (x + fused::linear(&mixed, &layer.output, None)?)?;
            let normed = fused::rms_norm(&x, &layer.feed_forward_norm, self.epsilon)?;
            let inner = fused::linear(&normed, &Tensor::cat(&layer.gate_up, 0)?, None)?;
            x = (x + fused::linear(&fused::swiglu(&inner)?, &layer.down, None)?)?;
        }
        Ok(fused::rms_norm(&x, &self.norm, self.epsilon)?)
    }

    /// Weighted negative log-likelihood of the predictions, a scalar.
    pub(crate) fn cost(&self, hidden: &Tensor, packed: &Packed, backward: bool) -> Result<Tensor> {
        Ok(fused::head_loss(
            hidden,
            &self.head,
            packed.predictions.clone(),
            backward,
        )?)
    }
}
