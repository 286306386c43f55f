//! Reads an agent's TOML.

use std::ops::Range;

use super::workspace::model_ref;
use super::{AgentContext, limits, memory, prompts, usage};
use crate::config::agent::{Agent, Capability, MEMORY_TOOLS, names_memory};
use crate::config::delegate::Delegate;
use crate::config::document::{Report, Source, Table, Value, parse};
use crate::config::fault::{Fault, Refusal, quoted};
use crate::config::glob::Glob;
use crate::config::limits::{Breaker, Budget, TOOLS_MAX, TurnLimits};
use crate::config::name;
use crate::config::suggest::nearest;
use crate::config::workspace::ModelRef;
use semver::Version;

const TOOLS: &str = "tools = [\"csv__*\"]";
const CAPABILITIES: &str = "capabilities = [\"data-analysis\"]";
const DELEGATES: &str = "delegates = [\"charting\"]";
const FALLBACK: &str = "fallback = [\"openai/gpt-5-mini\"]";

/// Two dozen tools are few enough for a model to choose well among them, and for their descriptions to cost little.
const TOOLS_MAX_DEFAULT: usize = 24;

/// What was read of an agent.
pub(super) struct Reading {
    /// The agent, where nothing that it needs is missing.
    pub agent: Option<Agent>,
    /// The file that it stands in, relative to the workspace.
    pub file: String,
    /// Its name and where that stands.
    pub name: Option<(String, Place)>,
    /// The names of its capabilities, and their versions.
    pub capabilities: Vec<(String, Version)>,
    /// The capabilities that it says it asks others for, and where.
    pub delegates: Vec<(Delegate, Place)>,
}

/// Line and column in the agent's file, for what is only known when the file's text is gone.
pub(super) type Place = (u32, u32);

impl Reading {
    /// A fault of this agent's file.
    pub(super) fn fault(
        &self,
        (line, column): Place,
        code: &'static str,
        reason: String,
        remedy: String,
    ) -> Fault {
        Fault {
            file: self.file.clone(),
            line,
            column,
            code,
            reason,
            remedy,
        }
    }
}

/// Reads the agent in `source`.
pub(super) fn read(source: &Source, context: &AgentContext, report: &mut Report<'_>) -> Reading {
    let document = parse(source, report);
    let mut root = Table::root(&document);
    let name = read_name(&mut root, source, report);
    let version = root
        .get("version")
        .map(|value| value.parsed(report, "version = \"1.0.0\"", name::version));
    let description = root
        .require(
            "description",
            report,
            "description = \"Answers questions about tables.\"",
        )
        .and_then(|value| value.parsed(report, "description = \"…\"", description));
    let capabilities = list(&mut root, "capabilities", CAPABILITIES, report);
    let capabilities = read_capabilities(&capabilities, report);
    let memory = root
        .get("memory")
        .and_then(|value| value.table(report, "[memory]"))
        .map(|table| memory::memory(table, report))
        .unwrap_or_default();
    let tools = list(&mut root, "tools", TOOLS, report)
        .iter()
        .filter_map(|value| tool(value, context, memory.enabled, report))
        .collect();
    let tools_max = limits::bounded(&mut root, TOOLS_MAX, report);
    let delegates = root.get("delegates").map(|value| {
        let items = value.list(report, DELEGATES).unwrap_or_default();
        items
            .into_iter()
            .filter_map(|item| {
                let delegate = item.parsed(report, DELEGATES, Delegate::parse)?;
                Some((delegate, source.position(item.span.start)))
            })
            .collect::<Vec<_>>()
    });
    let model = root
        .get("model")
        .and_then(|value| read_model(&value, "model = \"openai/gpt-5-mini\"", context, report));
    let fallback = root.get("fallback").and_then(|value| {
        let items = value.list(report, FALLBACK)?;
        let models = items
            .iter()
            .filter_map(|item| read_model(item, FALLBACK, context, report));
        Some(models.collect())
    });
    let temperature = root
        .get("temperature")
        .and_then(|value| value.number(report, 0.0..=2.0, "temperature = 0.2"));
    let prompts = prompts::read(&mut root, report);
    let told = report.count();
    let turn = root
        .get("limits")
        .and_then(|value| value.table(report, "[limits]"))
        .map_or_else(
            || TurnLimits::default_under(&context.ceilings),
            |table| limits::turn(table, &context.ceilings, report),
        );
    let tokens = (report.count() == told).then_some(turn.tokens);
    let told_of = root
        .get("context")
        .and_then(|value| value.table(report, "[context]"))
        .map(|table| memory::context(table, tokens, report));
    let budget = root
        .get("budget")
        .and_then(|value| value.table(report, "[budget]"))
        .map_or_else(Budget::default, |table| usage::budget(table, report));
    let breaker = root
        .get("breaker")
        .and_then(|value| value.table(report, "[breaker]"))
        .map_or_else(Breaker::default, |table| limits::breaker(table, report));
    root.finish(report);

    let names = capabilities
        .iter()
        .map(|capability| (capability.name.clone(), capability.version.clone()))
        .collect();
    let asked = delegates.clone().unwrap_or_default();
    let delegates = delegates.map_or_else(
        || Delegate::anything().into_iter().collect(),
        |list| list.into_iter().map(|(delegate, _)| delegate).collect(),
    );
    let agent = name
        .clone()
        .zip(description)
        .map(|((name, _), description)| Agent {
            name,
            version: version.flatten().unwrap_or(Version::new(0, 1, 0)),
            description,
            capabilities,
            tools,
            tools_max: tools_max.map_or(TOOLS_MAX_DEFAULT, |most| {
                most.try_into().unwrap_or(TOOLS_MAX_DEFAULT)
            }),
            delegates,
            model,
            fallback,
            temperature,
            system_prompt: prompts.system,
            user_prompt_template: prompts.user,
            parameters: prompts.parameters,
            context: told_of.unwrap_or_default(),
            memory,
            limits: turn,
            budget,
            breaker,
        });
    Reading {
        agent,
        file: source.shown.clone(),
        name,
        capabilities: names,
        delegates: asked,
    }
}

/// Reads the name, which must be the file's.
fn read_name(
    root: &mut Table<'_>,
    source: &Source,
    report: &mut Report<'_>,
) -> Option<(String, Place)> {
    let value = root.require("name", report, "name = \"analyst\"")?;
    let name = value.parsed(report, "name = \"analyst\"", |text| {
        name::check_agent(text).map(|()| text.to_owned())
    })?;
    let file = source.shown.rsplit('/').next().unwrap_or(&source.shown);
    if file != format!("{name}.toml") {
        let reason = format!("the agent `{name}` stands in {}", quoted(&source.shown));
        let remedy = format!(
            "rename the file to {name}.toml, or the agent to `{}`",
            file.strip_suffix(".toml").unwrap_or(file)
        );
        report.add(&value.span, "name-mismatch", reason, remedy);
    }
    Some((name, source.position(value.span.start)))
}

fn description(text: &str) -> Result<String, Refusal> {
    // Every candidate's description stands in each request to the router.
    const CHARS_MAX: usize = 2_000;
    let chars = text.trim().chars().count();
    if chars == 0 {
        return Err(Refusal::new(
            "empty-value",
            "is empty, so no router can choose the agent",
            "say in a sentence what it is for",
        ));
    }
    if chars > CHARS_MAX {
        let reason = format!("has {chars} characters, more than {CHARS_MAX}");
        return Err(Refusal::new(
            "too-long",
            reason,
            "say in a sentence what it is for; instructions belong in system_prompt",
        ));
    }
    Ok(text.trim().to_owned())
}

fn list<'t>(
    root: &mut Table<'t>,
    key: &'static str,
    example: &str,
    report: &mut Report<'_>,
) -> Vec<Value<'t>> {
    root.get(key)
        .and_then(|value| value.list(report, example))
        .unwrap_or_default()
}

fn read_capabilities(values: &[Value<'_>], report: &mut Report<'_>) -> Vec<Capability> {
    let mut capabilities: Vec<Capability> = Vec::new();
    for value in values {
        let Some((capability, span)) = capability(value, report) else {
            continue;
        };
        if capabilities
            .iter()
            .any(|other| other.name == capability.name)
        {
            let reason = format!("the capability `{}` is listed twice", capability.name);
            report.add(
                &span,
                "duplicate-capability",
                reason,
                "remove one of the two",
            );
            continue;
        }
        capabilities.push(capability);
    }
    capabilities
}

fn capability(value: &Value<'_>, report: &mut Report<'_>) -> Option<(Capability, Range<usize>)> {
    const EXAMPLE: &str = "\"data-analysis\" or { name = \"charting\", version = \"1.2\", description = \"draws charts\" }";
    let named = |text: &str| name::check_capability(text).map(|()| text.to_owned());
    if value.is_text() {
        let name = value.parsed(report, EXAMPLE, named)?;
        let capability = Capability {
            name,
            version: Version::new(1, 0, 0),
            description: String::new(),
        };
        return Some((capability, value.span.clone()));
    }
    let mut table = value.table(report, EXAMPLE)?;
    let found = table.require("name", report, "name = \"charting\"");
    let name = found
        .as_ref()
        .and_then(|value| value.parsed(report, "name = \"charting\"", named));
    let version = match table.get("version") {
        Some(value) => value.parsed(report, "version = \"1.2\"", name::short_version),
        None => Some(Version::new(1, 0, 0)),
    };
    let description = match table.get("description") {
        Some(value) => value
            .text(report, "description = \"draws charts from data\"")
            .map(|text| text.trim().to_owned()),
        None => Some(String::new()),
    };
    table.finish(report);
    Some((
        Capability {
            name: name?,
            version: version?,
            description: description?,
        },
        found?.span,
    ))
}

/// Reads one pattern of the allowlist. A pattern that reaches no tool of any component is a slip, not a wish.
fn tool(
    value: &Value<'_>,
    context: &AgentContext,
    remembers: bool,
    report: &mut Report<'_>,
) -> Option<Glob> {
    let glob = value.parsed(report, TOOLS, Glob::parse)?;
    let text = glob.as_str();
    if names_memory(&glob) {
        return match memory_tool(&glob, remembers) {
            Ok(()) => Some(glob),
            Err(refusal) => {
                report.refuse(&value.span, &value.name, refusal);
                None
            }
        };
    }
    let Some(components) = &context.components else {
        return Some(glob);
    };
    if components
        .iter()
        .any(|component| glob.may_match_after(&format!("{component}__")))
        || context
            .prefixes
            .iter()
            .any(|prefix| glob.may_match_after(prefix))
    {
        return Some(glob);
    }
    let (code, reason, remedy) = match text.split_once("__") {
        Some((component, tool)) if components.contains(component) => (
            "bad-pattern",
            format!("names no tool of `{component}`: there is nothing after `{component}__{tool}`"),
            format!("write `{component}__*` for all of them"),
        ),
        Some((component, tool)) => {
            let remedy = match nearest(component, components.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}__{tool}`?"),
                None => format!(
                    "declare [components.{}], or remove the pattern",
                    component.replace(['*', '?'], "…")
                ),
            };
            (
                "unknown-component",
                format!("is {}, and no component is named so", quoted(text)),
                remedy,
            )
        }
        None => {
            let near = nearest(text, components.iter().map(String::as_str)).unwrap_or("csv");
            (
                "bad-pattern",
                format!("is {}, but tools are named COMPONENT__TOOL", quoted(text)),
                format!("write `{near}__*` for all tools of `{near}`"),
            )
        }
    };
    report.refuse(&value.span, &value.name, Refusal::new(code, reason, remedy));
    None
}

/// Checks a pattern over the tools of memory, which no component has.
fn memory_tool(glob: &Glob, remembers: bool) -> Result<(), Refusal> {
    let text = glob.as_str();
    if !MEMORY_TOOLS.iter().any(|tool| glob.matches(tool)) {
        let remedy = match nearest(text, MEMORY_TOOLS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", MEMORY_TOOLS.join(", ")),
        };
        let reason = format!("is {}, and memory has no such tool", quoted(text));
        return Err(Refusal::new("unknown-tool", reason, remedy));
    }
    if !remembers {
        let reason = format!("is {}, and the agent has no memory", quoted(text));
        let remedy = "write enabled = true under [memory], or remove the pattern";
        return Err(Refusal::new("no-memory", reason, remedy));
    }
    Ok(())
}

fn read_model(
    value: &Value<'_>,
    example: &str,
    context: &AgentContext,
    report: &mut Report<'_>,
) -> Option<ModelRef> {
    match &context.components {
        Some(components) => model_ref(
            value,
            &components.iter().map(String::as_str).collect::<Vec<_>>(),
            report,
            example,
        ),
        None => value.parsed(report, example, ModelRef::parse),
    }
}
