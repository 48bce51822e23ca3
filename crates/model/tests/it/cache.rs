//! Does a cache that was cut back, forked or filled in pieces give the numbers of a fresh one?

use palinode_model::{Error, Kernels, Network};
use proptest::prelude::*;

use crate::golden::{KERNELS, VARIANTS, assert_near, model};

/// Ids without a pattern, within the vocabulary.
fn ids(count: usize, seed: usize) -> Vec<u32> {
    (0..count)
        .map(|i| ((i * i * 31 + i * 17 + seed * 101) % 300) as u32)
        .collect()
}

fn fresh(network: &dyn Network, ids: &[u32]) -> Vec<f32> {
    network.logits(ids, &mut network.new_cache()).unwrap()
}

#[test]
fn a_cache_cut_back_and_extended_equals_a_fresh_run() {
    for variant in VARIANTS {
        for kernels in KERNELS {
            let network = model(variant, kernels).network;
            let (kept, dropped, new) = (ids(20, 1), ids(70, 2), ids(9, 3));
            let mut cache = network.new_cache();
            network.logits(&kept, &mut cache).unwrap();
            network.logits(&dropped, &mut cache).unwrap();
            cache.truncate(kept.len());
            assert_eq!(cache.len(), kept.len());
            let found = network.logits(&new, &mut cache).unwrap();
            let whole = [kept, new].concat();
            assert_near(&found, &fresh(&*network, &whole), 1e-5, variant);
            cache.truncate(1000);
            assert_eq!(cache.len(), whole.len());
            cache.truncate(0);
            assert!(cache.is_empty());
        }
    }
}

#[test]
fn forks_do_not_see_each_other() {
    for kernels in KERNELS {
        let network = model("tied", kernels).network;
        // Long enough that some forks grow and others write where there is room.
        for length in [5, 63, 64, 65] {
            let (stem, left, right) = (ids(length, 4), ids(3, 5), ids(4, 6));
            let mut first = network.new_cache();
            network.logits(&stem, &mut first).unwrap();
            let mut second = first.clone();
            let mut third = first.clone();
            network.logits(&left, &mut first).unwrap();
            network.logits(&right, &mut second).unwrap();
            third.truncate(2);
            network.logits(&right, &mut third).unwrap();
            for (cache, so_far) in [
                (&mut first, [stem.clone(), left.clone()].concat()),
                (&mut second, [stem.clone(), right.clone()].concat()),
                (&mut third, [stem[..2].to_vec(), right.clone()].concat()),
            ] {
                assert_eq!(cache.len(), so_far.len());
                let found = network.logits(&[7], cache).unwrap();
                let whole = [so_far, vec![7]].concat();
                assert_near(&found, &fresh(&*network, &whole), 1e-5, "a fork");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_prompt_in_pieces_equals_the_prompt_at_once(
        cuts in prop::collection::vec(1usize..40, 1..6), seed in 0usize..1000, slices: bool,
    ) {
        let kernels = if slices { Kernels::Slices } else { Kernels::Tensors };
        let network = model("untied", kernels).network;
        let whole = ids(cuts.iter().sum::<usize>().min(128), seed);
        let all = network.all_logits(&whole, &mut network.new_cache()).unwrap();
        let mut cache = network.new_cache();
        let mut rest = &whole[..];
        let mut pieces = Vec::new();
        for cut in cuts {
            let (piece, others) = rest.split_at(cut.min(rest.len()));
            if !piece.is_empty() {
                pieces.extend(network.all_logits(piece, &mut cache).unwrap());
            }
            rest = others;
        }
        assert_near(&pieces.concat(), &all.concat(), 1e-5, "pieces");
        // Slices sum in an order that does not depend on how many rows come at once.
        if slices {
            prop_assert_eq!(pieces, all);
        }
    }
}

#[test]
fn room_doubles_and_an_error_leaves_the_length() {
    for kernels in KERNELS {
        let network = model("tied", kernels).network;
        let mut cache = network.new_cache();
        assert_eq!((cache.len(), cache.capacity()), (0, 0));
        network.logits(&ids(3, 1), &mut cache).unwrap();
        assert_eq!(cache.capacity(), 64);
        network.logits(&ids(62, 1), &mut cache).unwrap();
        assert_eq!((cache.len(), cache.capacity()), (65, 128));

        let before = network.logits(&[9], &mut cache.clone()).unwrap();
        let context = network.shape().context;
        let too_long = network.logits(&ids(64, 1), &mut cache);
        assert!(
            matches!(
                too_long,
                Err(Error::TooLong {
                    tokens: 129,
                    context: 128
                })
            ),
            "{too_long:?} {context}"
        );
        let unknown = network.logits(&[1, 304, 2], &mut cache);
        assert!(
            matches!(
                unknown,
                Err(Error::IdOutOfVocabulary {
                    id: 304,
                    vocabulary: 304
                })
            ),
            "{unknown:?}"
        );
        assert!(matches!(
            network.logits(&[], &mut cache),
            Err(Error::NoTokens)
        ));
        let layer = network.hidden(&[1], &mut cache, &[0, 4]);
        assert!(
            matches!(
                layer,
                Err(Error::NoSuchLayer {
                    layer: 4,
                    layers: 3
                })
            ),
            "{layer:?}"
        );
        assert_eq!(cache.len(), 65);
        assert_eq!(network.logits(&[9], &mut cache).unwrap(), before);
    }
}

#[test]
fn the_last_position_of_the_context_can_be_used() {
    for kernels in KERNELS {
        let network = model("untied", kernels).network;
        let all = ids(128, 8);
        let mut cache = network.new_cache();
        network.logits(&all[..127], &mut cache).unwrap();
        let found = network.logits(&all[127..], &mut cache).unwrap();
        assert_near(&found, &fresh(&*network, &all), 1e-5, "the last position");
        assert!(network.logits(&[1], &mut cache).is_err());
    }
}

#[test]
fn a_cache_of_another_network_is_refused() {
    let tensors = model("tied", Kernels::Tensors).network;
    let slices = model("tied", Kernels::Slices).network;
    let other = model("untied", Kernels::Slices).network;
    for (network, mut cache) in [
        (&tensors, slices.new_cache()),
        (&slices, tensors.new_cache()),
        (&slices, other.new_cache()),
    ] {
        let refused = network.logits(&[1], &mut cache);
        assert!(matches!(refused, Err(Error::ForeignCache)), "{refused:?}");
    }
    // Two loads of one model are one network.
    let again = model("tied", Kernels::Slices).network;
    assert!(again.logits(&[1], &mut slices.new_cache()).is_ok());
}

#[test]
fn a_long_prompt_is_computed_in_chunks_and_gives_the_same_numbers() {
    // Longer than one chunk of positions: a copy of the checkpoint that claims a longer context.
    let folder = crate::golden::copy("tied");
    let file = folder.path().join("config.json");
    let config = std::fs::read_to_string(&file).unwrap();
    let config = config.replace(
        "\"max_position_embeddings\": 128",
        "\"max_position_embeddings\": 700",
    );
    std::fs::write(&file, config).unwrap();
    let source = palinode_model::Source::Folder(folder.path().to_owned());
    let whole = ids(600, 9);
    let mut answers = Vec::new();
    for kernels in KERNELS {
        let model = palinode_model::load(&source, &crate::golden::options(kernels)).unwrap();
        let network = model.network;
        let at_once = network
            .all_logits(&whole, &mut network.new_cache())
            .unwrap();
        assert_eq!(at_once.len(), 600);
        let mut cache = network.new_cache();
        let mut pieces = Vec::new();
        for piece in whole.chunks(97) {
            pieces.extend(network.all_logits(piece, &mut cache).unwrap());
        }
        assert_near(&pieces.concat(), &at_once.concat(), 2e-5, "pieces of 97");
        answers.push(at_once.concat());
    }
    assert_near(&answers[0], &answers[1], 2e-5, "tensors and slices");
}
