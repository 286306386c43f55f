//! Secrets are sent by the host and seen by nobody else: a workspace whose upstream repeats every header that it gets, and
//! whose component tries to get hold of them. Then they are looked for in everything that the server has said, logged and
//! written.

mod echo;

use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use caxton_tests::{Server, Upstream, answered, caxton_with, reply, write};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::echo::{KEY, TOKEN, answer, echo, prying, spellings};
use super::mcp::request;

/// A workspace whose model and whose tool `web` ask `upstream`; `web` may go to `other` too.
pub(super) fn files(upstream: &str, other: &str) -> String {
    let secret = |component: &str, header: &str, value: &str| {
        format!(
            "[[components.{component}.secrets]]\nhost = \"{upstream}\"\nheader = \"{header}\"\nvalue = \"{value}\"\n"
        )
    };
    [
        format!(
            "name = \"desk\"\n[model]\ndefault = \"openai/echo\"\n\
             [components.openai]\nsource = \"builtin:openai\"\nconfig = {{ base_url = \"{upstream}/v1\" }}\n\
             [components.web.grants]\nhttp = [\"{other}\"]\nstate = true\n\
             [components.web.limits]\nfuel = 100_000_000_000\ntime = \"60s\"\n"
        ),
        secret("openai", "authorization", "Bearer ${TOKEN}"),
        secret("web", "authorization", "Bearer ${TOKEN}"),
        secret("web", "x-api-key", "${KEY}"),
    ]
    .concat()
}

const READER: &str = "name = \"reader\"\nversion = \"1.0.0\"\ndescription = \"Reads pages.\"\ncapabilities = [\"reading\"]\n\
    tools = [\"web__*\"]\nsystem_prompt = \"You read pages.\"\n";

/// What must not be found: the secrets in every spelling, and in base64 wherever they stand in it.
fn needles() -> Vec<String> {
    let mut needles = Vec::new();
    for text in [TOKEN, KEY] {
        needles.extend(spellings(text));
        // What is JSON in JSON was JSON once.
        let json = |text: &str| spellings(text).swap_remove(1);
        needles.extend([json(&json(text)), json(&json(&json(text)))]);
        for before in ["x", "xx"] {
            let digits = STANDARD_NO_PAD.encode(before.to_owned() + text);
            // Without the digits that the neighbours share.
            needles.push(digits[3..digits.len() - 1].to_owned());
        }
    }
    needles
}

/// Everything that was seen, with where.
#[derive(Default)]
struct Seen(Vec<(String, String)>);

impl Seen {
    fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into()));
    }

    /// Every file below `dir`.
    fn files(&mut self, dir: &Path) {
        for entry in dir.read_dir().expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.files(&path);
            } else {
                let bytes = std::fs::read(&path).expect("it can be read");
                self.add(path.display().to_string(), String::from_utf8_lossy(&bytes));
            }
        }
    }

    fn assert_silent(&self) {
        for (place, text) in &self.0 {
            for needle in needles() {
                let at = text.find(&needle);
                let around = at.map(|at| text[..at].chars().rev().take(80).collect::<String>());
                let around = around.map(|before| before.chars().rev().collect::<String>());
                assert!(around.is_none(), "{place} shows {needle} after {around:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_secret_reaches_its_origin_and_is_seen_nowhere_else() {
    let other = Upstream::start(|request| reply("200 OK", &[], &echo(request)));
    let elsewhere = other.url.clone();
    let upstream = Upstream::start(move |request| answer(request, &elsewhere));
    let (dir, home) = (TempDir::new(), TempDir::new());
    let (dir, home) = (dir.expect("a directory"), home.expect("a directory"));
    write(
        dir.path(),
        &[
            ("caxton.toml", files(&upstream.url, &other.url).as_str()),
            ("agents/reader.toml", READER),
            ("components/web.wasm", ""),
        ],
    );
    // One secret from the file, one from the environment.
    let home = home.path().to_str().expect("UTF-8");
    let environment = [("HOME", home), ("KEY", KEY), ("CAXTON_LOG", "trace")];
    let mut seen = Seen::default();
    let run = |args: &[&str], input: &str, dir: &Path| {
        let ran = caxton_with(dir, args, input, &environment);
        (
            args.join(" "),
            format!("{}\n{}", ran.out, ran.err),
            ran.code,
        )
    };
    let (_, told, code) = run(&["secret", "set", "TOKEN"], TOKEN, dir.path());
    assert_eq!(code, 0, "{told}");
    seen.add("secret set", told);

    let server = Server::start_with(dir, &[], &environment);
    let events = Arc::new(Mutex::new(String::new()));
    let following = follow(&server, events.clone()).await;

    // The component, both ways to every answer.
    for path in ["/echo", "/denied", "/away", "/broken", "/gone"] {
        for wasi in [false, true] {
            let url = format!("{}{path}", upstream.url);
            let answer = server.call("web__pry", prying(&url, wasi)).await;
            let told = answer.ok()["content"][0]["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let told: Value = serde_json::from_str(&told).expect("it tells JSON");
            assert_eq!(told["kept"], true, "{path}: {told}");
            let found = &told["in_memory"];
            assert_eq!(
                (&found[0], &found[1]),
                (&json!(0), &json!(0)),
                "{path}: {told}"
            );
            if path == "/echo" {
                assert!(
                    found[2].as_u64() > Some(0),
                    "the search finds what is there: {told}"
                );
                assert!(
                    told.to_string().contains("Authorization: ***")
                        || told.to_string().contains("authorization: ***"),
                    "{told}"
                );
            }
            seen.add(format!("web__pry {path}"), answer.text);
        }
    }
    // The model, with the component as its tool; at once, as a stream, and refused.
    let message = json!({ "to": "reader", "content": "What do you see?" });
    let said = server.post("~/messages", &message).await;
    let spoken = said.ok();
    assert!(
        said.text.contains("web__pry") && said.text.contains("you sent"),
        "{}",
        said.text
    );
    seen.add("message", said.text);
    let stream = server
        .request("POST", "~/messages")
        .header("accept", "text/event-stream");
    let stream = answered(stream.json(&message)).await;
    assert!(stream.text.contains("event: done"), "{}", stream.text);
    seen.add("stream", stream.text);
    let refused = json!({ "to": "reader", "content": "refuse" });
    let refused = server.post("~/messages", &refused).await;
    assert!(
        refused.status >= 400 && refused.text.contains("***"),
        "{}",
        refused.text
    );
    seen.add("refusal", refused.text);

    // The same by the protocols of others.
    let asked =
        json!({ "name": "web__pry", "arguments": prying(&format!("{}/echo", upstream.url), true) });
    let told = answered(request(&server, "tools/call", asked)).await;
    assert!(told.text.contains("you sent"), "{}", told.text);
    seen.add("MCP", told.text);
    let chat = json!({ "model": "reader", "messages": [{ "role": "user", "content": "What do you see?" }] });
    let told = server.post("/v1/chat/completions", &chat).await;
    assert!(told.text.contains("you sent"), "{}", told.text);
    seen.add("chat", told.text);
    let told = server
        .post(
            "/v1/responses",
            &json!({ "model": "reader", "input": "What do you see?" }),
        )
        .await;
    assert!(told.text.contains("you sent"), "{}", told.text);
    let response = told.ok()["id"].as_str().unwrap_or_default().to_owned();
    seen.add("response", told.text);

    // Everything that can be asked for.
    let openapi = server.get("/openapi.json").await.ok();
    for (path, operations) in openapi["paths"].as_object().expect("paths") {
        if operations["get"].is_object() && !path.ends_with("{workspace}/events") {
            let mut path = path.clone();
            for (name, value) in [
                ("{workspace}", "default"),
                ("{agent}", "reader"),
                ("{component}", "web"),
                ("{entity}", "1"),
                ("{model}", "reader"),
                ("{response}", &response),
                ("{tool}", "web__pry"),
                (
                    "{conversation}",
                    spoken["conversation"].as_str().unwrap_or_default(),
                ),
                ("{turn}", spoken["id"].as_str().unwrap_or_default()),
            ] {
                path = path.replace(name, value);
            }
            assert!(!path.contains('{'), "the test does not know {path}");
            seen.add(path.clone(), server.get(&path).await.text);
        }
    }
    let argument = prying(&format!("{}/echo", upstream.url), true).to_string();
    let guest = server
        .dir()
        .join("components/web.wasm")
        .display()
        .to_string();
    for args in [
        &["component", "list", "--json"][..],
        &["component", "list"],
        &["component", "inspect", &guest],
        &["validate"],
        &["validate", "--json"],
        &["secret", "list"],
        &["secret", "list", "--json"],
        &["agent", "show", "reader", "--json"],
        &["tool", "show", "web__pry"],
        &["tool", "call", "web__pry", "--json", &argument],
        &["send", "--to", "reader", "What do you see?"],
    ] {
        let (place, told, code) = run(args, "", server.dir());
        assert_eq!(code, 0, "{place}: {told}");
        seen.add(place, told);
    }
    let log = server.log();
    assert!(
        log.contains("TRACE") && log.contains("you sent"),
        "there is a log to look at"
    );
    following.abort();
    seen.add("events", events.lock().expect("no panic").clone());
    let dir = server.kill();
    seen.files(dir.path());
    assert!(
        seen.0.iter().any(|(place, _)| place.ends_with("caxton.db")),
        "{:?}",
        seen.0
    );
    seen.assert_silent();

    // What was sent where.
    let (token, received) = (format!("Bearer {TOKEN}"), upstream.received());
    assert!(received.len() >= 16, "{}", received.len());
    for request in &received {
        let asked_by_model = request.target().starts_with("/v1/");
        assert_eq!(
            request.all("authorization"),
            [token.as_str()],
            "{request:?}"
        );
        let keys = request.all("x-api-key");
        assert_eq!(
            keys,
            if asked_by_model { vec![] } else { vec![KEY] },
            "{request:?}"
        );
        let mut rest = Seen::default();
        let is_ours = |line: &&str| {
            let line = line.to_ascii_lowercase();
            !line.starts_with("authorization:") && !line.starts_with("x-api-key:")
        };
        let head: Vec<&str> = request.head.lines().filter(is_ours).collect();
        rest.add("the rest of a request", head.join("\n") + &request.body);
        rest.assert_silent();
    }
    let strayed = other.received();
    assert!(!strayed.is_empty(), "the redirect was followed");
    let mut there = Seen::default();
    for request in strayed {
        assert!(request.all("authorization").is_empty() && request.all("x-api-key").is_empty());
        there.add("the other origin", request.head + &request.body);
    }
    there.assert_silent();
}

/// Reads the workspace's events for as long as the test wants.
async fn follow(server: &Server, into: Arc<Mutex<String>>) -> tokio::task::JoinHandle<()> {
    let response = server.request("GET", "~/events").send().await;
    let mut pieces = response.expect("there are events").bytes_stream();
    tokio::spawn(async move {
        while let Some(Ok(piece)) = pieces.next().await {
            let mut into = into.lock().expect("no panic");
            into.push_str(&String::from_utf8_lossy(&piece));
        }
    })
}
