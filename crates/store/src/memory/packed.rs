//! A credential's record in about a hundred bytes, because almost none of them is looked at.
//!
//! A good request reads its [`Brief`](crate::Brief). The record is for a first use, for administration and for lists, and
//! they pay about a microsecond to unpack it. Unpacked and with its names apart it takes four times as much.

use std::iter::{once, repeat};

use serde::{Deserialize, Serialize};
use service_accounts_access::{Allowlist, Scopes, TokenGrant};
use service_accounts_audit::Label;
use service_accounts_lifecycle::{Environment, TokenState};
use service_accounts_naming::{AccountId, TokenName};
use service_accounts_token::{Digest, Hint, Kind, PepperId, TokenId};
use time::UtcDateTime;

use crate::{Class, Generation, Predecessor, Revision, Token};

/// What the bytes hold; its texts are borrowed from them.
///
/// The account's id is not in it, since a row has its account beside the bytes. Nor is what few records have: another
/// state than active or revoked, networks, a rotation. Dates are whole seconds. So a record may read back differently; a row
/// is packed only where it does not.
#[derive(Serialize, Deserialize)]
pub(super) struct Packed<'a> {
    /// First, so that a look-up compares the beginning of the bytes.
    id: [u8; TokenId::LEN],
    #[serde(borrow)]
    pub(super) class: PackedClass<'a>,
    pub(super) revision: Revision,
    /// The digest's scheme, pepper and tag.
    scheme: u8,
    pub(super) pepper: PepperId,
    tag: [u8; 32],
    /// The vendor and the end of the hint. What stands between them is told by class and id.
    hint: (&'a str, &'a str),
    scopes: Option<Vec<&'a str>>,
    environment: &'a str,
    revoked_at: Option<i64>,
    created_at: i64,
    created_by: &'a str,
    known_to: Vec<&'a str>,
    generation: Generation,
    replaces: Option<Predecessor>,
    last_look: Option<i64>,
    last_review: Option<i64>,
    pub(super) expires_at: Option<i64>,
    pub(super) next_due: Option<i64>,
}

/// A [`Class`] with its texts borrowed.
#[derive(Serialize, Deserialize)]
pub(super) enum PackedClass<'a> {
    Token(&'a str),
    Session(TokenId),
    Secret,
}

impl PackedClass<'_> {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Token(_) => Kind::Token,
            Self::Session(_) => Kind::Session,
            Self::Secret => Kind::Secret,
        }
    }
}

impl<'a> Packed<'a> {
    /// None where an id, a digest or a hint is not as all are.
    pub(super) fn of(token: &'a Token) -> Option<Self> {
        Some(Self {
            id: token.id.as_str().as_bytes().try_into().ok()?,
            class: match &token.class {
                Class::Token(name) => PackedClass::Token(name.as_str()),
                Class::Session { opened_with } => PackedClass::Session(*opened_with),
                Class::Secret => PackedClass::Secret,
            },
            revision: token.revision,
            scheme: *token.digest.to_bytes().first()?,
            pepper: token.digest.pepper(),
            tag: *token.digest.to_bytes().last_chunk()?,
            hint: (token.hint.as_str().split_once('_')?.0, token.hint.as_str().split_once('…')?.1),
            scopes: match token.grant.scopes() {
                Scopes::Inherited => None,
                Scopes::Only(names) => Some(names.iter().map(AsRef::as_ref).collect()),
            },
            environment: token.environment.as_str(),
            revoked_at: match token.state {
                TokenState::Revoked { at } => Some(at.unix_timestamp()),
                _ => None,
            },
            created_at: token.created_at.unix_timestamp(),
            created_by: token.created_by.as_str(),
            known_to: token.known_to.iter().map(Label::as_str).collect(),
            generation: token.generation,
            replaces: token.replaces,
            last_look: token.last_look.map(UtcDateTime::unix_timestamp),
            last_review: token.last_review.map(UtcDateTime::unix_timestamp),
            expires_at: token.expires_at.map(UtcDateTime::unix_timestamp),
            next_due: token.next_due.map(UtcDateTime::unix_timestamp),
        })
    }

    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    pub(super) fn bytes(&self) -> Option<Box<[u8]>> {
        // A vector that is cut down to its length would leave the rest of it as a hole beside each row.
        postcard::to_extend(self, Vec::with_capacity(256)).ok().map(|bytes| bytes.as_slice().into())
    }

    /// Whether these bytes begin with this id.
    pub(super) fn is_of(bytes: &[u8], id: &TokenId) -> bool {
        bytes.starts_with(id.as_str().as_bytes())
    }

    /// The id at the beginning of these bytes, without reading the rest.
    pub(super) fn id_of(bytes: &[u8]) -> Option<TokenId> {
        TokenId::parse(std::str::from_utf8(bytes.get(..TokenId::LEN)?).ok()?).ok()
    }

    fn digest(&self) -> Option<Digest> {
        let pepper = self.pepper.as_str().bytes().chain(repeat(0)).take(PepperId::MAX);
        Digest::from_bytes(&once(self.scheme).chain(pepper).chain(self.tag).collect::<Vec<_>>()).ok()
    }

    fn hint(&self, id: &TokenId) -> Option<Hint> {
        let (vendor, tail) = self.hint;
        Hint::parse(&format!("{vendor}_{}_{}…{tail}", self.class.kind(), id.as_str().get(..4)?)).ok()
    }

    /// The record again; none if the bytes are not those of a record.
    pub(super) fn token(&self, account: &AccountId) -> Option<Token> {
        let id = Self::id_of(&self.id)?;
        Some(Token {
            id,
            account: account.clone(),
            class: match self.class {
                PackedClass::Token(name) => Class::Token(TokenName::parse(name).ok()?),
                PackedClass::Session(opened_with) => Class::Session { opened_with },
                PackedClass::Secret => Class::Secret,
            },
            digest: self.digest()?,
            hint: self.hint(&id)?,
            grant: TokenGrant::restore(match &self.scopes {
                None => Scopes::Inherited,
                Some(names) => Scopes::only(names.iter().copied()).ok()?,
            }),
            environment: Environment::parse(self.environment).ok()?,
            allowlist: Allowlist::any(),
            state: match self.revoked_at {
                None => TokenState::Active,
                Some(at) => TokenState::Revoked { at: UtcDateTime::from_unix_timestamp(at).ok()? },
            },
            created_at: UtcDateTime::from_unix_timestamp(self.created_at).ok()?,
            created_by: Label::new(self.created_by),
            known_to: self.known_to.iter().map(|name| Label::new(name)).collect(),
            generation: self.generation,
            replaces: self.replaces,
            rotation: None,
            last_look: instant(self.last_look)?,
            last_review: instant(self.last_review)?,
            expires_at: instant(self.expires_at)?,
            next_due: instant(self.next_due)?,
            revision: self.revision,
        })
    }
}

/// None where the number is no date; a date that is missing stays missing.
#[expect(clippy::option_option, reason = "a missing date is none of the failures")]
fn instant(seconds: Option<i64>) -> Option<Option<UtcDateTime>> {
    seconds.map(UtcDateTime::from_unix_timestamp).transpose().ok()
}
