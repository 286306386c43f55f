//! Following a turn: its events as a client reads them.

use serde_json::Value;

/// An event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its id; empty where it has none.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub data: Value,
}

/// A stream of events. Dropping it closes its connection.
#[derive(Debug)]
pub struct Stream {
    response: reqwest::Response,
    bytes: Vec<u8>,
}

impl Stream {
    /// Sends a request that is answered by a stream.
    pub async fn open(request: reqwest::RequestBuilder) -> Self {
        let request = request.header("accept", "text/event-stream");
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), 200, "{response:?}");
        Self::of(response)
    }

    /// The stream of a response.
    pub fn of(response: reqwest::Response) -> Self {
        Self {
            response,
            bytes: Vec::new(),
        }
    }

    /// The next event; nothing after the last.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn try_next(&mut self) -> reqwest::Result<Option<Told>> {
        loop {
            let end = self.bytes.windows(2).position(|two| two == b"\n\n");
            if let Some(end) = end {
                let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
                let block = String::from_utf8(block).expect("events are UTF-8");
                match told(&block) {
                    Some(told) => return Ok(Some(told)),
                    // A comment, which keeps the connection alive.
                    None => continue,
                }
            }
            match self.response.chunk().await? {
                Some(chunk) => self.bytes.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Told {
        let next = self.try_next().await.expect("the connection holds");
        next.expect("an event")
    }

    /// The next event of this name, whatever comes before.
    pub async fn until(&mut self, name: &str) -> Told {
        loop {
            let told = self.next().await;
            if told.name == name {
                return told;
            }
            assert!(told.name != "error" && told.name != "done", "{told:?}");
        }
    }

    /// All events to the end.
    pub async fn rest(&mut self) -> Vec<Told> {
        let mut all = Vec::new();
        while let Some(told) = self.try_next().await.expect("the connection holds") {
            all.push(told);
        }
        all
    }
}

fn told(block: &str) -> Option<Told> {
    let field = |name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_start().to_owned())
    };
    let data = field("data:").unwrap_or_default();
    Some(Told {
        id: field("id:").unwrap_or_default(),
        name: field("event:")?,
        data: serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {data}")),
    })
}
