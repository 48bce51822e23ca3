//! Do the fused operations compute the network that `palinode_model` computes, with its gradients?

use candle_core::{DType, Device, Var};
use candle_nn::VarMap;
use palinode_train::forward::Kernels;
use palinode_train::{Error, Example, Objective, Recipe, Trainer, initialise};

use crate::support::{difference, examples, recipe, sft, small_config, values};

#[test]
fn loss_and_gradients_equal_those_of_plain_operations() {
    for tied in [true, false] {
        let config = small_config(tied);
        let map = initialise(&config, 3).unwrap();
        spread(&map);
        let examples = examples(6);
        let batch: Vec<&Example> = examples.iter().collect();
        let of = |kernels: Kernels| {
            let trainer = Trainer::with_kernels(&config, &map, sft(), recipe(1), kernels).unwrap();
            let loss = trainer.evaluate(&examples).unwrap();
            (trainer.gradients(&batch).unwrap(), loss, trainer)
        };
        let ((loss, gradients), evaluated, trainer) = of(Kernels::Fused);
        let ((plain_loss, plain_gradients), plain_evaluated, _) = of(Kernels::Plain);
        assert!((loss - plain_loss).abs() < 1e-5, "{loss} {plain_loss}");
        assert!((evaluated - plain_evaluated).abs() < 1e-5);
        for ((ours, plain), parameter) in gradients
            .iter()
            .zip(&plain_gradients)
            .zip(trainer.parameters())
        {
            let off = difference(&values(ours), &values(plain));
            // A key's bias moves no probability: its gradient is zero but for rounding.
            let nothing = parameter.name.ends_with("k_proj.bias");
            assert!(off < 1e-4 || nothing, "{}: {off}", parameter.name);
        }
    }
}

/// Gives vectors, which start as ones and zeros, values of their own: a mixed-up bias would not show.
fn spread(map: &VarMap) {
    for var in map.all_vars() {
        if var.rank() == 1 {
            let n = var.elem_count();
            let base = values(&var)[0];
            let numbers: Vec<f32> = (0..n)
                .map(|i| base + 0.3 * ((i * 7 % 11) as f32 / 11.0 - 0.5))
                .collect();
            var.set(&candle_core::Tensor::from_vec(numbers, n, &Device::Cpu).unwrap())
                .unwrap();
        }
    }
}

#[test]
fn shards_change_the_gradient_by_rounding_only() {
    let examples = examples(9);
    let batch: Vec<&Example> = examples.iter().collect();
    let config = small_config(true);
    let map = initialise(&config, 3).unwrap();
    let of = |shards: usize, threads: usize| {
        let recipe = Recipe {
            shards,
            threads,
            ..recipe(1)
        };
        Trainer::new(&config, &map, sft(), recipe)
            .unwrap()
            .gradients(&batch)
            .unwrap()
    };
    let (loss, gradients) = of(1, 1);
    for shards in [2, 3, 20] {
        let (other_loss, other) = of(shards, 2);
        assert!((loss - other_loss).abs() < 1e-6);
        for (a, b) in gradients.iter().zip(&other) {
            let worst = values(a)
                .iter()
                .zip(values(b))
                .fold(0f32, |worst, (a, b)| worst.max((a - b).abs()));
            assert!(worst < 1e-6, "{shards} shards: {worst}");
        }
    }
    // How many run at the same time changes nothing at all.
    for ((a, b), c) in of(3, 1).1.iter().zip(&of(3, 2).1).zip(&of(3, 3).1) {
        assert_eq!(values(a), values(b));
        assert_eq!(values(a), values(c));
    }
}

#[test]
fn every_parameter_receives_a_gradient() {
    for (tied, kernels) in [
        (true, Kernels::Fused),
        (false, Kernels::Fused),
        (false, Kernels::Plain),
    ] {
        let config = small_config(tied);
        let map = initialise(&config, 3).unwrap();
        let trainer = Trainer::with_kernels(&config, &map, sft(), recipe(1), kernels).unwrap();
        let examples = examples(4);
        let (_, gradients) = trainer
            .gradients(&examples.iter().collect::<Vec<_>>())
            .unwrap();
        assert_eq!(gradients.len(), config.tensors().len());
        for (gradient, parameter) in gradients.iter().zip(trainer.parameters()) {
            assert!(
                values(gradient).iter().any(|value| *value != 0.0),
                "{}",
                parameter.name
            );
        }
    }
}

#[test]
fn an_operation_without_a_backward_does_not_go_unnoticed() {
    // candle's fused normalisation on the last step: everything before it would silently not train.
    static CUT: Objective = Objective {
        name: "cut",
        title: "",
        doc: "",
        loss: |forward, part, backward| {
            let hidden = forward.hidden(part)?;
            let ones = candle_core::Tensor::ones(hidden.dim(1)?, DType::F32, &Device::Cpu)?;
            forward.cost(
                &candle_nn::ops::rms_norm(&hidden, &ones, 1e-6)?,
                part,
                backward,
            )
        },
    };
    let config = small_config(false);
    let map = initialise(&config, 3).unwrap();
    let trainer = Trainer::new(&config, &map, &CUT, recipe(1)).unwrap();
    let examples = examples(2);
    let error = trainer
        .gradients(&examples.iter().collect::<Vec<_>>())
        .unwrap_err();
    assert!(
        matches!(&error, Error::NoGradient { name } if name == "model.embed_tokens.weight"),
        "{error}"
    );
}

#[test]
fn variables_of_another_shape_are_refused() {
    let config = small_config(false);
    let map = initialise(&config, 3).unwrap();
    let var = Var::zeros(3, DType::F32, &Device::Cpu).unwrap();
    map.data()
        .lock()
        .unwrap()
        .insert("model.norm.weight".to_owned(), var);
    let error = Trainer::new(&config, &map, sft(), recipe(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "variable `model.norm.weight`: has shape [3], expected [40]"
    );
    map.data().lock().unwrap().remove("model.norm.weight");
    let error = Trainer::new(&config, &map, sft(), recipe(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "variable `model.norm.weight`: is missing"
    );
}
