//! Who clears credentials: this core, by one catalogue.
//!
//! A clearance says by whom it was given, in 32 bits. Each pair of a core and a catalogue draws a number of its own when it
//! first clears a credential, so what another core found out, or this one by another catalogue, is never taken for its own.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use service_accounts_access::CatalogueId;

/// The catalogue last cleared by, in the upper half, and the number drawn for it, which is none while it is zero.
#[derive(Default)]
pub(crate) struct Clearer(AtomicU64);

impl Clearer {
    /// The number for this catalogue, where it is the one last cleared by.
    #[inline]
    pub(crate) fn known(&self, catalogue: CatalogueId) -> Option<u32> {
        let known = self.0.load(Ordering::Relaxed);
        let (of, number) = halves(known);
        (number != 0 && usize::try_from(of) == Ok(catalogue.number())).then_some(number)
    }

    /// The number for this catalogue, old or new. None when all are drawn: then no credential is cleared any more.
    pub(crate) fn number(&self, catalogue: CatalogueId) -> Option<u32> {
        if let Some(known) = self.known(catalogue) {
            return Some(known);
        }
        let of = u32::try_from(catalogue.number()).ok()?;
        let number = drawn()?;
        self.0.store(u64::from(of) << 32 | u64::from(number), Ordering::Relaxed);
        Some(number)
    }
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "the halves of a number are meant")]
const fn halves(number: u64) -> (u32, u32) {
    ((number >> 32) as u32, number as u32)
}

/// A number that nobody in the process has. Zero and the last one are nobody's.
fn drawn() -> Option<u32> {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let next = |last: u32| last.checked_add(1).filter(|next| *next != u32::MAX);
    LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?.checked_add(1)
}

#[cfg(test)]
mod tests {
    use service_accounts_access::presets::data_quality;

    use super::*;

    #[test]
    fn each_pair_of_core_and_catalogue_has_its_own_number() {
        let (ours, theirs) = (Clearer::default(), Clearer::default());
        let [first, second] = [(); 2].map(|()| data_quality::catalogue().id());
        assert_eq!(ours.known(first), None, "nothing is cleared yet");
        let number = ours.number(first).unwrap();
        assert_eq!((ours.known(first), ours.number(first)), (Some(number), Some(number)));
        assert_eq!((ours.known(second), theirs.known(first)), (None, None));
        let others = [ours.number(second).unwrap(), theirs.number(first).unwrap(), theirs.number(second).unwrap()];
        assert!(others.iter().all(|other| *other != number));
        assert_eq!(ours.known(first), None, "by the catalogue before");
    }
}
