//! Peppers.

use serde::Serialize;
use service_accounts::PepperCensus;
use utoipa::ToSchema;

/// A pepper of this process, and how much stands under it.
#[derive(Serialize, ToSchema)]
#[schema(as = Pepper)]
pub(crate) struct PepperView {
    /// The id of the key; the key itself is never told.
    id: String,
    /// Whether new credentials are made under it.
    current: bool,
    /// How many credentials are stored under it; null where the store does not count. At zero an earlier pepper can be
    /// retired.
    credentials: Option<u64>,
}

impl From<&PepperCensus> for PepperView {
    fn from(census: &PepperCensus) -> Self {
        Self { id: census.id.as_str().into(), current: census.is_current, credentials: census.credentials }
    }
}
