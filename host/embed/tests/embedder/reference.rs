//! The vectors are those of the reference: `reference.json` was computed in double precision from the same weights, one
//! text at a time, with the Python tokeniser of the model's authors; its numbers are in units of 0.0001. One of its texts is
//! the example of the model's own card, whose published vector it agrees with.

use caxton_embed::{DIMENSIONS, Embedder, Source, dot, halved};
use serde_json::Value;

use crate::{model_directory, shared};

struct Case {
    text: String,
    vector: Vec<f64>,
}

fn cases() -> Vec<Case> {
    let json: Vec<Value> = serde_json::from_str(include_str!("../reference.json")).unwrap();
    let number = |value: &Value| value.as_f64().unwrap() / 10_000.;
    json.iter()
        .map(|case| Case {
            text: case["text"].as_str().unwrap().to_owned(),
            vector: case["vector"]
                .as_array()
                .unwrap()
                .iter()
                .map(number)
                .collect(),
        })
        .collect()
}

fn check(case: &Case, vector: &[f32; DIMENSIONS]) {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let vector: Vec<f64> = vector.iter().map(|x| f64::from(*x)).collect();
    let length = product(&vector, &vector).sqrt();
    assert!(
        (length - 1.).abs() < 1e-5,
        "{:?} has the length {length}",
        case.text
    );
    let reference = product(&case.vector, &case.vector).sqrt();
    let cosine = product(&vector, &case.vector) / (length * reference);
    assert!(cosine > 0.999_99, "{:?} has the cosine {cosine}", case.text);
}

#[test]
fn texts_together_get_the_reference_vectors() {
    let cases = cases();
    let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
    let vectors = shared().embed(&texts).unwrap();
    assert_eq!(vectors.len(), cases.len());
    for (case, vector) in cases.iter().zip(&vectors) {
        check(case, vector);
    }
}

#[test]
fn texts_one_by_one_get_the_reference_vectors() {
    for case in cases() {
        let vectors = shared().embed(&[&case.text]).unwrap();
        check(&case, &vectors[0]);
    }
}

/// The thousand texts of `thousand.py`, in two dozen scripts and of all lengths, with their vectors.
fn thousand() -> Vec<(String, [f32; DIMENSIONS])> {
    let texts: Vec<String> = serde_json::from_str(include_str!("../thousand.json")).unwrap();
    let numbers = include_bytes!("../thousand.i16").as_chunks::<2>().0;
    let vectors = numbers.as_chunks::<DIMENSIONS>().0;
    assert_eq!((texts.len(), vectors.len()), (1000, 1000));
    let vector = |numbers: &[[u8; 2]; DIMENSIONS]| {
        numbers.map(|bytes| f32::from(i16::from_le_bytes(bytes)) / 32_767.)
    };
    texts.into_iter().zip(vectors.iter().map(vector)).collect()
}

fn check_thousand(embedder: &Embedder) {
    let cases = thousand();
    let texts: Vec<&str> = cases.iter().map(|(text, _)| text.as_str()).collect();
    let mut least = 1f32;
    for ((text, expected), found) in cases.iter().zip(embedder.embed(&texts).unwrap()) {
        let cosine = dot(expected, &found) / dot(expected, expected).sqrt();
        assert!(cosine >= 0.999_99, "{text:?} has the cosine {cosine}");
        least = least.min(cosine);
    }
    println!("the least of 1,000 cosines: {least:.7}");
}

#[test]
fn a_thousand_texts_get_the_reference_vectors() {
    check_thousand(&shared());
}

#[test]
fn weights_in_half_precision_give_the_same_vectors() {
    let read = |name: &str| std::fs::read(model_directory().join(name)).unwrap();
    let whole = read("model.safetensors");
    let half = halved(&whole).unwrap();
    assert!(half.len() < whole.len() / 2 + 100_000, "{}", half.len());
    check_thousand(&Embedder::open(Source::Bytes {
        config: read("config.json").leak(),
        tokenizer: read("tokenizer.json").leak(),
        weights: half.leak(),
    }));
}

#[test]
fn company_changes_nothing() {
    let cases = thousand();
    let texts: Vec<&str> = cases[..40].iter().map(|(text, _)| text.as_str()).collect();
    let together = Embedder::open(Source::Directory(model_directory()));
    let alone = Embedder::open(Source::Directory(model_directory()));
    for (text, vector) in texts.iter().zip(together.embed(&texts).unwrap()) {
        assert_eq!(alone.embed(&[text]).unwrap()[0], vector, "{text:?}");
    }
}

#[test]
fn what_means_the_same_is_nearer() {
    let ranked = |text: &str, others: &[&str]| {
        let scores = shared().similarities(text, others).unwrap();
        assert_eq!(scores.len(), others.len());
        (0..others.len())
            .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
            .unwrap()
    };
    let tools = [
        "draws a bar chart",
        "reads a CSV file and describes its columns",
        "tells the time",
    ];
    assert_eq!(ranked("which columns are in this spreadsheet?", &tools), 1);
    assert_eq!(ranked("plot revenue by month", &tools), 0);
    assert_eq!(ranked("how late is it now?", &tools), 2);
    let scores = shared().similarities("same", &["same"]).unwrap();
    assert!((scores[0] - 1.).abs() < 1e-5);
}
