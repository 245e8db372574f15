//! What must hold of every grant, whatever the catalogue.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking, in its helpers too")]

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use service_accounts_access::presets::data_catalogue::{self, Permission as P};
use service_accounts_access::{
    Catalogue, Checkboxes, Decision, Grant, Grants, Permission, PermissionSet, RoleName, Scopes, TeamName, Teams,
};

const TEAMS: [&str; 4] = ["a", "b", "c", "d"];

fn permission() -> impl Strategy<Value = P> {
    any::<Index>().prop_map(|at| *at.get(P::ALL))
}

fn permissions() -> impl Strategy<Value = PermissionSet<P>> {
    vec(permission(), 0..12).prop_map(|all| all.into_iter().collect())
}

fn scopes() -> impl Strategy<Value = Scopes> {
    prop_oneof![Just(Scopes::Inherited), permissions().prop_map(Scopes::ticked)]
}

fn teams() -> impl Strategy<Value = Teams> {
    let some =
        btree_set(0..TEAMS.len(), 0..4).prop_map(|some| Teams::only(some.into_iter().map(|at| TEAMS[at])).unwrap());
    prop_oneof![1 => Just(Teams::every()), 6 => some]
}

fn team() -> impl Strategy<Value = Option<TeamName>> {
    prop::option::of((0..TEAMS.len()).prop_map(|at| TeamName::parse(TEAMS[at]).unwrap()))
}

fn role() -> impl Strategy<Value = RoleName> {
    let roles: Vec<_> = data_catalogue::catalogue().roles().map(|role| role.name().clone()).collect();
    any::<Index>().prop_map(move |at| at.get(&roles).clone())
}

fn grant() -> impl Strategy<Value = Grant> {
    (role(), scopes(), teams()).prop_map(|(role, scopes, teams)| Grant::restore(role, scopes, teams))
}

fn of(grant: &Grant) -> Grants<P> {
    data_catalogue::catalogue().holder(grant, &Scopes::Inherited).unwrap()
}

fn guard(grantor: &Grants<P>, asked: &Grant) -> bool {
    let catalogue = data_catalogue::catalogue();
    catalogue.guard(grantor, asked.role().clone(), asked.scopes().clone(), asked.teams().clone()).is_ok()
}

/// Every question there is about the preset's permissions and the four teams.
fn questions() -> impl Iterator<Item = (P, Option<TeamName>)> {
    let teams = || [None].into_iter().chain(TEAMS.map(|name| Some(TeamName::parse(name).unwrap())));
    P::ALL.iter().copied().flat_map(move |permission| teams().map(move |team| (permission, team)))
}

fn allows(grants: &Grants<P>, (permission, team): &(P, Option<TeamName>)) -> bool {
    grants.decide(*permission, team.as_ref()).is_allow()
}

proptest! {
    /// Least privilege: taking a permission away never opens a door, and closes its own.
    #[test]
    fn fewer_permissions_never_allow_more(held in permissions(), teams in teams(), taken in permission()) {
        let (more, fewer) = (Grants::new(held, teams.clone()), Grants::new(held.without(taken), teams));
        for question in questions() {
            prop_assert!(!allows(&fewer, &question) || allows(&more, &question));
            prop_assert!(question.0 != taken || !allows(&fewer, &question));
        }
    }

    /// Adding a permission never closes a door, and opens its own to what belongs to no team.
    #[test]
    fn more_permissions_never_allow_less(held in permissions(), teams in teams(), given in permission()) {
        let (fewer, more) = (Grants::new(held, teams.clone()), Grants::new(held.with(given), teams));
        prop_assert!(questions().all(|question| !allows(&fewer, &question) || allows(&more, &question)));
        prop_assert_eq!(more.decide(given, None), Decision::Allow);
    }

    /// Leaving a team never opens a door, not even leaving the last one.
    #[test]
    fn fewer_teams_never_reach_more(held in permissions(), some in vec(0..TEAMS.len(), 1..4)) {
        let teams = |names: &[usize]| Teams::only(names.iter().map(|at| TEAMS[*at])).unwrap();
        let (more, fewer) = (Grants::new(held, teams(&some)), Grants::new(held, teams(&some[1..])));
        prop_assert!(questions().all(|question| !allows(&fewer, &question) || allows(&more, &question)));
    }

    /// A token is never more than its account, and an account never more than its role.
    #[test]
    fn scopes_only_narrow(account in grant(), token in scopes(), question in (permission(), team())) {
        let catalogue = data_catalogue::catalogue();
        let role = Grant::restore(account.role().clone(), Scopes::Inherited, account.teams().clone());
        let with_token = catalogue.holder(&account, &token).unwrap();
        prop_assert!(with_token.is_subset(&of(&account)) && of(&account).is_subset(&of(&role)));
        prop_assert!(!allows(&with_token, &question) || allows(&of(&account), &question));
        prop_assert!(!allows(&of(&account), &question) || allows(&of(&role), &question));
    }

    /// The guard lets through exactly what the grantor could do itself.
    #[test]
    fn a_grant_is_made_exactly_if_the_grantor_may_do_all_of_it(grantor in grant(), asked in grant()) {
        let (grantor, granted) = (of(&grantor), of(&asked));
        let covered = questions().all(|question| !allows(&granted, &question) || allows(&grantor, &question));
        if guard(&grantor, &asked) {
            prop_assert!(covered && granted.is_subset(&grantor));
        } else {
            // Whoever may do nothing may still be given teams that its grantor is not in: that alone is refused beyond.
            prop_assert!(!covered || !granted.teams().is_subset(grantor.teams()));
        }
    }

    /// What can be handed on in two steps can be handed on in one.
    #[test]
    fn the_guard_is_transitive(grants in vec(grant(), 8)) {
        let made = |from: usize, to: usize| guard(&of(&grants[from]), &grants[to]);
        let made: Vec<Vec<bool>> = (0..8).map(|from| (0..8).map(|to| made(from, to)).collect()).collect();
        for (first, second, third) in (0..512).map(|triple| (triple / 64, triple / 8 % 8, triple % 8)) {
            prop_assert!(!(made[first][second] && made[second][third]) || made[first][third]);
        }
    }

    /// Everyone can hand on what it holds.
    #[test]
    fn the_guard_is_reflexive(grant in grant()) {
        prop_assert!(guard(&of(&grant), &grant));
    }

    /// Minting is guarded as granting is: who can mint every token of an account could have granted the account.
    #[test]
    fn who_may_mint_a_whole_token_could_have_granted_the_account(grantor in grant(), account in grant(), token in scopes()) {
        let catalogue = data_catalogue::catalogue();
        let mints = |scopes: &Scopes| catalogue.guard_token(&of(&grantor), &account, scopes.clone()).is_ok();
        prop_assert_eq!(mints(&Scopes::Inherited), guard(&of(&grantor), &account));
        let minted = catalogue.holder(&account, &token).unwrap();
        prop_assert_eq!(mints(&token), minted.is_subset(&of(&grantor)));
    }

    /// The remedy is one: with it the question that was denied is allowed, unless another layer denies it too.
    #[test]
    fn a_remedy_cures_what_it_is_for(account in grant(), token in scopes(), permission in permission()) {
        let catalogue = data_catalogue::catalogue();
        let Decision::Deny(denial) = catalogue.holder(&account, &token).unwrap().decide(permission, None) else {
            return Ok(());
        };
        let remedy = catalogue.remedy(denial, permission);
        prop_assert!(!remedy.roles().is_empty() || !remedy.scopes().is_empty());
        for role in remedy.roles() {
            prop_assert!(catalogue.role(role).unwrap().contains(permission));
        }
        for scope in remedy.scopes() {
            prop_assert!(catalogue.scope(scope).unwrap().contains(permission));
        }
    }

    /// The least role that covers what was used covers it, and no smaller role does.
    #[test]
    fn the_least_covering_role_covers_and_is_least(used in permissions()) {
        let catalogue = data_catalogue::catalogue();
        let least = catalogue.role(catalogue.least_role_covering(used).unwrap()).unwrap();
        prop_assert!(used.is_subset(least));
        prop_assert!(catalogue.roles().all(|role| role.permissions().len() >= least.len() || !used.is_subset(role.permissions())));
    }

    /// What the impact says is what the decisions do.
    #[test]
    fn the_impact_of_a_change_is_the_difference_it_makes(holder in grant(), kept in permissions()) {
        let before = data_catalogue::catalogue();
        let roles = before.roles().fold(Catalogue::builder(), |builder, role| {
            builder.role(role.name().as_str(), "", role.permissions().intersection(kept).iter())
        });
        let after = roles.build().unwrap();
        let held = |catalogue: &Catalogue<P>| catalogue.holder(&holder, &Scopes::Inherited).unwrap().permissions();
        let lost = held(&before).difference(held(&after));
        let impact: Vec<_> = before.impact(&after, [((), &holder)]).map(|impact| (impact.gains, impact.loses)).collect();
        prop_assert_eq!(impact, if lost.is_empty() { vec![] } else { vec![(PermissionSet::empty(), lost)] });
    }

    /// A set survives its boxes.
    #[test]
    fn boxes_tick_what_is_held(held in permissions()) {
        let boxes = Checkboxes::new(held);
        for permission in P::ALL.iter().copied() {
            let (resource, action) = permission.name().split_once(':').unwrap();
            prop_assert_eq!(boxes.is_ticked(resource, action), Some(held.contains(permission)));
        }
    }
}
