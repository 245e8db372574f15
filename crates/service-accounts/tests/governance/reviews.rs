//! Packs for the quarterly review, and what people decide.

use std::sync::Arc;

use service_accounts::{
    AccountUpdate, Actor, Error, Note, OpenedReview, ReviewKey, ReviewScope,
    access::{Grants, PermissionSet, Teams},
    audit::Action,
    lifecycle::{ReviewDecision, ReviewQuestion},
    naming::Realm,
    store::{BoxStore, MemoryStore},
};

use crate::world::{Permission, World, first, in_role, manager_of, on_every_store, text, wait};

fn open(world: &World, scope: ReviewScope) -> OpenedReview {
    wait(world.admin().reviews().open(scope, 50)).unwrap()
}

fn asked(review: &OpenedReview, key: &ReviewKey) -> Vec<ReviewQuestion> {
    review.pack.rows.row(key).unwrap().findings.iter().map(|found| found.question()).collect()
}

#[test]
fn a_review_asks_of_each_account_and_token_and_its_decisions_are_kept() {
    on_every_store(|world| {
        let created = world.create_with("Nightly Load", in_role("Editor"));
        let account = ReviewKey { account: created.account.id.clone(), token: None };
        let token = ReviewKey { token: Some(first(&created).token.id), ..account.clone() };
        let opened = open(world, ReviewScope::default());
        assert_eq!(opened.pack.rows.rows().len(), 2, "an account and its token");
        assert!(opened.delta.is_none(), "it is the first");
        assert!(asked(&opened, &token).contains(&ReviewQuestion::LeastPrivilege), "nothing was ever used");
        assert!(!asked(&opened, &account).contains(&ReviewQuestion::Required), "what is new is required");
        let room = world.admin().reviews();
        let note = Some(Note::parse("still loads the warehouse").unwrap());
        for key in [&account, &token] {
            wait(room.attest(&opened.pack.id, key, ReviewDecision::Keep, note.clone())).unwrap();
        }
        let kept = wait(room.get(&opened.pack.id)).unwrap().pack;
        assert_eq!(kept.rows.decision(&token).unwrap().note.as_deref(), Some("still loads the warehouse"));
        assert_eq!(kept.rows.undecided().count(), 0);
        let record = wait(world.admin().token(&token.account, &token.token.unwrap()).read()).unwrap();
        assert_eq!(record.token().last_review, Some(world.accounts.now()));
        assert_eq!(world.trail(Action::ReviewOpened).len(), 1);
        assert_eq!(world.trail(Action::ReviewAttested).len(), 2);
        assert_eq!(wait(room.list(None, 9)).unwrap().items, [kept]);
    });
}

#[test]
fn the_delta_is_against_the_last_review_of_the_same_scope() {
    let world = World::new();
    let created = world.create("Nightly Load");
    let token = ReviewKey { account: created.account.id.clone(), token: Some(first(&created).token.id) };
    open(&world, ReviewScope::default());
    let gone = ReviewScope { owners: Some(["Somebody Else".into()].into()), ..ReviewScope::default() };
    let second = open(&world, gone.clone());
    let delta = second.delta.unwrap();
    assert!(delta.new.contains(&(token.clone(), ReviewQuestion::Owner)), "{delta:?}");
    assert!(delta.standing.contains(&(token.clone(), ReviewQuestion::LeastPrivilege)));
    let other = ReviewScope { owner: Some(created.account.owner.clone()), ..ReviewScope::default() };
    assert!(open(&world, other).delta.is_none(), "another scope");
    wait(world.admin().token(&token.account, &token.token.unwrap()).revoke()).unwrap();
    let third = open(&world, ReviewScope::default()).delta.unwrap();
    assert!(third.gone.contains(&(token, ReviewQuestion::Owner)), "{third:?}");
    assert_eq!(wait(world.admin().reviews().list(None, 9)).unwrap().items.len(), 4);
}

#[test]
fn reviews_are_read_by_who_is_in_all_of_their_teams() {
    let world = World::new();
    world.create_with("Web Deploys", |wanted| service_accounts::NewAccount {
        teams: Teams::only(["web"]).unwrap(),
        ..wanted
    });
    let opened = open(&world, ReviewScope::default());
    let (web, data) = (manager_of("web"), manager_of("data"));
    let read = |actor: &Actor<Permission>| wait(world.accounts.acting(actor).reviews().get(&opened.pack.id));
    assert!(read(&web).is_ok());
    assert!(matches!(read(&data), Err(Error::Grant(_))));
    assert!(wait(world.accounts.acting(&data).reviews().list(None, 9)).unwrap().items.is_empty());
    let nobody = Actor::host_with("mallory", Grants::new(PermissionSet::empty(), Teams::every()));
    assert!(matches!(read(&nobody), Err(Error::NotPermitted)));
    let own = wait(world.accounts.acting(&data).reviews().open(ReviewScope::default(), 9)).unwrap();
    assert!(own.pack.rows.rows().is_empty(), "accounts of other teams are left out");
    assert!(own.delta.is_none(), "and so is a review that holds some");
}

#[test]
fn what_was_not_reviewed_cannot_be_decided() {
    let world = World::new();
    let opened = open(&world, ReviewScope::default());
    let late = ReviewKey { account: world.create("Nightly Load").account.id.clone(), token: None };
    let room = world.admin().reviews();
    let attested = wait(room.attest(&opened.pack.id, &late, ReviewDecision::Keep, None));
    assert!(matches!(attested, Err(Error::NotReviewed)));
}

#[test]
fn a_review_of_another_realm_is_not_seen() {
    let store = Arc::new(MemoryStore::new());
    let on = |realm: &str| {
        let realm = Realm::parse(realm).unwrap();
        World::built_on(BoxStore::new(store.clone()), |builder| builder.realm(realm))
    };
    let (ours, theirs) = (on("service"), on("tenant-b"));
    theirs.create("Nightly Load");
    let opened = open(&theirs, ReviewScope::default());
    let room = ours.admin().reviews();
    assert!(matches!(wait(room.get(&opened.pack.id)), Err(Error::DocumentMissing)));
    assert!(wait(room.list(None, 9)).unwrap().items.is_empty());
    assert!(open(&ours, ReviewScope::default()).delta.is_none());
}

/// The difference named accounts and tokens of the review before, whose teams nobody asked for.
#[test]
fn a_difference_tells_nothing_of_teams_that_its_reader_is_not_in() {
    let world = World::new();
    let of = |team: &str| Teams::only([team]).unwrap();
    let web = world.create_with("Web Deploys", |wanted| service_accounts::NewAccount { teams: of("web"), ..wanted });
    world.create_with("Data Loads", |wanted| service_accounts::NewAccount { teams: of("data"), ..wanted });
    open(&world, ReviewScope::default());
    wait(world.admin().account(&web.account.id).delete()).unwrap();
    let second = open(&world, ReviewScope::default());
    assert!(format!("{:?}", second.delta).contains("web_deploys"), "whoever is in every team is told what is gone");
    let data = manager_of("data");
    let read = wait(world.accounts.acting(&data).reviews().get(&second.pack.id)).unwrap();
    assert!(!format!("{read:?}").contains("web_deploys"), "{read:?}");
}

/// A pack is of the teams of its day; what is confirmed is the token of today.
#[test]
fn nobody_confirms_what_has_left_their_teams_since_it_was_gathered() {
    let world = World::new();
    let teams = |team: &str| Teams::only([team]).unwrap();
    let created =
        world.create_with("Web Deploys", |wanted| service_accounts::NewAccount { teams: teams("web"), ..wanted });
    let id = created.account.id.clone();
    let opened = open(&world, ReviewScope::default());
    let moved = AccountUpdate { teams: Some(teams("data")), ..AccountUpdate::default() };
    wait(world.admin().account(&id).update(moved)).unwrap();
    let (web, key) = (manager_of("web"), ReviewKey { account: id, token: Some(first(&created).token.id) });
    let attested =
        wait(world.accounts.acting(&web).reviews().attest(&opened.pack.id, &key, ReviewDecision::Keep, None));
    assert!(matches!(attested, Err(Error::Grant(_))), "{attested:?}");
    assert!(world.trail(Action::TokenReviewed).is_empty());
}

#[test]
fn no_account_attests_itself() {
    let world = World::new();
    let reviewer = world.create_with("Reviewer", in_role("Admin"));
    let opened = open(&world, ReviewScope::default());
    let itself = world.authenticate(text(first(&reviewer))).unwrap().actor();
    let key = ReviewKey { account: reviewer.account.id.clone(), token: Some(first(&reviewer).token.id) };
    for decision in [ReviewDecision::Keep, ReviewDecision::Change, ReviewDecision::Revoke] {
        let attested = wait(world.accounts.acting(&itself).reviews().attest(&opened.pack.id, &key, decision, None));
        assert!(matches!(attested, Err(Error::OwnAccount)), "{attested:?}");
    }
    assert!(world.trail(Action::ReviewAttested).is_empty(), "nor does it leave a decision behind");
}
