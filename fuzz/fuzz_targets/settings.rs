//! Does any text in place of one of a model's small files give a model that can be asked, or an error?
//!
//! Input: a byte that chooses the file (`config.json`, `generation_config.json`, `tokenizer_config.json`), then
//! its text. The rest of the model is as it should be.
#![no_main]

#[path = "../shared.rs"]
mod shared;

use libfuzzer_sys::fuzz_target;
use palinode_model::{Config, LoadOptions, Source, load, plan};

const FILES: [&str; 3] = [
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let folder = shared::folder("settings");
    shared::small_model(&folder);
    let name = FILES[usize::from(choice) % FILES.len()];
    let file = folder.join(name);
    std::fs::write(&file, text).expect("a file in memory");
    if name == "config.json" {
        shared::named(Config::parse(text, &file).err(), &file);
    }
    let source = Source::Folder(folder.clone());
    shared::named(plan(&source, &LoadOptions::default()).err(), &folder);
    if let Ok(model) = shared::named_or(load(&source, &LoadOptions::default()), &folder) {
        shared::use_model(&model);
        model.generation.options().check().expect("it was checked");
    }
});
