//! What a component can offer beside tools: resources, prompts, and suggestions for arguments.

pub use crate::bindings::completion::exports::caxton::plugin::completion::{
    CompletionRef, Suggestions,
};
pub use crate::bindings::prompts::exports::caxton::plugin::prompts::{
    Prompt, PromptArgument, PromptError, PromptMessage, PromptOutcome, PromptResult,
};
pub use crate::bindings::resources::exports::caxton::plugin::resources::{
    ReadOutcome, ResourceError, ResourceInfo, ResourceTemplate,
};
use crate::bindings::{completion, prompts, resources};

/// Data that clients list and read by URI.
pub trait Resources {
    /// Lists the resources.
    ///
    /// # Errors
    /// A sentence on why they can't be listed.
    fn list() -> Result<Vec<ResourceInfo>, String>;

    /// Lists the families of resources; none, unless said otherwise.
    ///
    /// # Errors
    /// A sentence on why they can't be listed.
    fn list_templates() -> Result<Vec<ResourceTemplate>, String> {
        Ok(Vec::new())
    }

    /// Reads the resource at `uri`.
    ///
    /// # Errors
    /// [`ResourceError`]: there is none, or it can't be read.
    fn read(uri: &str) -> Result<ReadOutcome, ResourceError>;
}

impl<T: Resources> resources::exports::caxton::plugin::resources::Guest for T {
    fn list_resources() -> Result<Vec<ResourceInfo>, String> {
        crate::panic::log_panics();
        T::list()
    }

    fn list_resource_templates() -> Result<Vec<ResourceTemplate>, String> {
        crate::panic::log_panics();
        T::list_templates()
    }

    fn read_resource(uri: String) -> Result<ReadOutcome, ResourceError> {
        crate::panic::log_panics();
        T::read(&uri)
    }
}

/// Messages with blanks, which clients offer to a person.
pub trait Prompts {
    /// Lists the prompts.
    ///
    /// # Errors
    /// A sentence on why they can't be listed.
    fn list() -> Result<Vec<Prompt>, String>;

    /// Fills in the prompt `name` with `arguments`, pairs of a parameter's name and value.
    ///
    /// # Errors
    /// [`PromptError`]: there is none, or an argument is missing or wrong.
    fn get(name: &str, arguments: Vec<(String, String)>) -> Result<PromptOutcome, PromptError>;
}

impl<T: Prompts> prompts::exports::caxton::plugin::prompts::Guest for T {
    fn list_prompts() -> Result<Vec<Prompt>, String> {
        crate::panic::log_panics();
        T::list()
    }

    fn get_prompt(
        name: String,
        arguments: Vec<(String, String)>,
    ) -> Result<PromptOutcome, PromptError> {
        crate::panic::log_panics();
        T::get(&name, arguments)
    }
}

/// Suggestions while a person types an argument of a prompt or a resource template.
pub trait Completion {
    /// Suggests values for the argument `name`, of which `value` is typed so far; `others` are filled in already.
    ///
    /// # Errors
    /// A sentence on why there are none.
    fn complete(
        of: CompletionRef,
        name: &str,
        value: &str,
        others: Vec<(String, String)>,
    ) -> Result<Suggestions, String>;
}

impl<T: Completion> completion::exports::caxton::plugin::completion::Guest for T {
    fn complete_argument(
        of: CompletionRef,
        name: String,
        value: String,
        others: Vec<(String, String)>,
    ) -> Result<Suggestions, String> {
        crate::panic::log_panics();
        T::complete(of, &name, &value, others)
    }
}
