//! One attempt: a request, and what its answer means.

use std::{error::Error, future::poll_fn, panic::AssertUnwindSafe, time::Duration};

use bytes::{Buf, Bytes};
use futures_util::{
    FutureExt,
    future::{Either, select},
};
use http::{Request, Response, header::CONTENT_TYPE};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use service_accounts::{Failure, Message, Outcome, Signing, Targets};
use tower_service::Service;

use crate::Timer;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The name leads to no address that the host allows; a client says so with this error, or with it among the sources of its own.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name leads to no address that is allowed")]
pub struct TargetRefused;

/// Limits of one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) answer: usize,
}

/// Sends a message, and waits for the whole answer, for a limited time.
pub(crate) async fn attempt<C, B, T>(
    client: &mut C,
    timer: &T,
    limits: Limits,
    targets: Targets,
    (message, signing): (&Message, Signing),
) -> Outcome
where
    C: Service<Request<Full<Bytes>>, Response = Response<B>>,
    C::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
    T: Timer,
{
    message.url().check(targets).map_err(|_| Failure::TargetRefused)?;
    let request = request(message, &signing).ok_or(Failure::TargetRefused)?;
    let exchange = caught(exchange(client, request, limits.answer));
    let (exchange, end) = (Box::pin(exchange), Box::pin(timer.sleep(limits.time)));
    match select(exchange, end).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(((), _)) => Err(Failure::TimedOut),
    }
}

/// A panic of the client as a failed attempt: it would end the deliveries to everybody.
async fn caught(exchange: impl Future<Output = Outcome>) -> Outcome {
    AssertUnwindSafe(exchange).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(target: "service_accounts::webhook", "the HTTP client panicked");
        Err(Failure::Connection)
    })
}

fn request(message: &Message, signing: &Signing) -> Option<Request<Full<Bytes>>> {
    Request::post(message.url().as_str())
        .header(CONTENT_TYPE, "application/json")
        .header("user-agent", concat!("service-accounts-webhook/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", message.id())
        .header("webhook-timestamp", signing.timestamp)
        .header("webhook-signature", &signing.signatures)
        .body(Full::from(Bytes::copy_from_slice(message.body().as_bytes())))
        .ok()
}

async fn exchange<C, B>(client: &mut C, request: Request<Full<Bytes>>, most: usize) -> Outcome
where
    C: Service<Request<Full<Bytes>>, Response = Response<B>>,
    C::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    let failed = |error: C::Error| {
        let error = error.into();
        if is_refused(error.as_ref()) { Failure::TargetRefused } else { Failure::Connection }
    };
    poll_fn(|cx| client.poll_ready(cx)).await.map_err(failed)?;
    let response = client.call(request).await.map_err(failed)?;
    let status = response.status();
    if !status.is_success() {
        return Err(Failure::Status(status.as_u16()));
    }
    read_to_the_end(response.into_body(), most).await
}

/// An answer that breaks off may come from a receiver that broke down before it kept the message.
async fn read_to_the_end<B: Body>(body: B, most: usize) -> Outcome {
    let (mut body, mut read) = (Box::pin(body), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::Connection)?;
        read = read.saturating_add(frame.data_ref().map_or(0, Buf::remaining));
        if read > most {
            // What follows says nothing that is asked for, and the connection ends with the body.
            return Ok(());
        }
    }
    Ok(())
}

fn is_refused(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(present) = cause {
        if present.is::<TargetRefused>() {
            return true;
        }
        cause = present.source();
    }
    false
}
