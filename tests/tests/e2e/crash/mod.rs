//! A server that is killed again and again while it works, on one data directory: what it acknowledged is there afterwards,
//! what it told to be done is not done again, every turn has an end, and receipts and usage agree. `CAXTON_CRASHES` sets how
//! often it is killed, `CAXTON_CRASH_SEED` when.

mod check;
mod load;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use caxton_tests::{ModelServer, Server, write};
use tempfile::TempDir;

use load::{Load, Random};

/// How often the server is killed where nothing is said: so often that a run takes well under a minute.
const CRASHES: u64 = 10;

/// How many clients ask at once.
const CLIENTS: u64 = 8;

/// How much is heard of turns, at most, before the next kill: long enough for most to end, short enough to cut off some.
const HEARD_MAX: u64 = 120;

/// A server that makes no progress for so long has failed.
const STUCK: Duration = Duration::from_secs(60);

const TAKEN_UP: &str = "a turn that the last server began is taken up again";

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|error| panic!("{name}: {error}")),
    )
}

fn files(upstream: &ModelServer) -> Vec<(&'static str, String)> {
    let component = upstream.component();
    let settings = format!(
        "name = \"desk\"\n[model]\ndefault = \"openai/m\"\n{component}[components.openai.prices]\n\"*\" = {{ input = 0.3, cached_input = 0.07, output = 1.1 }}\n[components.ledger.grants]\nstate = true\n"
    );
    let agent = |name: &str, more: &str| {
        format!("name = \"{name}\"\ndescription = \"Helps.\"\n{more}[limits]\ntime = \"10m\"\n")
    };
    vec![
        ("caxton.toml", settings),
        ("components/ledger.wasm", String::new()),
        (
            "agents/clerk.toml",
            agent("clerk", "tools = [\"ledger__*\"]\ndelegates = []\n"),
        ),
        (
            "agents/asker.toml",
            agent("asker", "delegates = [\"keeping\"]\n"),
        ),
        (
            "agents/keeper.toml",
            agent(
                "keeper",
                "capabilities = [\"keeping\"]\ntools = [\"ledger__*\"]\ndelegates = []\n",
            ),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_killed_keeps_its_word() {
    let crashes = variable("CAXTON_CRASHES").unwrap_or(CRASHES);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("a time").subsec_nanos();
    let seed = variable("CAXTON_CRASH_SEED").unwrap_or_else(|| now.into());
    println!("{crashes} kills, CAXTON_CRASH_SEED={seed}");

    let load = Arc::new(Load::default());
    let heard = Arc::clone(&load);
    let upstream = ModelServer::answering(move |request| {
        heard.hear();
        load::answer(request)
    });
    let dir = TempDir::new().expect("a directory");
    let files = files(&upstream);
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    write(dir.path(), &files);
    let mut server = Server::start(dir, &[]);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let random = Random(seed.wrapping_mul(CLIENTS + 1).wrapping_add(client));
            tokio::spawn(load::client(Arc::clone(&load), client, random))
        })
        .collect();
    let first_day = server.get("~/usage").await.ok()["from"].clone();
    let mut random = Random(seed);
    let mut taken_up = 0;
    for _ in 0..crashes {
        load.server.send_replace(server.url.clone());
        let until = load
            .heard
            .borrow()
            .saturating_add(1 + random.below(HEARD_MAX));
        let mut heard = load.heard.subscribe();
        let waited = tokio::time::timeout(STUCK, heard.wait_for(|heard| *heard >= until)).await;
        assert!(waited.is_ok(), "nothing happens any more: {}", server.log());
        // Not just when something was heard, but at any moment after.
        (0..random.below(1 << 22)).for_each(|_| std::hint::spin_loop());
        taken_up += server.log().matches(TAKEN_UP).count();
        assert!(!server.log().contains("panicked"), "{}", server.log());
        let dir = server.kill();
        server = tokio::task::spawn_blocking(|| Server::start(dir, &[]))
            .await
            .expect("it starts");
    }
    load.server.send_replace(server.url.clone());
    load.stop.send_replace(true);
    for client in clients {
        let ended = tokio::time::timeout(STUCK, client).await;
        ended.expect("a client gets its answer").expect("no panic");
    }
    let counts = check::check(&server, &load, &first_day).await;
    taken_up += server.log().matches(TAKEN_UP).count();
    println!("{crashes} kills; turns taken up again: {taken_up}; {counts}");
}
