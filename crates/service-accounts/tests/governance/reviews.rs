//! Packs for the quarterly review, and what people decide.

use service_accounts::{
    Actor, Error, Note, OpenedReview, ReviewKey, ReviewScope,
    access::{Grants, PermissionSet, Teams},
    audit::Action,
    lifecycle::{ReviewDecision, ReviewQuestion},
    store::DocumentId,
};

use crate::world::{Permission, World, first, in_role, manager_of, on_every_store, wait};

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
}

#[test]
fn what_was_not_reviewed_cannot_be_decided() {
    let world = World::new();
    let opened = open(&world, ReviewScope::default());
    let late = ReviewKey { account: world.create("Nightly Load").account.id.clone(), token: None };
    let room = world.admin().reviews();
    let attested = wait(room.attest(&opened.pack.id, &late, ReviewDecision::Keep, None));
    assert!(matches!(attested, Err(Error::NotReviewed)));
    let other_realm = DocumentId::parse("elsewhere:00000000000-100").unwrap();
    assert!(matches!(wait(room.get(&other_realm)), Err(Error::DocumentMissing)));
}
