//! Reads `[components.NAME]`.

use std::ops::Range;
use std::path::Path;

use caxton_sandbox::{Limits, Overrides};

use super::{Known, grants, limits, usage};
use crate::config::agent::MEMORY_PREFIX;
use crate::config::document::{Report, Table, Value};
use crate::config::fault::{Refusal, quoted};
use crate::config::suggest::nearest;
use crate::config::workspace::{ComponentSpec, Source};

const SOURCE: &str = "source = \"components/csv.wasm\"";

/// Reads the component `name`. Nothing where its source can't be told; its other faults are reported all the same.
pub(super) fn read(
    name: &str,
    span: &Range<usize>,
    mut table: Table<'_>,
    dir: &Path,
    ceiling: &Limits,
    known: &Known<'_>,
    report: &mut Report<'_>,
) -> Option<ComponentSpec> {
    let source = table.get("source");
    let sha256 = table.get("sha256");
    let source_implied = source.is_none();
    let source = match &source {
        Some(value) => value.text(report, SOURCE).and_then(|text| {
            let sha256 = sha256
                .as_ref()
                .and_then(|value| value.parsed(report, "sha256 = \"…\"", digest));
            read_source(text, sha256, dir, known)
                .map_err(|refusal| report.refuse(&value.span, &value.name, refusal))
                .ok()
        }),
        None => implied(name, span, dir, known, report),
    };
    if let (Some(value), Some(Source::Path(_) | Source::Builtin(_) | Source::Oci(_))) =
        (&sha256, &source)
    {
        refuse_digest(value, report);
    }
    let config = table.get("config").and_then(|value| {
        value.table(report, "config = { key = \"value\" }")?;
        value.json(report)
    });
    let overrides = table
        .get("limits")
        .and_then(|value| value.table(report, &format!("[components.{name}.limits]")))
        .map_or(Overrides::default(), |table| {
            limits::component(table, Some(ceiling), report)
        });
    let mut granted = table
        .get("grants")
        .and_then(|value| value.table(report, &format!("[components.{name}.grants]")))
        .map(|table| grants::read(table, dir, report))
        .unwrap_or_default();
    let secrets = table
        .get("secrets")
        .map(|value| grants::secrets(&value, &mut granted, dir, known, report))
        .unwrap_or_default();
    let rate = table
        .get("rate")
        .and_then(|value| value.table(report, &format!("[components.{name}.rate]")))
        .map(|table| usage::rate(table, report))
        .unwrap_or_default();
    let prices = table
        .get("prices")
        .and_then(|value| value.table(report, &format!("[components.{name}.prices.\"MODEL\"]")))
        .map(|table| usage::prices(&table, report))
        .unwrap_or_default();
    let prefix = table
        .get("prefix")
        .and_then(|value| value.parsed(report, "prefix = \"\"", prefix));
    table.finish(report);
    let config = match config {
        Some(serde_json::Value::Object(config)) => config,
        _ => serde_json::Map::new(),
    };
    Some(ComponentSpec {
        source: source?,
        config,
        limits: overrides,
        grants: granted,
        secrets,
        rate,
        prices,
        prefix,
        implied: false,
        source_implied,
    })
}

/// A prefix has to leave names that are names of tools.
fn prefix(text: &str) -> Result<String, Refusal> {
    const CHARS_MAX: usize = 64;
    if text.starts_with(MEMORY_PREFIX) {
        return Err(Refusal::new(
            "bad-prefix",
            format!(
                "is {}, which is how the tools of agents that remember are named",
                quoted(text)
            ),
            "use another prefix",
        ));
    }
    if text.len() <= CHARS_MAX
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    {
        return Ok(text.to_owned());
    }
    let reason = format!("is {}, which no tool's name can begin with", quoted(text));
    Err(Refusal::new(
        "bad-prefix",
        reason,
        "use at most 64 of A-Z a-z 0-9 _ - . or nothing at all",
    ))
}

/// The source of a component that names none: its file in `components/`, else the built-in one of its name.
fn implied(
    name: &str,
    span: &Range<usize>,
    dir: &Path,
    known: &Known<'_>,
    report: &mut Report<'_>,
) -> Option<Source> {
    let file = format!("components/{name}.wasm");
    if let Ok(path) = grants::inside(dir, &file) {
        return Some(Source::Path(path));
    }
    if known.builtins.contains(&name) {
        return Some(Source::Builtin(name.to_owned()));
    }
    let remedy = match nearest(name, known.builtins.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add source = \"{file}\""),
    };
    let reason = format!(
        "`components.{name}` has no `source`, there is no {file}, and no component of that name is built in"
    );
    report.add(span, "missing-key", reason, remedy);
    None
}

fn read_source(
    text: &str,
    sha256: Option<String>,
    dir: &Path,
    known: &Known<'_>,
) -> Result<Source, Refusal> {
    if let Some(name) = text.strip_prefix("builtin:") {
        return builtin(name, known);
    }
    if let Some(reference) = text.strip_prefix("oci://") {
        // HOST/REPOSITORY[:TAG][@DIGEST], after the distribution specification of the Open Container Initiative.
        let ok = reference
            .split_once('/')
            .is_some_and(|(host, repository)| !host.is_empty() && !repository.is_empty())
            && reference
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._/:@".contains(&b));
        let refusal = || {
            let reason = format!("is {}, which names no image", quoted(text));
            Refusal::new("bad-source", reason, "write oci://registry/repository:tag")
        };
        return if ok {
            Ok(Source::Oci(text.to_owned()))
        } else {
            Err(refusal())
        };
    }
    if text.starts_with("https://") {
        let sha256 = sha256.ok_or_else(|| {
            let reason = "is fetched from the web, where a file may change";
            Refusal::new(
                "missing-sha256",
                reason,
                "add sha256 = \"…\" with the file's SHA-256, as `sha256sum` prints it",
            )
        })?;
        return web(text, sha256);
    }
    if let Some((scheme, _)) = text.split_once("://") {
        let reason = format!("has the scheme {}, which is not known", quoted(scheme));
        return Err(Refusal::new(
            "bad-source",
            reason,
            "write a path, builtin:NAME, oci://… or https://…",
        ));
    }
    let path = grants::inside(dir, text).map_err(|refusal| match refusal.code {
        "missing-path" => Refusal::new(
            "missing-component",
            format!("names {}, and there is no such file", quoted(text)),
            "put the component there, or correct the path",
        ),
        _ => refusal,
    })?;
    if path.is_file() {
        return Ok(Source::Path(path));
    }
    Err(Refusal::new(
        "not-a-file",
        format!("names {}, which is not a file", quoted(text)),
        "name the component's .wasm file",
    ))
}

fn web(url: &str, sha256: String) -> Result<Source, Refusal> {
    let rest = &url["https://".len()..];
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let plain = url.bytes().all(|b| b.is_ascii_graphic());
    if host.contains('@') {
        return Err(Refusal::new(
            "bad-source",
            "has user information in it",
            "remove everything up to the `@`",
        ));
    }
    if !plain
        || path.is_empty()
        || format!("https://{host}")
            .parse::<caxton_sandbox::Origin>()
            .is_err()
        || host.contains('*')
    {
        let reason = format!("is {}, which is not the URL of a file", quoted(url));
        return Err(Refusal::new(
            "bad-source",
            reason,
            "write a URL such as \"https://example.com/csv.wasm\"",
        ));
    }
    Ok(Source::Url {
        url: url.to_owned(),
        sha256,
    })
}

fn builtin(name: &str, known: &Known<'_>) -> Result<Source, Refusal> {
    if known.builtins.contains(&name) {
        return Ok(Source::Builtin(name.to_owned()));
    }
    let remedy = match nearest(name, known.builtins.iter().copied()) {
        Some(near) => format!("did you mean \"builtin:{near}\"?"),
        None => format!("built in are: {}", known.builtins.join(", ")),
    };
    Err(Refusal::new(
        "unknown-builtin",
        format!(
            "is {}, which is not built in",
            quoted(&format!("builtin:{name}"))
        ),
        remedy,
    ))
}

fn digest(text: &str) -> Result<String, Refusal> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    let reason = format!("is {}, which is not 64 hexadecimal digits", quoted(text));
    Err(Refusal::new(
        "bad-sha256",
        reason,
        "write the file's SHA-256, as `sha256sum` prints it",
    ))
}

/// A digest that nobody compares would only look like safety.
fn refuse_digest(value: &Value<'_>, report: &mut Report<'_>) {
    let reason = format!(
        "`{}` is only for sources that are fetched with https://",
        value.name
    );
    report.add(&value.span, "unused-key", reason, "remove it");
}
