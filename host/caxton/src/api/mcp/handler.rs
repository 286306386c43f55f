//! What an MCP client can ask of a workspace, request by request. Nothing is decided here: each method finds whom a request
//! is for, and passes on what comes back.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
    GetPromptRequestParams, GetPromptResponse, Implementation, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, LoggingLevel,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, SetLevelRequestMethod, SetLevelRequestParams, SubscribeRequestParams,
    SubscriptionFilter, Tool, UnsubscribeRequestParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::agents;
use super::caller::{Caller, Ended, Given, is_modern};
use super::catalog::{self, PromptGet, ResourceRead};
use super::changes;
use super::error::Error;
use super::seal::Seal;
use super::tools::{self, ToolCall};
use crate::turn::Turns;
use crate::workspace::Workspace;

/// The least serious log messages that a session gets until it says which it wants.
const LEVEL_DEFAULT: LoggingLevel = LoggingLevel::Info;

/// The most URIs that one session may subscribe to.
const SUBSCRIPTIONS_MAX: usize = 1024;

/// What serves one session, or one request of a client without sessions.
pub(super) struct Handler {
    workspace: Workspace,
    turns: Turns,
    seal: Arc<Seal>,
    session: Session,
}

/// What a session remembers.
struct Session {
    level: Mutex<LoggingLevel>,
    subscribed: Arc<Mutex<HashSet<String>>>,
    ended: CancellationToken,
    _end: DropGuard,
}

impl Handler {
    /// A handler for a new session.
    pub(super) fn new(turns: Turns, seal: Arc<Seal>) -> Self {
        let ended = CancellationToken::new();
        let session = Session {
            level: Mutex::new(LEVEL_DEFAULT),
            subscribed: Arc::default(),
            _end: ended.clone().drop_guard(),
            ended,
        };
        Self {
            workspace: turns.workspace().clone(),
            turns,
            seal,
            session,
        }
    }

    fn caller<'a>(&'a self, context: &'a RequestContext<RoleServer>) -> Caller<'a> {
        Caller::new(context, &self.seal, *locked(&self.session.level))
    }

    async fn tool_call(
        &self,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, Error> {
        let caller = self.caller(context);
        let arguments = request.arguments.unwrap_or_default();
        if let Some(agent) = agents::named(&self.workspace, &request.name) {
            return agents::ask(&caller, &self.turns, agent, arguments)
                .await
                .map(Into::into);
        }
        let tool = self.workspace.tool(&request.name).await?;
        let call = ToolCall {
            workspace: self.workspace.clone(),
            tool,
            arguments,
        };
        let given = Given {
            responses: request.input_responses,
            state: request.request_state,
        };
        Ok(match caller.answer(&call, given).await? {
            Ended::Answered(result) => result.into(),
            Ended::Asked(questions) => questions.into(),
        })
    }

    async fn prompt(
        &self,
        request: GetPromptRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, Error> {
        let arguments = request
            .arguments
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(value) => Ok((name, value)),
                other => Err(Error::Parameters(format!(
                    "the argument `{name}` of a prompt is a string, not `{other}`"
                ))),
            });
        let arguments = arguments.collect::<Result<_, _>>()?;
        let (component, name) = catalog::prompt(&self.workspace.state(), &request.name).await?;
        let prompt = PromptGet {
            workspace: self.workspace.name(),
            component,
            name,
            arguments,
        };
        let given = Given {
            responses: request.input_responses,
            state: request.request_state,
        };
        Ok(match self.caller(context).answer(&prompt, given).await? {
            Ended::Answered(result) => result.into(),
            Ended::Asked(questions) => questions.into(),
        })
    }

    async fn resource(
        &self,
        request: ReadResourceRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, Error> {
        let component = catalog::resource(&self.workspace.state(), &request.uri).await?;
        let resource = ResourceRead {
            workspace: self.workspace.name(),
            component,
            uri: request.uri,
        };
        let given = Given {
            responses: request.input_responses,
            state: request.request_state,
        };
        Ok(match self.caller(context).answer(&resource, given).await? {
            Ended::Answered(result) => result.into(),
            Ended::Asked(questions) => questions.into(),
        })
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_list_changed()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        let implementation =
            Implementation::new("caxton", env!("CARGO_PKG_VERSION")).with_title("Caxton");
        let instructions = "Tools named COMPONENT__TOOL run in a sandbox. Tools named agent__NAME give a message to an agent, which answers it with tools of its own; pass `conversation` on to go on with one.";
        ServerConfig::new(capabilities)
            .with_server_info(implementation)
            .with_instructions(instructions)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        only_page(request)?;
        let state = self.workspace.state();
        let mut all: Vec<Tool> = state
            .tools
            .all()
            .iter()
            .map(|tool| tools::listed(tool))
            .collect();
        all.extend(agents::listed(&state));
        Ok(ListToolsResult::with_all_items(all))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.workspace
            .state()
            .tools
            .get(name)
            .map(|tool| tools::listed(tool))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match self.tool_call(request, &context).await {
            Ok(response) => Ok(response),
            Err(error) => error.into_tool_result().map(Into::into),
        }
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        only_page(request)?;
        Ok(ListPromptsResult::with_all_items(
            catalog::prompts(&self.workspace.state()).await,
        ))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.prompt(request, &context)
            .await
            .map_err(Error::into_data)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        only_page(request)?;
        Ok(ListResourcesResult::with_all_items(
            catalog::resources(&self.workspace.state()).await,
        ))
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        only_page(request)?;
        Ok(ListResourceTemplatesResult::with_all_items(
            catalog::templates(&self.workspace.state()).await,
        ))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.resource(request, &context)
            .await
            .map_err(Error::into_data)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let others: Vec<(String, String)> = request
            .context
            .and_then(|context| context.arguments)
            .unwrap_or_default()
            .into_iter()
            .collect();
        let (name, value) = (&request.argument.name, &request.argument.value);
        let completion = catalog::complete(
            &self.workspace.state(),
            &request.r#ref,
            name,
            value,
            &others,
        )
        .await;
        completion
            .map(CompleteResult::new)
            .map_err(Error::into_data)
    }

    async fn set_level(
        &self,
        request: SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if is_modern(&context) {
            return Err(ErrorData::method_not_found::<SetLevelRequestMethod>());
        }
        *locked(&self.session.level) = request.level;
        Ok(())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        catalog::resource(&self.workspace.state(), &request.uri)
            .await
            .map_err(Error::into_data)?;
        let mut subscribed = locked(&self.session.subscribed);
        if subscribed.len() >= SUBSCRIPTIONS_MAX && !subscribed.contains(&request.uri) {
            let reason = format!(
                "this session is subscribed to {SUBSCRIPTIONS_MAX} resources, the most there may be; unsubscribe from others first"
            );
            return Err(ErrorData::invalid_request(reason, None));
        }
        subscribed.insert(request.uri);
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        locked(&self.session.subscribed).remove(&request.uri);
        Ok(())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let watch = changes::tell_session(
            self.workspace.clone(),
            context.peer,
            Arc::clone(&self.session.subscribed),
        );
        let ended = self.session.ended.clone();
        tokio::spawn(async move { ended.run_until_cancelled(watch).await });
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        let uris = requested
            .resource_subscriptions
            .as_ref()
            .map_or(0, Vec::len);
        (uris <= SUBSCRIPTIONS_MAX).then(|| requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        tokio::select! {
            () = context.cancelled() => {}
            () = changes::tell_subscription(&self.workspace, &context) => {}
        }
        Ok(())
    }
}

/// Lists are given whole, so there is no page but the first.
fn only_page(request: Option<PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params(
            "this server gives no cursors, so it takes none; leave `cursor` out",
            None,
        )),
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What these guard is replaced whole or by single changes, so a poisoned lock says nothing about it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
