//! Sockets, TLS and HTTP: what answers look like on the wire, and how they go wrong there.

use super::{How, Reply, Shared, serve};
use futures_util::stream;
use http::StatusCode;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;
pub(super) type Answer = http::Response<Body>;

/// Serves until the task is aborted, and all connections with it.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>, tls: Option<Arc<ServerConfig>>) {
    let tls = tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Otherwise small answers wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        connections.spawn(async move {
            let service = service_fn(move |request| serve(Arc::clone(&shared), request));
            let server = auto::Builder::new(TokioExecutor::new());
            // How a connection ends is the other side's business; an error of the service ends it at once.
            match tls {
                None => drop(server.serve_connection(TokioIo::new(stream), service).await),
                Some(tls) => {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    drop(server.serve_connection(TokioIo::new(stream), service).await);
                }
            }
        });
    }
}

/// An answer that is about to be sent.
pub(super) struct Sending {
    pub(super) status: u16,
    pub(super) text: String,
    reply: Reply,
    how: Option<How>,
}

/// What is sent: the reply, or what goes wrong with it.
pub(super) fn answer(reply: Reply, how: Option<&How>) -> Sending {
    let reply = match how {
        Some(How::Answer(instead)) => instead.clone(),
        Some(How::Hang | How::Cut) => Reply::empty(0),
        // The status of a drip or a flood is a good one, as is that of a body that is cut.
        Some(_) if reply.status == 0 => Reply::text(200, "application/json", "[]"),
        _ => reply,
    };
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    Sending { status: reply.status, text, reply, how: how.cloned() }
}

impl Sending {
    pub(super) async fn send(self) -> io::Result<Answer> {
        let cut = || io::Error::from(io::ErrorKind::ConnectionAborted);
        let body = Bytes::from(self.reply.body.clone());
        let body = match self.how {
            None | Some(How::Answer(_)) => Full::new(body).map_err(|never| match never {}).boxed_unsync(),
            Some(How::Hang) => std::future::pending().await,
            Some(How::Cut) => return Err(cut()),
            Some(How::CutBody) => {
                let half = body.slice(..body.len() / 2);
                stream([Ok(half), Err(cut())])
            }
            Some(How::Drip { every }) => {
                let byte = move |()| async move {
                    tokio::time::sleep(every).await;
                    Some((Ok(Frame::data(Bytes::from_static(b" "))), ()))
                };
                StreamBody::new(stream::unfold((), byte)).boxed_unsync()
            }
            Some(How::Flood { bytes }) => {
                let chunk = Bytes::from(vec![b' '; 64 << 10]);
                let chunks = (0..bytes >> 16).map(move |_| Ok(Frame::data(chunk.clone())));
                StreamBody::new(stream::iter(chunks)).boxed_unsync()
            }
        };
        let status = StatusCode::from_u16(self.reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = http::Response::builder().status(status);
        for (name, value) in &self.reply.headers {
            response = response.header(name, value);
        }
        response.body(body).map_err(io::Error::other)
    }
}

/// A body in pieces, of which the last may be an error. Between two there is time for the first to
/// leave: an error at once would take the answer's head with it.
fn stream<const N: usize>(pieces: [io::Result<Bytes>; N]) -> Body {
    let piece = |mut pieces: std::array::IntoIter<io::Result<Bytes>, N>| async move {
        let piece = pieces.next()?;
        if piece.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some((piece.map(Frame::data), pieces))
    };
    StreamBody::new(stream::unfold(pieces.into_iter(), piece)).boxed_unsync()
}
