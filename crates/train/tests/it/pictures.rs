//! Does a run's history become a picture?

use palinode_train::StepReport;
use palinode_train::curve::{Stage, svg};

fn history(from: f64, steps: u64, validate_every: u64) -> Vec<StepReport> {
    let report = |step: u64| {
        let loss = 1.2 + (from - 1.2) * (-3.0 * step as f64 / steps as f64).exp();
        StepReport {
            step,
            steps,
            loss,
            gradient_norm: 1.0,
            learning_rate: 1e-3,
            tokens: 100,
            predictions: 50,
            validation: step.is_multiple_of(validate_every).then_some(loss + 0.1),
        }
    };
    (1..=steps).map(report).collect()
}

#[test]
fn a_curve_of_two_stages() {
    let (write, revise) = (history(7.6, 12, 6), history(3.0, 6, 6));
    let stages = [
        Stage {
            name: "writing",
            history: &write,
        },
        Stage {
            name: "revising",
            history: &revise,
        },
    ];
    insta::assert_snapshot!(svg("nano: loss of both stages", &stages));
}

#[test]
fn long_runs_are_averaged_and_empty_ones_drawn() {
    let long = history(7.6, 5000, 1000);
    let picture = svg(
        "a < b & c",
        &[Stage {
            name: "long",
            history: &long,
        }],
    );
    assert!(picture.contains("each point the mean of 13"));
    assert!(picture.contains("a &lt; b &amp; c") && picture.len() < 20_000);
    let mut broken = history(7.6, 3, 1);
    broken[1].loss = f64::NAN;
    for picture in [
        svg("", &[]),
        svg(
            "x",
            &[Stage {
                name: "none",
                history: &[],
            }],
        ),
        svg(
            "x",
            &[Stage {
                name: "nan",
                history: &broken,
            }],
        ),
    ] {
        assert!(
            !picture.contains("NaN") && !picture.contains("inf"),
            "{picture}"
        );
        assert!(picture.ends_with("</svg>\n"));
    }
}
