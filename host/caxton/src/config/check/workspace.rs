//! Reads `caxton.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use caxton_sandbox::Limits;

use super::directory::{at, components_in};
use super::{AgentContext, Known, component, limits, memory, secrets, usage};
use crate::config::document::{Report, Source, Table, Value, parse};
use crate::config::fault::Fault;
use crate::config::limits::TurnCeilings;
use crate::config::name;
use crate::config::suggest::nearest;
use crate::config::workspace::{self, ComponentSpec, Model, ModelRef, Router, Workspace};
use crate::secrets::SecretsFile;

pub(super) const FILE: &str = "caxton.toml";

/// What was read of a workspace.
pub(super) struct Reading {
    /// The workspace, where it has no faults.
    pub workspace: Option<Workspace>,
    /// What its agents are checked against, as far as it could be told.
    pub context: AgentContext,
    /// The files that belong to it, agents aside.
    pub files: Vec<String>,
}

/// Reads the workspace in `dir`, agents aside.
pub(super) fn read(dir: &Path, known: &Known<'_>) -> (Reading, Vec<Fault>) {
    let nothing = || Reading {
        workspace: None,
        context: AgentContext::none(),
        files: Vec::new(),
    };
    if !dir.is_dir() {
        let shown = dir.display().to_string();
        let reason = "is not a directory that can be read".to_owned();
        return (
            nothing(),
            vec![at(
                &shown,
                "no-workspace",
                reason,
                "name a directory with a caxton.toml",
            )],
        );
    }
    let path = dir.join(FILE);
    if path.symlink_metadata().is_err() {
        let reason = format!("does not exist in {}", dir.display());
        return (
            nothing(),
            vec![at(
                FILE,
                "no-workspace",
                reason,
                "create a workspace with `caxton init`",
            )],
        );
    }
    let source = match Source::read(&path, FILE) {
        Ok(source) => source,
        Err(fault) => return (nothing(), vec![fault]),
    };
    let mut report = Report::new(&source);
    let (dropped, directory_faults) = components_in(&dir.join("components"), "components");
    let workspace = read_source(&source, dropped, dir, known, &mut report);
    let mut files = vec![FILE.to_owned()];
    files.extend(SecretsFile::is_in(dir).then(|| crate::secrets::FILE.to_owned()));
    files.extend(component_files(&workspace.0.components, dir));

    let (workspace, declared) = workspace;
    // Components whose names were read are known to agents even where something else is wrong with them; where the text is not
    // TOML, some names may not have been read.
    let names = workspace
        .components
        .keys()
        .cloned()
        .chain(declared)
        .collect::<BTreeSet<_>>();
    let context = AgentContext {
        components: (!report.is_broken()).then_some(names),
        prefixes: super::prefixes(&workspace),
        ceilings: workspace.turn_ceilings.clone(),
    };
    let mut faults = report.finish();
    faults.extend(directory_faults);
    (
        Reading {
            workspace: Some(workspace),
            context,
            files,
        },
        faults,
    )
}

/// Reads the text. Returns the workspace and the names of all components that it declares.
fn read_source(
    source: &Source,
    dropped: BTreeMap<String, ComponentSpec>,
    dir: &Path,
    known: &Known<'_>,
    report: &mut Report<'_>,
) -> (Workspace, Vec<String>) {
    let document = parse(source, report);
    let mut root = Table::root(&document);
    let name = root
        .require("name", report, "name = \"sales-desk\"")
        .and_then(|value| {
            value.parsed(report, "name = \"sales-desk\"", |text| {
                name::check(text).map(|()| text.to_owned())
            })
        });
    let (ceiling, turn_ceilings) = root
        .get("limits")
        .and_then(|value| value.table(report, "[limits]"))
        .map_or_else(
            || (Limits::ceiling(), TurnCeilings::default()),
            |table| limits::ceilings(table, report),
        );
    let budget = root
        .get("budget")
        .and_then(|value| value.table(report, "[budget]"))
        .map(|table| usage::budget(table, report))
        .unwrap_or_default();
    let keeping = root
        .get("memory")
        .and_then(|value| value.table(report, "[memory.keep]"))
        .map(|table| memory::keeping(table, report))
        .unwrap_or_default();
    let (components, declared) = match root
        .get("components")
        .and_then(|value| value.table(report, "[components.NAME]"))
    {
        Some(table) => read_components(&table, dir, &ceiling, known, report),
        None => (BTreeMap::new(), Vec::new()),
    };
    let components = with_implied(components, &declared, dropped, known);
    let names: Vec<&str> = components
        .keys()
        .map(String::as_str)
        .chain(declared.iter().map(String::as_str))
        .collect();
    if let Some(value) = root.get("secrets") {
        secrets::recipients(&value, report);
    }
    let model = root
        .get("model")
        .and_then(|value| value.table(report, "[model]"));
    let model = model
        .map(|table| read_model(table, &names, report))
        .unwrap_or_default();
    let router = root
        .get("router")
        .and_then(|value| value.table(report, "[router]"));
    let router = router
        .map(|table| read_router(table, &names, dir, report))
        .unwrap_or_default();
    root.finish(report);
    let name = name.unwrap_or_default();
    (
        Workspace {
            name,
            model,
            router,
            components,
            limits: ceiling,
            turn_ceilings,
            budget,
            keeping,
        },
        declared,
    )
}

fn read_components(
    table: &Table<'_>,
    dir: &Path,
    ceiling: &Limits,
    known: &Known<'_>,
    report: &mut Report<'_>,
) -> (BTreeMap<String, ComponentSpec>, Vec<String>) {
    let mut components = BTreeMap::new();
    let mut declared = Vec::new();
    for (name, span, value) in table.entries() {
        declared.push(name.to_owned());
        if let Err(refusal) = name::check_component(name) {
            report.refuse(&span, "components", refusal);
        }
        let Some(table) = value.table(report, &format!("[components.{name}]")) else {
            continue;
        };
        if let Some(spec) = component::read(name, &span, table, dir, ceiling, known, report) {
            components.insert(name.to_owned(), spec);
        }
    }
    (components, declared)
}

/// Adds the components that are there without being declared: files in `components/` that no other component uses, and the
/// built-in ones.
fn with_implied(
    mut components: BTreeMap<String, ComponentSpec>,
    declared: &[String],
    dropped: BTreeMap<String, ComponentSpec>,
    known: &Known<'_>,
) -> BTreeMap<String, ComponentSpec> {
    let used: Vec<_> = components
        .values()
        .filter_map(|spec| canonical(&spec.source))
        .collect();
    let builtins = known.builtins.iter().map(|name| {
        (
            (*name).to_owned(),
            ComponentSpec::new(workspace::Source::Builtin((*name).to_owned())),
        )
    });
    let dropped = dropped
        .into_iter()
        .filter(|(_, spec)| canonical(&spec.source).is_none_or(|path| !used.contains(&path)));
    for (name, spec) in dropped.chain(builtins) {
        if !declared.contains(&name) {
            components.entry(name).or_insert(spec);
        }
    }
    components
}

fn canonical(source: &workspace::Source) -> Option<std::path::PathBuf> {
    match source {
        workspace::Source::Path(path) => Some(path.canonicalize().unwrap_or_else(|_| path.clone())),
        _ => None,
    }
}

/// The files of components that lie in the workspace, relative to it.
fn component_files(components: &BTreeMap<String, ComponentSpec>, dir: &Path) -> Vec<String> {
    let home = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let mut files: Vec<String> = components
        .values()
        .filter_map(|spec| canonical(&spec.source))
        .filter_map(|path| {
            Some(
                path.strip_prefix(&home)
                    .ok()?
                    .to_string_lossy()
                    .replace('\\', "/"),
            )
        })
        .collect();
    files.sort();
    files.dedup();
    files
}

fn read_model(mut table: Table<'_>, names: &[&str], report: &mut Report<'_>) -> Model {
    const DEFAULT: &str = "default = \"offline/demo\"";
    const FALLBACK: &str = "fallback = [\"openai/gpt-5-mini\"]";
    let mut model = Model::default();
    if let Some(value) = table.get("default") {
        model.default = model_ref(&value, names, report, DEFAULT).unwrap_or(model.default);
    }
    if let Some(list) = table
        .get("fallback")
        .and_then(|value| value.list(report, FALLBACK))
    {
        model.fallback = list
            .iter()
            .filter_map(|value| model_ref(value, names, report, FALLBACK))
            .collect();
    }
    table.finish(report);
    model
}

fn read_router(
    mut table: Table<'_>,
    names: &[&str],
    dir: &Path,
    report: &mut Report<'_>,
) -> Router {
    let mut read = |key, example: &str| {
        let value = table.get(key)?;
        let name = value
            .text(report, example)?
            .strip_prefix("builtin:")
            .unwrap_or(value.text(report, example)?);
        component_named(name, &value, "unknown-router", names, report).then(|| name.to_owned())
    };
    let component = read("component", "component = \"semantic\"");
    let fallback = read("fallback", "fallback = \"keyword\"");
    let agent = table
        .get("default")
        .and_then(|value| default_agent(&value, dir, report));
    let mut share = |key, example: &str| {
        let number = table.get(key)?.number(report, 0.0..=1.0, example)?;
        Some(number as f32)
    };
    let threshold = share("threshold", "threshold = 0.7");
    let margin = share("margin", "margin = 0.01");
    let overlap = share("overlap", "overlap = 0.5");
    let overlap_max = share("overlap_max", "overlap_max = 0.8");
    table.finish(report);
    let default = Router::default();
    let component = component.unwrap_or(default.component);
    // A router that failed is not asked again.
    let fallback = fallback
        .or(default.fallback)
        .filter(|fallback| *fallback != component);
    Router {
        component,
        fallback,
        threshold: threshold.unwrap_or(default.threshold),
        margin: margin.unwrap_or(default.margin),
        overlap: overlap.unwrap_or(default.overlap),
        overlap_max,
        default: agent,
    }
}

/// Reads the agent that gets what fits none. An agent's file has its name, so whether there is one can be seen without
/// reading it.
fn default_agent(value: &Value<'_>, dir: &Path, report: &mut Report<'_>) -> Option<String> {
    let check = |text: &str| name::check_agent(text).map(|()| text.to_owned());
    let name = value.parsed(report, "default = \"analyst\"", check)?;
    let file = format!("agents/{name}.toml");
    if dir.join(&file).is_file() {
        return Some(name);
    }
    report.add(
        &value.span,
        "unknown-agent",
        format!(
            "`{}` names the agent `{name}`, and there is no {file}",
            value.name
        ),
        "name an agent of this workspace",
    );
    None
}

/// Reads a model whose provider must be one of `names`.
pub(super) fn model_ref(
    value: &Value<'_>,
    names: &[&str],
    report: &mut Report<'_>,
    example: &str,
) -> Option<ModelRef> {
    let model = value.parsed(report, example, ModelRef::parse)?;
    component_named(&model.provider, value, "unknown-provider", names, report).then_some(model)
}

/// Whether there is a component of this name; reports it where there is none.
fn component_named(
    name: &str,
    value: &Value<'_>,
    code: &'static str,
    names: &[&str],
    report: &mut Report<'_>,
) -> bool {
    if names.contains(&name) {
        return true;
    }
    let remedy = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "declare it as [components.NAME], or name one that is built in".to_owned(),
    };
    let shown = crate::config::fault::quoted(name);
    report.add(
        &value.span,
        code,
        format!(
            "`{}` names the component {shown}, and there is none of that name",
            value.name
        ),
        remedy,
    );
    false
}
