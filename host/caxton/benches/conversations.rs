//! Whether messages take longer where many conversations are on disk.

use std::time::Instant;

use crate::desk;
use crate::measure::{ms, quantile, row};
use crate::messages::{message, send};
use crate::socket::Socket;
use crate::start::Server;

const FEW: usize = 100;
const MANY: usize = 10_000;
const ROUNDS: usize = 20;

/// In so many conversations, spread over all, messages are sent that are measured; one in each round.
const MEASURED: usize = 50;

/// A server with conversations.
struct Filled {
    _server: Server,
    socket: Socket,
    requests: Vec<Vec<u8>>,
    times: Vec<u64>,
}

/// Fills two servers, and sends messages to both in turns.
pub fn run() {
    let scratch = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut few = fill(desk::instant(&scratch.path().join("few"), 1), FEW).await;
        let mut many = fill(desk::instant(&scratch.path().join("many"), 1), MANY).await;
        for round in 0..=ROUNDS {
            for filled in [&mut few, &mut many] {
                let times = filled.measure().await;
                // The first round warms up.
                if round > 0 {
                    filled.times.extend(times);
                }
            }
        }
        for (what, q) in [("a message, p50", 0.50), ("a message, p99", 0.99)] {
            let (a, b) = (quantile(&mut many.times, q), quantile(&mut few.times, q));
            row(
                what,
                ms(a),
                ms(b),
                a as f64 / b as f64,
                "10,000 conversations : 100, no growth",
            );
        }
    });
}

/// Begins conversations by some clients at once.
async fn fill(server: Server, conversations: usize) -> Filled {
    const CLIENTS: usize = 50;
    let host = server.host().to_owned();
    let local = tokio::task::LocalSet::new();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let host = host.clone();
            local.spawn_local(async move {
                let mut socket = Socket::open(&host).await;
                let request = message(&host, None);
                let mut ids = Vec::new();
                for _ in 0..conversations / CLIENTS {
                    ids.push(send(&mut socket, &request).await);
                }
                ids
            })
        })
        .collect();
    let ids = local.run_until(async {
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.expect("no panic"));
        }
        all
    });
    let ids = ids.await;
    let spread = ids.iter().step_by(ids.len() / MEASURED);
    Filled {
        requests: spread.map(|id| message(&host, Some(id))).collect(),
        socket: Socket::open(&host).await,
        _server: server,
        times: Vec::new(),
    }
}

impl Filled {
    /// The times of a message to each of the measured conversations, in nanoseconds.
    async fn measure(&mut self) -> Vec<u64> {
        let mut times = Vec::with_capacity(self.requests.len());
        for request in &self.requests {
            let begun = Instant::now();
            send(&mut self.socket, request).await;
            times.push(u64::try_from(begun.elapsed().as_nanos()).expect("short"));
        }
        times
    }
}
