//! How sure is a share, and is a difference between pairs chance?

/// The 95 % interval of a share by Wilson's score (1927), as fractions. `(0, 1)` of nothing.
pub(crate) fn wilson(hits: usize, of: usize) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    const Z: f64 = 1.959_963_984_540_054;
    let (n, p) = (of as f64, hits as f64 / of as f64);
    let centre = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (
        ((centre - spread) / scale).max(0.0),
        ((centre + spread) / scale).min(1.0),
    )
}

/// Two-sided exact p of McNemar's test: `better` pairs changed one way, `worse` the other, and by chance
/// each would have been as likely.
pub(crate) fn mcnemar(better: usize, worse: usize) -> f64 {
    let n = better + worse;
    let fewer = better.min(worse);
    // Sum of binomial(n, k) / 2^n for k up to the smaller count, in logarithms: n may be hundreds.
    let mut log = -(n as f64) * std::f64::consts::LN_2;
    let mut sum = 0.0;
    for k in 0..=fewer {
        sum += log.exp();
        log += ((n - k) as f64 / (k + 1) as f64).ln();
    }
    (2.0 * sum).min(1.0)
}

/// The number in the middle, the upper one of two; 0 of nothing.
pub(crate) fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_published_values() {
        // Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
        let (low, high) = wilson(81, 263);
        assert!(
            (low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5,
            "{low} {high}"
        );
        let (low, high) = wilson(0, 20);
        assert!(low < 1e-12 && (high - 0.1611).abs() < 5e-5, "{low} {high}");
        // R: binom.test(1, 8)$p.value, binom.test(30, 42)$p.value, binom.test(5, 10)$p.value
        assert!((mcnemar(1, 7) - 0.070_312_5).abs() < 1e-9);
        assert!(
            (mcnemar(30, 12) - 0.007_915_6).abs() < 1e-5,
            "{}",
            mcnemar(30, 12)
        );
        assert!((mcnemar(5, 5) - 1.0).abs() < 1e-12);
        assert!((mcnemar(0, 0) - 1.0).abs() < 1e-12);
    }
}
