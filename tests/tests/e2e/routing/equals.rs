//! Agents between which only their work decides, and messages that fit nobody.

use caxton_tests::{Gate, ModelServer, Say, Server, Stream};
use serde_json::json;

use super::{by_meaning, charting, desk, dir, text};

#[tokio::test]
async fn equals_share_their_work() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream = ModelServer::answering(move |_| Some(Say::text(&["a ", "pie"]).held(&held)));
    let agents = ["a", "b", "c"].map(|name| charting(name, "capabilities = [\"charting\"]\n"));
    let server = desk(&upstream, "", &agents);
    let mut open = Vec::new();
    let mut routed = Vec::new();
    for body in [
        json!({ "capability": "charting", "content": "A pie, please" }),
        json!({ "capability": "charting", "content": "A pie, please" }),
        json!({ "content": "Draws charts" }),
        json!({ "capability": "charting@1", "content": "Another pie" }),
    ] {
        let mut stream = Stream::open(server.request("POST", "~/messages").json(&body)).await;
        let route = stream.until("route").await.data;
        routed.push(text(&route["agent"]).to_owned());
        open.push(stream);
    }
    assert_eq!(routed, ["a", "b", "c", "a"]);
    gate.open(99);
    for mut stream in open {
        stream.until("done").await;
    }
}

/// An agent for charts and one for recipes, with these settings.
fn artist_and_cook(settings: &str) -> [(&'static str, String); 3] {
    let agent = |name: &str, description: &str, capability: &str| {
        format!(
            "name = \"{name}\"\ndescription = \"{description}\"\ncapabilities = [{capability}]\n"
        )
    };
    let charting = "{ name = \"charting\", description = \"Draws bar charts of numbers\" }";
    let recipes = "{ name = \"recipes\", description = \"Finds recipes for dinner\" }";
    [
        ("caxton.toml", format!("name = \"desk\"\n{settings}")),
        ("agents/artist.toml", agent("artist", "Draws.", charting)),
        ("agents/cook.toml", agent("cook", "Cooks.", recipes)),
    ]
}

/// A server over these files that has the model.
fn meaning(files: &[(&str, String)]) -> Server {
    let files: Vec<_> = files
        .iter()
        .map(|(file, text)| (*file, text.as_str()))
        .collect();
    by_meaning(&files)
}

#[tokio::test]
async fn a_message_for_nobody_is_told_what_comes_nearest() {
    let server = meaning(&artist_and_cook(""));
    let body = json!({ "content": "Which number do I dial for the fire brigade?" });
    let problem = server.post("~/messages", &body).await;
    let problem = problem.problem(422, "no-agent-fits");
    let nearest = problem["nearest"].as_array().expect("a list");
    assert!(!nearest.is_empty(), "{problem}");
    for near in nearest {
        let (capability, agent) = (text(&near["capability"]), text(&near["agent"]));
        assert!(
            [("charting", "artist"), ("recipes", "cook")].contains(&(capability, agent)),
            "{problem}"
        );
        assert!(text(&problem["detail"]).contains(&format!("`{capability}` of `{agent}`")));
    }
}

#[tokio::test]
async fn a_route_explains_itself() {
    let settings =
        "[router]\ncomponent = \"keyword\"\nfallback = \"semantic\"\nthreshold = 1\nmargin = 0.5\n";
    let server = meaning(&artist_and_cook(settings));
    let body = json!({ "content": "Draw a bar chart of these numbers" });
    let route = server.post("~/route", &body).await.ok();
    assert_eq!(route["agent"], "artist", "{route}");
    assert_eq!(route["router"], "keyword+semantic");
    assert_eq!(
        (&route["combined"], &route["cached"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (&route["threshold"], &route["margin_min"]),
        (&json!(1.0), &json!(0.5))
    );
    let opinions = route["opinions"].as_array().expect("a list");
    let routers: Vec<&str> = opinions.iter().map(|one| text(&one["router"])).collect();
    assert_eq!(routers, ["keyword", "semantic"]);
    assert!(
        opinions
            .iter()
            .all(|one| one["ranked"][0]["agent"] == "artist" && !text(&one["reason"]).is_empty())
    );
    assert!(text(&route["reason"]).contains("is below 1.00"), "{route}");
    // A deployment makes every decision anew.
    assert_eq!(server.post("~/route", &body).await.ok()["cached"], true);
    let put = server
        .request("PUT", "~/agents/painter")
        .header("content-type", "application/toml")
        .body("name = \"painter\"\ndescription = \"Draws bar charts of numbers.\"\n");
    assert_eq!(caxton_tests::answered(put).await.status, 201);
    let route = server.post("~/route", &body).await.ok();
    assert_eq!(route["cached"], false, "{route}");
    assert_eq!(route["ranked"].as_array().map(Vec::len), Some(2), "{route}");
}

#[tokio::test]
async fn where_one_router_cannot_decide_the_other_does() {
    decided_by_words("").await;
    // Also where it is asked first, and unsure.
    decided_by_words(
        "[router]\ncomponent = \"keyword\"\nfallback = \"semantic\"\nthreshold = 1\nmargin = 0.5\n",
    )
    .await;
}

/// A server that has no model of meanings.
fn without_meaning(settings: &str) -> Server {
    let files = artist_and_cook(settings);
    let files = files.each_ref().map(|(file, text)| (*file, text.as_str()));
    Server::start_with(dir(&files), &[], &[("CAXTON_MODEL", "nowhere")])
}

async fn decided_by_words(settings: &str) {
    let server = without_meaning(settings);
    let body = json!({ "content": "Draw a bar chart of these numbers" });
    // Asked twice: what was decided without one of them is not remembered.
    for _ in 0..2 {
        let route = server.post("~/route", &body).await.ok();
        assert_eq!(
            (&route["agent"], &route["router"], &route["cached"]),
            (&json!("artist"), &json!("keyword"), &json!(false)),
            "{route}"
        );
        assert!(
            text(&route["reason"]).contains("`semantic` could not decide"),
            "{route}"
        );
    }
}

#[tokio::test]
async fn whoever_finds_nobody_says_that_the_other_router_could_not_decide() {
    let server = without_meaning("");
    let body = json!({ "content": "Xyzzy" });
    let problem = server.post("~/route", &body).await;
    let problem = problem.problem(422, "no-agent-fits");
    let detail = text(&problem["detail"]);
    assert!(detail.contains("`semantic` could not decide"), "{detail}");
}

#[tokio::test]
async fn a_router_that_takes_too_long_is_not_waited_for() {
    not_waited_for("limits = { time = \"50ms\" }\n", "longer than 50ms").await;
    not_waited_for(
        "limits = { fuel = 100_000_000_000 }\n",
        "has not answered within 1s",
    )
    .await;
}

/// Asks where the first router never answers, and is given `why` it could not decide.
async fn not_waited_for(limits: &str, why: &str) {
    let settings = format!(
        "[router]\ncomponent = \"endless\"\nfallback = \"keyword\"\n\
         [components.endless]\nsource = \"components/endless.wasm\"\n{limits}"
    );
    let mut files = artist_and_cook(&settings).to_vec();
    files.push(("components/endless.wasm", String::new()));
    let files: Vec<_> = files
        .iter()
        .map(|(file, text)| (*file, text.as_str()))
        .collect();
    let server = Server::start(dir(&files), &[]);
    for content in [
        "Draw a bar chart of these numbers",
        "Find a recipe for dinner",
    ] {
        let expected = match content.starts_with("Draw") {
            true => "artist",
            false => "cook",
        };
        for _ in 0..2 {
            let route = server
                .post("~/route", &json!({ "content": content }))
                .await
                .ok();
            assert_eq!(
                (&route["agent"], &route["router"], &route["cached"]),
                (&json!(expected), &json!("keyword"), &json!(false)),
                "{route}"
            );
            let reason = text(&route["reason"]);
            assert!(
                reason.contains("`endless` could not decide") && reason.contains(why),
                "{reason}"
            );
        }
    }
}
