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

use crate::fused::{self, AttentionShape, LayerShape, Pool, Rope};
use crate::packed::Packed;
use crate::{Error, Result};

/// The tensors of a layer in the order in which [`fused::decoder_layer`] wants them.
const LAYER: [&str; 12] = [
    "input_layernorm.weight",
    "self_attn.q_proj.weight",
    "self_attn.k_proj.weight",
    "self_attn.v_proj.weight",
    "self_attn.q_proj.bias",
    "self_attn.k_proj.bias",
    "self_attn.v_proj.bias",
    "self_attn.o_proj.weight",
    "post_attention_layernorm.weight",
    "mlp.gate_proj.weight",
    "mlp.up_proj.weight",
    "mlp.down_proj.weight",
];

/// A Qwen2 network's variables, in the order of its layers.
#[derive(Clone, Debug)]
pub(crate) struct Decoder {
    embedding: Tensor, // [V, D]
    layers: Vec<Vec<Tensor>>,
    norm: Tensor, // [D]
    head: Tensor, // [V, D]; the embedding where it serves
    rotary: Rotary,
    heads: usize,
    kv_heads: usize,
    shape: LayerShape,
    pool: Pool,
}

impl Decoder {
    /// Takes the variables from `vb`, which sits at the checkpoint's root.
    pub(crate) fn load(config: &Config, vb: &VarBuilder<'_>) -> Result<Decoder> {
        let shapes = config.tensors();
        let get = |name: &str| -> Result<Tensor> {
            let found = shapes.iter().find(|(other, _)| other == name);
            let (_, shape) = found.ok_or_else(|| Error::Variable {
                name: name.to_owned(),
                problem: "is no tensor of this form".to_owned(),
            })?;
            Ok(vb.get(shape.as_slice(), name)?)
        };
        let layer = |number: usize| -> Result<Vec<Tensor>> {
            LAYER
                .iter()
                .map(|name| get(&format!("model.layers.{number}.{name}")))
                .collect()
        };
        let embedding = get("model.embed_tokens.weight")?;
        Ok(Decoder {
            layers: (0..config.num_hidden_layers)
                .map(layer)
                .collect::<Result<_>>()?,
            norm: get("model.norm.weight")?,
            head: if config.tie_word_embeddings {
                embedding.clone()
            } else {
                get("lm_head.weight")?
            },
            embedding,
            rotary: Rotary::new(config.head_width(), config.rotary_base()),
            heads: config.num_attention_heads,
            kv_heads: config.kv_heads(),
            shape: LayerShape {
                hidden: config.hidden_size,
                inner: config.intermediate_size,
                epsilon: config.rms_norm_eps,
            },
            pool: Pool::default(),
        })
    }

    /// Hidden states after the final normalisation: `[tokens, D]`.
    pub(crate) fn hidden(&self, packed: &Packed) -> Result<Tensor> {
        let attention = AttentionShape {
            sequences: Arc::clone(&packed.sequences),
            heads: self.heads,
            kv_heads: self.kv_heads,
            rope: Arc::new(Rope::new(&self.rotary, packed.longest())),
        };
        let ids = Tensor::new(packed.ids.as_slice(), self.embedding.device())?;
        let mut x = self.embedding.index_select(&ids, 0)?; // [tokens, D]
        for layer in &self.layers {
            let flat = layer
                .iter()
                .map(Tensor::flatten_all)
                .collect::<candle_core::Result<Vec<_>>>()?;
            let parameters = Tensor::cat(&flat, 0)?;
            x = fused::decoder_layer(&x, &parameters, self.shape, &attention, &self.pool)?;
        }
        Ok(fused::rms_norm(&x, &self.norm, self.shape.epsilon)?)
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
