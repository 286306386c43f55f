//! How often providers are asked: requests and tokens per minute as token buckets, and requests at a time. A request that would
//! be too early waits, if not for long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Rate;

/// The rates of a workspace's providers, by component. They outlive a component's replacement.
#[derive(Debug, Default)]
pub struct Rates {
    meters: Mutex<HashMap<String, Arc<Meter>>>,
}

/// One provider's rate.
#[derive(Debug)]
struct Meter {
    rate: Rate,
    places: Option<Arc<Semaphore>>,
    buckets: Mutex<Buckets>,
}

/// What is left of each minute's allowance. Below zero it is owed.
#[derive(Debug)]
struct Buckets {
    at: Instant,
    requests: f64,
    tokens: f64,
}

/// A request that may be sent.
#[derive(Debug)]
pub struct Admitted {
    meter: Option<Arc<Meter>>,
    tokens: u64,
    _place: Option<OwnedSemaphorePermit>,
}

/// A request that would have to wait longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSoon {
    /// How long it would have to wait; nothing where that depends on requests under way.
    pub wait: Option<Duration>,
}

impl Rates {
    /// Waits until a request of about `tokens` tokens may be sent to `component`, for at most `wait_max`.
    ///
    /// # Errors
    /// [`TooSoon`] where that is not long enough.
    pub async fn admit(
        &self,
        component: &str,
        rate: &Rate,
        tokens: u64,
        wait_max: Duration,
    ) -> Result<Admitted, TooSoon> {
        if *rate == Rate::default() {
            return Ok(Admitted {
                meter: None,
                tokens,
                _place: None,
            });
        }
        let meter = self.meter(component, rate);
        let deadline = Instant::now() + wait_max;
        let place = match &meter.places {
            None => None,
            Some(places) => {
                let place = tokio::time::timeout(wait_max, Arc::clone(places).acquire_owned());
                match place.await {
                    Ok(Ok(place)) => Some(place),
                    _ => return Err(TooSoon { wait: None }),
                }
            }
        };
        let wait = meter.take(tokens, deadline)?;
        // What was taken stays taken where the caller goes away meanwhile: its place in the line is used up.
        tokio::time::sleep(wait).await;
        Ok(Admitted {
            meter: Some(meter),
            tokens,
            _place: place,
        })
    }

    fn meter(&self, component: &str, rate: &Rate) -> Arc<Meter> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        match meters.get(component) {
            Some(meter) if meter.rate == *rate => Arc::clone(meter),
            _ => {
                let meter = Arc::new(Meter::new(*rate));
                meters.insert(component.to_owned(), Arc::clone(&meter));
                meter
            }
        }
    }
}

impl Admitted {
    /// Counts the tokens that were used in place of those that were expected.
    pub fn settle(self, tokens: u64) {
        if let Some(meter) = &self.meter {
            meter.buckets().tokens += self.tokens as f64 - tokens as f64;
        }
    }
}

impl Meter {
    fn new(rate: Rate) -> Self {
        let places = rate.concurrent.map(|places| {
            let places = usize::try_from(places).unwrap_or(usize::MAX);
            Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)))
        });
        let buckets = Buckets {
            at: Instant::now(),
            requests: rate.requests_per_minute.unwrap_or_default() as f64,
            tokens: rate.tokens_per_minute.unwrap_or_default() as f64,
        };
        Self {
            rate,
            places,
            buckets: Mutex::new(buckets),
        }
    }

    /// Takes one request and its tokens, and gives how long to wait for them to have come in.
    fn take(&self, tokens: u64, deadline: Instant) -> Result<Duration, TooSoon> {
        let now = Instant::now();
        let mut buckets = self.buckets();
        let minutes = now.saturating_duration_since(buckets.at).as_secs_f64() / 60.0;
        buckets.at = now;
        let mut wait = Duration::ZERO;
        if let Some(rate) = self.rate.requests_per_minute {
            let rate = rate as f64;
            buckets.requests = (buckets.requests + minutes * rate).min(rate);
            wait = wait.max(time(1.0 - buckets.requests, rate));
        }
        if let Some(rate) = self.rate.tokens_per_minute {
            let rate = rate as f64;
            buckets.tokens = (buckets.tokens + minutes * rate).min(rate);
            // A request larger than the bucket waits for a full one, not for ever.
            let wanted = (tokens as f64).min(rate);
            wait = wait.max(time(wanted - buckets.tokens, rate));
        }
        if now + wait > deadline {
            return Err(TooSoon { wait: Some(wait) });
        }
        buckets.requests -= 1.0;
        buckets.tokens -= tokens as f64;
        Ok(wait)
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long it takes until `missing` has come in, at `rate` per minute.
fn time(missing: f64, rate: f64) -> Duration {
    Duration::try_from_secs_f64((missing / rate * 60.0).max(0.0)).unwrap_or(Duration::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_burst_passes_and_what_is_beyond_it_is_told_how_long_to_wait() {
        let rates = Rates::default();
        let rate = Rate {
            requests_per_minute: Some(2),
            ..Rate::default()
        };
        for _ in 0..2 {
            assert!(rates.admit("p", &rate, 10, SOON).await.is_ok());
        }
        let refused = rates
            .admit("p", &rate, 10, SOON)
            .await
            .expect_err("too soon");
        let wait = refused.wait.expect("it is known");
        assert!(wait > Duration::from_secs(25) && wait <= Duration::from_secs(30));
        assert!(rates.admit("q", &rate, 10, SOON).await.is_ok());
    }

    #[tokio::test]
    async fn tokens_that_were_not_used_are_given_back() {
        let rates = Rates::default();
        let rate = Rate {
            tokens_per_minute: Some(1000),
            ..Rate::default()
        };
        let first = rates.admit("p", &rate, 1000, SOON).await.expect("enough");
        assert!(rates.admit("p", &rate, 500, SOON).await.is_err());
        first.settle(100);
        assert!(rates.admit("p", &rate, 800, SOON).await.is_ok());
    }

    #[tokio::test]
    async fn only_so_many_run_at_a_time() {
        let rates = Rates::default();
        let rate = Rate {
            concurrent: Some(1),
            ..Rate::default()
        };
        let first = rates.admit("p", &rate, 1, SOON).await.expect("a place");
        let refused = rates
            .admit("p", &rate, 1, SOON)
            .await
            .expect_err("no place");
        assert_eq!(refused.wait, None);
        drop(first);
        assert!(rates.admit("p", &rate, 1, SOON).await.is_ok());
    }
}
