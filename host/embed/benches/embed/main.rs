//! Embeddings beside ONNX Runtime on the same weights, with two threads each, in turns; `cargo bench -p caxton-embed`. Ours
//! counts everything that a caller waits for: tokeniser, queue and thread. The reference counts its network and the mean.
//!
//! `CAXTON_REFERENCE_PYTHON` names a Python that has what `reference.py` says; without it only ours is measured.

mod reference;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use caxton_embed::{DIMENSIONS, Embedder, Settings, Source, State, dot, dot_many};

use reference::Reference;

/// Words that are one token each.
const WORDS: &str = "the server sends every message to a tool that knows when bills were paid and which lines in this \
    sheet look wrong because income fell last year although nobody changed price city river music paper light stone";

fn main() {
    let directory = model();
    let source = || Source::Directory(directory.clone());
    let before = memory();
    let started = Instant::now();
    let settings = Settings {
        cache_bytes_max: 0,
        threads_max: 2,
        ..Settings::default()
    };
    let ours = Embedder::open_with(source(), settings);
    ours.embed(&["first"]).unwrap();
    assert_eq!(ours.state(), State::Ready);
    let load = started.elapsed();
    println!("embeddings: {}", ours.engine().unwrap_or("?"));
    println!("  first vector after {}", ms(load));
    println!("  {}", memory_since(before));
    let mut reference = Reference::start(&directory);
    match &reference {
        Ok(reference) => println!("  reference: ONNX Runtime {}", reference.version),
        Err(reason) => println!("  no reference: {reason}"),
    }
    for (texts, tokens, rounds) in [(1, 10, 120), (1, 64, 60), (32, 64, 6), (1, 256, 12)] {
        compare(&ours, reference.as_mut().ok(), texts, tokens, rounds);
    }
    flood(&ours);
    dots(&ours);
    println!("  in the end: {}", memory_since(before));
}

/// The model's directory.
fn model() -> PathBuf {
    std::env::var_os("CAXTON_MODEL_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/model"),
        PathBuf::from,
    )
}

/// Texts of so many tokens, the model's two marks included, that differ from `round` to `round`.
fn texts(count: usize, tokens: usize, round: usize) -> Vec<String> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let word =
        |text: usize, n: usize| words[(round * 131 + text * 17 + n * n * 7 + n) % words.len()];
    (0..count)
        .map(|text| {
            (2..tokens)
                .map(|n| word(text, n))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

fn compare(
    ours: &Embedder,
    mut reference: Option<&mut Reference>,
    count: usize,
    tokens: usize,
    rounds: usize,
) {
    let (mut mine, mut plain, mut fused) = (Vec::new(), Vec::new(), Vec::new());
    let mut least = 1f32;
    for round in 0..rounds + 2 {
        let texts = texts(count, tokens, round);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let started = Instant::now();
        let vectors = ours.embed(&texts).unwrap();
        let time = started.elapsed();
        let answer = reference.as_mut().map(|reference| reference.ask(&texts));
        if let Some(answer) = &answer {
            assert_eq!(answer.tokens, tokens, "{texts:?}");
            for (vector, other) in vectors.iter().zip(&answer.vectors) {
                least = least.min(dot(vector, other));
            }
        }
        // The first two warm both.
        if round >= 2 {
            mine.push(time);
            plain.extend(answer.as_ref().map(|answer| answer.plain));
            fused.extend(answer.as_ref().map(|answer| answer.fused));
        }
    }
    let (p50, p95) = (quantile(&mut mine, 0.5), quantile(&mut mine, 0.95));
    let what = format!("{count} × {tokens} tokens");
    let rate = count as f64 / p50.as_secs_f64();
    println!(
        "  {what:<18} p50 {}  p95 {}  {rate:.0} texts/s",
        ms(p50),
        ms(p95)
    );
    if plain.is_empty() {
        return;
    }
    for (name, times) in [("plain", &mut plain), ("fused", &mut fused)] {
        let (median, late) = (quantile(times, 0.5), quantile(times, 0.95));
        let ratio = p50.as_secs_f64() / median.as_secs_f64();
        println!(
            "    reference, {name}    p50 {}  p95 {}  {:.0} texts/s   ratio of times {ratio:.2} (≤ 1.0, aim 0.5)",
            ms(median),
            ms(late),
            count as f64 / median.as_secs_f64(),
        );
    }
    println!("    least cosine to the reference {least:.7}");
}

/// A question while others have the embedder busy with long lists of long texts.
fn flood(ours: &Embedder) {
    let question = |round: usize| {
        let texts = texts(1, 10, 1000 + round);
        let started = Instant::now();
        ours.embed(&[&texts[0]]).unwrap();
        started.elapsed()
    };
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        let busy: Vec<_> = (0..3)
            .map(|n| scope.spawn(move || ours.embed(&as_strs(&texts(100, 200, n))).map(drop)))
            .collect();
        while !busy.iter().all(|thread| thread.is_finished()) {
            times.push(question(times.len()));
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let (p50, most) = (quantile(&mut times, 0.5), quantile(&mut times, 1.));
    println!(
        "  10 tokens while 300 × 200 wait: p50 {}, longest {} ({} asked)",
        ms(p50),
        ms(most),
        times.len()
    );
}

fn as_strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// Dot products of one vector with many that are in the cache.
fn dots(ours: &Embedder) {
    let vector = ours.embed(&["many"]).unwrap().remove(0);
    let rows: Vec<[f32; DIMENSIONS]> = vec![*vector; 300];
    let started = Instant::now();
    let rounds = 1000;
    for _ in 0..rounds {
        std::hint::black_box(dot_many(std::hint::black_box(&vector), &rows));
    }
    let time = started.elapsed() / rounds;
    println!("  300 dot products    {:.1} µs", time.as_secs_f64() * 1e6);
}

fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * part) as usize]
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Kilobytes of this process in memory that are its own, and that are files'.
fn memory() -> [i64; 2] {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ["RssAnon:", "RssFile:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    })
}

fn memory_since(before: [i64; 2]) -> String {
    let [own, files] = memory();
    format!(
        "resident since the start: {:.1} MB of its own, {:.1} MB of files (shared, given back when memory is short)",
        (own - before[0]) as f64 / 1e3,
        (files - before[1]) as f64 / 1e3
    )
}
