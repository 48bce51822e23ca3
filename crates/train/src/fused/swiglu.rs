//! `silu(gate) * up` (Shazeer 2020) over rows that hold the two side by side, and its gradient.

use super::lanes::{LANES, sigmoid};

/// `out` [rows, width] from `x` [rows, 2 × width], gate then up.
pub(crate) fn forward(x: &[f32], width: usize, out: &mut [f32]) {
    for (row, to) in x.chunks_exact(2 * width).zip(out.chunks_exact_mut(width)) {
        let (gate, up) = row.split_at(width);
        for ((t, g), u) in to.iter_mut().zip(gate).zip(up) {
            *t = g * sigmoid(*g) * u;
        }
    }
}

/// Replaces `x` [rows, 2 × width] by its gradient, given that of the result.
pub(crate) fn backward_in_place(x: &mut [f32], width: usize, dy: &[f32]) {
    for (row, dy) in x.chunks_exact_mut(2 * width).zip(dy.chunks_exact(width)) {
        let (gate, up) = row.split_at_mut(width);
        let (gate, gate_rest) = gate.as_chunks_mut::<LANES>();
        let (up, up_rest) = up.as_chunks_mut::<LANES>();
        let (dy, dy_rest) = dy.as_chunks::<LANES>();
        // Whole blocks read, then written: two arrays that change in one loop keep it scalar.
        for ((gate, up), d) in gate.iter_mut().zip(up).zip(dy) {
            let (g, u) = (*gate, *up);
            for i in 0..LANES {
                (gate[i], up[i]) = gradients(g[i], u[i], d[i]);
            }
        }
        for ((gate, up), d) in gate_rest.iter_mut().zip(up_rest).zip(dy_rest) {
            (*gate, *up) = gradients(*gate, *up, *d);
        }
    }
}

/// Gradients of gate and up.
#[inline(always)]
fn gradients(gate: f32, up: f32, d: f32) -> (f32, f32) {
    let s = sigmoid(gate);
    (d * up * s * (1.0 + gate * (1.0 - s)), d * gate * s)
}
