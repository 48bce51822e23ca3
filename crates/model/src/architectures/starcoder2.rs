//! What is StarCoder2's form? (Lozhkov et al. 2024, arXiv 2402.19173.)

use std::path::Path;

use super::{Architecture, Fields, Traits};
use crate::Error;
use crate::form::{FeedForwardKind, Form, NormKind};
use crate::rotary::Pairing;

/// The registry's entry.
pub static ENTRY: Architecture = Architecture {
    name: "starcoder2",
    classes: &["Starcoder2ForCausalLM"],
    gguf: Some(("starcoder2", Pairing::Halves)),
    doc: "StarCoder2 (Lozhkov et al. 2024, arXiv 2402.19173): normalisation by mean and variance, biases on every \
          matrix, a feed-forward part without a gate, rotary positions, grouped attention over a window.",
    form,
};

fn form(fields: &Fields, file: &Path) -> Result<Form, Error> {
    let biases = fields.use_bias.unwrap_or(true);
    let traits = Traits {
        kv_heads: Some(2),
        norm: NormKind::Layer,
        input_biases: biases,
        output_bias: biases,
        feed_forward: FeedForwardKind::Plain,
        feed_forward_biases: biases,
        activation: "gelu_pytorch_tanh",
        tied: true,
        ..Traits::llama(ENTRY.name, 4096, fields.windows_everywhere())
    };
    fields.form(traits, file)
}
