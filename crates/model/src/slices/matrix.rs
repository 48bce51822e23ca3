//! How is a weight matrix kept, and how are rows of input multiplied by it?

use std::sync::OnceLock;

use bytemuck::AnyBitPattern;
use half::slice::HalfBitsSliceExt;
use half::{bf16, f16};
use rayon::prelude::*;

use super::blocks::{self, Fours, NARROW, Rounded, WIDE};
use super::floats;
use super::panels::Panels;
use super::threads;
use crate::formats::{
    Block, Format, IQ4NL, IQ4XS, Q2K, Q3K, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0,
};
use crate::weights::Stored;

/// Products to compute before they are worth sharing among threads.
const WORTH_THREADS: usize = 1 << 18;
/// So many rows of input meet weights as they come from memory; for more, these are laid ready.
const FEW: usize = 4;
/// Bytes of weights in one thread's turn where they meet few rows of input: enough not to be worth a turn less.
const TURN: usize = 64 << 10;
/// Rows of weights in one thread's turn where they meet many.
const TURN_ROWS: usize = 32;

/// Rows of input, in the forms that matrices ask for.
#[derive(Debug)]
pub(super) struct Input<'a> {
    numbers: &'a [f32],
    rounded: OnceLock<Rounded>,
    narrow: OnceLock<Fours<NARROW>>,
    wide: OnceLock<Fours<WIDE>>,
    blocks: OnceLock<floats::Blocks>,
}

impl<'a> Input<'a> {
    pub(super) fn new(numbers: &'a [f32]) -> Input<'a> {
        Input {
            numbers,
            rounded: OnceLock::new(),
            narrow: OnceLock::new(),
            wide: OnceLock::new(),
            blocks: OnceLock::new(),
        }
    }

    /// Makes the form in which so many rows meet weights of a format.
    fn prepare(&self, format: Format, rows: usize, inputs: usize) {
        match (format.is_plain(), rows > FEW) {
            (true, false) => {}
            (true, true) => _ = self.blocks(inputs),
            (false, false) => _ = self.rounded(inputs),
            (false, true) => match format.largest() {
                Some(_) => _ = self.narrow(inputs),
                None => _ = self.wide(inputs),
            },
        }
    }

    fn rounded(&self, inputs: usize) -> &Rounded {
        self.rounded
            .get_or_init(|| Rounded::new(self.numbers, inputs))
    }

    fn narrow(&self, inputs: usize) -> &Fours<NARROW> {
        self.narrow.get_or_init(|| Fours::new(self.numbers, inputs))
    }

    fn wide(&self, inputs: usize) -> &Fours<WIDE> {
        self.wide.get_or_init(|| Fours::new(self.numbers, inputs))
    }

    fn blocks(&self, inputs: usize) -> &floats::Blocks {
        self.blocks
            .get_or_init(|| floats::Blocks::new(self.numbers, inputs))
    }
}

/// A weight matrix `[outputs, inputs]`, made of parts whose rows follow each other.
#[derive(Debug)]
pub(super) struct Matrix {
    inputs: usize,
    outputs: usize,
    numbers: Numbers,
}

#[derive(Debug)]
enum Numbers {
    Panels(Panels),
    InPlace(Vec<Stored>),
}

impl Matrix {
    /// The rows of some matrices, one after the other: in panels where that is asked for and they are plain
    /// numbers, else where they lie.
    pub(super) fn new(parts: Vec<Stored>, packed: bool) -> Matrix {
        let inputs = parts.first().map_or(0, Stored::inputs);
        let outputs = parts.iter().map(Stored::outputs).sum();
        let plain = parts.iter().all(|part| part.format().is_plain());
        let numbers = if packed && plain {
            let mut rows = Vec::with_capacity(outputs * inputs);
            for part in &parts {
                rows.extend(part.numbers());
            }
            Numbers::Panels(Panels::new(&rows, inputs))
        } else {
            Numbers::InPlace(parts)
        };
        Matrix {
            inputs,
            outputs,
            numbers,
        }
    }

    /// Rows.
    pub(super) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Copies one row to `target [inputs]`.
    pub(super) fn row(&self, row: usize, target: &mut [f32]) {
        match &self.numbers {
            Numbers::Panels(panels) => panels.row(row, target),
            Numbers::InPlace(parts) => {
                let mut row = row;
                for part in parts {
                    if row < part.outputs() {
                        part.format().widen(part.rows(row..row + 1), target);
                        return;
                    }
                    row -= part.outputs();
                }
            }
        }
    }

    /// `x [rows, inputs]` times the transposed matrix to `y [rows, outputs]`.
    pub(super) fn apply(&self, x: &Input<'_>, y: &mut [f32]) {
        let parts = match &self.numbers {
            Numbers::Panels(panels) => {
                panels.apply(x.numbers, y);
                return;
            }
            Numbers::InPlace(parts) => parts,
        };
        let rows = x.numbers.len() / self.inputs;
        // Now, and not by whichever thread comes first.
        for part in parts {
            x.prepare(part.format(), rows, self.inputs);
        }
        let turns = self.turns(parts, y);
        let worth = self.outputs * self.inputs * rows >= WORTH_THREADS && turns.len() > 1;
        if worth && threads() {
            turns.into_par_iter().for_each(|mut turn| turn.run(x));
        } else {
            turns.into_iter().for_each(|mut turn| turn.run(x));
        }
    }

    /// The work in pieces that need nothing of each other.
    fn turns<'a>(&self, parts: &'a [Stored], y: &'a mut [f32]) -> Vec<Turn<'a>> {
        let rows = y.len() / self.outputs;
        let mut turns = Vec::new();
        for part in parts {
            let turn = match rows {
                0..=FEW => (TURN / part.row_bytes().max(1)).max(1),
                _ => TURN_ROWS,
            };
            for first in (0..part.outputs()).step_by(turn) {
                turns.push(Turn {
                    format: part.format(),
                    weights: part.rows(first..part.outputs().min(first + turn)),
                    inputs: self.inputs,
                    y: Vec::with_capacity(rows),
                });
            }
        }
        for y in y.chunks_exact_mut(self.outputs) {
            let mut y = y;
            for turn in &mut turns {
                let (now, later) = y.split_at_mut(turn.outputs());
                turn.y.push(now);
                y = later;
            }
        }
        turns
    }
}

/// Some rows of weights, and where their products with each row of input go.
struct Turn<'a> {
    format: Format,
    weights: &'a [u8],
    inputs: usize,
    y: Vec<&'a mut [f32]>,
}

impl Turn<'_> {
    fn outputs(&self) -> usize {
        self.weights.len() / (self.inputs / self.format.block() * self.format.block_bytes())
    }

    fn run(&mut self, x: &Input<'_>) {
        let weights = self.weights;
        match self.format {
            Format::F32 => self.plain::<f32>(bytemuck::cast_slice(weights), x),
            Format::F16 => {
                let bits: &[u16] = bytemuck::cast_slice(weights);
                self.plain::<f16>(bits.reinterpret_cast(), x);
            }
            Format::BF16 => {
                let bits: &[u16] = bytemuck::cast_slice(weights);
                self.plain::<bf16>(bits.reinterpret_cast(), x);
            }
            Format::Q4_0 => self.blocks::<Q4_0>(x),
            Format::Q4_1 => self.blocks::<Q4_1>(x),
            Format::Q5_0 => self.blocks::<Q5_0>(x),
            Format::Q5_1 => self.blocks::<Q5_1>(x),
            Format::Q8_0 => self.blocks::<Q8_0>(x),
            Format::Q2K => self.blocks::<Q2K>(x),
            Format::Q3K => self.blocks::<Q3K>(x),
            Format::Q4K => self.blocks::<Q4K>(x),
            Format::Q5K => self.blocks::<Q5K>(x),
            Format::Q6K => self.blocks::<Q6K>(x),
            Format::IQ4NL => self.blocks::<IQ4NL>(x),
            Format::IQ4XS => self.blocks::<IQ4XS>(x),
        }
    }

    /// Weights of plain numbers lie evenly: that was seen to when they were opened.
    fn plain<W: floats::Number>(&mut self, weights: &[W], x: &Input<'_>) {
        let inputs = self.inputs;
        let row = |row: usize| &x.numbers[row * inputs..][..inputs];
        match &mut self.y[..] {
            [a] => floats::few(weights, [row(0)], &mut [a]),
            [a, b] => floats::few(weights, [row(0), row(1)], &mut [a, b]),
            [a, b, c] => floats::few(weights, [row(0), row(1), row(2)], &mut [a, b, c]),
            [a, b, c, d] => {
                let rows = [row(0), row(1), row(2), row(3)];
                floats::few(weights, rows, &mut [a, b, c, d]);
            }
            _ => self.fill(|y| floats::many(weights, x.numbers, x.blocks(inputs), inputs, y)),
        }
    }

    fn blocks<B: Block + AnyBitPattern>(&mut self, x: &Input<'_>) {
        let (weights, inputs) = (self.weights, self.inputs);
        let rounded = || x.rounded(inputs);
        match &mut self.y[..] {
            [a] => blocks::few::<B, 1>(weights, rounded(), &mut [a]),
            [a, b] => blocks::few::<B, 2>(weights, rounded(), &mut [a, b]),
            [a, b, c] => blocks::few::<B, 3>(weights, rounded(), &mut [a, b, c]),
            [a, b, c, d] => blocks::few::<B, 4>(weights, rounded(), &mut [a, b, c, d]),
            _ if B::LARGEST.is_some() => {
                self.fill(|y| blocks::many::<B, NARROW>(weights, x.narrow(inputs), y));
            }
            _ => self.fill(|y| blocks::many::<B, WIDE>(weights, x.wide(inputs), y)),
        }
    }

    /// Takes `[rows, outputs]`, beside each other first: to write the rows of `y` some outputs at a time, each far
    /// from the last, takes longer than computing them.
    fn fill(&mut self, compute: impl FnOnce(&mut [f32])) {
        let outputs = self.outputs();
        let mut all = vec![0.0; self.y.len() * outputs];
        compute(&mut all);
        for (y, row) in self.y.iter_mut().zip(all.chunks_exact(outputs)) {
            y.copy_from_slice(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};

    use super::{Input, Matrix};
    use crate::formats::{FORMATS, Format};
    use crate::slices::vectors::tests::numbers;
    use crate::weights::Stored;

    /// Where the scales of a block stand, in half precision.
    fn scales(format: Format) -> &'static [usize] {
        match format {
            Format::F32 | Format::F16 | Format::BF16 => &[],
            Format::Q4_1 | Format::Q5_1 | Format::Q4K | Format::Q5K => &[0, 2],
            Format::Q2K => &[80, 82],
            Format::Q3K => &[108],
            Format::Q6K => &[208],
            _ => &[0],
        }
    }

    /// A matrix of noise.
    fn stored(format: Format, outputs: usize, inputs: usize) -> Stored {
        let count = outputs * inputs;
        let bytes: Vec<u8> = match format {
            Format::F32 => bytemuck::cast_slice(&numbers(count)).to_vec(),
            Format::F16 => {
                let halves = numbers(count).into_iter().map(f16::from_f32);
                halves.flat_map(f16::to_le_bytes).collect()
            }
            Format::BF16 => {
                let halves = numbers(count).into_iter().map(bf16::from_f32);
                halves.flat_map(bf16::to_le_bytes).collect()
            }
            _ => {
                let length = format.bytes(count).unwrap();
                let mut state = 7u32;
                let mut noise = || {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                };
                let mut bytes: Vec<u8> = (0..length).map(|_| noise()).collect();
                for (number, block) in bytes.chunks_exact_mut(format.block_bytes()).enumerate() {
                    for at in scales(format) {
                        let scale = f16::from_f32(0.001 * (1 + number % 7) as f32);
                        block[*at..at + 2].copy_from_slice(&scale.to_le_bytes());
                    }
                }
                bytes
            }
        };
        Stored::of_bytes(format, outputs, inputs, &bytes)
    }

    /// Widened weights times rounded input, in double precision, is what whole numbers must give; and it must
    /// be near the product with the input as it was.
    #[test]
    fn products_of_every_format_agree_with_the_slow_form() {
        for (format, ..) in FORMATS {
            // The last is large enough for several threads and several turns.
            for (outputs, inputs) in [(1, 256), (7, 512), (300, 1024)] {
                let weights = stored(format, outputs, inputs);
                let wide = weights.numbers();
                let matrix = Matrix::new(vec![weights], false);
                let mut row = vec![0.0; inputs];
                matrix.row(outputs - 1, &mut row);
                assert_eq!(row, wide[(outputs - 1) * inputs..], "{format:?}");
                for rows in [1, 2, 3, 5, 9, 70] {
                    let x = numbers(rows * inputs + 3)[3..].to_vec();
                    let mut y = vec![f32::NAN; rows * outputs];
                    matrix.apply(&Input::new(&x), &mut y);
                    let seen: Vec<f32> = if format.is_plain() {
                        x.clone()
                    } else {
                        x.chunks(32).flat_map(rounded).collect()
                    };
                    for (x, y) in seen.chunks(inputs).zip(y.chunks(outputs)) {
                        for (weights, y) in wide.chunks(inputs).zip(y) {
                            let products = weights.iter().zip(x);
                            let products = products.map(|(a, b)| f64::from(*a) * f64::from(*b));
                            let size: f64 = products.clone().map(f64::abs).sum();
                            let expected: f64 = products.sum();
                            let far = (f64::from(*y) - expected).abs();
                            let what = format!("{format:?} {outputs}x{inputs}, {rows} rows");
                            assert!(far <= 2e-6 * size, "{what}: {y} is not {expected}");
                        }
                    }
                    // The same bits, however many rows are computed at once.
                    let last = &x[(rows - 1) * inputs..];
                    let mut alone = vec![f32::NAN; outputs];
                    matrix.apply(&Input::new(last), &mut alone);
                    assert_eq!(alone, y[(rows - 1) * outputs..], "{format:?}");
                }
            }
        }
    }

    /// A damaged weight far below must show in the logits, not turn into zeros on the way.
    #[test]
    fn what_is_no_number_stays_none() {
        for (format, ..) in FORMATS {
            let matrix = Matrix::new(vec![stored(format, 5, 256)], false);
            for (at, wrong) in [(0, f32::NAN), (100, f32::NAN), (255, f32::INFINITY)] {
                let mut x = numbers(256);
                x[at] = wrong;
                let mut y = vec![0.0; 5];
                matrix.apply(&Input::new(&x), &mut y);
                assert!(y.iter().all(|y| !y.is_finite()), "{format:?} {at}: {y:?}");
            }
        }
    }

    /// 32 numbers rounded to eight bits with one scale.
    fn rounded(x: &[f32]) -> Vec<f32> {
        let largest = x.iter().fold(0f32, |most, x| most.max(x.abs()));
        let scale = largest / 127.0;
        x.iter()
            .map(|x| match scale > 0.0 {
                true => (x * (1.0 / scale)).round_ties_even() * scale,
                false => 0.0,
            })
            .collect()
    }

    #[test]
    fn parts_of_different_formats_follow_each_other() {
        let parts = [(Format::Q4K, 5), (Format::F32, 3), (Format::Q6K, 9)];
        let all = parts.map(|(format, outputs)| stored(format, outputs, 256));
        let together = Matrix::new(all.to_vec(), false);
        assert_eq!(together.outputs(), 17);
        let x = numbers(2 * 256);
        let mut y = vec![0.0; 2 * 17];
        together.apply(&Input::new(&x), &mut y);
        let mut first = 0;
        for part in all {
            let (outputs, wide) = (part.outputs(), part.numbers());
            let alone = Matrix::new(vec![part], false);
            let mut expected = vec![0.0; 2 * outputs];
            alone.apply(&Input::new(&x), &mut expected);
            for row in 0..2 {
                let found = &y[row * 17 + first..][..outputs];
                assert_eq!(found, &expected[row * outputs..][..outputs]);
            }
            let mut row = vec![0.0; 256];
            together.row(first + outputs - 1, &mut row);
            assert_eq!(row, wide[(outputs - 1) * 256..]);
            first += outputs;
        }
    }
}
