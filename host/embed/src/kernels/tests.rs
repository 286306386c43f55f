//! Every kind of kernels against the plain formulas in double precision.

use super::*;

/// Numbers between -1 and 1, the same each time.
struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.
    }

    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }

    fn pieces(&mut self, count: usize) -> Vec<Piece> {
        self.numbers(count * PANEL).as_chunks().0.to_vec()
    }
}

/// `Φ(x) · x` by the series of the error function, which is exact to 1e-9 here.
fn gelu(x: f64) -> f64 {
    let z = x / 2f64.sqrt();
    let (mut term, mut sum) = (z, z);
    for n in 1..200 {
        term *= -z * z / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    x * (0.5 + sum / std::f64::consts::PI.sqrt())
}

fn near(found: f32, expected: f64, most: f64, what: &str) {
    let difference = (f64::from(found) - expected).abs();
    assert!(difference <= most, "{what}: {found}, not {expected}");
}

#[test]
fn products_are_right_for_any_number_of_rows_and_equal_everywhere() {
    let mut random = Random(1);
    let weights = random.numbers(2 * PANEL * DIMENSIONS);
    let bias = random.numbers(2 * PANEL);
    let matrix: Matrix<HIDDEN> = Matrix::pack(&weights, &bias, |n| (n + 1) as f32);
    for count in [1, 2, 3, 4, 11, 12, 13, 25, 64] {
        let input = random.pieces(count * DIMENSIONS / PANEL);
        let rows: Vec<&[Piece]> = input.chunks(DIMENSIONS / PANEL).collect();
        let mut first: Option<Vec<Piece>> = None;
        let mut whole = vec![[[0; 2]; HIDDEN]; count];
        let to_whole = |(row, to): (&&[Piece], _)| Kernels::best().hidden_whole(row, to);
        let scales: Vec<f32> = rows.iter().zip(&mut whole).map(to_whole).collect();
        for kernels in Kernels::all() {
            let name = kernels.name;
            for (row, expected) in rows.iter().zip(&whole) {
                let mut found = [[0; 2]; HIDDEN];
                kernels.hidden_whole(row, &mut found);
                let numbers = found.as_flattened().iter().zip(expected.as_flattened());
                for (a, b) in numbers {
                    assert!(a.abs_diff(*b) <= 1, "{name}: {a} {b}");
                }
            }
            for then in [Then::Write, Then::Add] {
                let start = if then == Then::Add { 3. } else { f32::NAN };
                let mut out = vec![[start; PANEL]; count];
                let work = matrix.panel(1, (&whole, &scales), then);
                kernels.hidden_panel(&work, &mut out);
                for (row, out) in rows.iter().zip(&out) {
                    for (column, found) in (PANEL..2 * PANEL).zip(out) {
                        let weights = &weights[column * DIMENSIONS..][..DIMENSIONS];
                        let products = row.as_flattened().iter().zip(weights);
                        let sum: f64 = products.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                        let plus = if then == Then::Add { 3. } else { 0. };
                        let factor = (column + 1) as f64;
                        let expected = factor * (sum + f64::from(bias[column])) + plus;
                        near(*found, expected, 0.01 * factor, name);
                    }
                }
                if then == Then::Write {
                    let first = first.get_or_insert_with(|| out.clone());
                    for (a, b) in first.as_flattened().iter().zip(out.as_flattened()) {
                        assert!((a - b).abs() <= 1e-5 * a.abs().max(1.), "{name}: {a} {b}");
                    }
                }
            }
        }
    }
}

/// The worst that the lengths allow: all of a row, or all of a column, in one number, or spread evenly; of one sign.
#[test]
fn no_sum_overflows() {
    for spread in [1, 2, 7, 2 * WIDE] {
        let weights: Vec<f32> = (0..PANEL * 2 * WIDE)
            .map(|n| if n % (2 * WIDE) < spread { 1e6 } else { 0. })
            .collect();
        let matrix: Matrix<WIDE> = Matrix::pack(&weights, &[0.; PANEL], |_| 1.);
        let row: Vec<Piece> = weights[..2 * WIDE].as_chunks().0.to_vec();
        for kernels in Kernels::all() {
            let mut whole = vec![[[0; 2]; WIDE]];
            let scales = [kernels.wide_whole(&row, &mut whole[0])];
            let mut out = [[0.; PANEL]];
            kernels.wide_panel(&matrix.panel(0, (&whole, &scales), Then::Write), &mut out);
            for found in out[0] {
                let expected = spread as f64 * 1e12;
                near(found, expected, expected * 1e-3, kernels.name);
            }
        }
    }
}

#[test]
fn rows_of_nothing_are_zero() {
    for kernels in Kernels::all() {
        let mut to = [[7; 2]; HIDDEN];
        let scale = kernels.hidden_whole(&[[0.; PANEL]; DIMENSIONS / PANEL], &mut to);
        assert_eq!(to, [[0; 2]; HIDDEN]);
        assert!(scale.is_finite());
    }
}

#[test]
fn gelu_is_right_to_a_millionth() {
    // A weight of nothing, so that what comes out is GELU of the bias.
    for step in -400..400 {
        let bias: Vec<f32> = (0..PANEL)
            .map(|n| (step * 32 + n as i32) as f32 / 2000.)
            .collect();
        let matrix: Matrix<HIDDEN> = Matrix::pack(&[0.; PANEL * DIMENSIONS], &bias, |_| 1.);
        for kernels in Kernels::all() {
            let mut out = [[0.; PANEL]];
            let input = (&[[[0; 2]; HIDDEN]][..], &[1.][..]);
            kernels.hidden_panel(&matrix.panel(0, input, Then::Gelu), &mut out);
            for (x, found) in bias.iter().zip(out[0]) {
                near(found, gelu(f64::from(*x)), 1.2e-6, kernels.name);
            }
        }
    }
}

#[test]
fn attention_is_right_at_any_length() {
    let mut random = Random(2);
    for length in [1, 2, 7, 8, 9, 15, 16, 17, 100, 256] {
        let count = length.min(QUERIES);
        let mut queries = random.pieces(count);
        // Some scores so far apart that most shares vanish.
        queries[0].iter_mut().for_each(|x| *x *= 60.);
        let (keys, values) = (random.pieces(length), random.pieces(length));
        let product = |a: &Piece, b: &Piece| -> f64 {
            let numbers = a.iter().zip(b);
            numbers.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        for kernels in Kernels::all() {
            let mut out = vec![[f32::NAN; PANEL]; count];
            let head = Head {
                queries: &queries,
                keys: &keys,
                values: &values,
            };
            kernels.attend(&head, &mut out);
            for (query, out) in queries.iter().zip(&out) {
                let scores: Vec<f64> = keys.iter().map(|key| product(query, key)).collect();
                let most = scores.iter().fold(f64::MIN, |a, b| a.max(*b));
                let shares: Vec<f64> = scores.iter().map(|score| (score - most).exp2()).collect();
                let sum: f64 = shares.iter().sum();
                for (d, found) in out.iter().enumerate() {
                    let mixed = shares.iter().zip(&values);
                    let mixed: f64 = mixed.map(|(share, v)| share * f64::from(v[d])).sum();
                    near(*found, mixed / sum, 2e-5, kernels.name);
                }
            }
        }
    }
}

#[test]
fn layer_norm_is_right() {
    let mut random = Random(3);
    let norm = Norm {
        weight: random.pieces(12),
        bias: random.pieces(12),
        eps: 1e-12,
    };
    let row = random.pieces(12);
    let numbers: Vec<f64> = row.as_flattened().iter().map(|x| f64::from(*x)).collect();
    let mean = numbers.iter().sum::<f64>() / 384.;
    let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 384.;
    for kernels in Kernels::all() {
        let mut found = row.clone();
        kernels.normalise(&norm, &mut found);
        let weights = norm
            .weight
            .as_flattened()
            .iter()
            .zip(norm.bias.as_flattened());
        for ((x, (weight, bias)), found) in numbers.iter().zip(weights).zip(found.as_flattened()) {
            let expected = (x - mean) / variance.sqrt() * f64::from(*weight) + f64::from(*bias);
            near(*found, expected, 1e-5, kernels.name);
        }
    }
}
