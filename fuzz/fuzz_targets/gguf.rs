//! Does any GGUF file give a network, a plan or an error that names it, and never a panic?
//!
//! Input: the file. Its header, its settings, its tokenizer, its chat template and its tensors are all read.
#![no_main]

#[path = "../shared.rs"]
mod shared;

use libfuzzer_sys::fuzz_target;
use palinode_model::{LoadOptions, Source, load, peek, plan, tokenizer};

fuzz_target!(|data: &[u8]| {
    let file = shared::folder("gguf").join("damaged.gguf");
    std::fs::write(&file, data).expect("a file in memory");
    let source = Source::Gguf(file.clone());
    shared::named(peek(&source).err(), &file);
    if let Ok(tokenizer) = shared::named_or(tokenizer(&source), &file) {
        shared::use_tokenizer(&tokenizer);
    }
    if let Ok(plan) = shared::named_or(plan(&source, &LoadOptions::default()), &file) {
        // What is there takes no more than the file holds.
        assert!(plan.memory.weights <= 8 * data.len() as u64);
    }
    if let Ok(model) = shared::named_or(load(&source, &LoadOptions::default()), &file) {
        shared::use_model(&model);
    }
});
