//! Running the command line.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; -1 where a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs `caxton` with `args` in `dir`, with `input` on standard input, and without this machine's settings.
pub fn caxton(dir: &Path, args: &[&str], input: &str) -> Ran {
    caxton_with(dir, args, input, &[])
}

/// The same with these variables in the environment.
pub fn caxton_with(dir: &Path, args: &[&str], input: &str, environment: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(crate::program());
    for variable in [
        "CAXTON_SERVER",
        "CAXTON_LOG",
        "CAXTON_MODEL",
        "CAXTON_SECRETS_KEY",
        "CAXTON_SECRETS_KEY_FILE",
        "XDG_CONFIG_HOME",
        "NO_COLOR",
    ] {
        command.env_remove(variable);
    }
    command
        .current_dir(dir)
        .args(args)
        .env("COLUMNS", "100")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program can be started");
    let mut stdin = child.stdin.take().expect("it was piped");
    // A command that does not read its input may have ended.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

impl Ran {
    /// Standard output, where the command succeeded.
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self.out
    }

    /// Standard output as JSON, where the command succeeded.
    pub fn json(self) -> serde_json::Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// Standard error, where the command failed with `code`.
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self.err
    }
}
