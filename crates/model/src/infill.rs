//! How is a gap between two pieces of code put to a model that can fill it?
//!
//! Models that learnt to (Bavarian et al. 2022, arXiv 2207.14255) have three tokens of their own, around what
//! stands before and what stands behind; then they write what is between.

use crate::{Error, LocalModel};

/// The three tokens of a family, in the order in which they stand.
struct Form {
    before: &'static str,
    behind: &'static str,
    between: &'static str,
}

/// Prefix, suffix, middle: in every family here in this order.
const FORMS: [Form; 4] = [
    // Qwen2.5-Coder and CodeGemma.
    Form {
        before: "<|fim_prefix|>",
        behind: "<|fim_suffix|>",
        between: "<|fim_middle|>",
    },
    // StarCoder, StarCoder2, Granite.
    Form {
        before: "<fim_prefix>",
        behind: "<fim_suffix>",
        between: "<fim_middle>",
    },
    // DeepSeek-Coder.
    Form {
        before: "<｜fim▁begin｜>",
        behind: "<｜fim▁hole｜>",
        between: "<｜fim▁end｜>",
    },
    // Code Llama.
    Form {
        before: "▁<PRE>",
        behind: "▁<SUF>",
        between: "▁<MID>",
    },
];

impl LocalModel {
    /// The prompt that asks for what stands between two pieces of code; none where the model has no tokens for
    /// it.
    ///
    /// # Errors
    /// [`Error::Encoding`].
    pub fn infill(&self, before: &str, behind: &str) -> Result<Option<Vec<u32>>, Error> {
        let tokenizer = &self.tokenizer;
        let id = |token| tokenizer.id_of(token);
        let found = FORMS
            .iter()
            .find_map(|form| Some([id(form.before)?, id(form.behind)?, id(form.between)?]));
        let Some([prefix, suffix, middle]) = found else {
            return Ok(None);
        };
        let mut ids = tokenizer.begin().to_vec();
        ids.push(prefix);
        ids.extend(tokenizer.encode_plain(before)?);
        ids.push(suffix);
        ids.extend(tokenizer.encode_plain(behind)?);
        ids.push(middle);
        Ok(Some(ids))
    }
}
