//! What does a network of Qwen2's form compute, in the operations that are fast to train on a processor?
//!
//! The same network as `palinode_model`'s [`Decoder`](palinode_model::tensors::Decoder) over the same
//! variables, in [`fused`] operations and without padding: sequences stand end to end. A test holds the two
//! together.

use std::sync::Arc;

use candle_core::Tensor;
use candle_nn::VarBuilder;
use palinode_model::form::{Activation, FeedForwardKind, Form, NormKind};
use palinode_model::rotary::{Pairing, Rotary};

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

/// The variables of a network of Qwen2's form, in the order of its layers.
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
    /// Whether these operations can compute a network of this form.
    pub(crate) fn fits(form: &Form) -> bool {
        form.norm == NormKind::RootMeanSquare
            && form.input_biases
            && !form.output_bias
            && !form.head_norms
            && form.windows.iter().all(Option::is_none)
            && form.feed_forward == FeedForwardKind::Gated
            && !form.feed_forward_biases
            && form.activation == Activation::Silu
            && form.rotary.pairing() == Pairing::Halves
    }

    /// Takes the variables from `vb`, which sits at the checkpoint's root.
    pub(crate) fn load(form: &Form, vb: &VarBuilder<'_>) -> Result<Decoder> {
        let shapes = form.tensors();
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
            layers: (0..form.shape.layers).map(layer).collect::<Result<_>>()?,
            norm: get("model.norm.weight")?,
            head: if form.shape.tied {
                embedding.clone()
            } else {
                get("lm_head.weight")?
            },
            embedding,
            rotary: form.rotary.clone(),
            heads: form.shape.heads,
            kv_heads: form.shape.kv_heads,
            shape: LayerShape {
                hidden: form.shape.hidden,
                inner: form.shape.intermediate,
                epsilon: form.epsilon,
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
