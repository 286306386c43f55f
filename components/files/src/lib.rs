//! Tools for files in the directories that the workspace grants: list, read, search and, where it is allowed, write.
//! Nothing else of the machine can be seen.

mod glob;
mod list;
mod read;
mod roots;
mod search;
mod walk;
mod write;

use caxton_sdk::{Answer, Arguments, Tool, ToolError, Tools};

use crate::roots::Root;

struct Files;

impl Tools for Files {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![
            list::tool(),
            read::tool(),
            search::tool(),
            write::tool(),
        ])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        answer(name, &arguments, &roots::granted())
    }
}

caxton_sdk::export_tools!(Files);

/// Calls a tool on these directories.
fn answer(name: &str, arguments: &Arguments, roots: &[Root]) -> Answer {
    match name {
        "list" => list::call(arguments.parse()?, roots),
        "read" => read::call(&arguments.parse()?, roots),
        "search" => search::call(&arguments.parse()?, roots),
        "write" => write::call(&arguments.parse()?, roots),
        _ => Err(ToolError::not_found(name)),
    }
}

#[cfg(test)]
mod tests;
