//! Capabilities that would be taken for each other.

use caxton_tests::{answered, caxton_with, model};
use serde_json::{Value, json};

use super::{by_meaning, dir, text};

const ARTIST: &str = "name = \"artist\"\ndescription = \"Draws.\"\ncapabilities = [{ name = \"charting\", description = \"draws bar charts and line charts of data\" }]\n";
const PAINTER: &str = "name = \"painter\"\ndescription = \"Paints.\"\ncapabilities = [{ name = \"charts\", description = \"draws bar charts and pie charts of data\" }]\n";
const COOK: &str = "name = \"cook\"\ndescription = \"Cooks.\"\ncapabilities = [{ name = \"recipes\", description = \"finds recipes for dinner\" }]\n";

#[test]
fn what_will_be_confused_is_told_and_refused_where_the_workspace_says_so() {
    let validated = |settings: &str, painter: &str| {
        let settings = format!("name = \"desk\"\n{settings}");
        let dir = dir(&[
            ("caxton.toml", &settings),
            ("agents/artist.toml", ARTIST),
            ("agents/painter.toml", painter),
            ("agents/cook.toml", COOK),
        ]);
        let model = model().display().to_string();
        let variables = [("CAXTON_MODEL", model.as_str())];
        caxton_with(dir.path(), &["validate", "--json"], "", &variables)
    };
    let told = validated("", PAINTER);
    assert_eq!((told.code, told.out.trim()), (0, "[]"), "{}", told.err);
    for part in [
        "`charting` of `artist`",
        "`charts` of `painter`",
        "as in \"draws ",
    ] {
        assert!(told.err.contains(part), "{part}: {}", told.err);
    }
    assert!(!told.err.contains("cook"), "{}", told.err);

    let refused = validated("[router]\noverlap_max = 0.7\n", PAINTER);
    let faults: Value = serde_json::from_str(&refused.out).expect("JSON");
    assert_eq!(
        (refused.code, faults.as_array().map(Vec::len)),
        (1, Some(1)),
        "{}",
        refused.out
    );
    assert_eq!(
        (&faults[0]["file"], &faults[0]["code"]),
        (
            &json!("agents/painter.toml"),
            &json!("capabilities-overlap")
        )
    );

    // One name for both says that they share the work.
    let same = PAINTER.replace("\"charts\"", "\"charting\"");
    let shared = validated("[router]\noverlap_max = 0.7\n", &same);
    assert_eq!(
        (shared.code, shared.err.as_str()),
        (0, ""),
        "{}",
        shared.out
    );
}

#[tokio::test]
async fn an_agent_that_would_be_confused_is_not_put() {
    let put = async |settings: &str| {
        let settings = format!("name = \"desk\"\n{settings}");
        let server = by_meaning(&[
            ("caxton.toml", &settings),
            ("agents/artist.toml", ARTIST),
            ("agents/cook.toml", COOK),
        ]);
        // The model is there when it has been asked.
        server.post("~/route", &json!({ "content": "Draw" })).await;
        let request = server
            .request("PUT", "~/agents/painter")
            .header("content-type", "application/toml")
            .body(PAINTER);
        let answer = answered(request).await;
        let there = server.get("~/agents/painter").await.status;
        (answer, there)
    };
    let (told, there) = put("").await;
    let overlaps = &told.ok()["overlaps"];
    assert_eq!(there, 200);
    assert_eq!(overlaps.as_array().map(Vec::len), Some(1), "{overlaps}");
    assert_eq!(
        (&overlaps[0]["capability"], &overlaps[0]["other_agent"]),
        (&json!("charts"), &json!("artist"))
    );
    assert!(
        overlaps[0]["phrases"]
            .as_array()
            .is_some_and(|some| !some.is_empty())
    );

    let (refused, there) = put("[router]\noverlap_max = 0.7\n").await;
    let problem = refused.problem(422, "invalid-workspace");
    assert_eq!(problem["faults"][0]["code"], "capabilities-overlap");
    assert!(
        text(&problem["detail"]).contains("`charting` of `artist`"),
        "{problem}"
    );
    assert_eq!(there, 404);
}
