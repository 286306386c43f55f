//! Which secrets a workspace wants and who may read its `secrets.age`, without their values: what `caxton secret` has to know
//! before they are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::workspace::FILE;
use crate::config::document::{Report, Source, Table, Value, parse};
use crate::config::fault::{Fault, Refusal};
use crate::config::grants::{Piece, pieces};
use crate::secrets::Recipient;

const RECIPIENTS: &str = "recipients = [\"age1…\"]";

/// What `caxton.toml` says of secrets.
#[derive(Debug, Default)]
pub struct SecretUse {
    /// The components that want each secret, by its name.
    pub names: BTreeMap<String, BTreeSet<String>>,
    /// Who may read `secrets.age` beside whoever writes it.
    pub recipients: Vec<Recipient>,
}

/// Reads what the workspace in `dir` says of secrets. What else may be wrong with it does not matter here.
///
/// # Errors
/// The faults of its recipients, or where it is not TOML.
pub fn secret_use(dir: &Path) -> Result<SecretUse, Vec<Fault>> {
    let source = Source::read(&dir.join(FILE), FILE).map_err(|fault| vec![fault])?;
    let mut report = Report::new(&source);
    let document = parse(&source, &mut report);
    let mut root = Table::root(&document);
    let recipients = root
        .get("secrets")
        .map(|value| recipients(&value, &mut report));
    let names = names(&mut root, &mut Report::new(&source)).unwrap_or_default();
    match report.finish() {
        none if none.is_empty() => Ok(SecretUse {
            names,
            recipients: recipients.unwrap_or_default(),
        }),
        faults => Err(faults),
    }
}

/// Reads `[secrets]`.
pub(super) fn recipients(value: &Value<'_>, report: &mut Report<'_>) -> Vec<Recipient> {
    let Some(mut table) = value.table(report, "[secrets]") else {
        return Vec::new();
    };
    let list = table.get("recipients");
    let list = list.and_then(|value| value.list(report, RECIPIENTS));
    let list = list.unwrap_or_default();
    let list = list
        .iter()
        .filter_map(|value| value.parsed(report, RECIPIENTS, recipient))
        .collect();
    table.finish(report);
    list
}

fn recipient(text: &str) -> Result<Recipient, Refusal> {
    const REMEDY: &str = "write the public key that `caxton secret key` prints";
    text.parse::<Recipient>()
        .map_err(|error| Refusal::new("bad-recipient", error.to_string(), REMEDY))
}

/// The names in the secrets of all components.
fn names(
    root: &mut Table<'_>,
    report: &mut Report<'_>,
) -> Option<BTreeMap<String, BTreeSet<String>>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let components = root.get("components")?.table(report, "")?;
    for (component, _, value) in components.entries() {
        let mut table = value.table(report, "");
        let secrets = table.as_mut().and_then(|table| table.get("secrets"));
        let secrets = secrets.and_then(|value| value.list(report, ""));
        for secret in secrets.unwrap_or_default() {
            let value = secret
                .table(report, "")
                .and_then(|mut table| table.get("value"));
            let text = value.and_then(|value| value.text(report, ""));
            for piece in text.and_then(|text| pieces(text).ok()).unwrap_or_default() {
                if let Piece::Name(name) = piece {
                    let users = names.entry(name.to_owned()).or_default();
                    users.insert(component.to_owned());
                }
            }
        }
    }
    Some(names)
}
