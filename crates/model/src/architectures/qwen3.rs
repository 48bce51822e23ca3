//! What is Qwen3's form? (Qwen Team 2025, arXiv 2505.09388.)

use std::path::Path;

use super::{Architecture, Fields, Traits};
use crate::Error;
use crate::form::Form;
use crate::rotary::Pairing;

/// The registry's entry.
pub static ENTRY: Architecture = Architecture {
    name: "qwen3",
    classes: &["Qwen3ForCausalLM"],
    gguf: Some(("qwen3", Pairing::Halves)),
    doc: "Qwen3's dense models (Qwen Team 2025, arXiv 2505.09388): Llama's form in which each head's queries and \
          keys are normalised before they are turned, and a head's width is stated apart from the stream's. \
          Not supported: its mixtures of experts.",
    form,
};

fn form(fields: &Fields, file: &Path) -> Result<Form, Error> {
    let attention_bias = fields.attention_bias.unwrap_or(false);
    let traits = Traits {
        head_width: Some(128),
        input_biases: attention_bias,
        output_bias: attention_bias,
        head_norms: true,
        ..Traits::llama(ENTRY.name, 32_768, fields.windows_by_layer())
    };
    fields.form(traits, file)
}
