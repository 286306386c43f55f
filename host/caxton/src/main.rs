//! The `caxton` binary: everything is in the library, so that tests and benchmarks can use it.

use std::process::ExitCode;

/// A call makes and frees many small things on whichever thread comes next, which this allocator does best.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    caxton::cli::main()
}
