//! What memory costs: `cargo bench -p caxton-memory [-- NAME]`; with `--features peers` beside other engines in the same run.
//! `CAXTON_BENCH_DIR` keeps the databases, so that a second run need not fill them.

mod data;
mod measure;
#[cfg(feature = "peers")]
mod peers;
mod search;
mod walk;

fn main() {
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .unwrap_or_default();
    let benches: &[(&str, fn())] = &[
        ("thousands", || search::run(100_000, 5)),
        #[cfg(feature = "peers")]
        ("peers", || peers::run(100_000)),
        ("walk", walk::run),
        ("million", || search::run(1_000_000, 20)),
    ];
    println!(
        "caxton-memory {}, {} cores",
        env!("CARGO_PKG_VERSION"),
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    for (name, bench) in benches {
        if name.contains(&filter) {
            println!("\n{name}");
            bench();
        }
    }
}
