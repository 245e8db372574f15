//! Where credentials are drawn up: the vendor, the keys and the randomness.
//!
//! A secret is drawn here and nowhere else. Its text goes to whoever asked, its digest to the store.

use service_accounts_access::TokenGrant;
use service_accounts_audit::Label;
use service_accounts_store::{Account, Class, Token};
use service_accounts_token::{Keyring, Minted, SecretToken, TokenId, Vendor};
use time::UtcDateTime;

use super::narrowed;
use crate::{Actor, Error, Randomness, RandomnessError, randomness::Source};
use service_accounts_access::Permission;

/// How many names, besides its maker's, may stand in a record that one account gives to another.
const MOST_KNOWN_TO: usize = 100;

/// A credential's text, and its record.
///
/// The text must not leave before the record is committed: where the commit fails, both are dropped.
pub(crate) struct Draft {
    pub(crate) secret: SecretToken,
    pub(crate) record: Token,
}

/// The keyring is read once, when the host builds; another pepper needs another start.
///
/// It has no `Debug`, so that no keyring ends up in a log.
pub(crate) struct Issuer {
    pub(crate) vendor: Vendor,
    pub(crate) keyring: Keyring,
    pub(crate) randomness: Box<dyn Randomness>,
}

impl Issuer {
    /// A credential without limits of time or network of its own, inside those of its account.
    ///
    /// The id is random too, so two drafts that share one are as good as impossible; the store refuses them all the
    /// same.
    ///
    /// Where the source of randomness fails, nothing is drawn and the call answers [`Error::Randomness`].
    pub(crate) fn draft<P: Permission>(
        &self,
        actor: &Actor<P>,
        account: &Account,
        class: Class,
        grant: TokenGrant,
        now: UtcDateTime,
    ) -> Result<Draft, Error> {
        let mut source = Source(&*self.randomness);
        let minted = self.keyring.mint(&self.vendor, class.kind(), &mut source);
        let Minted { token: secret, digest } = minted.map_err(randomness_failed)?;
        let made = (actor.name().clone(), now);
        let record = Token::new(account, class, (secret.id(), digest, secret.hint()), grant, made);
        let record = Token { known_to: everybody_else(actor, &record)?, ..record };
        Ok(Draft { secret, record })
    }

    /// The same record with another secret: the earlier text dies.
    ///
    /// Its id, name, rights and dates stay. Whoever saw only the earlier text is forgotten, its maker excepted.
    pub(crate) fn reissue<P: Permission>(&self, actor: &Actor<P>, token: &Token) -> Result<Draft, Error> {
        let mut source = Source(&*self.randomness);
        let id: &TokenId = &token.id;
        let minted = self.keyring.mint_as(&self.vendor, token.class.kind(), id, &mut source);
        let Minted { token: secret, digest } = minted.map_err(randomness_failed)?;
        let known_to = everybody_else(actor, token)?;
        let record = Token { digest, hint: secret.hint(), known_to, ..token.clone() };
        Ok(Draft { secret, record })
    }
}

/// Whoever sees a text through the actor, besides the one who stands in the record as its maker.
///
/// A narrowed token of the same account is left out: by it the account replaces its tokens, and nobody else comes to see them.
///
/// From account to account the list grows, and a record must not grow without end. Within an account it hardly does, and there
/// nobody is refused: a token that could not be replaced would lock its account out.
fn everybody_else<P: Permission>(actor: &Actor<P>, token: &Token) -> Result<Vec<Label>, Error> {
    let is_for_another = !actor.is(&token.account);
    let narrowed = narrowed::label(actor).filter(|_| is_for_another);
    let people = actor.people().into_iter().chain(narrowed).filter(|person| *person != token.created_by);
    let people: Vec<_> = people.collect();
    if is_for_another && people.len() > MOST_KNOWN_TO {
        return Err(Error::KnownToTooMany { most: MOST_KNOWN_TO });
    }
    Ok(people)
}

/// A source that fails is an error, never a weaker secret.
fn randomness_failed(error: service_accounts_token::MintError<RandomnessError>) -> Error {
    Error::Randomness(RandomnessError::new(error))
}
