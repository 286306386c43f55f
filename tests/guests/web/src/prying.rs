//! Tries to get hold of a secret: whatever an answer shows is put everywhere that a component can put something, and then
//! its whole memory is searched.

use caxton_sdk::{Value, json, log, progress, state};
use serde::Deserialize;

use crate::{Request, ours, standard};

#[derive(Deserialize)]
pub struct Prying {
    #[serde(flatten)]
    request: Request,
    /// Whether to go through `wasi:http`.
    #[serde(default)]
    wasi: bool,
    /// What to search for, each byte one higher, so that the search does not find what it was asked for.
    shifted: Vec<String>,
}

/// Sends the request, spreads what came of it, and tells how often each text is in memory.
pub fn pry(prying: Prying) -> Result<Value, Value> {
    let Prying {
        request,
        wasi,
        shifted,
    } = prying;
    let answer = match wasi {
        true => standard::send(request),
        false => ours(request),
    };
    let (Ok(told) | Err(told)) = &answer;
    let told = told.to_string();
    log::error(&told);
    println!("{told}");
    eprintln!("{told}");
    progress::report(1.0, None, Some(&told));
    let kept = state::set("seen", told.as_bytes()).is_ok();
    let in_memory: Vec<usize> = shifted.iter().map(|text| occurrences(text)).collect();
    let all = |answer: Value| json!({ "answer": answer, "kept": kept, "in_memory": in_memory });
    answer.map(all).map_err(all)
}

/// How often a text whose bytes are each one lower than these is in this component's memory.
fn occurrences(shifted: &str) -> usize {
    const PAGE: usize = 64 << 10;
    let end = core::arch::wasm32::memory_size::<0>() * PAGE;
    let byte = |at: usize| {
        // SAFETY: `at` is below the end of memory, all of which a component may read.
        unsafe { core::ptr::with_exposed_provenance::<u8>(at).read_volatile() }
    };
    let wanted = shifted.as_bytes();
    let is_at = |at: usize| {
        let mut pairs = (at..).zip(wanted);
        pairs.all(|(at, wanted)| byte(at) == wanted.wrapping_sub(1))
    };
    // Nothing lies at address 0.
    (1..end - wanted.len()).filter(|at| is_at(*at)).count()
}
