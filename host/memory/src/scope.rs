//! Where entities are kept, and what may be seen of them. A [`View`] is needed for every read and every write of entities,
//! and each statement is held to it, so that no caller can forget it.

use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Fault, within};

/// The longest name of a scope.
const NAME_BYTES_MAX: usize = 1024;

/// The most scopes that a view may name.
const SCOPES_MAX: usize = 64;

/// Where an entity is kept. An entity stays in its scope for as long as it lives. In JSON and on the command line it is
/// `global`, `workspace`, `agent:NAME` or `conversation:ID`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Scope {
    /// For every workspace.
    Global,
    /// For every agent of the workspace.
    Workspace,
    /// For one agent.
    Agent(String),
    /// For one conversation.
    Conversation(String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Global => f.write_str("global"),
            Scope::Workspace => f.write_str("workspace"),
            Scope::Agent(name) => write!(f, "agent:{name}"),
            Scope::Conversation(id) => write!(f, "conversation:{id}"),
        }
    }
}

/// A text that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no scope; write \"global\", \"workspace\", \"agent:NAME\" or \"conversation:ID\""
)]
pub struct NoScope(pub String);

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        match text.split_once(':') {
            None if text == "global" => Ok(Scope::Global),
            None if text == "workspace" => Ok(Scope::Workspace),
            Some(("agent", name)) if !name.is_empty() => Ok(Scope::Agent(name.to_owned())),
            Some(("conversation", id)) if !id.is_empty() => Ok(Scope::Conversation(id.to_owned())),
            _ => Err(NoScope(text.to_owned())),
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = NoScope;

    fn try_from(text: String) -> Result<Self, NoScope> {
        text.parse()
    }
}

/// What somebody may see and change, and who that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub(crate) by: String,
    /// `None`: all of them.
    scopes: Option<Vec<Scope>>,
}

impl View {
    /// Everything: for the people who run a workspace. `by` is what the audit log says, such as `cli`.
    pub fn everything(by: impl Into<String>) -> View {
        View {
            by: by.into(),
            scopes: None,
        }
    }

    /// What lies in these scopes, 64 at most, and nothing else.
    ///
    /// # Errors
    /// [`Error::Limit`].
    pub fn of(
        by: impl Into<String>,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Result<View, Error> {
        let mut scopes: Vec<Scope> = scopes.into_iter().collect();
        scopes.sort();
        scopes.dedup();
        crate::error::within("a view's scopes", scopes.len(), SCOPES_MAX)?;
        Ok(View {
            by: by.into(),
            scopes: Some(scopes),
        })
    }

    /// What an agent sees: its own, that of the conversation that it is in, the workspace's and what is global.
    pub fn agent(name: &str, conversation: Option<&str>) -> View {
        let mut scopes = vec![
            Scope::Global,
            Scope::Workspace,
            Scope::Agent(name.to_owned()),
        ];
        scopes.extend(conversation.map(|id| Scope::Conversation(id.to_owned())));
        View {
            by: format!("agent {name}"),
            scopes: Some(scopes),
        }
    }

    /// Whether what lies in `scope` may be seen and changed.
    pub fn sees(&self, scope: &Scope) -> bool {
        self.scopes
            .as_ref()
            .is_none_or(|scopes| scopes.contains(scope))
    }

    /// Fails for a scope that the view does not see.
    pub(crate) fn check(&self, scope: &Scope) -> Result<(), Error> {
        if self.sees(scope) {
            return Ok(());
        }
        Err(Error::OutOfView {
            by: self.by.clone(),
            scope: scope.to_string(),
        })
    }

    /// The numbers of the scopes that the view sees. Where it names scopes in which nothing was ever kept, these have no
    /// number and nothing to see.
    pub(crate) fn seen(&self, connection: &Connection) -> Result<Seen, Fault> {
        let Some(scopes) = &self.scopes else {
            return Ok(Seen(None));
        };
        let mut numbers = Vec::with_capacity(scopes.len());
        for scope in scopes {
            numbers.extend(number(connection, scope)?);
        }
        Ok(Seen(Some(numbers)))
    }
}

/// A view in the database's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen(pub(crate) Option<Vec<i64>>);

impl Seen {
    /// Whether the scope of this number is seen.
    pub(crate) fn sees(&self, scope: i64) -> bool {
        self.0
            .as_ref()
            .is_none_or(|numbers| numbers.contains(&scope))
    }

    /// What of it lies in `scopes`, or all of it where there are none.
    pub(crate) fn within(self, connection: &Connection, scopes: &[Scope]) -> Result<Seen, Fault> {
        if scopes.is_empty() {
            return Ok(self);
        }
        let mut numbers = Vec::with_capacity(scopes.len());
        for scope in scopes {
            numbers.extend(number(connection, scope)?.filter(|number| self.sees(*number)));
        }
        Ok(Seen(Some(numbers)))
    }
}

/// The number of a scope, or `None` where nothing was ever kept in it.
pub(crate) fn number(connection: &Connection, scope: &Scope) -> Result<Option<i64>, Fault> {
    let sql = "SELECT id FROM scopes WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement
        .query_row([scope.to_string()], |row| row.get(0))
        .optional()?)
}

/// The number of a scope, which gets one where it has none.
pub(crate) fn number_or_new(connection: &Connection, scope: &Scope) -> Result<i64, Fault> {
    if let Some(number) = number(connection, scope)? {
        return Ok(number);
    }
    let name = scope.to_string();
    within("the bytes of a scope", name.len(), NAME_BYTES_MAX)?;
    let sql = "INSERT INTO scopes (name) VALUES (?1)";
    connection.prepare_cached(sql)?.execute([name])?;
    Ok(connection.last_insert_rowid())
}

/// The scope of a number.
pub(crate) fn named(text: &str) -> Result<Scope, Fault> {
    text.parse().map_err(|_| {
        let source =
            <serde_json::Error as serde::de::Error>::custom(format!("{text:?} is no scope"));
        Fault::Named(Error::Stored {
            what: "scope",
            source: std::sync::Arc::new(source),
        })
    })
}
