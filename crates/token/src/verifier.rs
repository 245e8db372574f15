//! A whole verification, for a host that brings its own store.
//!
//! Find by id, check the secret, then the state: in this order, so that whoever has no genuine token
//! learns neither which ids exist nor which tokens are revoked. The host implements one small trait,
//! [`CredentialSource`], and says in a closure what a genuine token still has to satisfy.

use core::fmt;
use core::future::Future;

use crate::{Digest, Keyring, Kind, ParseTokenError, PepperId, Refused, TokenId, Vendor, Verified};

/// Where a host keeps what it knows of tokens; it finds, it never judges.
pub trait CredentialSource: Sync {
    /// What is stored for one token.
    type Credential: AsRef<Digest> + Send;
    /// Why the store could not answer.
    type Error: Send;

    /// What is stored under this id, as of now: a token revoked a moment ago must be found revoked.
    fn credential(&self, id: &TokenId) -> impl Future<Output = Result<Option<Self::Credential>, Self::Error>> + Send;

    /// How many stored records are made under this pepper, so that a host knows when it can retire it.
    fn count_under(&self, pepper: PepperId) -> impl Future<Output = Result<u64, Self::Error>> + Send;
}

/// Tells genuine tokens of one vendor from all others.
#[derive(Debug)]
pub struct Verifier {
    vendor: Vendor,
    keyring: Keyring,
}

impl Verifier {
    /// A verifier of this vendor's tokens.
    #[must_use]
    pub fn new(vendor: Vendor, keyring: Keyring) -> Self {
        Self { vendor, keyring }
    }

    /// Whose tokens these are.
    #[must_use]
    pub fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    /// The peppers, for minting.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Verifies a presented text from end to end.
    ///
    /// `judge` is asked only about a genuine token, and says what stands against its use: that it is revoked,
    /// expired, or of a kind that has no business here.
    ///
    /// # Errors
    /// The text is no token, or none that is genuine, or `judge` objects, or the source could not answer. A
    /// source that cannot answer never lets anyone in, nor does it make a token a bad one.
    pub async fn authenticate<S: CredentialSource, O>(
        &self,
        text: &str,
        source: &S,
        judge: impl FnOnce(Kind, &S::Credential) -> Result<(), O>,
    ) -> Result<Authenticated<S::Credential>, AuthenticateError<S::Error, O>> {
        let presented = self.vendor.read(text).map_err(AuthenticateError::Malformed)?;
        let (kind, id) = (presented.kind(), presented.id());
        let found = source.credential(&id).await.map_err(AuthenticateError::Unavailable)?;
        let digest = found.as_ref().map(AsRef::as_ref);
        let verified = self.keyring.verify(&presented, digest).map_err(|_| AuthenticateError::Refused)?;
        let credential = found.ok_or(AuthenticateError::Refused)?;
        judge(kind, &credential).map_err(AuthenticateError::Objection)?;
        let rehash = match verified {
            Verified::Current => None,
            Verified::Rehash(digest) => Some(digest),
        };
        Ok(Authenticated { kind, id, credential, rehash })
    }

    /// How many records stand under each pepper of the keyring, the current one first.
    ///
    /// # Errors
    /// The source could not answer.
    pub async fn census<S: CredentialSource>(&self, source: &S) -> Result<Census, S::Error> {
        let mut counts = alloc::vec::Vec::new();
        for pepper in self.keyring.peppers() {
            counts.push((pepper, source.count_under(pepper).await?));
        }
        Ok(Census { counts })
    }
}

/// A genuine token that nothing stands against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated<C> {
    /// What the token is for.
    pub kind: Kind,
    /// Its public id.
    pub id: TokenId,
    /// What is stored for it.
    pub credential: C,
    /// A record under the current pepper, to be stored in place of the one found, if that is still there.
    pub rehash: Option<Digest>,
}

/// Why nobody was authenticated.
///
/// All but `Unavailable` deserve one and the same answer on the wire; the difference is for the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticateError<E, O> {
    /// The text is none of the vendor's tokens.
    Malformed(ParseTokenError),
    /// The token is not genuine.
    Refused,
    /// The token is genuine, and may not be used.
    Objection(O),
    /// The source could not answer.
    Unavailable(E),
}

impl<E, O> fmt::Display for AuthenticateError<E, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::Refused => Refused.fmt(f),
            Self::Objection(_) => f.write_str("the token may not be used"),
            Self::Unavailable(_) => f.write_str("the store of tokens could not answer"),
        }
    }
}

impl<E, O> core::error::Error for AuthenticateError<E, O>
where
    E: core::error::Error + 'static,
    O: fmt::Debug,
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Unavailable(error) => Some(error),
            Self::Malformed(_) | Self::Refused | Self::Objection(_) => None,
        }
    }
}

/// How many stored records are made under each pepper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    counts: alloc::vec::Vec<(PepperId, u64)>,
}

impl Census {
    /// Peppers and their records, the current pepper first.
    pub fn counts(&self) -> impl Iterator<Item = (PepperId, u64)> + '_ {
        self.counts.iter().copied()
    }

    /// Earlier peppers without a record: they can be retired and no token dies.
    pub fn retirable(&self) -> impl Iterator<Item = PepperId> + '_ {
        self.counts().skip(1).filter(|(_, count)| *count == 0).map(|(pepper, _)| pepper)
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (pepper, count)) in self.counts.iter().enumerate() {
            let (separator, still) = if place == 0 { ("", "") } else { (", ", " still") };
            write!(f, "{separator}{count} tokens{still} on {pepper}")?;
        }
        Ok(())
    }
}
