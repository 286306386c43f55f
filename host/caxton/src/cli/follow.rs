//! Following a turn to its end, over as many connections as that takes: where one breaks, the next goes on after the event that
//! was seen last.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use reqwest::Response;

use super::client::{Broken, Client};
use super::output;
use super::stream::{Event, Events};

/// How long a server may be gone: enough to be started anew, little enough that a person still waits.
const GONE_MAX: Duration = Duration::from_secs(30);

/// The first wait before the next connection; it doubles.
const WAIT_FIRST: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(2);

/// The events of a turn.
#[derive(Debug)]
pub struct Turn<'a> {
    client: &'a Client,
    /// Its id. Without one, a broken connection is the end.
    id: Option<String>,
    events: Events,
    /// The id of the event that was seen last.
    seen: Option<String>,
}

impl<'a> Turn<'a> {
    /// The turn that `response` streams, which is the answer to a message.
    pub fn begun(client: &'a Client, response: Response) -> Self {
        let place = response.headers().get("location");
        let id = place
            .and_then(|place| place.to_str().ok())
            .and_then(|place| place.rsplit('/').next())
            .map(str::to_owned);
        Self {
            client,
            id,
            events: Events::new(response),
            seen: None,
        }
    }

    /// The turn of this id, from its beginning.
    ///
    /// # Errors
    /// Where there is none, or no server.
    pub async fn find(client: &'a Client, id: String) -> Result<Self> {
        let response = client.follow(&["turns", &id, "events"], None).await?;
        Ok(Self {
            client,
            id: Some(id),
            events: Events::new(response),
            seen: None,
        })
    }

    /// The next event. After `done` or `error` there is none.
    ///
    /// # Errors
    /// Where the connection breaks and can't be made again in time, or the server does not know the turn any more.
    pub async fn next(&mut self) -> Result<Event> {
        let mut gone: Option<Gone> = None;
        loop {
            let why = match self.events.next().await {
                Ok(Some(event)) => {
                    if !event.id.is_empty() {
                        self.seen = Some(event.id.clone());
                    }
                    return Ok(event);
                }
                Ok(None) => "the server ended it".to_owned(),
                Err(error) => error.downcast::<Broken>()?.0,
            };
            let Some(id) = self.id.clone() else {
                bail!("the answer broke off: {why}; the server's log may say more");
            };
            // Events that come one by one over connections that break at once are still events: only silence ends this.
            let gone = gone.get_or_insert_with(|| {
                output::remark(format_args!("the connection broke ({why}); trying again"));
                Gone::now()
            });
            loop {
                if !gone.wait().await {
                    bail!(
                        "the answer broke off, and {} is gone: {why}; where the turn runs on, `caxton turn follow {id}` has it",
                        self.client.server
                    );
                }
                let path = ["turns", &id, "events"];
                match self.client.follow(&path, self.seen.as_deref()).await {
                    Ok(response) => {
                        self.events = Events::new(response);
                        break;
                    }
                    Err(error) if error.is::<Broken>() => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// A server that is gone.
struct Gone {
    since: Instant,
    wait: Duration,
}

impl Gone {
    fn now() -> Self {
        Self {
            since: Instant::now(),
            wait: WAIT_FIRST,
        }
    }

    /// Waits before the next attempt. Returns whether there is to be one.
    async fn wait(&mut self) -> bool {
        if self.since.elapsed() + self.wait > GONE_MAX {
            return false;
        }
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(WAIT_MAX);
        true
    }
}
