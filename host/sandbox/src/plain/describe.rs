//! Which functions a component offers, what they are called and what they take: told from its types and documentation,
//! without compiling it.

use std::collections::HashMap;

use wit_parser::{FunctionKind, Resolve, WorldId, WorldItem, WorldKey};

use super::docs::{self, Docs};
use super::shape::{self, Kind, PARTS_MAX, Reader, Shape};
use crate::wit::tools::{Annotations, Tool};

/// The longest name of a tool.
const NAME_MAX: usize = 64;
/// The most functions of a component that become tools.
const FUNCTIONS_MAX: usize = 1000;
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
    pub(super) interface: Option<String>,
    pub(super) name: String,
    pub(super) params: Vec<(String, Shape)>,
    pub(super) result: Option<Shape>,
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

    pub(super) fn of(resolve: &Resolve, world: WorldId, docs: &Docs) -> Self {
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

    fn add(
        &mut self,
        resolve: &Resolve,
        docs: &Docs,
        interface: Option<&str>,
        function: &wit_parser::Function,
    ) {
        let full = interface.map_or_else(
            || function.name.clone(),
            |interface| format!("{interface}.{}", function.name),
        );
        match described(resolve, docs, interface, function) {
            Ok(_) if self.functions.len() >= FUNCTIONS_MAX => self.left_out.push((
                full,
                format!("there are more than {FUNCTIONS_MAX} functions"),
            )),
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
            for options in names
                .iter_mut()
                .filter(|options| options.len() > 1 && seen[&options[0]] > 1)
            {
                options.remove(0);
            }
        }
        let mut taken: HashMap<String, ()> = HashMap::new();
        let mut kept = Vec::new();
        for (mut function, options) in self.functions.drain(..).zip(names) {
            let name = options.into_iter().next().unwrap_or_default();
            let reason = match () {
                () if name.len() > NAME_MAX => {
                    format!("its name is longer than {NAME_MAX} characters")
                }
                () if taken.insert(name.clone(), ()).is_some() => {
                    "another function has the same name".to_owned()
                }
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
    let WorldKey::Interface(id) = key else {
        return false;
    };
    let package = resolve.interfaces[*id]
        .package
        .map(|package| &resolve.packages[package].name);
    package.is_some_and(|package| {
        package.namespace == "wasi" || (package.namespace == "caxton" && package.name == "plugin")
    })
}

fn described(
    resolve: &Resolve,
    docs: &Docs,
    interface: Option<&str>,
    function: &wit_parser::Function,
) -> Result<Function, String> {
    match function.kind {
        FunctionKind::Freestanding => {}
        FunctionKind::AsyncFreestanding => {
            return Err("it is async; only plain functions become tools".to_owned());
        }
        _ => return Err("it belongs to a resource; only plain functions become tools".to_owned()),
    }
    let mut reader = Reader {
        resolve,
        docs,
        parts_left: PARTS_MAX,
    };
    let params = function
        .params
        .iter()
        .map(|param| Ok((param.name.clone(), reader.shape(&param.ty)?)))
        .collect::<Result<Vec<_>, String>>()?;
    let result = function
        .result
        .as_ref()
        .map(|ty| reader.shape(ty))
        .transpose()?;

    // An interface is documented by its name alone.
    let short = interface
        .map(|interface| {
            interface
                .rsplit_once('/')
                .map_or(interface, |(_, name)| name)
        })
        .map(|name| name.split('@').next().unwrap_or(name));
    let said = function
        .docs
        .contents
        .as_deref()
        .or_else(|| docs.function(short, &function.name))
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let description = match (said, interface) {
        (Some(said), _) => said.to_owned(),
        (None, Some(interface)) => {
            format!("Calls the function `{}` of `{interface}`.", function.name)
        }
        (None, None) => format!("Calls the function `{}`.", function.name),
    };
    let input = shape::object(params.iter().map(|(name, shape)| {
        (
            name.clone(),
            shape.schema(),
            !matches!(shape.kind, Kind::Option(_)),
        )
    }));
    let output = result
        .as_ref()
        .and_then(success)
        .map(|shape| match shape.kind {
            Kind::Record(_) => shape.schema(),
            _ => shape::object([("result".to_owned(), shape.schema(), true)]),
        });
    let annotations = Annotations {
        read_only: None,
        destructive: None,
        idempotent: None,
        open_world: None,
    };
    let tool = Tool {
        name: function.name.clone(),
        title: None,
        description,
        input_schema: input.to_string(),
        output_schema: output.map(|schema| schema.to_string()),
        annotations,
    };
    Ok(Function {
        tool,
        interface: interface.map(str::to_owned),
        name: function.name.clone(),
        params,
        result,
    })
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
        let Some(interface) = &self.interface else {
            return vec![name.clone()];
        };
        let (path, version) = interface
            .split_once('@')
            .map_or((interface.as_str(), None), |(path, version)| {
                (path, Some(version))
            });
        let short = path.rsplit_once('/').map_or(path, |(_, short)| short);
        let full = path.replace([':', '/'], "-");
        let mut names = vec![
            name.clone(),
            format!("{short}-{name}"),
            format!("{full}-{name}"),
        ];
        names.extend(
            version.map(|version| format!("{full}-{}-{name}", version.replace(['.', '+'], "-"))),
        );
        names
    }
}
