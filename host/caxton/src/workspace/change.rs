//! Changing a workspace while it runs. The new state is loaded and checked beside the running one, written to the
//! workspace's files, and then takes its place in one step. Whatever fails leaves everything as it was. A change that has
//! begun goes on to its end, also where nobody waits for it any more: its files and its state are never apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::activity::Activity;
use super::error::{Error, Refused};
use super::event::{Change, Kind};
use super::load::Loaded;
use super::open::{faults, missing};
use super::overlap;
use super::state::{Agent, State};
use super::{Workspace, files};
use crate::builtin;
use crate::config::{self, AgentContext, ComponentSpec, Fault, Source};

impl Workspace {
    /// Adds an agent, or replaces the one of this name; `toml` is its file. Returns which of both it was.
    ///
    /// # Errors
    /// [`Error::Faults`] has every fault of the file, capabilities that are closer to another agent's than the workspace allows
    /// among them; [`Error::File`] where it can't be written.
    pub async fn put_agent(&self, name: &str, toml: &str) -> Result<Change, Error> {
        let (workspace, name, toml) = (self.clone(), name.to_owned(), toml.to_owned());
        to_its_end(async move { workspace.put_agent_now(&name, &toml).await }).await
    }

    async fn put_agent_now(&self, name: &str, toml: &str) -> Result<Change, Error> {
        let _changing = self.inner.changing.lock().await;
        let now = self.state();
        let agent = parse(&now, name, toml)?;
        let old = now.agents.get(name);
        let activity = old.map_or_else(Arc::default, |old| Arc::clone(&old.activity));
        let change = if old.is_some() {
            Change::Replaced
        } else {
            Change::Added
        };
        let mut agents = now.agents.clone();
        agents.insert(
            name.to_owned(),
            Arc::new(Agent {
                config: agent,
                activity,
            }),
        );
        let next = self
            .next(
                &now,
                Arc::clone(&now.config),
                agents,
                now.components.clone(),
            )
            .await?;
        self.check_overlaps(&next, name).await?;

        let text = toml.to_owned();
        self.write(self.agent_file(name), move |file| {
            std::io::Write::write_all(file, text.as_bytes())
        })
        .await?;
        self.swap(next);
        self.tell_agent(name, change);
        Ok(change)
    }

    /// Refuses an agent whose capabilities would be taken for another one's, where the workspace wants that. Without a model
    /// nobody can tell, and routers by meaning do not work either.
    async fn check_overlaps(&self, next: &State, name: &str) -> Result<(), Error> {
        let router = &next.config.router;
        let (Some(_), Some(embedder)) = (router.overlap_max, self.embedder()) else {
            return Ok(());
        };
        let agents = next.agents.values().map(|agent| &agent.config);
        let found = match overlap::compare(agents, router, embedder, Some(name)).await {
            Ok(found) => found,
            Err(reason) => {
                tracing::warn!(
                    agent = name,
                    reason,
                    "an agent's capabilities are not compared with others"
                );
                return Ok(());
            }
        };
        let faults = found.iter().filter_map(|pair| pair.fault(router, name));
        let faults: Vec<Fault> = faults.collect();
        if faults.is_empty() {
            return Ok(());
        }
        Err(Error::Faults(faults))
    }

    /// Removes an agent. Turns that it is in the middle of end as they would.
    ///
    /// # Errors
    /// [`Error::NoAgent`]; [`Error::InUse`] where another agent's file says that it asks this one; [`Error::File`].
    pub async fn remove_agent(&self, name: &str) -> Result<(), Error> {
        let (workspace, name) = (self.clone(), name.to_owned());
        to_its_end(async move { workspace.remove_agent_now(&name).await }).await
    }

    async fn remove_agent_now(&self, name: &str) -> Result<(), Error> {
        let _changing = self.inner.changing.lock().await;
        let now = self.state();
        self.agent(name)?;
        let mut agents = now.agents.clone();
        agents.remove(name);
        let next = self
            .next(
                &now,
                Arc::clone(&now.config),
                agents,
                now.components.clone(),
            )
            .await;
        let next = next.map_err(|e| in_use(name, e))?;
        self.delete(self.agent_file(name)).await?;
        self.swap(next);
        self.tell_agent(name, Change::Removed);
        Ok(())
    }

    /// Reads an agent's file again and lets it start afresh, its counters at zero.
    ///
    /// # Errors
    /// [`Error::NoAgent`]; [`Error::Faults`]; [`Error::File`] where the file can't be read.
    pub async fn restart_agent(&self, name: &str) -> Result<(), Error> {
        let (workspace, name) = (self.clone(), name.to_owned());
        to_its_end(async move { workspace.restart_agent_now(&name).await }).await
    }

    async fn restart_agent_now(&self, name: &str) -> Result<(), Error> {
        let _changing = self.inner.changing.lock().await;
        let now = self.state();
        self.agent(name)?;
        let path = self.agent_file(name);
        let text = tokio::fs::read_to_string(&path)
            .await
            .map_err(|source| Error::File {
                action: "read",
                path,
                source,
            })?;
        let agent = parse(&now, name, &text)?;
        let mut agents = now.agents.clone();
        agents.insert(
            name.to_owned(),
            Arc::new(Agent {
                config: agent,
                activity: Arc::new(Activity::default()),
            }),
        );
        let next = self
            .next(
                &now,
                Arc::clone(&now.config),
                agents,
                now.components.clone(),
            )
            .await?;
        self.swap(next);
        self.tell_agent(name, Change::Restarted);
        Ok(())
    }

    /// Adds a component, or replaces the one of this name; calls in flight end on the old one. Its settings, limits and
    /// grants are those of `caxton.toml`; one that is not declared there has nothing granted.
    ///
    /// # Errors
    /// [`Error::Refused`]; [`Error::Faults`] where agents use something that the new one does not have;
    /// [`Error::Elsewhere`] where `caxton.toml` says that it comes from somewhere else; [`Error::File`].
    pub async fn put_component(&self, name: &str, bytes: Vec<u8>) -> Result<Change, Error> {
        let (workspace, name) = (self.clone(), name.to_owned());
        to_its_end(async move { workspace.put_component_now(&name, bytes).await }).await
    }

    async fn put_component_now(&self, name: &str, bytes: Vec<u8>) -> Result<Change, Error> {
        let _changing = self.inner.changing.lock().await;
        let now = self.state();
        config::name::check_component(name).map_err(|refusal| {
            let reason = format!("the component's name {}", refusal.reason);
            Refused::new(name, refusal.code, reason, refusal.remedy)
        })?;
        let (spec, path) = self.place(&now, name)?;
        let loader = &self.inner.loader;
        let loaded = loader
            .load(
                name,
                Arc::new(spec.clone()),
                Some(bytes.clone()),
                &now.config.limits,
            )
            .await?;
        let digest = loaded.component.digest().to_owned();
        let change = if now.components.contains_key(name) {
            Change::Replaced
        } else {
            Change::Added
        };
        let mut config = (*now.config).clone();
        config.components.insert(name.to_owned(), spec);
        let mut components = now.components.clone();
        components.insert(name.to_owned(), Arc::new(loaded));
        let next = self
            .next(&now, Arc::new(config), now.agents.clone(), components)
            .await?;

        self.write(path, move |file| std::io::Write::write_all(file, &bytes))
            .await?;
        self.swap(next);
        self.events().tell(Kind::Component {
            name: name.to_owned(),
            digest,
            change,
        });
        Ok(change)
    }

    /// Removes a component that lies in the workspace without being declared in `caxton.toml`.
    ///
    /// # Errors
    /// [`Error::NoComponent`]; [`Error::InUse`] where agents need it; [`Error::Elsewhere`] where it is declared or built in;
    /// [`Error::File`].
    pub async fn remove_component(&self, name: &str) -> Result<(), Error> {
        let (workspace, name) = (self.clone(), name.to_owned());
        to_its_end(async move { workspace.remove_component_now(&name).await }).await
    }

    async fn remove_component_now(&self, name: &str) -> Result<(), Error> {
        let _changing = self.inner.changing.lock().await;
        let now = self.state();
        let Some(spec) = now.config.components.get(name) else {
            return Err(Error::NoComponent {
                name: name.to_owned(),
                nearest: now.components_near(name),
            });
        };
        let elsewhere = |reason: &str, remedy: &str| Error::Elsewhere {
            name: name.to_owned(),
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        };
        let Source::Path(path) = &spec.source else {
            return Err(elsewhere(
                "it does not lie in the workspace",
                "remove what refers to it in caxton.toml; built-in components stay",
            ));
        };
        // A built-in one takes the place of a file that stood in for it, with all that was written down for both.
        let builtin = builtin::get(name).is_some() && spec.source_implied;
        if !spec.implied && !builtin {
            return Err(elsewhere(
                "caxton.toml declares it",
                &format!("remove [components.{name}] there and start the server again"),
            ));
        }
        let mut config = (*now.config).clone();
        if builtin {
            let source = Source::Builtin(name.to_owned());
            config.components.insert(
                name.to_owned(),
                ComponentSpec {
                    source,
                    ..spec.clone()
                },
            );
        } else {
            config.components.remove(name);
        }
        let mut components = now.components.clone();
        let digest = components
            .remove(name)
            .map(|loaded| loaded.component.digest().to_owned())
            .unwrap_or_default();
        let next = self
            .next(&now, Arc::new(config), now.agents.clone(), components)
            .await;
        let next = next.map_err(|e| in_use(name, e))?;
        self.delete(path.clone()).await?;
        self.swap(next);
        self.events().tell(Kind::Component {
            name: name.to_owned(),
            digest,
            change: Change::Removed,
        });
        Ok(())
    }

    /// Loads a built-in component that nothing referred to until now.
    pub(super) async fn load_builtin(&self, name: &str) -> Result<Arc<Loaded>, Error> {
        let _changing = self.inner.changing.lock().await;
        let now = self.state();
        // Somebody else may have needed it just before.
        if let Some(loaded) = now.components.get(name) {
            return Ok(Arc::clone(loaded));
        }
        let spec = now.config.components.get(name).cloned();
        let spec = spec.ok_or_else(|| Error::NoComponent {
            name: name.to_owned(),
            nearest: now.components_near(name),
        })?;
        let loaded = self
            .inner
            .loader
            .load(name, Arc::new(spec), None, &now.config.limits)
            .await?;
        let loaded = Arc::new(loaded);
        let mut components = now.components.clone();
        components.insert(name.to_owned(), Arc::clone(&loaded));
        let next = self
            .next(
                &now,
                Arc::clone(&now.config),
                now.agents.clone(),
                components,
            )
            .await?;
        self.swap(next);
        let digest = loaded.component.digest().to_owned();
        self.events().tell(Kind::Component {
            name: name.to_owned(),
            digest,
            change: Change::Added,
        });
        Ok(loaded)
    }

    /// Puts the next state together, with the built-in components that it needs for the first time.
    async fn next(
        &self,
        now: &State,
        config: Arc<config::Workspace>,
        agents: BTreeMap<String, Arc<Agent>>,
        mut components: BTreeMap<String, Arc<Loaded>>,
    ) -> Result<State, Error> {
        let (more, refused) = self
            .inner
            .loader
            .load_all(missing(&config, &agents, &components), &config.limits)
            .await;
        if !refused.is_empty() {
            return Err(Error::Faults(faults(&config, refused)));
        }
        components.extend(more);
        State::new(
            now.version + 1,
            config,
            agents,
            components,
            now.refused.clone(),
        )
        .map_err(Error::Faults)
    }

    fn swap(&self, next: State) {
        self.inner.state.store(Arc::new(next));
        self.prepare_tools();
    }

    /// Where the file of a component belongs, and the settings it gets.
    fn place(&self, now: &State, name: &str) -> Result<(ComponentSpec, PathBuf), Error> {
        let elsewhere = |place: String| {
            let remedy = format!(
                "change `source` of [components.{name}] to \"components/{name}.wasm\" and start the server again"
            );
            Err(Error::Elsewhere {
                name: name.to_owned(),
                reason: format!("caxton.toml says that it comes from {place}"),
                remedy,
            })
        };
        let home = match &self.inner.components_dir {
            Some(dir) if !self.inner.has_dir => dir.clone(),
            _ => self.inner.dir.join("components"),
        };
        let path = home.join(format!("{name}.wasm"));
        match now.config.components.get(name) {
            None => Ok((ComponentSpec::new(Source::Path(path.clone())), path)),
            Some(spec) => match &spec.source {
                Source::Path(at) if self.is_ours(at) => Ok((spec.clone(), at.clone())),
                Source::Path(at) => elsewhere(at.display().to_string()),
                Source::Builtin(_) if spec.source_implied => {
                    let source = Source::Path(path.clone());
                    Ok((
                        ComponentSpec {
                            source,
                            ..spec.clone()
                        },
                        path,
                    ))
                }
                Source::Builtin(builtin) => elsewhere(format!("builtin:{builtin}")),
                Source::Url { url, .. } => elsewhere(url.clone()),
                Source::Oci(image) => elsewhere(image.clone()),
            },
        }
    }

    /// Whether a file lies where this server may write.
    fn is_ours(&self, path: &Path) -> bool {
        let within = |dir: &Path| {
            let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
            path.canonicalize()
                .unwrap_or_else(|_| path.to_path_buf())
                .starts_with(dir)
        };
        within(&self.inner.dir) || self.inner.components_dir.as_deref().is_some_and(within)
    }

    fn agent_file(&self, name: &str) -> PathBuf {
        self.inner.dir.join("agents").join(format!("{name}.toml"))
    }

    async fn write(
        &self,
        path: PathBuf,
        write: impl FnOnce(&mut std::fs::File) -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), Error> {
        let failed = |path: PathBuf| {
            move |source| Error::File {
                action: "write",
                path,
                source,
            }
        };
        let settings = self.inner.dir.join("caxton.toml");
        // A server without files of its own gets some when it is first given something to keep.
        if path.starts_with(&self.inner.dir) && !self.inner.has_dir && !settings.is_file() {
            let text = format!("name = \"{}\"\n", self.name());
            let written = files::replace(&settings, move |file| {
                std::io::Write::write_all(file, text.as_bytes())
            })
            .await;
            written.map_err(failed(settings))?;
        }
        files::replace(&path, write).await.map_err(failed(path))
    }

    async fn delete(&self, path: PathBuf) -> Result<(), Error> {
        files::remove(&path).await.map_err(|source| Error::File {
            action: "remove",
            path,
            source,
        })
    }

    fn tell_agent(&self, name: &str, change: Change) {
        self.events().tell(Kind::Agent {
            name: name.to_owned(),
            change,
            reason: None,
        });
    }
}

/// Runs a change in a task of its own.
async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    match tokio::spawn(change).await {
        Ok(changed) => changed,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that ends stops it, and then nobody is left to read this.
            Err(_) => Err(Error::Faults(Vec::new())),
        },
    }
}

fn parse(now: &State, name: &str, toml: &str) -> Result<config::Agent, Error> {
    let file = format!("agents/{name}.toml");
    let agent =
        config::check_agent(toml, &file, &AgentContext::of(&now.config)).map_err(Error::Faults)?;
    if agent.name == name {
        return Ok(agent);
    }
    let reason = format!(
        "`name` is `{}`, and the agent is to be `{name}`",
        agent.name
    );
    let remedy = format!("write name = \"{name}\"");
    Err(Error::Faults(vec![Fault {
        file,
        line: 1,
        column: 1,
        code: "name-mismatch",
        reason,
        remedy,
    }]))
}

/// What is missing once something is gone tells who needs it.
fn in_use(name: &str, error: Error) -> Error {
    match error {
        Error::Faults(faults) => {
            let reason = faults
                .iter()
                .map(|fault| format!("{}: {}", fault.file, fault.reason))
                .collect::<Vec<_>>()
                .join("; ");
            Error::InUse {
                name: name.to_owned(),
                reason,
                remedy: "change that first".to_owned(),
            }
        }
        other => other,
    }
}
