//! Numbers for Prometheus, in its text format 0.0.4. A request adds to a handful of atomic counters and takes no lock;
//! numbers that something else already counts are read from there when they are asked for, through [`Text`].

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

/// Upper bounds of the buckets of request durations, in microseconds: from a cached answer to a model that thinks.
const BOUNDS_US: [u64; 12] = [
    100,
    250,
    1_000,
    2_500,
    10_000,
    25_000,
    100_000,
    500_000,
    2_500_000,
    10_000_000,
    60_000_000,
    300_000_000,
];

/// Classes of status codes, 1xx to 5xx.
const CLASSES: usize = 5;

/// Which of the server's surfaces a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// The management API.
    Rest,
    /// The Model Context Protocol.
    Mcp,
    /// The API of OpenAI's clients.
    OpenAi,
    /// Health, metrics and the description of the API.
    Probe,
    /// Anything else.
    Other,
}

const SURFACES: [Surface; 5] = [
    Surface::Rest,
    Surface::Mcp,
    Surface::OpenAi,
    Surface::Probe,
    Surface::Other,
];

impl Surface {
    /// Tells from a request's path.
    pub fn of(path: &str) -> Self {
        if path.starts_with("/api/") {
            Self::Rest
        } else if path == "/mcp" || path.starts_with("/mcp/") {
            Self::Mcp
        } else if path == "/v1" || path.starts_with("/v1/") {
            Self::OpenAi
        } else if matches!(path, "/health" | "/ready" | "/metrics" | "/openapi.json") {
            Self::Probe
        } else {
            Self::Other
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Mcp => "mcp",
            Self::OpenAi => "openai",
            Self::Probe => "probe",
            Self::Other => "other",
        }
    }
}

/// The server's own counters. A cheap handle.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    started: Instant,
    began: SystemTime,
    surfaces: [Requests; SURFACES.len()],
    connections: AtomicI64,
    refused: AtomicU64,
    panics: AtomicU64,
}

#[derive(Debug, Default)]
struct Requests {
    classes: [AtomicU64; CLASSES],
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// A connection that is open; it counts until this is dropped.
#[derive(Debug)]
pub struct Connection(Metrics);

impl Default for Metrics {
    fn default() -> Self {
        Self(Arc::new(Counters {
            started: Instant::now(),
            began: SystemTime::now(),
            surfaces: Default::default(),
            connections: AtomicI64::new(0),
            refused: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }))
    }
}

impl Metrics {
    /// A request was answered.
    pub fn request(&self, surface: Surface, status: http::StatusCode, took: Duration) {
        let requests = &self.0.surfaces[surface as usize];
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES) - 1;
        let bucket = BOUNDS_US
            .iter()
            .position(|bound| took_us <= *bound)
            .unwrap_or(BOUNDS_US.len());
        requests.classes[class].fetch_add(1, Relaxed);
        requests.buckets[bucket].fetch_add(1, Relaxed);
        requests.sum_us.fetch_add(took_us, Relaxed);
    }

    /// A connection was opened.
    pub fn connection(&self) -> Connection {
        self.0.connections.fetch_add(1, Relaxed);
        Connection(self.clone())
    }

    /// A request was refused because of where it came from.
    pub fn refused(&self) {
        self.0.refused.fetch_add(1, Relaxed);
    }

    /// A handler panicked.
    pub fn panicked(&self) {
        self.0.panics.fetch_add(1, Relaxed);
    }

    /// When the server started.
    pub fn began(&self) -> SystemTime {
        self.0.began
    }

    /// How long the server has run.
    pub fn uptime(&self) -> Duration {
        self.0.started.elapsed()
    }

    /// Writes these counters down.
    pub fn write(&self, text: &mut Text) {
        let name = "caxton_http_requests_total";
        text.family(
            name,
            "counter",
            "Requests answered, by surface and class of status.",
        );
        for surface in SURFACES {
            for (index, count) in self.0.surfaces[surface as usize].classes.iter().enumerate() {
                let class = format!("{}xx", index + 1);
                text.sample(
                    name,
                    &[("surface", surface.label()), ("status", &class)],
                    count.load(Relaxed),
                );
            }
        }
        let name = "caxton_http_request_duration_seconds";
        text.family(
            name,
            "histogram",
            "Time from a request's head to its answer's head.",
        );
        for surface in SURFACES {
            let requests = &self.0.surfaces[surface as usize];
            let mut sum = 0;
            for (index, bucket) in requests.buckets.iter().enumerate() {
                sum += bucket.load(Relaxed);
                let bound = BOUNDS_US
                    .get(index)
                    .map_or_else(|| "+Inf".to_owned(), |us| seconds(*us).to_string());
                text.sample(
                    "caxton_http_request_duration_seconds_bucket",
                    &[("surface", surface.label()), ("le", &bound)],
                    sum,
                );
            }
            let labels = [("surface", surface.label())];
            text.sample(
                "caxton_http_request_duration_seconds_sum",
                &labels,
                seconds(requests.sum_us.load(Relaxed)),
            );
            text.sample("caxton_http_request_duration_seconds_count", &labels, sum);
        }
        text.single(
            "caxton_http_connections",
            "gauge",
            "Connections open now.",
            self.0.connections.load(Relaxed),
        );
        text.single(
            "caxton_http_refused_total",
            "counter",
            "Requests refused because of their Host or Origin.",
            self.0.refused.load(Relaxed),
        );
        text.single(
            "caxton_http_panics_total",
            "counter",
            "Requests whose handler panicked; each is a fault of the server.",
            self.0.panics.load(Relaxed),
        );
        text.single(
            "caxton_uptime_seconds",
            "gauge",
            "Time since the server started.",
            self.uptime().as_secs_f64(),
        );
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.0.connections.fetch_sub(1, Relaxed);
    }
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of centuries fit")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// A text in Prometheus's format, as it grows. Each family's samples follow its head directly.
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// The media type.
    pub const MEDIA_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a family of samples.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string can't fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Adds a sample. Values of labels are escaped here.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let before = if index == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{text}\"");
        }
        let _ = writeln!(
            self.0,
            "{} {value}",
            if labels.is_empty() { "" } else { "}" }
        );
    }

    /// Adds a family with one sample that has no labels.
    pub fn single(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_surface_class_and_duration() {
        let metrics = Metrics::default();
        metrics.request(
            Surface::of("/api/v1/workspaces/default/tools"),
            http::StatusCode::OK,
            Duration::from_micros(200),
        );
        metrics.request(
            Surface::of("/mcp"),
            http::StatusCode::NOT_FOUND,
            Duration::from_secs(900),
        );
        metrics.request(
            Surface::of("/v1/models"),
            http::StatusCode::OK,
            Duration::from_micros(200),
        );
        let open = metrics.connection();
        let mut text = Text::default();
        metrics.write(&mut text);
        let text = text.finish();
        for line in [
            r#"caxton_http_requests_total{surface="rest",status="2xx"} 1"#,
            r#"caxton_http_requests_total{surface="mcp",status="4xx"} 1"#,
            r#"caxton_http_requests_total{surface="openai",status="2xx"} 1"#,
            r#"caxton_http_request_duration_seconds_bucket{surface="rest",le="0.0001"} 0"#,
            r#"caxton_http_request_duration_seconds_bucket{surface="rest",le="0.00025"} 1"#,
            r#"caxton_http_request_duration_seconds_bucket{surface="mcp",le="300"} 0"#,
            r#"caxton_http_request_duration_seconds_bucket{surface="mcp",le="+Inf"} 1"#,
            "caxton_http_connections 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        drop(open);
        let families = text.lines().filter(|l| l.starts_with("# TYPE")).count();
        assert_eq!(
            families,
            text.lines().filter(|l| l.starts_with("# HELP")).count()
        );
    }

    #[test]
    fn labels_can_hold_anything() {
        let mut text = Text::default();
        text.sample("x", &[("a", "\"\\\n")], 1);
        assert_eq!(text.finish(), "x{a=\"\\\"\\\\\\n\"} 1\n");
    }
}
