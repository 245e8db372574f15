//! Ids that nobody may take, because people and programs trust them for their name alone.
//!
//! MinIO once created a user over its own root key (CVE-2023-27589). Underscores do not count when words are
//! compared: `super_user` reads as `superuser`, and `r_o_o_t` as `root`.

use alloc::{borrow::Cow, collections::BTreeSet, string::String};

use crate::{AccountId, LocalPart};

/// Powers of the machine and of the product.
const POWERS: &[&str] = &[
    "root",
    "admin",
    "administrator",
    "administrators",
    "admins",
    "superadmin",
    "superuser",
    "sudo",
    "sysadmin",
    "system",
    "sys",
    "daemon",
    "kernel",
    "owner",
    "operator",
    "operators",
    "moderator",
    "staff",
    "wheel",
    "master",
    "god",
];

/// Names that stand for nobody, or for everybody.
const NOBODIES: &[&str] = &[
    "all",
    "anonymous",
    "any",
    "anybody",
    "anyone",
    "default",
    "everybody",
    "everyone",
    "guest",
    "me",
    "nobody",
    "none",
    "null",
    "nil",
    "undefined",
    "unknown",
    "self",
    "public",
    "internal",
    "user",
    "users",
    "service",
    "services",
];

/// Mailboxes that others write to (RFC 2142), since an id can be shown as an address.
const MAILBOXES: &[&str] = &[
    "abuse",
    "ftp",
    "hostmaster",
    "info",
    "mail",
    "mailerdaemon",
    "marketing",
    "news",
    "noc",
    "noreply",
    "postmaster",
    "sales",
    "security",
    "support",
    "trouble",
    "usenet",
    "uucp",
    "webmaster",
    "www",
];

/// The local parts that are refused in every realm.
///
/// ```
/// use service_accounts_naming::{AccountId, LocalPart, ReservedIds};
///
/// let mut reserved = ReservedIds::default();
/// assert!(reserved.contains(&AccountId::parse("root@service")?));
/// reserved.add(LocalPart::parse("billing")?);
/// assert!(reserved.contains(&AccountId::parse("billing@acme")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedIds {
    /// Without underscores.
    words: BTreeSet<Cow<'static, str>>,
}

impl ReservedIds {
    /// Reserves nothing: for a host that keeps a list of its own.
    pub const fn none() -> Self {
        Self { words: BTreeSet::new() }
    }

    /// Reserves one more local part.
    pub fn add(&mut self, local: LocalPart) {
        self.words.insert(Cow::Owned(squeezed(local.as_str())));
    }

    /// Whether the id is reserved.
    pub fn contains(&self, id: &AccountId) -> bool {
        self.words.contains(squeezed(id.local()).as_str())
    }
}

/// Roots, administrators, placeholders for people, and the mailboxes of RFC 2142.
impl Default for ReservedIds {
    fn default() -> Self {
        let words = [POWERS, NOBODIES, MAILBOXES].concat();
        Self { words: words.into_iter().map(Cow::Borrowed).collect() }
    }
}

impl Extend<LocalPart> for ReservedIds {
    fn extend<I: IntoIterator<Item = LocalPart>>(&mut self, locals: I) {
        locals.into_iter().for_each(|local| self.add(local));
    }
}

fn squeezed(local: &str) -> String {
    local.chars().filter(|&c| c != '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> AccountId {
        AccountId::parse(text).unwrap()
    }

    #[test]
    fn ids_trusted_for_their_name_are_reserved_in_every_realm() {
        let reserved = ReservedIds::default();
        for text in ["root@service", "admin@acme", "system@service", "postmaster@service", "nobody@service"] {
            assert!(reserved.contains(&id(text)), "{text}");
        }
        for text in ["pipeline_automation@service", "root_cause_analysis@service", "admin_2@service", "a@root"] {
            assert!(!reserved.contains(&id(text)), "{text}");
        }
    }

    #[test]
    fn underscores_do_not_hide_a_reserved_word() {
        for text in ["super_user@service", "r_o_o_t@service", "mailer_daemon@service"] {
            assert!(ReservedIds::default().contains(&id(text)), "{text}");
        }
    }

    #[test]
    fn a_host_adds_to_the_list_or_starts_from_none() {
        let mut reserved = ReservedIds::none();
        assert!(!reserved.contains(&id("root@service")));
        reserved.extend([LocalPart::parse("billing_core").unwrap()]);
        assert!(reserved.contains(&id("billing_core@acme")));
        assert!(reserved.contains(&id("billingcore@acme")));
        assert!(!reserved.contains(&id("billing@acme")));
    }

    #[test]
    fn every_default_word_can_be_met() {
        for word in &ReservedIds::default().words {
            assert_eq!(squeezed(LocalPart::parse(word).unwrap().as_str()), *word);
        }
    }
}
