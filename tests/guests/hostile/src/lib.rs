//! One tool for each way in which a component can misbehave. None of them may harm the host, another component, or
//! anyone outside.

use std::hint::black_box;
use std::io::Write as _;

use caxton_sdk::{
    Answer, Arguments, Tool, ToolError, ToolResult, Tools, http, json, log, progress, state,
};
use serde::Deserialize;

struct Hostile;

/// The tools, and what each does.
const TOOLS: [(&str, &str); 18] = [
    ("loop", "Computes without end."),
    ("allocate", "Takes memory without end."),
    ("recurse", "Calls itself without end."),
    ("flood", "Gives back 256 MB."),
    ("sleep", "Waits for an hour in the host."),
    ("panic", "Panics."),
    ("trap", "Executes an instruction that traps."),
    ("exit", "Ends the process that it thinks it is."),
    ("print", "Prints 1 GB on standard output."),
    ("log", "Logs 1 GB."),
    ("chatter", "Logs without end, a megabyte at a time."),
    ("progress", "Reports progress a million times."),
    ("socket", "Connects to an address."),
    ("read", "Reads a file."),
    ("fetch", "Asks for a URL through caxton:plugin/http."),
    ("handles", "Opens handles without end."),
    (
        "environment",
        "Looks at environment, arguments and the root directory.",
    ),
    ("store", "Writes to its state."),
];

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    target: String,
}

impl Tools for Hostile {
    fn list() -> Result<Vec<Tool>, String> {
        let schema = json!({ "type": "object", "properties": { "target": { "type": "string" } } });
        Ok(TOOLS
            .iter()
            .map(|(name, does)| Tool::new(*name, *does).input(schema.clone()))
            .collect())
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        let Target { target } = arguments.parse()?;
        let text = match name {
            "loop" => {
                let mut n = 0_u64;
                loop {
                    n = black_box(n).wrapping_add(1);
                }
            }
            "allocate" => {
                let mut all: Vec<Vec<u8>> = Vec::new();
                loop {
                    all.push(black_box(vec![1; 1 << 20]));
                }
            }
            "recurse" => recurse(black_box(0)).to_string(),
            "flood" => "x".repeat(256 << 20),
            "sleep" => {
                std::thread::sleep(std::time::Duration::from_secs(3600));
                "slept".to_owned()
            }
            "panic" => panic!("this component panics on purpose"),
            "trap" => {
                #[cfg(target_arch = "wasm32")]
                core::arch::wasm32::unreachable();
                #[cfg(not(target_arch = "wasm32"))]
                unreachable!()
            }
            "exit" => std::process::exit(7),
            "print" => {
                let line = "y".repeat(1 << 16);
                for _ in 0..(1 << 14) {
                    let _ = writeln!(std::io::stdout(), "{line}");
                }
                "printed".to_owned()
            }
            "log" => {
                let line = "z".repeat(1 << 16);
                for _ in 0..(1 << 14) {
                    log::info(&line);
                }
                "logged".to_owned()
            }
            "chatter" => {
                let line = "z".repeat(1 << 20);
                loop {
                    log::info(&line);
                }
            }
            "progress" => {
                for i in 0..1_000_000 {
                    progress::report(f64::from(i), None, Some("still going"));
                }
                "reported".to_owned()
            }
            "socket" => match std::net::TcpStream::connect(&target) {
                Ok(_) => format!("connected to {target}"),
                Err(error) => return refused(&error.to_string()),
            },
            "read" => match std::fs::read_to_string(&target) {
                Ok(text) => text,
                Err(error) => return refused(&error.to_string()),
            },
            "fetch" => match http::Request::get(&target).send() {
                Ok(response) => format!("status {}", response.status()),
                Err(error) => return refused(&error.to_string()),
            },
            "handles" => {
                let mut files = Vec::new();
                loop {
                    match std::fs::File::open(&target) {
                        Ok(file) => files.push(file),
                        Err(error) => return refused(&format!("{error} after {}", files.len())),
                    }
                }
            }
            "environment" => {
                let environment: Vec<_> = std::env::vars().collect();
                let arguments: Vec<_> = std::env::args().collect();
                let root: Vec<_> = std::fs::read_dir("/")
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|e| e.path())
                    .collect();
                format!("{environment:?} {arguments:?} {root:?}")
            }
            "store" => match state::set("key", target.as_bytes()) {
                Ok(()) => "stored".to_owned(),
                Err(error) => return refused(&error.to_string()),
            },
            other => return Err(ToolError::not_found(other)),
        };
        ToolResult::text(text).into()
    }
}

fn refused(reason: &str) -> Answer {
    ToolResult::error(reason).into()
}

#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    black_box(recurse(black_box(depth + 1))) + 1
}

caxton_sdk::export_tools!(Hostile);
