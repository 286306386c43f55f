//! Errors in OpenAI's shape, made from the server's problems.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::super::error::Problem;
use super::super::wire::openai as wire;

/// A problem that is told as OpenAI's clients read it.
#[derive(Debug)]
pub struct Refusal(pub Problem);

impl<P: Into<Problem>> From<P> for Refusal {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = axum::Json(wire::Failure {
            error: error(&self.0),
        });
        let mut response = (self.0.openai_status(), body).into_response();
        response.headers_mut().extend(self.0.into_headers());
        response
    }
}

/// A problem as an error.
pub(super) fn error(problem: &Problem) -> wire::Error {
    wire::Error {
        message: problem.detail.clone(),
        kind: kind(problem.openai_status()),
        param: problem.pointer().map(parameter),
        code: Some(code(&problem.code)),
    }
}

fn kind(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    }
}

/// The code: OpenAI's own word where it has one, else ours in its spelling.
fn code(code: &str) -> String {
    match code {
        "agent-not-found" => "model_not_found".to_owned(),
        "context-too-long" => "context_length_exceeded".to_owned(),
        "provider-rate-limited" => "rate_limit_exceeded".to_owned(),
        "content-filtered" => "content_filter".to_owned(),
        other => other.replace('-', "_"),
    }
}

/// A JSON Pointer as OpenAI writes the place in a body: `/messages/0/role` is `messages[0].role`.
fn parameter(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/').skip(1) {
        if !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit()) {
            path.push_str(&format!("[{step}]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&step.replace("~1", "/").replace("~0", "~"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_openai_does() {
        for (pointer, expected) in [
            (
                "/messages/0/content/12/type",
                "messages[0].content[12].type",
            ),
            ("/model", "model"),
            ("", ""),
        ] {
            assert_eq!(parameter(pointer), expected);
        }
    }

    #[test]
    fn problems_get_the_status_and_type_that_clients_act_on() {
        let check = |status: u16, code: &'static str, expected: (u16, &str, &str)| {
            let status = StatusCode::from_u16(status).expect("a status");
            let problem = Problem::new(status, code, "x");
            let error = error(&problem);
            let found = (
                problem.openai_status().as_u16(),
                error.kind,
                error.code.unwrap_or_default(),
            );
            assert_eq!((found.0, found.1, found.2.as_str()), expected);
        };
        check(
            422,
            "invalid-body",
            (400, "invalid_request_error", "invalid_body"),
        );
        check(
            404,
            "agent-not-found",
            (404, "invalid_request_error", "model_not_found"),
        );
        check(
            503,
            "provider-rate-limited",
            (429, "rate_limit_error", "rate_limit_exceeded"),
        );
        check(
            503,
            "provider-overloaded",
            (503, "server_error", "provider_overloaded"),
        );
        check(
            502,
            "context-too-long",
            (400, "invalid_request_error", "context_length_exceeded"),
        );
        check(
            500,
            "internal-error",
            (500, "server_error", "internal_error"),
        );
        check(
            403,
            "origin-not-allowed",
            (403, "permission_error", "origin_not_allowed"),
        );
    }
}
