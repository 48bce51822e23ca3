//! Do two safetensors files hold the same tensors?
//!
//! The format: eight bytes of header length (little-endian), a JSON header that gives each tensor's
//! type, shape and byte range, then the bytes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::compare;

struct Tensor<'a> {
    kind: &'a str,
    shape: &'a Value,
    bytes: &'a [u8],
}

/// What differs between two files, or nothing where tensors agree within the tolerance.
///
/// # Errors
///
/// Where one of them is no safetensors file.
pub(super) fn difference(old: &[u8], new: &[u8]) -> Result<Option<String>> {
    let (old_header, old_bytes) = parts(old)?;
    let (new_header, new_bytes) = parts(new)?;
    let (old, new) = (
        tensors(&old_header, old_bytes)?,
        tensors(&new_header, new_bytes)?,
    );
    if let Some(name) = old
        .keys()
        .chain(new.keys())
        .find(|name| !old.contains_key(*name) || !new.contains_key(*name))
    {
        return Ok(Some(format!("tensor `{name}` stands in only one of both")));
    }
    for (name, a) in &old {
        let b = &new[name];
        if a.kind != b.kind || a.shape != b.shape {
            let what = format!(
                "{} {} was committed, {} {} came out",
                a.kind, a.shape, b.kind, b.shape
            );
            return Ok(Some(format!("tensor `{name}`: {what}")));
        }
        let found = match (numbers(a), numbers(b)) {
            (Some(a), Some(b)) => compare::numbers(&a, &b),
            _ => (a.bytes != b.bytes).then(|| "the bytes differ".to_owned()),
        };
        if let Some(what) = found {
            return Ok(Some(format!("tensor `{name}`: {what}")));
        }
    }
    Ok(None)
}

/// The header, and the bytes after it.
fn parts(file: &[u8]) -> Result<(Value, &[u8])> {
    let (length, rest) = file
        .split_first_chunk::<8>()
        .context("shorter than its header's length")?;
    let length = usize::try_from(u64::from_le_bytes(*length))?;
    let (header, bytes) = rest
        .split_at_checked(length)
        .context("shorter than its header")?;
    Ok((
        serde_json::from_slice(header).context("the header is no JSON")?,
        bytes,
    ))
}

fn tensors<'a>(header: &'a Value, bytes: &'a [u8]) -> Result<BTreeMap<&'a str, Tensor<'a>>> {
    let mut found = BTreeMap::new();
    let header = header.as_object().context("the header is no object")?;
    for (name, tensor) in header.iter().filter(|(name, _)| *name != "__metadata__") {
        let offset = |at: usize| {
            let offset = tensor["data_offsets"][at].as_u64()?;
            usize::try_from(offset).ok()
        };
        let (Some(start), Some(end)) = (offset(0), offset(1)) else {
            bail!("tensor `{name}` has no byte range");
        };
        let kind = tensor["dtype"].as_str().unwrap_or_default();
        let bytes = bytes
            .get(start..end)
            .with_context(|| format!("tensor `{name}` is cut off"))?;
        let shape = &tensor["shape"];
        found.insert(name.as_str(), Tensor { kind, shape, bytes });
    }
    Ok(found)
}

/// The numbers of a tensor of 32- or 64-bit floats; other types are compared byte by byte.
fn numbers(tensor: &Tensor<'_>) -> Option<Vec<f64>> {
    match tensor.kind {
        "F32" => {
            let (chunks, _) = tensor.bytes.as_chunks::<4>();
            Some(
                chunks
                    .iter()
                    .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
                    .collect(),
            )
        }
        "F64" => {
            let (chunks, _) = tensor.bytes.as_chunks::<8>();
            Some(
                chunks
                    .iter()
                    .map(|bytes| f64::from_le_bytes(*bytes))
                    .collect(),
            )
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, kind: &str, bytes: &[u8]) -> Vec<u8> {
        let header = format!(
            "{{\"__metadata__\":{{\"format\":\"pt\"}},\"{name}\":{{\"dtype\":\"{kind}\",\"shape\":[2],\"data_offsets\":[0,{}]}}}}",
            bytes.len()
        );
        let mut all = (header.len() as u64).to_le_bytes().to_vec();
        all.extend_from_slice(header.as_bytes());
        all.extend_from_slice(bytes);
        all
    }

    fn floats(numbers: [f32; 2]) -> Vec<u8> {
        file("a", "F32", &numbers.map(f32::to_le_bytes).concat())
    }

    fn differs(old: &[u8], new: &[u8]) -> bool {
        difference(old, new)
            .expect("both are safetensors")
            .is_some()
    }

    #[test]
    fn floats_have_a_tolerance_and_other_types_have_none() {
        assert!(!differs(&floats([1.0, 2.0]), &floats([1.0001, 2.0])));
        assert!(differs(&floats([1.0, 2.0]), &floats([1.001, 2.0])));
        assert!(differs(
            &file("a", "U8", &[200, 1]),
            &file("a", "U8", &[201, 1])
        ));
    }

    #[test]
    fn names_and_types_must_agree() {
        assert!(differs(
            &file("a", "U8", &[1, 1]),
            &file("b", "U8", &[1, 1])
        ));
        assert!(differs(
            &file("a", "U8", &[1, 1]),
            &file("a", "I8", &[1, 1])
        ));
    }

    #[test]
    fn a_cut_off_file_is_an_error() {
        let whole = floats([1.0, 2.0]);
        for length in [0, 7, 20, whole.len() - 1] {
            assert!(difference(&whole, &whole[..length]).is_err(), "{length}");
        }
    }
}
