//! Reviews.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use service_accounts::{
    Note, OpenedReview, ReviewKey, ReviewPack, ReviewScope,
    audit::Label,
    lifecycle::{Attestation, ReviewDecision, ReviewDelta, ReviewQuestion, ReviewRow, ReviewedKind},
    naming::AccountId,
    store::{DocumentId, Owner},
};
use utoipa::ToSchema;

use super::{instant::Instant, page::Limit};

/// What to review: a page of the accounts, with their tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpenReview)]
pub(crate) struct ReviewRequest {
    /// Only accounts of this owner.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    owner: Option<Owner>,
    /// The `next` of the review before; left out, from the start.
    #[serde(default, deserialize_with = "next_of_a_review")]
    #[schema(value_type = Option<String>)]
    after: Option<AccountId>,
    /// Who is still there to answer for accounts; left out, every owner counts as there.
    #[serde(default)]
    owners: Option<Vec<String>>,
    /// How many accounts.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 1, maximum = 200, default = 50, required = false)]
    pub(crate) limit: Limit,
}

/// Two reviews are of one scope, and so compared, where owner and start are the same.
impl From<ReviewRequest> for ReviewScope {
    fn from(asked: ReviewRequest) -> Self {
        let owners = asked.owners.map(|owners| owners.into_iter().collect());
        Self { owner: asked.owner, after: asked.after, owners }
    }
}

fn next_of_a_review<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AccountId>, D::Error> {
    Option::deserialize(deserializer).map_err(|_| serde::de::Error::custom("pass the `next` of the review before"))
}

/// Behind which review a page starts.
pub(crate) struct ReviewCursor(pub(crate) DocumentId);

impl<'de> Deserialize<'de> for ReviewCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DocumentId::parse(&String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A decision about one account or token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Attest)]
pub(crate) struct AttestRequest {
    /// The `key` of a row.
    #[serde(deserialize_with = "key")]
    #[schema(value_type = String, example = "pipeline_automation@service/0123456789abcdef")]
    pub(crate) key: ReviewKey,
    /// What is to become of the row.
    pub(crate) decision: DecisionShape,
    /// One line of 1 to 1,000 characters.
    #[serde(default, deserialize_with = "note")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub(crate) note: Option<Note>,
}

/// What becomes of it. To revoke is to say so; revoking is another call.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewDecision, rename_all = "snake_case")]
pub(crate) enum DecisionShape {
    Keep,
    Change,
    Revoke,
}

impl From<DecisionShape> for ReviewDecision {
    fn from(shape: DecisionShape) -> Self {
        match shape {
            DecisionShape::Keep => Self::Keep,
            DecisionShape::Change => Self::Change,
            DecisionShape::Revoke => Self::Revoke,
        }
    }
}

/// As the rows have it: `account@realm`, or `account@realm/token`.
fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReviewKey, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn note<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Note>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Note::parse(&text)).transpose().map_err(serde::de::Error::custom)
}

/// A review in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedReview)]
pub(crate) struct ListedReviewView<'a> {
    /// Its id.
    id: &'a str,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Instant,
    /// Who asked for it.
    #[schema(value_type = String)]
    opened_by: &'a Label,
    /// How many accounts and tokens were reviewed.
    rows: usize,
    /// How many questions were not answered well.
    findings: usize,
    /// About how many of them nobody has decided yet.
    undecided: usize,
}

impl<'a> From<&'a ReviewPack> for ListedReviewView<'a> {
    fn from(pack: &'a ReviewPack) -> Self {
        Self {
            id: pack.id.as_str(),
            opened_at: Instant(pack.opened_at),
            opened_by: &pack.opened_by,
            rows: pack.rows.rows().len(),
            findings: pack.rows.findings().count(),
            undecided: pack.rows.undecided().count(),
        }
    }
}

/// A review, with what people decided and what has changed since the one before.
#[derive(Serialize, ToSchema)]
#[schema(as = Review)]
pub(crate) struct ReviewView<'a> {
    #[serde(flatten)]
    listed: ListedReviewView<'a>,
    /// The account behind which the next review starts; null if this one reaches the end.
    #[schema(value_type = Option<String>)]
    next: Option<&'a AccountId>,
    /// Whether an account had more tokens than a review holds.
    is_cut: bool,
    /// Each account and token that was reviewed.
    items: Vec<RowView<'a>>,
    /// Every decision so far, in the order in which they were made.
    attestations: Vec<AttestationView<'a>>,
    /// Null where there is no earlier review of the same scope, or one of teams that the caller is not in.
    delta: Option<DeltaView>,
}

/// What was found of an account or a token; nothing, if all is well.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewRow)]
struct RowView<'a> {
    /// `account@realm`, or `account@realm/token`.
    key: String,
    /// Whether it is an account or a token.
    #[schema(value_type = ReviewedKindShape)]
    kind: ReviewedKind,
    /// Each question that was not answered well.
    findings: Vec<FoundView>,
    /// The last decision; null where there is none.
    decision: Option<AttestationView<'a>>,
}

#[derive(ToSchema)]
#[schema(as = ReviewedKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum ReviewedKindShape {
    Account,
    Token,
}

/// A question that was not answered well.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewFinding)]
struct FoundView {
    /// The question in words, such as `least privilege?`.
    question: &'static str,
    /// Its number in the OWASP Non-Human Identities Top 10 of 2025, such as `NHI5`; null where it has none.
    risk: Option<String>,
    /// What was found, in words.
    finding: String,
    /// The same for programs: a `code`, and what shows it.
    #[schema(value_type = Object)]
    evidence: Value,
}

/// What somebody decided.
#[derive(Serialize, ToSchema)]
#[schema(as = Attestation)]
struct AttestationView<'a> {
    /// The `key` of the row.
    key: String,
    /// What is to become of the row.
    #[schema(value_type = DecisionShape)]
    decision: ReviewDecision,
    /// Who decided.
    #[schema(value_type = String)]
    by: &'a Label,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    at: Instant,
    /// Why, if the reviewer said so.
    note: Option<&'a str>,
}

/// What has changed since the last review of the same scope.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewDelta)]
struct DeltaView {
    /// Answered badly now, and well or not at all before.
    new: Vec<ChangedView>,
    /// Answered badly both times.
    standing: Vec<ChangedView>,
    /// Answered badly before, and well now.
    resolved: Vec<ChangedView>,
    /// Answered badly before, of what is no longer reviewed.
    gone: Vec<ChangedView>,
}

/// A question about one account or token.
#[derive(Serialize, ToSchema)]
#[schema(as = ReviewChange)]
struct ChangedView {
    /// The `key` of the row.
    key: String,
    /// The question in words.
    question: &'static str,
}

/// A row shows the decision that counts, which is the last; all of them stand in `attestations`.
impl<'a> From<&'a OpenedReview> for ReviewView<'a> {
    fn from(OpenedReview { pack, delta }: &'a OpenedReview) -> Self {
        let rows = &pack.rows;
        let row = |row: &'a ReviewRow<ReviewKey, String>| RowView {
            key: row.key.to_string(),
            kind: row.kind,
            findings: row.findings.iter().map(FoundView::from).collect(),
            decision: rows.decision(&row.key).map(AttestationView::from),
        };
        Self {
            listed: ListedReviewView::from(pack),
            next: pack.next.as_ref(),
            is_cut: pack.is_cut,
            items: rows.rows().iter().map(row).collect(),
            attestations: rows.attestations().iter().map(AttestationView::from).collect(),
            delta: delta.as_ref().map(DeltaView::from),
        }
    }
}

/// In words for people, and as evidence for programs.
impl From<&service_accounts::lifecycle::ReviewFinding<String>> for FoundView {
    fn from(found: &service_accounts::lifecycle::ReviewFinding<String>) -> Self {
        Self {
            question: found.question().as_str(),
            risk: found.risk().map(|risk| risk.to_string()),
            finding: found.to_string(),
            evidence: serde_json::to_value(found).unwrap_or_default(),
        }
    }
}

impl<'a> From<&'a Attestation<ReviewKey, Label>> for AttestationView<'a> {
    fn from(attestation: &'a Attestation<ReviewKey, Label>) -> Self {
        Self {
            key: attestation.key.to_string(),
            decision: attestation.decision,
            by: &attestation.by,
            at: Instant(attestation.at),
            note: attestation.note.as_deref(),
        }
    }
}

/// `resolved` is what was found before and is not any more; `gone` is about what was not reviewed again.
impl From<&ReviewDelta<ReviewKey>> for DeltaView {
    fn from(delta: &ReviewDelta<ReviewKey>) -> Self {
        let all = |changes: &[(ReviewKey, ReviewQuestion)]| {
            changes
                .iter()
                .map(|(key, question)| ChangedView { key: key.to_string(), question: question.as_str() })
                .collect()
        };
        Self {
            new: all(&delta.new),
            standing: all(&delta.standing),
            resolved: all(&delta.resolved),
            gone: all(&delta.gone),
        }
    }
}
