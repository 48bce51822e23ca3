//! How far has training come?

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use palinode_train::StepReport;

use crate::console::note;

/// A progress bar on a terminal; elsewhere a line every hundred steps.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(steps: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(2));
        let style = ProgressStyle::with_template("{prefix:9} {wide_bar} {pos}/{len} {msg} {eta}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Shows a step of the stage that began after `before` steps.
    pub(super) fn show(&self, stage: &'static str, before: u64, report: &StepReport) {
        self.0.set_prefix(stage);
        self.0.set_position(before + report.step);
        self.0.set_message(format!("loss {:.3}", report.loss));
        if self.0.is_hidden() && report.step.is_multiple_of(100) {
            note(format!(
                "{stage} step {}: loss {:.4}",
                report.step, report.loss
            ));
        }
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
