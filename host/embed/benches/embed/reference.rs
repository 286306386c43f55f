//! The reference's process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use caxton_embed::DIMENSIONS;
use serde_json::Value;

/// `reference.py`, running.
pub struct Reference {
    pub version: String,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

/// What it says of some texts.
pub struct Answer {
    pub tokens: usize,
    pub plain: Duration,
    pub fused: Duration,
    pub vectors: Vec<[f32; DIMENSIONS]>,
}

impl Reference {
    /// Starts it; where it has no graphs yet it makes them first, which takes half a minute.
    pub fn start(model: &Path) -> Result<Self, String> {
        let python = std::env::var_os("CAXTON_REFERENCE_PYTHON").ok_or(
            "set CAXTON_REFERENCE_PYTHON to a Python with the packages that reference.py names",
        )?;
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let graphs = package.join("../../target/onnx");
        std::fs::create_dir_all(&graphs).map_err(|e| format!("{}: {e}", graphs.display()))?;
        let mut child = Command::new(&python)
            .arg(package.join("benches/embed/reference.py"))
            .args([model, &graphs])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("can't start {}: {e}", python.display()))?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("it has no pipes".to_owned());
        };
        let mut reference = Reference {
            version: String::new(),
            child,
            to,
            from: BufReader::new(from),
        };
        let hello = reference.read()?;
        reference.version = hello["version"].as_str().unwrap_or("?").to_owned();
        Ok(reference)
    }

    /// Has it embed texts of equally many tokens.
    pub fn ask(&mut self, texts: &[&str]) -> Answer {
        writeln!(self.to, "{}", serde_json::json!(texts)).unwrap();
        let answer = self.read().unwrap();
        let seconds = |n: usize| Duration::from_secs_f64(answer["seconds"][n].as_f64().unwrap());
        let vector = |numbers: &Value| {
            std::array::from_fn(|n| numbers[n].as_f64().unwrap_or_default() as f32)
        };
        Answer {
            tokens: answer["tokens"].as_u64().unwrap() as usize,
            plain: seconds(0),
            fused: seconds(1),
            vectors: answer["vectors"]
                .as_array()
                .unwrap()
                .iter()
                .map(vector)
                .collect(),
        }
    }

    fn read(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.from.read_line(&mut line).map_err(|e| e.to_string())?;
        serde_json::from_str(&line).map_err(|_| "it ended without an answer".to_owned())
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
