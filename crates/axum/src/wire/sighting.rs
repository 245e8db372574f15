//! What a token was seen to do.

use serde::Serialize;
use service_accounts::store::Sighting;
use utoipa::ToSchema;

use super::instant::Instant;

/// An address that a token was used from or tried from after its end, or a permission that it used.
#[derive(Serialize, ToSchema)]
#[schema(as = Sighting)]
pub(crate) struct SightingView {
    /// In which way the credential was seen.
    #[schema(value_type = SightingKindShape)]
    kind: &'static str,
    /// The address or the permission; empty where the address is unknown.
    value: String,
    /// How often.
    count: u64,
    /// When it was first seen so.
    #[schema(value_type = String, format = DateTime)]
    first: Instant,
    /// When it was last seen so.
    #[schema(value_type = String, format = DateTime)]
    last: Instant,
}

/// What a sighting is about.
#[derive(ToSchema)]
#[schema(as = SightingKind, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum SightingKindShape {
    UsedFrom,
    Tried,
    Permission,
}

/// An attempt without a known address has an empty value.
impl From<&Sighting> for SightingView {
    fn from(sighting: &Sighting) -> Self {
        Self {
            kind: sighting.seen.kind().as_str(),
            value: sighting.seen.value(),
            count: sighting.count,
            first: Instant(sighting.first),
            last: Instant(sighting.last),
        }
    }
}
