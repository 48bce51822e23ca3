//! How are two matrices multiplied on one core, as fast as it can, in an order that never changes?
//!
//! A tile of `TILE_ROWS` × `TILE_COLUMNS` results stays in vector registers while the inner dimension
//! runs; the right-hand matrix is first laid out in panels as wide as the tile. Measured on one core
//! at this house's training shapes it does as well as the general kernels candle uses, needs no
//! `unsafe`, takes no threads behind the caller's back, and adds each element's products in the order
//! of the inner dimension: the bytes of a result do not depend on how many rows stand beside it.

use super::lanes::fused_multiply_add;

/// Columns of a tile, and the width of a panel.
const TILE_COLUMNS: usize = if cfg!(target_feature = "avx512f") {
    32
} else if cfg!(target_feature = "avx2") {
    16
} else {
    8
};
/// Rows of a tile: rows × columns accumulators fill most of the vector registers.
const TILE_ROWS: usize = if cfg!(target_feature = "avx512f") {
    12
} else if cfg!(target_feature = "avx2") {
    6
} else {
    4
};
/// Rows of the left matrix that stay in the second-level cache while all panels pass.
const ROW_CHUNK: usize = TILE_ROWS * 8;
/// Depth of one pass of [`multiply_transposed`].
const DEPTH_CHUNK: usize = 256;

type Tile<const ROWS: usize> = [[f32; TILE_COLUMNS]; ROWS];

/// A right-hand matrix of `depth` rows and `columns` columns, as panels: panel `p` holds columns
/// `p * TILE_COLUMNS ..` of every row, one row after another, filled up with zeros.
#[derive(Debug, Default)]
pub(crate) struct Panels {
    data: Vec<f32>,
    depth: usize,
    columns: usize,
}

impl Panels {
    /// The transpose of `matrix`, `columns` rows of `depth` values that stand `stride` apart.
    pub(crate) fn set_transposed(
        &mut self,
        matrix: &[f32],
        stride: usize,
        columns: usize,
        depth: usize,
    ) {
        self.reset(depth, columns);
        for (p, panel) in self
            .data
            .chunks_exact_mut((depth * TILE_COLUMNS).max(1))
            .enumerate()
        {
            let first = p * TILE_COLUMNS;
            let count = TILE_COLUMNS.min(columns - first);
            for j in 0..count {
                let row = &matrix[(first + j) * stride..][..depth];
                for (i, value) in row.iter().enumerate() {
                    panel[i * TILE_COLUMNS + j] = *value;
                }
            }
        }
    }

    /// `matrix` itself: `depth` rows of `columns` values that stand `stride` apart.
    pub(crate) fn set(&mut self, matrix: &[f32], stride: usize, depth: usize, columns: usize) {
        self.reset(depth, columns);
        for (p, panel) in self
            .data
            .chunks_exact_mut((depth * TILE_COLUMNS).max(1))
            .enumerate()
        {
            let first = p * TILE_COLUMNS;
            let count = TILE_COLUMNS.min(columns - first);
            for (i, to) in panel.chunks_exact_mut(TILE_COLUMNS).enumerate() {
                to[..count].copy_from_slice(&matrix[i * stride + first..][..count]);
            }
        }
    }

    /// The transpose of a dense weight of `columns` × `depth`: what a linear layer multiplies by.
    pub(crate) fn transposed(matrix: &[f32], columns: usize, depth: usize) -> Self {
        let mut panels = Self::default();
        panels.set_transposed(matrix, depth, columns, depth);
        panels
    }

    /// A dense matrix of `depth` × `columns`.
    pub(crate) fn dense(matrix: &[f32], depth: usize, columns: usize) -> Self {
        let mut panels = Self::default();
        panels.set(matrix, columns, depth, columns);
        panels
    }

    fn reset(&mut self, depth: usize, columns: usize) {
        let size = columns.div_ceil(TILE_COLUMNS) * TILE_COLUMNS * depth;
        // Only a last, partly filled panel has columns that nothing writes.
        if !columns.is_multiple_of(TILE_COLUMNS) {
            self.data.clear();
        }
        self.data.resize(size, 0.0);
        self.depth = depth;
        self.columns = columns;
    }
}

/// What becomes of a finished tile.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Store<'a> {
    /// Written over what stood there.
    Set,
    /// Written, plus this value for each column.
    SetWithBias(&'a [f32]),
    /// Added to what stands there.
    Add,
}

/// `out[r][c] = sum over i of a[r][i] * b[i][c]` for `rows` rows. Rows of `a` stand `a_stride` apart
/// and are as long as `b` is deep; rows of `out` stand `out_stride` apart.
pub(crate) fn multiply(
    a: &[f32],
    a_stride: usize,
    rows: usize,
    b: &Panels,
    out: &mut [f32],
    out_stride: usize,
    store: Store<'_>,
) {
    multiply_part(
        a, a_stride, rows, b, b.depth, b.columns, out, out_stride, store,
    );
}

/// As [`multiply`], using only the first `depth` rows (and as many columns of `a`) and the first
/// `columns` columns of `b`: what a causal mask leaves.
#[expect(
    clippy::too_many_arguments,
    reason = "a matrix product is described by its strides"
)]
pub(crate) fn multiply_part(
    a: &[f32],
    a_stride: usize,
    rows: usize,
    b: &Panels,
    depth: usize,
    columns: usize,
    out: &mut [f32],
    out_stride: usize,
    store: Store<'_>,
) {
    let mut chunk = 0;
    while chunk < rows {
        let end = rows.min(chunk + ROW_CHUNK);
        for p in 0..columns.div_ceil(TILE_COLUMNS) {
            let panel = &b.data[p * b.depth * TILE_COLUMNS..][..depth * TILE_COLUMNS];
            let first = p * TILE_COLUMNS;
            let count = TILE_COLUMNS.min(columns - first);
            let mut row = chunk;
            while row < end {
                let a = &a[row * a_stride..];
                let out = &mut out[row * out_stride + first..];
                let left = end - row;
                row += if left >= TILE_ROWS {
                    put(
                        tile_of_rows::<TILE_ROWS>(a, a_stride, depth, panel),
                        out,
                        out_stride,
                        first,
                        count,
                        store,
                    )
                } else if left >= 4 {
                    put(
                        tile_of_rows::<4>(a, a_stride, depth, panel),
                        out,
                        out_stride,
                        first,
                        count,
                        store,
                    )
                } else {
                    put(
                        tile_of_rows::<1>(a, a_stride, depth, panel),
                        out,
                        out_stride,
                        first,
                        count,
                        store,
                    )
                };
            }
        }
        chunk = end;
    }
}

/// `out[c][k] += sum over r of a[r][c] * b[r][k]`: the product of a transposed matrix, as the gradient
/// of a weight needs it. `a` has rows of `columns` values `a_stride` apart, `b` rows of `width` values
/// `b_stride` apart; `out` is `columns` × `width` with rows `out_stride` apart.
#[expect(
    clippy::too_many_arguments,
    reason = "a matrix product is described by its strides"
)]
pub(crate) fn multiply_transposed(
    a: &[f32],
    a_stride: usize,
    columns: usize,
    b: &[f32],
    b_stride: usize,
    width: usize,
    rows: usize,
    out: &mut [f32],
    out_stride: usize,
) {
    let mut panels = Panels::default();
    let mut start = 0;
    while start < rows {
        let depth = DEPTH_CHUNK.min(rows - start);
        panels.set(&b[start * b_stride..], b_stride, depth, width);
        let a = &a[start * a_stride..];
        let mut column = 0;
        while column < columns {
            let a = &a[column..];
            let left = columns - column;
            let mut step = left;
            for p in 0..width.div_ceil(TILE_COLUMNS) {
                let panel = &panels.data[p * depth * TILE_COLUMNS..][..depth * TILE_COLUMNS];
                let first = p * TILE_COLUMNS;
                let count = TILE_COLUMNS.min(width - first);
                let out = &mut out[column * out_stride + first..];
                step = if left >= TILE_ROWS {
                    put(
                        tile_of_columns::<TILE_ROWS>(a, a_stride, panel),
                        out,
                        out_stride,
                        first,
                        count,
                        Store::Add,
                    )
                } else if left >= 4 {
                    put(
                        tile_of_columns::<4>(a, a_stride, panel),
                        out,
                        out_stride,
                        first,
                        count,
                        Store::Add,
                    )
                } else {
                    put(
                        tile_of_columns::<1>(a, a_stride, panel),
                        out,
                        out_stride,
                        first,
                        count,
                        Store::Add,
                    )
                };
            }
            column += step;
        }
        start += depth;
    }
}

/// One tile whose left operand lies in rows: `a[r * stride + i]`.
#[inline(never)]
fn tile_of_rows<const ROWS: usize>(
    a: &[f32],
    stride: usize,
    depth: usize,
    panel: &[f32],
) -> Tile<ROWS> {
    let mut tile = [[0f32; TILE_COLUMNS]; ROWS];
    let rows: [&[f32]; ROWS] = std::array::from_fn(|r| &a[r * stride..][..depth]);
    let (panel, _) = panel.as_chunks::<TILE_COLUMNS>();
    let panel = &panel[..depth];
    for i in 0..depth {
        let b = &panel[i];
        for r in 0..ROWS {
            let x = rows[r][i];
            for j in 0..TILE_COLUMNS {
                tile[r][j] = fused_multiply_add(x, b[j], tile[r][j]);
            }
        }
    }
    tile
}

/// One tile whose left operand lies in columns: `a[i * stride + r]`.
#[inline(never)]
fn tile_of_columns<const ROWS: usize>(a: &[f32], stride: usize, panel: &[f32]) -> Tile<ROWS> {
    let mut tile = [[0f32; TILE_COLUMNS]; ROWS];
    let (panel, _) = panel.as_chunks::<TILE_COLUMNS>();
    for (i, b) in panel.iter().enumerate() {
        let Some(x) = a[i * stride..].first_chunk::<ROWS>() else {
            break;
        };
        for r in 0..ROWS {
            for j in 0..TILE_COLUMNS {
                tile[r][j] = fused_multiply_add(x[r], b[j], tile[r][j]);
            }
        }
    }
    tile
}

/// Writes a tile's first `count` columns and returns its number of rows. `first` is the tile's first
/// column in the whole result, which is where its part of a bias begins.
#[inline(always)]
fn put<const ROWS: usize>(
    tile: Tile<ROWS>,
    out: &mut [f32],
    stride: usize,
    first: usize,
    count: usize,
    store: Store<'_>,
) -> usize {
    for (r, values) in tile.iter().enumerate() {
        let to = &mut out[r * stride..][..count];
        match store {
            Store::Set => to.copy_from_slice(&values[..count]),
            Store::SetWithBias(bias) => {
                for ((t, v), b) in to.iter_mut().zip(values).zip(&bias[first..]) {
                    *t = v + b;
                }
            }
            Store::Add => {
                for (t, v) in to.iter_mut().zip(values) {
                    *t += v;
                }
            }
        }
    }
    ROWS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32 - 0.5
            })
            .collect()
    }

    fn close(a: &[f32], b: &[f64]) {
        assert_eq!(a.len(), b.len());
        for (x, y) in a.iter().zip(b) {
            assert!((f64::from(*x) - y).abs() < 1e-4, "{x} is not {y}");
        }
    }

    #[test]
    fn equals_the_definition_at_every_remainder() {
        for rows in [0, 1, 2, 5, 12, 13, 29, 100] {
            for columns in [1, 7, 32, 33, 70] {
                for depth in [1, 3, 64] {
                    let a = numbers(rows * depth, 1);
                    let w = numbers(columns * depth, 2);
                    let bias = numbers(columns, 3);
                    let mut expected = vec![0f64; rows * columns];
                    for r in 0..rows {
                        for c in 0..columns {
                            expected[r * columns + c] = f64::from(bias[c])
                                + (0..depth)
                                    .map(|i| {
                                        f64::from(a[r * depth + i]) * f64::from(w[c * depth + i])
                                    })
                                    .sum::<f64>();
                        }
                    }
                    let mut out = vec![9f32; rows * columns];
                    let panels = Panels::transposed(&w, columns, depth);
                    multiply(
                        &a,
                        depth,
                        rows,
                        &panels,
                        &mut out,
                        columns,
                        Store::SetWithBias(&bias),
                    );
                    close(&out, &expected);

                    // The same matrix laid out the other way round, added to what stands there.
                    let mut turned = vec![0f32; columns * depth];
                    for c in 0..columns {
                        for i in 0..depth {
                            turned[i * columns + c] = w[c * depth + i];
                        }
                    }
                    let mut out: Vec<f32> =
                        (0..rows * columns).map(|i| bias[i % columns]).collect();
                    multiply(
                        &a,
                        depth,
                        rows,
                        &Panels::dense(&turned, depth, columns),
                        &mut out,
                        columns,
                        Store::Add,
                    );
                    close(&out, &expected);
                }
            }
        }
    }

    #[test]
    fn transposed_product_equals_the_definition() {
        for rows in [1, 5, 300] {
            for (columns, width) in [(1, 1), (12, 32), (29, 40), (320, 64)] {
                let a = numbers(rows * columns, 4);
                let b = numbers(rows * width, 5);
                let mut expected = vec![1f64; columns * width];
                for c in 0..columns {
                    for k in 0..width {
                        expected[c * width + k] += (0..rows)
                            .map(|r| f64::from(a[r * columns + c]) * f64::from(b[r * width + k]))
                            .sum::<f64>();
                    }
                }
                let mut out = vec![1f32; columns * width];
                multiply_transposed(
                    &a, columns, columns, &b, width, width, rows, &mut out, width,
                );
                close(&out, &expected);
            }
        }
    }

    #[test]
    fn a_row_is_the_same_bytes_whatever_stands_beside_it() {
        let a = numbers(50 * 64, 6);
        let panels = Panels::transposed(&numbers(40 * 64, 7), 40, 64);
        let mut all = vec![0f32; 50 * 40];
        multiply(&a, 64, 50, &panels, &mut all, 40, Store::Set);
        for row in 0..50 {
            let mut one = vec![0f32; 40];
            multiply(&a[row * 64..], 64, 1, &panels, &mut one, 40, Store::Set);
            assert_eq!(one, all[row * 40..][..40]);
        }
    }
}
