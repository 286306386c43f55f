//! Plain functions as tools: a component that knows nothing of Caxton and exports ordinary WIT functions can be called
//! all the same. Its tools' names, descriptions and schemas are derived from its types and documentation (`shape`,
//! `docs`), and values are converted from and to JSON (`value`).

mod docs;
mod shape;
mod value;

use std::collections::HashMap;

use serde_json::{Value, json};
use wasmtime::component::{Component as Compiled, ComponentExportIndex, Val};
use wit_parser::{FunctionKind, Resolve, WorldId, WorldItem, WorldKey};

use crate::call::{Call, Called, Failed};
use crate::component::Component;
use crate::receipt::Receipt;
use crate::tools::weigh_outcome;
use crate::wit::tools::{Annotations, Outcome, Tool, ToolError, ToolResult};
use crate::wit::types::{Body, Content};

use shape::{Kind, PARTS_MAX, Reader, Shape};

/// The longest name of a tool.
const NAME_MAX: usize = 64;
/// The most functions of a component that become tools.
const FUNCTIONS_MAX: usize = 1000;
/// What the result of a function may take in the host's memory before it is JSON. A value takes many times its own size
/// there, so this is above the limit of the output.
const VALUE_BYTES_MIN: usize = 64 << 20;

/// The functions of a component that can be called as tools.
pub(crate) struct Functions {
    functions: Vec<(Function, ComponentExportIndex)>,
}

/// What is known of a component's functions without compiling it.
#[derive(Debug, Default)]
pub(crate) struct Described {
    /// Those that can be called.
    pub(crate) functions: Vec<Function>,
    /// Those that can't, each with its reason.
    pub(crate) left_out: Vec<(String, String)>,
}

/// One function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) tool: Tool,
    interface: Option<String>,
    name: String,
    params: Vec<(String, Shape)>,
    result: Option<Shape>,
}

impl Described {
    /// Finds the functions that a component exports, at its root and within interfaces.
    ///
    /// # Errors
    /// A text that says why its types can't be told.
    pub(crate) fn new(wasm: &[u8]) -> Result<Self, String> {
        let (resolve, world, docs) = docs::decode(wasm)?;
        Ok(Self::of(&resolve, world, &docs))
    }

    fn of(resolve: &Resolve, world: WorldId, docs: &docs::Docs) -> Self {
        let mut described = Self::default();
        for (key, item) in &resolve.worlds[world].exports {
            match item {
                WorldItem::Function(function) => described.add(resolve, docs, None, function),
                WorldItem::Interface { id, .. } if !is_standard(resolve, key) => {
                    let interface = resolve.name_world_key(key);
                    for function in resolve.interfaces[*id].functions.values() {
                        described.add(resolve, docs, Some(&interface), function);
                    }
                }
                WorldItem::Interface { .. } | WorldItem::Type { .. } => {}
            }
        }
        described.name();
        described
    }

    fn add(&mut self, resolve: &Resolve, docs: &docs::Docs, interface: Option<&str>, function: &wit_parser::Function) {
        let full = interface.map_or_else(|| function.name.clone(), |interface| format!("{interface}.{}", function.name));
        match described(resolve, docs, interface, function) {
            Ok(_) if self.functions.len() >= FUNCTIONS_MAX => self.left_out.push((full, format!("there are more than {FUNCTIONS_MAX} functions"))),
            Ok(function) => self.functions.push(function),
            Err(reason) => self.left_out.push((full, reason)),
        }
    }

    /// Gives each function the shortest name that no other has: its own, that with its interface, that with the package.
    fn name(&mut self) {
        let mut names: Vec<Vec<String>> = self.functions.iter().map(Function::names).collect();
        for _ in 0..3 {
            let mut seen: HashMap<String, usize> = HashMap::new();
            for options in &names {
                *seen.entry(options[0].clone()).or_default() += 1;
            }
            for options in names.iter_mut().filter(|options| options.len() > 1 && seen[&options[0]] > 1) {
                options.remove(0);
            }
        }
        let mut taken: HashMap<String, ()> = HashMap::new();
        let mut kept = Vec::new();
        for (mut function, options) in self.functions.drain(..).zip(names) {
            let name = options.into_iter().next().unwrap_or_default();
            let reason = match () {
                () if name.len() > NAME_MAX => format!("its name is longer than {NAME_MAX} characters"),
                () if taken.insert(name.clone(), ()).is_some() => "another function has the same name".to_owned(),
                () => {
                    function.tool.name = name;
                    kept.push(function);
                    continue;
                }
            };
            self.left_out.push((name, reason));
        }
        self.functions = kept;
    }
}

/// Whether an interface belongs to the platform: `wasi:cli/run` is no tool.
fn is_standard(resolve: &Resolve, key: &WorldKey) -> bool {
    let WorldKey::Interface(id) = key else { return false };
    let package = resolve.interfaces[*id].package.map(|package| &resolve.packages[package].name);
    package.is_some_and(|package| package.namespace == "wasi" || (package.namespace == "caxton" && package.name == "plugin"))
}

fn described(resolve: &Resolve, docs: &docs::Docs, interface: Option<&str>, function: &wit_parser::Function) -> Result<Function, String> {
    match function.kind {
        FunctionKind::Freestanding => {}
        FunctionKind::AsyncFreestanding => return Err("it is async; only plain functions become tools".to_owned()),
        _ => return Err("it belongs to a resource; only plain functions become tools".to_owned()),
    }
    let mut reader = Reader { resolve, docs, parts_left: PARTS_MAX };
    let params = function.params.iter().map(|param| Ok((param.name.clone(), reader.shape(&param.ty)?))).collect::<Result<Vec<_>, String>>()?;
    let result = function.result.as_ref().map(|ty| reader.shape(ty)).transpose()?;

    // An interface is documented by its name alone.
    let short = interface.map(|interface| interface.rsplit_once('/').map_or(interface, |(_, name)| name)).map(|name| name.split('@').next().unwrap_or(name));
    let said = function.docs.contents.as_deref().or_else(|| docs.function(short, &function.name)).map(str::trim).filter(|text| !text.is_empty());
    let description = match (said, interface) {
        (Some(said), _) => said.to_owned(),
        (None, Some(interface)) => format!("Calls the function `{}` of `{interface}`.", function.name),
        (None, None) => format!("Calls the function `{}`.", function.name),
    };
    let input = shape::object(params.iter().map(|(name, shape)| (name.clone(), shape.schema(), !matches!(shape.kind, Kind::Option(_)))));
    let output = result.as_ref().and_then(success).map(|shape| match shape.kind {
        Kind::Record(_) => shape.schema(),
        _ => shape::object([("result".to_owned(), shape.schema(), true)]),
    });
    let annotations = Annotations { read_only: None, destructive: None, idempotent: None, open_world: None };
    let tool =
        Tool { name: function.name.clone(), title: None, description, input_schema: input.to_string(), output_schema: output.map(|schema| schema.to_string()), annotations };
    Ok(Function { tool, interface: interface.map(str::to_owned), name: function.name.clone(), params, result })
}

/// The type of what a function gives when all goes well.
fn success(result: &Shape) -> Option<&Shape> {
    match &result.kind {
        Kind::Result(ok, _) => ok.as_deref(),
        _ => Some(result),
    }
}

impl Function {
    /// Names for it as a tool, the shortest first.
    fn names(&self) -> Vec<String> {
        let name = &self.name;
        let Some(interface) = &self.interface else { return vec![name.clone()] };
        let (path, version) = interface.split_once('@').map_or((interface.as_str(), None), |(path, version)| (path, Some(version)));
        let short = path.rsplit_once('/').map_or(path, |(_, short)| short);
        let full = path.replace([':', '/'], "-");
        let mut names = vec![name.clone(), format!("{short}-{name}"), format!("{full}-{name}")];
        names.extend(version.map(|version| format!("{full}-{}-{name}", version.replace(['.', '+'], "-"))));
        names
    }

    /// Converts a call's arguments.
    fn arguments(&self, text: &str) -> Result<Vec<Val>, String> {
        let arguments: Value = serde_json::from_str(text).map_err(|error| format!("the arguments are not JSON: {error}"))?;
        let Value::Object(map) = arguments else { return Err("the arguments must be a JSON object".to_owned()) };
        value::members(self.params.iter().map(|(name, shape)| (name.as_str(), shape)), &map, "$")
    }

    /// Turns what the function gave into a tool's result. An `err` is a result too: the model may correct itself.
    fn outcome(&self, val: Option<Val>) -> ToolResult {
        let (Some(shape), Some(val)) = (&self.result, val) else { return said("done".to_owned(), None, false) };
        let (shape, val, is_error) = match (&shape.kind, val) {
            (Kind::Result(ok, _), Val::Result(Ok(val))) => (ok.as_deref(), val.map(|val| *val), false),
            (Kind::Result(_, err), Val::Result(Err(val))) => (err.as_deref(), val.map(|val| *val), true),
            (_, val) => (Some(shape), Some(val), false),
        };
        let json = match (shape, val) {
            (Some(shape), Some(val)) => value::to_json(shape, &val, "$").map(|json| (json, matches!(shape.kind, Kind::Record(_)))),
            _ if is_error => return said("the function failed and did not say why".to_owned(), None, true),
            _ => return said("done".to_owned(), None, false),
        };
        match json {
            Err(reason) => said(reason, None, true),
            Ok((json, is_record)) => {
                let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
                let structured = if is_record { json } else { json!({ "result": json }) };
                said(text, (!is_error).then(|| structured.to_string()), is_error)
            }
        }
    }
}

fn said(text: String, structured: Option<String>, is_error: bool) -> ToolResult {
    ToolResult { content: vec![Content { body: Body::Text(text), annotations: None }], structured, is_error }
}

impl Functions {
    /// Finds the functions of a component that can be called as tools.
    ///
    /// # Errors
    /// A text that says why there is none.
    pub(crate) fn new(wasm: &[u8], compiled: &Compiled) -> Result<Self, String> {
        let described = Described::new(wasm)?;
        for (function, reason) in &described.left_out {
            tracing::warn!(function, reason, "a function is no tool");
        }
        let index = |function: &Function| {
            let instance = match &function.interface {
                Some(interface) => Some(compiled.get_export_index(None, interface)?),
                None => None,
            };
            compiled.get_export_index(instance.as_ref(), &function.name)
        };
        let functions: Vec<_> = described.functions.into_iter().filter_map(|function| index(&function).map(|index| (function, index))).collect();
        if functions.is_empty() {
            let reasons: Vec<String> = described.left_out.iter().map(|(function, reason)| format!("{function}: {reason}")).collect();
            return Err(reasons.join("; "));
        }
        Ok(Self { functions })
    }

    /// The tools. They are known without calling the component.
    pub(crate) fn list(&self, component: &Component) -> Called<Vec<Tool>> {
        free(component, self.functions.iter().map(|(function, _)| function.tool.clone()).collect())
    }

    /// Calls the function that is the tool `name`.
    pub(crate) async fn call(&self, component: &Component, call: Call, name: &str, arguments: &str) -> Result<Called<Result<Outcome, ToolError>>, Failed> {
        let Some((function, index)) = self.functions.iter().find(|(function, _)| function.tool.name == name) else {
            return Ok(free(component, Err(ToolError::NotFound(format!("`{}` has no function `{name}`", component.name())))));
        };
        let values = match function.arguments(arguments) {
            Ok(values) => values,
            Err(reason) => return Ok(free(component, Err(ToolError::InvalidArguments(reason)))),
        };
        let mut running = component.begin(call).await?;
        let fuel = running.store.hostcall_fuel().max(VALUE_BYTES_MIN);
        running.store.set_hostcall_fuel(fuel);
        let left = running.time_left();
        let outcome = tokio::time::timeout(left, async {
            let instance = running.instance().await?;
            let store = &mut running.store;
            let func = instance.get_func(&mut *store, index).ok_or_else(|| wasmtime::format_err!("the export `{}` is not there", function.name))?;
            let mut results = vec![Val::Bool(false); usize::from(function.result.is_some())];
            func.call_async(&mut *store, &values, &mut results).await?;
            Ok(Ok(Outcome::Complete(function.outcome(results.pop()))))
        })
        .await;
        running.end(outcome, weigh_outcome)
    }
}

/// An answer for which the component was not needed.
fn free<T>(component: &Component, value: T) -> Called<T> {
    Called { value, receipt: Receipt { digest: component.digest().to_owned(), ..Receipt::default() } }
}

#[cfg(test)]
mod tests;
