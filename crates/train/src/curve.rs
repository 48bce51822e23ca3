//! What did the loss do, as a picture that any browser shows?

use std::fmt::Write as _;

use crate::trainer::StepReport;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 450.0;
/// Margins around the plot: left, right, top, bottom.
const MARGINS: [f64; 4] = [64.0, 20.0, 48.0, 52.0];
/// Points of a line; more steps than this are averaged.
const POINTS: usize = 400;
/// Colours that people who see colours differently tell apart (Okabe & Ito).
const COLOURS: [&str; 6] = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
];

/// One stage of training in a curve.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// Its steps.
    pub history: &'a [StepReport],
}

/// The loss over the steps of `stages`, one after another, as a self-contained SVG: a line for the
/// training loss of each, rings for its validation loss. Where there are more steps than points, a point
/// is the mean of several, and the picture says of how many. The same history gives the same bytes.
#[must_use]
pub fn svg(title: &str, stages: &[Stage<'_>]) -> String {
    let steps: u64 = stages.iter().map(Stage::steps).sum();
    let reports: usize = stages.iter().map(|stage| stage.history.len()).sum();
    let group = reports.div_ceil(POINTS).max(1);
    let mut lines = Vec::new();
    let mut rings = Vec::new();
    let mut first = 0_u64;
    for stage in stages {
        lines.push(averaged(stage.history, first, group));
        rings.push(validation(stage.history, first));
        first += stage.steps();
    }
    let frame = Frame::around(
        steps,
        lines.iter().chain(&rings).flatten().map(|point| point.1),
    );
    let mut out = frame.open(title);
    let note = if group > 1 {
        format!("step (each point the mean of {group})")
    } else {
        "step".to_owned()
    };
    frame.axes(&mut out, &note);
    for (i, (line, rings)) in lines.iter().zip(&rings).enumerate() {
        frame.series(&mut out, COLOURS[i % COLOURS.len()], line, rings);
    }
    legend(&mut out, stages, &rings);
    out.push_str("</svg>\n");
    out
}

impl Stage<'_> {
    /// The last step in the history; not every step needs to be in it.
    fn steps(&self) -> u64 {
        self.history.last().map_or(0, |report| report.step)
    }
}

type Points = Vec<(f64, f64)>;

fn averaged(history: &[StepReport], first: u64, group: usize) -> Points {
    let point = |chunk: &[StepReport]| {
        let count = chunk.len() as f64;
        let middle = chunk.iter().map(|report| report.step as f64).sum::<f64>() / count;
        let mean = chunk.iter().map(|report| report.loss).sum::<f64>() / count;
        (first as f64 + middle, mean)
    };
    history
        .chunks(group)
        .map(point)
        .filter(|point| point.1.is_finite())
        .collect()
}

fn validation(history: &[StepReport], first: u64) -> Points {
    let point = |report: &StepReport| Some(((first + report.step) as f64, report.validation?));
    history
        .iter()
        .filter_map(point)
        .filter(|point| point.1.is_finite())
        .collect()
}

/// How steps and losses become places in the picture.
struct Frame {
    steps: f64,
    low: f64,
    high: f64,
    tick: f64,
}

impl Frame {
    fn around(steps: u64, losses: impl Iterator<Item = f64>) -> Frame {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for loss in losses {
            low = low.min(loss);
            high = high.max(loss);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // Zero is where the axis starts, unless the curve is a thin band far above it.
        if low < 0.6 * high {
            low = low.min(0.0);
        }
        let tick = tick_size(high - low);
        let low = (low / tick).floor() * tick;
        let high = ((high / tick).ceil() * tick).max(low + tick);
        Frame {
            steps: steps.max(1) as f64,
            low,
            high,
            tick,
        }
    }

    fn x(&self, step: f64) -> f64 {
        MARGINS[0] + step / self.steps * (WIDTH - MARGINS[0] - MARGINS[1])
    }

    fn y(&self, loss: f64) -> f64 {
        HEIGHT
            - MARGINS[3]
            - (loss - self.low) / (self.high - self.low) * (HEIGHT - MARGINS[2] - MARGINS[3])
    }

    fn open(&self, title: &str) -> String {
        let title = escape(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
             <title>{title}</title>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
             <text x=\"{}\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{title}</text>\n",
            MARGINS[0]
        )
    }

    fn axes(&self, out: &mut String, note: &str) {
        let (left, right) = (self.x(0.0), self.x(self.steps));
        let (top, bottom) = (self.y(self.high), self.y(self.low));
        let digits = if self.tick >= 1.0 {
            0
        } else {
            (-self.tick.log10()).ceil() as usize
        };
        let count = ((self.high - self.low) / self.tick).round() as usize;
        for i in 0..=count {
            let loss = self.low + i as f64 * self.tick;
            let y = self.y(loss);
            push(
                out,
                format_args!("<path d=\"M{left:.1} {y:.1}H{right:.1}\" stroke=\"#ddd\"/>"),
            );
            let (x, y) = (left - 8.0, y + 4.0);
            push(
                out,
                format_args!(
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{loss:.digits$}</text>"
                ),
            );
        }
        let tick = tick_size(self.steps).max(1.0);
        for i in 0..=(self.steps / tick) as usize {
            let step = i as f64 * tick;
            let (x, y, end) = (self.x(step), bottom + 20.0, bottom + 5.0);
            push(
                out,
                format_args!("<path d=\"M{x:.1} {bottom:.1}V{end:.1}\" stroke=\"#222\"/>"),
            );
            push(
                out,
                format_args!(
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{step}</text>"
                ),
            );
        }
        push(
            out,
            format_args!(
                "<path d=\"M{left:.1} {top:.1}V{bottom:.1}H{right:.1}\" fill=\"none\" stroke=\"#222\"/>"
            ),
        );
        let (x, y) = ((left + right) / 2.0, HEIGHT - 12.0);
        push(
            out,
            format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{note}</text>"),
        );
        let y = (top + bottom) / 2.0;
        push(
            out,
            format_args!(
                "<text x=\"18\" y=\"{y:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {y:.1})\">loss (nats a token)</text>"
            ),
        );
    }

    fn series(&self, out: &mut String, colour: &str, line: &Points, rings: &Points) {
        let places: Vec<String> = line
            .iter()
            .map(|(x, y)| format!("{:.1},{:.1}", self.x(*x), self.y(*y)))
            .collect();
        if !places.is_empty() {
            let places = places.join(" ");
            push(
                out,
                format_args!(
                    "<polyline points=\"{places}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>"
                ),
            );
        }
        for (x, y) in rings {
            let (x, y) = (self.x(*x), self.y(*y));
            push(
                out,
                format_args!(
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#fff\" stroke=\"{colour}\" stroke-width=\"2\"/>"
                ),
            );
        }
    }
}

fn legend(out: &mut String, stages: &[Stage<'_>], rings: &[Points]) {
    let mut y = MARGINS[2] + 14.0;
    let x = WIDTH - MARGINS[1] - 190.0;
    for (i, stage) in stages.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let (middle, end, text) = (y - 4.0, x + 24.0, x + 32.0);
        let name = escape(stage.name);
        push(
            out,
            format_args!(
                "<path d=\"M{x:.1} {middle:.1}H{end:.1}\" stroke=\"{colour}\" stroke-width=\"3\"/>"
            ),
        );
        push(
            out,
            format_args!("<text x=\"{text:.1}\" y=\"{y:.1}\">{name}</text>"),
        );
        y += 18.0;
        if !rings[i].is_empty() {
            let (middle, ring) = (y - 4.0, x + 12.0);
            push(
                out,
                format_args!(
                    "<circle cx=\"{ring:.1}\" cy=\"{middle:.1}\" r=\"4\" fill=\"#fff\" stroke=\"{colour}\" stroke-width=\"2\"/>"
                ),
            );
            push(
                out,
                format_args!("<text x=\"{text:.1}\" y=\"{y:.1}\">{name}, validation</text>"),
            );
            y += 18.0;
        }
    }
}

fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{line}");
}

/// 1, 2 or 5 times a power of ten that divides `range` into four to ten parts.
fn tick_size(range: f64) -> f64 {
    let rough = (range / 5.0).max(1e-9);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|step| rough <= step * power * 1.001);
    step.unwrap_or(10.0) * power
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
