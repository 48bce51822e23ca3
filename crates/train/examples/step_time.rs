//! How many tokens a second does training read, at the bundled model's shape?
//!
//! `cargo run --release -p palinode-train --example step_time -- [shards] [steps] [plain]`

use std::time::Instant;

use palinode_model::Config;
use palinode_train::forward::Kernels;
use palinode_train::{Example, OBJECTIVES, Recipe, Trainer, initialise};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn config() -> Result<Config, palinode_model::Error> {
    let json = serde_json::json!({
        "model_type": "qwen2", "vocab_size": 2048, "hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 5,
        "num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 1024,
        "rope_theta": 10000.0, "tie_word_embeddings": true,
    });
    Config::parse(json.to_string().as_bytes(), "config.json".as_ref())
}

#[expect(clippy::print_stdout, reason = "an example answers on stdout")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise: usize| {
        arguments
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let (shards, steps) = (number(2), number(6));
    let kernels = if std::env::args().any(|argument| argument == "plain") {
        Kernels::Plain
    } else {
        Kernels::Fused
    };
    let config = config()?;
    // Lengths and the share of the prompt are those of the bundled model's data.
    let examples: Vec<Example> = (0..32u32)
        .map(|i| {
            let length = 160 + (i * 37) % 120;
            let ids: Vec<u32> = (0..length)
                .map(|j| (i * 131 + j * j * 7 + j) % 2048)
                .collect();
            let weights = (0..length)
                .map(|j| if j < 40 { 0.0 } else { 1.0 })
                .collect();
            Example { ids, weights }
        })
        .collect();
    let batch: Vec<&Example> = examples.iter().collect();
    let recipe = Recipe {
        batch: 32,
        learning_rate: 1e-3,
        shards,
        threads: shards,
        ..Recipe::paper(1000)
    };
    let map = initialise(&config, 1)?;
    let mut trainer = Trainer::with_kernels(&config, &map, OBJECTIVES[0], recipe, kernels)?;
    let mut rates = Vec::new();
    for _ in 0..steps {
        let start = Instant::now();
        let report = trainer.step(&batch)?;
        let seconds = start.elapsed().as_secs_f64();
        rates.push(report.tokens as f64 / seconds);
        println!(
            "step {} loss {:.4} {seconds:.3} s {:.0} tokens/s",
            report.step,
            report.loss,
            rates[rates.len() - 1]
        );
    }
    rates.sort_by(f64::total_cmp);
    println!(
        "{shards} shards: median {:.0} tokens/s, best {:.0}",
        rates[rates.len() / 2],
        rates[rates.len() - 1]
    );
    Ok(())
}
