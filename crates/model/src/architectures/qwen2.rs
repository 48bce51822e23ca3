//! What does a Qwen2 network compute? (Qwen Team 2024, arXiv 2407.10671; Qwen2.5 and Qwen2.5-Coder
//! have the same form.)
//!
//! A decoder-only transformer: root-mean-square normalisation before each part, rotary positions,
//! grouped attention with a bias on queries, keys and values, a gated feed-forward part with SiLU,
//! and a head that may share the embedding's matrix. Read from small to large: attention,
//! feed-forward, layer, network. Tensors keep the names of Hugging Face's checkpoints.
//!
//! Shapes: `B` sequences, `T` new positions, `S` positions seen (cached and new), `D` hidden width,
//! `H` query heads, `K` key and value heads, `G = H / K`, `W` head width, `F` inner width, `V` ids.

mod config;

use std::path::Path;

use candle_core::{DType, IndexOp, Tensor};
use candle_nn::{Init, VarBuilder};

pub use self::config::{ARCHITECTURE, Config, MODEL_TYPE, RopeParameters};
use super::Architecture;
use super::direct::{Direct, DirectLayer};
use super::kernels::{Matrix, vector};
use super::mask::causal;
use super::operations::{linear, rms_norm, rms_norm_fused, softmax, softmax_fused};
use super::rotary::{Rotary, turn};
use crate::cache::TensorRows;
use crate::network::{check_ids, check_layers};
use crate::{Cache, Error, Hidden, LoadOptions, Network, Shape, Weights};

/// The registry's entry.
pub static ENTRY: Architecture = Architecture {
    name: MODEL_TYPE,
    classes: &[ARCHITECTURE],
    doc: "Qwen2, Qwen2.5 and Qwen2.5-Coder (Qwen Team 2024, arXiv 2407.10671 and 2409.12186): rotary \
          positions, grouped attention with biases, gated feed-forward. Not supported: stretched \
          positions (`rope_scaling`). Models with a sliding window are served up to its length.",
    shape: |config, file| Ok(Config::parse(config, file)?.shape()),
    load: load_network,
};

fn load_network(
    config: &[u8],
    file: &Path,
    weights: &Weights,
    options: &LoadOptions,
) -> Result<Box<dyn Network>, Error> {
    let config = Config::parse(config, file)?;
    weights.check(&config.tensors())?;
    let dtype = options.dtype.unwrap_or(DType::F32);
    let network = Qwen2::load(&config, &weights.builder(dtype, &options.device))?;
    if options.slices(&network.shape) {
        return Ok(Box::new(network.into_direct()?));
    }
    Ok(Box::new(network))
}

/// New positions computed at once: bounds the memory of the scores, `H * CHUNK * S` numbers.
const CHUNK: usize = 256;

/// Standard deviation of new weights, the reference's `initializer_range`.
const DEVIATION: f64 = 0.02;

/// Positions of the tokens at hand, and what follows from them for every layer.
struct Place {
    /// `[T, W / 2]`
    cosines: Tensor,
    /// `[T, W / 2]`
    sines: Tensor,
    /// `[T, S]`, absent where a single token sees everything.
    mask: Option<Tensor>,
}

#[derive(Clone, Debug)]
struct Attention {
    query: Tensor,      // [H * W, D]
    query_bias: Tensor, // [H * W]
    key: Tensor,        // [K * W, D]
    key_bias: Tensor,   // [K * W]
    value: Tensor,      // [K * W, D]
    value_bias: Tensor, // [K * W]
    output: Tensor,     // [D, H * W]
    heads: usize,
    kv_heads: usize,
    width: usize,
}

impl Attention {
    fn load(config: &Config, vb: &VarBuilder<'_>) -> Result<Attention, Error> {
        let (hidden, width) = (config.hidden_size, config.head_width());
        let (heads, kv_heads) = (config.num_attention_heads, config.kv_heads());
        Ok(Attention {
            query: matrix(&vb.pp("q_proj"), heads * width, hidden)?,
            query_bias: bias(&vb.pp("q_proj"), heads * width)?,
            key: matrix(&vb.pp("k_proj"), kv_heads * width, hidden)?,
            key_bias: bias(&vb.pp("k_proj"), kv_heads * width)?,
            value: matrix(&vb.pp("v_proj"), kv_heads * width, hidden)?,
            value_bias: bias(&vb.pp("v_proj"), kv_heads * width)?,
            output: matrix(&vb.pp("o_proj"), hidden, heads * width)?,
            heads,
            kv_heads,
            width,
        })
    }

    /// `[B, T, D]` → `[B, T, D]`, every operation with a backward.
    fn train(&self, x: &Tensor, place: &Place) -> Result<Tensor, Error> {
        let (batch, time, _) = x.dims3()?;
        let (heads, kv_heads, width) = (self.heads, self.kv_heads, self.width);
        let group = heads / kv_heads;
        let split = |x: Tensor, heads: usize| -> Result<Tensor, Error> {
            // [B, T, heads * W] → [B, heads, T, W]
            Ok(x.reshape((batch, time, heads, width))?.transpose(1, 2)?)
        };
        let query = split(linear(x, &self.query, Some(&self.query_bias))?, heads)?;
        let key = split(linear(x, &self.key, Some(&self.key_bias))?, kv_heads)?;
        let value = split(linear(x, &self.value, Some(&self.value_bias))?, kv_heads)?;
        let query = turn(&query, &place.cosines, &place.sines)?;
        let key = turn(&key, &place.cosines, &place.sines)?;
        // Query heads that share a key head lie next to each other, so their queries are simply more
        // rows against the same keys: nothing is repeated.
        let query = (query.reshape((batch, kv_heads, group * time, width))? * self.scale())?;
        let scores = query.matmul(&key.transpose(2, 3)?.contiguous()?)?; // [B, K, G * T, S]
        let scores = scores.reshape((batch, heads, time, time))?;
        let scores = match &place.mask {
            Some(mask) => scores.broadcast_add(mask)?,
            None => scores,
        };
        let shares = softmax(&scores)?.reshape((batch, kv_heads, group * time, time))?;
        let mixed = shares.matmul(&value.contiguous()?)?; // [B, K, G * T, W]
        let mixed = mixed
            .reshape((batch, heads, time, width))?
            .transpose(1, 2)?
            .reshape((batch, time, heads * width))?;
        linear(&mixed, &self.output, None)
    }

    /// `[T, D]` → `[T, D]` after `past` cached positions.
    fn infer(
        &self,
        x: &Tensor,
        place: &Place,
        past: usize,
        rows: &mut TensorRows,
        limit: usize,
    ) -> Result<Tensor, Error> {
        let time = x.dim(0)?;
        let (heads, kv_heads, width) = (self.heads, self.kv_heads, self.width);
        let group = heads / kv_heads;
        let split = |x: Tensor, heads: usize| -> Result<Tensor, Error> {
            // [T, heads * W] → [heads, T, W]
            let x = x.reshape((time, heads, width))?.transpose(0, 1)?;
            Ok(x.contiguous()?)
        };
        let rotate = |x: Tensor| -> Result<Tensor, Error> {
            let x = x.unsqueeze(0)?;
            Ok(candle_nn::rotary_emb::rope(&x, &place.cosines, &place.sines)?.squeeze(0)?)
        };
        let query = rotate(split(
            linear(x, &self.query, Some(&self.query_bias))?,
            heads,
        )?)?;
        let key = rotate(split(
            linear(x, &self.key, Some(&self.key_bias))?,
            kv_heads,
        )?)?;
        let value = split(linear(x, &self.value, Some(&self.value_bias))?, kv_heads)?;
        let (keys, values) = rows.append(past, &key, &value, limit)?; // [K, S, W]
        let seen = past + time;
        let query = (query.reshape((kv_heads, group * time, width))? * self.scale())?;
        let scores = query.matmul(&keys.t()?)?; // [K, G * T, S]
        let scores = match &place.mask {
            Some(mask) => scores.reshape((heads, time, seen))?.broadcast_add(mask)?,
            None => scores,
        };
        let shares = softmax_fused(&scores)?.reshape((kv_heads, group * time, seen))?;
        let mixed = shares.matmul(&values)?; // [K, G * T, W]
        let mixed = mixed
            .reshape((heads, time, width))?
            .transpose(0, 1)?
            .reshape((time, heads * width))?;
        linear(&mixed, &self.output, None)
    }

    fn scale(&self) -> f64 {
        1.0 / (self.width as f64).sqrt()
    }
}

#[derive(Clone, Debug)]
struct FeedForward {
    gate: Tensor, // [F, D]
    up: Tensor,   // [F, D]
    down: Tensor, // [D, F]
}

impl FeedForward {
    fn load(config: &Config, vb: &VarBuilder<'_>) -> Result<FeedForward, Error> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        Ok(FeedForward {
            gate: matrix(&vb.pp("gate_proj"), inner, hidden)?,
            up: matrix(&vb.pp("up_proj"), inner, hidden)?,
            down: matrix(&vb.pp("down_proj"), hidden, inner)?,
        })
    }

    /// `[.., D]` → `[.., D]`; has a backward.
    fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let gate = linear(x, &self.gate, None)?.silu()?;
        let inner = (gate * linear(x, &self.up, None)?)?;
        linear(&inner, &self.down, None)
    }
}

#[derive(Clone, Debug)]
struct Layer {
    attention_norm: Tensor, // [D]
    attention: Attention,
    feed_forward_norm: Tensor, // [D]
    feed_forward: FeedForward,
}

impl Layer {
    fn load(config: &Config, vb: &VarBuilder<'_>) -> Result<Layer, Error> {
        let hidden = config.hidden_size;
        Ok(Layer {
            attention_norm: norm(&vb.pp("input_layernorm"), hidden)?,
            attention: Attention::load(config, &vb.pp("self_attn"))?,
            feed_forward_norm: norm(&vb.pp("post_attention_layernorm"), hidden)?,
            feed_forward: FeedForward::load(config, &vb.pp("mlp"))?,
        })
    }
}

/// A Qwen2 network's weights.
///
/// Over a `VarMap`'s builder the weights are variables: [`Qwen2::train_hidden`] and [`Qwen2::head`]
/// then have a gradient for every one of them, and the [`Network`] methods read their current values.
/// Cloning shares all memory.
#[derive(Clone, Debug)]
pub struct Qwen2 {
    config: Config,
    shape: Shape,
    rotary: Rotary,
    embedding: Tensor, // [V, D]
    layers: Vec<Layer>,
    norm: Tensor,         // [D]
    head: Option<Tensor>, // [V, D]; absent where the embedding serves
}

impl Qwen2 {
    /// Takes the weights from `vb`, which sits at the checkpoint's root.
    ///
    /// Over an empty `VarMap`, weights are drawn with a standard deviation of 0.02, biases are 0 and
    /// norms 1, as in the reference; candle's draws cannot be seeded, so a caller who needs the same
    /// weights twice sets the variables itself, in the order of [`Config::tensors`].
    ///
    /// # Errors
    /// [`Error::Config`] where the form makes no sense, [`Error::Compute`] where a tensor is missing
    /// or has another shape.
    pub fn load(config: &Config, vb: &VarBuilder<'_>) -> Result<Qwen2, Error> {
        config.check("config.json".as_ref())?;
        let model = vb.pp("model");
        let (hidden, vocabulary) = (config.hidden_size, config.vocab_size);
        let layers = model.pp("layers");
        Ok(Qwen2 {
            shape: config.shape(),
            rotary: Rotary::new(config.head_width(), config.rotary_base()),
            embedding: matrix(&model.pp("embed_tokens"), vocabulary, hidden)?,
            layers: (0..config.num_hidden_layers)
                .map(|layer| Layer::load(config, &layers.pp(layer)))
                .collect::<Result<_, _>>()?,
            norm: norm(&model.pp("norm"), hidden)?,
            head: if config.tie_word_embeddings {
                None
            } else {
                Some(matrix(&vb.pp("lm_head"), vocabulary, hidden)?)
            },
            config: config.clone(),
        })
    }

    /// The network's form.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Hidden states after the final normalisation, for training: ids `[B, T]` (u32) → `[B, T, D]`.
    ///
    /// Every operation has a backward. Shorter sequences are padded on the right with any valid id:
    /// no position sees a later one, so padding changes nothing before it.
    ///
    /// # Errors
    /// [`Error::TooLong`] where `T` exceeds the context, [`Error::Compute`] where an id is outside
    /// the vocabulary or memory runs out.
    pub fn train_hidden(&self, ids: &Tensor) -> Result<Tensor, Error> {
        let (batch, time) = ids.dims2()?;
        if time > self.shape.context {
            return Err(Error::TooLong {
                tokens: time,
                context: self.shape.context,
            });
        }
        let epsilon = self.config.rms_norm_eps;
        let place = self.place(0, time)?;
        let mut x = self
            .embedding
            .index_select(&ids.flatten_all()?, 0)?
            .reshape((batch, time, self.shape.hidden))?;
        for layer in &self.layers {
            let normed = rms_norm(&x, &layer.attention_norm, epsilon)?;
            x = (x + layer.attention.train(&normed, &place)?)?;
            let normed = rms_norm(&x, &layer.feed_forward_norm, epsilon)?;
            x = (x + layer.feed_forward.forward(&normed)?)?;
        }
        rms_norm(&x, &self.norm, epsilon)
    }

    /// Logits of hidden states: `[.., D]` → `[.., V]`; has a backward.
    ///
    /// # Errors
    /// [`Error::Compute`] where the width differs or memory runs out.
    pub fn head(&self, hidden: &Tensor) -> Result<Tensor, Error> {
        linear(hidden, self.head.as_ref().unwrap_or(&self.embedding), None)
    }

    /// The same network over slices, for a small one on the processor.
    ///
    /// Weights are copied layer by layer, and each layer's tensors are let go before the next is
    /// copied.
    ///
    /// # Errors
    /// [`Error::Compute`] where a tensor cannot be read.
    pub fn into_direct(self) -> Result<Direct, Error> {
        let layer = |layer: Layer| -> Result<DirectLayer, Error> {
            let attention = &layer.attention;
            let mut inputs_bias = vector(&attention.query_bias)?;
            inputs_bias.extend(vector(&attention.key_bias)?);
            inputs_bias.extend(vector(&attention.value_bias)?);
            Ok(DirectLayer {
                attention_norm: vector(&layer.attention_norm)?,
                inputs: Matrix::stack(&[&attention.query, &attention.key, &attention.value])?,
                inputs_bias,
                output: Matrix::stack(&[&attention.output])?,
                feed_forward_norm: vector(&layer.feed_forward_norm)?,
                gate_up: Matrix::stack(&[&layer.feed_forward.gate, &layer.feed_forward.up])?,
                down: Matrix::stack(&[&layer.feed_forward.down])?,
            })
        };
        Ok(Direct {
            shape: self.shape,
            rotary: self.rotary,
            epsilon: self.config.rms_norm_eps as f32,
            embedding: Matrix::stack(&[&self.embedding])?,
            layers: self
                .layers
                .into_iter()
                .map(layer)
                .collect::<Result<_, _>>()?,
            norm: vector(&self.norm)?,
            head: match &self.head {
                Some(head) => Some(Matrix::stack(&[head])?),
                None => None,
            },
        })
    }

    fn place(&self, past: usize, time: usize) -> Result<Place, Error> {
        let (dtype, device) = (self.embedding.dtype(), self.embedding.device());
        let (cosines, sines) = self.rotary.tensors(past, time, dtype, device)?;
        let mask = match time {
            1 => None,
            _ => Some(causal(past, time, dtype, device)?),
        };
        Ok(Place {
            cosines,
            sines,
            mask,
        })
    }

    /// Hidden states of new tokens `[T]` after the final normalisation, `[T, D]`, in fused
    /// operations; `tap` sees the stream before each layer and after the last norm.
    fn infer(
        &self,
        ids: &[u32],
        past: usize,
        rows: &mut [TensorRows],
        tap: &mut dyn FnMut(usize, &Tensor) -> Result<(), Error>,
    ) -> Result<Tensor, Error> {
        let epsilon = self.config.rms_norm_eps;
        let place = self.place(past, ids.len())?;
        let index = Tensor::new(ids, self.embedding.device())?;
        let mut x = self.embedding.index_select(&index, 0)?; // [T, D]
        for (number, (layer, rows)) in self.layers.iter().zip(rows).enumerate() {
            tap(number, &x)?;
            let normed = rms_norm_fused(&x, &layer.attention_norm, epsilon)?;
            let mixed = layer
                .attention
                .infer(&normed, &place, past, rows, self.shape.context)?;
            x = (x + mixed)?;
            let normed = rms_norm_fused(&x, &layer.feed_forward_norm, epsilon)?;
            x = (x + layer.feed_forward.forward(&normed)?)?;
        }
        let x = rms_norm_fused(&x, &self.norm, epsilon)?;
        tap(self.layers.len(), &x)?;
        Ok(x)
    }

    /// Runs `ids` in chunks; `visit` gets each chunk's final hidden states.
    fn run(
        &self,
        ids: &[u32],
        cache: &mut Cache,
        tap: &mut dyn FnMut(usize, &Tensor) -> Result<(), Error>,
        visit: &mut dyn FnMut(Tensor) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let past = cache.len();
        check_ids(&self.shape, past, ids)?;
        let rows = cache.tensors(&self.shape)?;
        for (number, chunk) in ids.chunks(CHUNK).enumerate() {
            visit(self.infer(chunk, past + number * CHUNK, rows, tap)?)?;
        }
        cache.extend(ids.len());
        Ok(())
    }
}

impl Network for Qwen2 {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn new_cache(&self) -> Cache {
        Cache::of_tensors(&self.shape)
    }

    fn logits(&self, ids: &[u32], cache: &mut Cache) -> Result<Vec<f32>, Error> {
        let mut last = None;
        self.run(ids, cache, &mut |_, _| Ok(()), &mut |hidden| {
            last = Some(hidden.i(hidden.dim(0)? - 1)?);
            Ok(())
        })?;
        let last = last.ok_or(Error::NoTokens)?.unsqueeze(0)?;
        floats(&self.head(&last)?)
    }

    fn all_logits(&self, ids: &[u32], cache: &mut Cache) -> Result<Vec<Vec<f32>>, Error> {
        let mut all = Vec::new();
        self.run(ids, cache, &mut |_, _| Ok(()), &mut |hidden| {
            all.extend(self.head(&hidden)?.to_dtype(DType::F32)?.to_vec2()?);
            Ok(())
        })?;
        Ok(all)
    }

    fn hidden(
        &self,
        ids: &[u32],
        cache: &mut Cache,
        layers: &[usize],
    ) -> Result<Vec<Hidden>, Error> {
        check_layers(&self.shape, layers)?;
        let mut found: Vec<Hidden> = layers
            .iter()
            .map(|&layer| Hidden {
                layer,
                width: self.shape.hidden,
                values: Vec::new(),
            })
            .collect();
        let mut tap = |layer: usize, x: &Tensor| {
            for hidden in found.iter_mut().filter(|hidden| hidden.layer == layer) {
                hidden.values.extend(floats(x)?);
            }
            Ok(())
        };
        self.run(ids, cache, &mut tap, &mut |_| Ok(()))?;
        Ok(found)
    }
}

/// All numbers of a tensor, row after row.
fn floats(x: &Tensor) -> Result<Vec<f32>, Error> {
    Ok(x.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?)
}

fn matrix(vb: &VarBuilder<'_>, outputs: usize, inputs: usize) -> Result<Tensor, Error> {
    let init = Init::Randn {
        mean: 0.0,
        stdev: DEVIATION,
    };
    Ok(vb.get_with_hints((outputs, inputs), "weight", init)?)
}

fn bias(vb: &VarBuilder<'_>, outputs: usize) -> Result<Tensor, Error> {
    Ok(vb.get_with_hints(outputs, "bias", Init::Const(0.0))?)
}

fn norm(vb: &VarBuilder<'_>, width: usize) -> Result<Tensor, Error> {
    Ok(vb.get_with_hints(width, "weight", Init::Const(1.0))?)
}
