//! Where and in which numbers is a model computed?

use palinode_model::{DType, Device, LoadOptions};

use crate::failure::Failure;

/// Flags that say how a model is computed.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Compute {
    /// The numbers to compute with [default: weights as they are stored, in f32 arithmetic; bf16 on a GPU]
    ///
    /// `f32` also widens weights that are stored in a few bits: slower and larger, and as exact as they allow.
    #[arg(long, value_enum, value_name = "TYPE")]
    dtype: Option<Type>,
    /// Where to compute; `cuda` and `metal` are for builds that have them
    #[arg(long, value_enum, value_name = "DEVICE", default_value_t)]
    device: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Type {
    F32,
    F16,
    Bf16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Place {
    #[default]
    Cpu,
    Cuda,
    Metal,
}

impl Compute {
    /// In which numbers and where, in words that stay the same.
    pub(crate) fn named(self) -> (&'static str, &'static str) {
        let numbers = match self.dtype {
            None => "as stored",
            Some(Type::F32) => "f32",
            Some(Type::F16) => "f16",
            Some(Type::Bf16) => "bf16",
        };
        let place = match self.device {
            Place::Cpu => "cpu",
            Place::Cuda => "cuda",
            Place::Metal => "metal",
        };
        (numbers, place)
    }

    /// The options to load a model with.
    ///
    /// # Errors
    /// Where this build cannot use the device, or there is none.
    pub(crate) fn options(self) -> Result<LoadOptions, Failure> {
        let device = match self.device {
            Place::Cpu => Device::Cpu,
            Place::Cuda => found(Device::new_cuda(0), "cuda", cfg!(feature = "cuda"))?,
            Place::Metal => found(Device::new_metal(0), "metal", cfg!(feature = "metal"))?,
        };
        Ok(LoadOptions {
            dtype: self.dtype.map(|dtype| match dtype {
                Type::F32 => DType::F32,
                Type::F16 => DType::F16,
                Type::Bf16 => DType::BF16,
            }),
            device,
            ..LoadOptions::default()
        })
    }
}

/// The device, or why there is none; `built` says whether this build could use one.
fn found<E: std::error::Error>(
    device: Result<Device, E>,
    name: &str,
    built: bool,
) -> Result<Device, Failure> {
    device.map_err(|error| match built {
        true => {
            // Below its first line the error may carry a backtrace.
            let text = error.to_string();
            let why = text.lines().next().unwrap_or_default();
            Failure::new(format!("cannot compute on `{name}`: {why}")).hint(
                "is there a GPU, with a driver as new as the libraries this build stands on? Without --device it \
                 computes on the processor",
            )
        }
        false => Failure::new(format!(
            "cannot compute on `{name}`: this build computes on the processor only"
        ))
        .hint(format!(
            "leave out --device, or build the tool with `--features {name}` (CONTRIBUTING.md says how)"
        )),
    })
}
