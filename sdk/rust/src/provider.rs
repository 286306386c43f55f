//! Being a language model: what is asked, what is answered, and why there may be no answer. Pieces of an answer go out
//! through [`crate::deltas`] while it is being written.

use crate::bindings::llm::exports::caxton::plugin::llm::Guest;
pub use crate::bindings::llm::exports::caxton::plugin::llm::{
    Backoff, LlmError, Message, Model, Part, Price, Request, Response, StopReason, ToolCall,
    ToolChoice, ToolOutput, ToolSpec, Usage,
};
pub use crate::content::{Blob, Role};

/// A language model, or something that answers like one.
pub trait Provider {
    /// Lists the models.
    ///
    /// # Errors
    /// [`LlmError`], such as an upstream that can't be reached.
    fn models() -> Result<Vec<Model>, LlmError>;

    /// Answers a request.
    ///
    /// # Errors
    /// [`LlmError`]; the host may try again or ask another model, by the variant.
    fn complete(request: Request) -> Result<Response, LlmError>;

    /// Proves that the upstream is reachable and accepts the key, without using tokens.
    ///
    /// # Errors
    /// [`LlmError`] says what is wrong.
    fn health() -> Result<(), LlmError>;
}

impl<T: Provider> Guest for T {
    fn list_models() -> Result<Vec<Model>, LlmError> {
        crate::panic::log_panics();
        T::models()
    }

    fn complete(request: Request) -> Result<Response, LlmError> {
        crate::panic::log_panics();
        <T as Provider>::complete(request)
    }

    fn health() -> Result<(), LlmError> {
        crate::panic::log_panics();
        <T as Provider>::health()
    }
}
