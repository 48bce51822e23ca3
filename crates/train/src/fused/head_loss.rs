//! The output head and the cross-entropy in one step: what does each prediction cost, and how does
//! that cost change?
//!
//! Only the rows that count are multiplied by the head, a few at a time, and their gradient is taken
//! while their logits are still in the cache: a matrix of rows × vocabulary never exists, and the
//! exponentials are computed once.

use std::sync::Mutex;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::lanes::{add_to, exp_in_place, maximum};
use super::matmul::{Panels, Store, multiply, multiply_transposed};
use super::storage::{rows_and_width, values};

const NAME: &str = "head_loss";
/// Rows whose logits are in memory at once.
const ROWS: usize = 96;

/// One prediction that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The row of the hidden states that predicts.
    pub row: u32,
    /// The id that should come.
    pub target: u32,
    /// What the prediction's negative log-likelihood is multiplied by.
    pub weight: f32,
}

struct HeadLoss {
    predictions: Vec<Prediction>,
    /// Gradients by hidden states and head, made on the way forward; none if not wanted.
    gradients: Option<Mutex<Option<[Vec<f32>; 2]>>>,
}

/// Sum over `predictions` of weight × negative log-likelihood, as a scalar. `hidden` [rows, width],
/// `head` [vocabulary, width].
///
/// With `backward` false the gradients are not made and a later `backward()` is an error.
///
/// # Errors
/// Where a prediction names a row or a target that is not there, shapes do not fit, the type is not
/// `f32` or a tensor is not contiguous.
pub fn head_loss(
    hidden: &Tensor,
    head: &Tensor,
    predictions: Vec<Prediction>,
    backward: bool,
) -> Result<Tensor> {
    let gradients = backward.then(|| Mutex::new(None));
    hidden.apply_op2(
        head,
        HeadLoss {
            predictions,
            gradients,
        },
    )
}

impl HeadLoss {
    fn forward(&self, hidden: &[f32], head: &[f32], width: usize) -> (f32, Option<[Vec<f32>; 2]>) {
        let vocabulary = head.len() / width;
        let transposed = Panels::transposed(head, vocabulary, width);
        let mut gradients = self.gradients.as_ref().map(|_| {
            (
                Panels::dense(head, vocabulary, width),
                [vec![0f32; hidden.len()], vec![0f32; head.len()]],
            )
        });
        let mut rows = vec![0f32; ROWS * width];
        let mut d_rows = vec![0f32; ROWS * width];
        let mut logits = vec![0f32; ROWS * vocabulary];
        let mut loss = 0f64;
        for predictions in self.predictions.chunks(ROWS) {
            let n = predictions.len();
            for (prediction, to) in predictions.iter().zip(rows.chunks_exact_mut(width)) {
                to.copy_from_slice(&hidden[prediction.row as usize * width..][..width]);
            }
            multiply(
                &rows,
                width,
                n,
                &transposed,
                &mut logits,
                vocabulary,
                Store::Set,
            );
            for (prediction, logits) in predictions.iter().zip(logits.chunks_exact_mut(vocabulary))
            {
                let target = prediction.target as usize;
                let top = maximum(logits);
                let wanted = logits[target];
                let sum = exp_in_place(logits, top);
                let cost = f64::from(sum.ln()) + f64::from(top) - f64::from(wanted);
                loss += f64::from(prediction.weight) * cost;
                // From exponentials to the gradient: weight × (probability − 1 where it should be).
                let factor = prediction.weight / sum;
                for value in logits.iter_mut() {
                    *value *= factor;
                }
                logits[target] -= prediction.weight;
            }
            if let Some((head_rows, [d_hidden, d_head])) = &mut gradients {
                multiply(
                    &logits,
                    vocabulary,
                    n,
                    head_rows,
                    &mut d_rows,
                    width,
                    Store::Set,
                );
                for (prediction, from) in predictions.iter().zip(d_rows.chunks_exact(width)) {
                    add_to(
                        &mut d_hidden[prediction.row as usize * width..][..width],
                        from,
                    );
                }
                multiply_transposed(
                    &logits, vocabulary, vocabulary, &rows, width, width, n, d_head, width,
                );
            }
        }
        (loss as f32, gradients.map(|(_, gradients)| gradients))
    }
}

impl CustomOp2 for HeadLoss {
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
        let (rows, width) = rows_and_width(NAME, l1)?;
        let (vocabulary, head_width) = l2.shape().dims2()?;
        if head_width != width {
            bail!("{NAME}: a head of width {head_width} for hidden states of {width}");
        }
        for Prediction { row, target, .. } in &self.predictions {
            if *row as usize >= rows || *target as usize >= vocabulary {
                bail!("{NAME}: row {row} of {rows} should predict id {target} of {vocabulary}");
            }
        }
        let (loss, gradients) = self.forward(values(NAME, s1, l1)?, values(NAME, s2, l2)?, width);
        if let Some(slot) = &self.gradients {
            match slot.lock() {
                Ok(mut slot) => *slot = gradients,
                Err(_) => bail!("{NAME}: another thread failed while it held the gradients"),
            }
        }
        Ok((CpuStorage::F32(vec![loss]), Shape::from(())))
    }

    fn bwd(
        &self,
        hidden: &Tensor,
        head: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let taken = self
            .gradients
            .as_ref()
            .and_then(|slot| slot.lock().ok().and_then(|mut slot| slot.take()));
        let Some([mut d_hidden, mut d_head]) = taken else {
            bail!("{NAME}: no gradients were kept, or they were taken before")
        };
        let factor = gradient.to_scalar::<f32>()?;
        if factor != 1.0 {
            for value in d_hidden.iter_mut().chain(d_head.iter_mut()) {
                *value *= factor;
            }
        }
        Ok((
            Some(Tensor::from_vec(d_hidden, hidden.shape(), hidden.device())?),
            Some(Tensor::from_vec(d_head, head.shape(), head.device())?),
        ))
    }
}
