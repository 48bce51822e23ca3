//! Where are the bundled model's files?

use palinode_model::EmbeddedModel;

/// The name of the bundled model.
pub(crate) const BUNDLED: &str = "nano";

/// The bundled model, part of the binary.
pub(crate) static NANO: EmbeddedModel = EmbeddedModel {
    name: BUNDLED,
    files: &[
        (
            "config.json",
            include_bytes!("../../../models/nano/config.json"),
        ),
        (
            "generation_config.json",
            include_bytes!("../../../models/nano/generation_config.json"),
        ),
        (
            "tokenizer.json",
            include_bytes!("../../../models/nano/tokenizer.json"),
        ),
        (
            "tokenizer_config.json",
            include_bytes!("../../../models/nano/tokenizer_config.json"),
        ),
        (
            "model.safetensors",
            include_bytes!("../../../models/nano/model.safetensors"),
        ),
    ],
};
