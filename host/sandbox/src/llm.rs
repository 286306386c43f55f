//! Calling a provider.

use crate::call::{Call, Called, Failed, call};
use crate::component::Component;
use crate::wit::llm::{LlmError, Model, Part, Request, Response};

impl Component {
    /// Lists the models.
    ///
    /// # Errors
    /// [`Failed`] where the component is no provider, crashes, or passes a limit; so for all calls here. What the
    /// upstream refused is a value.
    pub async fn list_models(
        &self,
        call: Call,
    ) -> Result<Called<Result<Vec<Model>, LlmError>>, Failed> {
        call!(
            self,
            call,
            llm,
            "provider",
            |guest, store| guest.call_list_models(store),
            |_| 0
        )
    }

    /// Answers `request`; what the provider emits on the way goes to the call's listener.
    ///
    /// # Errors
    /// As [`Self::list_models`].
    pub async fn complete(
        &self,
        call: Call,
        request: &Request,
    ) -> Result<Called<Result<Response, LlmError>>, Failed> {
        let weigh = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Image(blob) => blob.data.len(),
            Part::Call(call) => call.id.len() + call.name.len() + call.arguments.len(),
            Part::Output(output) => output.text.len(),
            Part::Opaque(json) => json.len(),
        };
        let weigh = |response: &Result<Response, LlmError>| {
            response
                .as_ref()
                .map_or(0, |r| r.parts.iter().map(weigh).sum())
        };
        call!(
            self,
            call,
            llm,
            "provider",
            |guest, store| guest.call_complete(store, request),
            weigh
        )
    }

    /// Asks whether the upstream is reachable and accepts the key.
    ///
    /// # Errors
    /// As [`Self::list_models`].
    pub async fn health(&self, call: Call) -> Result<Called<Result<(), LlmError>>, Failed> {
        call!(
            self,
            call,
            llm,
            "provider",
            |guest, store| guest.call_health(store),
            |_| 0
        )
    }
}
