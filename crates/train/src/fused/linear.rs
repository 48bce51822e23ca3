//! `y = x Wᵀ + b` and its gradients.

use super::lanes::add_to;
use super::matmul::{Panels, Store, multiply, multiply_transposed};

/// `out = x weightᵀ`, stored as `store` says: `x` [rows, inputs], `weight` [outputs, inputs].
pub(crate) fn forward(x: &[f32], inputs: usize, weight: &[f32], out: &mut [f32], store: Store<'_>) {
    let (rows, outputs) = (x.len() / inputs, weight.len() / inputs);
    multiply(
        x,
        inputs,
        rows,
        &Panels::transposed(weight, outputs, inputs),
        out,
        outputs,
        store,
    );
}

/// `dx = dy weight`: the gradient of the input.
pub(crate) fn backward_input(dy: &[f32], outputs: usize, weight: &[f32], dx: &mut [f32]) {
    let (rows, inputs) = (dy.len() / outputs, weight.len() / outputs);
    multiply(
        dy,
        outputs,
        rows,
        &Panels::dense(weight, outputs, inputs),
        dx,
        inputs,
        Store::Set,
    );
}

/// `dw += dyᵀ x`: the gradient of the weight.
pub(crate) fn backward_weight(
    dy: &[f32],
    outputs: usize,
    x: &[f32],
    inputs: usize,
    dw: &mut [f32],
) {
    multiply_transposed(
        dy,
        outputs,
        outputs,
        x,
        inputs,
        inputs,
        dy.len() / outputs,
        dw,
        inputs,
    );
}

/// `db += ` the sum of the rows of `dy`: the gradient of the bias.
pub(crate) fn backward_bias(dy: &[f32], db: &mut [f32]) {
    for row in dy.chunks_exact(db.len()) {
        add_to(db, row);
    }
}
