//! What must be read before a change can be decided.
//!
//! What is read is known before anything is read, so that a store asks its questions in one go and locks nothing else.

use service_accounts_naming::{AccountId, TokenName};
use service_accounts_token::TokenId;

use crate::{Authority, Change, DocumentId, DocumentKind, Room, Token};

/// What a store must read before a change can be decided.
///
/// It depends on the change alone, so a store reads once, before it decides. The lists are as long as the change;
/// nothing makes a store read all of a table.
///
/// ```
/// use service_accounts_store::{Authority, Change, Room};
///
/// # mod records { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/records.rs")); }
/// let account = records::account();
/// let (token, id) = (records::token(&account), account.id.clone());
/// let mint = Change::Mint { token: Box::new(token.clone()), account_revision: account.revision, room: Room::Below(9) };
/// let needs = mint.needs(&Authority::Host);
/// assert_eq!((needs.accounts, needs.tokens), (vec![id.clone()], vec![token.id]));
/// assert_eq!(needs.name.map(|(account, _)| account), Some(id)); // whether the name is free
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// These accounts, where they exist.
    pub accounts: Vec<AccountId>,
    /// These tokens, where they exist.
    pub tokens: Vec<TokenId>,
    /// Every client secret of this account.
    pub secrets_of: Option<AccountId>,
    /// The ids of this account's credentials of whatever class, in any order, at most so many.
    pub credentials_of: Option<(AccountId, usize)>,
    /// The ids of this account's sessions, those that end first before the others and those without an end last, at most
    /// so many.
    pub sessions_of: Option<(AccountId, usize)>,
    /// How many tokens this account has in whatever state, counted no further than this; sessions and client secrets do not
    /// count.
    pub token_count_of: Option<(AccountId, usize)>,
    /// The latest revision among this account's tokens and client secrets; sessions do not count.
    pub newest_of: Option<AccountId>,
    /// Which token of this account has this name.
    pub name: Option<(AccountId, TokenName)>,
    /// These documents, where they exist.
    pub documents: Vec<(DocumentKind, DocumentId)>,
}

impl Change {
    /// What must be read to decide this change.
    ///
    /// A credential as authority adds its own records to the list; an id may stand in it twice.
    #[must_use]
    pub fn needs(&self, authority: &Authority) -> Needs {
        let mut needs = self.own_needs();
        if let Authority::Credential { token, account, .. } = authority {
            needs.accounts.push(account.clone());
            needs.tokens.push(*token);
        }
        needs
    }

    /// Whether it stands on its own feet: neither about a document nor around another change.
    pub(super) const fn is_simple(&self) -> bool {
        !self.is_about_a_document() && !matches!(self, Self::Provided { .. } | Self::Judged { .. })
    }

    pub(super) const fn is_about_a_document(&self) -> bool {
        matches!(self, Self::PutDocument { .. } | Self::AddDocument { .. } | Self::RemoveDocument { .. })
    }

    /// What the change itself is about, without the authority on which it is made.
    ///
    /// Every change is named here, so that a new one does not compile before somebody has said what it reads.
    fn own_needs(&self) -> Needs {
        match self {
            Self::CreateAccount { account, tokens } => {
                Needs::of(&account.id).with_tokens(tokens.iter().map(|token| token.id))
            }
            Self::CreateAccounts { accounts } => Needs {
                accounts: accounts.iter().map(|newcomer| newcomer.account.id.clone()).collect(),
                ..Needs::default().with_tokens(accounts.iter().flat_map(|one| one.tokens.iter().map(|token| token.id)))
            },
            Self::UpdateAccount { account, .. } => {
                let secrets_of = account.expires_at.map(|_| account.id.clone());
                Needs { secrets_of, ..Needs::of(&account.id) }
            }
            Self::RevokeAll { account, .. } => Needs::of(account),
            // One more than a step removes, to tell whether the step is the last one.
            Self::DeleteAccount { account, .. } => {
                Needs { credentials_of: Some((account.clone(), Self::BATCH + 1)), ..Needs::of(account) }
            }
            Self::PurgeAccount { account } => {
                Needs { credentials_of: Some((account.clone(), Self::PURGE + 1)), ..Needs::of(account) }
            }
            Self::Mint { token, room, .. } => {
                Needs::of(&token.account).with_tokens([token.id]).with_name(token).with_room(room, &token.account)
            }
            Self::OpenSession { session, most, .. } => Needs {
                // One more than may stay, so that an account whose bound was lowered comes down to it.
                sessions_of: Some((session.account.clone(), bounded(*most) + 1)),
                ..Needs::of(&session.account).with_tokens([session.id])
            },
            Self::RegenerateSecret { secret, .. } | Self::Reissue { secret, .. } => Needs {
                secrets_of: Some(secret.account.clone()),
                ..Needs::of(&secret.account).with_tokens([secret.id])
            },
            Self::Rotate { successor, predecessor, room, .. } => Needs::of(&successor.account)
                .with_tokens([successor.id, predecessor.id])
                .with_name(successor)
                .with_room(room, &successor.account),
            Self::UpdateToken { token, .. } => Needs::of(&token.account).with_tokens([token.id]),
            Self::Tend { tokens } => Needs {
                accounts: tokens.iter().map(|tended| tended.token.account.clone()).collect(),
                ..Needs::default().with_tokens(tokens.iter().map(|tended| tended.token.id))
            },
            Self::Revoke { token, account, .. } | Self::DeleteToken { token, account, .. } => {
                Needs::of(account).with_tokens([*token])
            }
            Self::Rehash { token, .. } => Needs::default().with_tokens([*token]),
            Self::PutDocument { document, .. } => Needs::default().with_document(document.kind, &document.id),
            Self::AddDocument { document, turn, .. } => {
                Needs::default().with_document(document.kind, &document.id).with_document(turn.0, &turn.1)
            }
            Self::RemoveDocument { kind, id, .. } => Needs::default().with_document(*kind, id),
            Self::Judged { credentials, accounts, change } => {
                let mut needs = change.own_needs();
                needs.newest_of = credentials.as_ref().map(|(account, _)| account.clone());
                needs.accounts.extend(accounts.iter().map(|(account, _)| account.clone()));
                needs
            }
            Self::Provided { kind, id, change, .. } => change.own_needs().with_document(*kind, id),
        }
    }
}

/// How many sessions an account may have at most, at least one.
pub(super) fn bounded(most: usize) -> usize {
    most.clamp(1, Change::BATCH)
}

impl Needs {
    /// One account.
    fn of(account: &AccountId) -> Self {
        Self { accounts: vec![account.clone()], ..Self::default() }
    }

    /// These tokens too.
    ///
    /// A token that does not exist yet is asked for too: that is how a taken id is found.
    fn with_tokens(self, tokens: impl IntoIterator<Item = TokenId>) -> Self {
        Self { tokens: tokens.into_iter().collect(), ..self }
    }

    /// This document too.
    fn with_document(mut self, kind: DocumentKind, id: &DocumentId) -> Self {
        self.documents.push((kind, id.clone()));
        self
    }

    /// What tells whether there is room: a number, or the token that makes it.
    fn with_room(mut self, room: &Room, account: &AccountId) -> Self {
        match room {
            Room::Below(most) => self.token_count_of = Some((account.clone(), *most)),
            Room::InPlaceOf { ended, .. } => self.tokens.push(*ended),
        }
        self
    }

    /// Who has the token's name now; sessions and client secrets have none.
    fn with_name(self, token: &Token) -> Self {
        let name = token.class.token_name().map(|name| (token.account.clone(), name.clone()));
        Self { name, ..self }
    }
}
