//! Three permissions, three roles, two teams, and who takes part.

use service_accounts::{
    AccessEvents, Actor, ApprovalRule, MintedToken, NewAccount, NewToken, Principal, ServiceAccounts,
    access::{Catalogue, RoleName, Teams},
    lifecycle::Environment,
    naming::{AccountId, DisplayName, TokenName},
    store::{Justification, MemoryStore, Owner, Purpose, Revision, Store},
    token::{Keyring, Pepper, PepperId, TokenId, Vendor},
};

pub(crate) use pollster::block_on as wait;

service_accounts::access::permissions! {
    /// What the host guards, and what administrates its service accounts.
    pub enum Permission in permission {
        /// Read.
        Read = "read",
        /// Write.
        Write = "write",
        /// Manage accounts.
        Manage = "manage",
    }
}

pub(crate) type Accounts = ServiceAccounts<MemoryStore, Permission>;

pub(crate) const ROLES: [&str; 3] = ["reader", "manager", "admin"];
pub(crate) const GROWTH: &[&str] = &["growth"];
pub(crate) const BOTH: &[&str] = &["growth", "finance"];

/// Somebody's rights: one bit for each permission on no team's, the first's, and the second team's things.
pub(crate) type Rights = u16;

pub(crate) const EVERYTHING: Rights = 0b111_111_111;

/// What the scope `managing` leaves: no writing.
pub(crate) const MANAGING: Rights = 0b101_101_101;

/// What a principal may do, asked for one thing at a time.
pub(crate) fn rights(principal: &Principal<Permission>) -> Rights {
    let teams = BOTH.iter().map(|team| Some(team.parse().unwrap()));
    let things = [None].into_iter().chain(teams);
    let asked = things.flat_map(|team| {
        [Permission::Read, Permission::Write, Permission::Manage]
            .map(|permission| principal.decide(permission, team.as_ref()).is_allow())
    });
    asked.fold(0, |rights, may| rights << 1 | Rights::from(may))
}

/// What each of the roles is, told without the catalogue, on no team's things and on those of its teams.
pub(crate) fn rights_of_role(role: &str, teams: &Teams) -> Rights {
    let may: Rights = match role {
        "reader" => 0b100,
        "manager" => 0b101,
        "admin" => 0b111,
        other => panic!("no role {other}"),
    };
    let on = |team: &str| if teams.contains(&team.parse().unwrap()) { may } else { 0 };
    may << 6 | on("growth") << 3 | on("finance")
}

/// A text that somebody was given.
pub(crate) struct Known {
    pub(crate) id: TokenId,
    pub(crate) account: AccountId,
    pub(crate) text: String,
}

impl Known {
    pub(crate) fn of(minted: &MintedToken) -> Self {
        let (id, account) = (minted.token.id, minted.token.account.clone());
        Self { id, account, text: minted.secret.expose().into() }
    }
}

/// A host as it stands before the first call.
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    /// A lesser manager of one team, who wants more.
    pub(crate) mallory: Known,
    /// An administrator of that team.
    pub(crate) bob: Known,
    /// An administrator of both teams, and an account below everybody that is narrowed to nothing.
    pub(crate) victims: [Known; 2],
}

impl World {
    pub(crate) fn new(approval: ApprovalRule) -> Self {
        let keyring = Keyring::new(PepperId::parse("k1").unwrap(), Pepper::from_bytes([1; Pepper::LEN]));
        let (vendor, now) = (Vendor::parse("acme").unwrap(), time::UtcDateTime::from_unix_timestamp(1_760_000_000));
        let builder = ServiceAccounts::builder(MemoryStore::new(), vendor, keyring, catalogue(), Permission::Manage);
        // What is looked for is rights, and a row for each access would take most of the time.
        let accounts = builder.approval(approval).access_events(AccessEvents::Off).clock(move || now.unwrap()).build();
        let [mallory, bob, boss, worker] = [
            ("Mallory Automation", "manager", GROWTH),
            ("Bob Automation", "admin", GROWTH),
            ("Boss Automation", "admin", BOTH),
            ("Worker Automation", "reader", GROWTH),
        ]
        .map(|(name, role, teams)| create(&accounts, name, role, teams));
        Self { accounts, mallory, bob, victims: [boss, worker] }
    }
}

/// By ada, and approved by grace where somebody must.
fn create(accounts: &Accounts, name: &str, role: &str, teams: &[&str]) -> Known {
    let created = wait(accounts.acting(&ada()).create(wanted(name, role, teams))).unwrap();
    let id = created.account.id.clone();
    if created.account.proposal.is_some() {
        let seen = wait(accounts.store().account(&id)).unwrap().map_or(Revision::NEW, |account| account.revision);
        wait(accounts.acting(&grace()).account(&id).approve(seen)).unwrap();
    }
    Known::of(&created.first_token.unwrap())
}

fn catalogue() -> Catalogue<Permission> {
    Catalogue::builder()
        .role("reader", "reads", [Permission::Read])
        .role("manager", "manages", [Permission::Read, Permission::Manage])
        .scope("managing", "what a manager does", [Permission::Read, Permission::Manage])
        .role("admin", "everything", [Permission::Read, Permission::Write, Permission::Manage])
        .build()
        .unwrap()
}

pub(crate) fn ada() -> Actor<Permission> {
    Actor::host("ada")
}

pub(crate) fn grace() -> Actor<Permission> {
    Actor::host("grace")
}

pub(crate) fn wanted(name: &str, role: &str, teams: &[&str]) -> NewAccount {
    let account = NewAccount::new(
        DisplayName::parse(name).unwrap(),
        Purpose::parse("nightly load").unwrap(),
        Owner::parse("Data Platform").unwrap(),
        Environment::production(),
    );
    NewAccount {
        role: Some(RoleName::parse(role).unwrap()),
        teams: Teams::only(teams.iter().copied()).unwrap(),
        justification: Some(Justification::parse("it loads").unwrap()),
        first_token: Some(token("first")),
        ..account
    }
}

pub(crate) fn token(name: &str) -> NewToken {
    NewToken::new(TokenName::parse(name).unwrap())
}
