//! Prompts: with and without arguments, with a picture, with a resource, with a question; and suggestions for arguments.

use caxton_sdk::input::{InputRequired, Reply, resumption};
use caxton_sdk::server::{
    CompletionRef, Prompt, PromptArgument, PromptError, PromptMessage, PromptOutcome, PromptResult,
    Suggestions,
};
use caxton_sdk::{Completion, Content, Prompts, ResourceContents, Role, json};
use serde::Deserialize;

use crate::Conformance;
use crate::content::PIXEL_PNG;

impl Prompts for Conformance {
    fn list() -> Result<Vec<Prompt>, String> {
        Ok(vec![
            prompt("test_simple_prompt", "A prompt without arguments.", &[]),
            prompt(
                "test_prompt_with_arguments",
                "A prompt with two arguments.",
                &["arg1", "arg2"],
            ),
            prompt(
                "test_prompt_with_embedded_resource",
                "A prompt with a resource in it.",
                &["resourceUri"],
            ),
            prompt(
                "test_prompt_with_image",
                "A prompt with a picture in it.",
                &[],
            ),
            prompt(
                "test_input_required_result_prompt",
                "A prompt that asks a question first.",
                &[],
            ),
        ])
    }

    fn get(name: &str, arguments: Vec<(String, String)>) -> Result<PromptOutcome, PromptError> {
        let argument = |wanted: &str| {
            let found = arguments
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone());
            found.ok_or_else(|| PromptError::InvalidArguments(format!("`{wanted}` is missing")))
        };
        let contents = match name {
            "test_simple_prompt" => vec![Content::text("This is a simple prompt for testing.")],
            "test_prompt_with_arguments" => {
                vec![Content::text(format!(
                    "Prompt with arguments: arg1='{}', arg2='{}'",
                    argument("arg1")?,
                    argument("arg2")?
                ))]
            }
            "test_prompt_with_embedded_resource" => vec![
                Content::resource(ResourceContents::text(
                    argument("resourceUri")?,
                    "text/plain",
                    "Embedded resource content for testing.",
                )),
                Content::text("Please process the embedded resource above."),
            ],
            "test_prompt_with_image" => vec![
                Content::image(PIXEL_PNG, "image/png"),
                Content::text("Please analyze the image above."),
            ],
            "test_input_required_result_prompt" => return ask_for_context(),
            _ => return Err(PromptError::NotFound(name.into())),
        };
        Ok(complete(contents))
    }
}

fn prompt(name: &str, description: &str, arguments: &[&str]) -> Prompt {
    let arguments = arguments
        .iter()
        .map(|name| PromptArgument {
            name: (*name).into(),
            description: None,
            required: true,
        })
        .collect();
    Prompt {
        name: name.into(),
        title: None,
        description: Some(description.into()),
        arguments,
    }
}

fn complete(contents: Vec<Content>) -> PromptOutcome {
    let messages = contents
        .into_iter()
        .map(|content| PromptMessage {
            role: Role::User,
            content,
        })
        .collect();
    PromptOutcome::Complete(PromptResult {
        description: None,
        messages,
    })
}

#[derive(Deserialize)]
struct Context {
    context: String,
}

fn ask_for_context() -> Result<PromptOutcome, PromptError> {
    let answer = resumption()
        .map(|resumption| resumption.elicited::<Context>("user_context"))
        .transpose();
    match answer.map_err(PromptError::InvalidArguments)?.flatten() {
        Some(Reply::Accepted(Context { context })) => Ok(complete(vec![Content::text(format!(
            "Use the following context: {context}"
        ))])),
        Some(_) => Ok(complete(vec![Content::text("Use no context.")])),
        None => {
            let schema = json!({ "type": "object", "properties": { "context": { "type": "string" } }, "required": ["context"] });
            let question = InputRequired::new().elicit(
                "user_context",
                "What context should the prompt use?",
                schema,
            );
            Ok(PromptOutcome::InputRequired(question))
        }
    }
}

impl Completion for Conformance {
    fn complete(
        of: CompletionRef,
        name: &str,
        value: &str,
        _others: Vec<(String, String)>,
    ) -> Result<Suggestions, String> {
        let all: &[&str] = match (&of, name) {
            (CompletionRef::Prompt(prompt), "arg1" | "arg2")
                if prompt == "test_prompt_with_arguments" =>
            {
                &["paris", "park", "party", "test", "testing"]
            }
            (CompletionRef::ResourceTemplate(template), "id")
                if template == "test://template/{id}/data" =>
            {
                &["1", "12", "123"]
            }
            _ => &[],
        };
        let values: Vec<String> = all
            .iter()
            .filter(|suggestion| suggestion.starts_with(value))
            .map(|suggestion| (*suggestion).into())
            .collect();
        Ok(Suggestions {
            total: u32::try_from(values.len()).ok(),
            values,
            has_more: false,
        })
    }
}
