//! Calling a component's tools.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use wasmtime::component::{ComponentExportIndex, Instance, InstancePre, TypedFunc};

use crate::call::{Call, Called, Failed, call, refused};
use crate::component::Component;
use crate::store::CallState;
use crate::wit::tools::{Outcome, Tool, ToolError};
use crate::wit::types::{Body, Content, ResourceData};

/// Where a component's `call-tool` is. Its type is checked in the first instance only: it is the same in all of them, and
/// checking it takes as long as a small call.
pub(crate) struct CallTool {
    index: ComponentExportIndex,
    checked: AtomicBool,
}

type CallToolFunc<'a> = TypedFunc<(&'a str, &'a str), (Result<Outcome, ToolError>,)>;

impl CallTool {
    /// Finds it.
    pub(crate) fn new(pre: &InstancePre<CallState>, exports: &[String]) -> wasmtime::Result<Self> {
        let component = pre.component();
        let interface = exports
            .iter()
            .find(|export| export.starts_with("caxton:plugin/tools@0.1."))
            .and_then(|export| component.get_export_index(None, export.as_str()));
        let index = interface
            .and_then(|interface| component.get_export_index(Some(&interface), "call-tool"))
            .ok_or_else(|| wasmtime::Error::msg("`caxton:plugin/tools` has no `call-tool`"))?;
        Ok(Self {
            index,
            checked: AtomicBool::new(false),
        })
    }

    fn load<'a>(
        &self,
        store: &mut wasmtime::Store<CallState>,
        instance: &Instance,
    ) -> wasmtime::Result<CallToolFunc<'a>> {
        let function = instance
            .get_func(&mut *store, self.index)
            .ok_or_else(|| wasmtime::Error::msg("`call-tool` is not a function"))?;
        if self.checked.load(Relaxed) {
            // SAFETY: the index is of this component, and in an instance of it this function had this type.
            return Ok(unsafe { TypedFunc::new_unchecked(function) });
        }
        let function = function.typed(&*store)?;
        self.checked.store(true, Relaxed);
        Ok(function)
    }
}

impl Component {
    /// Lists the tools.
    ///
    /// # Errors
    /// [`Failed`] where the component has no tools, fails, or passes a limit.
    pub async fn list_tools(&self, call: Call) -> Result<Called<Vec<Tool>>, Failed> {
        if let Some(plain) = &self.inner.indices.plain {
            return Ok(plain.list(self));
        }
        let called = call!(
            self,
            call,
            tools,
            "tool",
            |guest, store| guest.call_list_tools(store),
            weigh_tools
        )?;
        refused(self, called, |reason| reason)
    }

    /// Calls the tool `name` with `arguments`, a JSON object as text. Neither is checked here.
    ///
    /// # Errors
    /// [`Failed`] where the component has no tools, crashes, or passes a limit. What the tool itself refused is a value.
    pub async fn call_tool(
        &self,
        call: Call,
        name: &str,
        arguments: &str,
    ) -> Result<Called<Result<Outcome, ToolError>>, Failed> {
        if let Some(plain) = &self.inner.indices.plain {
            return plain.call(self, call, name, arguments).await;
        }
        call!(
            self,
            call,
            call_tool,
            "tool",
            |function, store| async {
                let (outcome,) = function.call_async(store, (name, arguments)).await?;
                Ok(outcome)
            },
            weigh_outcome
        )
    }
}

fn weigh_tools(tools: &Result<Vec<Tool>, String>) -> usize {
    let weigh = |tool: &Tool| {
        tool.name.len()
            + tool.description.len()
            + tool.input_schema.len()
            + tool.output_schema.as_ref().map_or(0, String::len)
    };
    tools
        .as_ref()
        .map_or_else(String::len, |tools| tools.iter().map(weigh).sum())
}

/// The bytes of what a tool call gave.
pub(crate) fn weigh_outcome(outcome: &Result<Outcome, ToolError>) -> usize {
    match outcome {
        Ok(Outcome::Complete(result)) => {
            result.content.iter().map(weigh_content).sum::<usize>()
                + result.structured.as_ref().map_or(0, String::len)
        }
        Ok(Outcome::InputRequired(input)) => {
            input.state.as_ref().map_or(0, String::len) + input.requests.len() * 64
        }
        Err(
            ToolError::NotFound(text) | ToolError::InvalidArguments(text) | ToolError::Failed(text),
        ) => text.len(),
    }
}

/// The bytes of a piece of content.
pub(crate) fn weigh_content(content: &Content) -> usize {
    match &content.body {
        Body::Text(text) => text.len(),
        Body::Image(blob) | Body::Audio(blob) => blob.data.len(),
        Body::Embedded(resource) => weigh_data(&resource.data),
        Body::Link(link) => link.uri.len() + link.name.len(),
    }
}

/// The bytes of a resource.
pub(crate) fn weigh_data(data: &ResourceData) -> usize {
    match data {
        ResourceData::Text(text) => text.len(),
        ResourceData::Binary(bytes) => bytes.len(),
    }
}
