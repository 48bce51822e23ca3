//! How does a run survive being interrupted?
//!
//! Everything a run needs to go on stands in one file, so that one rename replaces it whole: the
//! weights, both moments of each, and as metadata the recipe, what the run learns from, and its
//! history. The position in the data follows from the number of steps.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use candle_core::{DType, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::optimizer::Parameter;
use crate::recipe::Recipe;
use crate::tensors;
use crate::trainer::StepReport;
use crate::{Error, Result};

/// The file's name in its folder.
pub const FILE: &str = "checkpoint.safetensors";
/// The one entry of the file's metadata: one, because a map of several has no fixed order.
const ENTRY: &str = "palinode-train";

/// What a checkpoint holds beside tensors. Numbers are text that gives the same number back: a reader of
/// JSON may be off in the last digit, and then a resumed run would not be the same run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) recipe: Vec<(String, String)>,
    pub(crate) objective: String,
    pub(crate) data: String,
    pub(crate) updates: u64,
    history: Vec<String>,
}

/// A report in one line.
fn to_text(report: &StepReport) -> String {
    let StepReport {
        step,
        steps,
        loss,
        gradient_norm,
        learning_rate,
        tokens,
        predictions,
        validation,
    } = report;
    let validation = validation.map_or_else(|| "-".to_owned(), |loss| loss.to_string());
    format!(
        "{step} {steps} {loss} {gradient_norm} {learning_rate} {tokens} {predictions} {validation}"
    )
}

/// The report of a line.
fn from_text(line: &str) -> Option<StepReport> {
    let fields: Vec<&str> = line.split(' ').collect();
    let [
        step,
        steps,
        loss,
        gradient_norm,
        learning_rate,
        tokens,
        predictions,
        validation,
    ] = fields.as_slice()
    else {
        return None;
    };
    Some(StepReport {
        step: step.parse().ok()?,
        steps: steps.parse().ok()?,
        loss: loss.parse().ok()?,
        gradient_norm: gradient_norm.parse().ok()?,
        learning_rate: learning_rate.parse().ok()?,
        tokens: tokens.parse().ok()?,
        predictions: predictions.parse().ok()?,
        validation: if *validation == "-" {
            None
        } else {
            Some(validation.parse().ok()?)
        },
    })
}

impl State {
    pub(crate) fn new(
        recipe: &Recipe,
        objective: &str,
        data: &str,
        updates: u64,
        history: &[StepReport],
    ) -> State {
        State {
            recipe: recipe.fields(),
            objective: objective.to_owned(),
            data: data.to_owned(),
            updates,
            history: history.iter().map(to_text).collect(),
        }
    }

    /// What every step did; none where a line is damaged.
    pub(crate) fn history(&self) -> Option<Vec<StepReport>> {
        self.history.iter().map(|line| from_text(line)).collect()
    }

    /// Refuses to go on with anything that would give other numbers.
    pub(crate) fn check(
        &self,
        folder: &Path,
        recipe: &Recipe,
        objective: &str,
        data: &str,
    ) -> Result<()> {
        let difference = if self.objective != objective {
            Some(format!("it learns `{}`, not `{objective}`", self.objective))
        } else if self.data != data {
            Some("it learns from other data".to_owned())
        } else {
            recipe.difference(&self.recipe)
        };
        match difference {
            Some(difference) => Err(Error::OtherRun {
                file: folder.join(FILE),
                difference,
            }),
            None => Ok(()),
        }
    }
}

/// Replaces `file` by `bytes` at once or not at all: written beside it, flushed to the disk, renamed.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::writing(folder))?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside: PathBuf = folder.join(name);
    let written = File::create(&beside).and_then(|mut to| {
        to.write_all(bytes)?;
        to.sync_all()
    });
    written
        .and_then(|()| fs::rename(&beside, file))
        .map_err(Error::writing(file))?;
    // The rename is on the disk only when the folder is; where a folder cannot be opened, the file
    // system decides.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

pub(crate) fn write(
    folder: &Path,
    state: &State,
    parameters: &[Parameter],
    moments: &[(Tensor, Tensor)],
) -> Result<()> {
    let file = folder.join(FILE);
    let mut stored = Vec::with_capacity(3 * parameters.len());
    for (parameter, (mean, square)) in parameters.iter().zip(moments) {
        let name = &parameter.name;
        stored.push((format!("weight.{name}"), parameter.var.as_detached_tensor()));
        stored.push((format!("mean.{name}"), mean.clone()));
        stored.push((format!("square.{name}"), square.clone()));
    }
    let state = serde_json::to_string(state).map_err(|error| Error::BadCheckpoint {
        file: file.clone(),
        problem: error.to_string(),
    })?;
    let bytes = tensors::file(&stored, (ENTRY, state))?;
    replace(&file, &bytes)
}

type Read = (State, Vec<Tensor>, Vec<(Tensor, Tensor)>);

/// The checkpoint in `folder`, if there is one, for these parameters.
pub(crate) fn read(folder: &Path, parameters: &[Parameter]) -> Result<Option<Read>> {
    let file = folder.join(FILE);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::reading(&file)(error)),
    };
    let bad = |problem: String| Error::BadCheckpoint {
        file: file.clone(),
        problem,
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| bad(error.to_string()))?;
    let state = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(ENTRY));
    let state = state.ok_or_else(|| bad("it does not say which run made it".to_owned()))?;
    let state: State = serde_json::from_str(state).map_err(|error| bad(error.to_string()))?;
    let all = SafeTensors::deserialize(&bytes).map_err(|error| bad(error.to_string()))?;
    let get = |kind: &str, parameter: &Parameter, dtype: DType| -> Result<Tensor> {
        let other = |difference: String| Error::OtherRun {
            file: file.clone(),
            difference,
        };
        let name = format!("{kind}.{}", parameter.name);
        let view = all
            .tensor(&name)
            .map_err(|_| other(format!("it has no tensor `{name}`")))?;
        if view.shape() != parameter.var.dims() {
            return Err(other(format!(
                "`{name}` has shape {:?}, here {:?}",
                view.shape(),
                parameter.var.dims()
            )));
        }
        let tensor = tensors::load(&view, parameter.var.device())?;
        if tensor.dtype() != dtype {
            return Err(other(format!(
                "`{name}` is stored in {:?}, here {dtype:?}",
                tensor.dtype()
            )));
        }
        Ok(tensor)
    };
    if all.len() != 3 * parameters.len() {
        let difference = format!(
            "it holds {} tensors, expected {}",
            all.len(),
            3 * parameters.len()
        );
        return Err(Error::OtherRun {
            file: file.clone(),
            difference,
        });
    }
    let mut values = Vec::with_capacity(parameters.len());
    let mut moments = Vec::with_capacity(parameters.len());
    for parameter in parameters {
        values.push(get("weight", parameter, parameter.var.dtype())?);
        moments.push((
            get("mean", parameter, DType::F32)?,
            get("square", parameter, DType::F32)?,
        ));
    }
    Ok(Some((state, values, moments)))
}
