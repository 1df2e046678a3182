//! How requests get out: which certificates are trusted, through which proxy, and the one pooled
//! client that all sandboxes share.
//!
//! wasmtime's own client opens a connection, and for `https` a TLS session, for every request.

use crate::resolver::PublicOnly;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tower_service::Service;
use wasmtime_wasi_http::WasiBody;

/// The pooled client; cloning it shares the pool.
pub(crate) type HttpClient = Client<InTime, WasiBody>;

/// Shorter than servers usually keep idle connections, so that it is this side that closes them, and
/// no request meets a connection that is being closed.
const IDLE: Duration = Duration::from_secs(30);

/// How long one attempt to connect may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How often an HTTP/2 connection that waits is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How requests get out of the host.
///
/// The certificates that the system trusts are always trusted; without a proxy requests go straight
/// to their server.
#[derive(Clone, Default)]
pub struct Network {
    certificates: Vec<CertificateDer<'static>>,
    proxy: Option<Arc<Matcher>>,
}

impl Network {
    /// No proxy, and no certificates but the system's.
    pub fn direct() -> Network {
        Network::default()
    }

    /// The proxy that the environment names: `HTTPS_PROXY` or `ALL_PROXY`, but for the hosts in
    /// `NO_PROXY`; each in small letters as well.
    pub fn from_environment() -> Network {
        Network { proxy: Some(Arc::new(Matcher::from_env())), ..Network::default() }
    }

    /// Reaches `https` through this proxy, which is an `http://` URL, with user and password in it
    /// where it wants them; but for the hosts in the second, a list parted by commas as in `NO_PROXY`.
    ///
    /// The proxy looks names up by itself, so that [`Grants`](crate::Grants) hold for names, and not for
    /// the addresses behind them.
    pub fn proxy(self, https: &str, but_for: &str) -> Network {
        Network { proxy: Some(Arc::new(Matcher::builder().https(https).no(but_for).build())), ..self }
    }

    /// Trusts the certificates in a PEM file, too: those of a company's own authority, or a test's.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, or has no certificate in it.
    pub fn trust(mut self, file: &Path) -> Result<Network, NoCertificate> {
        let failed = |why: String| NoCertificate { file: file.to_owned(), why };
        let pem = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let read = read.map_err(|error| failed(error.to_string()))?;
        if read.is_empty() {
            return Err(failed("it has no certificate in it".to_owned()));
        }
        // What cannot be a root would otherwise be left out without a word.
        let mut roots = RootCertStore::empty();
        for certificate in &read {
            roots.add(certificate.clone()).map_err(|error| failed(error.to_string()))?;
        }
        self.certificates.extend(read);
        Ok(self)
    }

    /// A client. A system without any certificates still gets one: plain HTTP to loopback works, and
    /// `https` says that the certificate is not trusted.
    pub(crate) fn client(&self) -> HttpClient {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.certificates.iter().cloned());
        let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let connector =
            Connector { direct: http(PublicOnly), to_proxy: HttpConnector::new(), proxy: self.proxy.clone() };
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(connector);
        let https = InTime(https);
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .build(https)
    }
}

impl fmt::Debug for Network {
    /// Without the proxy's password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (certificates, proxy) = (self.certificates.len(), self.proxy.is_some());
        f.debug_struct("Network").field("certificates", &certificates).field("proxy", &proxy).finish()
    }
}

/// A file of certificates that is none.
#[derive(Clone, Debug)]
pub struct NoCertificate {
    file: PathBuf,
    why: String,
}

impl fmt::Display for NoCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the certificates in {} cannot be trusted: {}", self.file.display(), self.why)
    }
}

impl StdError for NoCertificate {}

fn http<R>(resolver: R) -> HttpConnector<R> {
    let mut http = HttpConnector::new_with_resolver(resolver);
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT));
    http
}

/// Connects straight to a server, or through a proxy's tunnel.
#[derive(Clone)]
pub(crate) struct Connector {
    direct: HttpConnector<PublicOnly>,
    /// Whoever runs the host chose the proxy, so that it may have a private address.
    to_proxy: HttpConnector,
    proxy: Option<Arc<Matcher>>,
}

/// A proxy that cannot be used.
#[derive(Debug)]
pub(crate) struct NoProxy;

impl fmt::Display for NoProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the proxy of the host is no http:// proxy")
    }
}

impl StdError for NoProxy {}

type BoxError = Box<dyn StdError + Send + Sync>;

impl Service<http::Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: http::Uri) -> Self::Future {
        // Plain HTTP goes to loopback only, where no proxy has any business.
        let is_https = to.scheme() == Some(&http::uri::Scheme::HTTPS);
        let proxy = self.proxy.as_ref().filter(|_| is_https).and_then(|proxy| proxy.intercept(&to));
        let Some(proxy) = proxy else {
            let connecting = self.direct.call(to);
            return Box::pin(async { Ok(connecting.await?) });
        };
        if proxy.uri().scheme_str() != Some("http") {
            return Box::pin(async { Err(NoProxy.into()) });
        }
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone());
        if let Some(login) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(login.clone());
        }
        let connecting = tunnel.call(to);
        Box::pin(async { Ok(connecting.await?) })
    }
}

/// Connects within [`CONNECT`], the proxy's answer and TLS included, which have no limit of their own.
#[derive(Clone)]
pub(crate) struct InTime(HttpsConnector<Connector>);

impl Service<http::Uri> for InTime {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: http::Uri) -> Self::Future {
        let connecting = self.0.call(to);
        Box::pin(async { tokio::time::timeout(CONNECT, connecting).await? })
    }
}
