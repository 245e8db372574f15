//! How a credential with scopes of its own stands among those who have seen a text.
//!
//! Whoever has its text need not be whoever runs its account: a token is narrowed because it goes where less is trusted. So it is no
//! proof of rights that the account has more. The label says which scopes it had then, as `loader@service with read write`.

use service_accounts_access::{Permission, Scopes};
use service_accounts_audit::Label;
use service_accounts_naming::AccountId;

use crate::Actor;

/// Stands in for scopes that do not fit a label. They hold nothing.
const MANY: &str = "fewer scopes";

/// The credential that was shown, where scopes bound it within its account; `None` for people and for any other credential.
pub(crate) fn label<P: Permission>(actor: &Actor<P>) -> Option<Label> {
    let shown = actor.credential()?;
    let scopes @ Scopes::Only(_) = shown.token().grant.scopes() else { return None };
    let account = shown.account().id.as_str();
    let names: Vec<_> = scopes.names().map(|name| name.as_str()).collect();
    let whole = format!("{account} with {}", names.join(" "));
    let is_whole = whole.len() <= Label::MAX_CHARS;
    Some(Label::new(&if is_whole { whole } else { format!("{account} with {MANY}") }))
}

/// The account that a label names, and the scopes within it; `None` for people.
pub(crate) fn read(label: &Label) -> Option<(AccountId, Scopes)> {
    let (account, scopes) = match label.as_str().split_once(" with ") {
        Some((account, MANY)) => (account, Scopes::none()),
        Some((account, scopes)) => (account, Scopes::parse_list(scopes).unwrap_or(Scopes::none())),
        None => (label.as_str(), Scopes::Inherited),
    };
    Some((AccountId::parse(account).ok()?, scopes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_or_garbled_holds_nothing() {
        let account = AccountId::parse("loader@service").unwrap();
        for (text, scopes) in [
            ("loader@service", Scopes::Inherited),
            ("loader@service with read write", Scopes::only(["read", "write"]).unwrap()),
            ("loader@service with fewer scopes", Scopes::none()),
            ("loader@service with read ", Scopes::none()),
            ("loader@service with ", Scopes::none()),
        ] {
            assert_eq!(read(&Label::new(text)), Some((account.clone(), scopes)), "{text}");
        }
        assert_eq!((read(&Label::new("ada with read")), read(&Label::new("ada"))), (None, None));
    }
}
