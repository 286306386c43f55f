//! Tools for the web: fetch a page or call an API. Which hosts may be reached the workspace grants; the host follows
//! redirects, checks addresses and counts bytes. Here the request is put together and the answer made readable.

mod body;
mod page;

use std::collections::BTreeMap;

use caxton_sdk::http::{Error, Request, Response};
use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Tools, Value, json};
use serde::Deserialize;

use crate::body::{Body, Form};

/// Bytes of a body that are read where the caller sets no limit: enough for a long page, and what a model can take in.
const BYTES: usize = 256 * 1024;
/// The most bytes that a caller can ask for.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most characters of a body in the text of an error.
const EXCERPT_CHARS: usize = 500;

struct HttpFetch;

impl Tools for HttpFetch {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![get_tool(), request_tool()])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        let wish: Wish = match name {
            "get" | "request" => arguments.parse()?,
            _ => return Err(ToolError::not_found(name)),
        };
        fetch(wish)
    }
}

caxton_sdk::export_tools!(HttpFetch);

#[derive(Deserialize)]
struct Wish {
    url: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    json: Option<Value>,
    #[serde(default, rename = "as")]
    form: Form,
    max_bytes: Option<usize>,
    timeout_ms: Option<u32>,
}

fn properties() -> Value {
    json!({
        "url": { "type": "string", "description": "An http or https URL.", "examples": ["https://example.com/data.json"] },
        "headers": { "type": "object", "additionalProperties": { "type": "string" }, "description": "Request headers. Keys and tokens are the host's business and not needed here." },
        "as": {
            "enum": ["auto", "text", "json", "readable", "base64"],
            "default": "auto",
            "description": "The form of the body: by its content type, as it is, as a JSON value, a page's text without markup, or all bytes."
        },
        "max_bytes": { "type": "integer", "minimum": 1, "maximum": BYTES_MAX, "default": BYTES, "description": "Bytes of the body to read; the rest is left out." },
        "timeout_ms": { "type": "integer", "minimum": 1, "description": "The longest wait for an answer, in milliseconds." }
    })
}

fn output() -> Value {
    json!({
        "type": "object",
        "properties": {
            "url": { "type": "string", "description": "The URL that answered, after redirects." },
            "status": { "type": "integer" },
            "content_type": { "type": ["string", "null"] },
            "headers": { "type": "object", "additionalProperties": { "type": "string" } },
            "bytes": { "type": "integer", "description": "Bytes of the body that were read." },
            "truncated": { "type": "boolean", "description": "Whether the body goes on." },
            "title": { "type": "string", "description": "A page's title." },
            "text": { "type": "string" },
            "json": {},
            "base64": { "type": "string" }
        },
        "required": ["url", "status", "content_type", "headers", "bytes", "truncated"]
    })
}

fn get_tool() -> Tool {
    Tool::new("get", "Fetches a web page, file or API answer by its URL: downloads it and gives its text or JSON.")
        .title("Fetch a URL")
        .input(json!({"type": "object", "properties": properties(), "required": ["url"], "additionalProperties": false}))
        .output(output())
        .read_only()
        .open_world(true)
}

fn request_tool() -> Tool {
    let mut properties = properties();
    properties["method"] = json!({ "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], "description": "The method." });
    properties["body"] = json!({ "type": "string", "description": "The body as text." });
    properties["json"] =
        json!({ "description": "The body as a JSON value; sets the content type." });
    Tool::new("request", "Sends an HTTP request of any method to an API, with headers and a body, such as a POST of JSON.")
        .title("Call an API")
        .input(json!({"type": "object", "properties": properties, "required": ["method", "url"], "additionalProperties": false}))
        .output(output())
        .open_world(true)
}

fn fetch(wish: Wish) -> Answer {
    if wish.body.is_some() && wish.json.is_some() {
        return Err(ToolError::invalid(
            "give the body as `body` or as `json`, not both",
        ));
    }
    let url = wish.url.trim();
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return ToolResult::error(format!(
            "`url` is {url:?}; it must start with http:// or https://"
        ))
        .into();
    }
    let mut request = Request::new(wish.method.as_deref().unwrap_or("GET"), url);
    for (name, value) in &wish.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    if let Some(timeout_ms) = wish.timeout_ms {
        request = request.timeout_ms(timeout_ms);
    }
    let request = match (&wish.body, &wish.json) {
        (Some(body), _) => Ok(request.body(body.as_bytes())),
        (None, Some(value)) => request.json(value),
        (None, None) => Ok(request),
    };
    let sent = request.and_then(Request::send).and_then(|response| {
        let max = wish.max_bytes.unwrap_or(BYTES).min(BYTES_MAX);
        collect(response, max)
    });
    match sent {
        Ok(page) => page.told(wish.form).into(),
        Err(error) => ToolResult::error(reason(url, &error)).into(),
    }
}

/// The host's reason, which names the grant or the limit, with the URL.
fn reason(url: &str, error: &Error) -> String {
    match error {
        Error::Denied(text) => format!("{url} may not be fetched: {text}"),
        Error::Invalid(text) => format!("The request for {url} is malformed: {text}"),
        Error::Limit(text) => format!("{url} was not fetched to its end: {text}"),
        Error::Timeout(text) => format!("{url} did not answer in time: {text}"),
        Error::Connection(text) => format!("{url} can't be reached: {text}"),
    }
}

/// A response with as much of its body as was wanted.
struct Page {
    url: String,
    status: u16,
    headers: BTreeMap<String, String>,
    bytes: Vec<u8>,
    is_cut: bool,
}

/// Reads a body up to `max` bytes. Unlike a limit of the host, this is no error: the start of a page is worth having.
fn collect(mut response: Response, max: usize) -> Result<Page, Error> {
    let mut bytes = Vec::new();
    let mut is_cut = false;
    while let Some(piece) = response.chunk()? {
        bytes.extend(piece);
        if bytes.len() > max {
            bytes.truncate(max);
            is_cut = true;
            break;
        }
    }
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .collect();
    Ok(Page {
        url: response.url().to_owned(),
        status: response.status(),
        headers,
        bytes,
        is_cut,
    })
}

impl Page {
    fn told(&self, form: Form) -> ToolResult {
        let kind = self.headers.get("content-type").cloned();
        let is_error = !(200..400).contains(&self.status);
        // An error page is shown as it comes, whatever was hoped for.
        let form = if is_error && form == Form::Json {
            Form::Auto
        } else {
            form
        };
        let body = match body::read(
            &self.bytes,
            kind.as_deref().unwrap_or_default(),
            form,
            self.is_cut,
        ) {
            Ok(body) => body,
            Err(error) => return ToolResult::error(format!("{}: {error}", self.url)),
        };
        let mut structured = json!({
            "url": self.url, "status": self.status, "content_type": kind, "headers": self.headers, "bytes": self.bytes.len(), "truncated": self.is_cut,
        });
        let mut text = match body {
            Body::Text(text) => {
                structured["text"] = json!(text);
                text
            }
            Body::Page(title, text) => {
                if let Some(title) = &title {
                    structured["title"] = json!(title);
                }
                structured["text"] = json!(text);
                title.map_or_else(|| text.clone(), |title| format!("{title}\n\n{text}"))
            }
            Body::Json(value) => {
                let text = value.to_string();
                structured["json"] = value;
                text
            }
            Body::Base64(text) => {
                structured["base64"] = json!(text);
                text
            }
            Body::Bytes => format!(
                "{} bytes of {}; ask for \"base64\" to get them",
                self.bytes.len(),
                kind.as_deref().unwrap_or("an unknown type")
            ),
        };
        if self.is_cut {
            text.push_str(&format!(
                "\n[cut after {} bytes; raise `max_bytes` for more]",
                self.bytes.len()
            ));
        }
        if is_error {
            let excerpt: String = text.chars().take(EXCERPT_CHARS).collect();
            text = format!(
                "{} answered with status {}: {excerpt}",
                self.url, self.status
            );
        }
        let mut result = ToolResult::text(text).with_structured(&structured);
        result.is_error |= is_error;
        result
    }
}

#[cfg(test)]
mod tests {
    use caxton_sdk::testing::{self, Reply};
    use caxton_sdk::{Body as Content, Outcome};

    use super::*;

    fn call(name: &str, arguments: Value, reply: Result<Reply, Error>) -> (bool, String, Value) {
        let mut reply = Some(reply);
        testing::reset();
        testing::with(|host| {
            host.http = Some(Box::new(move |_| {
                reply
                    .take()
                    .unwrap_or_else(|| Err(Error::Invalid("a second request".into())))
            }))
        });
        let Ok(Outcome::Complete(result)) = HttpFetch::call(name, arguments.into()) else {
            panic!("{name} gave no result")
        };
        let text = result
            .content
            .iter()
            .map(|content| {
                if let Content::Text(text) = &content.body {
                    text.as_str()
                } else {
                    ""
                }
            })
            .collect();
        (
            result.is_error,
            text,
            result.structured.map_or(Value::Null, |text| {
                serde_json::from_str(&text).expect("JSON")
            }),
        )
    }

    fn reply(status: u16, kind: &str, pieces: &[&str]) -> Result<Reply, Error> {
        Ok(Reply {
            status,
            headers: vec![("content-type".into(), kind.into())],
            body: pieces
                .iter()
                .map(|piece| piece.as_bytes().to_vec())
                .collect(),
        })
    }

    #[test]
    fn pages_and_data_are_fetched() {
        let (is_error, text, structured) = call(
            "get",
            json!({"url": "https://x.test/"}),
            reply(200, "text/html", &["<title>T</title>", "<p>Hello"]),
        );
        assert_eq!((is_error, text.as_str()), (false, "T\n\nHello"));
        assert_eq!(
            (
                &structured["status"],
                &structured["title"],
                &structured["truncated"]
            ),
            (&json!(200), &json!("T"), &json!(false))
        );
        let (_, _, structured) = call(
            "request",
            json!({"method": "POST", "url": "https://x.test/", "json": [1]}),
            reply(200, "application/json", &["{\"a\"", ":1}"]),
        );
        assert_eq!(structured["json"], json!({"a": 1}));
        let (_, text, structured) = call(
            "get",
            json!({"url": "https://x.test/", "max_bytes": 4}),
            reply(200, "text/plain", &["abc", "def", "ghi"]),
        );
        assert_eq!(
            (
                structured["text"].as_str(),
                &structured["bytes"],
                &structured["truncated"]
            ),
            (Some("abcd"), &json!(4), &json!(true))
        );
        assert!(text.contains("raise `max_bytes`"), "{text}");
    }

    #[test]
    fn what_goes_wrong_is_named() {
        for (arguments, answer, needle) in [
            (
                json!({"url": "ftp://x.test"}),
                reply(200, "", &[]),
                "must start with http",
            ),
            (
                json!({"url": "https://x.test"}),
                reply(404, "text/plain", &["no such page"]),
                "answered with status 404: no such page",
            ),
            (
                json!({"url": "https://x.test", "as": "json"}),
                reply(200, "text/html", &["<p>"]),
                "not JSON",
            ),
            (
                json!({"url": "https://x.test", "as": "json"}),
                reply(500, "text/html", &["<p>oops"]),
                "answered with status 500: oops",
            ),
            (
                json!({"url": "https://x.test"}),
                Err(Error::Denied("add http = [\"https://x.test\"]".into())),
                "https://x.test may not be fetched: add http =",
            ),
            (
                json!({"url": "https://x.test"}),
                Err(Error::Timeout("2 s".into())),
                "did not answer in time: 2 s",
            ),
        ] {
            let (is_error, text, _) = call("get", arguments.clone(), answer);
            assert!(is_error && text.contains(needle), "{arguments}: {text}");
        }
        assert!(HttpFetch::call("get", json!({}).into()).is_err());
        assert!(
            HttpFetch::call(
                "get",
                json!({"url": "https://x.test", "as": "music"}).into()
            )
            .is_err()
        );
        assert!(
            HttpFetch::call(
                "request",
                json!({"url": "https://x.test", "method": "PUT", "body": "a", "json": 1}).into()
            )
            .is_err()
        );
    }
}
