//! How is a decoder computed with a tensor library: on other devices, in half precision, in training?
//!
//! Read from small to large: attention, feed-forward, layer, network. Each has two forms: `train`, in which
//! every operation has a backward, over a padded batch; and `infer`, in fused operations, over the rows of
//! many lanes with their caches.
//!
//! Shapes: `B` sequences, `T` new positions, `S` positions seen (cached and new), `D` hidden width, `H` query
//! heads, `K` key and value heads, `G = H / K`, `W` head width, `F` inner width, `V` ids.

mod mask;
pub mod operations;

use candle_core::{DType, Device, Tensor};
use candle_nn::{Init, VarBuilder};

use self::mask::Masks;
use self::operations::{
    layer_norm, layer_norm_fused, linear, rms_norm, rms_norm_fused, softmax, softmax_fused,
};
use crate::cache::TensorRows;
use crate::form::{Activation, FeedForwardKind, Form, NormKind, Part, Slot};
use crate::network::{Answer, Engine, Lane, Span, Tap, Want, drive, positions};
use crate::rotary::{Pairing, Rotary};
use crate::weights::Weights;
use crate::{Cache, Error, Network, Shape};

/// Standard deviation of new weights, the reference's `initializer_range`.
const DEVIATION: f64 = 0.02;

/// Where a network's tensors come from.
type Take<'a> = dyn Fn(Slot, &[usize]) -> Result<Tensor, Error> + 'a;

/// What follows from the positions of the rows at hand, for every layer.
struct Place {
    cosines: Tensor, // [T, W / 2]
    sines: Tensor,   // [T, W / 2]
    masks: Masks,
}

impl Place {
    fn new(
        rotary: &Rotary,
        positions: impl IntoIterator<Item = usize>,
        embedding: &Tensor,
    ) -> Result<Place, Error> {
        let (dtype, device) = (embedding.dtype(), embedding.device());
        let (cosines, sines) = rotary.tensors(positions, dtype, device)?;
        Ok(Place {
            cosines,
            sines,
            masks: Masks::default(),
        })
    }
}

/// A matrix `[outputs, inputs]` and its bias `[outputs]`.
#[derive(Clone, Debug)]
struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        linear(x, &self.weight, self.bias.as_ref())
    }
}

/// The weights of a normalisation.
#[derive(Clone, Debug)]
struct Norm {
    weight: Tensor,
    /// Only where mean and variance are normalised.
    bias: Option<Tensor>,
    epsilon: f64,
}

impl Norm {
    /// Has a backward.
    fn train(&self, x: &Tensor) -> Result<Tensor, Error> {
        match &self.bias {
            Some(bias) => layer_norm(x, &self.weight, bias, self.epsilon),
            None => rms_norm(x, &self.weight, self.epsilon),
        }
    }

    fn infer(&self, x: &Tensor) -> Result<Tensor, Error> {
        let x = x.contiguous()?;
        match &self.bias {
            Some(bias) => layer_norm_fused(&x, &self.weight, bias, self.epsilon),
            None => rms_norm_fused(&x, &self.weight, self.epsilon),
        }
    }
}

#[derive(Clone, Debug)]
struct Attention {
    query: Linear,  // [H * W, D]
    key: Linear,    // [K * W, D]
    value: Linear,  // [K * W, D]
    output: Linear, // [D, H * W]
    /// Of each head's queries and keys, `[W]`.
    head_norms: Option<(Norm, Norm)>,
    heads: usize,
    kv_heads: usize,
    width: usize,
    window: Option<usize>,
}

impl Attention {
    /// `[B, T, D]` → `[B, T, D]`, every operation with a backward.
    fn train(&self, x: &Tensor, rotary: &Rotary, place: &Place) -> Result<Tensor, Error> {
        let (batch, time, _) = x.dims3()?;
        let (heads, kv_heads, width) = (self.heads, self.kv_heads, self.width);
        let group = heads / kv_heads;
        let split = |x: Tensor, heads: usize| -> Result<Tensor, Error> {
            // [B, T, heads * W] → [B, heads, T, W]
            Ok(x.reshape((batch, time, heads, width))?.transpose(1, 2)?)
        };
        let mut query = split(self.query.forward(x)?, heads)?;
        let mut key = split(self.key.forward(x)?, kv_heads)?;
        let value = split(self.value.forward(x)?, kv_heads)?;
        if let Some((query_norm, key_norm)) = &self.head_norms {
            query = query_norm.train(&query)?;
            key = key_norm.train(&key)?;
        }
        let query = rotary.turn_tensor(&query, &place.cosines, &place.sines)?;
        let key = rotary.turn_tensor(&key, &place.cosines, &place.sines)?;
        // Query heads that share a key head lie next to each other, so their queries are simply more
        // rows against the same keys: nothing is repeated.
        let query = (query.reshape((batch, kv_heads, group * time, width))? * self.scale())?;
        let scores = query.matmul(&key.transpose(2, 3)?.contiguous()?)?; // [B, K, G * T, S]
        let scores = scores.reshape((batch, heads, time, time))?;
        let scores = match place.masks.of(0, time, self.window, &scores)? {
            Some(mask) => scores.broadcast_add(&mask)?,
            None => scores,
        };
        let shares = softmax(&scores)?.reshape((batch, kv_heads, group * time, time))?;
        let mixed = shares.matmul(&value.contiguous()?)?; // [B, K, G * T, W]
        let mixed = mixed
            .reshape((batch, heads, time, width))?
            .transpose(1, 2)?
            .reshape((batch, time, heads * width))?;
        self.output.forward(&mixed)
    }

    /// `[T, D]` → `[T, D]`: the rows of some lanes, each over its own cache.
    fn infer(
        &self,
        x: &Tensor,
        rotary: &Rotary,
        place: &Place,
        spans: &[Span],
        rows: &mut [&mut TensorRows],
        limit: usize,
    ) -> Result<Tensor, Error> {
        let time = x.dim(0)?;
        let (heads, kv_heads, width) = (self.heads, self.kv_heads, self.width);
        let split = |x: Tensor, heads: usize| -> Result<Tensor, Error> {
            // [T, heads * W] → [heads, T, W]
            Ok(x.reshape((time, heads, width))?
                .transpose(0, 1)?
                .contiguous()?)
        };
        let rotate = |x: Tensor| -> Result<Tensor, Error> {
            let x = x.unsqueeze(0)?;
            let (cosines, sines) = (&place.cosines, &place.sines);
            let turned = match rotary.pairing() {
                Pairing::Halves => candle_nn::rotary_emb::rope(&x, cosines, sines)?,
                Pairing::Neighbours => candle_nn::rotary_emb::rope_i(&x, cosines, sines)?,
            };
            Ok(turned.squeeze(0)?)
        };
        let mut query = split(self.query.forward(x)?, heads)?;
        let mut key = split(self.key.forward(x)?, kv_heads)?;
        let value = split(self.value.forward(x)?, kv_heads)?;
        if let Some((query_norm, key_norm)) = &self.head_norms {
            query = query_norm.infer(&query)?;
            key = key_norm.infer(&key)?;
        }
        let (query, key) = (rotate(query)?, rotate(key)?);
        let mut mixed = Vec::with_capacity(spans.len());
        for span in spans {
            let part = |x: &Tensor| x.narrow(1, span.start, span.count)?.contiguous();
            let (query, key, value) = (part(&query)?, part(&key)?, part(&value)?);
            let (keys, values) = rows[span.lane].append(span.past, &key, &value, limit)?; // [K, S, W]
            mixed.push(self.look(&query, &keys, &values, span, &place.masks)?);
        }
        let mixed = match &mixed[..] {
            [one] => one.clone(),
            many => Tensor::cat(many, 0)?,
        };
        self.output.forward(&mixed)
    }

    /// One lane's queries `[H, T, W]` over its keys and values `[K, S, W]`: `[T, H * W]`.
    fn look(
        &self,
        query: &Tensor,
        keys: &Tensor,
        values: &Tensor,
        span: &Span,
        masks: &Masks,
    ) -> Result<Tensor, Error> {
        let (heads, kv_heads, width) = (self.heads, self.kv_heads, self.width);
        let (time, seen) = (span.count, span.past + span.count);
        let group = heads / kv_heads;
        let query = (query.reshape((kv_heads, group * time, width))? * self.scale())?;
        let scores = query.matmul(&keys.t()?)?; // [K, G * T, S]
        let scores = match masks.of(span.past, time, self.window, &scores)? {
            Some(mask) => scores.reshape((heads, time, seen))?.broadcast_add(&mask)?,
            None => scores,
        };
        let shares = softmax_fused(&scores)?.reshape((kv_heads, group * time, seen))?;
        let mixed = shares.matmul(values)?; // [K, G * T, W]
        Ok(mixed
            .reshape((heads, time, width))?
            .transpose(0, 1)?
            .reshape((time, heads * width))?)
    }

    fn scale(&self) -> f64 {
        1.0 / (self.width as f64).sqrt()
    }
}

#[derive(Clone, Debug)]
struct FeedForward {
    /// Only where there is a gate.
    gate: Option<Linear>, // [F, D]
    up: Linear,   // [F, D]
    down: Linear, // [D, F]
    activation: Activation,
}

impl FeedForward {
    /// `[.., D]` → `[.., D]`; has a backward.
    fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let activate = |x: Tensor| match self.activation {
            Activation::Silu => x.silu(),
            Activation::GeluTanh => x.gelu(),
        };
        let up = self.up.forward(x)?;
        let inner = match &self.gate {
            Some(gate) => (activate(gate.forward(x)?)? * up)?,
            None => activate(up)?,
        };
        self.down.forward(&inner)
    }
}

#[derive(Clone, Debug)]
struct Layer {
    attention_norm: Norm,
    attention: Attention,
    feed_forward_norm: Norm,
    feed_forward: FeedForward,
}

/// A decoder over tensors.
///
/// Over a `VarMap`'s builder the weights are variables: [`Decoder::train_hidden`] and [`Decoder::head`]
/// then have a gradient for every one of them, and the [`Network`] methods read their current values.
/// Cloning shares all memory.
#[derive(Clone, Debug)]
pub struct Decoder {
    form: Form,
    embedding: Tensor, // [V, D]
    layers: Vec<Layer>,
    norm: Norm,
    head: Option<Tensor>, // [V, D]; absent where the embedding serves
}

impl Decoder {
    /// Takes the weights of a network of this form from `vb`, which sits at the checkpoint's root.
    ///
    /// Over an empty `VarMap`, weights are drawn with a standard deviation of 0.02, biases are 0 and
    /// norms 1, as in the reference; candle's draws cannot be seeded, so a caller who needs the same
    /// weights twice sets the variables itself, in the order of [`Form::tensors`].
    ///
    /// # Errors
    /// [`Error::Compute`] where a tensor is missing or has another shape.
    pub fn new(form: &Form, vb: &VarBuilder<'_>) -> Result<Decoder, Error> {
        Decoder::take(form, &|slot, dims| {
            let init = match (slot.bias, dims) {
                (true, _) => Init::Const(0.0),
                (false, [_]) => Init::Const(1.0),
                (false, _) => Init::Randn {
                    mean: 0.0,
                    stdev: DEVIATION,
                },
            };
            Ok(vb.get_with_hints(dims, &form.name(slot), init)?)
        })
    }

    /// Takes the weights of a network of this form from a checkpoint's files.
    pub(crate) fn load(
        form: &Form,
        weights: &Weights,
        dtype: DType,
        device: &Device,
    ) -> Result<Decoder, Error> {
        Decoder::take(form, &|slot, _| {
            weights.tensor_of(form, slot, dtype, device)
        })
    }

    fn take(form: &Form, take: &Take<'_>) -> Result<Decoder, Error> {
        let shape = &form.shape;
        let (hidden, inner, width) = (shape.hidden, shape.intermediate, shape.head_width);
        let (queries, keys) = (shape.heads * width, shape.kv_heads * width);
        let get = |layer, part, bias, dims: &[usize]| take(Slot { layer, part, bias }, dims);
        let matrix = |layer, part, outputs, inputs, biased| -> Result<Linear, Error> {
            Ok(Linear {
                weight: get(layer, part, false, &[outputs, inputs])?,
                bias: match biased {
                    true => Some(get(layer, part, true, &[outputs])?),
                    false => None,
                },
            })
        };
        let norm = |layer, part, kind: NormKind, width: usize| -> Result<Norm, Error> {
            Ok(Norm {
                weight: get(layer, part, false, &[width])?,
                bias: match kind {
                    NormKind::RootMeanSquare => None,
                    NormKind::Layer => Some(get(layer, part, true, &[width])?),
                },
                epsilon: form.epsilon,
            })
        };
        let biased = form.input_biases;
        let layer = |number: usize| -> Result<Layer, Error> {
            Ok(Layer {
                attention_norm: norm(number, Part::AttentionNorm, form.norm, hidden)?,
                attention: Attention {
                    query: matrix(number, Part::Query, queries, hidden, biased)?,
                    key: matrix(number, Part::Key, keys, hidden, biased)?,
                    value: matrix(number, Part::Value, keys, hidden, biased)?,
                    output: matrix(number, Part::Output, hidden, queries, form.output_bias)?,
                    head_norms: match form.head_norms {
                        true => {
                            let kind = NormKind::RootMeanSquare;
                            Some((
                                norm(number, Part::QueryNorm, kind, width)?,
                                norm(number, Part::KeyNorm, kind, width)?,
                            ))
                        }
                        false => None,
                    },
                    heads: shape.heads,
                    kv_heads: shape.kv_heads,
                    width,
                    window: form.windows.get(number).copied().flatten(),
                },
                feed_forward_norm: norm(number, Part::FeedForwardNorm, form.norm, hidden)?,
                feed_forward: {
                    let biased = form.feed_forward_biases;
                    FeedForward {
                        gate: match form.feed_forward {
                            FeedForwardKind::Gated => {
                                Some(matrix(number, Part::Gate, inner, hidden, biased)?)
                            }
                            FeedForwardKind::Plain => None,
                        },
                        up: matrix(number, Part::Up, inner, hidden, biased)?,
                        down: matrix(number, Part::Down, hidden, inner, biased)?,
                        activation: form.activation,
                    }
                },
            })
        };
        Ok(Decoder {
            embedding: get(0, Part::Embedding, false, &[shape.vocabulary, hidden])?,
            layers: (0..shape.layers).map(layer).collect::<Result<_, _>>()?,
            norm: norm(0, Part::Norm, form.norm, hidden)?,
            head: match shape.tied {
                true => None,
                false => Some(get(0, Part::Head, false, &[shape.vocabulary, hidden])?),
            },
            form: form.clone(),
        })
    }

    /// The network's form.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.form
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
        let shape = &self.form.shape;
        if time > shape.context {
            return Err(Error::TooLong {
                tokens: time,
                context: shape.context,
            });
        }
        let place = Place::new(&self.form.rotary, 0..time, &self.embedding)?;
        let mut x = self
            .embedding
            .index_select(&ids.flatten_all()?, 0)?
            .reshape((batch, time, shape.hidden))?;
        for layer in &self.layers {
            let normed = layer.attention_norm.train(&x)?;
            x = (x + layer.attention.train(&normed, &self.form.rotary, &place)?)?;
            let normed = layer.feed_forward_norm.train(&x)?;
            x = (x + layer.feed_forward.forward(&normed)?)?;
        }
        self.norm.train(&x)
    }

    /// Logits of hidden states: `[.., D]` → `[.., V]`; has a backward.
    ///
    /// # Errors
    /// [`Error::Compute`] where the width differs or memory runs out.
    pub fn head(&self, hidden: &Tensor) -> Result<Tensor, Error> {
        linear(hidden, self.head.as_ref().unwrap_or(&self.embedding), None)
    }
}

impl Engine for Decoder {
    type Rows = Tensor;

    fn pass(
        &self,
        ids: &[u32],
        spans: &[Span],
        lanes: &mut [Lane<'_>],
        tap: &mut Tap<'_, Tensor>,
    ) -> Result<Tensor, Error> {
        let shape = &self.form.shape;
        let place = Place::new(&self.form.rotary, positions(spans), &self.embedding)?;
        let device = self.embedding.device();
        let mut x = self.embedding.index_select(&Tensor::new(ids, device)?, 0)?; // [T, D]
        for (number, layer) in self.layers.iter().enumerate() {
            tap(number, &x)?;
            let normed = layer.attention_norm.infer(&x)?;
            let mut rows = Vec::with_capacity(lanes.len());
            for lane in lanes.iter_mut() {
                rows.push(&mut lane.cache.tensors(shape)?[number]);
            }
            let rotary = &self.form.rotary;
            let attention = &layer.attention;
            let mixed =
                attention.infer(&normed, rotary, &place, spans, &mut rows, shape.context)?;
            x = (x + mixed)?;
            let normed = layer.feed_forward_norm.infer(&x)?;
            x = (x + layer.feed_forward.forward(&normed)?)?;
        }
        let x = self.norm.infer(&x)?;
        tap(self.layers.len(), &x)?;
        Ok(x)
    }

    fn head(&self, hidden: &Tensor, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let rows: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
        let wanted = hidden.index_select(&Tensor::new(rows, hidden.device())?, 0)?;
        floats(&Decoder::head(self, &wanted)?)
    }

    fn numbers(&self, rows: &Tensor) -> Result<Vec<f32>, Error> {
        floats(rows)
    }
}

impl Network for Decoder {
    fn shape(&self) -> &Shape {
        &self.form.shape
    }

    fn new_cache(&self) -> Cache {
        Cache::of_tensors(&self.form.shape)
    }

    fn forward(&self, lanes: &mut [Lane<'_>], want: Want<'_>) -> Result<Vec<Answer>, Error> {
        drive(self, &self.form.shape, lanes, want)
    }
}

/// All numbers of a tensor, row after row.
fn floats(x: &Tensor) -> Result<Vec<f32>, Error> {
    Ok(x.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?)
}
