//! The server: plain HTTP/1.1 whose connections are bounded in number and in time.
//!
//! Without these bounds a few clients that send one byte a minute take all file descriptors of the process.

use std::{
    convert::Infallible,
    error::Error,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use http::{Request, Response};
use hyper::{
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Sleep, sleep, timeout},
};
use tower::ServiceExt;

/// Open connections at most; more wait in the listener's queue.
const CONNECTIONS: u32 = 512;
/// From a connection's last answer to the end of the next request's headers.
const HEADER_TIME: Duration = Duration::from_secs(5);
/// From the end of the headers to the end of the body.
const BODY_TIME: Duration = Duration::from_secs(10);
/// After this a connection gets no further request.
const CONNECTION_TIME: Duration = Duration::from_secs(300);
/// How long a request that has begun may go on when its connection ends.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until `stop`, and then until the requests that have begun are answered, for five seconds at most.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(usize::try_from(CONNECTIONS).unwrap_or(usize::MAX)));
    let (stopping, stopped) = watch::channel(());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            (place, stream, peer) = accept(&listener, &places) => {
                tokio::spawn(hold(place, stream, peer, router.clone(), stopped.clone()));
            }
        }
    }
    drop((listener, stopping));
    let _ = timeout(GRACE, places.acquire_many(CONNECTIONS)).await;
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (Option<OwnedSemaphorePermit>, TcpStream, SocketAddr) {
    let place = places.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (place, stream, peer),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Keeps a connection, and its place among the others, until its client or its time ends it.
async fn hold(
    _place: Option<OwnedSemaphorePermit>,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopped: watch::Receiver<()>,
) {
    let service = service_fn(move |request| answer(router.clone(), peer, request));
    let mut builder = http1::Builder::new();
    let builder = builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => {}
        () = sleep(CONNECTION_TIME) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(GRACE, connection).await;
}

async fn answer(
    router: Router,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<axum::body::Body>, Infallible> {
    let mut request = request.map(|body| axum::body::Body::new(Timely { body, end: Box::pin(sleep(BODY_TIME)) }));
    request.extensions_mut().insert(ConnectInfo(peer));
    router.oneshot(request).await
}

/// A request's body, which breaks off where its time is over.
struct Timely {
    body: Incoming,
    end: Pin<Box<Sleep>>,
}

impl Body for Timely {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if this.end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err("the body did not arrive in time".into())));
        }
        Pin::new(&mut this.body).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
