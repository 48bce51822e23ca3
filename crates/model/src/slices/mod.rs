//! How is a decoder computed on a processor, without a tensor library around each operation?
//!
//! Weights stay where they lie, in the mapped file and in the form in which it stores them; a row of them
//! is multiplied as it is read. Of a small network the matrices are packed anew, for there the arithmetic of
//! one token takes less time than waiting for anything. Blocks of few bits are multiplied as whole numbers,
//! with inputs rounded to eight bits, as llama.cpp does it.
//!
//! Each number is summed in one order, whatever else is computed beside it: a prompt gives the same bits at
//! once, in pieces, token by token or in a batch, on one thread or many, and so does a cache that was cut
//! back and extended.
//!
//! Shapes: `T` new positions of all lanes, `S` positions seen (cached and new), `D` hidden width, `H` query
//! heads, `K` key and value heads, `W` head width, `F` inner width, `V` ids.

mod attention;
mod blocks;
mod eight;
mod floats;
mod matrix;
mod panels;
mod vectors;

use std::sync::Arc;

use rayon::prelude::*;

use self::matrix::{Input, Matrix};
use self::vectors::{activate, add, add_row, gate, layer_norm, rms_norm};
use crate::cache::Pages;
use crate::form::{FeedForwardKind, Form, NormKind, Part, Slot};
use crate::network::{Answer, Engine, Lane, Span, Tap, Want, drive, positions};
use crate::weights::Weights;
use crate::{Cache, Error, Network, Shape};

/// Up to this many parameters a network's matrices are better packed anew: they fit a processor's cache then.
pub(crate) const SMALL: u64 = 16_000_000;

/// Products of a pass before a pool of threads is worth waking: less is over sooner.
const WORTH_THE_POOL: u64 = 1 << 24;
/// Numbers to do something with before they are worth sharing among threads, and rows of them in one turn.
const WORTH_THREADS: usize = 1 << 16;
const TURN_ROWS: usize = 16;

/// Whether the pass runs on a pool of threads that can share its work.
fn threads() -> bool {
    rayon::current_thread_index().is_some() && rayon::current_num_threads() > 1
}

/// The weights of a normalisation.
#[derive(Debug)]
struct Norm {
    weight: Vec<f32>,
    /// Empty where there is none.
    bias: Vec<f32>,
}

#[derive(Debug)]
struct Layer {
    attention_norm: Norm, // [D]
    /// Rows of queries, keys, values: `[(H + 2K) * W, D]`.
    inputs: Matrix,
    inputs_bias: Vec<f32>, // [(H + 2K) * W], or empty
    /// Weights of the normalisation of heads, `[W]` each, where there is one.
    head_norms: Option<(Vec<f32>, Vec<f32>)>,
    output: Matrix,        // [D, H * W]
    output_bias: Vec<f32>, // [D], or empty
    feed_forward_norm: Norm,
    /// Rows of gate and up, or of up: `[2F, D]` or `[F, D]`.
    up: Matrix,
    up_bias: Vec<f32>,
    down: Matrix,        // [D, F]
    down_bias: Vec<f32>, // [D], or empty
    window: Option<usize>,
}

/// A decoder over slices of `f32`.
#[derive(Debug)]
pub(crate) struct Decoder {
    form: Form,
    embedding: Arc<Matrix>, // [V, D]
    layers: Vec<Layer>,
    norm: Norm,
    head: Arc<Matrix>, // [V, D]
}

impl Decoder {
    /// Takes the weights of a network of this form. Where `packed`, plain numbers are packed in panels; where
    /// `wide`, blocks of few bits are widened to f32.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::TensorShape`], [`Error::BadWeights`].
    pub(crate) fn load(
        form: Form,
        weights: &Weights,
        packed: bool,
        wide: bool,
    ) -> Result<Decoder, Error> {
        let slot = |layer, part, bias| Slot { layer, part, bias };
        let vector = |layer, part, bias| weights.vector(&form, slot(layer, part, bias));
        let matrix = |layer, parts: &[Part]| {
            let mut all = Vec::with_capacity(parts.len());
            for part in parts {
                let stored = weights.stored(&form, slot(layer, *part, false))?;
                let blocks = !stored.format().is_plain();
                all.push(if wide && blocks {
                    stored.widened()
                } else {
                    stored
                });
            }
            Ok::<_, Error>(Matrix::new(all, packed))
        };
        let biases = |layer, parts: &[Part], there: bool| -> Result<Vec<f32>, Error> {
            let mut all = Vec::new();
            for part in parts.iter().filter(|_| there) {
                all.extend(vector(layer, *part, true)?);
            }
            Ok(all)
        };
        let norm = |layer, part| -> Result<Norm, Error> {
            Ok(Norm {
                weight: vector(layer, part, false)?,
                bias: match form.norm {
                    NormKind::RootMeanSquare => Vec::new(),
                    NormKind::Layer => vector(layer, part, true)?,
                },
            })
        };
        let inputs = [Part::Query, Part::Key, Part::Value];
        let up: &[Part] = match form.feed_forward {
            FeedForwardKind::Gated => &[Part::Gate, Part::Up],
            FeedForwardKind::Plain => &[Part::Up],
        };
        let layer = |number: usize| -> Result<Layer, Error> {
            Ok(Layer {
                attention_norm: norm(number, Part::AttentionNorm)?,
                inputs: matrix(number, &inputs)?,
                inputs_bias: biases(number, &inputs, form.input_biases)?,
                head_norms: match form.head_norms {
                    true => Some((
                        vector(number, Part::QueryNorm, false)?,
                        vector(number, Part::KeyNorm, false)?,
                    )),
                    false => None,
                },
                output: matrix(number, &[Part::Output])?,
                output_bias: biases(number, &[Part::Output], form.output_bias)?,
                feed_forward_norm: norm(number, Part::FeedForwardNorm)?,
                up: matrix(number, up)?,
                up_bias: biases(number, up, form.feed_forward_biases)?,
                down: matrix(number, &[Part::Down])?,
                down_bias: biases(number, &[Part::Down], form.feed_forward_biases)?,
                window: form.windows.get(number).copied().flatten(),
            })
        };
        let embedding = Arc::new(matrix(0, &[Part::Embedding])?);
        Ok(Decoder {
            layers: (0..form.shape.layers)
                .map(layer)
                .collect::<Result<_, _>>()?,
            norm: norm(0, Part::Norm)?,
            head: match form.shape.tied {
                true => Arc::clone(&embedding),
                false => Arc::new(matrix(0, &[Part::Head])?),
            },
            embedding,
            form,
        })
    }

    fn normalise(&self, x: &[f32], norm: &Norm, y: &mut [f32]) {
        let epsilon = self.form.epsilon as f32;
        let width = norm.weight.len();
        by_rows(x, width, y, width, |x, y| match self.form.norm {
            NormKind::RootMeanSquare => rms_norm(x, &norm.weight, epsilon, y),
            NormKind::Layer => layer_norm(x, &norm.weight, &norm.bias, epsilon, y),
        });
    }

    /// Normalises and turns queries and keys of `projected [T, (H + 2K) * W]`, and puts keys and values into
    /// the caches.
    fn place(
        &self,
        number: usize,
        projected: &mut [f32],
        angles: (&[f32], &[f32]),
        spans: &[Span],
        lanes: &mut [Lane<'_>],
    ) -> Result<(), Error> {
        let shape = &self.form.shape;
        let layer = &self.layers[number];
        let width = shape.head_width;
        let (queries, keys) = (shape.heads * width, shape.kv_heads * width);
        let line = queries + 2 * keys;
        let planes = self.form.rotary.planes();
        let mut normed = vec![0.0; width];
        for span in spans {
            let pages: &mut Pages = &mut lanes[span.lane].cache.pages(shape)?[number];
            for offset in 0..span.count {
                let row = span.start + offset;
                let cosines = &angles.0[row * planes..(row + 1) * planes];
                let sines = &angles.1[row * planes..(row + 1) * planes];
                let line = &mut projected[row * line..(row + 1) * line];
                add(line, &layer.inputs_bias);
                let (turned, values) = line.split_at_mut(queries + keys);
                for (head, numbers) in turned.chunks_exact_mut(width).enumerate() {
                    if let Some((query, key)) = &layer.head_norms {
                        let weight = if head < shape.heads { query } else { key };
                        rms_norm(numbers, weight, self.form.epsilon as f32, &mut normed);
                        numbers.copy_from_slice(&normed);
                    }
                    self.form.rotary.turn(numbers, cosines, sines);
                }
                pages.write(span.past + offset, width, &turned[queries..], values);
            }
        }
        Ok(())
    }

    /// Attention and what it adds to the stream.
    fn attend(
        &self,
        number: usize,
        x: &mut [f32],
        angles: (&[f32], &[f32]),
        spans: &[Span],
        lanes: &mut [Lane<'_>],
    ) -> Result<(), Error> {
        let shape = &self.form.shape;
        let layer = &self.layers[number];
        let mut projected = self.enter(x, &layer.attention_norm, &layer.inputs);
        self.place(number, &mut projected, angles, spans, lanes)?;
        let time = x.len() / shape.hidden;
        let mut mixed = vec![0.0; time * shape.heads * shape.head_width];
        attention::mix(
            shape,
            layer.window,
            number,
            &projected,
            spans,
            lanes,
            &mut mixed,
        )?;
        leave(&mixed, &layer.output, &layer.output_bias, x);
        Ok(())
    }

    /// Feed-forward and what it adds to the stream.
    fn feed_forward(&self, number: usize, x: &mut [f32]) {
        let shape = &self.form.shape;
        let layer = &self.layers[number];
        let mut up = self.enter(x, &layer.feed_forward_norm, &layer.up);
        add_row(&mut up, &layer.up_bias);
        let inner = match self.form.feed_forward {
            FeedForwardKind::Gated => {
                let mut inner = vec![0.0; up.len() / 2];
                let width = shape.intermediate;
                by_rows(&up, 2 * width, &mut inner, width, |up, inner| {
                    gate(up, width, self.form.activation, inner);
                });
                inner
            }
            FeedForwardKind::Plain => {
                activate(&mut up, self.form.activation);
                up
            }
        };
        leave(&inner, &layer.down, &layer.down_bias, x);
    }

    /// The stream normalised and multiplied, without a bias: into a part.
    fn enter(&self, x: &[f32], norm: &Norm, matrix: &Matrix) -> Vec<f32> {
        let mut normed = vec![0.0; x.len()];
        self.normalise(x, norm, &mut normed);
        let mut y = vec![0.0; x.len() / self.form.shape.hidden * matrix.outputs()];
        matrix.apply(&Input::new(&normed), &mut y);
        y
    }
}

/// Does something with rows of `x`, of `x_width` numbers each, and the same rows of `y`: on several threads
/// where there is enough to do.
fn by_rows(
    x: &[f32],
    x_width: usize,
    y: &mut [f32],
    y_width: usize,
    one: impl Fn(&[f32], &mut [f32]) + Sync,
) {
    if x.len() < WORTH_THREADS || !threads() {
        one(x, y);
    } else {
        x.par_chunks(TURN_ROWS * x_width)
            .zip(y.par_chunks_mut(TURN_ROWS * y_width))
            .for_each(|(x, y)| one(x, y));
    }
}

/// Adds to the stream what a part says: out of it.
fn leave(inner: &[f32], matrix: &Matrix, bias: &[f32], x: &mut [f32]) {
    let mut y = vec![0.0; x.len()];
    matrix.apply(&Input::new(inner), &mut y);
    add_row(&mut y, bias);
    add(x, &y);
}

impl Engine for Decoder {
    type Rows = Vec<f32>;

    fn pass(
        &self,
        ids: &[u32],
        spans: &[Span],
        lanes: &mut [Lane<'_>],
        tap: &mut Tap<'_, Vec<f32>>,
    ) -> Result<Vec<f32>, Error> {
        let hidden = self.form.shape.hidden;
        let (cosines, sines) = self.form.rotary.angles(positions(spans));
        let mut x = vec![0.0; ids.len() * hidden];
        for (id, x) in ids.iter().zip(x.chunks_exact_mut(hidden)) {
            self.embedding.row(*id as usize, x);
        }
        for number in 0..self.layers.len() {
            tap(number, &x)?;
            self.attend(number, &mut x, (&cosines, &sines), spans, lanes)?;
            self.feed_forward(number, &mut x);
        }
        let mut last = vec![0.0; x.len()];
        self.normalise(&x, &self.norm, &mut last);
        tap(self.layers.len(), &last)?;
        Ok(last)
    }

    fn head(&self, hidden: &Vec<f32>, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let width = self.form.shape.hidden;
        let mut wanted = Vec::with_capacity(rows.len() * width);
        for row in rows {
            wanted.extend_from_slice(&hidden[row * width..(row + 1) * width]);
        }
        let mut logits = vec![0.0; rows.len() * self.head.outputs()];
        self.head.apply(&Input::new(&wanted), &mut logits);
        Ok(logits)
    }

    fn numbers(&self, rows: &Vec<f32>) -> Result<Vec<f32>, Error> {
        Ok(rows.clone())
    }
}

impl Network for Decoder {
    fn shape(&self) -> &Shape {
        &self.form.shape
    }

    fn new_cache(&self) -> Cache {
        Cache::of_pages(&self.form.shape)
    }

    fn forward(&self, lanes: &mut [Lane<'_>], want: Want<'_>) -> Result<Vec<Answer>, Error> {
        let shape = &self.form.shape;
        let rows = lanes.iter().map(|lane| lane.ids.len() as u64).sum::<u64>();
        if shape.parameters.saturating_mul(rows) < WORTH_THE_POOL {
            drive(self, shape, lanes, want)
        } else {
            // On a thread of the pool: it takes part in the work, and no product is handed over and waited for.
            rayon::scope(|_| drive(self, shape, lanes, want))
        }
    }
}
