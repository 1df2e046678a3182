//! The host library's way out over real sockets: TLS with a certificate authority of its own, HTTP/2,
//! proxies, and connections that end when they like.

use crate::engine;
use rustls::ServerConfig;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use usher_host::{Account, Answer, Change, Connection, FailureKind, Grants, Network};
use usher_host_test::mock::world::{ADMIN_EMAIL, API_TOKEN};
use usher_host_test::mock::{Fault, How, Mock, Options};
use usher_host_test::tls::Authority;

fn authority(name: &str) -> Authority {
    Authority::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem")))
}

fn network(ca: &Authority) -> Network {
    Network::direct().trust(ca.file()).unwrap()
}

async fn mock(tls: Arc<ServerConfig>) -> Mock {
    Mock::start(Options { tls: Some(tls), ..Options::default() }).await.unwrap()
}

/// Finds somebody through this network, in one try.
async fn find(way: &Network, url: &str) -> Answer<Account> {
    let grants = Grants::new().host(url).unwrap().variable("USHER_RETRIES", "0").variable("USHER_DEADLINE_MS", "5000");
    let mut sandbox = engine().clone().network(way).sandbox(grants);
    sandbox.find_account(&Connection::site(url, ADMIN_EMAIL, API_TOKEN), "liam@acme.example").await
}

#[tokio::test]
async fn a_server_is_trusted_by_a_certificate_file_and_spoken_to_in_http_2_where_it_can() {
    let ca = authority("trusted");
    for (is_http2, version) in [(true, http::Version::HTTP_2), (false, http::Version::HTTP_11)] {
        let mock = mock(ca.server("localhost", is_http2, 2999)).await;
        let grants = Grants::new().host(&mock.url()).unwrap();
        let mut sandbox = engine().clone().network(&network(&ca)).sandbox(grants);
        let connection = Connection::site(mock.url(), ADMIN_EMAIL, API_TOKEN);
        for _ in 0..5 {
            let added = sandbox.add_to_group(&connection, "engineering", "liam@acme.example").await.unwrap();
            assert_eq!(added.unwrap().group.name, "engineering");
        }
        assert!(mock.exchanges().iter().all(|exchange| exchange.version == version));
        assert_eq!(mock.connections(), 1, "{version:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_not_of_that_name_or_too_old_stops_before_anything_is_sent() {
    let (ca, other) = (authority("one"), authority("other"));
    for (way, name, until) in [
        (Network::direct(), "localhost", 2999),
        (network(&other), "localhost", 2999),
        (network(&ca), "acme.atlassian.net", 2999),
        (network(&ca), "localhost", 2021),
    ] {
        let mock = mock(ca.server(name, true, until)).await;
        let failure = find(&way, &mock.url()).await.unwrap().unwrap_err();
        assert_eq!((failure.kind, failure.change), (FailureKind::Unavailable, Change::NotApplied));
        assert!(failure.message.contains("certificate is not trusted"), "{}", failure.message);
        assert!(mock.exchanges().is_empty());
    }
}

#[test]
fn a_file_without_certificates_is_refused_by_its_name() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("empty.pem");
    std::fs::write(&file, "nothing").unwrap();
    for file in [file, PathBuf::from("/nonexistent.pem")] {
        let refused = Network::direct().trust(&file).unwrap_err().to_string();
        assert!(refused.contains(file.to_str().unwrap()), "{refused}");
    }
}

#[tokio::test]
async fn a_server_that_stops_anywhere_on_the_way_ends_a_call_at_its_deadline() {
    let deadline = Duration::from_millis(400);
    let ca = authority("silent");
    // It takes the connection, and then not even TLS.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let before_tls = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    let mock = mock(ca.server("localhost", true, 2999)).await;
    for _ in 0..8 {
        mock.fault("/user/search", Fault::before(How::Hang));
    }
    for url in [before_tls, mock.url()] {
        let grants = Grants::new().host(&url).unwrap().variable("USHER_DEADLINE_MS", deadline.as_millis().to_string());
        let mut sandbox = engine().clone().network(&network(&ca)).sandbox(grants);
        let start = Instant::now();
        let connection = Connection::site(&url, ADMIN_EMAIL, API_TOKEN);
        let failure = sandbox.find_account(&connection, "liam@acme.example").await.unwrap().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout);
        assert!(start.elapsed() < deadline + Duration::from_secs(1), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_over_tls_is_lost_and_asked_for_again() {
    let ca = authority("cut");
    for is_http2 in [true, false] {
        let mock = mock(ca.server("localhost", is_http2, 2999)).await;
        mock.fault("/user/search", Fault::after(How::CutBody));
        let failure = find(&network(&ca), &mock.url()).await.unwrap().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unavailable, "{}", failure.message);
        mock.fault("/user/search", Fault::after(How::Cut));
        let grants = Grants::new().host(&mock.url()).unwrap();
        let mut sandbox = engine().clone().network(&network(&ca)).sandbox(grants);
        let connection = Connection::site(mock.url(), ADMIN_EMAIL, API_TOKEN);
        assert!(sandbox.find_account(&connection, "liam@acme.example").await.unwrap().is_ok());
    }
}

/// A proxy that knows `CONNECT` and nothing else, and keeps what it was asked.
struct Proxy {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let keep = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                let keep = Arc::clone(&keep);
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(from.read_u8().await.unwrap());
                    }
                    let head = String::from_utf8(head).unwrap();
                    let to = head.split(' ').nth(1).unwrap().to_owned();
                    keep.lock().unwrap().push(head);
                    let mut to = TcpStream::connect(to).await.unwrap();
                    from.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
            }
        });
        Proxy { address, asked }
    }
}

#[tokio::test]
async fn https_goes_through_the_proxy_but_for_the_hosts_that_need_none() {
    let ca = authority("proxied");
    let mock = mock(ca.server("localhost", true, 2999)).await;
    let proxy = Proxy::start().await;
    let url = format!("http://mia:s3cret@{}", proxy.address);
    let proxied = network(&ca).proxy(&url, "");
    assert!(!format!("{proxied:?}").contains("s3cret"));
    assert!(find(&proxied, &mock.url()).await.unwrap().is_ok());
    let asked = proxy.asked.lock().unwrap().clone();
    let (head, host) = (&asked[0], mock.url().replace("https://", ""));
    assert!(asked.len() == 1 && head.starts_with(&format!("CONNECT {host} ")), "{asked:?}");
    assert!(head.to_lowercase().contains("proxy-authorization: basic bwlhonmzy3jlda=="), "{head}");

    let but_for_localhost = network(&ca).proxy(&url, "localhost,example.com");
    assert!(find(&but_for_localhost, &mock.url()).await.unwrap().is_ok());
    assert_eq!(proxy.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used_is_never_gone_around() {
    let ca = authority("around");
    let mock = mock(ca.server("localhost", true, 2999)).await;
    for proxy in ["http://127.0.0.1:1", "socks5://127.0.0.1:1"] {
        let failure = find(&network(&ca).proxy(proxy, ""), &mock.url()).await.unwrap().unwrap_err();
        assert_eq!((failure.kind, failure.change), (FailureKind::Unavailable, Change::NotApplied), "{proxy}");
    }
    assert!(mock.exchanges().is_empty());
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_it_was_idle_is_not_taken_for_a_lost_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    // Each connection answers once, says nothing of its end, and closes a moment later.
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                if stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    counted.fetch_add(1, Ordering::Relaxed);
                    let body = r#"{"groupId":"1","name":"engineering"}"#;
                    let answer = format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(30)).await;
                }
            });
        }
    });
    let grants = Grants::new().host(&url).unwrap().variable("USHER_RETRIES", "0");
    let mut sandbox = engine().sandbox(grants);
    let connection = Connection::site(&url, ADMIN_EMAIL, API_TOKEN);
    for _ in 0..20 {
        let added = sandbox.add_to_group(&connection, "engineering", "5b10a2844c20165700ede202").await.unwrap();
        assert!(added.is_ok(), "{added:?}");
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    assert_eq!(requests.load(Ordering::Relaxed), 20);
}
