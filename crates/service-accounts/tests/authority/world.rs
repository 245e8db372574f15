//! A host whose roles are all sets of its six permissions, with an account to act on and whoever acts on it.

use service_accounts::{
    Actor, Administration, ApplicationName, ApprovalRule, MintedToken, Narrowing, NewAccount, NewToken, Principal,
    ServiceAccounts,
    access::{Catalogue, PermissionSet, RoleName, Scopes, Teams},
    audit::{Action, Query, Recorded},
    lifecycle::Environment,
    naming::{AccountId, DisplayName, TokenName},
    store::{Account, Justification, MemoryStore, Owner, Purpose, Revision, Store, Token},
    token::{Keyring, Kind, Pepper, PepperId, TokenId, Vendor},
};
use std::{cell::Cell, sync::Arc};

pub(crate) use pollster::block_on as wait;

service_accounts::access::permissions! {
    /// What the host guards, and what administrates its service accounts.
    pub enum Permission in permission {
        /// Read.
        Read = "read",
        /// Write.
        Write = "write",
        /// Create accounts.
        Create = "create",
        /// Manage accounts.
        Manage = "manage",
        /// Review accounts.
        Review = "review",
        /// Read the trail.
        Trail = "trail",
    }
}

pub(crate) type Accounts = ServiceAccounts<MemoryStore, Permission>;
pub(crate) type Asking = Actor<Permission>;

/// The team of the account that calls are tried on.
pub(crate) const TEAM: &str = "growth";

/// An application of the host whose events the account may hear.
pub(crate) const APPLICATION: &str = "billing";

/// The account that calls are tried on: by its role it may write, by its scopes it may only read for the moment.
pub(crate) fn role_of_target() -> PermissionSet<Permission> {
    PermissionSet::from(Permission::Read).with(Permission::Write)
}

/// A host, and one account with every kind of credential.
pub(crate) struct Stage {
    pub(crate) accounts: Accounts,
    pub(crate) target: AccountId,
    pub(crate) token: TokenId,
    pub(crate) token_text: String,
    pub(crate) session: Option<TokenId>,
    pub(crate) session_text: String,
    somebodies: Cell<u32>,
}

impl Stage {
    /// With an account that works, or waits for a second administrator.
    pub(crate) fn new(approval: ApprovalRule) -> Self {
        let accounts = accounts(approval);
        // Not by her who gives the actor its token: she would stand behind whatever it approves.
        let carol = Actor::host("carol");
        let created = wait(accounts.acting(&carol).create(wanted("Pipeline Automation"))).unwrap();
        let (first, target) = (created.first_token.unwrap(), created.account.id.clone());
        let secret = created.client_secret.unwrap();
        let opened = wait(accounts.open_session(target.as_str(), secret.expose(), &Narrowing::default(), None)).ok();
        let session_text = opened.as_ref().map(|opened| opened.secret.expose().to_owned()).unwrap_or_default();
        let session = opened.map(|opened| opened.token.id);
        let token_text = first.secret.expose().to_owned();
        Self { accounts, target, token: first.token.id, token_text, session, session_text, somebodies: Cell::new(1) }
    }

    /// Somebody with exactly these rights, who has shown a token of an account of their own.
    pub(crate) fn somebody(&self, held: PermissionSet<Permission>, teams: &Teams) -> Asking {
        let name = format!("Somebody {}", self.somebodies.replace(self.somebodies.get() + 1));
        let wanted = NewAccount { role: Some(role(held)), teams: teams.clone(), ..wanted(&name) };
        let created = wait(self.accounts.acting(&ada()).create(NewAccount { scopes: Scopes::Inherited, ..wanted }));
        let created = created.unwrap();
        if created.account.proposal.is_some() {
            self.approve(&Actor::host("grace"), &created.account.id);
        }
        self.shown(&created.first_token.unwrap())
    }

    /// The account itself, after it was given everything.
    pub(crate) fn itself(&self) -> Asking {
        let everything = service_accounts::AccountUpdate {
            role: Some(role(PermissionSet::all())),
            scopes: Some(Scopes::Inherited),
            teams: Some(Teams::every()),
            ..Default::default()
        };
        wait(self.accounts.acting(&ada()).account(&self.target).update(everything)).unwrap();
        let minted = self.mint_as_ada("its-own");
        self.shown(&minted)
    }

    pub(crate) fn mint_as_ada(&self, name: &str) -> MintedToken {
        wait(self.accounts.acting(&ada()).account(&self.target).mint(&token(name))).unwrap()
    }

    pub(crate) fn approve(&self, by: &Asking, id: &AccountId) {
        let seen = self.account(id).map_or(Revision::NEW, |account| account.revision);
        wait(self.accounts.acting(by).account(id).approve(seen)).unwrap();
    }

    pub(crate) fn account(&self, id: &AccountId) -> Option<Arc<Account>> {
        wait(self.accounts.store().account(id)).unwrap()
    }

    /// All that stands in the store about the account that calls are tried on, and how many accounts there are.
    pub(crate) fn snapshot(&self) -> (Option<Arc<Account>>, Vec<Token>, usize) {
        let of_kind =
            |kind| wait(self.accounts.store().credentials(&self.target, kind, None, 100)).unwrap().items.into_iter();
        let credentials = [Kind::Token, Kind::Session, Kind::Secret].into_iter().flat_map(of_kind);
        let every = self.accounts.every_account();
        let count = wait(self.accounts.store().accounts(&every, None, 1_000)).unwrap().items.len();
        (self.account(&self.target), credentials.map(|listed| listed.credential.token().clone()).collect(), count)
    }

    /// The account that somebody acts as.
    pub(crate) fn account_of(&self, actor: &Asking) -> AccountId {
        AccountId::parse(actor.name().as_str()).unwrap()
    }

    pub(crate) fn tokens_of(&self, account: &AccountId) -> Vec<Token> {
        let page = wait(self.accounts.store().credentials(account, Kind::Token, None, 100)).unwrap();
        page.items.iter().map(|listed| listed.credential.token().clone()).collect()
    }

    /// Every event but those of accesses and refusals.
    pub(crate) fn trail(&self) -> Vec<Recorded> {
        let events = wait(self.accounts.store().events(&Query::default().limit(Query::MAX_LIMIT))).unwrap().events;
        let is_access =
            |action| matches!(action, Action::AccessGranted | Action::AccessDenied | Action::PermissionDenied);
        events.into_iter().filter(|recorded| !is_access(recorded.event.action())).collect()
    }

    fn shown(&self, minted: &MintedToken) -> Asking {
        self.authenticate(minted.secret.expose()).actor()
    }

    fn authenticate(&self, text: &str) -> Principal<Permission> {
        wait(self.accounts.authenticate(text, None)).unwrap()
    }
}

fn accounts(approval: ApprovalRule) -> Accounts {
    let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; Pepper::LEN]));
    let vendor = Vendor::parse("acme").unwrap();
    let administration = Administration {
        create: Permission::Create,
        manage: Permission::Manage,
        review: Permission::Review,
        read_trail: Permission::Trail,
    };
    ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue(), Permission::Manage)
        .administration(administration)
        .application(ApplicationName::parse(APPLICATION).unwrap(), Permission::Read, None)
        .approval(approval)
        .build()
}

/// A role for every set of permissions.
pub(crate) fn catalogue() -> Catalogue<Permission> {
    let sets = (0_u8..64).map(held);
    sets.fold(Catalogue::builder(), |builder, set| builder.role(role(set).as_str(), "some permissions", set.iter()))
        .build()
        .unwrap()
}

/// The set of permissions whose bits are set.
pub(crate) fn held(bits: u8) -> PermissionSet<Permission> {
    let every = PermissionSet::<Permission>::all();
    every.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, permission)| permission).collect()
}

/// The role that holds exactly this.
pub(crate) fn role(held: PermissionSet<Permission>) -> RoleName {
    let names: Vec<_> = held.iter().map(service_accounts::access::Permission::name).collect();
    RoleName::parse(&format!("may-{}", names.join("-"))).unwrap()
}

/// The administrator of the host.
pub(crate) fn ada() -> Asking {
    Actor::host("ada")
}

pub(crate) fn wanted(name: &str) -> NewAccount {
    let account = NewAccount::new(
        DisplayName::parse(name).unwrap(),
        Purpose::parse("nightly load").unwrap(),
        Owner::parse("Data Platform").unwrap(),
        Environment::production(),
    );
    NewAccount {
        role: Some(role(role_of_target())),
        scopes: Scopes::only(["read"]).unwrap(),
        teams: Teams::only([TEAM]).unwrap(),
        justification: Some(Justification::parse("it loads").unwrap()),
        first_token: Some(token("nightly")),
        ..account
    }
}

pub(crate) fn token(name: &str) -> NewToken {
    NewToken::new(TokenName::parse(name).unwrap())
}
