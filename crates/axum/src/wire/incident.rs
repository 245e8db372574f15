//! Incidents and leaks.

use serde::{Deserialize, Serialize};
use service_accounts::{
    Contained, Incident, IncidentNote, LeakReport, LeakedToken, Note, RegeneratedSecret, ServiceAccounts, Successor,
    access::Permission,
    audit::Label,
    naming::AccountId,
    store::{DocumentId, Store, SystemName},
    token::{Hint, TokenId},
};
use utoipa::ToSchema;

use super::{
    event::EventView,
    instant::Instant,
    policy::{FindingView, findings},
    token::MintedView,
};

/// What is to be contained, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Contain)]
pub(crate) struct ContainRequest {
    /// One line of 1 to 1,000 characters.
    #[serde(deserialize_with = "note")]
    #[schema(value_type = String, min_length = 1, max_length = 1000, example = "its token stood in a public log")]
    pub(crate) reason: Note,
    /// Whether another credential is made in the same call: of a token another token of the same rights, of an account a
    /// client secret.
    #[serde(default)]
    pub(crate) successor: bool,
}

impl ContainRequest {
    /// Of an account the same field asks for a client secret, which the handler sees to.
    pub(crate) const fn successor(&self) -> Successor {
        if self.successor { Successor::Minted } else { Successor::None }
    }
}

/// A note to an incident.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncidentNoteText)]
pub(crate) struct NoteRequest {
    /// One line of 1 to 1,000 characters.
    #[serde(deserialize_with = "note")]
    #[schema(value_type = String, min_length = 1, max_length = 1000, example = "the warehouse password was changed")]
    pub(crate) text: Note,
}

/// The message says what a note is, and nothing of the text.
fn note<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Note, D::Error> {
    Note::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Behind which incident a page starts.
pub(crate) struct IncidentId(pub(crate) DocumentId);

impl<'de> Deserialize<'de> for IncidentId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DocumentId::parse(&String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

/// Text that somebody found in the open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeakedText)]
pub(crate) struct LeakRequest {
    /// Any text, such as a log or a page.
    #[schema(example = "export TOKEN=acme_sat_…")]
    pub(crate) text: String,
}

/// A token or a whole account that was contained, with what somebody has to know who cleans up.
#[derive(Serialize, ToSchema)]
#[schema(as = Incident)]
pub(crate) struct IncidentView<'a> {
    /// Its id.
    id: &'a str,
    /// The account that was contained, or whose token was.
    #[schema(value_type = String)]
    account: &'a AccountId,
    /// The token that was contained; null if the whole account was.
    token: Option<&'a str>,
    /// Why, in the words of whoever contained it.
    #[schema(value_type = String)]
    reason: &'a str,
    /// Who contained it.
    #[schema(value_type = String)]
    opened_by: &'a Label,
    /// When it was contained.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Instant,
    /// The credentials that stopped working by it, at most 200 of each kind.
    revoked: Vec<&'a str>,
    /// The token that took the place of the contained one.
    successor: Option<&'a str>,
    /// What the account did, the latest first: its own changes, not its accesses.
    did: Vec<EventView>,
    /// The systems that the account connects, whose credentials may be known to whoever had the token.
    #[schema(value_type = Vec<String>)]
    systems_to_rotate: &'a [SystemName],
    /// What people wrote down, the oldest first.
    notes: Vec<NoteView<'a>>,
}

/// What somebody wrote down.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentNote)]
struct NoteView<'a> {
    /// Who wrote it.
    #[schema(value_type = String)]
    by: &'a Label,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// One line of 1 to 1,000 characters.
    text: &'a str,
}

impl<'a> From<&'a IncidentNote> for NoteView<'a> {
    fn from(note: &'a IncidentNote) -> Self {
        Self { by: &note.by, at: Instant(note.at), text: note.text.as_str() }
    }
}

/// What the account did is shown as events, in the shape that the trail has.
impl<'a> From<&'a Incident> for IncidentView<'a> {
    fn from(incident: &'a Incident) -> Self {
        Self {
            id: incident.id.as_str(),
            account: &incident.account,
            token: incident.token.as_ref().map(TokenId::as_str),
            reason: incident.reason.as_str(),
            opened_by: &incident.opened_by,
            opened_at: Instant(incident.opened_at),
            revoked: incident.revoked.iter().map(TokenId::as_str).collect(),
            successor: incident.successor.as_ref().map(TokenId::as_str),
            did: incident.did.iter().map(EventView::from).collect(),
            systems_to_rotate: &incident.systems_to_rotate,
            notes: incident.notes.iter().map(NoteView::from).collect(),
        }
    }
}

/// A contained token, with the one sight of its successor.
#[derive(Serialize, ToSchema)]
#[schema(as = ContainedToken)]
pub(crate) struct ContainedTokenView<'a> {
    #[serde(flatten)]
    incident: IncidentView<'a>,
    /// The successor, if one was asked for. Its text is shown here and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MintedView, required = false)]
    new_token: Option<MintedView<'a>>,
}

/// The successor's text stands beside the incident and not in it: an incident is read again, a text is not.
impl<'a> ContainedTokenView<'a> {
    pub(crate) fn new<S: Store, P: Permission>(accounts: &ServiceAccounts<S, P>, contained: &'a Contained) -> Self {
        let new_token = contained.successor.as_ref().map(|minted| MintedView::new(accounts, minted));
        Self { incident: IncidentView::from(&contained.incident), new_token }
    }
}

/// A contained account.
#[derive(Serialize, ToSchema)]
#[schema(as = ContainedAccount)]
pub(crate) struct ContainedAccountView<'a> {
    #[serde(flatten)]
    incident: IncidentView<'a>,
    /// The new client secret, if one was asked for. It is shown here and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    client_secret: Option<&'a str>,
    /// What soft rules of policies object to in the account that gets a new client secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<FindingView<'a>>,
}

impl<'a> ContainedAccountView<'a> {
    pub(crate) fn new(incident: &'a Incident, regenerated: Option<&'a RegeneratedSecret>) -> Self {
        Self {
            incident: incident.into(),
            client_secret: regenerated.map(|regenerated| regenerated.secret.expose()),
            warnings: regenerated.map_or_else(Vec::new, |regenerated| findings(&regenerated.warnings)),
        }
    }
}

/// What a report of leaked text found; nothing of the text is in it.
#[derive(Serialize, ToSchema)]
#[schema(as = LeakReport)]
pub(crate) struct LeakReportView<'a> {
    /// The genuine credentials, all of which are revoked.
    tokens: Vec<LeakedView<'a>>,
    /// How many texts look like credentials of ours and are none.
    strangers: usize,
    /// Whether there was more than is looked at; report the rest of the text again.
    is_cut: bool,
}

/// A genuine credential that stood in the text.
#[derive(Serialize, ToSchema)]
#[schema(as = LeakedToken)]
struct LeakedView<'a> {
    /// The account that it belongs to.
    #[schema(value_type = String)]
    account: &'a AccountId,
    /// Its obfuscated form, to recognise it by.
    #[schema(value_type = String)]
    hint: Hint,
    /// Whether it worked until this report.
    was_working: bool,
}

impl<'a> From<&'a LeakedToken> for LeakedView<'a> {
    fn from(leaked: &'a LeakedToken) -> Self {
        Self { account: &leaked.account, hint: leaked.hint, was_working: leaked.was_working }
    }
}

/// Hints only: whoever reports has the text already, and the answer may be kept.
impl<'a> From<&'a LeakReport> for LeakReportView<'a> {
    fn from(report: &'a LeakReport) -> Self {
        let tokens = report.tokens.iter().map(LeakedView::from).collect();
        Self { tokens, strangers: report.strangers, is_cut: report.is_cut }
    }
}
