//! Where do a network's variables come from, and where do they go?

use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarMap;
use palinode_model::Config;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;

use crate::checkpoint::replace;
use crate::optimizer::Parameter;
use crate::{Error, Result, tensors};

/// Standard deviation of new matrices: Hugging Face's `initializer_range` for Qwen2.
const DEVIATION: f64 = 0.02;

/// New variables for a network of form `config`, on the processor in `f32`: matrices drawn with a standard
/// deviation of 0.02, those that write into the residual stream with 0.02 / √(2 layers) (GPT-2's rule,
/// Radford et al. 2019), biases 0, norms 1. The same seed gives the same weights.
///
/// # Errors
/// If a tensor cannot be made.
pub fn initialise(config: &Config, seed: u64) -> Result<VarMap> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let into_stream = DEVIATION / (2.0 * config.form().shape.layers as f64).sqrt();
    let mut values = Vec::new();
    for (name, shape) in config.tensors() {
        let count: usize = shape.iter().product();
        let numbers: Vec<f32> = if shape.len() > 1 {
            let writes = name.contains("o_proj") || name.contains("down_proj");
            let deviation = if writes { into_stream } else { DEVIATION };
            (0..count)
                .map(|_| (normal(&mut random) * deviation) as f32)
                .collect()
        } else if name.ends_with("bias") {
            vec![0.0; count]
        } else {
            vec![1.0; count]
        };
        values.push((name, Tensor::from_vec(numbers, shape, &Device::Cpu)?));
    }
    variables(values)
}

/// A draw from the standard normal distribution (Box & Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// Variables with these values, under these names.
///
/// # Errors
/// If a tensor cannot be copied.
pub fn variables(values: impl IntoIterator<Item = (String, Tensor)>) -> Result<VarMap> {
    let map = VarMap::new();
    for (name, value) in values {
        let var = Var::from_tensor(&value)?;
        match map.data().lock() {
            Ok(mut data) => data.insert(name, var),
            Err(_) => None,
        };
    }
    Ok(map)
}

/// The variables of a network of form `config` from the safetensors files of a model folder, as `dtype`
/// on `device`.
///
/// # Errors
/// [`Error::File`], [`Error::ModelFile`] where a file is damaged, [`Error::Variable`] where a tensor is
/// missing or has another shape.
pub fn load_variables(
    config: &Config,
    folder: &Path,
    dtype: DType,
    device: &Device,
) -> Result<VarMap> {
    let mut found: Vec<(String, Tensor)> = Vec::new();
    let wanted = config.tensors();
    for file in weight_files(folder)? {
        let bytes = fs::read(&file).map_err(Error::reading(&file))?;
        let all = SafeTensors::deserialize(&bytes).map_err(|error| Error::ModelFile {
            file: file.clone(),
            problem: format!("not a complete safetensors file: {error}"),
        })?;
        for (name, _) in &wanted {
            if let Ok(view) = all.tensor(name) {
                found.push((name.clone(), tensors::load(&view, device)?.to_dtype(dtype)?));
            }
        }
    }
    for (name, shape) in wanted {
        let problem = match found.iter().find(|(other, _)| *other == name) {
            Some((_, tensor)) if tensor.dims() == shape => continue,
            Some((_, tensor)) => format!("has shape {:?}, expected {shape:?}", tensor.dims()),
            None => format!("is missing in {}", folder.display()),
        };
        return Err(Error::Variable { name, problem });
    }
    variables(found)
}

/// The safetensors files of a model folder, in the order of their names.
pub(crate) fn weight_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::reading(folder))? {
        let path = entry.map_err(Error::reading(folder))?.path();
        let named = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if named.ends_with(".safetensors") && named.starts_with("model") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Error::ModelFile {
            file: folder.to_owned(),
            problem: "no model.safetensors here".to_owned(),
        });
    }
    Ok(files)
}

/// Writes `parameters` as `model.safetensors` and `config` as `config.json` into `folder`: with a
/// tokenizer beside them, a model in Hugging Face's layout. Numbers are stored as `dtype`.
///
/// # Errors
/// [`Error::File`].
pub fn export(
    config: &Config,
    parameters: &[Parameter],
    dtype: DType,
    folder: &Path,
) -> Result<()> {
    let stored = |parameter: &Parameter| -> Result<(String, Tensor)> {
        Ok((
            parameter.name.clone(),
            parameter.var.as_detached_tensor().to_dtype(dtype)?,
        ))
    };
    let stored = parameters.iter().map(stored).collect::<Result<Vec<_>>>()?;
    replace(
        &folder.join("model.safetensors"),
        &tensors::file(&stored, ("format", "pt".to_owned()))?,
    )?;
    let file = folder.join("config.json");
    let text = serde_json::to_string_pretty(config.json()).map_err(|error| Error::ModelFile {
        file: file.clone(),
        problem: error.to_string(),
    })?;
    replace(&file, format!("{text}\n").as_bytes())
}
