//! Which operations make training fast on a processor?
//!
//! candle's element-wise operations are slow to take turns on few cores, and its fused ones (`rms_norm`,
//! `rope`, `softmax_last_dim`) have no backward pass: a model built of them trains, silently, nothing at
//! all. Here are the few operations a decoder needs, each with both passes, in safe Rust that the
//! compiler turns into vector instructions. They use exactly the core they are called on, so a step is
//! spread over cores by giving each its own part of the batch, and a result depends on that split and on
//! nothing else.
//!
//! All want contiguous `f32` tensors on the processor and say so otherwise.

mod attention;
mod head_loss;
mod lanes;
mod layer;
mod linear;
mod matmul;
mod pool;
mod rms_norm;
mod rope;
mod storage;
mod swiglu;

pub use attention::AttentionShape;
pub use head_loss::{Prediction, head_loss};
pub use layer::{LayerShape, decoder_layer};
pub use pool::Pool;
pub use rms_norm::rms_norm;
pub use rope::Rope;

pub(crate) use lanes::dot;
pub(crate) use storage::with_values;
