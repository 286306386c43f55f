//! What components offer beside tools: whose prompt, resource or suggestion it is that a client asks for. Components are
//! asked in the order of their names; one that fails is left out of lists and named in the log, so that it hides nobody
//! else's.

use std::sync::Arc;

use caxton_sandbox::wit::{completion, prompts, resources};
use caxton_sandbox::{Call, CallError, Called, Component, Failed};
use rmcp::model::{
    CompletionInfo, GetPromptResult, Prompt, PromptArgument, PromptMessage, ReadResourceResult,
    Reference, Resource, ResourceTemplate, Role,
};

use super::caller::{Askable, Attempt};
use super::content;
use super::error::Error;
use super::seal::Scope;
use crate::workspace::{Loaded, State};

/// The components that have a role.
fn having(
    state: &State,
    role: impl Fn(caxton_sandbox::Roles) -> bool,
) -> impl Iterator<Item = &Arc<Loaded>> {
    state
        .components
        .values()
        .filter(move |loaded| role(loaded.component.roles()))
}

/// What stands before the names of a component's prompts: the same as before those of its tools.
fn prefix(loaded: &Loaded) -> String {
    loaded
        .spec
        .prefix
        .clone()
        .unwrap_or_else(|| format!("{}__", loaded.component.name()))
}

/// What a component listed; nothing where it failed.
fn listed<T>(
    component: &Component,
    what: &'static str,
    called: Result<Called<Vec<T>>, Failed>,
) -> Vec<T> {
    match called {
        Ok(called) => called.value,
        Err(failed) => {
            tracing::warn!(component = component.name(), error = %failed.error, "a component can't list its {what}");
            Vec::new()
        }
    }
}

/// All prompts.
pub(super) async fn prompts(state: &State) -> Vec<Prompt> {
    let mut all = Vec::new();
    for loaded in having(state, |roles| roles.prompts) {
        let prefix = prefix(loaded);
        let prompts = listed(
            &loaded.component,
            "prompts",
            loaded.component.list_prompts(Call::default()).await,
        );
        all.extend(prompts.into_iter().map(|prompt| {
            let arguments = prompt.arguments.into_iter().map(|argument| {
                let mut listed =
                    PromptArgument::new(argument.name).with_required(argument.required);
                listed.description = argument.description;
                listed
            });
            let mut listed = Prompt::new(
                format!("{prefix}{}", prompt.name),
                prompt.description,
                Some(arguments.collect()),
            );
            listed.title = prompt.title;
            listed
        }));
    }
    all
}

/// All resources.
pub(super) async fn resources(state: &State) -> Vec<Resource> {
    let mut all = Vec::new();
    for loaded in having(state, |roles| roles.resources) {
        let resources = listed(
            &loaded.component,
            "resources",
            loaded.component.list_resources(Call::default()).await,
        );
        all.extend(resources.into_iter().map(|info| {
            let mut resource = Resource::new(info.uri, info.name);
            resource.title = info.title;
            resource.description = info.description;
            resource.mime_type = info.mime_type;
            resource.size = info.size;
            resource
        }));
    }
    all
}

/// All families of resources.
pub(super) async fn templates(state: &State) -> Vec<ResourceTemplate> {
    let mut all = Vec::new();
    for loaded in having(state, |roles| roles.resources) {
        let templates = listed(
            &loaded.component,
            "resource templates",
            loaded
                .component
                .list_resource_templates(Call::default())
                .await,
        );
        all.extend(templates.into_iter().map(|family| {
            let mut template = ResourceTemplate::new(family.uri_template, family.name);
            template.title = family.title;
            template.description = family.description;
            template.mime_type = family.mime_type;
            template
        }));
    }
    all
}

/// Finds whose prompt this is.
pub(super) async fn prompt(state: &State, name: &str) -> Result<(Component, String), Error> {
    for loaded in having(state, |roles| roles.prompts) {
        let Some(own) = name.strip_prefix(&prefix(loaded)) else {
            continue;
        };
        let prompts = listed(
            &loaded.component,
            "prompts",
            loaded.component.list_prompts(Call::default()).await,
        );
        if prompts.iter().any(|prompt| prompt.name == own) {
            return Ok((loaded.component.clone(), own.to_owned()));
        }
    }
    Err(Error::NotFound {
        kind: "prompt",
        name: name.to_owned(),
    })
}

/// Finds whose resource this is: who lists it, else who has a family that it may be of, so that nobody answers for what
/// another one has announced.
pub(super) async fn resource(state: &State, uri: &str) -> Result<Component, Error> {
    for loaded in having(state, |roles| roles.resources) {
        let resources = listed(
            &loaded.component,
            "resources",
            loaded.component.list_resources(Call::default()).await,
        );
        if resources.iter().any(|resource| resource.uri == uri) {
            return Ok(loaded.component.clone());
        }
    }
    for loaded in having(state, |roles| roles.resources) {
        let templates = listed(
            &loaded.component,
            "resource templates",
            loaded
                .component
                .list_resource_templates(Call::default())
                .await,
        );
        if templates
            .iter()
            .any(|template| may_be_of(&template.uri_template, uri))
        {
            return Ok(loaded.component.clone());
        }
    }
    Err(Error::NotFound {
        kind: "resource",
        name: uri.to_owned(),
    })
}

/// Whether `uri` begins and ends like `template` (RFC 6570) and has its fixed parts in order. The component itself decides
/// what the variable parts may be.
fn may_be_of(template: &str, uri: &str) -> bool {
    let mut fixed = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        fixed.push(before);
        let Some((_, after)) = after.split_once('}') else {
            return false;
        };
        rest = after;
    }
    let (Some(first), last) = (fixed.first(), rest) else {
        return template == uri;
    };
    let Some(mut middle) = uri
        .strip_prefix(first)
        .and_then(|uri| uri.strip_suffix(last))
    else {
        return false;
    };
    for part in &fixed[1..] {
        let Some((_, after)) = middle.split_once(part) else {
            return false;
        };
        middle = after;
    }
    true
}

/// Suggestions for an argument of a prompt or a family of resources.
pub(super) async fn complete(
    state: &State,
    reference: &Reference,
    argument: &str,
    value: &str,
    others: &[(String, String)],
) -> Result<CompletionInfo, Error> {
    let (component, of) = match reference {
        Reference::Prompt(reference) => {
            let (component, own) = prompt(state, &reference.name).await?;
            (component, completion::CompletionRef::Prompt(own))
        }
        Reference::Resource(reference) => {
            let component = family(state, &reference.uri).await?;
            (
                component,
                completion::CompletionRef::ResourceTemplate(reference.uri.clone()),
            )
        }
        _ => {
            return Err(Error::Parameters(
                "`ref` is neither `ref/prompt` nor `ref/resource`".to_owned(),
            ));
        }
    };
    if !component.roles().completion {
        return Ok(CompletionInfo::default());
    }
    let called = component
        .complete_argument(Call::default(), &of, argument, value, others)
        .await;
    let suggestions = called
        .map_err(|failed| Error::Component(failed.error))?
        .value;
    let more = suggestions.has_more || suggestions.values.len() > CompletionInfo::MAX_VALUES;
    let values = suggestions
        .values
        .into_iter()
        .take(CompletionInfo::MAX_VALUES)
        .collect();
    CompletionInfo::with_pagination(values, suggestions.total, more).map_err(Error::Parameters)
}

/// Finds whose family of resources this is; a client may also name a single resource.
async fn family(state: &State, uri: &str) -> Result<Component, Error> {
    for loaded in having(state, |roles| roles.resources) {
        let templates = listed(
            &loaded.component,
            "resource templates",
            loaded
                .component
                .list_resource_templates(Call::default())
                .await,
        );
        if templates
            .iter()
            .any(|template| template.uri_template == uri)
        {
            return Ok(loaded.component.clone());
        }
    }
    resource(state, uri).await
}

/// A prompt to be filled in.
pub(super) struct PromptGet {
    pub(super) workspace: String,
    pub(super) component: Component,
    pub(super) name: String,
    pub(super) arguments: Vec<(String, String)>,
}

impl Askable for PromptGet {
    type Answer = GetPromptResult;

    fn scope(&self) -> Scope {
        let mut arguments = self.arguments.clone();
        arguments.sort();
        Scope {
            workspace: self.workspace.clone(),
            component: self.component.name().to_owned(),
            kind: "prompt",
            name: self.name.clone(),
            arguments: serde_json::json!(arguments).to_string(),
        }
    }

    async fn attempt(&self, call: Call) -> Result<Attempt<GetPromptResult>, Error> {
        let called = self
            .component
            .get_prompt(call, &self.name, &self.arguments)
            .await;
        match called
            .map_err(|failed| Error::Component(failed.error))?
            .value
        {
            Ok(prompts::PromptOutcome::Complete(filled)) => {
                let messages = filled.messages.into_iter().map(|message| {
                    let role = if message.role == prompts::Role::Assistant {
                        Role::Assistant
                    } else {
                        Role::User
                    };
                    PromptMessage::new(role, content::block(message.content))
                });
                let mut result = GetPromptResult::new(messages.collect());
                result.description = filled.description;
                Ok(Attempt::Answered(result))
            }
            Ok(prompts::PromptOutcome::InputRequired(input)) => Ok(Attempt::Asked(input)),
            Err(prompts::PromptError::NotFound(_)) => Err(Error::NotFound {
                kind: "prompt",
                name: self.name.clone(),
            }),
            Err(prompts::PromptError::InvalidArguments(reason)) => Err(Error::Parameters(format!(
                "the prompt `{}` does not take these arguments: {reason}",
                self.name
            ))),
            Err(prompts::PromptError::Failed(reason)) => Err(failed(&self.component, reason)),
        }
    }
}

/// A resource to be read.
pub(super) struct ResourceRead {
    pub(super) workspace: String,
    pub(super) component: Component,
    pub(super) uri: String,
}

impl Askable for ResourceRead {
    type Answer = ReadResourceResult;

    fn scope(&self) -> Scope {
        Scope {
            workspace: self.workspace.clone(),
            component: self.component.name().to_owned(),
            kind: "resource",
            name: self.uri.clone(),
            arguments: String::new(),
        }
    }

    async fn attempt(&self, call: Call) -> Result<Attempt<ReadResourceResult>, Error> {
        let called = self.component.read_resource(call, &self.uri).await;
        match called
            .map_err(|failed| Error::Component(failed.error))?
            .value
        {
            Ok(resources::ReadOutcome::Complete(contents)) => {
                let contents = contents.into_iter().map(content::resource).collect();
                Ok(Attempt::Answered(ReadResourceResult::new(contents)))
            }
            Ok(resources::ReadOutcome::InputRequired(input)) => Ok(Attempt::Asked(input)),
            Err(resources::ResourceError::NotFound(_)) => Err(Error::NotFound {
                kind: "resource",
                name: self.uri.clone(),
            }),
            Err(resources::ResourceError::Failed(reason)) => Err(failed(&self.component, reason)),
        }
    }
}

fn failed(component: &Component, reason: String) -> Error {
    Error::Component(CallError::Guest {
        component: component.name().to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::may_be_of;

    #[test]
    fn a_uri_may_be_of_a_family_by_its_fixed_parts() {
        for (template, uri, expected) in [
            ("test://template/{id}/data", "test://template/12/data", true),
            (
                "test://template/{id}/data",
                "test://template/12/date",
                false,
            ),
            ("test://template/{id}/data", "test://other/12/data", false),
            ("file:///{path}", "file:///a/b.txt", true),
            ("db://{table}/{column}", "db://t/c", true),
            ("db://{table}/{column}", "db://t", false),
            ("test://fixed", "test://fixed", true),
            ("test://fixed", "test://fixed/more", false),
            ("test://{broken", "test://x", false),
            ("a{x}a", "a", false),
        ] {
            assert_eq!(may_be_of(template, uri), expected, "{template} {uri}");
        }
    }
}
