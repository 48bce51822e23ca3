//! Does any `tokenizer.json` give a tokenizer that keeps its promises, or an error that names it?
//!
//! Input: the file.
#![no_main]

#[path = "../shared.rs"]
mod shared;

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use palinode_model::Tokenizer;

fuzz_target!(|data: &[u8]| {
    let file = Path::new("some/tokenizer.json");
    if let Ok(tokenizer) = shared::named_or(Tokenizer::from_bytes(data, file), file) {
        shared::use_tokenizer(&tokenizer);
    }
});
