//! How many tokens a second does a network of the bundled model's size read and write?
//!
//! Random weights of 2.4 million parameters (5 layers, hidden width 192), after 16, 512 and 1,500
//! tokens: `decode` is one more token, `prompt` a prompt of that length. `tensors` is candle in fused
//! operations, `slices` the other engine, `slices-brief` the same over numbers that fit bfloat16,
//! as published checkpoints have them.
//!
//! ```sh
//! RAYON_NUM_THREADS=1 CANDLE_NUM_THREADS=1 cargo bench -p palinode-model
//! ```

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use palinode_model::candle_core::{Tensor, safetensors};
use palinode_model::{Config, Device, Kernels, LoadOptions, Network, Source, Weights};

const CONFIG: &str = r#"{"model_type": "qwen2", "vocab_size": 2048, "hidden_size": 192, "intermediate_size": 512,
    "num_hidden_layers": 5, "num_attention_heads": 6, "num_key_value_heads": 2,
    "max_position_embeddings": 4096, "tie_word_embeddings": true}"#;

/// The network with weights in (-0.05, 0.05), cut to the upper half of their bits where `brief`.
fn network(brief: bool, kernels: Kernels) -> Box<dyn Network> {
    let config = Config::parse(CONFIG.as_bytes(), Path::new("config.json")).expect("a valid form");
    let mut state = 1u32;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = (state >> 8) as f32 / (1 << 24) as f32 * 0.1 - 0.05;
        let mask = if brief { 0xFFFF_0000 } else { u32::MAX };
        f32::from_bits(number.to_bits() & mask)
    };
    let tensors: HashMap<String, Tensor> = config
        .tensors()
        .into_iter()
        .map(|(name, shape)| {
            let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| number()).collect();
            let tensor =
                Tensor::from_vec(numbers, shape, &Device::Cpu).expect("as many as the shape");
            (name, tensor)
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    safetensors::save(&tensors, folder.path().join("model.safetensors")).expect("room for it");
    let weights = Weights::open(&Source::Folder(folder.path().to_owned())).expect("its own file");
    let options = LoadOptions {
        kernels,
        ..LoadOptions::default()
    };
    let network = options.network(config.form().clone(), &weights);
    network.expect("every tensor is there")
}

fn ids(count: usize) -> Vec<u32> {
    (0..count)
        .map(|i| ((i * i + 7 * i) % 2048) as u32)
        .collect()
}

fn tokens_a_second(criterion: &mut Criterion) {
    let networks = [
        ("tensors", network(false, Kernels::Tensors)),
        ("slices", network(false, Kernels::Slices)),
        ("slices-brief", network(true, Kernels::Slices)),
    ];
    let mut group = criterion.benchmark_group("tokens");
    group.sample_size(20);
    for (name, network) in &networks {
        for past in [16usize, 512, 1500] {
            let mut cache = network.new_cache();
            network.logits(&ids(past), &mut cache).expect("known ids");
            group.throughput(Throughput::Elements(1));
            group.bench_function(
                BenchmarkId::new(format!("decode/{name}"), past),
                |bencher| {
                    bencher.iter(|| {
                        cache.truncate(past);
                        network.logits(black_box(&[9]), &mut cache)
                    });
                },
            );
            group.throughput(Throughput::Elements(past as u64));
            group.bench_function(
                BenchmarkId::new(format!("prompt/{name}"), past),
                |bencher| {
                    bencher
                        .iter(|| network.logits(black_box(&ids(past)), &mut network.new_cache()));
                },
            );
        }
    }
    group.finish();
}

criterion_group!(benches, tokens_a_second);
criterion_main!(benches);
