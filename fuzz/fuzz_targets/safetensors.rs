//! Does any safetensors file, alone or behind an index, give weights or an error that names it?
//!
//! Input: a byte that chooses the layout, then the file; for shards two bytes that say how long the index is, the
//! index, and what both of its shards hold.
#![no_main]

#[path = "../shared.rs"]
mod shared;

use libfuzzer_sys::fuzz_target;
use palinode_model::{DType, Device, LoadOptions, Source, plan};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
const SHARDS: [&str; 2] = [
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
];

fuzz_target!(|data: &[u8]| {
    let Some((&layout, rest)) = data.split_first() else {
        return;
    };
    let folder = shared::folder("safetensors");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.join(name), bytes).expect("a file in memory");
    };
    write("config.json", shared::SMALL_CONFIG.as_bytes());
    if layout & 1 == 0 {
        write(SINGLE, rest);
    } else {
        let Some((length, rest)) = rest.split_first_chunk::<2>() else {
            return;
        };
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (index, shard) = rest.split_at(length);
        let _ = std::fs::remove_file(folder.join(SINGLE));
        write(INDEX, index);
        for name in SHARDS {
            write(name, shard);
        }
    }
    let source = Source::Folder(folder.clone());
    if let Ok(plan) = shared::named_or(plan(&source, &LoadOptions::default()), &folder) {
        for (name, _) in plan.form.tensors() {
            let tensor = plan.weights.tensor(&name, DType::F32, &Device::Cpu);
            tensor.expect("it was checked");
        }
    }
});
