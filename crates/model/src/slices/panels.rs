//! How are the matrices of a small network laid out, so that no time is lost between its products?
//!
//! Panels of 32 outputs lie one after the other, `[inputs, 32]` each: each output has its own lane, and no
//! sum has to be drawn together at the end.

use rayon::prelude::*;

use super::eight::fused;
use super::threads;

/// Outputs of a matrix that are computed side by side.
const PANEL: usize = 32;

/// Rows of input that share one pass over a panel: as many as have their sums in registers. With more,
/// the compiler gives up on registers altogether.
const ROWS: usize = if cfg!(target_feature = "avx512f") {
    4
} else {
    2
};

/// Rows of input in one turn: they stay in a cache while panels pass by.
const TURN_ROWS: usize = 64;

/// A number as a matrix stores it.
trait Number: Copy {
    fn wide(self) -> f32;
}

impl Number for f32 {
    #[inline(always)]
    fn wide(self) -> f32 {
        self
    }
}

/// The upper half of an `f32`: bfloat16.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brief(u16);

impl Number for Brief {
    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

/// A weight matrix, cut into panels of 32 outputs that lie one after the other, `[inputs, 32]` each.
///
/// So weights stream through the processor in the order they lie in memory, each output has its own
/// lane and is summed over inputs in their order: the sums of a row do not depend on how many rows are
/// computed at once, and a prompt gives the same bits in one piece or token by token.
///
/// Decoding is bound by how fast weights come from memory. Where every number's lower half is zero, as
/// in checkpoints stored in bfloat16, only upper halves are kept: nothing is rounded, and half the
/// bytes move.
#[derive(Clone, Debug)]
pub(super) struct Panels {
    inputs: usize,
    outputs: usize,
    numbers: Numbers,
}

#[derive(Clone, Debug)]
enum Numbers {
    Full(Vec<[f32; PANEL]>),
    Brief(Vec<[Brief; PANEL]>),
}

impl Panels {
    /// Packs rows `[outputs, inputs]`.
    pub(super) fn new(rows: &[f32], inputs: usize) -> Panels {
        let numbers = if rows.iter().all(|number| number.to_bits() & 0xFFFF == 0) {
            // The shift leaves 16 bits.
            let half = |number: f32| Brief((number.to_bits() >> 16) as u16);
            Numbers::Brief(panels(rows, inputs, half))
        } else {
            Numbers::Full(panels(rows, inputs, |number| number))
        };
        Panels {
            inputs,
            outputs: rows.len().checked_div(inputs).unwrap_or(0),
            numbers,
        }
    }

    /// Copies one row to `target [inputs]`.
    pub(super) fn row(&self, row: usize, target: &mut [f32]) {
        let panel = row / PANEL * self.inputs..(row / PANEL + 1) * self.inputs;
        match &self.numbers {
            Numbers::Full(numbers) => lane(&numbers[panel], row % PANEL, target),
            Numbers::Brief(numbers) => lane(&numbers[panel], row % PANEL, target),
        }
    }

    /// `x [rows, inputs]` times the transposed matrix to `y [rows, outputs]`.
    pub(super) fn apply(&self, x: &[f32], y: &mut [f32]) {
        let one = |(x, y): (&[f32], &mut [f32])| match &self.numbers {
            Numbers::Full(numbers) => product(numbers, x, y, self.inputs, self.outputs),
            Numbers::Brief(numbers) => product(numbers, x, y, self.inputs, self.outputs),
        };
        let (x_turn, y_turn) = (TURN_ROWS * self.inputs, TURN_ROWS * self.outputs);
        if x.len() > x_turn && threads() {
            let turns = x.par_chunks(x_turn).zip(y.par_chunks_mut(y_turn));
            turns.for_each(one);
        } else {
            x.chunks(x_turn).zip(y.chunks_mut(y_turn)).for_each(one);
        }
    }
}

/// Cuts rows `[outputs, inputs]` into panels; outputs that fill up the last one are zero.
fn panels<N: Number>(rows: &[f32], inputs: usize, store: impl Fn(f32) -> N) -> Vec<[N; PANEL]> {
    let mut panels = Vec::with_capacity(rows.len().div_ceil(PANEL));
    for rows in rows.chunks(PANEL * inputs) {
        for input in 0..inputs {
            panels.push(std::array::from_fn(|output| {
                store(rows.get(output * inputs + input).copied().unwrap_or(0.0))
            }));
        }
    }
    panels
}

/// One output's numbers of a panel.
fn lane<N: Number>(panel: &[[N; PANEL]], lane: usize, target: &mut [f32]) {
    for (target, numbers) in target.iter_mut().zip(panel) {
        *target = numbers[lane].wide();
    }
}

/// `x [rows, inputs]` times panels of `outputs` to `y [rows, outputs]`.
fn product<N: Number>(
    numbers: &[[N; PANEL]],
    x: &[f32],
    y: &mut [f32],
    inputs: usize,
    outputs: usize,
) {
    let rows = x.len() / inputs;
    let together = rows / ROWS * ROWS;
    // Blocks of rows, input by input, so that the inner loop reads them in order.
    let mut blocks = Vec::with_capacity(together * inputs / ROWS);
    for block in x[..together * inputs].chunks_exact(ROWS * inputs) {
        for input in 0..inputs {
            blocks.push(std::array::from_fn::<f32, ROWS, _>(|row| {
                block[row * inputs + input]
            }));
        }
    }
    let singles = x[together * inputs..].as_chunks::<1>().0;
    for (number, panel) in numbers.chunks_exact(inputs).enumerate() {
        let first = number * PANEL;
        let width = PANEL.min(outputs - first);
        let mut write = |row: usize, sums: &[f32; PANEL]| {
            let start = row * outputs + first;
            y[start..start + width].copy_from_slice(&sums[..width]);
        };
        for (block, x) in blocks.chunks_exact(inputs).enumerate() {
            for (row, sums) in sums(panel, x).iter().enumerate() {
                write(block * ROWS + row, sums);
            }
        }
        for (row, x) in singles.chunks_exact(inputs).enumerate() {
            write(together + row, &sums(panel, x)[0]);
        }
    }
}

/// Some rows of input times one panel.
#[inline(always)]
fn sums<N: Number, const R: usize>(panel: &[[N; PANEL]], x: &[[f32; R]]) -> [[f32; PANEL]; R] {
    let mut sums = [[0f32; PANEL]; R];
    for (numbers, x) in panel.iter().zip(x) {
        for (sums, x) in sums.iter_mut().zip(x) {
            for (sum, number) in sums.iter_mut().zip(numbers) {
                *sum = fused(number.wide(), *x, *sum);
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::{Numbers, Panels};
    use crate::slices::vectors::tests::{near, numbers};

    fn slow(matrix: &[f32], x: &[f32]) -> Vec<f32> {
        let row = |row: &[f32]| -> f64 {
            row.iter()
                .zip(x)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum()
        };
        matrix
            .chunks_exact(x.len())
            .map(|r| row(r) as f32)
            .collect()
    }

    #[test]
    fn products_of_every_width_and_height_agree_with_the_slow_form() {
        for (outputs, inputs) in [(1, 1), (3, 5), (32, 16), (33, 17), (64, 48), (71, 100)] {
            let weights = numbers(outputs * inputs);
            let halves: Vec<f32> = weights
                .iter()
                .map(|number| f32::from_bits(number.to_bits() & 0xFFFF_0000))
                .collect();
            for (weights, brief) in [(weights, false), (halves, true)] {
                let matrix = Panels::new(&weights, inputs);
                // A single row of zeros would be brief as well.
                assert_eq!(
                    matches!(matrix.numbers, Numbers::Brief(_)),
                    brief || inputs == 1
                );
                for rows in [1, 2, 8, 9, 17] {
                    let x = numbers(rows * inputs + 3);
                    let x = &x[3..];
                    let mut y = vec![f32::NAN; rows * outputs];
                    matrix.apply(x, &mut y);
                    let expected: Vec<f32> = x
                        .chunks_exact(inputs)
                        .flat_map(|x| slow(&weights, x))
                        .collect();
                    near(&y, &expected, &format!("{outputs}x{inputs}, {rows} rows"));
                    // The same bits, however many rows are computed at once.
                    let mut alone = vec![f32::NAN; outputs];
                    matrix.apply(&x[..inputs], &mut alone);
                    assert_eq!(alone, y[..outputs]);
                }
                let mut row = vec![0.0; inputs];
                matrix.row(outputs - 1, &mut row);
                assert_eq!(row, weights[(outputs - 1) * inputs..]);
            }
        }
    }
}
