//! One call under its limits: a place in the pool, a fresh store and instance, fuel that makes the guest yield, a
//! deadline that covers waits and computing alike, and a receipt at the end whatever happened.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{SemaphorePermit, mpsc};
use wasmtime::component::{Instance, ResourceTable};
use wasmtime::{Store, Trap};
use wasmtime_wasi::I32Exit;

use crate::capabilities::http::{Caller, Used};
use crate::capabilities::wasi::Wasi;
use crate::component::{Component, Inner};
use crate::error::CallError;
use crate::receipt::Receipt;
use crate::store::{CallState, Meter};
use crate::wit::deltas::Delta;
use crate::wit::input::Resumption;
use crate::wit::log::Level;

/// After so much fuel a guest gives way to others, and its deadline is looked at: about 0.1 ms of computing.
const FUEL_YIELD: u64 = 500_000;

/// For whom a call is made, and how it may be narrower than the component's own limits.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// How deeply it is nested: 0 for a call from outside.
    pub depth: u32,
    /// A shorter time than the component's own.
    pub time: Option<Duration>,
    /// Who wants to know what it emits on the way.
    pub listener: Option<Listener>,
    /// Answers to what an earlier call asked.
    pub resumption: Option<Resumption>,
}

/// Who is told what a call emits: at once, on the thread on which the guest runs, so that nothing stands between a model's
/// words and whoever reads them.
#[derive(Clone)]
pub struct Listener(Arc<dyn Fn(Emitted) + Send + Sync>);

impl Listener {
    /// A listener. It must not block: the guest waits for it.
    pub fn new(told: impl Fn(Emitted) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    pub(crate) fn tell(&self, emitted: Emitted) {
        (self.0)(emitted);
    }
}

impl From<mpsc::Sender<Emitted>> for Listener {
    /// Passes on what the channel has room for; whoever is behind misses the rest.
    fn from(sender: mpsc::Sender<Emitted>) -> Self {
        Self::new(move |emitted| drop(sender.try_send(emitted)))
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// What a component emits while a call runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Emitted {
    /// How far it has come.
    Progress {
        /// Steps done.
        done: f64,
        /// Steps in all, where known.
        total: Option<f64>,
        /// What it is doing.
        message: Option<String>,
    },
    /// A message for the people who run the server.
    Log {
        /// How serious it is.
        level: Level,
        /// The text.
        message: String,
    },
    /// A piece of a provider's answer.
    Delta(Delta),
}

/// What a call gave, with what it cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Called<T> {
    /// The result.
    pub value: T,
    /// What it cost.
    pub receipt: Receipt,
}

/// Why a call failed, with what it cost until then.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Failed {
    /// What went wrong.
    #[source]
    pub error: CallError,
    /// What it cost.
    pub receipt: Box<Receipt>,
}

/// A call that runs: its store and its place in the pool.
pub(crate) struct Running<'a> {
    pub(crate) store: Store<CallState>,
    inner: &'a Arc<Inner>,
    time: Duration,
    started: Instant,
    _place: SemaphorePermit<'a>,
}

impl Component {
    /// Begins a call: waits for a place in the pool, and makes the store with all limits set.
    pub(crate) async fn begin(&self, call: Call) -> Result<Running<'_>, Failed> {
        let inner = &self.inner;
        let started = Instant::now();
        let limits = &inner.limits;
        let time = call.time.map_or(limits.time, |time| time.min(limits.time));
        let fail = |error: CallError| {
            let duration_us = micros(started.elapsed());
            Failed {
                error,
                receipt: Box::new(Receipt {
                    digest: inner.digest.clone(),
                    duration_us,
                    ..Receipt::default()
                }),
            }
        };
        if call.depth > limits.depth {
            return Err(fail(CallError::Depth {
                component: inner.name.clone(),
                depth: call.depth,
                limit: limits.depth,
            }));
        }
        let place = match inner.shared.instances.try_acquire() {
            Ok(place) => place,
            Err(_) => match tokio::time::timeout(time, inner.shared.instances.acquire()).await {
                Ok(Ok(place)) => place,
                _ => {
                    return Err(fail(CallError::Busy {
                        limit: inner.shared.settings.instances as usize,
                    }));
                }
            },
        };
        let http = Arc::new(Used::default());
        let wasi = if inner.uses_wasi {
            let wasi =
                Wasi::new(Caller::new(inner.clone(), http.clone()), &call).map_err(|reason| {
                    fail(CallError::Host {
                        component: inner.name.clone(),
                        reason,
                    })
                })?;
            Some(Box::new(wasi))
        } else {
            None
        };
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let state = CallState {
            component: inner.clone(),
            call,
            meter: Meter::new(limits, http),
            table,
            wasi,
        };
        let mut store = Store::new(&inner.shared.engine, state);
        store.limiter(|state| &mut state.meter);
        // What one host call can copy out of the guest, so that a guest can't make the host allocate more than its limits.
        let sent = match inner.grants.http.is_empty() && inner.secrets.is_empty() {
            true => 0,
            false => limits.http_bytes,
        };
        // Our own imports let others run after so much; WASI's do not.
        let least = if inner.uses_wasi { 0 } else { HOST_CALL_BYTES };
        let copied = limits.output_bytes.max(sent).max(least);
        let copied = copied.saturating_add(64 << 10);
        store.set_hostcall_fuel(usize::try_from(copied).unwrap_or(usize::MAX));
        store.set_max_component_handles(HANDLES_MAX);
        let fuel = store
            .set_fuel(limits.fuel)
            .and_then(|()| store.fuel_async_yield_interval(Some(FUEL_YIELD)));
        fuel.map_err(|e| {
            fail(CallError::Host {
                component: inner.name.clone(),
                reason: format!("{e:#}"),
            })
        })?;
        Ok(Running {
            store,
            inner,
            time,
            started,
            _place: place,
        })
    }
}

/// What a component that imports no WASI can hand to any import in one go, in bytes.
const HOST_CALL_BYTES: u64 = 4 << 20;

/// Handles that one call may hold: files, streams, responses.
const HANDLES_MAX: usize = 1024;

impl<'a> Running<'a> {
    /// Makes the instance.
    pub(crate) async fn instance(&mut self) -> wasmtime::Result<Instance> {
        self.inner.pre.instantiate_async(&mut self.store).await
    }

    /// What is left of the time.
    pub(crate) fn time_left(&self) -> Duration {
        self.time.saturating_sub(self.started.elapsed())
    }

    /// Ends the call: turns what came out, or that the time was up, into a result with its receipt. `weigh` gives a
    /// result's size in bytes.
    pub(crate) fn end<T>(
        mut self,
        outcome: Result<wasmtime::Result<T>, tokio::time::error::Elapsed>,
        weigh: impl FnOnce(&T) -> usize,
    ) -> Result<Called<T>, Failed> {
        let outcome = match outcome {
            Ok(Ok(value)) => {
                if self.store.data_mut().meter.output(weigh(&value)) {
                    Ok(value)
                } else {
                    Err(self.output_error())
                }
            }
            Ok(Err(error)) => Err(self.error(&error)),
            Err(_) => Err(CallError::Time {
                component: self.inner.name.clone(),
                limit: self.time,
            }),
        };
        let receipt = self.receipt();
        match outcome {
            Ok(value) => Ok(Called { value, receipt }),
            Err(error) => Err(Failed {
                error,
                receipt: Box::new(receipt),
            }),
        }
    }

    fn receipt(&self) -> Receipt {
        let meter = &self.store.data().meter;
        let fuel_left = self.store.get_fuel().unwrap_or(0);
        Receipt {
            digest: self.inner.digest.clone(),
            fuel: self.inner.limits.fuel.saturating_sub(fuel_left),
            memory_bytes_peak: meter.memory_bytes_peak,
            duration_us: micros(self.started.elapsed()),
            output_bytes: meter.output_bytes,
            http_requests: meter.http.requests(),
            http_bytes: meter.http.bytes(),
            log_dropped: meter.log_dropped,
            denied: meter.denied.saturating_add(meter.http.denied()),
        }
    }

    fn output_error(&self) -> CallError {
        CallError::Output {
            component: self.inner.name.clone(),
            limit: self.inner.limits.output_bytes,
        }
    }

    /// Finds out which limit or fault ended the guest.
    fn error(&self, error: &wasmtime::Error) -> CallError {
        let component = self.inner.name.clone();
        let limits = &self.inner.limits;
        if let Some(exit) = error.downcast_ref::<I32Exit>() {
            return CallError::Exit {
                component,
                code: exit.0,
            };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => {
                return CallError::Fuel {
                    component,
                    limit: limits.fuel,
                };
            }
            Some(Trap::StackOverflow) => return CallError::Stack { component },
            _ => {}
        }
        let meter = &self.store.data().meter;
        if meter.memory_refused {
            return CallError::Memory {
                component,
                limit: limits.memory_bytes,
            };
        }
        if error
            .downcast_ref::<wasmtime::PoolConcurrencyLimitError>()
            .is_some()
        {
            return CallError::Busy {
                limit: self.inner.shared.settings.instances as usize,
            };
        }
        let text = format!("{error:#}");
        // wasmtime gives these two conditions no type of their own.
        if meter.output_bytes > meter.output_bytes_max
            || text.contains("fuel allocated for hostcalls has been exhausted")
        {
            return self.output_error();
        }
        if text.contains("handle limit exceeded") {
            return CallError::Handles {
                component,
                limit: HANDLES_MAX,
            };
        }
        let cause = error.root_cause().to_string();
        CallError::Trap {
            component,
            reason: with_place(&cause, &text),
        }
    }
}

/// A trap's text with the innermost function of its backtrace, where there is one.
fn with_place(trap: &str, full: &str) -> String {
    let place = full
        .lines()
        .find_map(|line| line.trim().strip_prefix("0:"))
        .and_then(|line| line.rsplit_once("!"));
    let trap = trap.strip_prefix("wasm trap: ").unwrap_or(trap);
    place.map_or_else(
        || trap.to_owned(),
        |(_, function)| format!("{trap} in {}", function.trim()),
    )
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Makes one call in a fresh instance: `call!(component, call, indices, |guest, store| future, weigh)`. A macro, because
/// the future borrows the store that the call owns.
macro_rules! call {
    ($component:expr, $call:expr, $role:ident, $role_name:literal, |$guest:ident, $store:ident| $body:expr, $weigh:expr) => {{
        let Some(indices) = &$component.inner.indices.$role else {
            return Err(crate::call::no_role($component, $role_name));
        };
        let mut running = $component.begin($call).await?;
        let left = running.time_left();
        let turns = &$component.inner.shared.turns;
        let outcome = tokio::time::timeout(
            left,
            crate::fair::fairly(turns, async {
                let instance = running.instance().await?;
                let $guest = indices.load(&mut running.store, &instance)?;
                let $store = &mut running.store;
                $body.await
            }),
        )
        .await;
        running.end(outcome, $weigh)
    }};
}
pub(crate) use call;

/// The answer to a call for which the component has no export.
pub(crate) fn no_role(component: &Component, role: &'static str) -> Failed {
    let error = CallError::Role {
        component: component.name().to_owned(),
        role,
    };
    Failed {
        error,
        receipt: Box::new(Receipt {
            digest: component.digest().to_owned(),
            ..Receipt::default()
        }),
    }
}

/// Turns a guest's own refusal into a failed call, keeping the receipt.
pub(crate) fn refused<T, E>(
    component: &Component,
    called: Called<Result<T, E>>,
    say: impl FnOnce(E) -> String,
) -> Result<Called<T>, Failed> {
    let Called { value, receipt } = called;
    match value {
        Ok(value) => Ok(Called { value, receipt }),
        Err(error) => Err(Failed {
            error: CallError::Guest {
                component: component.name().to_owned(),
                reason: say(error),
            },
            receipt: Box::new(receipt),
        }),
    }
}
