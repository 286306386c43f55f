//! What the workspace remembers, with the meanings of its texts: the store keeps vectors and compares them, and here is what
//! makes them. A text whose vector can't be made at once, because the model is not there or is busy, is kept all the same;
//! its vector is made in the background. `retention` forgets what is older or more than is to be kept.

use std::sync::Arc;
use std::time::Duration;

use caxton_embed::{Embedder, State as Embedding};
use caxton_memory::{
    Change, Entity, Error, Hit, Memory, NewEntity, Outcome, Query, Remembered, Scope, Store,
    Vector, View,
};
use tokio::sync::{Mutex, MutexGuard, Notify};
use tokio::task::AbortHandle;
use tokio::time::timeout;

pub(super) mod retention;

use super::Workspace;

/// The most texts whose vectors are made while somebody waits. More are made in the background.
const TEXTS_AT_ONCE: usize = 16;

/// How long somebody waits for vectors. The model takes milliseconds unless it is busy, and then words must do, and the background
/// makes the vectors that are missing.
const VECTORS_WAIT_MAX: Duration = Duration::from_secs(1);

/// How many texts the background hands to the model at once: few, so that messages that are routed come in between.
const TEXTS_IN_BACKGROUND: usize = 16;

/// The version of an entity that is new.
const FIRST_VERSION: i64 = 1;

/// How many texts without vectors are read at once.
const TEXTS_READ: usize = 16 * TEXTS_IN_BACKGROUND;

/// How long the background waits where the model is busy or the database fails.
const WAIT: Duration = Duration::from_secs(2);

/// How long the background waits to be woken before it looks by itself.
const LOOK: Duration = Duration::from_secs(60);

/// What one view sees of the workspace's memory.
#[derive(Debug, Clone)]
pub struct Memories {
    /// What is remembered.
    pub memory: Memory,
    embedder: Option<Embedder>,
    wake: Arc<Notify>,
    keeping: Arc<Mutex<()>>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Whether meaning was looked at, and not words alone.
    pub by_meaning: bool,
}

impl Workspace {
    /// What `view` sees of the memory.
    pub fn memories(&self, view: View) -> Memories {
        Memories {
            memory: self.store().memory(view),
            embedder: self.embedder().cloned(),
            wake: Arc::clone(&self.inner.vectors.wake),
            keeping: Arc::clone(&self.inner.vectors.keeping),
        }
    }
}

impl Memories {
    /// The vector of a text; `None` where the model is not there, or too busy to make it soon.
    pub async fn vector(&self, text: &str) -> Option<Vector> {
        self.vectors(&[text]).await?.pop()
    }

    async fn vectors(&self, texts: &[impl AsRef<str>]) -> Option<Vec<Vector>> {
        let embedder = self.embedder.as_ref()?;
        // Nobody waits here for a model that is still being read.
        if embedder.state() != Embedding::Ready {
            return None;
        }
        let making = embedder.embed_async(texts);
        timeout(VECTORS_WAIT_MAX, making).await.ok()?.ok()
    }

    /// Waits until nobody else looks whether something is known, to keep it where it is not; nobody does while this is held.
    pub async fn alone(&self) -> MutexGuard<'_, ()> {
        self.keeping.lock().await
    }

    /// Remembers entities, all or none, and makes their vectors.
    ///
    /// # Errors
    /// As [`Memory::remember`].
    pub async fn remember(
        &self,
        scope: &Scope,
        new: Vec<NewEntity>,
    ) -> Result<Vec<Remembered>, Error> {
        if new.len() > TEXTS_AT_ONCE {
            let remembered = self.memory.remember(scope, new).await?;
            self.wake();
            return Ok(remembered);
        }
        // Most are new, so while they are written the vectors of what they say are made.
        let lacking = new.iter().enumerate();
        let lacking = lacking.filter(|(_, one)| one.vector.is_none());
        let (places, texts): (Vec<usize>, Vec<String>) =
            lacking.map(|(place, one)| (place, one.text())).unzip();
        let (remembered, vectors) =
            tokio::join!(self.memory.remember(scope, new), self.vectors(&texts));
        let remembered = remembered?;
        if vectors.is_none() {
            // Nobody waits a second time for a model that is busy.
            self.wake();
            return Ok(remembered);
        }
        let mut made = Vec::with_capacity(places.len());
        for (place, vector) in places.into_iter().zip(vectors.into_iter().flatten()) {
            if let Some(one) = remembered.get(place)
                && one.outcome == Outcome::Created
            {
                made.push((one.id, FIRST_VERSION, vector));
            }
        }
        let done: Vec<i64> = made.iter().map(|(id, _, _)| *id).collect();
        if !self.write(made).await {
            return Ok(remembered);
        }
        // What was added to something has the vector of all that is known of it.
        let mut entities = Vec::new();
        for one in &remembered {
            let is_left = match one.outcome {
                Outcome::Created => !done.contains(&one.id),
                Outcome::Merged => true,
                Outcome::Unchanged => false,
            };
            if is_left {
                entities.extend(self.memory.entity(one.id).await?);
            }
        }
        entities.retain(|entity| !entity.embedded);
        self.embed(&entities).await;
        Ok(remembered)
    }

    /// Replaces parts of an entity, makes its vector, and gives it as it is then.
    ///
    /// # Errors
    /// As [`Memory::change`].
    pub async fn change(&self, id: i64, change: Change) -> Result<Entity, Error> {
        let mut entity = self.memory.change(id, change).await?;
        if !entity.embedded {
            entity.embedded = self.embed(std::slice::from_ref(&entity)).await;
        }
        Ok(entity)
    }

    /// Finds what is nearest to a query; its vector is made here.
    ///
    /// # Errors
    /// As [`Memory::search`].
    pub async fn search(&self, mut query: Query) -> Result<Found, Error> {
        if !query.text.trim().is_empty() && query.weights.vector > 0.0 {
            query.vector = self.vector(&query.text).await;
        }
        let by_meaning = query.vector.is_some();
        let hits = self.memory.search(query).await?;
        Ok(Found { hits, by_meaning })
    }

    /// Has the background look for texts without vectors.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Makes the vectors of these entities, or leaves that to the background, and tells which.
    async fn embed(&self, entities: &[Entity]) -> bool {
        if entities.is_empty() {
            return true;
        }
        let texts: Vec<String> = entities.iter().map(Entity::text).collect();
        let Some(vectors) = self.vectors(&texts).await else {
            self.wake();
            return false;
        };
        self.write(paired(entities, vectors)).await
    }

    /// Keeps vectors, each with its entity and the version that it is of, or leaves that to the background, and tells which.
    async fn write(&self, vectors: Vec<(i64, i64, Vector)>) -> bool {
        match self.memory.set_vectors(vectors).await {
            Ok(_) => true,
            // What they are of is kept, and that is what was asked for.
            Err(error) => {
                tracing::warn!(%error, "vectors can't be kept now");
                self.wake();
                false
            }
        }
    }
}

fn paired(entities: &[Entity], vectors: Vec<Vector>) -> Vec<(i64, i64, Vector)> {
    let pairs = entities.iter().zip(vectors);
    let pairs = pairs.map(|(entity, vector)| (entity.id, entity.version, vector));
    pairs.collect()
}

/// The background that makes vectors. It ends with the workspace.
#[derive(Debug)]
pub(super) struct Vectors {
    wake: Arc<Notify>,
    /// One who looks whether something is known, and keeps it where it is not, at a time.
    keeping: Arc<Mutex<()>>,
    task: Option<AbortHandle>,
}

impl Vectors {
    /// Begins with what an earlier server left without vectors. Where agents remember, `warm`, the index is read too, so that
    /// no message waits for it.
    pub(super) fn start(store: &Store, embedder: Option<&Embedder>, warm: bool) -> Self {
        let wake = Arc::new(Notify::new());
        if warm {
            let store = store.clone();
            tokio::spawn(async move {
                if let Err(error) = store.warm_memory().await {
                    tracing::warn!(%error, "what is remembered can't be read ahead");
                }
            });
        }
        let task = embedder.map(|embedder| {
            let memory = store.memory(View::everything("embeddings"));
            let run = run(memory, embedder.clone(), Arc::clone(&wake));
            tokio::spawn(run).abort_handle()
        });
        Self {
            wake,
            keeping: Arc::default(),
            task,
        }
    }
}

impl Drop for Vectors {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn run(memory: Memory, embedder: Embedder, wake: Arc<Notify>) {
    if embedder.loaded().await != Embedding::Ready {
        return;
    }
    loop {
        match batch(&memory, &embedder).await {
            // One who was to wake this may have gone before it did, as a client that breaks off goes.
            Ok(0) => drop(timeout(LOOK, wake.notified()).await),
            Ok(_) => {}
            Err(reason) => {
                tracing::warn!(reason, "what is remembered can't be given its meaning now");
                tokio::time::sleep(WAIT).await;
            }
        }
    }
}

/// Makes the vectors of the next texts, and gives how many there were. While some are written, the next are made.
async fn batch(memory: &Memory, embedder: &Embedder) -> Result<usize, String> {
    let told = |error: Error| error.to_string();
    let entities = memory.unembedded(TEXTS_READ).await.map_err(told)?;
    let mut made = Vec::new();
    for some in entities.chunks(TEXTS_IN_BACKGROUND) {
        let texts: Vec<String> = some.iter().map(Entity::text).collect();
        let (written, vectors) = tokio::join!(
            memory.set_vectors(std::mem::take(&mut made)),
            embedder.embed_async(&texts)
        );
        written.map_err(told)?;
        made = paired(some, vectors.map_err(|error| error.to_string())?);
    }
    memory.set_vectors(made).await.map_err(told)?;
    Ok(entities.len())
}
