//! How often routers choose the right agent, on the labelled requests that were not used for choosing their settings. The bounds
//! are a little below what was measured: a change that makes routing worse is to be seen.

use std::collections::BTreeMap;

use caxton_tests::Server;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::{by_meaning, text};

const AGENTS: &str = include_str!("../../../data/routing/agents.toml");
const REQUESTS: &str = include_str!("../../../data/routing/requests.jsonl");

/// Requests that are asked at once.
const AT_ONCE: usize = 4;

/// How many of the requests for somebody got the right agent, and of those for nobody none, in percent.
#[derive(Debug, Clone, Copy)]
struct Share {
    right: f64,
    refused: f64,
    all: f64,
}

#[tokio::test]
async fn both_routers_together_choose_best() {
    let semantic = measured("component = \"semantic\"\nfallback = \"semantic\"").await;
    let keyword = measured("component = \"keyword\"\nfallback = \"keyword\"").await;
    let both = measured("").await;
    let check = |name: &str, share: Share, right: f64, refused: f64| {
        println!("{name}: {share:.1?}");
        assert!(
            share.right >= right && share.refused >= refused,
            "{name}: {share:?}, at least {right} and {refused} are expected"
        );
    };
    check("semantic", semantic, 50.0, 40.0);
    check("keyword", keyword, 34.0, 46.0);
    check("both", both, 51.0, 53.0);
    for alone in [semantic, keyword] {
        assert!(
            both.right > alone.right && both.all > alone.all,
            "{both:?}, {alone:?}"
        );
    }
}

/// Asks the router of a server, with these settings under `[router]`, where each request goes.
async fn measured(settings: &str) -> Share {
    let settings = format!("name = \"desk\"\n[router]\n{settings}\n");
    let agents: Vec<(String, &str)> = AGENTS
        .split("[[agent]]")
        .skip(1)
        .map(|text| {
            let name = text.split('"').nth(1).expect("a name");
            (format!("agents/{name}.toml"), text)
        })
        .collect();
    let mut files = vec![("caxton.toml", settings.as_str())];
    files.extend(agents.iter().map(|(file, text)| (file.as_str(), *text)));
    let server = by_meaning(&files);
    let owners = owners(&server).await;
    let requests = REQUESTS
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a request"))
        .filter(|request| request["split"] == "report");
    let (server, owners) = (&server, &owners);
    let asked = stream::iter(requests).map(|request| async move {
        let body = json!({ "content": request["text"] });
        let route = server.post("~/route", &body).await.json();
        let chosen = route["agent"].as_str().map(str::to_owned);
        let meant = request["capability"]
            .as_str()
            .map(|name| owners[name].clone());
        if route["agent"].is_null() {
            assert_eq!(route["code"], "no-agent-fits", "{route}");
        }
        (chosen == meant, meant.is_some())
    });
    let found: Vec<(bool, bool)> = asked.buffer_unordered(AT_ONCE).collect().await;
    let share = |of: &dyn Fn(bool) -> bool| {
        let some: Vec<bool> = found
            .iter()
            .filter(|(_, is_meant)| of(*is_meant))
            .map(|(is_right, _)| *is_right)
            .collect();
        some.iter().filter(|right| **right).count() as f64 * 100.0 / some.len() as f64
    };
    Share {
        right: share(&|is_meant| is_meant),
        refused: share(&|is_meant| !is_meant),
        all: share(&|_| true),
    }
}

/// Who offers each capability.
async fn owners(server: &Server) -> BTreeMap<String, String> {
    let agents = server.get("~/agents").await.ok();
    let agents = agents["agents"].as_array().expect("a list").clone();
    let mut owners = BTreeMap::new();
    for agent in &agents {
        for capability in agent["capabilities"].as_array().expect("a list") {
            let name = text(&capability["name"]).to_owned();
            owners.insert(name, text(&agent["name"]).to_owned());
        }
    }
    owners
}
