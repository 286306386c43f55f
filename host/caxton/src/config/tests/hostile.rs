//! Files that nobody wrote in good faith: too large, too deep, not text, not files. Nothing panics, and everything has a name.

use std::fs;

use super::support::{KNOWN, places, workspace, write};
use crate::config::{AgentContext, check, check_agent};

fn agent_faults(bytes: &[u8]) -> Vec<String> {
    let dir = workspace(&[("caxton.toml", "name = \"w\"")]);
    write(dir.path(), "agents/a.toml", bytes);
    places(&check(dir.path(), &KNOWN).unwrap_err())
}

#[test]
fn odd_bytes_are_refused() {
    assert_eq!(
        agent_faults(b"name = \"a\"\n# caf\xe9\n"),
        ["agents/a.toml:2:6 not-utf8"]
    );
    assert_eq!(
        agent_faults(&vec![b' '; (1 << 20) + 1]),
        ["agents/a.toml:1:1 file-too-large"]
    );
    assert_eq!(
        agent_faults(format!("x = {}", "[".repeat(500_000)).as_bytes()),
        ["agents/a.toml:1:21 nested-too-deep"]
    );
    assert!(
        agent_faults(&vec![0; 1000])
            .iter()
            .all(|place| place.ends_with("syntax"))
    );
    let many = agent_faults("=\n".repeat(10_000).as_bytes());
    assert_eq!(many.len(), 201);
    assert!(many.last().unwrap().ends_with("too-many-faults"));
}

#[cfg(unix)]
#[test]
fn what_is_not_a_file_is_refused() {
    use std::os::unix::fs::symlink;
    let dir = workspace(&[("caxton.toml", "name = \"w\"")]);
    let agents = dir.path().join("agents");
    fs::create_dir_all(agents.join("directory.toml")).unwrap();
    symlink("loop.toml", agents.join("loop.toml")).unwrap();
    symlink("/dev/zero", agents.join("zero.toml")).unwrap();
    let faults = check(dir.path(), &KNOWN).unwrap_err();
    let expected = [
        "directory.toml:1:1 not-a-file",
        "loop.toml:1:1 unreadable-file",
        "zero.toml:1:1 not-a-file",
    ];
    assert_eq!(
        places(&faults),
        expected.map(|place| format!("agents/{place}"))
    );
    // Neither may be a directory what should hold files.
    let dir = workspace(&[
        ("caxton.toml", "name = \"w\""),
        ("agents", ""),
        ("components", ""),
    ]);
    let faults = check(dir.path(), &KNOWN).unwrap_err();
    assert_eq!(
        places(&faults),
        [
            "components:1:1 unreadable-directory",
            "agents:1:1 unreadable-directory"
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_workspace_is_no_grant() {
    let dir = workspace(&[(
        "caxton.toml",
        "name = \"w\"\n[components.files.grants]\nfiles = [\"link\"]",
    )]);
    std::os::unix::fs::symlink("/", dir.path().join("link")).unwrap();
    assert_eq!(
        places(&check(dir.path(), &KNOWN).unwrap_err()),
        ["caxton.toml:3:10 outside-workspace"]
    );
}

#[test]
fn control_characters_are_shown_escaped() {
    let text =
        "name = \"a\"\ndescription = \"d\"\n\"\\u001b[2J\\u202e\" = 1\ntools = [\"\\u001b[2J\"]";
    for fault in check_agent(text, "agents/a.toml", &AgentContext::none()).unwrap_err() {
        assert!(
            !fault.to_string().contains(['\u{1b}', '\u{202e}']),
            "{fault:?}"
        );
    }
}

/// A generator of numbers that are the same on every run (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

#[test]
fn mutations_of_valid_files_never_panic() {
    const WORKSPACE: &str = "name = \"w\"\n[model]\nfallback = [\"openai/x\"]\n[limits]\ntime = \"1m\"\n[limits.turn]\ntokens = 9\ncost_usd = 0.5\n\
        [budget]\ncost_usd_per_day = 1e1\n[components.openai.rate]\nconcurrent = 2\n[components.openai.prices.\"gpt-5*\"]\ninput = 0.25\noutput = 2\n\
        [components.csv]\nconfig = { a = [1, 2.5], b.c = 'd' }\nlimits = { memory = \"64 MiB\" }\n[components.csv.grants]\n\
        http = [\"https://a.example:1\", { url = \"http://[::1]\", private = true }]\nfiles = [\"data\"]\n\
        [[components.csv.secrets]]\nhost = \"https://a.example\"\nheader = \"x\"\nvalue = \"${OPENAI_API_KEY}\"\n";
    const AGENT: &str = "name = \"a\"\nversion = \"1.0.0\"\ndescription = \"Größe {{x}}\"\ncapabilities = [\"x\", { name = \"y\", version = \"1.2\" }]\n\
        tools = [\"csv__*\"]\nsystem_prompt = \"\"\"\n{{agent}} \\u007b{ {{{{\n\"\"\"\n[memory]\nscope = \"agent\"\n[limits]\ntime = \"1s\"\n\
        [context]\nwindow = 3\noverflow = \"drop\"\n[breaker]\npause = \"1s\"\n[parameters]\ntone = { required = true }\n";
    const PIECES: &[&str] = &[
        "\"", "'''", "\"\"\"", "[", "]", "{", "}", "{{", "}}", "=", ".", ",", "\n", "\\", "#", "é",
        "\u{0}", "9", "-", "${", "$", "[[a]]\n", "\r", "_", "1e999", "0x", "nan",
    ];
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let dir = workspace(&[("data/x", "")]);
    for round in 0..1_000 {
        let mut files = [WORKSPACE.as_bytes().to_vec(), AGENT.as_bytes().to_vec()];
        for bytes in &mut files {
            for _ in 0..=numbers.below(6) {
                let at = numbers.below(bytes.len());
                match numbers.below(5) {
                    0 => bytes[at] = u8::try_from(numbers.below(256)).unwrap(),
                    1 => drop(bytes.drain(at..(at + numbers.below(20)).min(bytes.len()))),
                    2 => bytes.truncate(at.max(1)),
                    3 => drop(bytes.splice(at..at, PIECES[numbers.below(PIECES.len())].bytes())),
                    _ => {
                        let copy = bytes[at..(at + numbers.below(30)).min(bytes.len())].to_vec();
                        let to = numbers.below(bytes.len());
                        drop(bytes.splice(to..to, copy));
                    }
                }
                if bytes.is_empty() {
                    bytes.push(b'\n');
                }
            }
        }
        write(dir.path(), "caxton.toml", &files[0]);
        write(dir.path(), "agents/a.toml", &files[1]);
        if let Err(faults) = check(dir.path(), &KNOWN) {
            assert!(
                !faults.is_empty(),
                "round {round}: refused without a reason"
            );
            for fault in faults {
                assert!(
                    fault.line > 0
                        && fault.column > 0
                        && !fault.reason.is_empty()
                        && !fault.remedy.is_empty(),
                    "{fault:?}"
                );
                assert!(!fault.reason.contains("sk-s3cret"), "{fault:?}");
            }
        }
    }
}
