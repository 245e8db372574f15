//! Every call of the facade, in one list, on a stage where each of them succeeds.
//!
//! A call that is added to the facade is added here, and so meets every failure in [`outage`](super::outage).

use service_accounts::{
    AccessEvents, AccountUpdate, Actor, ApprovalRule, AuthenticateError, Error, ExchangeError, Unavailable,
    access::Scopes,
    audit::{Action, Query},
    naming::AccountId,
    store::{Account, Purpose, Store, Token},
    token::TokenId,
};
use service_accounts::{UpkeepBounds, naming::Realm, store::AccountFilter, token::Kind};
use time::Duration;

use crate::support::{Holder, OFFICE, Path, Permission, World, ada, token, wait, wanted};

/// A host with an account for each call to work on; every stage is the same to the last byte.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) holder: Holder,
    /// An account that waits for approval.
    pub(super) waiting: AccountId,
    /// An account that is disabled.
    pub(super) disabled: AccountId,
    /// A token of the holder's that is revoked.
    pub(super) revoked: TokenId,
}

/// What a call is expected to leave behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    Nothing,
    Event(Action),
}

pub(super) type Run = fn(&Stage) -> Result<(), Error>;

/// Every call, by name.
pub(super) const ALL: [(&str, Leaves, Run); 20] = [
    ("authenticate a token", Leaves::Nothing, |stage| stage.attempt(Path::Token)),
    ("authenticate a session", Leaves::Nothing, |stage| stage.attempt(Path::Session)),
    ("open a session", Leaves::Event(Action::SessionOpened), |stage| stage.attempt(Path::Exchange)),
    ("end a session", Leaves::Event(Action::SessionRevoked), |stage| {
        let principal = match wait(stage.world.accounts.authenticate(&stage.holder.session, Some(OFFICE))) {
            Ok(principal) => principal,
            Err(error) => return Err(unavailable(error).into()),
        };
        wait(stage.world.accounts.end_session(&principal))
    }),
    ("sweep sessions", Leaves::Event(Action::SessionExpired), |stage| {
        stage.world.clock.advance(Duration::DAY);
        assert_eq!(wait(stage.world.accounts.upkeep(UpkeepBounds::default()))?.swept.sessions_removed, 1);
        Ok(())
    }),
    ("create an account", Leaves::Event(Action::AccountCreated), |stage| {
        wait(stage.world.accounts.acting(&ada()).create(wanted("Alation Sync"))).map(drop)
    }),
    ("read an account", Leaves::Nothing, |stage| {
        wait(stage.world.accounts.acting(&ada()).account(&stage.holder.id).read()).map(drop)
    }),
    ("list accounts", Leaves::Nothing, |stage| {
        wait(stage.world.accounts.acting(&ada()).accounts(&stage.world.accounts.every_account(), None, 10)).map(drop)
    }),
    ("update an account", Leaves::Event(Action::AccountUpdated), |stage| {
        let purpose = Some(Purpose::parse("another purpose").unwrap());
        let update = AccountUpdate { purpose, ..AccountUpdate::default() };
        wait(stage.world.accounts.acting(&ada()).account(&stage.holder.id).update(update)).map(drop)
    }),
    ("disable an account", Leaves::Event(Action::AccountDisabled), |stage| {
        wait(stage.world.accounts.acting(&ada()).account(&stage.holder.id).disable()).map(drop)
    }),
    ("enable an account", Leaves::Event(Action::AccountEnabled), |stage| {
        wait(stage.world.accounts.acting(&ada()).account(&stage.disabled).enable()).map(drop)
    }),
    ("approve an account", Leaves::Event(Action::AccountApproved), |stage| {
        stage.world.approve(&bob(), &stage.waiting).map(drop)
    }),
    ("delete an account", Leaves::Event(Action::AccountDeleted), |stage| {
        wait(stage.world.accounts.acting(&ada()).account(&stage.holder.id).delete())
    }),
    ("regenerate a client secret", Leaves::Event(Action::SecretRegenerated), |stage| {
        wait(stage.world.accounts.acting(&ada()).account(&stage.holder.id).regenerate_secret()).map(drop)
    }),
    ("mint a token", Leaves::Event(Action::TokenMinted), |stage| {
        wait(stage.world.accounts.acting(&ada()).account(&stage.holder.id).mint(&token("weekly"))).map(drop)
    }),
    ("list tokens", Leaves::Nothing, |stage| {
        wait(stage.world.accounts.acting(&ada()).account(&stage.holder.id).tokens(None, 10)).map(drop)
    }),
    ("set a token's scopes", Leaves::Event(Action::TokenUpdated), |stage| {
        let (id, token) = (&stage.holder.id, &stage.holder.token_id);
        wait(stage.world.accounts.acting(&ada()).token(id, token).set_scopes(Scopes::none())).map(drop)
    }),
    ("revoke a token", Leaves::Event(Action::TokenRevoked), |stage| {
        wait(stage.world.accounts.acting(&ada()).token(&stage.holder.id, &stage.holder.token_id).revoke()).map(drop)
    }),
    ("delete a token", Leaves::Event(Action::TokenDeleted), |stage| {
        wait(stage.world.accounts.acting(&ada()).token(&stage.holder.id, &stage.revoked).delete())
    }),
    ("read the trail", Leaves::Nothing, |stage| {
        wait(stage.world.accounts.acting(&ada()).audit(&Query::default())).map(drop)
    }),
];

impl Stage {
    pub(super) fn new(events: AccessEvents) -> Self {
        let rule = ApprovalRule::SecondAdministrator;
        let world = World::built(|builder| builder.approval(rule).access_events(events));
        let created = world.create("Pipeline Automation");
        world.approve(&bob(), &created.account.id).unwrap();
        let holder = Holder::open(&world, created);
        let revoked = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&token("former"))).unwrap().token.id;
        wait(world.accounts.acting(&ada()).token(&holder.id, &revoked).revoke()).unwrap();
        let waiting = world.create("Finance Metrics").account.id.clone();
        let disabled = world.create("Former Metrics").account.id.clone();
        wait(world.accounts.acting(&ada()).account(&disabled).disable()).unwrap();
        // The observation of the revoked token begins, so that nothing but sessions is due later.
        wait(world.accounts.upkeep(UpkeepBounds::default())).unwrap();
        Self { world, holder, waiting, disabled, revoked }
    }

    fn attempt(&self, path: Path) -> Result<(), Error> {
        self.holder.attempt(&self.world, path, Some(OFFICE)).map_err(|error| unavailable(error).into())
    }

    /// Every record and every event of a change, but for what requests leave behind by the way.
    pub(super) fn records(&self) -> Records {
        let store = self.world.store.inner().clone();
        let accounts = wait(store.accounts(&AccountFilter::of(Realm::default()), None, 100)).unwrap().items;
        let of_account = |account: &AccountId| wait(store.credentials(account, Kind::Token, None, 100)).unwrap().items;
        let listed = accounts.iter().flat_map(|account| of_account(&account.id));
        let listed = listed.map(|listed| listed.credential.token().id);
        let far = self.world.clock.now() + Duration::days(9999);
        let due = wait(store.due(&Realm::default(), far, 100)).unwrap();
        let sessions = due.into_iter().map(|listed| listed.credential.token().id);
        let ids = listed.chain(sessions).chain(Path::ALL.map(|path| self.holder.id_on(path)));
        let token = |id| Some(wait(store.credential(&id)).unwrap()?.token().clone());
        Records {
            accounts: accounts.iter().map(|account| Account::clone(account)).collect(),
            tokens: ids.filter_map(token).collect(),
            actions: self.actions(),
        }
    }

    /// The actions of all changes, newest first.
    pub(super) fn actions(&self) -> Vec<Action> {
        let query = Query::default().limit(Query::MAX_LIMIT);
        let events = wait(self.world.store.inner().events(&query)).unwrap().events;
        let of_requests = [Action::AccessGranted, Action::AccessDenied, Action::PermissionDenied];
        let actions = events.into_iter().map(|recorded| recorded.event.action());
        actions.filter(|action| !of_requests.contains(action)).collect()
    }
}

/// All that a store keeps but for last-used marks and access events.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Records {
    accounts: Vec<Account>,
    tokens: Vec<Token>,
    actions: Vec<Action>,
}

pub(super) fn bob() -> Actor<Permission> {
    Actor::host("bob")
}

fn unavailable(error: AuthenticateError) -> Unavailable {
    match error {
        AuthenticateError::Unavailable(unavailable) => unavailable,
        AuthenticateError::Rejected(rejection) => panic!("refused: {rejection}"),
    }
}

/// Keeps the list whole as far as the compiler can: an exchange fails in two ways only.
#[expect(dead_code, reason = "a new way to fail must be looked at here")]
fn every_failure_of_an_exchange(error: ExchangeError) -> &'static str {
    match error {
        ExchangeError::Authenticate(AuthenticateError::Rejected(_)) => "refused",
        ExchangeError::Authenticate(AuthenticateError::Unavailable(_)) => "could not be judged",
        ExchangeError::Session(_) => "not to be had",
    }
}
