//! Calling what a component offers beside its tools: resources, prompts and suggestions for arguments.

use crate::call::{Call, Called, Failed, call, refused};
use crate::component::Component;
use crate::tools::{weigh_content, weigh_data};
use crate::wit::completion::{CompletionRef, Suggestions};
use crate::wit::prompts::{Prompt, PromptError, PromptOutcome};
use crate::wit::resources::{ReadOutcome, ResourceError, ResourceInfo, ResourceTemplate};

impl Component {
    /// Lists the resources.
    ///
    /// # Errors
    /// [`Failed`] where the component has none, fails, or passes a limit; so for all calls here.
    pub async fn list_resources(&self, call: Call) -> Result<Called<Vec<ResourceInfo>>, Failed> {
        let called = call!(
            self,
            call,
            resources,
            "resource server",
            |guest, store| guest.call_list_resources(store),
            |_| 0
        )?;
        refused(self, called, |reason| reason)
    }

    /// Lists the families of resources.
    ///
    /// # Errors
    /// As [`Self::list_resources`].
    pub async fn list_resource_templates(
        &self,
        call: Call,
    ) -> Result<Called<Vec<ResourceTemplate>>, Failed> {
        let called = call!(
            self,
            call,
            resources,
            "resource server",
            |guest, store| guest.call_list_resource_templates(store),
            |_| 0
        )?;
        refused(self, called, |reason| reason)
    }

    /// Reads the resource at `uri`.
    ///
    /// # Errors
    /// As [`Self::list_resources`]; what the component itself refused is a value.
    pub async fn read_resource(
        &self,
        call: Call,
        uri: &str,
    ) -> Result<Called<Result<ReadOutcome, ResourceError>>, Failed> {
        let weigh = |outcome: &Result<ReadOutcome, ResourceError>| match outcome {
            Ok(ReadOutcome::Complete(contents)) => {
                contents.iter().map(|c| weigh_data(&c.data)).sum()
            }
            _ => 0,
        };
        call!(
            self,
            call,
            resources,
            "resource server",
            |guest, store| guest.call_read_resource(store, uri),
            weigh
        )
    }

    /// Lists the prompts.
    ///
    /// # Errors
    /// As [`Self::list_resources`].
    pub async fn list_prompts(&self, call: Call) -> Result<Called<Vec<Prompt>>, Failed> {
        let called = call!(
            self,
            call,
            prompts,
            "prompt server",
            |guest, store| guest.call_list_prompts(store),
            |_| 0
        )?;
        refused(self, called, |reason| reason)
    }

    /// Fills in the prompt `name`.
    ///
    /// # Errors
    /// As [`Self::list_resources`]; what the component itself refused is a value.
    pub async fn get_prompt(
        &self,
        call: Call,
        name: &str,
        arguments: &[(String, String)],
    ) -> Result<Called<Result<PromptOutcome, PromptError>>, Failed> {
        let weigh = |outcome: &Result<PromptOutcome, PromptError>| match outcome {
            Ok(PromptOutcome::Complete(result)) => result
                .messages
                .iter()
                .map(|m| weigh_content(&m.content))
                .sum(),
            _ => 0,
        };
        call!(
            self,
            call,
            prompts,
            "prompt server",
            |guest, store| guest.call_get_prompt(store, name, arguments),
            weigh
        )
    }

    /// Suggests values for the argument `name`, of which `value` is typed so far.
    ///
    /// # Errors
    /// As [`Self::list_resources`].
    pub async fn complete_argument(
        &self,
        call: Call,
        of: &CompletionRef,
        name: &str,
        value: &str,
        others: &[(String, String)],
    ) -> Result<Called<Suggestions>, Failed> {
        let called = call!(
            self,
            call,
            completion,
            "completion server",
            |guest, store| guest.call_complete_argument(store, of, name, value, others),
            |_| 0
        )?;
        refused(self, called, |reason| reason)
    }
}
