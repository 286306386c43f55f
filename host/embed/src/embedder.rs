//! What callers use: a handle that asks the cache first and hands the rest to the worker. How many texts wait is bounded;
//! beyond that a call fails at once instead of waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::cache::Cache;
use crate::worker::{self, Job};
use crate::{Device, Error, Source, TEXT_BYTES_READ, TEXTS_MAX, Vector, dot_many};

/// How far the model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is being read; calls wait for it.
    Loading,
    /// It works.
    Ready,
    /// It can't be used, and this is why; calls fail.
    Unavailable(String),
}

/// What the embedder computes on, and bounds on what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The most bytes of texts and vectors kept for calls to come.
    pub cache_bytes_max: usize,
    /// The most texts that wait or are being computed.
    pub waiting_texts_max: usize,
    /// What is computed on.
    pub device: Device,
    /// The most threads that compute on the processor, 1 at least. They use what is idle: nobody waits for one that does
    /// not get to run.
    pub threads_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        // 32 MiB keep some 18,000 vectors of short texts. 4096 texts are four of the largest calls. Beyond four threads a
        // text gains little, and a server has other things to do.
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Settings {
            cache_bytes_max: 32 << 20,
            waiting_texts_max: 4096,
            device: Device::Cpu,
            threads_max: threads.min(4),
        }
    }
}

/// A handle on the model; clones share it, its cache and its thread.
#[derive(Clone)]
pub struct Embedder {
    queue: mpsc::UnboundedSender<Job>,
    /// One permit for each text that may wait: what bounds the queue.
    room: Arc<Semaphore>,
    settings: Settings,
    cache: Arc<Mutex<Cache>>,
    state: watch::Receiver<State>,
    /// What computes, once the model is read.
    engine: Arc<OnceLock<String>>,
}

impl std::fmt::Debug for Embedder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedder")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

impl Embedder {
    /// Begins to read the model in a thread of its own, and returns at once.
    pub fn open(source: Source) -> Self {
        Self::open_with(source, Settings::default())
    }

    /// As [`Embedder::open`], with bounds.
    pub fn open_with(source: Source, settings: Settings) -> Self {
        let (queue, receiver) = mpsc::unbounded_channel();
        let (state, watch) = watch::channel(State::Loading);
        let cache = Arc::new(Mutex::new(Cache::new(settings.cache_bytes_max)));
        let room = settings.waiting_texts_max.min(Semaphore::MAX_PERMITS);
        let embedder = Embedder {
            queue,
            room: Arc::new(Semaphore::new(room)),
            settings,
            cache: Arc::clone(&cache),
            state: watch,
            engine: Arc::default(),
        };
        if let Source::Absent(reason) = source {
            state.send_replace(State::Unavailable(reason));
            return embedder;
        }
        let state = Arc::new(state);
        let server = Server {
            queue: receiver,
            state: Arc::clone(&state),
            cache,
            device: embedder.settings.device,
            threads: embedder.settings.threads_max.max(1),
            engine: Arc::clone(&embedder.engine),
        };
        let thread = std::thread::Builder::new().name("embed".to_owned());
        if let Err(error) = thread.spawn(move || server.serve(&source)) {
            state.send_replace(State::Unavailable(format!(
                "its thread can't be started: {error}"
            )));
        }
        embedder
    }

    /// How far the model is, without waiting.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// What computes, for people: device, kernels and threads. None while the model is not [`State::Ready`].
    pub fn engine(&self) -> Option<&str> {
        self.engine.get().map(String::as_str)
    }

    /// Waits until the model is read, or known not to be usable.
    pub async fn loaded(&self) -> State {
        let mut state = self.state.clone();
        // The sender goes only after a last state; where it went without one, `borrow` still says what is known.
        match state.wait_for(|state| *state != State::Loading).await {
            Ok(state) => state.clone(),
            Err(_) => self.state(),
        }
    }

    /// Gives a vector for each text, in order; `[texts.len(), 384]`, each of length 1. It blocks the thread: async code
    /// calls [`Embedder::embed_async`]. Of each text the first 256 tokens count.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Vector>, Error> {
        block_on(self.embed_async(texts))
    }

    /// As [`Embedder::embed`], for async code. It needs no particular runtime, and may be dropped while it waits.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn embed_async(&self, texts: &[impl AsRef<str>]) -> Result<Vec<Vector>, Error> {
        if texts.len() > TEXTS_MAX {
            return Err(Error::TooManyTexts {
                count: texts.len(),
                max: TEXTS_MAX,
            });
        }
        if let State::Unavailable(reason) = self.state() {
            return Err(Error::Unavailable(reason));
        }
        let texts: Vec<&str> = texts.iter().map(|text| beginning(text.as_ref())).collect();
        let mut known = HashMap::new();
        let mut missing: Vec<Arc<str>> = Vec::new();
        {
            let mut cache = lock(&self.cache);
            for &text in &texts {
                known.entry(text).or_insert_with(|| {
                    let found = cache.get(text);
                    if found.is_none() {
                        missing.push(text.into());
                    }
                    found
                });
            }
        }
        let computed = self.compute(&missing).await?;
        let new: HashMap<&str, Vector> = missing.iter().map(|text| &**text).zip(computed).collect();
        let vector = |text| {
            known
                .get(text)
                .cloned()
                .flatten()
                .or_else(|| new.get(text).cloned())
        };
        let vectors: Option<Vec<Vector>> = texts.into_iter().map(vector).collect();
        vectors.ok_or_else(|| Error::Failed("a text got no vector".to_owned()))
    }

    /// Gives the cosine similarity, -1 to 1, of `text` to each of `others`. It blocks the thread, as
    /// [`Embedder::embed`] does.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn similarities(&self, text: &str, others: &[&str]) -> Result<Vec<f32>, Error> {
        block_on(self.similarities_async(text, others))
    }

    /// As [`Embedder::similarities`], for async code.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn similarities_async(
        &self,
        text: &str,
        others: &[impl AsRef<str>],
    ) -> Result<Vec<f32>, Error> {
        let all: Vec<&str> = others.iter().map(AsRef::as_ref).chain([text]).collect();
        let mut vectors = self.embed_async(&all).await?;
        let Some(vector) = vectors.pop() else {
            return Ok(Vec::new());
        };
        let mut similarities = dot_many(&vector, vectors.iter().map(|other| &**other));
        for similarity in &mut similarities {
            *similarity = similarity.clamp(-1., 1.);
        }
        Ok(similarities)
    }

    /// Has the worker compute `texts`.
    async fn compute(&self, texts: &[Arc<str>]) -> Result<Vec<Vector>, Error> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let busy = Error::Busy {
            max: self.settings.waiting_texts_max,
        };
        let count = u32::try_from(texts.len()).map_err(|_| busy.clone())?;
        let room = Arc::clone(&self.room)
            .try_acquire_many_owned(count)
            .map_err(|_| busy)?;
        let (answer, answered) = oneshot::channel();
        let job = Job {
            texts: texts.to_vec(),
            answer,
            room: Some(room),
        };
        // Where the thread has gone, the state says why.
        self.queue.send(job).map_err(|_| self.gone())?;
        answered.await.map_err(|_| self.gone())?
    }

    fn gone(&self) -> Error {
        match self.state() {
            State::Unavailable(reason) => Error::Unavailable(reason),
            State::Loading | State::Ready => Error::Failed("its thread has ended".to_owned()),
        }
    }
}

/// What the worker's thread has.
struct Server {
    queue: mpsc::UnboundedReceiver<Job>,
    state: Arc<watch::Sender<State>>,
    cache: Arc<Mutex<Cache>>,
    device: Device,
    threads: usize,
    engine: Arc<OnceLock<String>>,
}

impl Server {
    /// Reads the model, says so, and computes. Where the model can't be read, the queue goes with this function, and with it
    /// every job that waits.
    fn serve(mut self, source: &Source) {
        match source.load(self.device, self.threads) {
            Ok(mut model) => {
                let engine = self.engine.get_or_init(|| model.engine.name());
                tracing::debug!(%engine, "the embedding model is ready");
                self.state.send_replace(State::Ready);
                worker::run(&mut model, &mut self.queue, &self.cache);
            }
            Err(reason) => {
                tracing::warn!(%reason, "the embedding model is not available");
                self.state.send_replace(State::Unavailable(reason));
            }
        }
    }
}

pub(crate) fn lock(cache: &Mutex<Cache>) -> MutexGuard<'_, Cache> {
    // The cache is an optimisation that never holds a wrong vector, so a poisoned lock is no reason to stop.
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_READ)]
}

/// Waits for a future on this thread, whatever runtime the thread belongs to.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
