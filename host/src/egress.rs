//! Where the sandbox's requests leave: the allow-list, and one pooled client for all sandboxes.
//!
//! wasmtime's own client opens a connection, and for `https` a TLS session, for every request.

use crate::grants::Grants;
use crate::resolver::{Prohibited, PublicOnly};
use http_body_util::BodyExt as _;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// The pooled client; cloning it shares the pool.
pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector<PublicOnly>>, WasiBody>;

/// Shorter than servers usually keep idle connections, so that it is this side that closes them.
const IDLE: Duration = Duration::from_secs(30);

/// How long one attempt to connect may take.
const CONNECT: Duration = Duration::from_secs(10);

/// A client that trusts the certificates the system trusts.
///
/// A system without any still gets a client: plain HTTP to loopback works, and `https` says that
/// the certificate is not trusted.
pub(crate) fn http_client() -> HttpClient {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let mut http = HttpConnector::new_with_resolver(PublicOnly);
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT));
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).pool_timer(TokioTimer::new()).build(https)
}

/// One sandbox's way out.
pub(crate) struct Egress {
    client: HttpClient,
    grants: Arc<Grants>,
    /// How many requests left, for who wants to know.
    pub(crate) sent: Arc<AtomicU32>,
}

impl Egress {
    pub(crate) fn new(client: HttpClient, grants: Arc<Grants>, sent: Arc<AtomicU32>) -> Egress {
        Egress { client, grants, sent }
    }
}

type Finished = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Egress {
    fn send_request(
        &mut self,
        mut request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Finished,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Finished), Error>> + Send> {
        let Some(host) = self.grants.allowed(request.uri()) else {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        };
        if let Some(authorization) = host.authorization.clone() {
            request.headers_mut().insert(http::header::AUTHORIZATION, authorization);
        }
        self.sent.fetch_add(1, Ordering::Relaxed);
        let answer = self.client.request(request);
        // The time between bytes is left to the component's own deadline, which covers it.
        let limit = options.and_then(|options| options.first_byte_timeout);
        Box::new(async move {
            let answer = match limit {
                Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|_| Error::HttpResponseTimeout)?,
                None => answer.await,
            };
            let answer = answer.map_err(|error| error_code(&error))?;
            let finished: Finished = Box::new(async { Ok(()) });
            Ok((answer.map(|body| body.map_err(Error::Hyper).boxed_unsync()), finished))
        })
    }
}

/// What went wrong, in the words of `wasi:http`. Only what fails while connecting is said in words
/// that mean that the request never left.
fn error_code(error: &ClientError) -> Error {
    if !error.is_connect() {
        return Error::ConnectionTerminated;
    }
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(this) = cause {
        if let Some(io) = this.downcast_ref::<io::Error>() {
            let inner = io.get_ref();
            match io.kind() {
                _ if inner.is_some_and(|inner| inner.is::<Prohibited>()) => return Error::DestinationIpProhibited,
                _ if inner.is_some_and(|inner| inner.is::<rustls::Error>()) => return Error::TlsCertificateError,
                io::ErrorKind::ConnectionRefused => return Error::ConnectionRefused,
                io::ErrorKind::TimedOut => return Error::ConnectionTimeout,
                _ => {}
            }
        }
        // hyper-util gives a failed look-up no type of its own, only this text.
        if this.to_string().starts_with("dns error") {
            return Error::DnsError { rcode: None, info_code: None };
        }
        cause = this.source();
    }
    Error::DestinationUnavailable
}
