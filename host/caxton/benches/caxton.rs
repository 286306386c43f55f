//! What Caxton costs, each beside a reference of the same run: `cargo xtask bench [NAME]`.

mod agents;
mod bare;
mod calls;
mod conversations;
mod desk;
mod http;
mod idle;
mod measure;
mod messages;
mod model;
mod providers;
mod remember;
mod routing;
mod socket;
mod start;
mod upstream;

fn main() {
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .unwrap_or_default();
    let benches: [(&str, fn()); 11] = [
        ("fresh", calls::fresh),
        ("throughput", calls::throughput),
        ("http", http::run),
        ("idle", idle::run),
        ("start", start::run),
        ("providers", providers::run),
        ("messages", messages::run),
        ("agents", agents::run),
        ("conversations", conversations::run),
        ("routing", routing::run),
        ("remember", remember::run),
    ];
    println!(
        "caxton {}, {} cores",
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
