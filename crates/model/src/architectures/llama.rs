//! What is Llama's form? (Touvron et al. 2023, arXiv 2302.13971 and 2307.09288; Llama 3, arXiv
//! 2407.21783; Code Llama, arXiv 2308.12950; DeepSeek-Coder, arXiv 2401.14196, has the same.)

use std::path::Path;

use super::{Architecture, Fields, Traits};
use crate::Error;
use crate::form::Form;
use crate::rotary::Pairing;

/// The registry's entry.
pub static ENTRY: Architecture = Architecture {
    name: "llama",
    classes: &["LlamaForCausalLM"],
    gguf: Some(("llama", Pairing::Neighbours)),
    doc: "Llama 1 to 3.3, Code Llama, DeepSeek-Coder and everything else in Llama's form (arXiv 2302.13971, \
          2307.09288, 2407.21783, 2308.12950, 2401.14196): rotary positions, plain or stretched (linear, \
          llama3, yarn), grouped attention, gated feed-forward. Not supported: frequencies that change with \
          the length of the text (`longrope`); `dynamic` is computed as within the stated context, which is \
          exact there.",
    form,
};

fn form(fields: &Fields, file: &Path) -> Result<Form, Error> {
    let attention_bias = fields.attention_bias.unwrap_or(false);
    let traits = Traits {
        input_biases: attention_bias,
        output_bias: attention_bias,
        feed_forward_biases: fields.mlp_bias.unwrap_or(false),
        ..Traits::llama(ENTRY.name, 2048, fields.no_windows())
    };
    fields.form(traits, file)
}
