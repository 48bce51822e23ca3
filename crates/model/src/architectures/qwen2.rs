//! What is Qwen2's form? (Qwen Team 2024, arXiv 2407.10671; Qwen2.5 and Qwen2.5-Coder have the same.)

use std::path::Path;

use super::{Architecture, Fields, Traits};
use crate::Error;
use crate::form::Form;
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
        input_biases: true,
        ..Traits::llama(ENTRY.name, 32_768, fields.windows_by_layer())
    };
    fields.form(traits, file)
}
