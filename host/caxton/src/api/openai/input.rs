//! What both ways of asking have in common: what is said, tools, and how the answer is to be. What can't be served is refused
//! by the name that the client gave it; nothing that would change the answer is passed over.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sandbox::llm_types::{Blob, Part, ToolChoice, ToolSpec};
use serde_json::{Map, Value, json};

use super::super::error::Problem;
use super::super::wire::openai as wire;

/// The model that stands for whichever agent fits.
pub(super) const AUTO: &str = "auto";

/// Members of a request that can't be served, each with the values that ask for nothing.
pub(super) type Unserved = (&'static str, fn(&Value) -> bool);

/// Refuses a request that has one of `unserved`.
pub(super) fn refuse(others: &Map<String, Value>, unserved: &[Unserved]) -> Result<(), Problem> {
    for (name, asks_for_nothing) in unserved {
        if let Some(value) = others.get(*name)
            && !value.is_null()
            && !asks_for_nothing(value)
        {
            let detail = format!(
                "`{name}` can't be served here, and the answer would not be what it asks for; leave it out"
            );
            return Err(Problem::parameter(
                &format!("/{name}"),
                "unsupported-parameter",
                detail,
            ));
        }
    }
    Ok(())
}

/// Every value asks for something.
pub(super) fn never(_: &Value) -> bool {
    false
}

/// `false` asks for nothing.
pub(super) fn when_false(value: &Value) -> bool {
    value == &json!(false)
}

/// 0 asks for nothing.
pub(super) fn when_zero(value: &Value) -> bool {
    value.as_f64() == Some(0.0)
}

/// An empty list or object asks for nothing.
pub(super) fn when_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// Nothing but text is asked for.
pub(super) fn when_text(value: &Value) -> bool {
    value == &json!(["text"])
}

/// What may be in what is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kinds {
    /// Text alone.
    Text,
    /// Text and pictures.
    TextAndPictures,
}

/// What is said, as models read it. Empty texts are left out.
pub(super) fn parts(
    content: wire::Content,
    kinds: Kinds,
    pointer: &str,
) -> Result<Vec<Part>, Problem> {
    let given = match content {
        wire::Content::Text(text) if text.is_empty() => return Ok(Vec::new()),
        wire::Content::Text(text) => return Ok(vec![Part::Text(text)]),
        wire::Content::List(given) => given,
    };
    let mut parts = Vec::with_capacity(given.len());
    for (index, part) in given.into_iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        let missing = |name: &str| {
            let detail = format!(
                "a part of type `{}` needs the member `{name}`",
                part.kind.escape_debug()
            );
            Problem::parameter(&pointer, "missing-required-parameter", detail)
        };
        match part.kind.as_str() {
            "text" | "input_text" | "output_text" => {
                let text = part.text.ok_or_else(|| missing("text"))?;
                if !text.is_empty() {
                    parts.push(Part::Text(text));
                }
            }
            "refusal" => parts.push(Part::Text(part.refusal.ok_or_else(|| missing("refusal"))?)),
            "image_url" | "input_image" if kinds == Kinds::TextAndPictures => {
                let image = part
                    .image_url
                    .as_ref()
                    .ok_or_else(|| missing("image_url"))?;
                parts.push(Part::Image(picture(&image.url, &pointer)?));
            }
            other => {
                let taken = match kinds {
                    Kinds::Text => "only text is taken here",
                    Kinds::TextAndPictures => "text and pictures are taken here",
                };
                let detail = format!(
                    "a part of type `{}` can't be served: {taken}",
                    other.escape_debug()
                );
                return Err(Problem::parameter(
                    &format!("{pointer}/type"),
                    "invalid-value",
                    detail,
                ));
            }
        }
    }
    Ok(parts)
}

/// A picture out of a `data:` address (RFC 2397).
fn picture(url: &str, pointer: &str) -> Result<Blob, Problem> {
    let refused = |detail: &str| Err(Problem::parameter(pointer, "invalid-image-url", detail));
    let Some(data) = url.strip_prefix("data:") else {
        return refused(
            "a picture must come with the request, as a `data:` URL such as `data:image/png;base64,…`; the server fetches nothing by itself",
        );
    };
    let Some((mime_type, data)) = data
        .split_once(',')
        .and_then(|(head, data)| Some((head.strip_suffix(";base64")?, data)))
    else {
        return refused(
            "the `data:` URL of a picture must be in base64: `data:image/png;base64,…`",
        );
    };
    if !mime_type.starts_with("image/") {
        return refused(
            "the `data:` URL is none of a picture; its media type must begin with `image/`",
        );
    }
    match STANDARD.decode(data.trim_ascii()) {
        Ok(data) if !data.is_empty() => Ok(Blob {
            data,
            mime_type: mime_type.to_owned(),
        }),
        _ => refused(
            "the picture in the `data:` URL is not base64, or empty; encode its bytes again",
        ),
    }
}

/// The texts of parts, one after the other.
pub(super) fn text(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// A tool that the client has.
pub(super) fn tool(
    name: String,
    description: Option<String>,
    parameters: Option<Value>,
    pointer: &str,
) -> Result<ToolSpec, Problem> {
    // What providers take as a name.
    const NAME_CHARS_MAX: usize = 64;
    let is_name = (1..=NAME_CHARS_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if !is_name {
        let detail = format!(
            "`{}` is no name of a function: it has 1 to {NAME_CHARS_MAX} of `A-Z a-z 0-9 _ -`",
            name.escape_debug()
        );
        return Err(Problem::parameter(
            &format!("{pointer}/name"),
            "invalid-value",
            detail,
        ));
    }
    let schema = parameters.unwrap_or_else(|| json!({ "type": "object", "properties": {} }));
    if !schema.is_object() {
        let detail =
            format!("the parameters of `{name}` must be a JSON Schema, which is an object");
        return Err(Problem::parameter(
            &format!("{pointer}/parameters"),
            "invalid-value",
            detail,
        ));
    }
    Ok(ToolSpec {
        name,
        description: description.unwrap_or_default(),
        input_schema: schema.to_string(),
    })
}

/// Refuses two tools of one name.
pub(super) fn distinct(tools: &[ToolSpec]) -> Result<(), Problem> {
    let mut names = BTreeSet::new();
    match tools.iter().find(|tool| !names.insert(&tool.name)) {
        None => Ok(()),
        Some(twice) => {
            let detail = format!("there are two functions `{}`; rename one", twice.name);
            Err(Problem::parameter("/tools", "invalid-value", detail))
        }
    }
}

/// A tool that is no function, which the client can't call itself.
pub(super) fn no_function(kind: &str, pointer: &str) -> Problem {
    let detail = format!(
        "a tool of type `{}` can't be served: the client's tools are functions, and others belong to the agent, by `tools` in its file",
        kind.escape_debug()
    );
    Problem::parameter(&format!("{pointer}/type"), "unsupported-value", detail)
}

/// Whether the model must call a tool. `tools` are the client's.
pub(super) fn choice(
    choice: Option<&wire::Choice>,
    tools: &[ToolSpec],
) -> Result<ToolChoice, Problem> {
    let refused = |detail: String| Err(Problem::parameter("/tool_choice", "invalid-value", detail));
    match choice {
        None => Ok(ToolChoice::Auto),
        Some(wire::Choice::Mode(mode)) => match mode.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" if tools.is_empty() => {
                refused("`tool_choice` is `required`, and there are no tools".to_owned())
            }
            "required" => Ok(ToolChoice::Required),
            other => refused(format!(
                "`{}` is none of `auto`, `none`, `required`",
                other.escape_debug()
            )),
        },
        Some(wire::Choice::Tool {
            kind,
            name,
            function,
        }) => {
            let name = name
                .as_ref()
                .or(function.as_ref().map(|function| &function.name));
            match name {
                Some(name) if kind == "function" => {
                    if tools.iter().any(|tool| tool.name == *name) {
                        Ok(ToolChoice::Named(name.clone()))
                    } else {
                        refused(format!("`tools` has no function `{}`", name.escape_debug()))
                    }
                }
                _ => refused(format!(
                    "a choice of type `{}` can't be served; name a function, or give `auto`, `none` or `required`",
                    kind.escape_debug()
                )),
            }
        }
    }
}

/// The schema of an answer, where it is to have one.
pub(super) fn schema(
    kind: &str,
    schema: Option<&Value>,
    pointer: &str,
) -> Result<Option<String>, Problem> {
    match (kind, schema) {
        ("text", _) => Ok(None),
        ("json_object", _) => Ok(Some(json!({ "type": "object" }).to_string())),
        ("json_schema", Some(schema)) if schema.is_object() => Ok(Some(schema.to_string())),
        ("json_schema", _) => Err(Problem::parameter(
            pointer,
            "missing-required-parameter",
            "the type `json_schema` needs a `schema`, which is an object",
        )),
        (other, _) => {
            let detail = format!(
                "`{}` is none of `text`, `json_object`, `json_schema`",
                other.escape_debug()
            );
            Err(Problem::parameter(
                &format!("{pointer}/type"),
                "invalid-value",
                detail,
            ))
        }
    }
}

/// A temperature.
pub(super) fn temperature(given: Option<f64>) -> Result<Option<f64>, Problem> {
    match given {
        Some(value) if !(0.0..=2.0).contains(&value) => Err(Problem::parameter(
            "/temperature",
            "invalid-value",
            format!("the temperature is {value}, and must be from 0 to 2"),
        )),
        other => Ok(other),
    }
}

/// The most tokens to write, from the member of this name.
pub(super) fn tokens(given: Option<u32>, name: &str) -> Result<Option<u32>, Problem> {
    match given {
        Some(0) => Err(Problem::parameter(
            &format!("/{name}"),
            "invalid-value",
            format!("`{name}` must be at least 1"),
        )),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_come_with_the_request() {
        let check = |url: &str, expected: Result<(&str, &[u8]), &str>| {
            let read = picture(url, "/x");
            let read = read
                .as_ref()
                .map(|blob| (blob.mime_type.as_str(), blob.data.as_slice()));
            match (read, expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected),
                (Err(problem), Err(told)) => {
                    assert!(problem.detail.contains(told), "{}", problem.detail);
                }
                (read, _) => panic!("{url}: {read:?}"),
            }
        };
        check("data:image/png;base64,AQID", Ok(("image/png", &[1, 2, 3])));
        check("https://example.com/a.png", Err("fetches nothing"));
        check("file:///etc/passwd", Err("fetches nothing"));
        check("data:image/png,AQID", Err("in base64"));
        check("data:text/html;base64,AQID", Err("media type"));
        check("data:image/png;base64,", Err("empty"));
        check("data:image/png;base64,***", Err("not base64"));
    }

    #[test]
    fn choices_are_of_tools_that_there_are() {
        let tools = [tool("f".to_owned(), None, None, "").expect("a name")];
        let check = |given: Value, expected: Option<ToolChoice>| {
            let given: wire::Choice = serde_json::from_value(given).expect("a choice");
            assert_eq!(choice(Some(&given), &tools).ok(), expected, "{given:?}");
        };
        check(json!("auto"), Some(ToolChoice::Auto));
        check(json!("none"), Some(ToolChoice::None));
        check(json!("required"), Some(ToolChoice::Required));
        check(json!("any"), None);
        let named = Some(ToolChoice::Named("f".to_owned()));
        check(
            json!({ "type": "function", "function": { "name": "f" } }),
            named.clone(),
        );
        check(json!({ "type": "function", "name": "f" }), named);
        check(json!({ "type": "function", "name": "g" }), None);
        check(json!({ "type": "allowed_tools", "mode": "auto" }), None);
    }

    #[test]
    fn names_of_functions_are_those_that_providers_take() {
        for (name, fine) in [
            ("f", true),
            ("a_B-9", true),
            ("", false),
            ("a b", false),
            (&*"x".repeat(65), false),
        ] {
            assert_eq!(
                tool(name.to_owned(), None, None, "").is_ok(),
                fine,
                "{name}"
            );
        }
    }
}
