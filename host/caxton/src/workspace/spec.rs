//! From a component's settings, as the workspace's files have them, to what the sandbox wants to know.

use caxton_memory::Store;
use caxton_sandbox::{Limits, Overrides, Spec};
use serde_json::Value;

use crate::config::ComponentSpec;

/// Gives the sandbox's description of the component `name` of `workspace`, which keeps its state in `store`.
pub(super) fn spec(workspace: &str, store: &Store, name: &str, component: &ComponentSpec) -> Spec {
    Spec {
        name: name.to_owned(),
        workspace: workspace.to_owned(),
        config: component
            .config
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
        limits: component.limits.clone(),
        grants: component.grants.clone(),
        secrets: component.secrets.clone(),
        store: Some(store.clone()),
    }
}

/// A setting as `config.get` gives it: a string as it is, anything else as JSON.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What has to be set so that a component that loaded with the limits `found` stays within the workspace's `ceiling`: the
/// defaults of its role that are above it. Nothing where all is well.
pub(super) fn lowered(found: &Limits, ceiling: &Limits, set: &Overrides) -> Option<Overrides> {
    fn low<T: Copy + Ord>(changed: &mut bool, found: T, ceiling: T, set: Option<T>) -> Option<T> {
        if ceiling >= found {
            return set;
        }
        *changed = true;
        Some(ceiling)
    }
    let mut changed = false;
    let c = &mut changed;
    let limits = Overrides {
        fuel: low(c, found.fuel, ceiling.fuel, set.fuel),
        memory_bytes: low(
            c,
            found.memory_bytes,
            ceiling.memory_bytes,
            set.memory_bytes,
        ),
        time: low(c, found.time, ceiling.time, set.time),
        output_bytes: low(
            c,
            found.output_bytes,
            ceiling.output_bytes,
            set.output_bytes,
        ),
        http_requests: low(
            c,
            found.http_requests,
            ceiling.http_requests,
            set.http_requests,
        ),
        http_bytes: low(c, found.http_bytes, ceiling.http_bytes, set.http_bytes),
        log_bytes: low(c, found.log_bytes, ceiling.log_bytes, set.log_bytes),
        depth: low(c, found.depth, ceiling.depth, set.depth),
    };
    changed.then_some(limits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn defaults_above_the_ceiling_are_lowered_and_the_rest_is_left_alone() {
        let found = Limits::provider();
        let set = Overrides {
            fuel: Some(found.fuel),
            ..Overrides::default()
        };
        assert_eq!(lowered(&found, &Limits::ceiling(), &set), None);
        let ceiling = Limits {
            time: Duration::from_secs(60),
            ..Limits::ceiling()
        };
        let lower = lowered(&found, &ceiling, &set);
        assert_eq!(
            lower,
            Some(Overrides {
                time: Some(Duration::from_secs(60)),
                ..set
            })
        );
    }
}
