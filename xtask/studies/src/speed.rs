//! How many tokens a second does a model read and write? One JSON line, so that other programs' figures can
//! stand beside it.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use palinode_model::{Cache, DType, Kernels, Lane, LoadOptions, Network, Source, Want, load};

use crate::arguments::Arguments;
use crate::statistics::median;

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let path = PathBuf::from(arguments.get("model", String::new())?);
    let lanes = arguments.get("lanes", 1usize)?;
    let repeats = arguments.get("repeats", 3usize)?;
    // Tokens of each lane's prompt, and those it then writes.
    let lengths = (
        arguments.get("prompt", 512usize)?,
        arguments.get("decode", 128usize)?,
    );
    if !path.exists() {
        bail!(
            "--model {}: there is no such folder or file",
            path.display()
        );
    }
    let source = match path.is_dir() {
        true => Source::Folder(path),
        false => Source::Gguf(path),
    };
    let mut options = LoadOptions::default();
    match arguments.get("kernels", String::new())?.as_str() {
        "" => {}
        "tensors" => options.kernels = Kernels::Tensors,
        "slices" => options.kernels = Kernels::Slices,
        "panels" => options.kernels = Kernels::Panels,
        other => bail!("--kernels {other}: there are tensors, slices and panels"),
    }
    match arguments.get("device", String::new())?.as_str() {
        "" | "cpu" => {}
        "cuda" => {
            options.device = palinode_model::Device::new_cuda(0)?;
            options.dtype = Some(DType::BF16);
        }
        other => bail!("--device {other}: there are cpu and cuda"),
    }
    let start = Instant::now();
    let model = load(&source, &options)?;
    let network = model.network.as_ref();
    network.logits(&ids(network, 16, 0), &mut network.new_cache())?;
    let load = start.elapsed().as_secs_f64();
    let (mut prompts, mut decodes) = (Vec::new(), Vec::new());
    for _ in 0..repeats {
        let (prompt, decode) = once(network, lanes, lengths)?;
        prompts.push(prompt);
        decodes.push(decode);
    }
    println!(
        "{{\"engine\": \"palinode\", \"lanes\": {lanes}, \"prompt_tps\": {:.1}, \"decode_tps\": {:.1}, \
         \"load_s\": {load:.3}, \"peak_mb\": {}}}",
        median(&mut prompts),
        median(&mut decodes),
        peak().map_or_else(|| "null".to_owned(), |peak| peak.to_string())
    );
    Ok(())
}

/// The most memory this process has had so far, in MB, where the system says.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes / 1024)
}

/// Ids without a pattern.
fn ids(network: &dyn Network, count: usize, lane: usize) -> Vec<u32> {
    let vocabulary = network.shape().vocabulary;
    (0..count)
        .map(|i| ((i * i * 31 + i * 17 + lane * 101) % vocabulary) as u32)
        .collect()
}

/// Tokens a second, over all lanes: of prompts, then of decoding.
fn once(
    network: &dyn Network,
    lanes: usize,
    (prompt, decode): (usize, usize),
) -> Result<(f64, f64)> {
    let mut caches: Vec<Cache> = (0..lanes).map(|_| network.new_cache()).collect();
    let prompts: Vec<Vec<u32>> = (0..lanes).map(|lane| ids(network, prompt, lane)).collect();
    let start = Instant::now();
    let mut next = step(network, &prompts, &mut caches)?;
    let read = (lanes * prompt) as f64 / start.elapsed().as_secs_f64();
    let start = Instant::now();
    for _ in 0..decode {
        let new: Vec<Vec<u32>> = next.iter().map(|id| vec![*id]).collect();
        next = step(network, &new, &mut caches)?;
    }
    let written = (lanes * decode) as f64 / start.elapsed().as_secs_f64();
    Ok((read, written))
}

/// The likeliest token of each lane after its new ones.
fn step(network: &dyn Network, new: &[Vec<u32>], caches: &mut [Cache]) -> Result<Vec<u32>> {
    let mut lanes: Vec<Lane<'_>> = new
        .iter()
        .zip(caches)
        .map(|(ids, cache)| Lane { ids, cache })
        .collect();
    let answers = network.forward(&mut lanes, Want::default())?;
    let likeliest = |logits: &Vec<f32>| {
        let all = (0u32..).zip(logits);
        let best = all.max_by(|a, b| a.1.total_cmp(b.1));
        best.map_or(0, |(id, _)| id)
    };
    Ok(black_box(answers)
        .iter()
        .map(|answer| answer.logits.first().map_or(0, likeliest))
        .collect())
}
