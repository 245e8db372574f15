//! Alerts, seals and exports of the trail.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};
use service_accounts::{
    ExportForm, TrailSeal,
    audit::{detect::Alert, seal::Inclusion},
    store::DocumentId,
};
use time::UtcDateTime;
use utoipa::{IntoParams, ToSchema};

use super::{
    instant::Instant,
    page::{Cursor, Limit},
};

/// Where a page of alerts or seals ended.
pub(crate) struct TrailCursor(pub(crate) DocumentId);

impl<'de> Deserialize<'de> for TrailCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DocumentId::parse(&String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Which alerts to show.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertQuery {
    /// From this instant on.
    #[param(value_type = String, format = DateTime, required = false)]
    since: Option<Instant>,
    /// The `next_cursor` of the page before.
    #[param(value_type = String, required = false)]
    cursor: Option<Cursor<TrailCursor>>,
    /// How many a page holds.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50, required = false)]
    pub(crate) limit: Limit,
}

/// Both bounds count, and the later one decides.
impl AlertQuery {
    pub(crate) fn since(&self) -> Option<UtcDateTime> {
        self.since.as_ref().map(|since| since.0)
    }

    pub(crate) fn after(&self) -> Option<&DocumentId> {
        self.cursor.as_ref().map(|cursor| &cursor.0.0)
    }
}

/// Something that a person should look at.
#[derive(Serialize, ToSchema)]
#[schema(as = Alert)]
pub(crate) struct AlertView<'a> {
    /// What was noticed, such as `unfamiliar_network`.
    kind: &'static str,
    /// Whom it is about: a network, account, token or actor, as the kind says.
    subject: &'a str,
    /// When the evidence was complete.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// The place of the first event of the evidence in the trail.
    first_event: i64,
    /// The place of the last event of the evidence.
    last_event: i64,
    /// How many accesses the evidence counts.
    count: u32,
    /// The account of the last event.
    account: Option<&'a str>,
    /// The token of the last event.
    token: Option<&'a str>,
    /// The address of the last event.
    #[schema(value_type = Option<String>)]
    address: Option<IpAddr>,
}

/// The places of the first and last event lead to the evidence.
impl<'a> From<&'a Alert> for AlertView<'a> {
    fn from(alert: &'a Alert) -> Self {
        Self {
            kind: alert.kind.as_str(),
            subject: alert.subject.as_str(),
            at: Instant(alert.at),
            first_event: alert.first.number(),
            last_event: alert.last.number(),
            count: alert.count,
            account: alert.account.as_ref().map(|label| label.as_str()),
            token: alert.token.as_ref().map(|label| label.as_str()),
            address: alert.address,
        }
    }
}

/// A closed segment of the trail, which cannot be edited unseen.
#[derive(Serialize, ToSchema)]
#[schema(as = Seal)]
pub(crate) struct SealView {
    /// Its number in the chain.
    number: u64,
    /// When the segment was closed.
    #[schema(value_type = String, format = DateTime)]
    sealed_at: Instant,
    /// The place of the segment's first event in the trail.
    first_event: i64,
    /// The place of its last event.
    last_event: i64,
    /// How many events it holds.
    count: usize,
    /// The root of the Merkle tree over its events, in hexadecimal digits.
    root: String,
    /// The HMAC over the root and the seal before, in hexadecimal digits.
    tag: String,
}

/// Digests are told in hexadecimal digits, as the exported file has them.
impl From<&TrailSeal> for SealView {
    fn from(TrailSeal { sealed_at, seal }: &TrailSeal) -> Self {
        Self {
            number: seal.number(),
            sealed_at: Instant(*sealed_at),
            first_event: seal.first().number(),
            last_event: seal.last().number(),
            count: seal.count(),
            root: seal.root().to_string(),
            tag: seal.tag().to_string(),
        }
    }
}

/// One event, the seal over it, and the way from the one to the other: what the offline verifier takes.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct InclusionView(pub(crate) Inclusion);

/// The schema of [`InclusionView`].
#[derive(ToSchema)]
#[schema(as = Inclusion)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct InclusionShape {
    /// The event with its place, as a line of the export has it.
    #[schema(value_type = Object)]
    event: (),
    /// The seal of its segment, as a line of the export has it.
    #[schema(value_type = Object)]
    seal: (),
    /// The way from the event's line to the root in the seal.
    proof: ProofShape,
}

/// A way through a Merkle tree (RFC 6962 §2.1.1).
#[derive(ToSchema)]
#[schema(as = Proof)]
#[expect(dead_code, reason = "only its schema is used")]
struct ProofShape {
    /// The place of the event within its segment, from 0.
    index: u32,
    /// How many events the segment has.
    count: u32,
    /// The hashes beside the way, from the event upwards, in hexadecimal digits.
    path: Vec<String>,
}

/// How the trail is written as a file.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `jsonl`, with the seals, for the verifier and for programs; or `csv`, for spreadsheets.
    #[serde(default)]
    #[param(inline, required = false)]
    format: FormatShape,
}

/// The form of an exported trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FormatShape {
    #[default]
    Jsonl,
    Csv,
}

impl ExportQuery {
    pub(crate) const fn form(&self) -> ExportForm {
        match self.format {
            FormatShape::Jsonl => ExportForm::JsonLines,
            FormatShape::Csv => ExportForm::Csv,
        }
    }

    /// JSON Lines has no registered type; this one is what its users send.
    pub(crate) const fn media_type(&self) -> &'static str {
        match self.format {
            FormatShape::Jsonl => "application/jsonl",
            FormatShape::Csv => "text/csv; charset=utf-8",
        }
    }
}
