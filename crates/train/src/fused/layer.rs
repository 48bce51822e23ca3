//! One decoder layer as a single operation with a gradient.
//!
//! `mid = x + attention(norm₁(x)) Wₒᵀ` and `y = mid + swiglu(norm₂(mid) Wᵍᵘᵀ) Wᵈᵀ`: what Qwen2, Llama and
//! their kin repeat. As one operation its inner arrays never become tensors: they come from a
//! [`Pool`], gradients are added where they belong instead of into a new tensor each time, and nothing
//! runs in candle's element-wise operations, whose waiting threads would take the cores from the other
//! shards. That is a third of the time of a step.

use std::ops::Range;
use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::attention::AttentionShape;
use super::lanes::add_to;
use super::matmul::Store;
use super::pool::{Buffer, Pool};
use super::storage::{values, with_values};
use super::{linear, rms_norm, swiglu};

const NAME: &str = "decoder_layer";

/// The sizes of a layer besides its attention's.
#[derive(Clone, Copy, Debug)]
pub struct LayerShape {
    /// Width of the residual stream.
    pub hidden: usize,
    /// Width inside the feed-forward part.
    pub inner: usize,
    /// Added to the mean square in normalisation.
    pub epsilon: f64,
}

/// Where each tensor lies among the parameters of a layer, which come as one vector.
struct Places {
    attention_norm: Range<usize>,    // [D]
    query_key_value: Range<usize>,   // [(H + 2K) W, D]
    bias: Range<usize>,              // [(H + 2K) W]
    output: Range<usize>,            // [D, H W]
    feed_forward_norm: Range<usize>, // [D]
    gate_up: Range<usize>,           // [2F, D]
    down: Range<usize>,              // [D, F]
}

impl Places {
    fn new(hidden: usize, inner: usize, queries: usize, stride: usize) -> Places {
        let mut end = 0;
        let mut next = |size: usize| {
            let start = end;
            end += size;
            start..end
        };
        Places {
            attention_norm: next(hidden),
            query_key_value: next(stride * hidden),
            bias: next(stride),
            output: next(hidden * queries),
            feed_forward_norm: next(hidden),
            gate_up: next(2 * inner * hidden),
            down: next(hidden * inner),
        }
    }

    fn len(&self) -> usize {
        self.down.end
    }
}

/// What the backward pass needs of the forward pass.
struct Kept {
    normed: Buffer,     // [rows, D]
    qkv: Buffer,        // [rows, (H + 2K) W]
    log_sums: Buffer,   // [rows, H]
    mixed: Buffer,      // [rows, H W]
    mid: Buffer,        // [rows, D]
    mid_normed: Buffer, // [rows, D]
    gate_up: Buffer,    // [rows, 2F]
    inner: Buffer,      // [rows, F]
}

struct DecoderLayer {
    shape: LayerShape,
    attention: AttentionShape,
    pool: Pool,
    kept: Mutex<Option<Kept>>,
}

/// `x` [rows, hidden] through one layer. `parameters` are its tensors flattened, one after another: the
/// attention's norm; query, key and value weights; their biases; the output weight; the feed-forward
/// part's norm; gate, up and down weights. Each weight is [outputs, inputs].
///
/// Memory for the backward pass is kept until it has run or the result is dropped.
///
/// # Errors
/// Where the shapes do not fit, the type is not `f32` or a tensor is not contiguous.
pub fn decoder_layer(
    x: &Tensor,
    parameters: &Tensor,
    shape: LayerShape,
    attention: &AttentionShape,
    pool: &Pool,
) -> Result<Tensor> {
    attention.check()?;
    let layer = DecoderLayer {
        shape,
        attention: attention.clone(),
        pool: pool.clone(),
        kept: Mutex::new(None),
    };
    let places = layer.places();
    if x.dims() != [attention.rows(), shape.hidden] || parameters.dims() != [places.len()] {
        bail!(
            "{NAME}: {:?} numbers and {:?} parameters, expected [{}, {}] and [{}]",
            x.dims(),
            parameters.dims(),
            attention.rows(),
            shape.hidden,
            places.len()
        );
    }
    x.apply_op2(parameters, layer)
}

impl DecoderLayer {
    fn places(&self) -> Places {
        Places::new(
            self.shape.hidden,
            self.shape.inner,
            self.queries(),
            self.attention.stride(),
        )
    }

    /// Numbers in a row of queries.
    fn queries(&self) -> usize {
        self.attention.heads * self.attention.width()
    }

    fn forward(&self, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let LayerShape {
            hidden,
            inner: width,
            epsilon,
        } = self.shape;
        let (rows, epsilon) = (self.attention.rows(), epsilon as f32);
        let places = self.places();
        let part = |range: &Range<usize>| &parameters[range.clone()];
        let take = |width: usize| self.pool.take(rows * width);

        let mut normed = take(hidden);
        rms_norm::forward(x, part(&places.attention_norm), epsilon, &mut normed);
        let mut qkv = take(self.attention.stride());
        let bias = Store::SetWithBias(part(&places.bias));
        linear::forward(
            &normed,
            hidden,
            part(&places.query_key_value),
            &mut qkv,
            bias,
        );
        let (mut mixed, mut log_sums) = (take(self.queries()), take(self.attention.heads));
        self.attention.forward(&qkv, &mut mixed, &mut log_sums);
        let mut mid = take(hidden);
        mid.copy_from_slice(x);
        linear::forward(
            &mixed,
            self.queries(),
            part(&places.output),
            &mut mid,
            Store::Add,
        );

        let mut mid_normed = take(hidden);
        rms_norm::forward(
            &mid,
            part(&places.feed_forward_norm),
            epsilon,
            &mut mid_normed,
        );
        let mut gate_up = take(2 * width);
        linear::forward(
            &mid_normed,
            hidden,
            part(&places.gate_up),
            &mut gate_up,
            Store::Set,
        );
        let mut inner = take(width);
        swiglu::forward(&gate_up, width, &mut inner);
        let mut y = mid.to_vec();
        linear::forward(&inner, width, part(&places.down), &mut y, Store::Add);
        (
            y,
            Kept {
                normed,
                qkv,
                log_sums,
                mixed,
                mid,
                mid_normed,
                gate_up,
                inner,
            },
        )
    }

    /// Gradients of `x` and of the parameters.
    fn backward(
        &self,
        x: &[f32],
        parameters: &[f32],
        dy: &[f32],
        kept: Kept,
    ) -> (Vec<f32>, Vec<f32>) {
        let LayerShape {
            hidden,
            inner: width,
            epsilon,
        } = self.shape;
        let (rows, epsilon, stride) = (
            self.attention.rows(),
            epsilon as f32,
            self.attention.stride(),
        );
        let places = self.places();
        let part = |range: &Range<usize>| &parameters[range.clone()];
        let take = |width: usize| self.pool.take(rows * width);
        let mut gradient = vec![0f32; parameters.len()];
        let Kept {
            normed,
            qkv,
            log_sums,
            mixed,
            mid,
            mid_normed,
            mut gate_up,
            inner,
        } = kept;

        linear::backward_weight(
            dy,
            hidden,
            &inner,
            width,
            &mut gradient[places.down.clone()],
        );
        let mut d_inner = inner;
        linear::backward_input(dy, hidden, part(&places.down), &mut d_inner);
        swiglu::backward_in_place(&mut gate_up, width, &d_inner);
        drop(d_inner);
        linear::backward_weight(
            &gate_up,
            2 * width,
            &mid_normed,
            hidden,
            &mut gradient[places.gate_up.clone()],
        );
        let mut d_normed = mid_normed;
        linear::backward_input(&gate_up, 2 * width, part(&places.gate_up), &mut d_normed);
        drop(gate_up);
        let mut d_mid = take(hidden);
        d_mid.copy_from_slice(dy);
        let d_norm = &mut gradient[places.feed_forward_norm.clone()];
        rms_norm::backward(
            &mid,
            part(&places.feed_forward_norm),
            epsilon,
            &d_normed,
            &mut d_mid,
            d_norm,
        );
        drop(mid);

        linear::backward_weight(
            &d_mid,
            hidden,
            &mixed,
            self.queries(),
            &mut gradient[places.output.clone()],
        );
        let mut d_mixed = take(self.queries());
        linear::backward_input(&d_mid, hidden, part(&places.output), &mut d_mixed);
        let mut d_qkv = take(stride);
        self.attention
            .backward(&qkv, &log_sums, &mixed, &d_mixed, &mut d_qkv);
        drop((qkv, d_mixed, mixed));
        linear::backward_bias(&d_qkv, &mut gradient[places.bias.clone()]);
        linear::backward_weight(
            &d_qkv,
            stride,
            &normed,
            hidden,
            &mut gradient[places.query_key_value.clone()],
        );
        linear::backward_input(&d_qkv, stride, part(&places.query_key_value), &mut d_normed);
        let mut dx = vec![0f32; x.len()];
        let d_norm = &mut gradient[places.attention_norm.clone()];
        rms_norm::backward(
            x,
            part(&places.attention_norm),
            epsilon,
            &d_normed,
            &mut dx,
            d_norm,
        );
        add_to(&mut dx, &d_mid);
        (dx, gradient)
    }
}

impl CustomOp2 for DecoderLayer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (y, kept) = self.forward(values(NAME, s1, l1)?, values(NAME, s2, l2)?);
        match self.kept.lock() {
            Ok(mut slot) => *slot = Some(kept),
            Err(_) => bail!("{NAME}: another thread failed while it held the layer"),
        }
        Ok((CpuStorage::F32(y), l1.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        parameters: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let Some(kept) = self.kept.lock().ok().and_then(|mut slot| slot.take()) else {
            bail!("{NAME}: a backward pass runs once after a forward pass")
        };
        let (dx, d_parameters) = with_values(NAME, x, |x| {
            with_values(NAME, parameters, |parameters| {
                with_values(NAME, gradient, |dy| {
                    Ok(self.backward(x, parameters, dy, kept))
                })
            })
        })?;
        Ok((
            Some(Tensor::from_vec(dx, x.shape(), x.device())?),
            Some(Tensor::from_vec(
                d_parameters,
                parameters.shape(),
                x.device(),
            )?),
        ))
    }
}
