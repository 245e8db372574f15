//! Every state on every path.
//!
//! Zitadel CVE-2024-47000 and argo-cd#5402: a deactivated account still got tokens on one path.
//! GitLab CVE-2023-4895: a rule was missing on some paths.

use service_accounts::{
    Rejection,
    access::{Allowlist, Grant, RoleName, Scopes, Teams, TokenGrant},
    audit::{Action, Event, Label},
    lifecycle::{Environment, TokenState},
    store::{Account, Approval, Authority, BoxStore, Change, Committed, Refusal, Status, Store, Token},
};
use time::{Duration, UtcDateTime};

use crate::support::{Call, Holder, Path, World, wait};

/// What can be the matter with a credential or its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Disabled,
    Pending,
    AccountExpired,
    TokenExpired,
    TokenRevoked,
    TokenReleased,
    RetiringPast,
    WrongEnvironment,
    AddressOutsideAccount,
    AddressOutsideToken,
    RoleUnknown,
    ScopeUnknown,
}

impl State {
    const ALL: [(Self, Rejection); 12] = [
        (Self::Disabled, Rejection::AccountDisabled),
        (Self::Pending, Rejection::AccountPending),
        (Self::AccountExpired, Rejection::AccountExpired),
        (Self::TokenExpired, Rejection::Expired),
        (Self::TokenRevoked, Rejection::Revoked),
        (Self::TokenReleased, Rejection::Revoked),
        (Self::RetiringPast, Rejection::Revoked),
        (Self::WrongEnvironment, Rejection::WrongEnvironment),
        (Self::AddressOutsideAccount, Rejection::AddressNotAllowed),
        (Self::AddressOutsideToken, Rejection::AddressNotAllowed),
        (Self::RoleUnknown, Rejection::UnknownGrant),
        (Self::ScopeUnknown, Rejection::UnknownGrant),
    ];

    fn afflict(self, account: &mut Account, token: &mut Token, now: UtcDateTime) {
        match self {
            Self::Disabled => account.status = Status::Disabled,
            Self::Pending => account.approval = Approval::Pending,
            Self::AccountExpired => account.expires_at = Some(now),
            Self::TokenExpired => token.expires_at = Some(now),
            Self::TokenRevoked => token.state = TokenState::Revoked { at: now },
            Self::TokenReleased => token.state = TokenState::Deletable { revoked_at: now, since: now },
            Self::RetiringPast => token.state = TokenState::Retiring { until: now },
            Self::WrongEnvironment => token.environment = Environment::staging(),
            Self::AddressOutsideAccount => account.allowlist = elsewhere(),
            Self::AddressOutsideToken => token.allowlist = elsewhere(),
            Self::RoleUnknown => {
                account.grant = Grant::restore(RoleName::parse("Gone").unwrap(), Scopes::Inherited, Teams::none());
            }
            Self::ScopeUnknown => token.grant = TokenGrant::restore(Scopes::only(["gone"]).unwrap()),
        }
    }
}

#[test]
fn no_state_but_the_good_one_lets_anybody_in_on_any_path() {
    for path in Path::ALL {
        for (state, rejection) in State::ALL {
            let (world, holder) = afflicted(path, &[state]);
            assert_eq!(holder.verdict(&world, path), Err(rejection), "{state:?} on {path:?}");
        }
        let (world, holder) = afflicted(path, &[]);
        assert_eq!(holder.verdict(&world, path), Ok(()), "{path:?}");
    }
}

#[test]
fn two_bad_states_are_never_a_good_one() {
    for path in Path::ALL {
        for (first, _) in State::ALL {
            for (second, _) in State::ALL {
                let (world, holder) = afflicted(path, &[first, second]);
                assert!(holder.verdict(&world, path).is_err(), "{first:?} and {second:?} on {path:?}");
            }
        }
    }
}

#[test]
fn a_refused_exchange_writes_no_session() {
    for (state, _) in State::ALL {
        let (world, holder) = afflicted(Path::Exchange, &[state]);
        let calls = world.store.calls_of(|| assert!(holder.verdict(&world, Path::Exchange).is_err()));
        assert_eq!(calls, [Call::Credential], "{state:?}");
    }
}

#[test]
fn dates_are_sharp_to_the_second_on_every_path() {
    for path in Path::ALL {
        for (state, rejection) in [
            (State::AccountExpired, Rejection::AccountExpired),
            (State::TokenExpired, Rejection::Expired),
            (State::RetiringPast, Rejection::Revoked),
        ] {
            let (world, holder) = afflicted(path, &[state]);
            let end = world.clock.now();
            for (offset, verdict) in [(-1, Ok(())), (0, Err(rejection)), (1, Err(rejection))] {
                world.clock.set(end + Duration::seconds(offset));
                assert_eq!(holder.verdict(&world, path), verdict, "{state:?} on {path:?} at {offset}");
            }
        }
    }
}

/// A credential of one kind never stands in for another: a session is no client secret, a client secret no bearer token.
#[test]
fn every_path_takes_its_own_kind_only() {
    let world = World::new();
    let mut holder = world.holder("Pipeline Automation");
    assert_eq!(world.verdict(&holder.secret), Err(Rejection::WrongKind));
    for bearer in [holder.token.clone(), holder.session.clone()] {
        holder.secret = bearer;
        assert_eq!(holder.verdict(&world, Path::Exchange), Err(Rejection::WrongKind));
    }
}

/// A host in production, with one account and one of its credentials in the given states.
fn afflicted(path: Path, states: &[State]) -> (World, Holder) {
    let world = World::built(|builder| builder.environment(Environment::production()));
    let holder = world.holder("Pipeline Automation");
    let store = world.store.inner().clone();
    let found = wait(store.credential(&holder.id_on(path))).unwrap().unwrap();
    let (mut account, mut token) = (Account::clone(found.account()), found.token().clone());
    states.iter().for_each(|state| state.afflict(&mut account, &mut token, world.clock.now()));
    let (account_was, token_was) = (account.revision, token.revision);
    write(&store, Change::UpdateToken { token: Box::new(token), expected: token_was, account_revision: None });
    write(&store, Change::UpdateAccount { account: Box::new(account), expected: account_was });
    (world, holder)
}

fn write(store: &BoxStore, change: Change) {
    let event = Event::new(Action::TokenUpdated, Label::new("test"), UtcDateTime::UNIX_EPOCH);
    let committed = wait(store.commit(&Authority::Host, change, event)).unwrap();
    // Some states are only the account's, others only the token's.
    assert!(matches!(committed, Committed::Applied(_) | Committed::Refused(Refusal::Unchanged)));
}

fn elsewhere() -> Allowlist {
    Allowlist::parse_all(["203.0.113.0/24"]).unwrap()
}
