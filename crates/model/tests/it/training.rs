//! Is the training forward that of the reference, equal to inference, and differentiable everywhere?

use palinode_model::candle_core::{D, DType, Device, Tensor};
use palinode_model::candle_nn::{VarBuilder, VarMap};
use palinode_model::tensors::Decoder;
use palinode_model::{Config, Error, Kernels, Network, Source, Weights};

use crate::golden::{Example, VARIANTS, assert_near, flat, folder, model, tensors, values};

fn config(variant: &str) -> Config {
    let file = folder(variant).join("config.json");
    Config::parse(&std::fs::read(&file).unwrap(), &file).unwrap()
}

/// The checkpoint as variables.
fn variables(variant: &str) -> (Config, VarMap, Decoder) {
    let config = config(variant);
    let mut variables = VarMap::new();
    let builder = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let network = Decoder::new(config.form(), &builder).unwrap();
    let weights = Weights::open(&Source::Folder(folder(variant))).unwrap();
    for (name, _) in config.tensors() {
        let tensor = weights.tensor(&name, DType::F32, &Device::Cpu).unwrap();
        variables.set_one(&name, tensor).unwrap();
    }
    (config, variables, network)
}

/// Example after example, without padding.
fn loss(network: &Decoder, batch: &[Example]) -> Tensor {
    let mut losses = Vec::new();
    let mut weight = 0.0;
    for example in batch {
        let time = example.ids.len();
        let ids = Tensor::new(&example.ids[..], &Device::Cpu).unwrap();
        let hidden = network.train_hidden(&ids.unsqueeze(0).unwrap()).unwrap();
        let logits = network
            .head(&hidden.narrow(1, 0, time - 1).unwrap())
            .unwrap();
        let shares =
            palinode_model::candle_nn::ops::log_softmax(&logits.squeeze(0).unwrap(), D::Minus1);
        let targets = ids.narrow(0, 1, time - 1).unwrap().unsqueeze(1).unwrap();
        let found = shares
            .unwrap()
            .gather(&targets.contiguous().unwrap(), 1)
            .unwrap();
        let weights = Tensor::new(&example.weights[1..], &Device::Cpu).unwrap();
        let found = (found.squeeze(1).unwrap() * weights)
            .unwrap()
            .sum_all()
            .unwrap();
        losses.push(found.neg().unwrap());
        weight += f64::from(example.weights[1..].iter().sum::<f32>());
    }
    (Tensor::stack(&losses, 0).unwrap().sum_all().unwrap() / weight).unwrap()
}

#[test]
fn loss_and_every_gradient_are_those_of_the_reference() {
    for variant in VARIANTS {
        let (config, variables, network) = variables(variant);
        let training = values(variant).training;
        let expected = tensors(variant, "gradients.safetensors");
        let loss = loss(&network, &training.batch);
        let found = f64::from(loss.to_scalar::<f32>().unwrap());
        assert!(
            (found - training.losses[0]).abs() < 1e-5,
            "{found} {}",
            training.losses[0]
        );
        let gradients = loss.backward().unwrap();
        let data = variables.data().lock().unwrap();
        assert_eq!(data.len(), config.tensors().len());
        assert_eq!(expected.len(), data.len());
        for (name, shape) in config.tensors() {
            let gradient = gradients.get(&data[&name]).expect(&name);
            assert_eq!(gradient.dims(), shape);
            let expected = flat(&expected[&name]);
            assert!(
                expected.iter().any(|x| x.abs() > 1e-6),
                "{name} has no gradient to compare"
            );
            assert_near(
                &flat(gradient),
                &expected,
                1e-4,
                &format!("{variant} {name}"),
            );
        }
    }
}

#[test]
fn inference_equals_the_training_forward() {
    for variant in VARIANTS {
        let (_, _, network) = variables(variant);
        let ids: Vec<u32> = (0..60).map(|i| (i * i * 5 + 3) % 304).collect();
        let batch = Tensor::new(&ids[..], &Device::Cpu)
            .unwrap()
            .unsqueeze(0)
            .unwrap();
        let hidden = network.train_hidden(&batch).unwrap();
        let trained = flat(&network.head(&hidden).unwrap());
        let own = network
            .all_logits(&ids, &mut network.new_cache())
            .unwrap()
            .concat();
        assert_near(&own, &trained, 1e-5, "fused operations over variables");
        for kernels in [Kernels::Tensors, Kernels::Slices] {
            let loaded = model(variant, kernels).network;
            let found = loaded
                .all_logits(&ids, &mut loaded.new_cache())
                .unwrap()
                .concat();
            assert_near(&found, &trained, 1e-5, &format!("{kernels:?}"));
        }
    }
}

#[test]
fn padding_on_the_right_and_other_rows_change_nothing() {
    let (_, _, network) = variables("tied");
    let (short, long) = ([5u32, 6, 7], [9u32, 8, 7, 6, 5]);
    let padded = [5u32, 6, 7, 0, 0];
    let rows = Tensor::new(&[padded, long], &Device::Cpu).unwrap();
    let both = network.train_hidden(&rows).unwrap();
    for (row, ids) in [(0, &short[..]), (1, &long[..])] {
        let ids = Tensor::new(ids, &Device::Cpu)
            .unwrap()
            .unsqueeze(0)
            .unwrap();
        let alone = network.train_hidden(&ids).unwrap();
        let found = both
            .get(row)
            .unwrap()
            .narrow(0, 0, ids.dim(1).unwrap())
            .unwrap();
        assert_near(&flat(&found), &flat(&alone), 1e-5, "a row of a batch");
    }
}

#[test]
fn sequences_beyond_the_context_are_refused() {
    let (_, _, network) = variables("tied");
    let ids = Tensor::zeros((1, 129), DType::U32, &Device::Cpu).unwrap();
    let error = network.train_hidden(&ids).unwrap_err();
    assert!(
        matches!(
            error,
            Error::TooLong {
                tokens: 129,
                context: 128
            }
        ),
        "{error}"
    );
    let ids = Tensor::new(&[[304u32]], &Device::Cpu).unwrap();
    assert!(network.train_hidden(&ids).is_err());
}
