//! The fixtures of the official MCP conformance suite (`@modelcontextprotocol/conformance`) as one component: the suite
//! calls tools, resources and prompts by fixed names and checks what comes back. Everything here goes through the
//! contract that every component uses; nothing is special to the suite but the names.

mod asking;
mod content;
mod prompts;
mod resources;
mod schemas;

use caxton_sdk::{Answer, Arguments, Tool, ToolError, Tools};

/// The component.
pub struct Conformance;

impl Tools for Conformance {
    fn list() -> Result<Vec<Tool>, String> {
        Ok([content::list(), asking::list(), schemas::list()].concat())
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        content::call(name)
            .or_else(|| asking::call(name, &arguments))
            .or_else(|| schemas::call(name, &arguments))
            .unwrap_or_else(|| Err(ToolError::not_found(name)))
    }
}

caxton_sdk::export_full_tool!(Conformance);
