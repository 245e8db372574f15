//! What is kept whole is bounded in bytes, and can always be read again.

use service_accounts::{
    AccountUpdate, Actor, ApprovalRule, Error, Incident, NewAccount, Note, ReviewKey, ReviewPack, ReviewScope,
    access::Teams,
    audit::{Action, Event, Label},
    lifecycle::ReviewDecision,
    naming::Realm,
    store::{
        Authority, BoxStore, Change, Committed, Document, DocumentKind, MemoryStore, Owner, Purpose, Store, SystemName,
    },
};

use crate::world::{World, in_role, wait};

/// Four bytes a character, which is the most that a text takes.
fn long(chars: usize) -> String {
    "\u{20000}".repeat(chars)
}

fn length_of(store: &BoxStore, kind: DocumentKind) -> usize {
    wait(store.documents(kind, None, 9)).unwrap().items.iter().map(|document| document.body.len()).max().unwrap()
}

/// The changes of an account that renamed others over and over took 200 times two long texts.
#[test]
fn an_incident_of_the_longest_changes_is_bounded_in_bytes() {
    let store = BoxStore::new(MemoryStore::new());
    let world = World::on(store.clone());
    let eve = world.create_with("Eve", |wanted| NewAccount { teams: Teams::every(), ..in_role("Admin")(wanted) });
    let target = world.create_with("Target", in_role("Editor")).account.id.clone();
    let by_eve = world.authenticate(crate::world::text(eve.first_token.as_ref().unwrap())).unwrap().actor();
    for round in 0..Incident::MOST_DEEDS + 9 {
        let systems = (0..200).map(|n| SystemName::parse(&format!("{round}-{n}-{}", long(40))).unwrap()).collect();
        let (purpose, owner) =
            (Purpose::parse(&format!("{round}{}", long(100))), Owner::parse(&format!("{round}{}", long(80))));
        let update = AccountUpdate {
            systems: Some(systems),
            purpose: Some(purpose.unwrap()),
            owner: Some(owner.unwrap()),
            ..AccountUpdate::default()
        };
        wait(world.accounts.acting(&by_eve).account(&target).update(update)).unwrap();
    }
    let incident = wait(world.admin().account(&eve.account.id).contain(Note::parse("leaked").unwrap())).unwrap();
    assert!(!incident.did.is_empty() && incident.did.len() < Incident::MOST_DEEDS, "{}", incident.did.len());
    assert!(length_of(&store, DocumentKind::Incident) < Incident::MOST_BYTES_OF_DEEDS + 16 * 1024);
    for _ in 0..Incident::MOST_NOTES {
        wait(world.admin().note_incident(&incident.id, Note::parse(&long(Note::MAX_CHARS)).unwrap())).unwrap();
    }
    assert!(length_of(&store, DocumentKind::Incident) < 2 << 20);
}

/// A review of accounts of more than 200 teams together was kept and could not be read, nor could any other of its realm.
#[test]
fn a_review_of_many_teams_is_read_again() {
    let world = World::new();
    for account in ["One", "Two", "Three"] {
        let names: Vec<_> = (0..150).map(|team| format!("{}-{team}", account.to_lowercase())).collect();
        let teams = Teams::only(names.iter().map(String::as_str)).unwrap();
        world.create_with(account, |wanted| NewAccount { teams, ..wanted });
    }
    let (mut scope, mut seen) = (ReviewScope::default(), 0);
    loop {
        let opened = wait(world.admin().reviews().open(scope.clone(), 50)).unwrap();
        seen += opened.pack.rows.rows().len();
        assert_eq!(wait(world.admin().reviews().get(&opened.pack.id)).unwrap().pack, opened.pack);
        let Some(next) = opened.pack.next else { break };
        scope.after = Some(next);
    }
    assert_eq!(seen, 6, "three accounts and their tokens, none twice");
}

/// Decisions with long notes made a pack of 16 MB, which each look at it reads.
#[test]
fn a_review_of_the_longest_notes_is_bounded_in_bytes() {
    let store = BoxStore::new(MemoryStore::new());
    let world = World::on(store.clone());
    let created = world.create("Nightly Load");
    let id = wait(world.admin().reviews().open(ReviewScope::default(), 50)).unwrap().pack.id;
    let key = ReviewKey { account: created.account.id.clone(), token: None };
    let note = Some(Note::parse(&long(Note::MAX_CHARS)).unwrap());
    let attest = || wait(world.admin().reviews().attest(&id, &key, ReviewDecision::Change, note.clone()));
    let mut pack = attest().unwrap().pack;
    let attestation = pack.rows.attestations()[0].clone();
    let one = serde_json::to_string(&attestation).unwrap().len() + 1;
    let most = 2 * ReviewPack::MOST_BYTES;
    let fitting = (most - serde_json::to_string(&pack).unwrap().len()) / one;
    for _ in 1..fitting {
        pack.rows.attest(attestation.clone()).unwrap();
    }
    let body = serde_json::to_string(&pack).unwrap().into();
    let present = wait(store.document(DocumentKind::Review, &id)).unwrap().unwrap();
    let change =
        Change::PutDocument { document: Document { body, ..present.clone() }, expected: Some(present.revision) };
    let event = Event::new(Action::ReviewAttested, Label::new("ada"), world.accounts.now());
    assert!(matches!(wait(store.commit(&Authority::Host, change, event)), Ok(Committed::Applied(_))));
    assert!(attest().is_ok(), "the last one that fits");
    assert!(matches!(attest(), Err(Error::RecordTooLong { .. })));
    let length = length_of(&store, DocumentKind::Review);
    assert!(length <= most && length > most - one, "{length}");
}

/// Realms of up to 128 bytes shared their reviews where the first 100 were the same.
#[test]
fn realms_of_long_names_share_no_reviews() {
    let store = BoxStore::new(MemoryStore::new());
    let of = |end: &str| {
        let realm = Realm::parse(&format!("{}.{end}", [&*"a".repeat(61), &*"b".repeat(60)].join("."))).unwrap();
        World::built_on(store.clone(), |builder| builder.realm(realm))
    };
    let (one, other) = (of("one"), of("two"));
    one.create("Nightly Load");
    let opened = wait(one.admin().reviews().open(ReviewScope::default(), 50)).unwrap();
    let listed = |world: &World| wait(world.admin().reviews().list(None, 9)).unwrap().items.len();
    assert_eq!((listed(&one), listed(&other)), (1, 0));
    assert!(matches!(wait(other.admin().reviews().get(&opened.pack.id)), Err(Error::DocumentMissing)));
}

/// Each editor of what waits is remembered in the account, which is read on every request.
#[test]
fn the_editors_of_what_waits_are_bounded() {
    let world = World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator));
    let id = world.create("Nightly Load").account.id.clone();
    let edited = |number: usize| {
        let owner = Some(Owner::parse(&format!("owner {number}")).unwrap());
        let update = AccountUpdate { owner, ..AccountUpdate::default() };
        let editor = Actor::host(&format!("editor-{number}"));
        wait(world.accounts.acting(&editor).account(&id).update(update))
    };
    (1..500).for_each(|number| assert!(edited(number).is_ok(), "{number}"));
    assert!(matches!(edited(500), Err(Error::TooManyEntries { most: 500 })));
    let seen = wait(world.admin().account(&id).read()).unwrap().revision;
    let approver = Actor::host("approver");
    wait(world.accounts.acting(&approver).account(&id).approve(seen)).unwrap();
    assert!(edited(500).is_ok(), "nothing waits any more");
}
