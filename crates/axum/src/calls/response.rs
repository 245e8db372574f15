//! Calls of whoever responds to a leak or a theft.

use serde_json::json;
use service_accounts::{Call as May, access::Permission, store::Store};

use crate::{
    api::incidents,
    call::Call,
    examples,
    problems::{NAME_TAKEN, TOO_MANY_TOKENS},
    wire::{
        incident::{
            ContainRequest, ContainedAccountView, ContainedTokenView, IncidentId, IncidentView, LeakReportView,
            LeakRequest, NoteRequest,
        },
        page::PageQuery,
    },
};

/// Containment, incidents and leaks.
pub(crate) fn incidents<S: Store + 'static, P: Permission>() -> Vec<Call<S, P>> {
    vec![
        Call::post("/api/v1/service-accounts/{id}/contain", "containAccount", incidents::contain_account)
            .summary("Revoke every credential of an account in one step, and open an incident")
            .administers(May::ContainAccount)
            .takes::<ContainRequest>(examples::contain())
            .answers::<ContainedAccountView<'_>>(201, "The incident.", examples::incident()),
        Call::post("/api/v1/service-accounts/{id}/tokens/{token_id}/contain", "containToken", incidents::contain_token)
            .summary("Revoke a token and what it has made of itself, and open an incident")
            .administers(May::ContainToken)
            .takes::<ContainRequest>(examples::contain())
            .answers::<ContainedTokenView<'_>>(201, "The incident.", examples::incident())
            .fails_with(&[NAME_TAKEN, TOO_MANY_TOKENS]),
        Call::get("/api/v1/incidents", "listIncidents", incidents::list)
            .summary("List incidents in the order of their opening")
            .administers(May::Review)
            .query::<PageQuery<IncidentId>>()
            .lists::<IncidentView<'_>>(examples::incident()),
        Call::get("/api/v1/incidents/{incident_id}", "getIncident", incidents::show)
            .summary("Show an incident")
            .administers(May::Review)
            .answers::<IncidentView<'_>>(200, "The incident.", examples::incident()),
        Call::post("/api/v1/incidents/{incident_id}/notes", "noteIncident", incidents::note)
            .summary("Write something down about an incident")
            .administers(May::Review)
            .takes::<NoteRequest>(json!({ "text": "the warehouse password was changed" }))
            .answers::<IncidentView<'_>>(200, "The incident as it is now.", examples::incident()),
        Call::post("/api/v1/leaks", "reportLeak", incidents::report_leak)
            .summary("Revoke every credential of ours in a text; nothing of the text is repeated or kept")
            .administers(May::ReportLeak)
            .takes::<LeakRequest>(json!({ "text": "export TOKEN=acme_sat_…" }))
            .answers::<LeakReportView<'_>>(200, "What was found, by hints.", examples::leak_report()),
    ]
}
