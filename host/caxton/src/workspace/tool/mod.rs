//! The tools of a workspace: what each is and takes, and the index by full name. `schema` compiles and checks JSON Schemas,
//! `call` makes a call, `error` says why one gave no result, and `best` finds those that serve a purpose. Who may call what is
//! decided elsewhere, by the turn.

mod best;
mod call;
mod error;
mod nearest;
mod schema;
mod usage;

use std::collections::HashMap;
use std::sync::Arc;

use caxton_sandbox::{Component, tool_types};
use serde_json::{Map, Value};

pub(crate) use best::{best, prepare};
pub use call::{Answer, Outcome, Question};
pub(crate) use error::did_you_mean;
pub use error::{ArgumentFault, Error};
pub(crate) use nearest::nearest;

pub use usage::Usage;

use schema::Schema;
use usage::Counters;

/// A tool, ready to be called.
pub struct Tool {
    /// Its full name: `COMPONENT__TOOL`, unless its component has a prefix of its own.
    pub name: String,
    /// The component that has it.
    pub component: Component,
    /// What the component says of it; `definition.name` is its name within the component.
    pub definition: tool_types::Tool,
    input: Schema,
    output: Option<Schema>,
    counters: Counters,
}

impl Tool {
    /// Checks what `component` says of one of its tools.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn new(
        component: &Component,
        prefix: &str,
        definition: tool_types::Tool,
    ) -> Result<Self, String> {
        let own = &definition.name;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
        if own.is_empty() || own.len() > 64 || !own.bytes().all(allowed) {
            return Err(format!(
                "the tool name `{}` is not 1 to 64 of A-Z a-z 0-9 _ - .",
                own.escape_debug()
            ));
        }
        let input = Schema::compile(&definition.input_schema, true)
            .map_err(|why| format!("the input schema of `{own}` {why}"))?;
        let output = definition
            .output_schema
            .as_deref()
            .map(|schema| Schema::compile(schema, false))
            .transpose();
        let output = output.map_err(|why| format!("the output schema of `{own}` {why}"))?;
        Ok(Self {
            name: format!("{prefix}{own}"),
            component: component.clone(),
            definition,
            input,
            output,
            counters: Counters::default(),
        })
    }

    /// The schema of its arguments.
    pub fn input_schema(&self) -> &Arc<Map<String, Value>> {
        &self.input.source
    }

    /// The schema of its structured result, where it has one.
    pub fn output_schema(&self) -> Option<&Arc<Map<String, Value>>> {
        self.output.as_ref().map(|schema| &schema.source)
    }

    /// How it was used since it was loaded.
    pub fn usage(&self) -> Usage {
        self.counters.now()
    }

    /// Notes that a call ended.
    pub(super) fn ended(&self, failed: bool, duration_us: u64) {
        self.counters.ended(failed, duration_us);
    }

    /// Checks arguments against the schema, without calling.
    ///
    /// # Errors
    /// [`Error::Arguments`].
    pub fn check(&self, arguments: &Value) -> Result<(), Error> {
        self.input
            .check(arguments)
            .map_err(|faults| Error::Arguments {
                tool: self.name.clone(),
                faults,
            })
    }
}

/// All tools of a workspace.
#[derive(Default)]
pub struct Index {
    by_name: HashMap<String, Arc<Tool>>,
    sorted: Vec<Arc<Tool>>,
}

impl Index {
    /// Collects the tools of all components.
    ///
    /// # Errors
    /// The first tool whose full name is taken, and the components that both have it.
    pub(crate) fn new(tools: impl IntoIterator<Item = Arc<Tool>>) -> Result<Self, Taken> {
        let mut by_name: HashMap<String, Arc<Tool>> = HashMap::new();
        for tool in tools {
            let name = tool.name.clone();
            let second = tool.component.name().to_owned();
            if let Some(first) = by_name.insert(name.clone(), tool) {
                return Err(Taken {
                    tool: name,
                    first: first.component.name().to_owned(),
                    second,
                });
            }
        }
        let mut sorted: Vec<_> = by_name.values().cloned().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { by_name, sorted })
    }

    /// The tool of this full name.
    pub fn get(&self, name: &str) -> Option<&Arc<Tool>> {
        self.by_name.get(name)
    }

    /// All tools, sorted by name.
    pub fn all(&self) -> &[Arc<Tool>] {
        &self.sorted
    }

    /// The answer to a name that no tool has.
    pub fn unknown(&self, name: &str) -> Error {
        let nearest = nearest(name, self.sorted.iter().map(|tool| tool.name.as_str()));
        Error::Unknown {
            name: name.to_owned(),
            nearest,
        }
    }
}

/// Two components have a tool of the same full name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) tool: String,
    pub(crate) first: String,
    pub(crate) second: String,
}
