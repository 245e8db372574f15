//! What an actor can ask for.

use service_accounts::{
    AccountUpdate, Actor, Error, Gain, NewAccount, NewToken, Note, RotateToken, Successor,
    access::{RoleName, Scopes, Teams},
    lifecycle::RotationKey,
    naming::AccountId,
    store::{RequestKey, Revision, Store},
    token::TokenId,
};

use crate::world::{Accounts, BOTH, GROWTH, Known, Permission, ROLES, token, wait, wanted};

/// What a token's own scopes leave of what its account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scoped {
    All,
    Managing,
    Nothing,
}

impl Scoped {
    fn scopes(self) -> Scopes {
        match self {
            Self::All => Scopes::Inherited,
            Self::Managing => Scopes::only(["managing"]).unwrap(),
            Self::Nothing => Scopes::none(),
        }
    }
}

/// A call on an account or its newest token; which one stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Create(usize, bool),
    /// The request that made the account, sent again as it was, by whomever.
    CreateAgain,
    Role(usize),
    Teams(bool),
    Scopes(bool),
    Enable,
    Disable,
    Approve,
    Delete,
    RevokeAll,
    Mint(Scoped),
    Regenerate,
    TokenScopes(Scoped),
    Rotate,
    /// The last rotation of a token of the account, asked for again under its key.
    RotateAgain,
    CancelRotation,
    Revoke,
    Contain,
    /// Shows the newest text and does nothing with it: a secret that was used is not made anew.
    Use,
}

impl Call {
    /// Those that make an account.
    pub(crate) const CREATING: [Self; 6] = [
        Self::Create(0, false),
        Self::Create(1, false),
        Self::Create(2, false),
        Self::Create(0, true),
        Self::Create(1, true),
        Self::Create(2, true),
    ];

    /// Those on an account that is there.
    pub(crate) const ON_ACCOUNT: [Self; 24] = [
        Self::Role(0),
        Self::Role(1),
        Self::Role(2),
        Self::Teams(false),
        Self::Teams(true),
        Self::Scopes(false),
        Self::Scopes(true),
        Self::Enable,
        Self::Disable,
        Self::Approve,
        Self::Delete,
        Self::RevokeAll,
        Self::Mint(Scoped::Nothing),
        Self::Mint(Scoped::All),
        Self::Mint(Scoped::Managing),
        Self::Regenerate,
        Self::TokenScopes(Scoped::Nothing),
        Self::TokenScopes(Scoped::All),
        Self::TokenScopes(Scoped::Managing),
        Self::Rotate,
        Self::RotateAgain,
        Self::CancelRotation,
        Self::Revoke,
        Self::CreateAgain,
    ];

    /// Too many to take part in every sequence.
    pub(crate) const RARE: [Self; 2] = [Self::Contain, Self::Use];
}

/// What came of a call that did something.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Texts that the actor was given.
    pub(crate) given: Vec<Known>,
    /// Whose rise the actor was told of.
    pub(crate) gains: Vec<Gain>,
}

impl Outcome {
    fn given(known: impl IntoIterator<Item = Known>) -> Self {
        Self { given: known.into_iter().collect(), ..Self::default() }
    }

    fn told(gains: Vec<Gain>) -> Self {
        Self { gains, ..Self::default() }
    }
}

fn scopes(all: bool) -> Scopes {
    if all { Scopes::Inherited } else { Scopes::none() }
}

fn teams(both: bool) -> &'static [&'static str] {
    if both { BOTH } else { GROWTH }
}

/// Makes a call on an account and a token of it; `number` makes names and keys that nobody else has. With the number of an
/// earlier call it is the same request.
pub(crate) fn make(
    accounts: &Accounts,
    actor: &Actor<Permission>,
    (call, number): (Call, usize),
    (account, of_token): (&AccountId, &TokenId),
) -> Result<Outcome, Error> {
    let (on, handle) = (accounts.acting(actor).account(account), accounts.acting(actor).token(account, of_token));
    let nothing = |_| Outcome::default();
    match call {
        Call::Create(role, both) => {
            let wanted = wanted(&format!("Newcomer {number}"), ROLES[role], teams(both));
            let request = Some(RequestKey::parse(&format!("key-{number}")).unwrap());
            let created = wait(accounts.acting(actor).create(NewAccount { request, ..wanted }))?;
            Ok(Outcome::given(created.first_token.as_ref().map(Known::of)))
        }
        Call::Role(role) => update(accounts, actor, account, |update| {
            update.role = Some(RoleName::parse(ROLES[role]).unwrap());
        }),
        Call::Teams(both) => update(accounts, actor, account, |update| {
            update.teams = Some(Teams::only(teams(both).iter().copied()).unwrap());
        }),
        Call::Scopes(all) => update(accounts, actor, account, |update| update.scopes = Some(scopes(all))),
        Call::Enable => wait(on.enable()).map(|enabled| Outcome::told(enabled.gains)),
        Call::Approve => {
            let found = wait(accounts.store().account(account)).unwrap();
            let seen = found.map_or(Revision::NEW, |account| account.revision);
            wait(on.approve(seen)).map(|approved| Outcome::told(approved.gains))
        }
        // The model has put the request of that time in their place, and shows the text itself.
        Call::CreateAgain | Call::RotateAgain | Call::Use => Ok(Outcome::default()),
        Call::Disable => wait(on.disable()).map(drop).map(nothing),
        Call::Delete => wait(on.delete()).map(nothing),
        Call::RevokeAll => wait(on.revoke_credentials()).map(drop).map(nothing),
        Call::Mint(scoped) => {
            let wanted = NewToken { scopes: scoped.scopes(), ..token(&format!("token-{number}")) };
            Ok(Outcome::given([Known::of(&wait(on.mint(&wanted))?)]))
        }
        Call::Regenerate => regenerate(accounts, actor, account),
        Call::TokenScopes(scoped) => {
            wait(handle.set_scopes(scoped.scopes())).map(|updated| Outcome::told(updated.gains))
        }
        Call::Rotate => {
            let key = RotationKey::parse(&format!("key-{number}")).unwrap();
            let rotated = wait(handle.rotate(&RotateToken::new(key)))?;
            let (id, account) = (rotated.successor.id, rotated.successor.account);
            Ok(Outcome::given(rotated.secret.map(|secret| Known { id, account, text: secret.expose().into() })))
        }
        Call::CancelRotation => wait(handle.cancel_rotation()).map(drop).map(nothing),
        Call::Revoke => wait(handle.revoke()).map(drop).map(nothing),
        Call::Contain => {
            let note = Note::parse("found in a log").unwrap();
            let contained = wait(handle.contain(note, Successor::Minted))?;
            Ok(Outcome::given(contained.successor.as_ref().map(Known::of)))
        }
    }
}

fn update(
    accounts: &Accounts,
    actor: &Actor<Permission>,
    account: &AccountId,
    change: impl FnOnce(&mut AccountUpdate),
) -> Result<Outcome, Error> {
    let mut update = AccountUpdate::default();
    change(&mut update);
    wait(accounts.acting(actor).account(account).update(update)).map(|updated| Outcome::told(updated.gains))
}

/// What a client secret is worth is what a session shows that it opens.
fn regenerate(accounts: &Accounts, actor: &Actor<Permission>, account: &AccountId) -> Result<Outcome, Error> {
    let secret = wait(accounts.acting(actor).account(account).regenerate_secret())?;
    let opened = wait(accounts.open_session(account.as_str(), secret.secret.expose(), &Default::default(), None));
    let session = opened.ok().map(|opened| Known {
        id: opened.token.id,
        account: account.clone(),
        text: opened.secret.expose().into(),
    });
    Ok(Outcome::given(session))
}
