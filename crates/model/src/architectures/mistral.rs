//! What is Mistral's form? (Jiang et al. 2023, arXiv 2310.06825.)

use std::path::Path;

use super::{Architecture, Fields, Traits};
use crate::Error;
use crate::form::Form;

/// The registry's entry.
pub static ENTRY: Architecture = Architecture {
    name: "mistral",
    classes: &["MistralForCausalLM"],
    gguf: None,
    doc: "Mistral 7B and its successors of the same form (arXiv 2310.06825): Llama's form, in which each layer \
          may see a window of the last positions only.",
    form,
};

fn form(fields: &Fields, file: &Path) -> Result<Form, Error> {
    let traits = Traits {
        kv_heads: Some(8),
        ..Traits::llama(ENTRY.name, 131_072, fields.windows_everywhere())
    };
    fields.form(traits, file)
}
