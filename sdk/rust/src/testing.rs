//! A stand-in for the host in native unit tests; it is not there in a component. It is separate for each thread, so tests
//! that run side by side do not see one another.
//!
//! ```
//! use caxton_sdk::{config, log, testing};
//!
//! testing::with(|host| host.config.insert("delimiter".into(), ";".into()));
//! assert_eq!(config::get("delimiter").as_deref(), Some(";"));
//!
//! log::warning("odd");
//! assert_eq!(testing::with(|host| host.logs.len()), 1);
//! ```

pub mod provider;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::deltas::Delta;
use crate::input::Resumption;
use crate::log::Level;
use crate::{embed, http};

/// What answers a request.
pub type Answerer = Box<dyn FnMut(&http::Request) -> Result<Reply, http::Error>>;

/// What gives a text's vector.
pub type Embedder = Box<dyn Fn(&str) -> Vec<f32>>;

/// What the component's imports give, and what it told the host.
#[derive(Default)]
pub struct Host {
    /// The component's settings.
    pub config: BTreeMap<String, String>,
    /// The store of `state`.
    pub state: BTreeMap<String, Vec<u8>>,
    /// The answers to an earlier call's questions.
    pub resumption: Option<Resumption>,
    /// What answers requests; without it every request is `denied`.
    pub http: Option<Answerer>,
    /// How bodies break off after their last piece, where they do not just end.
    pub body_error: Option<http::Error>,
    /// What makes vectors; without it there is no model.
    pub embed: Option<Embedder>,
    /// What was logged.
    pub logs: Vec<(Level, String)>,
    /// What progress was reported.
    pub progress: Vec<(f64, Option<f64>, Option<String>)>,
    /// What was sent of an answer.
    pub deltas: Vec<Delta>,
}

/// A response to a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The pieces in which the body arrives.
    pub body: Vec<Vec<u8>>,
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

/// Looks at this thread's host or changes it. `f` must not call the imports themselves.
pub fn with<T>(f: impl FnOnce(&mut Host) -> T) -> T {
    HOST.with_borrow_mut(f)
}

/// Puts this thread's host back to how it starts.
pub fn reset() {
    with(|host| *host = Host::default());
}

/// Sets these settings of the component.
pub fn configure(settings: &[(&str, &str)]) {
    with(|host| {
        for (key, value) in settings {
            host.config.insert((*key).into(), (*value).into());
        }
    });
}

/// The requests that were sent.
pub type Seen = Rc<RefCell<Vec<http::Request>>>;

/// Puts this thread's host back to how it starts, and lets it answer every request with these replies in turn, and those beyond
/// them as if the call's limit of requests were met. Gives the requests as they come.
pub fn upstream(replies: Vec<Result<Reply, http::Error>>) -> Seen {
    let seen = Seen::default();
    let log = Rc::clone(&seen);
    let mut replies = replies.into_iter();
    reset();
    with(|host| {
        host.http = Some(Box::new(move |request| {
            log.borrow_mut().push(request.clone());
            replies
                .next()
                .unwrap_or_else(|| Err(http::Error::Limit("the test has no more replies".into())))
        }));
    });
    seen
}

/// A reply of this status and media type, whose body comes in these pieces.
pub fn reply(status: u16, mime_type: &str, pieces: &[&[u8]]) -> Result<Reply, http::Error> {
    Ok(Reply {
        status,
        headers: vec![("content-type".into(), mime_type.into())],
        body: pieces.iter().map(|piece| piece.to_vec()).collect(),
    })
}

pub(crate) fn answer(request: &http::Request) -> Result<Reply, http::Error> {
    // The answerer is taken out while it runs, so that it may use the imports itself.
    let Some(mut answerer) = with(|host| host.http.take()) else {
        return Err(http::Error::Denied(format!(
            "{} is not granted: the test has set no `http`",
            request.url
        )));
    };
    let reply = answerer(request);
    with(|host| {
        host.http.get_or_insert(answerer);
    });
    reply
}

pub(crate) fn vector(text: &str) -> Result<Vec<f32>, embed::Error> {
    with(|host| host.embed.as_ref().map(|embed| embed(text)))
        .ok_or_else(|| embed::Error::Unavailable("the test has set no `embed`".into()))
}
