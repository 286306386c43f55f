//! A component's questions in MCP's terms: what is asked, whether the client can answer, and the answers on their way back.

use caxton_sandbox::input::{Ask, InputRequired, InputResponse};
use rmcp::model::{
    ClientCapabilities, ClientResult, CreateMessageRequest, CreateMessageRequestParams,
    ElicitRequest, ElicitRequestParams, ElicitationCapability, ElicitationSchema, InputRequest,
    InputRequests, InputResponses, ListRootsRequest, RootsCapabilities, SamplingCapability,
    ServerRequest,
};
use rmcp::service::PeerRequestOptions;
use rmcp::{Peer, RoleServer};
use serde_json::Value;

use std::time::Duration;

use super::error::Error;

/// The most questions at once. A person would not answer nearly as many.
const QUESTIONS_MAX: usize = 32;

/// How long a client with a session is waited for: its person may be at lunch, but not on holiday.
const ANSWER_WITHIN: Duration = Duration::from_secs(15 * 60);

/// The questions that the client can answer. Where it can answer none of them, that is an error; where some, the component
/// does with those.
pub(super) fn answerable(
    component: &str,
    input: &InputRequired,
    client: &ClientCapabilities,
    modern: bool,
) -> Result<InputRequests, Error> {
    if input.requests.len() > QUESTIONS_MAX {
        let reason = format!(
            "it is one of {} questions; at most {QUESTIONS_MAX} can be asked at once",
            input.requests.len()
        );
        return Err(Error::Question {
            component: component.to_owned(),
            key: input.requests[0].key.clone(),
            reason,
        });
    }
    let mut questions = InputRequests::new();
    let mut lacking = ClientCapabilities::default();
    for request in &input.requests {
        let malformed = |reason: String| Error::Question {
            component: component.to_owned(),
            key: request.key.clone(),
            reason,
        };
        let question = question(&request.ask).map_err(malformed)?;
        if !offered(&question, client, &mut lacking) {
            continue;
        }
        if questions.insert(request.key.clone(), question).is_some() {
            return Err(malformed("it asks twice under this key".to_owned()));
        }
    }
    if questions.is_empty() && !input.requests.is_empty() {
        return Err(Error::Capability {
            component: component.to_owned(),
            required: Box::new(lacking),
            modern,
        });
    }
    Ok(questions)
}

/// A question as a request to the client.
fn question(ask: &Ask) -> Result<InputRequest, String> {
    match ask {
        Ask::Elicit(elicitation) => {
            let requested_schema: ElicitationSchema = serde_json::from_str(&elicitation.schema)
                .map_err(|e| format!("its schema is no flat object of primitive values: {e}"))?;
            let params = ElicitRequestParams::FormElicitationParams {
                meta: None,
                message: elicitation.message.clone(),
                requested_schema,
            };
            Ok(InputRequest::Elicitation(ElicitRequest::new(params)))
        }
        Ask::Sample(parameters) => {
            let params: CreateMessageRequestParams =
                serde_json::from_str(parameters).map_err(|e| {
                    format!("its parameters are not those of sampling/createMessage: {e}")
                })?;
            params.validate()?;
            Ok(InputRequest::CreateMessage(CreateMessageRequest::new(
                params,
            )))
        }
        Ask::ListRoots => Ok(InputRequest::ListRoots(ListRootsRequest::default())),
    }
}

/// Whether the client offers what the question needs; what it lacks is added to `lacking`.
fn offered(
    question: &InputRequest,
    client: &ClientCapabilities,
    lacking: &mut ClientCapabilities,
) -> bool {
    match question {
        InputRequest::Elicitation(_) => {
            // A client that names no mode can show forms: so did all before there were modes.
            let forms = client
                .elicitation
                .as_ref()
                .is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none());
            if !forms {
                lacking.elicitation = Some(ElicitationCapability::default());
            }
            forms
        }
        InputRequest::CreateMessage(request) => {
            let with_tools = request.params.tools.is_some() || request.params.tool_choice.is_some();
            let offered = client
                .sampling
                .as_ref()
                .is_some_and(|sampling| !with_tools || sampling.tools.is_some());
            if !offered {
                let mut sampling = SamplingCapability::default();
                sampling.tools = with_tools.then(Default::default);
                lacking.sampling = Some(sampling);
            }
            offered
        }
        _ => {
            let offered = client.roots.is_some();
            if !offered {
                lacking.roots = Some(RootsCapabilities::default());
            }
            offered
        }
    }
}

/// The answers that came with a request.
pub(super) fn answers(responses: InputResponses) -> Result<Vec<InputResponse>, Error> {
    let answer = |(key, value): (String, Value)| match value {
        Value::Object(_) => Ok(InputResponse {
            key,
            value: value.to_string(),
        }),
        _ => Err(Error::Parameters(format!(
            "the answer to `{key}` in `inputResponses` is not a JSON object; give the result of the request that was asked"
        ))),
    };
    responses.into_iter().map(answer).collect()
}

/// Asks a client that has a session, one question after the other, as a person answers them.
pub(super) async fn ask(
    peer: &Peer<RoleServer>,
    questions: InputRequests,
) -> Result<Vec<InputResponse>, Error> {
    let mut answers = Vec::with_capacity(questions.len());
    for (key, question) in questions {
        let request = match question {
            InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
            InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
            InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
            _ => continue,
        };
        let unanswered = |reason: String| Error::Unanswered {
            key: key.clone(),
            reason,
        };
        let handle = peer
            .send_request_with_option(request, PeerRequestOptions::with_timeout(ANSWER_WITHIN))
            .await;
        let answer = handle
            .map_err(|e| unanswered(e.to_string()))?
            .await_response()
            .await
            .map_err(|e| unanswered(e.to_string()))?;
        let value = match answer {
            ClientResult::CreateMessageResult(result) => serde_json::to_string(&result),
            ClientResult::ElicitResult(result) => serde_json::to_string(&result),
            ClientResult::ListRootsResult(result) => serde_json::to_string(&result),
            _ => return Err(unanswered("what came back is no answer to it".to_owned())),
        };
        let value = value.map_err(|e| unanswered(e.to_string()))?;
        answers.push(InputResponse { key, value });
    }
    Ok(answers)
}
