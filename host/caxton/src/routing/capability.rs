//! What a request asks for when it names a capability: `charting`, or `charting@^1.2` with a requirement on its version.

use std::sync::Arc;

use semver::Version;

use super::error::Error;
use crate::config::{split_version, takes};
use crate::workspace::tool::nearest;
use crate::workspace::{Agent, State};

/// The agents that offer what `asked` names.
///
/// # Errors
/// [`Error::Requirement`] where the text after `@` is no requirement, [`Error::NoCapability`] where nobody offers the name,
/// and [`Error::NoVersion`] where nobody offers such a version of it.
pub(super) fn offering<'s>(state: &'s State, asked: &str) -> Result<Vec<&'s Arc<Agent>>, Error> {
    let (name, wanted) = split_version(asked).map_err(|reason| {
        let (name, requirement) = asked.split_once('@').unwrap_or((asked, ""));
        Error::Requirement {
            name: name.trim().to_owned(),
            requirement: requirement.to_owned(),
            reason,
        }
    })?;
    let mut offered = state.capabilities();
    let Some(agents) = offered.remove(name) else {
        return Err(Error::NoCapability {
            name: name.to_owned(),
            nearest: nearest(name, offered.keys().copied()),
            offered: offered.keys().map(|name| (*name).to_owned()).collect(),
        });
    };
    let fits = |agent: &&Arc<Agent>| {
        version(agent, name).is_some_and(|version| takes(wanted.as_ref(), version))
    };
    let fitting: Vec<_> = agents.iter().copied().filter(fits).collect();
    if fitting.is_empty() {
        let told = |agent: &&Arc<Agent>| {
            let version = version(agent, name)?;
            Some(format!("{version} by `{}`", agent.config.name))
        };
        return Err(Error::NoVersion {
            name: name.to_owned(),
            requirement: wanted.map(|wanted| wanted.to_string()).unwrap_or_default(),
            offered: agents.iter().filter_map(told).collect(),
        });
    }
    Ok(fitting)
}

fn version<'a>(agent: &'a Agent, name: &str) -> Option<&'a Version> {
    let mut offered = agent.config.capabilities.iter();
    let found = offered.find(|capability| capability.name == name);
    found.map(|capability| &capability.version)
}
