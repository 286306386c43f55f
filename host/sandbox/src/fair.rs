//! Taking turns: a guest that computes for long shares the processors with others of its kind, so that however many of them
//! there are, a short call or a health check finds a thread that is free within a moment.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::sync::Semaphore;

/// As many turns as there are processors: more would only make the line longer in which everything else waits too.
pub(crate) fn turns() -> Semaphore {
    Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from))
}

/// Runs a guest. Its first stretch, up to its first yield or wait, needs no turn; most calls end within it. Each later one
/// does, in the order in which guests ask. A guest that waits for the host holds none.
pub(crate) async fn fairly<T>(turns: &Semaphore, guest: impl Future<Output = T>) -> T {
    let mut guest = pin!(guest);
    let mut turn = None;
    loop {
        if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(guest.as_mut().poll(cx))).await {
            return output;
        }
        drop(turn);
        woken().await;
        // The semaphore is never closed; if ever, guests would go on without taking turns.
        turn = turns.acquire().await.ok();
    }
}

/// Waits until whatever the task waits for has woken it.
async fn woken() {
    let mut waited = false;
    poll_fn(|_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn only_so_many_go_on_at_once_and_all_come_to_their_end() {
        let turns = Arc::new(Semaphore::new(2));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let guests = (0..20).map(|_| {
            let (turns, now, most) = (Arc::clone(&turns), Arc::clone(&now), Arc::clone(&most));
            tokio::spawn(async move {
                fairly(&turns, async {
                    for stretch in 0..50 {
                        if stretch > 0 {
                            most.fetch_max(
                                now.fetch_add(1, Ordering::SeqCst) + 1,
                                Ordering::SeqCst,
                            );
                            now.fetch_sub(1, Ordering::SeqCst);
                        }
                        tokio::task::yield_now().await;
                    }
                })
                .await;
            })
        });
        for guest in guests.collect::<Vec<_>>() {
            guest.await.expect("it ends");
        }
        assert!(most.load(Ordering::SeqCst) <= 2);
        assert_eq!(turns.available_permits(), 2);
    }

    #[tokio::test]
    async fn a_guest_that_waits_holds_no_turn() {
        let turns = Semaphore::new(1);
        let (send, receive) = tokio::sync::oneshot::channel::<()>();
        let waits = fairly(&turns, async {
            tokio::task::yield_now().await;
            receive.await.is_ok()
        });
        let computes = fairly(&turns, async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            send.send(()).is_ok()
        });
        assert_eq!(tokio::join!(waits, computes), (true, true));
    }
}
