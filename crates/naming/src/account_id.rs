//! Who a service account is: `local@realm`.
//!
//! An id is text that is safe everywhere an id ends up: it needs no escaping in a URL path segment (`@` is a
//! `pchar`, RFC 3986 §3.3), a log line or a metric label. It is shared text, so a clone costs one reference count.

use alloc::sync::Arc;

use crate::{
    DisplayName, LocalPart, LocalPartError, Realm, RealmError, SanitiseError, local_part, realm, text::parsed_text,
};

/// The id of a service account, `local@realm`, unique within the host.
///
/// ```
/// use service_accounts_naming::{AccountId, DisplayName, Realm};
///
/// let name = DisplayName::parse("Pipeline Automation")?;
/// let id = AccountId::from_name(&name, &Realm::default())?;
/// assert_eq!(id.as_str(), "pipeline_automation@service");
/// assert_eq!((id.local(), id.realm()), ("pipeline_automation", "service"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// Reads an id spelt as this crate spells it.
    ///
    /// # Errors
    ///
    /// Says which half is wrong, and where in that half.
    pub fn parse(text: &str) -> Result<Self, AccountIdError> {
        AccountIdRef::parse(text).map(Self::from)
    }

    /// The id that a name has in a realm.
    ///
    /// Two names may have one id. That is found when the second id is claimed, see
    /// [`Allocator`](crate::Allocator); it is never silently merged.
    ///
    /// # Errors
    ///
    /// As [`LocalPart::from_name`].
    pub fn from_name(name: &DisplayName, realm: &Realm) -> Result<Self, SanitiseError> {
        Ok(Self::new(LocalPart::from_name(name.as_str())?, realm))
    }

    /// Joins a local part and a realm.
    pub fn new(local: LocalPart, realm: &Realm) -> Self {
        Self(join(local.as_str(), realm.as_str()))
    }

    /// Another id, with a number, for when this one is taken: `pipeline_automation_2@service`.
    ///
    /// The local part is cut at its end where the number would not fit into 64 bytes.
    #[must_use]
    pub fn numbered(&self, n: u32) -> Self {
        Self(join(&local_part::numbered(self.local(), n), self.realm()))
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.borrowed().local()
    }

    /// The part after the `@`.
    pub fn realm(&self) -> &str {
        self.borrowed().realm()
    }

    /// Whether the id belongs to a realm; ids of other realms are other tenants' business.
    pub fn is_in(&self, realm: &Realm) -> bool {
        // Neither half has an `@` of its own.
        self.0.strip_suffix(realm.as_str()).is_some_and(|rest| rest.ends_with('@'))
    }

    /// The borrowed form.
    pub fn borrowed(&self) -> AccountIdRef<'_> {
        AccountIdRef(&self.0)
    }
}

impl From<AccountIdRef<'_>> for AccountId {
    fn from(id: AccountIdRef<'_>) -> Self {
        Self(id.0.into())
    }
}

parsed_text!(AccountId, AccountIdError);

/// An account id that borrows its text, for checking and looking up without an allocation.
///
/// Maps keyed by [`AccountId`] take its text: `map.get(id.as_str())`.
///
/// ```
/// use service_accounts_naming::AccountIdRef;
///
/// let id = AccountIdRef::parse("pipeline_automation@service")?;
/// assert_eq!(id.realm(), "service");
/// # Ok::<(), service_accounts_naming::AccountIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountIdRef<'a>(&'a str);

impl<'a> AccountIdRef<'a> {
    /// Reads an id without allocating.
    ///
    /// # Errors
    ///
    /// As [`AccountId::parse`].
    pub fn parse(text: &'a str) -> Result<Self, AccountIdError> {
        let (local, realm) = text.split_once('@').ok_or(AccountIdError::NoRealm)?;
        local_part::check(local)?;
        realm::check(realm)?;
        Ok(Self(text))
    }

    /// As it was given, for as long as that text lives.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// For text that was an id before.
    pub(crate) const fn unchecked(text: &'a str) -> Self {
        Self(text)
    }

    /// The part before the `@`.
    pub fn local(self) -> &'a str {
        self.0.split_once('@').map_or(self.0, |(local, _)| local)
    }

    /// The part after the `@`.
    pub fn realm(self) -> &'a str {
        self.0.split_once('@').map_or("", |(_, realm)| realm)
    }
}

impl core::fmt::Display for AccountIdRef<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(self.0)
    }
}

/// Why a text is no account id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountIdError {
    /// There is no `@`.
    #[error("an account id has a realm after an at sign")]
    NoRealm,
    /// The part before the `@` is wrong.
    #[error(transparent)]
    Local(#[from] LocalPartError),
    /// The part after the `@` is wrong.
    #[error(transparent)]
    Realm(#[from] RealmError),
}

fn join(local: &str, realm: &str) -> Arc<str> {
    [local, "@", realm].concat().into()
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    fn id(text: &str) -> AccountId {
        AccountId::parse(text).unwrap()
    }

    #[test]
    fn a_name_and_a_realm_make_an_id() {
        let name = DisplayName::parse("Pipeline Automation").unwrap();
        let id = AccountId::from_name(&name, &Realm::default()).unwrap();
        assert_eq!(id.to_string(), "pipeline_automation@service");
        assert_eq!(id, self::id("pipeline_automation@service"));
        assert_eq!((id.local(), id.realm()), ("pipeline_automation", "service"));
        assert!(id.is_in(&Realm::default()));
        assert!(!id.is_in(&Realm::parse("service.acme").unwrap()));
        let within = self::id("pipeline@my.service");
        assert!(!within.is_in(&Realm::default()) && !self::id("service@acme").is_in(&Realm::default()));
    }

    #[test]
    fn one_local_part_in_two_realms_is_two_ids() {
        assert_ne!(id("a@acme"), id("a@beta"));
    }

    #[test]
    fn a_text_that_is_no_id_is_refused_by_half() {
        for (text, error) in [
            ("", AccountIdError::NoRealm),
            ("root", AccountIdError::NoRealm),
            ("@service", AccountIdError::Local(LocalPartError::Empty)),
            ("A@service", AccountIdError::Local(LocalPartError::Character { at: 0 })),
            ("a@", AccountIdError::Realm(RealmError::Empty)),
            ("a@b@c", AccountIdError::Realm(RealmError::Character { at: 1 })),
            ("a@service.invalid", AccountIdError::Realm(RealmError::Undeliverable)),
        ] {
            assert_eq!(AccountId::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_number_is_added_to_the_local_part() {
        let plain = id("pipeline_automation@service");
        assert_eq!(plain.numbered(2).as_str(), "pipeline_automation_2@service");
        assert_eq!(plain.numbered(u32::MAX).as_str(), "pipeline_automation_4294967295@service");
    }

    #[test]
    fn a_numbered_id_stays_within_64_bytes() {
        let of_length = |length| id(&format!("{}@service", "a".repeat(length)));
        for (length, kept) in [(61, 61), (62, 62), (63, 62), (64, 62)] {
            assert_eq!(of_length(length).numbered(2).local(), format!("{}_2", "a".repeat(kept)));
        }
        let cut_at_a_word = id(&format!("{}_bc@service", "a".repeat(61)));
        assert_eq!(cut_at_a_word.numbered(2).local(), format!("{}_2", "a".repeat(61)));
    }

    #[test]
    fn a_numbered_id_is_never_the_id_itself() {
        for (letters, kept, number) in [(60, 60, "_2_2"), (61, 60, "_2"), (62, 61, "_2")] {
            let long = id(&format!("{}_2@service", "a".repeat(letters)));
            assert_eq!(long.numbered(2).local(), format!("{}{number}", "a".repeat(kept)));
        }
    }

    #[test]
    fn a_map_is_asked_with_text_that_was_never_allocated() {
        let map = alloc::collections::BTreeMap::from([(id("a@service"), 1)]);
        let asked = AccountIdRef::parse("a@service").unwrap();
        assert_eq!(map.get(asked.as_str()), Some(&1));
        assert_eq!(AccountId::from(asked).borrowed(), asked);
        assert_eq!(asked.to_string(), "a@service");
        assert_eq!(AsRef::<str>::as_ref(&id("a@service")), "a@service");
    }
}
