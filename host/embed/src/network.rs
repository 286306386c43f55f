//! The network: BERT's encoder (Devlin et al. 2018) with layers of width 384, then the mean over the tokens. The tokens of
//! all texts form one list of rows, so that nothing is padded; only attention looks at where a text begins and ends.
//!
//! What a step writes is in pieces of 32 columns, one for each panel of weights, that hold all rows: `[panel][row][32]`. So
//! each part of a step writes memory of its own, and a piece of queries, keys or values is one attention head.

use crate::config::{Config, HEADS, INTERMEDIATE};
use crate::kernels::{
    HIDDEN, Head, Kernels, Matrix, Norm, PANEL, Panel, Piece, QUERIES, Row, Then, WIDE,
};
use crate::source::Contents;
use crate::team::{Parts, Team};
use crate::weights::Weights;
use crate::words::Words;
use crate::{DIMENSIONS, TOKENS_MAX};

/// Pieces of a hidden row.
const PIECES: usize = DIMENSIONS / PANEL;
/// Pieces of a row between the two products of the feed-forward part.
const PIECES_WIDE: usize = INTERMEDIATE / PANEL;

/// Rows of a part in the steps that go row by row: few texts are shorter, and such a part costs more than handing it over.
const ROWS_OF_PART: usize = 16;

/// The network's weights, and the threads that compute with them.
pub(crate) struct Network {
    words: Words,
    /// What each place in a text adds, `[256, 384]`: position and the type of the first (here only) segment together.
    places: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    kernels: Kernels,
    team: Team,
    scratch: Scratch,
}

struct Layer {
    /// Query, key and value as one product: 1152 columns.
    query_key_value: Matrix<HIDDEN>,
    attention_output: Matrix<HIDDEN>,
    attention_norm: Norm,
    intermediate: Matrix<HIDDEN>,
    output: Matrix<WIDE>,
    output_norm: Norm,
}

/// What is computed on the way, kept from one batch to the next.
#[derive(Default)]
struct Scratch {
    hidden: Vec<Piece>,
    /// Queries, keys and values; then what lies between the feed-forward products.
    wide: Vec<Piece>,
    context: Vec<Piece>,
    rows: Vec<Row<HIDDEN>>,
    rows_wide: Vec<Row<WIDE>>,
    scales: Vec<f32>,
}

/// Where the rows of a batch belong.
struct Batch {
    rows: usize,
    /// How far apart a row's pieces are. It is odd, so that they do not compete for one place of the cache.
    stride: usize,
    /// First row and length of each text.
    texts: Vec<(usize, usize)>,
    /// Queries computed together: their text, and the first of their rows.
    blocks: Vec<(usize, usize)>,
}

impl Batch {
    fn new(texts: &[&[u32]]) -> Self {
        let mut batch = Batch {
            rows: 0,
            stride: 0,
            texts: Vec::with_capacity(texts.len()),
            blocks: Vec::new(),
        };
        for (text, ids) in texts.iter().enumerate() {
            let first = batch.rows;
            batch.rows += ids.len();
            batch.texts.push((first, ids.len()));
            let blocks = (first..batch.rows).step_by(QUERIES);
            batch.blocks.extend(blocks.map(|row| (text, row)));
        }
        batch.stride = batch.rows | 1;
        batch
    }

    /// Parts of a step that goes row by row, and each part's rows.
    fn parts(&self) -> usize {
        self.rows.div_ceil(ROWS_OF_PART)
    }

    fn part(&self, part: usize) -> std::ops::Range<usize> {
        let first = part * ROWS_OF_PART;
        first..self.rows.min(first + ROWS_OF_PART)
    }
}

impl Network {
    /// Takes the weights out of a safetensors file, to compute with at most `threads` threads.
    pub(crate) fn load(config: &Config, file: &Contents, threads: usize) -> Result<Self, String> {
        let weights = Weights::parse(file)?;
        let eps = config.layer_norm_eps as f32;
        let word = "embeddings.word_embeddings.weight";
        let words = weights.words(word, &[config.vocab_size, DIMENSIONS])?;
        let position = "embeddings.position_embeddings.weight";
        let mut places =
            weights.numbers(position, &[config.max_position_embeddings, DIMENSIONS])?;
        places.truncate(TOKENS_MAX * DIMENSIONS);
        let types = weights.numbers("embeddings.token_type_embeddings.weight", &[2, DIMENSIONS])?;
        for place in places.chunks_exact_mut(DIMENSIONS) {
            add(place, &types[..DIMENSIONS]);
        }
        let layer = |n| Layer::load(&weights, &format!("encoder.layer.{n}"), eps);
        Ok(Network {
            words,
            places,
            norm: norm(&weights, "embeddings", eps)?,
            layers: (0..config.num_hidden_layers)
                .map(layer)
                .collect::<Result<_, _>>()?,
            kernels: Kernels::best(),
            team: Team::new(threads.saturating_sub(1)),
            scratch: Scratch::default(),
        })
    }

    /// What it computes on, for people.
    pub(crate) fn engine(&self) -> String {
        let threads = self.team.size();
        format!("CPU, {} kernels, {threads} threads", self.kernels.name)
    }

    /// Gives a vector for each text, in order. Texts are token ids, 1 to 256 each.
    ///
    /// # Errors
    /// A kernel has panicked, on another thread.
    pub(crate) fn vectors(&mut self, texts: &[&[u32]]) -> Result<Vec<[f32; DIMENSIONS]>, String> {
        let batch = Batch::new(texts);
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.fit(&batch);
        let this = &*self;
        let result = this.team.awake(|| {
            this.begin(&batch, texts, &mut scratch);
            for layer in &this.layers {
                this.layer(layer, &batch, &mut scratch);
            }
            let texts = batch.texts.iter();
            texts
                .map(|(first, length)| pool(&scratch.hidden, batch.stride, *first, *length))
                .collect()
        });
        self.scratch = scratch;
        result
    }

    /// The rows that the first layer gets.
    fn begin(&self, batch: &Batch, texts: &[&[u32]], scratch: &mut Scratch) {
        let hidden = Parts::new(&mut scratch.hidden);
        let rows = Parts::new(&mut scratch.rows);
        let scales = Parts::new(&mut scratch.scales);
        let (kernels, words, places, norm) = (&self.kernels, &self.words, &self.places, &self.norm);
        self.team.each(texts.len(), |text| {
            let (first, length) = batch.texts[text];
            // SAFETY: a text's rows belong to one part.
            let (to, scales) = unsafe { (rows.part(first, length), scales.part(first, length)) };
            for (n, id) in texts[text].iter().enumerate() {
                let mut row = [[0.; PANEL]; PIECES];
                words.read(*id, row.as_flattened_mut());
                let place = places.chunks_exact(DIMENSIONS).nth(n);
                add(row.as_flattened_mut(), place.unwrap_or_default());
                kernels.normalise(norm, &mut row);
                scales[n] = kernels.hidden_whole(&row, &mut to[n]);
                for (piece, from) in row.into_iter().enumerate() {
                    // SAFETY: the row is one of the text's.
                    unsafe { hidden.part(piece * batch.stride + first + n, 1)[0] = from };
                }
            }
        });
    }

    fn layer(&self, layer: &Layer, batch: &Batch, scratch: &mut Scratch) {
        let (rows, narrow, wide) = (batch.rows, Kernels::hidden_panel, Kernels::wide_panel);
        let input = (&scratch.rows[..rows], &scratch.scales[..rows]);
        let (product, to) = (&layer.query_key_value, &mut scratch.wide);
        self.product(batch, product, input, Then::Write, to, narrow);

        self.attend(batch, &scratch.wide, &mut scratch.context);
        let (context, scales) = (&scratch.context, &mut scratch.scales);
        self.whole::<PIECES, HIDDEN>(
            batch,
            context,
            &mut scratch.rows,
            scales,
            Kernels::hidden_whole,
        );

        let input = (&scratch.rows[..rows], &scratch.scales[..rows]);
        let (product, to) = (&layer.attention_output, &mut scratch.hidden);
        self.product(batch, product, input, Then::Add, to, narrow);
        self.normalise(batch, &layer.attention_norm, scratch);

        let input = (&scratch.rows[..rows], &scratch.scales[..rows]);
        let (product, to) = (&layer.intermediate, &mut scratch.wide);
        self.product(batch, product, input, Then::Gelu, to, narrow);
        let (between, scales) = (&scratch.wide, &mut scratch.scales);
        self.whole::<PIECES_WIDE, WIDE>(
            batch,
            between,
            &mut scratch.rows_wide,
            scales,
            Kernels::wide_whole,
        );

        let input = (&scratch.rows_wide[..rows], &scratch.scales[..rows]);
        let (product, to) = (&layer.output, &mut scratch.hidden);
        self.product(batch, product, input, Then::Add, to, wide);
        self.normalise(batch, &layer.output_norm, scratch);
    }

    /// A product of all rows: a part for each panel of the weights.
    fn product<const PAIRS: usize>(
        &self,
        batch: &Batch,
        matrix: &Matrix<PAIRS>,
        input: (&[Row<PAIRS>], &[f32]),
        then: Then,
        to: &mut [Piece],
        kernel: fn(&Kernels, &Panel<'_, PAIRS>, &mut [Piece]),
    ) {
        let to = Parts::new(to);
        let kernels = &self.kernels;
        self.team.each(matrix.panels(), |panel| {
            // SAFETY: a panel's pieces belong to one part.
            let out = unsafe { to.part(panel * batch.stride, batch.rows) };
            kernel(kernels, &matrix.panel(panel, input, then), out);
        });
    }

    /// Attention: a part for each block of queries and head.
    fn attend(&self, batch: &Batch, from: &[Piece], to: &mut [Piece]) {
        let to = Parts::new(to);
        let kernels = &self.kernels;
        self.team.each(batch.blocks.len() * HEADS, |part| {
            let (text, row) = batch.blocks[part / HEADS];
            let (head, (first, length)) = (part % HEADS, batch.texts[text]);
            let queries = QUERIES.min(first + length - row);
            let piece = |part: usize, row: usize, count: usize| {
                &from[(part * HEADS + head) * batch.stride + row..][..count]
            };
            let work = Head {
                queries: piece(0, row, queries),
                keys: piece(1, first, length),
                values: piece(2, first, length),
            };
            // SAFETY: a block's rows in a head's piece belong to one part.
            let out = unsafe { to.part(head * batch.stride + row, queries) };
            kernels.attend(&work, out);
        });
    }

    /// Scales all rows to whole numbers.
    fn whole<const N: usize, const PAIRS: usize>(
        &self,
        batch: &Batch,
        from: &[Piece],
        to: &mut [Row<PAIRS>],
        scales: &mut [f32],
        kernel: fn(&Kernels, &[Piece], &mut Row<PAIRS>) -> f32,
    ) {
        let (to, scales) = (Parts::new(to), Parts::new(scales));
        let kernels = &self.kernels;
        self.team.each(batch.parts(), |part| {
            for row in batch.part(part) {
                let pieces: [Piece; N] =
                    std::array::from_fn(|piece| from[piece * batch.stride + row]);
                // SAFETY: a row belongs to one part.
                let (to, scale) = unsafe { (to.part(row, 1), scales.part(row, 1)) };
                scale[0] = kernel(kernels, &pieces, &mut to[0]);
            }
        });
    }

    /// Layer norm of all rows, which are then scaled to whole numbers as well.
    fn normalise(&self, batch: &Batch, norm: &Norm, scratch: &mut Scratch) {
        let hidden = Parts::new(&mut scratch.hidden);
        let (to, scales) = (
            Parts::new(&mut scratch.rows),
            Parts::new(&mut scratch.scales),
        );
        let kernels = &self.kernels;
        self.team.each(batch.parts(), |part| {
            for row in batch.part(part) {
                // SAFETY: a row belongs to one part. So below.
                let piece = |piece| unsafe { hidden.part(piece * batch.stride + row, 1) };
                let mut pieces: [Piece; PIECES] = std::array::from_fn(|n| piece(n)[0]);
                kernels.normalise(norm, &mut pieces);
                for (n, from) in pieces.iter().enumerate() {
                    piece(n)[0] = *from;
                }
                // SAFETY: as above.
                let (to, scale) = unsafe { (to.part(row, 1), scales.part(row, 1)) };
                scale[0] = kernels.hidden_whole(&pieces, &mut to[0]);
            }
        });
    }
}

impl Scratch {
    /// Makes room for a batch.
    fn fit(&mut self, batch: &Batch) {
        fn grow<T: Clone>(what: &mut Vec<T>, length: usize, with: T) {
            if what.len() < length {
                what.resize(length, with);
            }
        }
        let (rows, stride) = (batch.rows, batch.stride);
        grow(&mut self.hidden, PIECES * stride, [0.; PANEL]);
        grow(&mut self.wide, PIECES_WIDE * stride, [0.; PANEL]);
        grow(&mut self.context, PIECES * stride, [0.; PANEL]);
        grow(&mut self.rows, rows, [[0; 2]; HIDDEN]);
        grow(&mut self.rows_wide, rows, [[0; 2]; WIDE]);
        grow(&mut self.scales, rows, 0.);
    }
}

impl Layer {
    fn load(weights: &Weights<'_>, name: &str, eps: f32) -> Result<Self, String> {
        let linear = |part: &str, output: usize, input: usize| {
            let weight = weights.numbers(&format!("{name}.{part}.weight"), &[output, input])?;
            let bias = weights.numbers(&format!("{name}.{part}.bias"), &[output])?;
            Ok::<_, String>((weight, bias))
        };
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for part in ["query", "key", "value"] {
            let part = format!("attention.self.{part}");
            let (one_weight, one_bias) = linear(&part, DIMENSIONS, DIMENSIONS)?;
            weight.extend(one_weight);
            bias.extend(one_bias);
        }
        // The attention's factor, and the change from powers of e to powers of 2.
        let query = std::f32::consts::LOG2_E / (PANEL as f32).sqrt();
        let factor = |column| if column < DIMENSIONS { query } else { 1. };
        let query_key_value = Matrix::pack(&weight, &bias, factor);
        let (weight, bias) = linear("attention.output.dense", DIMENSIONS, DIMENSIONS)?;
        let attention_output = Matrix::pack(&weight, &bias, |_| 1.);
        let (weight, bias) = linear("intermediate.dense", INTERMEDIATE, DIMENSIONS)?;
        let intermediate = Matrix::pack(&weight, &bias, |_| 1.);
        let (weight, bias) = linear("output.dense", DIMENSIONS, INTERMEDIATE)?;
        Ok(Layer {
            query_key_value,
            attention_output,
            attention_norm: norm(weights, &format!("{name}.attention.output"), eps)?,
            intermediate,
            output: Matrix::pack(&weight, &bias, |_| 1.),
            output_norm: norm(weights, &format!("{name}.output"), eps)?,
        })
    }
}

fn norm(weights: &Weights<'_>, name: &str, eps: f32) -> Result<Norm, String> {
    let pieces = |part: &str| {
        let numbers = weights.numbers(&format!("{name}.LayerNorm.{part}"), &[DIMENSIONS])?;
        Ok::<_, String>(numbers.as_chunks().0.to_vec())
    };
    Ok(Norm {
        weight: pieces("weight")?,
        bias: pieces("bias")?,
        eps,
    })
}

fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// The mean of a text's rows, scaled to length 1.
fn pool(hidden: &[Piece], stride: usize, first: usize, length: usize) -> [f32; DIMENSIONS] {
    let mut mean = [0.; DIMENSIONS];
    for (n, mean) in mean.chunks_exact_mut(PANEL).enumerate() {
        for row in &hidden[n * stride + first..][..length] {
            add(mean, row);
        }
    }
    // Its length is what the sum is divided by, so that dividing by the number of rows would change nothing.
    let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
    mean.map(|x| x / length)
}
