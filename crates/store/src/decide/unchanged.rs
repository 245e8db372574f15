//! Whether a change would change anything.
//!
//! It is asked here, and not in each call, so that no call writes an event of nothing. It comes after every other rule:
//! a change that is refused for another reason is told so, whether or not it would change anything.

use super::{Records, Write};
use crate::{Account, Change, Document, Token};

impl Change {
    /// Whether it asks for a state of one record, so that asking again asks for nothing.
    ///
    /// [`Tend`](Self::Tend) is not among them: its event is what somebody noted, and may be all there is of it.
    pub(super) const fn sets_a_state(&self) -> bool {
        matches!(
            self,
            Self::UpdateAccount { .. } | Self::UpdateToken { .. } | Self::Revoke { .. } | Self::PutDocument { .. }
        )
    }
}

impl Records {
    /// Whether a write would leave its record as it is, but for the revision.
    pub(super) fn is_so(&self, write: &Write) -> bool {
        match write {
            Write::PutAccount(account) => self
                .row_of(&account.id)
                .is_some_and(|present| *present == Account { revision: present.revision, ..(**account).clone() }),
            Write::PutToken(token) => self
                .token(&token.id)
                .is_ok_and(|present| *present == Token { revision: present.revision, ..(**token).clone() }),
            Write::PutDocument(document) => self
                .documents
                .iter()
                .any(|present| *present == Document { revision: present.revision, ..document.clone() }),
            Write::RemoveAccount(_) | Write::RemoveToken(_) | Write::RemoveDocument(..) | Write::Append(_) => false,
        }
    }
}
