//! Settings, sending and reading against a stand-in for the host's `http`.

use serde_json::json;

use super::*;
use crate::testing::{self, Reply};

/// Counts the pieces of `{"text": …}`; the event `"[DONE]"` ends it.
#[derive(Default)]
struct Texts {
    pieces: usize,
    done: bool,
}

impl Draft for Texts {
    fn push(&mut self, event: &Value) -> Result<Vec<Delta>, LlmError> {
        self.done |= event == "[DONE]";
        self.pieces += 1;
        Ok(event["text"]
            .as_str()
            .map(|text| Delta::Text(text.to_owned()))
            .into_iter()
            .collect())
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn so_far(&self) -> String {
        format!("{} pieces", self.pieces)
    }
}

/// Posts to a server whose answer is `pieces`, and gives the outcome and how many pieces were taken in.
fn read(kind: &str, pieces: &[&str], body_error: Option<Error>) -> (Result<(), LlmError>, usize) {
    testing::reset();
    let reply = Reply {
        status: 200,
        headers: vec![("content-type".into(), kind.into())],
        body: pieces
            .iter()
            .map(|piece| piece.as_bytes().to_vec())
            .collect(),
    };
    testing::with(|host| {
        host.http = Some(Box::new(move |_| Ok(reply.clone())));
        host.body_error = body_error;
    });
    let upstream = Upstream::from_config("https://x.test/v1").expect("settings");
    let mut texts = Texts::default();
    let outcome = upstream
        .post("/tell", json!({}))
        .and_then(|response| upstream.read(response, &mut texts));
    (outcome, texts.pieces)
}

#[test]
fn a_stream_is_read_to_its_end_and_not_beyond() {
    let stream = "text/event-stream";
    let (outcome, pieces) = read(
        stream,
        &[
            "data: {\"text\":\"a\"}\n\nda",
            "ta: [DONE]\n\ndata: junk\n\n",
        ],
        Some(Error::Connection("gone".into())),
    );
    assert_eq!((outcome, pieces), (Ok(()), 2));
    assert_eq!(testing::with(|host| host.deltas.len()), 1);
    // A server may forget the last empty line, and a stream without a word for its end just ends.
    assert_eq!(read(stream, &["data: {\"text\":\"a\"}"], None), (Ok(()), 1));
    assert_eq!(
        read("application/json", &["{\"text\"", ":\"a\"}"], None),
        (Ok(()), 1)
    );
    for (pieces, body_error, needle) in [
        (
            &["data: {}\n\n"][..],
            Some(Error::Timeout("nothing for 60 s".into())),
            "the answer broke off after 1 pieces: https://x.test/v1: nothing for 60 s",
        ),
        (
            &[],
            Some(Error::Limit("http_bytes".into())),
            "after 0 pieces",
        ),
        (&["data: <html>\n\n"], None, "not JSON after 0 pieces"),
    ] {
        let (Err(LlmError::BadResponse(text)), _) = read(stream, pieces, body_error) else {
            panic!("{pieces:?} was taken")
        };
        assert!(text.contains(needle), "{text}");
    }
}

#[test]
fn settings_shape_each_request() {
    testing::reset();
    testing::configure(&[
        ("base_url", " http://localhost:8000/v1/ "),
        ("headers", r#"{"X-Version":"2"}"#),
        (
            "extra_body",
            r#"{"top_k":5,"options":{"seed":1,"off":null},"stop":null}"#,
        ),
    ]);
    testing::with(|host| {
        host.http = Some(Box::new(|request| {
            assert_eq!(request.url, "http://localhost:8000/v1/tell");
            let versions: Vec<_> = request
                .headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("x-version"))
                .collect();
            assert_eq!(versions, [&("X-Version".to_owned(), "2".to_owned())]);
            let body: Value =
                serde_json::from_slice(request.body.as_deref().unwrap_or_default()).expect("JSON");
            assert_eq!(
                body,
                json!({"top_k": 5, "options": {"seed": 1, "on": true}})
            );
            Ok(Reply {
                status: 404,
                ..Reply::default()
            })
        }));
    });
    let upstream = Upstream::from_config("https://x.test/v1")
        .expect("settings")
        .header("x-version", "1");
    let outcome = upstream.post(
        "/tell",
        json!({"stop": ["x"], "options": {"off": 1, "on": true}}),
    );
    assert!(
        matches!(outcome, Err(LlmError::BadRequest(_))),
        "{outcome:?}"
    );
}

#[test]
fn wrong_settings_are_named() {
    for (key, value, needle) in [
        ("base_url", "api.example.com", "`base_url`"),
        ("base_url", "", "such as https://x.test/v1"),
        ("headers", r#"{"x":1}"#, "`headers`.`x`"),
        ("headers", "7", "`headers`"),
        ("extra_body", "[]", "`extra_body`"),
    ] {
        testing::reset();
        testing::configure(&[(key, value)]);
        let Err(LlmError::BadRequest(text)) = Upstream::from_config("https://x.test/v1") else {
            panic!("{key} = {value} was taken")
        };
        assert!(text.contains(needle), "{text}");
    }
}
