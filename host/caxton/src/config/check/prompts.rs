//! Reads an agent's prompts and the parameters that they name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::config::agent::Parameter;
use crate::config::document::{Report, Source, Table, Value};
use crate::config::fault::quoted;
use crate::config::name;
use crate::config::prompt::{Prompt, Variable};
use crate::config::suggest::nearest;

/// How many parameters an agent may have. Whoever sends a message has to know them all.
const PARAMETERS_MAX: usize = 64;

/// What was read of an agent's prompts, with the defaults in place of what is missing or has faults.
pub(super) struct Prompts {
    pub system: Prompt,
    pub user: Prompt,
    pub parameters: BTreeMap<String, Parameter>,
}

/// Reads `system_prompt`, `user_prompt_template` and `[parameters]`.
pub(super) fn read(root: &mut Table<'_>, report: &mut Report<'_>) -> Prompts {
    let table = root
        .get("parameters")
        .and_then(|value| value.table(report, "[parameters]"));
    let mut parameters = BTreeMap::new();
    let mut declared = Vec::new();
    if let Some(table) = &table {
        for (name, span, value) in table.entries() {
            if let Err(refusal) = name::check_parameter(name) {
                report.refuse(&span, "parameters", refusal);
            } else if declared.len() == PARAMETERS_MAX {
                let reason = format!("`parameters` has more than {PARAMETERS_MAX} entries");
                report.add(
                    &span,
                    "too-long",
                    reason,
                    "remove what no message has to set",
                );
                break;
            } else {
                declared.push((name, span));
            }
            if let Some(parameter) = parameter(&value, report) {
                parameters.insert(name.to_owned(), parameter);
            }
        }
    }
    let names: BTreeSet<&str> = declared.iter().map(|(name, _)| *name).collect();
    let told = report.count();
    let system = prompt(root, "system_prompt", Variable::SYSTEM, &names, report);
    let user = prompt(root, "user_prompt_template", Variable::ALL, &names, report);
    let system = system.unwrap_or_else(Prompt::introduction);
    let user = user.unwrap_or_else(Prompt::request);
    // Where a prompt has a fault, what it was meant to name is not known.
    if report.count() == told {
        let used: BTreeSet<&str> = system
            .variables()
            .chain(user.variables())
            .map(Variable::as_str)
            .collect();
        for (name, span) in declared.iter().filter(|(name, _)| !used.contains(name)) {
            let reason = format!("no prompt names the parameter `{name}`");
            let remedy = format!("write {{{{{name}}}}} where its value belongs, or remove it");
            report.add(span, "unused-parameter", reason, remedy);
        }
    }
    Prompts {
        system,
        user,
        parameters,
    }
}

/// Reads one parameter: the text of its default, or a table.
fn parameter(value: &Value<'_>, report: &mut Report<'_>) -> Option<Parameter> {
    const EXAMPLE: &str = "\"north\" or { default = \"north\", description = \"which region\" }";
    if !value.is_table() {
        return value.text(report, EXAMPLE).map(|default| Parameter {
            description: String::new(),
            default: Some(default.to_owned()),
        });
    }
    let mut table = value.table(report, EXAMPLE)?;
    let default_value = table.get("default");
    let default = default_value
        .as_ref()
        .map(|value| value.text(report, "default = \"north\""));
    let description = table.get("description").map_or(Some(""), |value| {
        value.text(report, "description = \"which region\"")
    });
    let required_value = table.get("required");
    let required = required_value
        .as_ref()
        .map(|value| value.flag(report, "required = true"));
    let place = table.span.clone();
    table.finish(report);
    let default = match (default, required) {
        (Some(default), None | Some(Some(false))) => Some(default?.to_owned()),
        (None, Some(Some(true))) => None,
        (Some(_), Some(Some(true))) => {
            let value = default_value?;
            let reason = format!("`{}` stands beside `required = true`", value.name);
            let remedy = "remove one of the two: a message must give what is required, so a default would never count";
            report.add(&value.span, "unused-key", reason, remedy);
            return None;
        }
        (None, None | Some(Some(false))) => {
            let reason = format!("`{}` has no `default`, and is not required", value.name);
            report.add(
                &place,
                "missing-key",
                reason,
                "add default = \"…\" or required = true",
            );
            return None;
        }
        (_, Some(None)) => return None,
    };
    Some(Parameter {
        description: description?.trim().to_owned(),
        default,
    })
}

fn prompt(
    root: &mut Table<'_>,
    key: &'static str,
    allowed: &'static [Variable],
    parameters: &BTreeSet<&str>,
    report: &mut Report<'_>,
) -> Option<Prompt> {
    let value = root.get(key)?;
    let text = value.text(report, &format!("{key} = \"\"\"…\"\"\""))?;
    match Prompt::parse(text, allowed, parameters) {
        Ok(prompt) if allowed.contains(&Variable::Request) && !prompt.uses(&Variable::Request) => {
            let reason =
                format!("`{key}` has no {{{{request}}}}, so the agent would never see the message");
            report.add(
                &value.span,
                "missing-variable",
                reason,
                "put {{request}} where the message belongs",
            );
            None
        }
        Ok(prompt) => Some(prompt),
        Err(misprints) => {
            for misprint in misprints {
                let span = braces(report.source, &value.span, text, misprint.index);
                let (reason, remedy) = match misprint.variable {
                    None => (
                        "has `{{` that is not closed".to_owned(),
                        "close it with `}}`, or write `{{{{` for two braces".to_owned(),
                    ),
                    Some(name) => explain(&name, allowed, parameters),
                };
                report.add(
                    &span,
                    "unknown-variable",
                    format!("`{key}` {reason}"),
                    remedy,
                );
            }
            None
        }
    }
}

/// Says why a variable is refused, and what may stand instead.
fn explain(name: &str, allowed: &[Variable], parameters: &BTreeSet<&str>) -> (String, String) {
    if Variable::ALL
        .iter()
        .any(|variable| variable.as_str() == name)
    {
        let reason =
            format!("names {{{{{name}}}}}, which would put a user's words among the instructions");
        return (reason, "use it in user_prompt_template".to_owned());
    }
    let names: Vec<&str> = allowed
        .iter()
        .map(Variable::as_str)
        .chain(parameters.iter().copied())
        .collect();
    let remedy = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean {{{{{near}}}}}?"),
        None => format!(
            "variables are: {}; others are declared under [parameters]; write `{{{{{{{{` for two braces",
            names.join(", ")
        ),
    };
    (
        format!("names the variable {}, which does not exist", quoted(name)),
        remedy,
    )
}

/// Where in the file the `index`-th pair of braces of a string stands. Where escapes hide braces, the beginning of the string.
fn braces(source: &Source, span: &Range<usize>, text: &str, index: usize) -> Range<usize> {
    let raw = source.text.get(span.clone()).unwrap_or_default();
    match raw.match_indices("{{").nth(index) {
        Some((at, _)) if raw.matches("{{").count() == text.matches("{{").count() => {
            span.start + at..span.start + at + 2
        }
        _ => span.clone(),
    }
}
