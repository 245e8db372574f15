//! A future that finds its runtime wherever it is polled.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::runtime::Handle;

pin_project! {
    /// Enters the runtime at each poll, so that a caller may wait on any executor.
    pub(crate) struct Within<F> {
        runtime: Handle,
        #[pin]
        future: F,
    }
}

impl<F> Within<F> {
    pub(crate) fn new(runtime: &Handle, future: F) -> Self {
        Self { runtime: runtime.clone(), future }
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.runtime.enter();
        this.future.poll(context)
    }
}
