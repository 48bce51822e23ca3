//! How fast does the model learn at each step?

/// The learning rate of an update: from 0 in a straight line over the warm-up, then half a cosine down
/// to 0 (Hugging Face's `get_cosine_schedule_with_warmup`, whose numbers it equals).
///
/// `step` counts from 0. The first update has rate 0 where there is a warm-up, as in the reference.
#[must_use]
pub fn cosine_with_warmup(peak: f64, step: u64, warmup_steps: u64, steps: u64) -> f64 {
    if step < warmup_steps {
        return peak * step as f64 / warmup_steps.max(1) as f64;
    }
    let progress = (step - warmup_steps) as f64 / steps.saturating_sub(warmup_steps).max(1) as f64;
    peak * (0.5 * (1.0 + (std::f64::consts::PI * progress).cos())).max(0.0)
}

/// Steps of warm-up that a share of all steps comes to, rounded up as Hugging Face's trainer does.
#[must_use]
pub fn warmup_steps(share: f64, steps: u64) -> u64 {
    (share * steps as f64).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_reference() {
        // transformers 5.23: get_cosine_schedule_with_warmup(AdamW(lr=3e-4), 3, 20), get_last_lr() before
        // each of the first 20 steps.
        let reference = [
            (0, 0.0),
            (1, 9.999999999999999e-05),
            (2, 0.000_199_999_999_999_999_98),
            (3, 0.0003),
            (4, 0.000_297_445_964_952_585_25),
            (5, 0.000_289_870_834_410_653_3),
            (10, 0.000_191_049_448_510_812_44),
            (15, 5.960_480_454_311_155e-05),
            (19, 2.554_035_047_414_732e-06),
        ];
        for (step, expected) in reference {
            let rate = cosine_with_warmup(3e-4, step, 3, 20);
            assert!(
                (rate - expected).abs() < 1e-12,
                "step {step}: {rate} is not {expected}"
            );
        }
    }

    #[test]
    fn has_no_holes_at_the_edges() {
        assert_eq!(cosine_with_warmup(1.0, 0, 0, 10), 1.0);
        assert_eq!(cosine_with_warmup(1.0, 5, 10, 10), 0.5);
        assert!(cosine_with_warmup(1.0, 10, 10, 10).is_finite());
        assert_eq!(warmup_steps(0.1, 15), 2);
        assert_eq!(warmup_steps(0.0, 15), 0);
    }
}
