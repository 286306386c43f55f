//! What components do in a turn that ours don't: give pictures, ask questions, misbehave, lie.

use caxton::workspace::Error;
use serde_json::json;

use crate::support::{Place, Say, Upstream, guest, send, to};

fn agent(tools: &str) -> String {
    format!("name = \"tester\"\ndescription = \"Tries tools.\"\ntools = [\"{tools}\"]\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_kept_as_a_file_and_the_model_is_told_where() {
    let call = || {
        Say::Call(vec![
            ("a", "conformance__test_image_content", json!({})),
            ("b", "conformance__test_image_content", json!({})),
        ])
    };
    let upstream = Upstream::start(vec![call(), Say::Text("There.")]).await;
    let place = Place::new(
        &upstream.settings(),
        &[("tester", &agent("conformance__*"))],
    );
    place.write("components/conformance.wasm", guest("conformance"));
    let workspace = place.open().await.expect("it opens");
    let answer = send(&workspace, to("tester", "Draw."))
        .await
        .0
        .expect("an answer");
    let files: Vec<_> = answer.attachments().collect();
    assert_eq!(files.len(), 2);
    assert_ne!(files[0].path, files[1].path);
    for file in files {
        assert_eq!(
            (
                file.mime_type.as_str(),
                file.path.extension().and_then(|e| e.to_str())
            ),
            ("image/png", Some("png"))
        );
        assert!(
            file.path
                .starts_with(place.data().join("artifacts").join(&answer.conversation)),
            "{}",
            file.path.display()
        );
        assert_eq!(
            std::fs::read(&file.path).expect("the file").len() as u64,
            file.bytes
        );
    }
    let told = answer.tool_calls[0].text.as_str();
    assert!(
        told.starts_with("[image/png, ") && told.contains("saved as"),
        "{told}"
    );
    assert_eq!(upstream.heard()[1]["messages"][3]["content"], json!(told));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_misbehaves_is_an_error_that_the_model_can_answer_to() {
    let names = [
        ("loop", "hostile__loop"),
        ("allocate", "hostile__allocate"),
        ("recurse", "hostile__recurse"),
        ("flood", "hostile__flood"),
        ("panic", "hostile__panic"),
        ("exit", "hostile__exit"),
    ];
    let wanted = names
        .iter()
        .map(|(id, name)| (*id, *name, json!({})))
        .collect();
    let upstream = Upstream::start(vec![Say::Call(wanted), Say::Text("None of them works.")]).await;
    let limits = "[components.hostile.limits]\nfuel = 50_000_000\nmemory = \"16 MiB\"\ntime = \"5s\"\noutput = \"64 KiB\"\n";
    let place = Place::new(
        &format!("{}{limits}", upstream.settings()),
        &[("tester", &agent("hostile__*"))],
    );
    place.write("components/hostile.wasm", guest("hostile"));
    let workspace = place.open().await.expect("it opens");
    let answer = send(&workspace, to("tester", "Try them."))
        .await
        .0
        .expect("an answer");
    assert_eq!(answer.content, "None of them works.");
    for call in &answer.tool_calls {
        assert!(
            call.is_error && call.text.contains("hostile") && call.receipt.is_some(),
            "{call:?}"
        );
    }
    let told = |id: &str| {
        answer
            .tool_calls
            .iter()
            .find(|call| call.id == id)
            .map(|call| call.text.clone())
            .unwrap_or_default()
    };
    assert!(told("loop").contains("limit `fuel`"), "{}", told("loop"));
    assert!(
        told("allocate").contains("limit `memory`"),
        "{}",
        told("allocate")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_wants_to_ask_somebody_says_so() {
    let call = Say::Call(vec![(
        "a",
        "conformance__test_elicitation",
        json!({"message": "What is your name?"}),
    )]);
    let upstream = Upstream::start(vec![call, Say::Text("It wants your name.")]).await;
    let place = Place::new(
        &upstream.settings(),
        &[("tester", &agent("conformance__*"))],
    );
    place.write("components/conformance.wasm", guest("conformance"));
    let workspace = place.open().await.expect("it opens");
    let answer = send(&workspace, to("tester", "Go."))
        .await
        .0
        .expect("an answer");
    let call = &answer.tool_calls[0];
    assert!(
        call.is_error && call.text.contains("What is your name?"),
        "{}",
        call.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_result_is_cut_for_the_model() {
    let long = "x".repeat(100_000);
    let call = Say::Call(vec![("a", "echo__echo", json!({ "text": long }))]);
    let upstream = Upstream::start(vec![call, Say::Text("That was long.")]).await;
    let place = Place::new(&upstream.settings(), &[("tester", &agent("echo__*"))]);
    place.write("components/echo.wasm", guest("echo"));
    let workspace = place.open().await.expect("it opens");
    let answer = send(&workspace, to("tester", "Go."))
        .await
        .0
        .expect("an answer");
    let text = &answer.tool_calls[0].text;
    assert!(
        text.len() < 33_000 && text.ends_with("are left out here; ask for less, or for a part]"),
        "{}",
        text.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_lies_about_itself_is_refused() {
    let place = Place::new("name = \"test\"\n", &[]);
    let workspace = place.open().await.expect("it opens");
    let check = async |name: &str, code: &str, told: &str| {
        let refused = workspace
            .put_component(name, guest(name))
            .await
            .expect_err(name);
        assert!(
            matches!(&refused, Error::Refused(why) if why.code == code),
            "{refused:?}"
        );
        assert!(refused.to_string().contains(told), "{refused}");
    };
    check(
        "lying-schema",
        "bad-description",
        "the input schema of `lie`",
    )
    .await;
    check("unknown-import", "unknown-import", "imports").await;
    assert!(workspace.state().components.is_empty());
}
