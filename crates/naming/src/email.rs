//! An id as an e-mail address, for systems that insist on one.
//!
//! Its domain ends in `invalid`, which no name server ever resolves (RFC 6761 §6.4): mail to it goes nowhere, so no
//! password reset and no sign-in link can ever arrive. A host that lets people sign in by address asks
//! [`is_undeliverable`] first and refuses.

use core::fmt;

use crate::{AccountId, AccountIdError, realm::UNDELIVERABLE_LABEL, text::parsed_by_parse};

/// An account id in the form of an address that cannot receive mail: `pipeline_automation@service.invalid`.
///
/// ```
/// use service_accounts_naming::{AccountId, UndeliverableEmail};
///
/// let id = AccountId::parse("pipeline_automation@service")?;
/// let email = UndeliverableEmail::from(id.clone());
/// assert_eq!(email.to_string(), "pipeline_automation@service.invalid");
/// assert_eq!(UndeliverableEmail::parse("pipeline_automation@service.invalid")?.account(), &id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UndeliverableEmail(AccountId);

impl UndeliverableEmail {
    /// Reads the address back.
    ///
    /// # Errors
    ///
    /// An address elsewhere, or one whose id is none.
    pub fn parse(address: &str) -> Result<Self, EmailError> {
        let id = address.strip_suffix(UNDELIVERABLE_LABEL).and_then(|rest| rest.strip_suffix('.'));
        Ok(Self(AccountId::parse(id.ok_or(EmailError::Deliverable)?)?))
    }

    /// The id the address stands for.
    pub fn account(&self) -> &AccountId {
        &self.0
    }
}

impl From<AccountId> for UndeliverableEmail {
    fn from(id: AccountId) -> Self {
        Self(id)
    }
}

impl fmt::Display for UndeliverableEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{UNDELIVERABLE_LABEL}", self.0)
    }
}

parsed_by_parse!(UndeliverableEmail, EmailError);

/// Why a text is not the address of an account id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmailError {
    /// The domain does not end in the label for undeliverable addresses.
    #[error("the address of a service account ends in the label kept for undeliverable addresses")]
    Deliverable,
    /// What stands before that label is no account id.
    #[error(transparent)]
    Id(#[from] AccountIdError),
}

/// Whether no mail can reach the address, in whatever case or spelling it was typed: a sign-in form refuses it.
///
/// ```
/// use service_accounts_naming::is_undeliverable;
///
/// assert!(is_undeliverable("Pipeline_Automation@Service.INVALID."));
/// assert!(!is_undeliverable("ada@example.com"));
/// ```
pub fn is_undeliverable(address: &str) -> bool {
    let domain = address.trim().rsplit('@').next().unwrap_or_default();
    let top = domain.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    top.eq_ignore_ascii_case(UNDELIVERABLE_LABEL)
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;
    use crate::{LocalPartError, RealmError};

    #[test]
    fn an_id_and_its_address_are_each_read_from_the_other() {
        for text in ["pipeline_automation@service", "a@acme.service", "0@invalid.x"] {
            let id = AccountId::parse(text).unwrap();
            let address = UndeliverableEmail::from(id.clone()).to_string();
            assert_eq!(address, format!("{text}.invalid"));
            assert_eq!(UndeliverableEmail::parse(&address).unwrap().account(), &id);
            assert!(is_undeliverable(&address));
        }
    }

    #[test]
    fn an_address_that_could_be_delivered_is_no_account() {
        for address in ["a@service", "a@serviceinvalid", "ada@example.com", "", ".invali", "invalid"] {
            assert_eq!(UndeliverableEmail::parse(address), Err(EmailError::Deliverable), "{address:?}");
        }
        let inner = AccountIdError::Local(LocalPartError::Empty);
        assert_eq!(UndeliverableEmail::parse("@service.invalid"), Err(EmailError::Id(inner)));
        let twice = AccountIdError::Realm(RealmError::Undeliverable);
        assert_eq!(UndeliverableEmail::parse("a@service.invalid.invalid"), Err(EmailError::Id(twice)));
    }

    #[test]
    fn a_sign_in_form_recognises_every_spelling() {
        for address in ["a@service.invalid", "A@B.Invalid", " a@service.INVALID. ", "a@invalid", "\"@\"@x.invalid"] {
            assert!(is_undeliverable(address), "{address:?}");
        }
        for address in ["a@invalid.com", "a.invalid@example.com", "a@notinvalid", "", "a@", "a.invalid@"] {
            assert!(!is_undeliverable(address), "{address:?}");
        }
    }

    #[test]
    fn the_longest_address_is_one_of_rfc_5321() {
        let label = "a".repeat(63);
        let id = AccountId::parse(&format!("{}@{label}.{label}", "a".repeat(64))).unwrap();
        assert!(UndeliverableEmail::from(id).to_string().len() <= 254);
    }
}
