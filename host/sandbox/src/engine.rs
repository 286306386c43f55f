//! How wasmtime is set up, and the [`Sandbox`] handle that shares it: one engine, one instance pool, one linker and one
//! compile cache for all components of a server.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
};

use crate::cache::CodeCache;
use crate::capabilities::http::{Egress, Network};
use crate::error::LoadError;
use crate::fair;
use crate::limits::Limits;
use crate::linker;
use crate::store::CallState;

/// Settings of a [`Sandbox`].
#[derive(Clone)]
pub struct Settings {
    /// Where compiled code is kept between runs; nothing is kept where this is absent.
    pub cache: Option<PathBuf>,
    /// How many instances may be alive at once. Address space is reserved for all of them, memory is not.
    pub instances: u32,
    /// No limit of a component may be above these.
    pub ceiling: Limits,
    /// The largest component, in bytes.
    pub component_bytes_max: usize,
    /// How the names in components' requests become addresses; the system's way where this is absent.
    pub network: Option<Arc<dyn Network>>,
    /// What turns text into vectors.
    pub embedder: Option<caxton_embed::Embedder>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache: None,
            instances: 1000,
            ceiling: Limits::ceiling(),
            component_bytes_max: 64 << 20,
            network: None,
            embedder: None,
        }
    }
}

/// Where components are compiled, linked and run. A cheap handle: clones share everything.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<CallState>,
    pub(crate) cache: CodeCache,
    pub(crate) settings: Settings,
    pub(crate) instances: Semaphore,
    /// Turns of guests that compute for long.
    pub(crate) turns: Semaphore,
    pub(crate) egress: Egress,
}

impl Sandbox {
    /// Sets up the engine.
    ///
    /// # Errors
    /// [`LoadError::Host`] where the machine can't give what the settings ask for, such as address space.
    pub fn new(settings: Settings) -> Result<Self, LoadError> {
        let host = |reason: String| LoadError::Host {
            name: "sandbox".to_owned(),
            reason,
        };
        let engine = Engine::new(&config(&settings)).map_err(|e| host(format!("{e:#}")))?;
        let linker = linker::link(&engine).map_err(|e| host(format!("{e:#}")))?;
        let cache = CodeCache::open(settings.cache.clone(), &engine);
        let egress = Egress::new(settings.network.clone());
        let instances = Semaphore::new(settings.instances as usize);
        Ok(Self {
            shared: Arc::new(Shared {
                engine,
                linker,
                cache,
                settings,
                instances,
                turns: fair::turns(),
                egress,
            }),
        })
    }

    /// The engine, for measuring against.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// The largest component that it takes, in bytes.
    pub fn component_bytes_max(&self) -> usize {
        self.shared.settings.component_bytes_max
    }

    /// The ceilings of every limit.
    pub fn ceiling(&self) -> &Limits {
        &self.shared.settings.ceiling
    }

    /// How many instances could be started now.
    pub fn instances_free(&self) -> usize {
        self.shared.instances.available_permits()
    }
}

/// The engine's configuration. The pool's settings decide what a fresh call costs: see `docs/architecture.md`.
pub(crate) fn config(settings: &Settings) -> Config {
    let memory_bytes_max = usize::try_from(settings.ceiling.memory_bytes)
        .unwrap_or(usize::MAX)
        .clamp(1 << 16, 4 << 30);
    // A component is often several core instances: its own module, adapters, and the shims of its imports.
    let core = settings.instances.saturating_mul(4);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(settings.instances)
        .total_core_instances(core)
        .total_memories(settings.instances.saturating_mul(2))
        .total_tables(core)
        .total_stacks(settings.instances)
        .max_core_instances_per_component(64)
        .max_memories_per_component(8)
        .max_tables_per_component(64)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_memory_size(memory_bytes_max)
        .table_elements(100_000)
        // What stays resident is cleared by hand instead of being given back to the kernel; the kernel's page map tells
        // which of it was written.
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(32 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .consume_fuel(true)
        .cranelift_opt_level(OptLevel::Speed)
        .memory_init_cow(true)
        // The contract has no streams of WASI 0.3; without them a store is cheaper to make.
        .concurrency_support(false)
        .async_stack_size(1 << 20)
        .max_wasm_stack(512 << 10);
    config
}
