//! What is Mistral's form? (Jiang et al. 2023, arXiv 2310.06825.)

use std::path::Path;

use super::{Architecture, Fields, Traits};
use crate::Error;
use crate::form::{FeedForwardKind, Form, NormKind};

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
    let fields = Fields {
        // The class has 8 where the file is silent.
        num_key_value_heads: fields.num_key_value_heads.or(Some(8)),
        ..fields.clone()
    };
    let traits = Traits {
        architecture: ENTRY.name,
        context: 131_072,
        head_width: None,
        norm: NormKind::RootMeanSquare,
        input_biases: false,
        output_bias: false,
        head_norms: false,
        windows: fields.windows_everywhere(),
        feed_forward: FeedForwardKind::Gated,
        feed_forward_biases: false,
        activation: "silu",
        tied: false,
    };
    fields.form(traits, file)
}
