//! The one way out: what is refused is refused before any connection is tried, by our `http` and by `wasi:http` alike.

use caxton_sandbox::Overrides;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{Recorder, Server, With, call, load, ok, redirect, sandbox};

/// The tools of the guest `web`: both ways to HTTP.
const WAYS: [&str; 2] = ["caxton", "wasi"];

/// Whether a call was denied, in the words of either way.
fn is_denied(told: &Value) -> bool {
    let error = told["error"].as_str().unwrap_or_default();
    error == "denied" || error.contains("HttpRequestDenied")
}

#[tokio::test]
async fn private_addresses_are_refused_in_every_spelling_before_a_connection_is_tried() {
    let server = Server::silent().await;
    let port = server.port();
    let network = Recorder::new(&[
        ("ten.test", &["10.0.0.1"]),
        ("loop.test", &["127.0.0.1"]),
        ("loop6.test", &["::1"]),
        ("mapped.test", &["::ffff:127.0.0.1"]),
        ("link.test", &["169.254.169.254", "fe80::1"]),
        (
            "local.test",
            &["fd00::1", "192.168.0.1", "172.16.0.1", "100.64.0.1"],
        ),
        ("localhost", &["169.254.169.254"]),
        ("nothing.test", &[]),
    ]);
    let sandbox = sandbox(network.clone());
    let everything = [
        format!("http://*:{port}"),
        "http://*".to_owned(),
        format!("http://localhost:{port}"),
    ];
    let everything: Vec<&str> = everything.iter().map(String::as_str).collect();
    let web = load(
        &sandbox,
        "web",
        With {
            http: &everything,
            ..With::default()
        },
    );
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "0.0.0.0",
        "0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fc00::1]",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "ten.test",
        "TEN.test.",
        "loop.test",
        "loop6.test",
        "mapped.test",
        "link.test",
        "local.test",
        "localhost",
    ];
    for host in hosts {
        for way in WAYS {
            let told = call(
                &web,
                way,
                json!({ "url": format!("http://{host}:{port}/") }),
            )
            .await;
            assert!(
                told.is_error && is_denied(&told.json),
                "{way} {host}: {told:?}"
            );
            assert_eq!(told.receipt.denied, 1, "{way} {host}");
        }
    }
    assert_eq!(network.attempts(), [], "a connection was about to be tried");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn of_several_answers_only_allowed_ones_are_used() {
    let network = Recorder::new(&[
        ("mixed.test", &["10.0.0.1", "1.1.1.1", "127.0.0.1"]),
        ("gone.test", &[]),
    ]);
    let sandbox = sandbox(network.clone());
    let web = load(
        &sandbox,
        "web",
        With {
            http: &["http://*"],
            ..With::default()
        },
    );
    let told = call(&web, "caxton", json!({ "url": "http://mixed.test/" })).await;
    assert_eq!(
        told.json["error"], "connection",
        "the recorder lets nothing leave: {told:?}"
    );
    assert_eq!(
        network.attempts(),
        [("mixed.test".to_owned(), vec!["1.1.1.1".parse().unwrap()])]
    );
    let told = call(&web, "caxton", json!({ "url": "http://gone.test/" })).await;
    assert_eq!(
        told.json["text"],
        "the name in `http://gone.test` can't be resolved: it has no address; check its spelling and the network"
    );
}

#[tokio::test]
async fn what_is_not_granted_is_denied_and_the_text_names_the_grant() {
    let server = Server::silent().await;
    let network = Recorder::new(&[]);
    let sandbox = sandbox(network.clone());
    let web = load(
        &sandbox,
        "web",
        With {
            http: &["https://api.example.com"],
            ..With::default()
        },
    );
    let told = call(
        &web,
        "caxton",
        json!({ "url": server.url("/secret?key=1") }),
    )
    .await;
    let origin = server.url("");
    let expected = format!(
        "`{origin}` is not granted to `guest`; add it under [components.guest.grants] http = [\"{origin}\"]"
    );
    assert_eq!(told.json, json!({ "error": "denied", "text": expected }));
    let told = call(&web, "wasi", json!({ "url": server.url("/") })).await;
    assert!(is_denied(&told.json), "{told:?}");
    for (url, kind) in [
        ("http://api.example.com/", "denied"),
        ("https://api.example.com:444/", "denied"),
        ("https://evil.example/", "denied"),
        ("ftp://api.example.com/", "invalid"),
        ("https://user:pw@api.example.com/", "invalid"),
        ("nonsense", "invalid"),
    ] {
        let told = call(&web, "caxton", json!({ "url": url })).await;
        assert_eq!(told.json["error"], kind, "{url}: {told:?}");
    }
    assert_eq!(network.attempts(), []);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_granted_server_answers_both_ways() {
    let server = Server::new(|request| ok(&format!("{} {}", request.line, request.body))).await;
    let network = Recorder::new(&[("localhost", &["127.0.0.1"])]);
    let sandbox = sandbox(network.clone());
    let granted = [
        server.url(""),
        format!("http://localhost:{}", server.port()),
    ];
    let web = load(
        &sandbox,
        "web",
        With {
            http: &[&granted[0], &granted[1]],
            ..With::default()
        },
    );
    for way in WAYS {
        let told = call(&web, way, json!({ "method": "POST", "url": server.url("/a?b=c#d"), "headers": [["x-mine", "1"]], "body": "hello" })).await;
        assert_eq!(told.json["status"], 200, "{way}: {told:?}");
        assert!(
            told.json["body"]
                .as_str()
                .unwrap()
                .starts_with("POST /a?b=c HTTP/1.1"),
            "{way}: {told:?}"
        );
        assert_eq!(told.receipt.http_requests, 1);
        assert!(told.receipt.http_bytes > 5, "{way}: {told:?}");
    }
    let told = call(
        &web,
        "caxton",
        json!({ "url": format!("http://LOCALHOST:{}/", server.port()) }),
    )
    .await;
    assert_eq!(told.json["body"], "GET / HTTP/1.1 ");
    for request in server.received() {
        assert!(
            request
                .header("user-agent")
                .is_some_and(|agent| agent.starts_with("caxton/"))
                || request.header("x-mine").is_some()
        );
        assert_eq!(
            request
                .header("host")
                .map(|host| host.ends_with(&format!(":{}", server.port()))),
            Some(true)
        );
    }
    assert!(
        network
            .attempts()
            .iter()
            .all(|(_, addresses)| addresses.iter().all(std::net::IpAddr::is_loopback))
    );
}

#[tokio::test]
async fn a_body_is_given_while_it_still_comes() {
    // The server says how long the answer is, sends the beginning, and never the rest.
    let server =
        Server::new(|_| "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nbeginning".to_owned())
            .await;
    let sandbox = sandbox(Recorder::new(&[]));
    let web = load(
        &sandbox,
        "web",
        With {
            http: &[&server.url("")],
            ..With::default()
        },
    );
    let told = call(
        &web,
        "caxton",
        json!({ "url": server.url("/"), "pieces": 1 }),
    )
    .await;
    assert_eq!(told.json["body"], "beginning", "{told:?}");
}

#[tokio::test]
async fn redirects_are_checked_like_requests() {
    let hidden = Server::silent().await;
    let elsewhere = hidden.url("/hidden");
    let server =
        Server::new(
            move |request| match request.line.split(' ').nth(1).unwrap_or_default() {
                "/metadata" => redirect(302, "http://169.254.169.254/latest/meta-data/"),
                "/number" => redirect(302, "http://2852039166/"),
                "/name" => redirect(302, "http://ten.test/"),
                "/hidden" => redirect(307, &elsewhere),
                "/file" => redirect(302, "file:///etc/passwd"),
                "/user" => redirect(302, "http://a:b@ten.test/"),
                "/circle" => redirect(302, "/circle"),
                "/relative" => redirect(302, "../there?x=1"),
                "/see" => redirect(303, "/there"),
                "/moved" => redirect(301, "/there"),
                "/same" => redirect(308, "/there"),
                "/there" => ok(&format!("{} {}", request.line, request.body)),
                "/there?x=1" => ok("relative"),
                other => panic!("unexpected {other}"),
            },
        )
        .await;
    let network = Recorder::new(&[("ten.test", &["10.0.0.1"])]);
    let sandbox = sandbox(network.clone());
    let web = load(
        &sandbox,
        "web",
        With {
            http: &[&server.url(""), "http://*"],
            ..With::default()
        },
    );
    for (path, kind) in [
        ("/metadata", "denied"),
        ("/number", "denied"),
        ("/name", "denied"),
        ("/hidden", "denied"),
        ("/file", "invalid"),
        ("/user", "invalid"),
        ("/circle", "limit"),
    ] {
        let told = call(&web, "caxton", json!({ "url": server.url(path) })).await;
        assert_eq!(told.json["error"], kind, "{path}: {told:?}");
        if path == "/hidden" {
            assert!(told.text.contains("redirected there"), "{told:?}");
        }
    }
    assert_eq!(hidden.connections(), 0);
    assert!(
        network
            .attempts()
            .iter()
            .all(|(host, _)| host == "127.0.0.1"),
        "{:?}",
        network.attempts()
    );
    for (path, body) in [
        ("/relative", "relative"),
        ("/see", "GET /there HTTP/1.1 "),
        ("/moved", "GET /there HTTP/1.1 "),
        ("/same", "POST /there HTTP/1.1 text"),
    ] {
        let told = call(
            &web,
            "caxton",
            json!({ "method": "POST", "url": server.url(path), "body": "text" }),
        )
        .await;
        assert_eq!(told.json["body"], body, "{path}: {told:?}");
        assert!(
            told.json["url"].as_str().unwrap().contains("/there"),
            "{path}: {told:?}"
        );
        assert_eq!(told.receipt.http_requests, 2, "{path}");
    }
    // As the standard has it, wasi:http does not follow.
    let told = call(&web, "wasi", json!({ "url": server.url("/metadata") })).await;
    assert_eq!(told.json["status"], 302, "{told:?}");
}

#[tokio::test]
async fn secrets_reach_their_origin_only_and_never_come_back() {
    let other = Server::new(|request| ok(&format!("{:?}", request.headers))).await;
    let to_other = other.url("/");
    let server = Server::new(move |request| {
        let key = request.header("x-api-key").unwrap_or_default();
        let bearer = request.header("authorization").unwrap_or_default();
        match request.line.split(' ').nth(1).unwrap_or_default() {
            "/leave" => redirect(307, &format!("{to_other}?leak={key}")),
            _ => {
                let body = format!("you sent {key} and {bearer}");
                format!(
                    "HTTP/1.1 200 OK\r\nx-echo: {key}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        }
    })
    .await;
    let sandbox = sandbox(Recorder::new(&[]));
    let (here, there) = (server.url(""), other.url(""));
    let secrets = [
        (here.as_str(), "x-api-key", "hunter2-hunter2"),
        (here.as_str(), "authorization", "Bearer sk-0123456789"),
    ];
    let web = load(
        &sandbox,
        "web",
        With {
            http: &[&here, &there],
            secrets: &secrets,
            ..With::default()
        },
    );
    for way in WAYS {
        let told = call(&web, way, json!({ "url": server.url("/"), "headers": [["X-API-Key", "guess"], ["authorization", "guess"]] })).await;
        assert_eq!(
            told.json["body"], "you sent *************** and ********************",
            "{way}: {told:?}"
        );
        assert!(
            !told.text.contains("hunter2") && !told.text.contains("0123456789"),
            "{way}: {told:?}"
        );
        let told = call(
            &web,
            way,
            json!({ "url": other.url("/"), "headers": [["x-own", "kept"]] }),
        )
        .await;
        assert!(
            !told.text.contains("***") && told.text.contains("x-own"),
            "{way}: {told:?}"
        );
    }
    for request in server.received() {
        assert_eq!(request.header("x-api-key"), Some("hunter2-hunter2"));
        assert_eq!(
            request.header("authorization"),
            Some("Bearer sk-0123456789")
        );
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
    let headers = [
        ["authorization", "mine"],
        ["cookie", "mine"],
        ["x-api-key", "mine"],
        ["x-own", "kept"],
    ];
    let told = call(
        &web,
        "caxton",
        json!({ "url": server.url("/leave"), "headers": headers }),
    )
    .await;
    assert!(
        !told.text.contains("hunter2"),
        "the URL that answered repeats it: {told:?}"
    );
    let seen = other.received().pop().unwrap();
    for name in ["authorization", "cookie", "x-api-key"] {
        assert_eq!(seen.header(name), None, "{seen:?}");
    }
    assert_eq!(seen.header("x-own"), Some("kept"));
}

#[tokio::test]
async fn limits_are_named_with_their_values() {
    let big = "x".repeat(3000);
    let server =
        Server::new(
            move |request| match request.line.split(' ').nth(1).unwrap_or_default() {
                "/headers" => format!(
                    "HTTP/1.1 200 OK\r\nx-big: {}\r\ncontent-length: 0\r\n\r\n",
                    "y".repeat(70_000)
                ),
                "/hop" => redirect(302, "/hop"),
                "/broken" => {
                    "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\nhalf"
                        .to_owned()
                }
                _ => ok(&big),
            },
        )
        .await;
    let sandbox = sandbox(Recorder::new(&[]));
    let limits = Overrides {
        http_requests: Some(2),
        http_bytes: Some(2000),
        ..Overrides::default()
    };
    let web = load(
        &sandbox,
        "web",
        With {
            http: &[&server.url("")],
            limits,
            ..With::default()
        },
    );
    let told = call(&web, "caxton", json!({ "url": server.url("/hop") })).await;
    let expected = "all 2 HTTP requests of the call are used up, redirects included; raise `http_requests` under [components.guest.limits]";
    assert_eq!(told.json, json!({ "error": "limit", "text": expected }));
    assert_eq!(told.receipt.http_requests, 2);
    let expected = "all 2000 bytes of HTTP bodies that the call may send and receive are used up; raise `http_bytes` under [components.guest.limits]";
    for arguments in [
        json!({ "url": server.url("/") }),
        json!({ "method": "POST", "url": server.url("/"), "body": "z".repeat(2001) }),
    ] {
        let told = call(&web, "caxton", arguments.clone()).await;
        assert_eq!(
            told.json,
            json!({ "error": "limit", "text": expected }),
            "{arguments}"
        );
    }
    let told = call(&web, "wasi", json!({ "url": server.url("/") })).await;
    assert!(
        told.text.contains("body size exceeds limit: 2000 bytes"),
        "{told:?}"
    );
    let told = call(
        &web,
        "wasi",
        json!({ "method": "POST", "url": server.url("/"), "body": "z".repeat(5000) }),
    )
    .await;
    assert!(told.is_error, "{told:?}");
    let told = call(&web, "caxton", json!({ "url": server.url("/headers") })).await;
    assert_eq!(told.json["error"], "limit", "{told:?}");
    let told = call(&web, "caxton", json!({ "url": server.url("/broken") })).await;
    assert_eq!(told.json["error"], "connection", "{told:?}");
}

#[tokio::test]
async fn a_wait_that_is_too_long_ends() {
    // The listener's backlog takes the connection; nobody answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sandbox = sandbox(Recorder::new(&[]));
    let web = load(
        &sandbox,
        "web",
        With {
            http: &[&url],
            ..With::default()
        },
    );
    let told = call(&web, "caxton", json!({ "url": url, "timeout_ms": 50 })).await;
    assert_eq!(
        told.json,
        json!({ "error": "timeout", "text": format!("`{url}` did not answer within 50ms") })
    );
    let told = call(&web, "wasi", json!({ "url": url, "timeout_ms": 50 })).await;
    assert!(told.text.contains("ConnectionReadTimeout"), "{told:?}");
    drop(listener);
    let told = call(&web, "caxton", json!({ "url": url })).await;
    assert_eq!(told.json["error"], "connection", "{told:?}");
}

#[tokio::test]
async fn https_is_not_spoken_with_who_does_not_speak_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let answered = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(ok("plain").as_bytes()).await.unwrap();
        let mut sent = Vec::new();
        let _ = stream.read_to_end(&mut sent).await;
        sent
    });
    let sandbox = sandbox(Recorder::new(&[]));
    let secrets = [(url.as_str(), "x-api-key", "hunter2-hunter2")];
    let web = load(
        &sandbox,
        "web",
        With {
            http: &[&url],
            secrets: &secrets,
            ..With::default()
        },
    );
    let told = call(&web, "caxton", json!({ "url": url })).await;
    assert_eq!(told.json["error"], "connection", "{told:?}");
    let sent = String::from_utf8_lossy(&answered.await.unwrap()).into_owned();
    assert!(
        !sent.contains("hunter2") && !sent.contains("GET"),
        "something was sent in the clear: {sent:?}"
    );
}

#[tokio::test]
async fn headers_of_the_host_are_refused() {
    let server = Server::silent().await;
    let sandbox = sandbox(Recorder::new(&[]));
    let web = load(
        &sandbox,
        "web",
        With {
            http: &[&server.url("")],
            ..With::default()
        },
    );
    for name in [
        "Host",
        "transfer-encoding",
        "connection",
        "proxy-authorization",
        "upgrade",
        "te",
    ] {
        let arguments = json!({ "url": server.url("/"), "headers": [[name, "x"]] });
        let told = call(&web, "caxton", arguments.clone()).await;
        assert_eq!(told.json["error"], "invalid", "{name}: {told:?}");
        let told = call(&web, "wasi", arguments).await;
        assert!(told.text.contains("Forbidden"), "{name}: {told:?}");
    }
    assert_eq!(server.connections(), 0);
}
