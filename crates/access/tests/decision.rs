//! The decision against a model that knows nothing of bits: sets of words, looked up one by one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, in its helpers too")]
#![expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "the numbers are small")]

use std::collections::{HashMap, HashSet};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use service_accounts_access::presets::{data_catalogue, data_quality, deployment};
use service_accounts_access::{
    Catalogue, CatalogueBuilder, Decision, Denial, Permission, RoleName, ScopeName, Scopes, TeamName, Teams,
};

type Words = HashSet<String>;

/// Who holds what, in words.
struct Model {
    roles: HashMap<String, Words>,
    scopes: HashMap<String, Words>,
}

/// A holder, in words; no list is an inherited one, or every team.
struct Holder {
    role: String,
    account: Option<Vec<String>>,
    token: Option<Vec<String>>,
    teams: Option<Vec<String>>,
}

impl Model {
    fn decide(&self, holder: &Holder, permission: &str, team: Option<&str>) -> Decision {
        if !self.roles[&holder.role].contains(permission) {
            return Decision::Deny(Denial::NotInRole);
        }
        if !self.leave(holder.account.as_deref(), permission) {
            return Decision::Deny(Denial::NotInAccountScopes);
        }
        if !self.leave(holder.token.as_deref(), permission) {
            return Decision::Deny(Denial::NotInTokenScopes);
        }
        let reached = match (team, &holder.teams) {
            (None, _) | (_, None) => true,
            (Some(team), Some(teams)) => teams.iter().any(|one| one == team),
        };
        if reached { Decision::Allow } else { Decision::Deny(Denial::WrongTeam) }
    }

    fn leave(&self, scopes: Option<&[String]>, permission: &str) -> bool {
        let holds = |scope: &String| {
            scope == permission || self.scopes.get(scope).is_some_and(|held| held.contains(permission))
        };
        scopes.is_none_or(|scopes| scopes.iter().any(holds))
    }
}

/// Compares every permission, for a resource of no team and of each team, and says how many decisions that were.
fn compare<P: Permission>(catalogue: &Catalogue<P>, model: &Model, holder: &Holder, teams: &[TeamName]) -> u64 {
    let scopes = |words: &Option<Vec<String>>| match words {
        None => Scopes::Inherited,
        Some(words) => Scopes::only(words.iter().map(String::as_str)).unwrap(),
    };
    let in_teams = match &holder.teams {
        None => Teams::every(),
        Some(words) => Teams::only(words.iter().map(String::as_str)).unwrap(),
    };
    let role = RoleName::parse(&holder.role).unwrap();
    let grants = catalogue.grants(&role, &scopes(&holder.account), &scopes(&holder.token), in_teams).unwrap();
    let teams: Vec<_> = [None].into_iter().chain(teams.iter().map(Some)).collect();
    for permission in P::ALL.iter().copied() {
        for team in teams.iter().copied() {
            let expected = model.decide(holder, permission.name(), team.map(TeamName::as_str));
            let said = grants.decide(permission, team);
            assert_eq!(said, expected, "{} as {} for {team:?}", permission.name(), holder.role);
        }
    }
    (P::ALL.len() * teams.len()) as u64
}

fn words(text: &str) -> Words {
    text.split_whitespace().map(str::to_owned).collect()
}

fn model(roles: &[(&str, &str)], scopes: &[(&str, &str)]) -> Model {
    let table = |rows: &[(&str, &str)]| rows.iter().map(|(name, held)| ((*name).to_owned(), words(held))).collect();
    Model { roles: table(roles), scopes: table(scopes) }
}

fn data_quality_model() -> Model {
    model(
        &[
            ("Member", "results:read datastores:view"),
            ("Editor", "results:read datastores:view resources:write"),
            ("Manager", "results:read datastores:view resources:write users:view"),
            (
                "Admin",
                "results:read datastores:view resources:write users:view service-accounts:manage integrations:configure",
            ),
        ],
        &[
            ("read", "results:read datastores:view users:view"),
            ("write", "results:read datastores:view users:view resources:write"),
            (
                "admin",
                "results:read datastores:view users:view resources:write service-accounts:manage integrations:configure",
            ),
        ],
    )
}

fn data_catalogue_model() -> Model {
    let viewer = "tokens:manage objects:read";
    let composer = &format!("{viewer} queries:run articles:write fields:write");
    let catalog = &format!("{composer} curation:write sources:manage templates:manage groups:manage");
    let roles = [
        ("VIEWER", viewer),
        ("COMPOSER", composer),
        ("STEWARD", &format!("{composer} curation:write")),
        ("SOURCE_ADMIN", &format!("{composer} sources:manage")),
        ("CATALOG_ADMIN", catalog),
        ("SERVER_ADMIN", &format!("{catalog} users:manage clients:manage settings:manage")),
    ];
    model(&roles, &[])
}

fn deployment_model() -> Model {
    let member = "applications:read applications:write applications:deploy applications:delete environments:read \
                  environments:write environments:delete secrets:read secrets:write secrets:delete webhooks:read \
                  webhooks:write webhooks:delete service-accounts:read";
    model(&[("Member", member), ("Owner", &format!("{member} service-accounts:write"))], &[])
}

/// Every set of these names, and the inherited one.
fn scope_sets(names: &[String]) -> impl Iterator<Item = Option<Vec<String>>> {
    let subset = |bits: u32| {
        let chosen = names.iter().enumerate().filter(move |(at, _)| bits >> at & 1 == 1);
        Some(chosen.map(|(_, name)| name.clone()).collect())
    };
    [None].into_iter().chain((0..1 << names.len()).map(subset))
}

fn scope_names<P: Permission>(catalogue: &Catalogue<P>) -> Vec<String> {
    let declared = catalogue.scopes().map(|scope| scope.name().to_string());
    declared.chain(P::ALL.iter().map(|permission| permission.name().to_owned())).collect()
}

/// Every role with every scope set, once as its account's and once as its token's, in a team and in none.
fn enumerate<P: Permission>(catalogue: &Catalogue<P>, model: &Model) -> u64 {
    let (names, teams) = (scope_names(catalogue), [TeamName::parse("growth").unwrap()]);
    assert_eq!(catalogue.roles().count(), model.roles.len());
    let mut decisions = 0;
    for role in catalogue.roles() {
        for set in scope_sets(&names) {
            let holder = |account, token, teams| Holder { role: role.name().to_string(), account, token, teams };
            let growth = Some(vec!["growth".to_owned()]);
            decisions += compare(catalogue, model, &holder(set.clone(), None, Some(vec![])), &teams);
            decisions += compare(catalogue, model, &holder(None, set, growth), &teams);
        }
    }
    decisions
}

#[test]
fn every_role_and_scope_set_of_the_data_quality_preset_decides_as_the_model_does() {
    assert_eq!(enumerate(&data_quality::catalogue(), &data_quality_model()), 4 * 513 * 2 * 6 * 2);
}

#[test]
fn every_role_and_scope_set_of_the_data_catalogue_preset_decides_as_the_model_does() {
    assert_eq!(enumerate(&data_catalogue::catalogue(), &data_catalogue_model()), 6 * 4097 * 2 * 12 * 2);
}

#[test]
fn every_role_and_scope_set_of_the_deployment_preset_decides_as_the_model_does() {
    assert_eq!(enumerate(&deployment::catalogue(), &deployment_model()), 2 * 32_769 * 2 * 15 * 2);
}

#[test]
#[ignore = "by hand: cargo test --release --test decision -- --ignored --nocapture"]
fn every_pair_of_scope_sets_of_the_data_quality_preset_decides_as_the_model_does() {
    let (catalogue, model) = (data_quality::catalogue(), data_quality_model());
    let (names, teams) = (scope_names(&catalogue), [TeamName::parse("growth").unwrap()]);
    let mut decisions = 0;
    for role in catalogue.roles() {
        for account in scope_sets(&names) {
            for token in scope_sets(&names) {
                let role = role.name().to_string();
                let holder = Holder { role, account: account.clone(), token, teams: Some(vec![]) };
                decisions += compare(&catalogue, &model, &holder, &teams);
            }
        }
    }
    println!("{decisions} decisions");
    assert_eq!(decisions, 4 * 513 * 513 * 6 * 2);
}

/// 128 permissions, as many as a set holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Full(u8);

const FULL: [Full; 128] = {
    let mut all = [Full(0); 128];
    let mut at = 0;
    while at < 128 {
        all[at] = Full(at as u8);
        at += 1;
    }
    all
};

impl Permission for Full {
    const ALL: &'static [Self] = &FULL;

    fn name(self) -> &'static str {
        const DIGITS: &str = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\
                              202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F\
                              404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F\
                              606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F";
        &DIGITS[usize::from(self.0) * 2..usize::from(self.0) * 2 + 2]
    }

    fn summary(self) -> &'static str {
        self.name()
    }

    fn index(self) -> u32 {
        self.0.into()
    }
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    fn some<T: Clone>(&mut self, all: &[T], one_in: u64) -> Vec<T> {
        all.iter().filter(|_| self.below(one_in) == 0).cloned().collect()
    }

    fn list(&mut self, all: &[String]) -> Option<Vec<String>> {
        let one_in = [2, 4, 16][self.below(3) as usize];
        if self.below(4) == 0 { None } else { Some(self.some(all, one_in)) }
    }

    /// A catalogue and what it means, roles and scopes including earlier ones now and then.
    fn catalogue(&mut self) -> (Catalogue<Full>, Model) {
        let mut model = Model { roles: HashMap::new(), scopes: HashMap::new() };
        let mut builder = Catalogue::builder();
        for at in 0..1 + self.below(6) {
            builder = self.entry(builder, &format!("Role{at}"), &mut model.roles, |builder, name, includes, own| {
                builder.role_including(name, "", includes, own)
            });
        }
        for at in 0..self.below(6) {
            builder = self.entry(builder, &format!("scope{at}"), &mut model.scopes, |builder, name, includes, own| {
                builder.scope_including(name, "", includes, own)
            });
        }
        (builder.build().unwrap(), model)
    }

    fn entry(
        &mut self,
        builder: CatalogueBuilder<Full>,
        name: &str,
        table: &mut HashMap<String, Words>,
        add: Add,
    ) -> CatalogueBuilder<Full> {
        let one_in = 1 + self.below(6);
        let own = self.some(&FULL, one_in);
        let mut earlier: Vec<_> = table.keys().cloned().collect();
        earlier.sort_unstable();
        let includes = self.some(&earlier, 5);
        let mut held: Words = own.iter().map(|permission| permission.name().to_owned()).collect();
        held.extend(includes.iter().flat_map(|one| table[one].iter().cloned()));
        table.insert(name.to_owned(), held);
        add(builder, name, includes.iter().map(String::as_str).collect(), own)
    }
}

type Add = fn(CatalogueBuilder<Full>, &str, Vec<&str>, Vec<Full>) -> CatalogueBuilder<Full>;

/// Random catalogues and holders, until there were so many decisions.
fn differ(seed: u64, at_least: u64) -> u64 {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let team_words: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    let teams: Vec<_> = ["a", "c"].map(|name| TeamName::parse(name).unwrap()).into();
    let mut decisions = 0;
    while decisions < at_least {
        let (catalogue, model) = dice.catalogue();
        let names: Vec<String> = scope_names(&catalogue);
        assert!(names.iter().all(|name| catalogue.scope(&ScopeName::parse(name).unwrap()).is_some()));
        for _ in 0..16 {
            let role = format!("Role{}", dice.below(model.roles.len() as u64));
            let holder =
                Holder { role, account: dice.list(&names), token: dice.list(&names), teams: dice.list(&team_words) };
            decisions += compare(&catalogue, &model, &holder, &teams);
        }
    }
    decisions
}

#[test]
fn random_catalogues_decide_as_the_model_does() {
    assert!(differ(1, 10_000) >= 10_000);
}

#[test]
#[ignore = "by hand: cargo test --release --test decision -- --ignored --nocapture"]
fn a_hundred_million_random_decisions_are_those_of_the_model() {
    let halves = std::thread::scope(|threads| {
        let halves = [2, 3].map(|seed| threads.spawn(move || differ(seed, 50_000_000)));
        halves.map(|half| half.join().unwrap())
    });
    println!("{} decisions", halves.iter().sum::<u64>());
}
