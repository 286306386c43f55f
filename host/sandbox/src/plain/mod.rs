//! Plain functions as tools: a component that knows nothing of Caxton and exports ordinary WIT functions can be called
//! all the same. Its tools' names, descriptions and schemas are derived from its types and documentation
//! (`describe`, `shape`, `docs`), and values are converted from and to JSON (`value`).

mod describe;
mod docs;
mod shape;
mod value;

use serde_json::{Value, json};
use wasmtime::component::{Component as Compiled, ComponentExportIndex, Val};

use crate::call::{Call, Called, Failed};
use crate::component::Component;
use crate::fair::fairly;
use crate::receipt::Receipt;
use crate::tools::weigh_outcome;
use crate::wit::tools::{Outcome, Tool, ToolError, ToolResult};
use crate::wit::types::{Body, Content};

use shape::Kind;
use value::Place;

pub(crate) use describe::{Described, Function};

/// What the result of a function may take in the host's memory before it is JSON. A value takes many times its own size
/// there, so this is above the limit of the output.
const VALUE_BYTES_MIN: usize = 64 << 20;

/// The functions of a component that can be called as tools.
pub(crate) struct Functions {
    functions: Vec<(Function, ComponentExportIndex)>,
}

impl Function {
    /// Converts a call's arguments.
    fn arguments(&self, text: &str) -> Result<Vec<Val>, String> {
        let arguments: Value = serde_json::from_str(text)
            .map_err(|error| format!("the arguments are not JSON: {error}"))?;
        let Value::Object(map) = arguments else {
            return Err("the arguments must be a JSON object".to_owned());
        };
        value::members(
            self.params
                .iter()
                .map(|(name, shape)| (name.as_str(), shape)),
            &map,
            Place::Root,
        )
    }

    /// Turns what the function gave into a tool's result. An `err` is a result too: the model may correct itself.
    fn outcome(&self, val: Option<Val>) -> ToolResult {
        let (Some(shape), Some(val)) = (&self.result, val) else {
            return said("done".to_owned(), None, false);
        };
        let (shape, val, is_error) = match (&shape.kind, val) {
            (Kind::Result(ok, _), Val::Result(Ok(val))) => {
                (ok.as_deref(), val.map(|val| *val), false)
            }
            (Kind::Result(_, err), Val::Result(Err(val))) => {
                (err.as_deref(), val.map(|val| *val), true)
            }
            (_, val) => (Some(shape), Some(val), false),
        };
        let json = match (shape, val) {
            (Some(shape), Some(val)) => value::to_json(shape, &val, Place::Root)
                .map(|json| (json, matches!(shape.kind, Kind::Record(_)))),
            _ if is_error => {
                return said(
                    "the function failed and did not say why".to_owned(),
                    None,
                    true,
                );
            }
            _ => return said("done".to_owned(), None, false),
        };
        match json {
            Err(reason) => said(reason, None, true),
            Ok((json, is_record)) => {
                let text = json
                    .as_str()
                    .map_or_else(|| json.to_string(), str::to_owned);
                let structured = if is_record {
                    json
                } else {
                    json!({ "result": json })
                };
                said(text, (!is_error).then(|| structured.to_string()), is_error)
            }
        }
    }
}

fn said(text: String, structured: Option<String>, is_error: bool) -> ToolResult {
    ToolResult {
        content: vec![Content {
            body: Body::Text(text),
            annotations: None,
        }],
        structured,
        is_error,
    }
}

impl Functions {
    /// Finds the functions of a component that can be called as tools.
    ///
    /// # Errors
    /// A text that says why there is none.
    pub(crate) fn new(component: &str, wasm: &[u8], compiled: &Compiled) -> Result<Self, String> {
        let described = Described::new(wasm)?;
        for (function, reason) in &described.left_out {
            tracing::warn!(
                component,
                function,
                reason,
                "a function is left out of the tools"
            );
        }
        let index = |function: &Function| {
            let instance = match &function.interface {
                Some(interface) => Some(compiled.get_export_index(None, interface)?),
                None => None,
            };
            compiled.get_export_index(instance.as_ref(), &function.name)
        };
        let functions: Vec<_> = described
            .functions
            .into_iter()
            .filter_map(|function| index(&function).map(|index| (function, index)))
            .collect();
        if functions.is_empty() {
            let reasons: Vec<String> = described
                .left_out
                .iter()
                .map(|(function, reason)| format!("{function}: {reason}"))
                .collect();
            return Err(reasons.join("; "));
        }
        Ok(Self { functions })
    }

    /// The tools. They are known without calling the component.
    pub(crate) fn list(&self, component: &Component) -> Called<Vec<Tool>> {
        free(
            component,
            self.functions
                .iter()
                .map(|(function, _)| function.tool.clone())
                .collect(),
        )
    }

    /// Calls the function that is the tool `name`.
    pub(crate) async fn call(
        &self,
        component: &Component,
        call: Call,
        name: &str,
        arguments: &str,
    ) -> Result<Called<Result<Outcome, ToolError>>, Failed> {
        let Some((function, index)) = self
            .functions
            .iter()
            .find(|(function, _)| function.tool.name == name)
        else {
            return Ok(free(
                component,
                Err(ToolError::NotFound(format!(
                    "`{}` has no function `{name}`",
                    component.name()
                ))),
            ));
        };
        // Values take many times the memory of their text, so they are made only once there is a place to use them.
        let mut running = component.begin(call).await?;
        let values = match function.arguments(arguments) {
            Ok(values) => values,
            Err(reason) => return Ok(free(component, Err(ToolError::InvalidArguments(reason)))),
        };
        let fuel = running.store.hostcall_fuel().max(VALUE_BYTES_MIN);
        running.store.set_hostcall_fuel(fuel);
        let left = running.time_left();
        let turns = &component.inner.shared.turns;
        let outcome = tokio::time::timeout(
            left,
            fairly(turns, async {
                let instance = running.instance().await?;
                let store = &mut running.store;
                let func = instance.get_func(&mut *store, index).ok_or_else(|| {
                    wasmtime::format_err!("the export `{}` is not there", function.name)
                })?;
                let mut results = vec![Val::Bool(false); usize::from(function.result.is_some())];
                func.call_async(&mut *store, &values, &mut results).await?;
                Ok(Ok(Outcome::Complete(function.outcome(results.pop()))))
            }),
        )
        .await;
        running.end(outcome, weigh_outcome)
    }
}

/// An answer for which the component was not needed.
fn free<T>(component: &Component, value: T) -> Called<T> {
    Called {
        value,
        receipt: Receipt {
            digest: component.digest().to_owned(),
            ..Receipt::default()
        },
    }
}

#[cfg(test)]
mod tests;
