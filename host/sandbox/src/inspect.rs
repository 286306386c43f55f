//! What can be told of a component without running or even compiling it: its kind, its tools where they are plain
//! functions, what it imports, and which grants those imports would need.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use wasmparser::{ComponentTypeRef, KnownCustom, Parser, Payload, Validator, WasmFeatures};

use crate::cache::hex;
use crate::component::{Roles, check_header, check_import};
use crate::error::LoadError;
use crate::plain::Described;

/// What a component is.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// Its size in bytes.
    pub size: usize,
    /// What it can be used as: of `tool`, `provider`, `router`.
    pub kinds: Vec<&'static str>,
    /// The version of `caxton:plugin` that it was built for; none where it knows nothing of Caxton.
    pub contract: Option<String>,
    /// The names of its exports.
    pub exports: Vec<String>,
    /// The names of its imports.
    pub imports: Vec<String>,
    /// The tools that its plain functions become. Those of a `caxton:plugin/tools` component are known only to itself.
    pub functions: Vec<FunctionTool>,
    /// Functions that can't become tools.
    pub left_out: Vec<LeftOut>,
    /// The grants that its imports would need to be of use.
    pub grants_needed: Vec<GrantNeeded>,
    /// Languages and tools that it was made with, with their versions.
    pub producers: BTreeMap<String, BTreeSet<String>>,
    /// Why it could not be loaded here, where it could not.
    pub problems: Vec<String>,
}

/// A plain function as a tool.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionTool {
    /// The tool's name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// JSON Schema of its structured result, where it has one.
    pub output_schema: Option<Value>,
}

/// A function that can't become a tool.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// The function.
    pub function: String,
    /// Why not.
    pub reason: String,
}

/// A grant that imports would need.
#[derive(Clone, Debug, Serialize)]
pub struct GrantNeeded {
    /// Its key under `[components.NAME.grants]`.
    pub grant: &'static str,
    /// How it is written there.
    pub example: &'static str,
    /// The imports that need it.
    pub imports: Vec<String>,
}

/// Grants with how they are written, and the beginnings of the imports that need them.
const GRANTS: [(&str, &str, &[&str]); 3] = [
    (
        "http",
        r#"http = ["https://api.example.com"]"#,
        &["caxton:plugin/http@", "wasi:http/outgoing-handler@"],
    ),
    ("state", "state = true", &["caxton:plugin/state@"]),
    (
        "files",
        r#"files = [{ path = "data", mode = "read" }]"#,
        &["wasi:filesystem/"],
    ),
];

/// Inspects the component `wasm`, which errors call `name`.
///
/// # Errors
/// [`LoadError`] where it is no component, or a broken one. What else would stop it from being loaded is among
/// [`Inspection::problems`].
pub fn inspect(name: &str, wasm: &[u8]) -> Result<Inspection, LoadError> {
    check_header(name, wasm, usize::MAX)?;
    let malformed = |error: wasmparser::BinaryReaderError| LoadError::Malformed {
        name: name.to_owned(),
        reason: error.to_string(),
    };
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(wasm)
        .map_err(malformed)?;
    let Surface {
        exports,
        imports,
        producers,
    } = Surface::read(wasm).map_err(malformed)?;

    let mut problems: Vec<String> = Vec::new();
    for (import, is_instance) in &imports {
        problems.extend(
            check_import(name, import, *is_instance)
                .err()
                .map(|error| error.to_string()),
        );
    }
    let imports: Vec<String> = imports.into_iter().map(|(import, _)| import).collect();
    let mut kinds = Roles::of(&exports).names();
    let described = if kinds.is_empty() {
        Described::new(wasm).unwrap_or_else(|reason| no_types(reason, &mut problems))
    } else {
        Described::default()
    };
    if !described.functions.is_empty() {
        kinds.push("tool");
    }
    if kinds.is_empty() {
        problems.push(LoadError::no_role(name, &exports).to_string());
    }
    let contract = exports
        .iter()
        .chain(&imports)
        .find_map(|item| item.strip_prefix("caxton:plugin/")?.rsplit_once('@'))
        .map(|(_, version)| version.to_owned());
    let functions = described
        .functions
        .into_iter()
        .map(|function| FunctionTool {
            name: function.tool.name,
            description: function.tool.description,
            input_schema: serde_json::from_str(&function.tool.input_schema).unwrap_or_default(),
            output_schema: function
                .tool
                .output_schema
                .and_then(|schema| serde_json::from_str(&schema).ok()),
        });
    let left_out = described
        .left_out
        .into_iter()
        .map(|(function, reason)| LeftOut { function, reason });
    Ok(Inspection {
        digest: hex(&Sha256::digest(wasm)),
        size: wasm.len(),
        kinds,
        contract,
        grants_needed: grants_needed(&imports),
        exports,
        imports,
        functions: functions.collect(),
        left_out: left_out.collect(),
        producers,
        problems,
    })
}

fn no_types(reason: String, problems: &mut Vec<String>) -> Described {
    problems.push(format!("its functions can't be told: {reason}"));
    Described::default()
}

fn grants_needed(imports: &[String]) -> Vec<GrantNeeded> {
    let needed = GRANTS.iter().map(|(grant, example, beginnings)| {
        let imports = imports.iter().filter(|import| {
            beginnings
                .iter()
                .any(|beginning| import.starts_with(beginning))
        });
        GrantNeeded {
            grant,
            example,
            imports: imports.cloned().collect(),
        }
    });
    needed.filter(|needed| !needed.imports.is_empty()).collect()
}

/// What stands on the outside of a component.
#[derive(Default)]
struct Surface {
    exports: Vec<String>,
    /// Names, and whether each is an instance.
    imports: Vec<(String, bool)>,
    producers: BTreeMap<String, BTreeSet<String>>,
}

impl Surface {
    fn read(wasm: &[u8]) -> Result<Self, wasmparser::BinaryReaderError> {
        let mut surface = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let import = import?;
                        surface.imports.push((
                            import.name.name.to_owned(),
                            matches!(import.ty, ComponentTypeRef::Instance(_)),
                        ));
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        surface.exports.push(export?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Producers(fields) = section.as_known() {
                        // It is a courtesy: a section that can't be read says nothing.
                        let _ = surface.produced(fields);
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    fn produced(
        &mut self,
        fields: wasmparser::ProducersSectionReader<'_>,
    ) -> Result<(), wasmparser::BinaryReaderError> {
        for field in fields {
            let field = field?;
            for value in field.values {
                let value = value?;
                let text = format!("{} {}", value.name, value.version);
                self.producers
                    .entry(field.name.to_owned())
                    .or_default()
                    .insert(text.trim().to_owned());
            }
        }
        Ok(())
    }
}
