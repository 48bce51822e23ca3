//! What is Qwen2's form? (Qwen Team 2024, arXiv 2407.10671; Qwen2.5 and Qwen2.5-Coder have the same.)

use std::path::Path;

use super::{Architecture, Fields, Traits};
use crate::Error;
use crate::form::{FeedForwardKind, Form, NormKind};
use crate::rotary::Pairing;

/// The registry's entry.
pub static ENTRY: Architecture = Architecture {
    name: "qwen2",
    classes: &["Qwen2ForCausalLM"],
    gguf: Some(("qwen2", Pairing::Halves)),
    doc: "Qwen2, Qwen2.5 and Qwen2.5-Coder (Qwen Team 2024, arXiv 2407.10671, 2412.15115 and 2409.12186): \
          Llama's form with biases on queries, keys and values, and windows on upper layers where the file \
          switches them on. Positions plain or stretched (yarn).",
    form,
};

fn form(fields: &Fields, file: &Path) -> Result<Form, Error> {
    let traits = Traits {
        architecture: ENTRY.name,
        context: 32_768,
        head_width: None,
        norm: NormKind::RootMeanSquare,
        input_biases: true,
        output_bias: false,
        head_norms: false,
        windows: fields.windows_by_layer(),
        feed_forward: FeedForwardKind::Gated,
        feed_forward_biases: false,
        activation: "silu",
        tied: false,
    };
    fields.form(traits, file)
}
