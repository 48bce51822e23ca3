//! What happens in one step of training?

use std::fmt;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarMap;
use palinode_model::Config;
use serde::{Deserialize, Serialize};

use crate::checkpoint;
use crate::example::Example;
use crate::forward::{Forward, Kernels};
use crate::objectives::Objective;
use crate::optimizer::{AdamW, Parameter, clip_scale, decays, global_norm};
use crate::packed::{Packed, divide};
use crate::recipe::Recipe;
use crate::schedule::{cosine_with_warmup, warmup_steps};
use crate::{Error, Result};

/// What one step did. No times: a report is the same on every machine, and whoever shows it has a clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Which step, counted from 1.
    pub step: u64,
    /// Steps of the whole run.
    pub steps: u64,
    /// Mean loss of the batch before the update, in nats a token that counts.
    pub loss: f64,
    /// Norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Learning rate of the update.
    pub learning_rate: f64,
    /// Tokens read, whether they count or not.
    pub tokens: u64,
    /// Predictions that count.
    pub predictions: u64,
    /// Mean loss on the validation examples after the update, where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
}

/// A network in training: its variables, their moments, and the number of steps taken.
pub struct Trainer {
    forward: Forward,
    parameters: Vec<Parameter>,
    optimizer: AdamW,
    objective: &'static Objective,
    recipe: Recipe,
    history: Vec<StepReport>,
}

impl fmt::Debug for Trainer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Trainer")
            .field("objective", &self.objective.name)
            .field("parameters", &self.parameters.len())
            .field("steps", &self.history.len())
            .field("recipe", &self.recipe)
            .finish_non_exhaustive()
    }
}

impl Trainer {
    /// A trainer of the variables in `map`, which hold every tensor of a network of form `config`
    /// ([`crate::initialise`] or [`crate::load_variables`] made them).
    ///
    /// On a processor in `f32` the [`Kernels::Fused`] operations are used, else candle's.
    ///
    /// # Errors
    /// [`Error::Variable`] where one is missing or has another shape, [`Error::Recipe`].
    pub fn new(
        config: &Config,
        map: &VarMap,
        objective: &'static Objective,
        recipe: Recipe,
    ) -> Result<Trainer> {
        let parameters = parameters(config, map)?;
        let plain = |parameter: &Parameter| {
            !parameter.var.device().is_cpu() || parameter.var.dtype() != DType::F32
        };
        let kernels = if parameters.iter().any(plain) {
            Kernels::Plain
        } else {
            Kernels::Fused
        };
        Trainer::with_kernels(config, map, objective, recipe, kernels)
    }

    /// As [`Trainer::new`], in the operations that `kernels` names.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn with_kernels(
        config: &Config,
        map: &VarMap,
        objective: &'static Objective,
        recipe: Recipe,
        kernels: Kernels,
    ) -> Result<Trainer> {
        recipe.check()?;
        let parameters = parameters(config, map)?;
        let (dtype, device) = parameters
            .first()
            .map_or((DType::F32, Device::Cpu), |parameter| {
                (parameter.var.dtype(), parameter.var.device().clone())
            });
        Ok(Trainer {
            forward: Forward::new(config, map, dtype, &device, kernels)?,
            optimizer: AdamW::new(&parameters)?,
            parameters,
            objective,
            recipe,
            history: Vec::new(),
        })
    }

    /// The recipe.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Steps taken, including those before a resumption.
    #[must_use]
    pub fn steps_taken(&self) -> u64 {
        self.optimizer.updates()
    }

    /// What every step did, including those before a resumption.
    #[must_use]
    pub fn history(&self) -> &[StepReport] {
        &self.history
    }

    /// The trained tensors, in the order of the checkpoint.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Learns from one batch.
    ///
    /// # Errors
    /// [`Error::Example`] where an example does not fit the network, [`Error::NothingToLearn`] where none
    /// predicts anything, [`Error::NoGradient`], and [`Error::Diverged`] where loss or gradient are not
    /// numbers. After an error the weights are what they were.
    pub fn step(&mut self, examples: &[&Example]) -> Result<StepReport> {
        let (loss, gradients) = self.gradients(examples)?;
        let step = self.optimizer.updates() + 1;
        let gradient_norm = global_norm(&gradients)?;
        for (what, value) in [("loss", loss), ("gradient", gradient_norm)] {
            if !value.is_finite() {
                return Err(Error::Diverged { step, what });
            }
        }
        let recipe = &self.recipe;
        let warmup = warmup_steps(recipe.warmup, recipe.steps);
        let learning_rate =
            cosine_with_warmup(recipe.learning_rate, step - 1, warmup, recipe.steps);
        let scale = clip_scale(gradient_norm, recipe.clip);
        self.optimizer
            .update(&self.parameters, &gradients, scale, learning_rate, recipe)?;
        let counts = |example: &&Example| {
            example
                .weights
                .iter()
                .skip(1)
                .filter(|weight| **weight != 0.0)
                .count() as u64
        };
        let report = StepReport {
            step,
            steps: recipe.steps,
            loss,
            gradient_norm,
            learning_rate,
            tokens: examples
                .iter()
                .map(|example| example.ids.len() as u64)
                .sum(),
            predictions: examples.iter().map(counts).sum(),
            validation: None,
        };
        self.history.push(report.clone());
        Ok(report)
    }

    /// Mean loss of a batch and its gradient by every parameter, in their order; changes nothing.
    ///
    /// Each shard is computed by one thread; the shards' gradients are added in the shards' order.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn gradients(&self, examples: &[&Example]) -> Result<(f64, Vec<Tensor>)> {
        let shards = self.shards(examples, "the batch")?;
        let mut loss = 0f64;
        let mut sum: Vec<Option<Tensor>> = vec![None; self.parameters.len()];
        for together in shards.chunks(self.recipe.threads) {
            for result in each(together, |shard| self.shard_gradients(shard)) {
                let (shard_loss, gradients) = result?;
                loss += shard_loss;
                for (total, gradient) in sum.iter_mut().zip(gradients) {
                    *total = Some(match total.take() {
                        Some(total) => (total + gradient)?,
                        None => gradient,
                    });
                }
            }
        }
        let named = sum.into_iter().zip(&self.parameters);
        let gradients = named.map(|(gradient, parameter)| {
            gradient.ok_or_else(|| Error::NoGradient {
                name: parameter.name.clone(),
            })
        });
        Ok((loss, gradients.collect::<Result<_>>()?))
    }

    /// Mean loss on `examples`, in batches as large as the recipe's; changes nothing.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn evaluate(&self, examples: &[Example]) -> Result<f64> {
        let (mut loss, mut weight) = (0f64, 0f64);
        for batch in examples.chunks(self.recipe.batch) {
            let batch: Vec<&Example> = batch
                .iter()
                .filter(|example| example.weight() > 0.0)
                .collect();
            if batch.is_empty() {
                continue;
            }
            let total: f64 = batch.iter().map(|example| example.weight()).sum();
            let shards = self.shards(&batch, "validation")?;
            for together in shards.chunks(self.recipe.threads) {
                for result in each(together, |shard| self.shard_loss(shard)) {
                    loss += result? * total;
                }
            }
            weight += total;
        }
        if weight == 0.0 {
            return Err(Error::NothingToLearn { what: "validation" });
        }
        Ok(loss / weight)
    }

    /// Notes the loss on the validation examples with the last step.
    pub(crate) fn note_validation(&mut self, loss: f64) {
        if let Some(report) = self.history.last_mut() {
            report.validation = Some(loss);
        }
    }

    /// Writes weights, moments, history and recipe to `folder`, so that a run can go on from here; `data`
    /// says which data the run learns from. What stood there before is replaced at once or not at all.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn save(&self, folder: &Path, data: &str) -> Result<()> {
        let updates = self.optimizer.updates();
        let state = checkpoint::State::new(
            &self.recipe,
            self.objective.name,
            data,
            updates,
            &self.history,
        );
        checkpoint::write(folder, &state, &self.parameters, self.optimizer.moments())
    }

    /// Goes on from the checkpoint in `folder`, if there is one: whether there was.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] where it is damaged, [`Error::OtherRun`] where it was made by another
    /// recipe, objective or data, or for a network of another form. After an error nothing has changed.
    pub fn resume(&mut self, folder: &Path, data: &str) -> Result<bool> {
        let Some((state, values, moments)) = checkpoint::read(folder, &self.parameters)? else {
            return Ok(false);
        };
        state.check(folder, &self.recipe, self.objective.name, data)?;
        let history = state.history().ok_or_else(|| Error::BadCheckpoint {
            file: folder.join(checkpoint::FILE),
            problem: "its history is damaged".to_owned(),
        })?;
        for (parameter, value) in self.parameters.iter().zip(&values) {
            parameter.var.set(value)?;
        }
        self.optimizer = AdamW::from_parts(moments, state.updates);
        self.history = history;
        Ok(true)
    }

    fn shards(&self, examples: &[&Example], what: &'static str) -> Result<Vec<Packed>> {
        let shape = &self.forward.config().form().shape;
        for (index, example) in examples.iter().enumerate() {
            if let Some(problem) = example.problem(shape.vocabulary, shape.context) {
                return Err(Error::Example { index, problem });
            }
        }
        let total: f64 = examples.iter().map(|example| example.weight()).sum();
        if total <= 0.0 {
            return Err(Error::NothingToLearn { what });
        }
        let lengths: Vec<usize> = examples.iter().map(|example| example.ids.len()).collect();
        let parts = divide(&lengths, self.recipe.shards);
        let packed = parts
            .iter()
            .map(|part| Packed::new(part.iter().map(|&i| examples[i]), total));
        Ok(packed
            .filter(|packed| !packed.predictions.is_empty())
            .collect())
    }

    fn shard_loss(&self, shard: &Packed) -> Result<f64> {
        let loss = (self.objective.loss)(&self.forward, shard, false)?;
        Ok(f64::from(loss.to_scalar::<f32>()?))
    }

    fn shard_gradients(&self, shard: &Packed) -> Result<(f64, Vec<Tensor>)> {
        let loss = (self.objective.loss)(&self.forward, shard, true)?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        let mut gradients = loss.backward()?;
        let ordered = self.parameters.iter().map(|parameter| {
            gradients
                .remove(parameter.var.as_tensor())
                .ok_or_else(|| Error::NoGradient {
                    name: parameter.name.clone(),
                })
        });
        Ok((value, ordered.collect::<Result<_>>()?))
    }
}

/// Runs `work` on every shard, each in its own thread, and returns the results in the shards' order.
fn each<T: Send>(shards: &[Packed], work: impl Fn(&Packed) -> Result<T> + Sync) -> Vec<Result<T>> {
    let Some((first, rest)) = shards.split_first() else {
        return Vec::new();
    };
    std::thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = rest
            .iter()
            .map(|shard| scope.spawn(move || work(shard)))
            .collect();
        let mut results = vec![work(first)];
        for other in others {
            // A panic in a shard is a bug and goes on as one.
            results.push(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        results
    })
}

/// The variables of a network of form `config`, in the order of the checkpoint.
fn parameters(config: &Config, map: &VarMap) -> Result<Vec<Parameter>> {
    let Ok(vars) = map.data().lock() else {
        return Err(Error::Variable {
            name: "all".to_owned(),
            problem: "a thread failed while it held them".to_owned(),
        });
    };
    let parameter = |(name, shape): (String, Vec<usize>)| match vars.get(&name) {
        Some(var) if var.dims() == shape => {
            let decay = decays(&name, shape.len());
            Ok(Parameter {
                name,
                var: var.clone(),
                decay,
            })
        }
        Some(var) => Err(Error::Variable {
            problem: format!("has shape {:?}, expected {shape:?}", var.dims()),
            name,
        }),
        None => Err(Error::Variable {
            name,
            problem: "is missing".to_owned(),
        }),
    };
    config.tensors().into_iter().map(parameter).collect()
}
