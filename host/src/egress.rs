//! Where a sandbox's requests leave: the allow-list, and what went wrong in the words of `wasi:http`.

use crate::grants::Grants;
use crate::network::{HttpClient, NoProxy};
use crate::resolver::Prohibited;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Error as ClientError;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

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
    let mut is_look_up = false;
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(this) = cause {
        let io = this.downcast_ref::<io::Error>();
        match io.map(io::Error::kind) {
            _ if this.is::<NoProxy>() => return Error::ConfigurationError,
            _ if this.is::<Prohibited>() => return Error::DestinationIpProhibited,
            _ if this.is::<tokio::time::error::Elapsed>() => return Error::ConnectionTimeout,
            Some(io::ErrorKind::ConnectionRefused) => return Error::ConnectionRefused,
            Some(io::ErrorKind::TimedOut) => return Error::ConnectionTimeout,
            _ => {}
        }
        if let Some(rustls::Error::InvalidCertificate(_)) = this.downcast_ref() {
            return Error::TlsCertificateError;
        }
        // A failed look-up has no type of its own, only hyper-util's text and, behind it, the system's.
        is_look_up |= this.to_string().starts_with("dns error");
        if is_look_up && this.to_string().ends_with("not known") {
            return Error::DestinationNotFound;
        }
        // An I/O error's source is that of the error within, and not that error itself.
        let within = io.and_then(io::Error::get_ref).map(|within| within as &(dyn StdError + 'static));
        cause = within.or_else(|| this.source());
    }
    if is_look_up { Error::DnsError { rcode: None, info_code: None } } else { Error::DestinationUnavailable }
}
