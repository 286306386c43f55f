//! What a loaded component holds in memory while nobody calls it.

use caxton_sandbox::{Call, Sandbox, Settings};

use crate::calls::load;
use crate::measure::{guest, resident_bytes};

/// Loads 1,000 different components, calls each once, and looks at what stays resident.
pub fn run() {
    const COMPONENTS: u64 = 1000;
    let cache = tempfile::tempdir().expect("a directory");
    let settings = Settings {
        cache: Some(cache.path().to_owned()),
        ..Settings::default()
    };
    let wasm = guest("echo");
    // Compiling leaves the allocator with memory of its own: it is done by a sandbox of its own, before the count.
    let distinct: Vec<Vec<u8>> = (0..COMPONENTS).map(|i| with_section(&wasm, i)).collect();
    let sandbox = Sandbox::new(settings.clone()).expect("a sandbox");
    for (i, wasm) in distinct.iter().enumerate() {
        load(&sandbox, &format!("echo-{i}"), wasm);
    }
    drop(sandbox);
    let sandbox = Sandbox::new(settings).expect("a sandbox");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let before = resident_bytes(std::process::id());
    let components: Vec<_> = distinct
        .iter()
        .enumerate()
        .map(|(i, wasm)| {
            let component = load(&sandbox, &format!("echo-{i}"), wasm);
            runtime
                .block_on(component.call_tool(Call::default(), "echo", "{}"))
                .expect("it works");
            component
        })
        .collect();
    let after = resident_bytes(std::process::id());
    let each = after.saturating_sub(before) / components.len() as u64;
    println!(
        "  1,000 loaded, idle components      {:>11} KiB each   ratio to 1 MB {:>6.2}   (under 1.00)",
        each / 1024,
        each as f64 / 1e6
    );
}

/// The component with a custom section of its own, so that its digest and its code are its own.
fn with_section(wasm: &[u8], number: u64) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    let payload = number.to_le_bytes();
    // Section 0, its length, then the length of its name, its name and what it holds.
    wasm.extend([0, 10, 1, b'n']);
    wasm.extend(payload);
    wasm
}
