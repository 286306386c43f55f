//! The reference: wasmtime as its own documentation sets it up for speed, with the same component and the same pool, and
//! no limit, no grant, no receipt.

use caxton_sandbox::wit::tools::{GuestIndices, Outcome, ToolError};
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
};

/// A loaded component that is called without limits.
pub struct Bare {
    engine: Engine,
    pre: InstancePre<()>,
    indices: GuestIndices,
}

impl Bare {
    /// Compiles and links `wasm`; its imports trap when they are used, and the benchmarks' guests use none.
    pub fn load(wasm: &[u8]) -> wasmtime::Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.linear_memory_keep_resident(256 << 10)
            .table_keep_resident(64 << 10)
            .async_stack_keep_resident(32 << 10)
            .pagemap_scan(Enabled::Auto)
            .max_memory_size(1 << 30);
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .concurrency_support(false);
        let engine = Engine::new(&config)?;
        let component = Component::from_binary(&engine, wasm)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let pre = linker.instantiate_pre(&component)?;
        let indices = GuestIndices::new(&pre)?;
        Ok(Self {
            engine,
            pre,
            indices,
        })
    }

    /// Calls a tool in a fresh instance.
    pub async fn call(
        &self,
        name: &str,
        arguments: &str,
    ) -> wasmtime::Result<Result<Outcome, ToolError>> {
        let mut store = Store::new(&self.engine, ());
        let instance = self.pre.instantiate_async(&mut store).await?;
        self.indices
            .load(&mut store, &instance)?
            .call_call_tool(&mut store, name, arguments)
            .await
    }
}
