//! Everything that is traced while something runs, at every level.

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Runs `work` and hands back all that it traced, as text.
pub(crate) fn traced(work: impl FnOnce()) -> String {
    let capture = Capture::default();
    let text = capture.0.clone();
    tracing::subscriber::with_default(capture, work);
    Arc::into_inner(text).unwrap().into_inner().unwrap()
}

#[derive(Default)]
struct Capture(Arc<Mutex<String>>);

impl Capture {
    fn keep(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Lines)) {
        let mut lines = Lines(format!("{} {} {}\n", metadata.level(), metadata.target(), metadata.name()));
        record(&mut lines);
        self.0.lock().unwrap().push_str(&lines.0);
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.keep(span.metadata(), |lines| span.record(lines));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut lines = Lines(String::new());
        values.record(&mut lines);
        self.0.lock().unwrap().push_str(&lines.0);
    }

    fn event(&self, event: &Event<'_>) {
        self.keep(event.metadata(), |lines| event.record(lines));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Lines(String);

impl Visit for Lines {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "  {field} = {value:?}").unwrap();
    }
}
