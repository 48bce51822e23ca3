//! Do two sets of numbers agree, and if not, where do they differ most?

use anyhow::{Context as _, Result};
use serde_json::Value;

/// How far a number may be off, as a share of the largest number beside it: sums of floats are
/// rounded in an order that depends on the machine.
const TOLERANCE: f64 = 1e-4;

/// What differs between two lists of numbers of the same length, or nothing.
///
/// Two numbers agree where they differ by at most a ten-thousandth of the largest magnitude in
/// either list; what is not a number agrees with nothing but itself.
pub(super) fn numbers(old: &[f64], new: &[f64]) -> Option<String> {
    let largest = old
        .iter()
        .chain(new)
        .filter(|number| number.is_finite())
        .fold(0.0_f64, |largest, number| largest.max(number.abs()));
    let allowed = TOLERANCE * largest;
    old.iter().zip(new).enumerate().find_map(|(at, (a, b))| {
        let same = a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= allowed;
        (!same).then(|| {
            format!("number {at}: {a} was committed, {b} came out (allowed: {allowed:.1e})")
        })
    })
}

/// What differs between two JSON texts, or nothing.
///
/// # Errors
///
/// Where one of them is not JSON.
pub(super) fn json_difference(old: &[u8], new: &[u8]) -> Result<Option<String>> {
    let old = serde_json::from_slice(old).context("the committed file is no JSON")?;
    let new = serde_json::from_slice(new).context("the remade file is no JSON")?;
    Ok(values(&old, &new, "$"))
}

fn values(old: &Value, new: &Value, place: &str) -> Option<String> {
    match (old, new) {
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                return Some(format!(
                    "{place}: {} items were committed, {} came out",
                    a.len(),
                    b.len()
                ));
            }
            if let (Some(a), Some(b)) = (floats(a), floats(b)) {
                return numbers(&a, &b).map(|what| format!("{place}: {what}"));
            }
            let mut both = a.iter().zip(b).enumerate();
            both.find_map(|(at, (a, b))| values(a, b, &format!("{place}[{at}]")))
        }
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys());
            let alone = keys
                .into_iter()
                .find(|key| !a.contains_key(*key) || !b.contains_key(*key));
            if let Some(key) = alone {
                return Some(format!("{place}.{key} stands in only one of both"));
            }
            a.iter()
                .find_map(|(key, a)| values(a, b.get(key)?, &format!("{place}.{key}")))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let found = numbers(&[a.as_f64()?], &[b.as_f64()?]);
            found.map(|what| format!("{place}: {what}"))
        }
        _ => (old != new).then(|| format!("{place}: {old} was committed, {new} came out")),
    }
}

/// The numbers of a list of numbers of which one at least is no integer; integers, such as token
/// ids, are compared exactly.
fn floats(list: &[Value]) -> Option<Vec<f64>> {
    if !list.iter().any(Value::is_f64) {
        return None;
    }
    list.iter().map(Value::as_f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(old: &str, new: &str) -> bool {
        let found = json_difference(old.as_bytes(), new.as_bytes());
        found.expect("it is JSON").is_some()
    }

    #[test]
    fn floats_may_be_off_by_a_share_of_the_largest() {
        assert!(!differs("[100.0, 0.001]", "[100.009, 0.01]"));
        assert!(differs("[100.0, 0.001]", "[100.0, 0.02]"));
        assert!(!differs("{\"loss\": 2.5}", "{\"loss\": 2.5001}"));
        assert!(differs("{\"loss\": 2.5}", "{\"loss\": 2.6}"));
        assert_eq!(numbers(&[f64::NAN], &[f64::NAN]), None);
        assert!(numbers(&[f64::NAN], &[1.0]).is_some());
        assert!(numbers(&[f64::INFINITY], &[1.0]).is_some());
    }

    #[test]
    fn ids_shapes_and_words_may_not_be_off() {
        assert!(differs("[10000, 2]", "[10001, 2]"));
        assert!(differs("[1.0]", "[1.0, 1.0]"));
        assert!(differs("{\"a\": 1}", "{\"a\": 1, \"b\": 2}"));
        assert!(differs("[[\"a\"]]", "[[\"b\"]]"));
        assert!(!differs(
            "{\"a\": [1, \"b\", null]}",
            "{ \"a\": [1, \"b\", null] }"
        ));
    }

    #[test]
    fn the_place_is_named() {
        let found = json_difference(b"{\"a\": [{\"b\": 1}]}", b"{\"a\": [{\"b\": 2}]}");
        let text = found.expect("it is JSON").expect("it differs");
        assert!(text.starts_with("$.a[0].b: "), "{text}");
    }
}
