//! An account with one credential of each kind, and the paths they take.

use std::net::IpAddr;

use service_accounts::{
    AuthenticateError, CreatedAccount, Error, ExchangeError, Narrowing, OpenedSession, Rejection, naming::AccountId,
    token::TokenId,
};

use super::{OFFICE, Permission, World, wait};

/// Every way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    Token,
    Session,
    Exchange,
}

impl Path {
    pub(crate) const ALL: [Self; 3] = [Self::Token, Self::Session, Self::Exchange];
}

/// An account with one credential of each kind.
pub(crate) struct Holder {
    pub(crate) id: AccountId,
    pub(crate) token: String,
    pub(crate) session: String,
    pub(crate) secret: String,
    pub(crate) token_id: TokenId,
    pub(crate) session_id: TokenId,
    pub(crate) secret_id: TokenId,
}

impl Holder {
    /// Opens a session for a new account, so that it has one of each.
    pub(crate) fn open(world: &World, created: CreatedAccount) -> Self {
        let (id, secret) = (created.account.id.clone(), created.client_secret.unwrap());
        let session = exchange(world, &id, secret.expose(), Some(OFFICE)).unwrap();
        let token = created.first_token.unwrap();
        Self {
            id,
            token: token.secret.expose().into(),
            session: session.secret.expose().into(),
            secret: secret.expose().into(),
            token_id: token.token.id,
            session_id: session.token.id,
            secret_id: secret.id(),
        }
    }

    pub(crate) fn id_on(&self, path: Path) -> TokenId {
        match path {
            Path::Token => self.token_id,
            Path::Session => self.session_id,
            Path::Exchange => self.secret_id,
        }
    }

    /// What becomes of the account on one path.
    pub(crate) fn verdict(&self, world: &World, path: Path) -> Result<(), Rejection> {
        self.verdict_from(world, path, Some(OFFICE))
    }

    pub(crate) fn verdict_from(&self, world: &World, path: Path, address: Option<IpAddr>) -> Result<(), Rejection> {
        match self.attempt(world, path, address) {
            Ok(()) => Ok(()),
            Err(AuthenticateError::Rejected(rejection)) => Err(rejection),
            Err(AuthenticateError::Unavailable(error)) => panic!("{error}"),
        }
    }

    pub(crate) fn attempt(&self, world: &World, path: Path, address: Option<IpAddr>) -> Result<(), AuthenticateError> {
        match path {
            Path::Token => world.at_the_door(&self.token, address).map(drop),
            Path::Session => wait(world.accounts.authenticate(&self.session, address)).map(drop),
            Path::Exchange => match exchange(world, &self.id, &self.secret, address) {
                Ok(_) => Ok(()),
                Err(ExchangeError::Authenticate(error)) => Err(error),
                Err(ExchangeError::Session(Error::Unavailable(error))) => Err(error.into()),
                Err(ExchangeError::Session(error)) => panic!("{error}"),
            },
        }
    }
}

pub(crate) fn exchange(
    world: &World,
    client: &AccountId,
    secret: &str,
    address: Option<IpAddr>,
) -> Result<OpenedSession<Permission>, ExchangeError> {
    wait(world.accounts.open_session(client.as_str(), secret, &Narrowing::default(), address))
}
