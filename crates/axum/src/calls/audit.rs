//! The audit trail.

use service_accounts::{Call as May, access::Permission, store::Store};

use crate::{
    api::{audit, trail},
    call::Call,
    examples,
    wire::{
        event::{AuditQuery, EventView},
        page::PageQuery,
        trail::{AlertQuery, AlertView, ExportQuery, InclusionShape, SealView, TrailCursor},
    },
};

/// The audit trail, and what is made of it.
pub(crate) fn audit<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::get("/api/v1/audit", "listEvents", audit::list)
            .summary("Read the audit trail")
            .administers(May::ReadTrail)
            .query::<AuditQuery>()
            .lists::<EventView>(examples::event()),
        Call::get("/api/v1/audit/export", "exportTrail", trail::export)
            .summary("Write the whole trail as a file; the trail tells of it")
            .administers(May::ReadTrail)
            .query::<ExportQuery>()
            .answers_text("application/jsonl", "The trail, one event a line, its seals among them.", examples::EXPORT)
            .also_as("text/csv", examples::EXPORT_TABLE),
        Call::get("/api/v1/audit/seals", "listSeals", trail::seals)
            .summary("List the seals of the trail in the order of their chain")
            .administers(May::ReadTrail)
            .query::<PageQuery<TrailCursor>>()
            .lists::<SealView>(examples::seal()),
        Call::get("/api/v1/audit/events/{sequence}/proof", "proveEvent", trail::proof)
            .summary("Show that one event stands in the sealed trail")
            .administers(May::ReadTrail)
            .answers::<InclusionShape>(200, "The event, its seal, and the way between.", examples::inclusion()),
        Call::get("/api/v1/alerts", "listAlerts", trail::alerts)
            .summary("List what the detectors raised and which subscriptions stopped, in the order of time")
            .administers(May::ReadTrail)
            .query::<AlertQuery>()
            .lists::<AlertView<'_>>(examples::alert()),
    ]
}
