//! Reads what a component is given. Whatever does not parse is a fault, and a workspace with a fault is not loaded: a grant is never
//! half understood.

use std::path::{Component as Part, Path, PathBuf};

use caxton_sandbox::{FileGrant, FileMode, Grants, Origin, Secret};

use super::Known;
use crate::config::document::{Report, Table, Value};
use crate::config::fault::{Refusal, quoted};
use crate::config::grants::{header, origin, secret_origin, secret_value};
use crate::secrets::Lookup;

const HTTP: &str = "http = [\"https://api.example.com\"]";
const FILES: &str = "files = [{ path = \"data\", mode = \"read\" }]";
const SECRET: &str = "[[components.NAME.secrets]] with host, header and value";

/// Reads `[components.NAME.grants]`.
pub(super) fn read(mut table: Table<'_>, dir: &Path, report: &mut Report<'_>) -> Grants {
    let mut grants = Grants::default();
    if let Some(list) = table.get("http").and_then(|value| value.list(report, HTTP)) {
        grants.http = list
            .iter()
            .filter_map(|value| http(value, report))
            .collect();
    }
    if let Some(list) = table
        .get("files")
        .and_then(|value| value.list(report, FILES))
    {
        grants.files = list
            .iter()
            .filter_map(|value| files(value, dir, report))
            .collect();
    }
    if let Some(value) = table.get("state") {
        grants.state = value.flag(report, "state = true").unwrap_or_default();
    }
    table.finish(report);
    grants
}

/// Reads `[[components.NAME.secrets]]`. An origin that a secret is for is granted by it: there would be no use for the one without
/// the other.
pub(super) fn secrets(
    value: &Value<'_>,
    grants: &mut Grants,
    dir: &Path,
    known: &Known<'_>,
    report: &mut Report<'_>,
) -> Vec<Secret> {
    let lookup = Lookup::new(dir, known.env);
    let mut secrets: Vec<Secret> = Vec::new();
    for value in value.list(report, SECRET).unwrap_or_default() {
        let Some(table) = value.table(report, SECRET) else {
            continue;
        };
        let Some(secret) = secret(table, &lookup, report) else {
            continue;
        };
        if secrets
            .iter()
            .any(|other| other.origin == secret.origin && other.header == secret.header)
        {
            let reason = format!(
                "`{}` sets the header `{}` for {} again",
                value.name, secret.header, secret.origin
            );
            report.add(
                &value.span,
                "duplicate-secret",
                reason,
                "remove one of the two",
            );
            continue;
        }
        let Origin {
            scheme,
            host,
            port,
            private,
        } = &secret.origin;
        if !grants
            .http
            .iter()
            .any(|grant| grant.covers(scheme, host, *port) && (grant.private || !private))
        {
            grants.http.push(secret.origin.clone());
        }
        secrets.push(secret);
    }
    secrets
}

fn http(value: &Value<'_>, report: &mut Report<'_>) -> Option<Origin> {
    if value.is_text() {
        return value.parsed(report, HTTP, origin);
    }
    const EXAMPLE: &str =
        "\"https://api.example.com\" or { url = \"http://llm.internal:8000\", private = true }";
    let mut table = value.table(report, EXAMPLE)?;
    let parsed = table
        .require("url", report, EXAMPLE)
        .and_then(|value| value.parsed(report, "url = \"http://llm.internal:8000\"", origin));
    let private = table.get("private");
    let wanted = private
        .as_ref()
        .and_then(|value| value.flag(report, "private = true"));
    table.finish(report);
    let mut origin = parsed?;
    if wanted == Some(true) && origin.host == "*" {
        let span = private.map_or(value.span.clone(), |value| value.span);
        let reason = format!(
            "`{}` would open every private address, this machine's own included",
            value.name
        );
        report.add(
            &span,
            "bad-origin",
            reason,
            "name the hosts, such as { url = \"http://llm.internal:8000\", private = true }",
        );
        return None;
    }
    origin.private = wanted.unwrap_or(origin.private);
    Some(origin)
}

fn files(value: &Value<'_>, dir: &Path, report: &mut Report<'_>) -> Option<FileGrant> {
    const EXAMPLE: &str = "{ path = \"data\", mode = \"read\" }";
    let mut mode = Some(FileMode::Read);
    let path = if value.is_text() {
        Some((value.text(report, EXAMPLE)?.to_owned(), value.span.clone()))
    } else {
        let mut table = value.table(report, EXAMPLE)?;
        let path = table
            .require("path", report, EXAMPLE)
            .and_then(|value| Some((value.text(report, EXAMPLE)?.to_owned(), value.span.clone())));
        if let Some(value) = table.get("mode") {
            mode = value.parsed(report, "mode = \"read\"", file_mode);
        }
        table.finish(report);
        path
    };
    let ((guest, span), mode) = (path?, mode?);
    match inside(dir, &guest).and_then(|host| directory(host, dir, &guest, mode)) {
        Ok(host) => Some(FileGrant { host, guest, mode }),
        Err(refusal) => {
            report.refuse(&span, &value.name, refusal);
            None
        }
    }
}

fn file_mode(text: &str) -> Result<FileMode, Refusal> {
    match text {
        "read" => Ok(FileMode::Read),
        "write" => Ok(FileMode::Write),
        _ => Err(Refusal::new(
            "bad-mode",
            format!("is {}", quoted(text)),
            "write \"read\", or \"write\" for reading and writing",
        )),
    }
}

/// Finds what `text` names, which must exist. A relative path is the workspace's, and must stay in it, symbolic links included; an
/// absolute path says plainly that it does not.
pub(super) fn inside(dir: &Path, text: &str) -> Result<PathBuf, Refusal> {
    const STAY: &str = "name something inside the workspace, or write an absolute path to mean it";
    if text.is_empty() || text.contains('\0') {
        return Err(Refusal::new(
            "bad-path",
            format!("is {}, which is not a path", quoted(text)),
            STAY,
        ));
    }
    let path = Path::new(text);
    if path.components().any(|part| part == Part::ParentDir) {
        return Err(Refusal::new(
            "outside-workspace",
            format!("is {}, which leads upwards", quoted(text)),
            STAY,
        ));
    }
    let found = dir.join(path).canonicalize().map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "which does not exist".to_owned(),
            _ => format!("which can't be found: {error}"),
        };
        let reason = format!("names {}, {why}", quoted(text));
        Refusal::new("missing-path", reason, "create it, or correct the path")
    })?;
    let home = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    if path.is_relative() && !found.starts_with(&home) {
        return Err(Refusal::new(
            "outside-workspace",
            format!("names {}, a link out of the workspace", quoted(text)),
            STAY,
        ));
    }
    Ok(found)
}

/// Checks that a granted path is a directory, and that whoever may write in it can't rewrite the workspace and its own grants.
fn directory(host: PathBuf, dir: &Path, text: &str, mode: FileMode) -> Result<PathBuf, Refusal> {
    if !host.is_dir() {
        let reason = format!("names {}, which is not a directory", quoted(text));
        return Err(Refusal::new(
            "not-a-directory",
            reason,
            "grant the directory that it lies in",
        ));
    }
    let home = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let own = ["agents", "components"]
        .iter()
        .any(|part| host.starts_with(home.join(part)));
    if mode == FileMode::Write && (home.starts_with(&host) || own) {
        let reason = format!(
            "lets the component write in {}, where it could change its own grants",
            quoted(text)
        );
        return Err(Refusal::new(
            "grant-too-wide",
            reason,
            "grant a directory of its own, such as \"data\"",
        ));
    }
    Ok(host)
}

fn secret(mut table: Table<'_>, lookup: &Lookup<'_>, report: &mut Report<'_>) -> Option<Secret> {
    const HOST: &str = "host = \"https://api.example.com\"";
    const HEADER: &str = "header = \"authorization\"";
    const VALUE: &str = "value = \"Bearer ${API_KEY}\"";
    let origin = table
        .require("host", report, HOST)
        .and_then(|value| value.parsed(report, HOST, secret_origin));
    let header = table
        .require("header", report, HEADER)
        .and_then(|value| value.parsed(report, HEADER, header));
    let secret = table.require("value", report, VALUE).and_then(|value| {
        secret_value(value.text(report, VALUE)?, lookup)
            .map_err(|refusals| {
                refusals
                    .into_iter()
                    .for_each(|refusal| report.refuse(&value.span, &value.name, refusal))
            })
            .ok()
    });
    table.finish(report);
    Some(Secret {
        origin: origin?,
        header: header?,
        value: secret?,
    })
}
