//! How does a batch become hidden states and a loss, on whatever device the variables are?

use candle_core::{D, DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap};
use palinode_model::{Config, tensors};

use crate::Result;
use crate::decoder::Decoder;
use crate::packed::Packed;

/// In which operations the network is computed. They differ in speed and in the last digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// This crate's own, without padding: `f32` on a processor, for networks of Qwen2's form; for others
    /// candle's.
    Fused,
    /// candle's, with padding: any device and type.
    Plain,
}

/// A network that can be trained: the same variables in either kind of operations.
#[derive(Clone, Debug)]
pub struct Forward {
    config: Config,
    plain: tensors::Decoder,
    device: Device,
    fused: Option<Decoder>,
}

impl Forward {
    /// The network of form `config` over the variables of `map`; those not there yet are made.
    ///
    /// # Errors
    /// Where a variable has another shape.
    pub fn new(
        config: &Config,
        map: &VarMap,
        dtype: DType,
        device: &Device,
        kernels: Kernels,
    ) -> Result<Forward> {
        let vb = VarBuilder::from_varmap(map, dtype, device);
        let plain = tensors::Decoder::new(config.form(), &vb)?;
        let fused = match kernels {
            Kernels::Fused if Decoder::fits(config.form()) => {
                Some(Decoder::load(config.form(), &vb)?)
            }
            Kernels::Fused | Kernels::Plain => None,
        };
        Ok(Forward {
            config: config.clone(),
            plain,
            device: device.clone(),
            fused,
        })
    }

    /// The network's form.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Hidden states after the final normalisation, one row a token of `packed`: `[tokens, hidden]`.
    ///
    /// # Errors
    /// Where a sequence is longer than the context or an id is outside the vocabulary.
    pub fn hidden(&self, packed: &Packed) -> Result<Tensor> {
        match &self.fused {
            Some(decoder) => decoder.hidden(packed),
            None => self.padded_hidden(packed),
        }
    }

    /// Sum over the predictions of weight × negative log-likelihood, a scalar. Only rows that predict
    /// something are multiplied by the head. `backward` says whether its gradient will be asked for.
    ///
    /// # Errors
    /// Where a prediction names an id outside the vocabulary.
    pub fn cost(&self, hidden: &Tensor, packed: &Packed, backward: bool) -> Result<Tensor> {
        match &self.fused {
            Some(decoder) => decoder.cost(hidden, packed, backward),
            None => self.plain_cost(hidden, packed),
        }
    }

    /// Pads on the right: no position sees a later one, so padding changes nothing before it.
    fn padded_hidden(&self, packed: &Packed) -> Result<Tensor> {
        let (batch, time) = (packed.sequences.len(), packed.longest());
        let mut ids = vec![0u32; batch * time];
        let mut rows = Vec::with_capacity(packed.ids.len());
        for (number, sequence) in packed.sequences.iter().enumerate() {
            let start = number * time;
            ids[start..start + sequence.len()].copy_from_slice(&packed.ids[sequence.clone()]);
            rows.extend((start..start + sequence.len()).map(|row| row as u32));
        }
        let device = &self.device;
        let ids = Tensor::from_vec(ids, (batch, time), device)?;
        let hidden = self.plain.train_hidden(&ids)?.flatten_to(1)?;
        Ok(hidden.index_select(&Tensor::new(rows, device)?, 0)?)
    }

    fn plain_cost(&self, hidden: &Tensor, packed: &Packed) -> Result<Tensor> {
        let device = hidden.device();
        let rows: Vec<u32> = packed
            .predictions
            .iter()
            .map(|prediction| prediction.row)
            .collect();
        let targets: Vec<u32> = packed
            .predictions
            .iter()
            .map(|prediction| prediction.target)
            .collect();
        let weights: Vec<f32> = packed
            .predictions
            .iter()
            .map(|prediction| prediction.weight)
            .collect();
        let hidden = hidden.index_select(&Tensor::new(rows, device)?, 0)?;
        let logits = self.plain.head(&hidden)?.to_dtype(DType::F32)?; // [n, V]
        // Logarithm of the sum of exponentials, with the largest taken out: it cannot overflow.
        let top = logits.detach().max_keepdim(D::Minus1)?;
        let sums = logits.broadcast_sub(&top)?.exp()?.sum_keepdim(D::Minus1)?;
        let log_sums = (sums.log()? + top)?;
        let wanted = logits.gather(&Tensor::new(targets, device)?.unsqueeze(1)?, 1)?;
        let costs = (log_sums - wanted)?.squeeze(1)?;
        Ok((costs * Tensor::new(weights, device)?)?.sum_all()?)
    }
}
