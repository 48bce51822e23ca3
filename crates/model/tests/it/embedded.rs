//! Does a model built into the program give the numbers of the same model in a folder?

use palinode_model::{EmbeddedModel, Error, Kernels, Source, load, peek};

use crate::golden::{copy, folder, model, options};

macro_rules! built_in {
    ($($file:literal),*) => {
        &[$(($file, include_bytes!(concat!("golden/qwen2/tied/", $file)))),*]
    };
}

static TIED: EmbeddedModel = EmbeddedModel {
    name: "tiny",
    files: built_in!(
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json"
    ),
};

static EMPTY: EmbeddedModel = EmbeddedModel {
    name: "empty",
    files: &[(
        "config.json",
        include_bytes!("golden/qwen2/tied/config.json"),
    )],
};

#[test]
fn a_built_in_model_equals_its_folder() {
    let source = Source::Embedded(&TIED);
    for kernels in [Kernels::Automatic, Kernels::Tensors] {
        let built_in = load(&source, &options(kernels)).unwrap();
        let outside = model("tied", kernels);
        let logits = |network: &dyn palinode_model::Network| {
            network
                .logits(&[1, 2, 3], &mut network.new_cache())
                .unwrap()
        };
        assert_eq!(logits(&*built_in.network), logits(&*outside.network));
        assert_eq!(built_in.name, "tiny");
        assert_eq!(built_in.ends, outside.ends);
        let prompt = built_in.prompt("x", None).unwrap();
        assert_eq!(prompt, outside.prompt("x", None).unwrap());
    }
    assert_eq!(
        peek(&source).unwrap(),
        peek(&Source::Folder(folder("tied"))).unwrap()
    );
}

#[test]
fn a_missing_built_in_file_is_named() {
    let error = load(&Source::Embedded(&EMPTY), &options(Kernels::Automatic)).unwrap_err();
    assert!(
        matches!(&error, Error::Missing { file } if file.ends_with("empty/tokenizer.json")),
        "{error}"
    );
}

#[test]
fn a_folder_is_named_by_its_last_part() {
    let copy = copy("tied");
    let inner = copy.path().join("my-model");
    assert_eq!(Source::Folder(inner).name(), "my-model");
}
