//! Where does a new token's embedding start?

use candle_core::{DType, Tensor};
use candle_nn::VarMap;
use palinode_model::Config;

use super::tokenizer::ActionIds;
use crate::weights::variables;
use crate::{Error, Result};

/// `matrix` [rows, width] with a row for each new id: the mean of the rows of its description, taken in
/// `f32` and stored in the matrix's type. Rows beyond the tokenizer's ids (real checkpoints have some) are
/// used where the new ids fall on them; else the matrix grows.
///
/// # Errors
/// [`Error::Variable`] where a description names a row that is not there, or the new ids do not follow one
/// another from an id that has a row or is the first without one.
pub fn add_action_rows(name: &str, matrix: &Tensor, actions: &ActionIds) -> Result<Tensor> {
    let (rows, _) = matrix.dims2()?;
    let refuse = |problem: String| {
        Err(Error::Variable {
            name: name.to_owned(),
            problem,
        })
    };
    let first = actions.ids[0] as usize;
    if !actions
        .ids
        .iter()
        .enumerate()
        .all(|(i, id)| *id as usize == first + i)
        || first > rows
    {
        return refuse(format!(
            "has {rows} rows; the new ids {:?} should follow the old ones",
            actions.ids
        ));
    }
    let words = matrix.to_dtype(DType::F32)?;
    let mut parts = vec![matrix.narrow(0, 0, first)?];
    for description in &actions.descriptions {
        if let Some(outside) = description.iter().find(|word| **word as usize >= rows) {
            return refuse(format!(
                "has {rows} rows, and the tokenizer an id {outside}"
            ));
        }
        let description = Tensor::new(description.as_slice(), matrix.device())?;
        parts.push(
            words
                .index_select(&description, 0)?
                .mean_keepdim(0)?
                .to_dtype(matrix.dtype())?,
        );
    }
    let next = first + actions.ids.len();
    if next < rows {
        parts.push(matrix.narrow(0, next, rows - next)?);
    }
    Ok(Tensor::cat(&parts, 0)?)
}

/// Variables and form of the network in `map` with rows for the new tokens: what
/// [`super::add_action_tokens`] does to files, in memory. The variables of `map` stay as they are; those
/// of the result are copies.
///
/// # Errors
/// [`Error::Variable`] where a tensor of `config` is missing.
pub fn add_action_variables(
    config: &Config,
    map: &VarMap,
    actions: &ActionIds,
) -> Result<(Config, VarMap)> {
    let mut config = config.clone();
    let mut values = Vec::new();
    for (name, _) in config.tensors() {
        let value = map
            .data()
            .lock()
            .ok()
            .and_then(|data| Some(data.get(&name)?.as_detached_tensor()));
        let Some(value) = value else {
            return Err(Error::Variable {
                name,
                problem: "is missing".to_owned(),
            });
        };
        let value = if is_vocabulary(&name) {
            add_action_rows(&name, &value, actions)?
        } else {
            value
        };
        if name == EMBEDDING {
            config = config.with_vocabulary(value.dim(0)?);
        }
        values.push((name, value));
    }
    Ok((config, variables(values)?))
}

/// The embedding's name in checkpoints of every family this house runs.
pub(super) const EMBEDDING: &str = "model.embed_tokens.weight";

/// Whether a tensor has a row for each token.
pub(super) fn is_vocabulary(name: &str) -> bool {
    name == EMBEDDING || name == "lm_head.weight"
}
