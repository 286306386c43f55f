//! What models are asked, and what happens where they fail.

use std::time::{Duration, Instant};

use caxton_tests::{Gate, ModelServer, Say};
use serde_json::{Value, json};

use super::{asked, desk, hello, list, said, story, stream, text};

#[tokio::test]
async fn a_model_that_is_busy_is_asked_again_when_it_says() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    for (status, after, least) in [(429, "1", 1), (503, "0", 0)] {
        upstream.says([Say::later(status, after), Say::text(&["now"])]);
        let begun = Instant::now();
        let told = stream(&server, &hello()).await.rest().await;
        assert_eq!(
            story(&told),
            ["route", "retry", "delta now", "done"],
            "{status}"
        );
        // Not a bound on speed: whoever comes back earlier than asked is refused again.
        assert!(begun.elapsed() >= Duration::from_secs(least));
        let receipt = &told.last().expect("an end").data["receipt"];
        assert_eq!(receipt["http_requests"].as_u64(), Some(2), "{receipt}");
    }
    assert_eq!(upstream.seen().requests.len(), 4);
}

#[tokio::test]
async fn a_model_that_is_busy_for_long_is_not_waited_for() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    upstream.says([Say::later(429, "77")]);
    let refused = server.post("~/messages", &hello()).await;
    refused.problem(503, "provider-rate-limited");
    assert_eq!(refused.headers["retry-after"], "77");
    assert_eq!(upstream.seen().requests.len(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_begun_anew() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    let gate = Gate::default();
    let half = Say::text(&["half of "]).held(&gate).broken();
    upstream.says([half, Say::text(&["a whole"])]);
    let mut events = stream(&server, &hello()).await;
    assert_eq!(events.until("delta").await.data["text"], "half of ");
    gate.open(1);
    let told = events.rest().await;
    assert_eq!(story(&told), ["retry", "delta a whole", "done"]);
    let done = &told.last().expect("an end").data;
    assert_eq!(done["content"], "a whole");
    let transcript = said(&server, &text(&done["conversation"])).await;
    assert_eq!(
        transcript[1]["content"],
        json!([{ "type": "text", "text": "a whole" }])
    );
}

#[tokio::test]
async fn another_model_stands_in_and_says_for_whom() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "fallback = [\"openai/b\", \"openai/c\"]\n");
    upstream.says([
        Say::refuse(401, "Who are you?"),
        Say::text(&["half"]).broken(),
        // A moment, in which the same one is asked again.
        Say::later(429, "60"),
        Say::text(&["c answers"]),
    ]);
    let told = stream(&server, &hello()).await.rest().await;
    let done = &told.last().expect("an end").data;
    assert_eq!(
        (&done["model"], &done["fallback_from"]),
        (&json!("openai/c"), &json!("openai/m")),
        "{told:?}"
    );
    let models: Vec<Value> = upstream
        .seen()
        .requests
        .iter()
        .map(|request| request["model"].clone())
        .collect();
    assert_eq!(models, ["m", "b", "b", "c"]);
    upstream.says([Say::text(&["m answers"])]);
    let answer = server.post("~/messages", &hello()).await.ok();
    assert_eq!(
        (&answer["model"], answer.get("fallback_from")),
        (&json!("openai/m"), None)
    );
}

#[tokio::test]
async fn parameters_are_asked_for_and_checked() {
    let upstream = ModelServer::start();
    let agent = "system_prompt = \"You advise {{region}}, {{tone}}.\"\n[parameters]\nregion = \"the north\"\ntone = { required = true, description = \"how to speak\" }\n";
    let server = desk(&upstream, "", agent);
    let with =
        |parameters: Value| json!({ "to": "writer", "content": "Hello", "parameters": parameters });
    let missing = server
        .post("~/messages", &hello())
        .await
        .problem(422, "bad-parameters");
    assert!(text(&missing["detail"]).contains("tone"), "{missing}");
    let unknown = server
        .post("~/messages", &with(json!({ "tone": "a", "tune": "b" })))
        .await;
    assert!(text(&unknown.problem(422, "bad-parameters")["detail"]).contains("tune"));
    assert!(upstream.seen().requests.is_empty());
    upstream.says([Say::text(&["Well."])]);
    server
        .post("~/messages", &with(json!({ "tone": "{{region}}!" })))
        .await
        .ok();
    let system = &upstream.seen().requests[0]["messages"][0];
    assert_eq!(
        system,
        &json!({ "role": "system", "content": "You advise the north, {{region}}!." })
    );
}

#[tokio::test]
async fn pictures_reach_the_model() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    upstream.says([Say::text(&["A dot."]), Say::text(&["Black."])]);
    let picture = "iVBORw0KGgo=";
    let images = json!([{ "mime_type": "image/png", "data": picture }]);
    let message = json!({ "to": "writer", "content": "What is this?", "images": images });
    let answer = server.post("~/messages", &message).await.ok();
    let part = json!({ "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{picture}") } });
    let shows = |request: &Value| {
        let first = asked(request).remove(0);
        list(&first["content"]).contains(&part)
    };
    assert!(shows(&upstream.seen().requests[0]), "{:?}", upstream.seen());
    // What was shown is still known later.
    let on = json!({ "content": "Which colour?", "conversation": answer["conversation"] });
    server.post("~/messages", &on).await.ok();
    assert!(shows(&upstream.seen().requests[1]), "{:?}", upstream.seen());
}
