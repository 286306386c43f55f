//! Refusals, lists of models and health.

use caxton_sdk::Provider;
use caxton_sdk::http::Error;
use caxton_sdk::json;
use caxton_sdk::provider::LlmError;
use caxton_sdk::testing::provider::code;
use caxton_sdk::testing::{reply, upstream};

use super::{Gemini, document, hello, stream};

#[test]
#[rustfmt::skip]
fn errors_become_ours() {
    let error = |code: u16, status: &str, message: &str, details: caxton_sdk::Value| {
        document(code, &json!({"error": {"code": code, "message": message, "status": status, "details": details}}))
    };
    let bad_key = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]);
    let service = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com"}]);
    for (answer, expected, needle) in [
        (error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", bad_key), "auth", "x-goog-api-key"),
        (error(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers", json!([])), "auth", "x-goog-api-key"),
        (error(403, "PERMISSION_DENIED", "Generative Language API has not been used in project 7", service), "auth", "project 7"),
        (error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", json!(null)), "auth", "credentials"),
        (error(400, "FAILED_PRECONDITION", "User location is not supported for the API use.", json!([])), "auth", "location"),
        (error(404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta", json!([])), "model-not-found", "gemini-9"),
        (error(400, "INVALID_ARGUMENT", "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).", json!([])), "context-too-long", "1200293"),
        (error(400, "INVALID_ARGUMENT", "Function call is missing a thought_signature in functionCall parts.", json!([])), "bad-request", "thought_signature"),
        (error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.", json!([])), "overloaded", "overloaded"),
        (error(500, "INTERNAL", "An internal error has occurred.", json!([])), "overloaded", "internal"),
        (error(504, "DEADLINE_EXCEEDED", "The request timed out.", json!([])), "overloaded", "timed out"),
        (error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", json!([])), "rate-limited", "quota"),
        (document(400, &json!([{"error": {"code": 400, "message": "wrapped", "status": "INVALID_ARGUMENT"}}])), "bad-request", "wrapped"),
        (reply(404, "text/html", &[b"<html>"]), "bad-request", "base_url"),
        (Err(Error::Denied("not granted".into())), "unreachable", "not granted"),
    ] {
        upstream(vec![answer]);
        let error = Gemini::complete(hello()).expect_err(needle);
        assert_eq!(code(&error), expected, "{error:?}");
        assert!(format!("{error:?}").contains(needle), "{error:?} lacks {needle}");
    }
}

#[test]
fn the_time_to_wait_is_taken_from_the_details() {
    for (delay, expected) in [
        ("37s", Some(37_000)),
        ("37.826266380s", Some(37_827)),
        ("0s", Some(0)),
        ("1e300s", Some(u32::MAX)),
        ("-1s", None),
        ("NaNs", None),
        ("soon", None),
        ("", None),
    ] {
        for status in ["RESOURCE_EXHAUSTED", "UNAVAILABLE"] {
            let body = json!({"error": {"code": 429, "message": "wait", "status": status, "details": [
                {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
            ]}});
            for answer in [document(429, &body), stream(&format!("data: {body}\n\n"))] {
                upstream(vec![answer]);
                let (Err(LlmError::RateLimited(backoff)) | Err(LlmError::Overloaded(backoff))) =
                    Gemini::complete(hello())
                else {
                    panic!("wrong error")
                };
                assert_eq!(backoff.retry_after_ms, expected, "{delay}");
                assert!(backoff.message.contains("wait"), "{}", backoff.message);
            }
        }
    }
}

#[test]
fn models_are_listed_page_by_page() {
    let entry = |name: &str, methods: &[&str], input: i64, output: i64| {
        json!({"name": name, "displayName": "A model", "supportedGenerationMethods": methods,
               "inputTokenLimit": input, "outputTokenLimit": output})
    };
    let chat = ["generateContent", "countTokens"];
    let seen = upstream(vec![
        document(
            200,
            &json!({"models": [
                entry("models/gemini-3.1-pro-preview", &chat, 1_048_576, 65_536),
                entry("models/gemini-2.5-flash-preview-09-2025", &chat, 1_048_576, 65_536),
                entry("models/gemini-2.5-flash-image", &chat, 32_768, 32_768),
                entry("models/gemini-embedding-001", &["embedContent"], 2048, 1),
                entry("models/gemma-3-27b-it", &chat, i64::MAX, -1),
            ], "nextPageToken": "a/b+c=&d"}),
        ),
        document(
            200,
            &json!({"models": [
                entry("models/gemini-9-ultra", &chat, 4_294_967_295, 4_294_967_295),
                entry("models/gemini-3.1-pro-preview", &chat, 1, 1),
                {"name": 7}, null,
            ]}),
        ),
    ]);
    let models = Gemini::models().expect("models");
    let told: Vec<_> = models
        .iter()
        .map(|model| {
            let output = model.price.as_ref().map(|price| price.output);
            let windows = (model.context_window, model.max_output);
            (model.id.as_str(), model.tools, windows, output)
        })
        .collect();
    let large = (Some(1_114_112), Some(65_536));
    assert_eq!(
        told,
        [
            ("gemini-2.5-flash-preview-09-2025", true, large, Some(2.5)),
            ("gemini-3.1-pro-preview", true, large, Some(12.0)),
            (
                "gemini-9-ultra",
                true,
                (Some(u32::MAX), Some(u32::MAX)),
                None
            ),
            ("gemma-3-27b-it", false, (None, None), None),
        ]
    );
    let urls: Vec<String> = seen
        .borrow()
        .iter()
        .map(|request| request.url.clone())
        .collect();
    let base = "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000";
    assert_eq!(
        urls,
        [base.to_owned(), format!("{base}&pageToken=a/b%2Bc%3D%26d")]
    );
}

#[test]
fn a_list_without_an_end_is_left() {
    let page = || document(200, &json!({"models": [], "nextPageToken": "again"}));
    let seen = upstream((0..100).map(|_| page()).collect());
    assert_eq!(Gemini::models(), Ok(Vec::new()));
    assert_eq!(seen.borrow().len(), 8);
}

#[test]
fn health_asks_for_one_model() {
    let seen = upstream(vec![
        document(200, &json!({"models": [{"name": "models/gemini-2.5-pro"}]})),
        document(200, &json!({})),
        reply(200, "text/html", &[b"<html>"]),
    ]);
    assert_eq!(Gemini::health(), Ok(()));
    assert!(seen.borrow()[0].url.ends_with("/v1beta/models?pageSize=1"));
    assert!(matches!(Gemini::health(), Err(LlmError::BadResponse(_))));
    assert!(matches!(Gemini::health(), Err(LlmError::BadResponse(_))));
}
