//! One change of each kind, for what must hold of all.

use std::{collections::HashSet, mem::discriminant};

use super::{Subject, fixtures, newcomers, steps};
use crate::{Change, Document, DocumentId, DocumentKind, Revision, Room, Store, Token};

/// How many kinds of change there are.
const KINDS: usize = 19;

/// One change of each kind, all of which happen on the host's word, one after another.
pub(super) fn every_change<S: Store>(subject: &Subject<S>) -> Vec<Change> {
    let changes: Vec<_> =
        [of_accounts(subject), of_tokens(subject), of_documents(subject)].into_iter().flatten().collect();
    let kinds: HashSet<_> = changes.iter().map(discriminant).collect();
    assert_eq!(kinds.len(), KINDS, "a new kind of change needs a sample here");
    changes
}

fn of_accounts<S: Store>(subject: &Subject<S>) -> Vec<Change> {
    let [updated, emptied, reissued, deleted] =
        ["updated", "emptied", "reissued", "deleted"].map(|local| furnished(subject, local).0);
    let purged = half_deleted(subject, "purged");
    vec![
        steps::creation(Subject::<S>::account("planted"), vec![]),
        steps::creations(&[newcomers::newcomer(subject, "first"), newcomers::newcomer(subject, "second")]),
        steps::update(&steps::edited(&updated), updated.revision),
        steps::revocation_of_all(&emptied),
        steps::reissue(&subject.secret(&reissued.id), reissued.revision),
        steps::deletion(&deleted),
        steps::purge(&purged),
    ]
}

fn of_tokens<S: Store>(subject: &Subject<S>) -> Vec<Change> {
    let (account, [secret, nightly, weekly]) = furnished(subject, "target");
    let (id, account_revision) = (&account.id, account.revision);
    let [hourly, tended] = ["hourly", "tended"].map(|name| subject.mint(subject.token(id, name)));
    let session = || Box::new(subject.session(id, secret.id));
    vec![
        Change::Mint { token: Box::new(subject.token(id, "planted")), account_revision, room: Room::Below(usize::MAX) },
        Change::OpenSession { session: session(), account_revision, most: 3 },
        steps::regeneration(&subject.secret(id), account_revision),
        Change::Rehash { token: hourly.id, from: hourly.digest, to: subject.digest() },
        steps::token_update(&steps::looked_at(&nightly), nightly.revision),
        steps::rotation(&weekly, &subject.token(id, "weekly-2"), account_revision),
        steps::tending(&tended),
        steps::revocation(&nightly),
        steps::removal(&secret),
    ]
}

fn of_documents<S: Store>(subject: &Subject<S>) -> Vec<Change> {
    let kept = document("kept", "{}");
    let made = subject.apply(Change::PutDocument { document: kept.clone(), expected: None });
    vec![
        Change::PutDocument { document: document("fresh", "{}"), expected: None },
        Change::AddDocument {
            document: document("added", "{}"),
            turn: (DocumentKind::Setting, kept.id.clone()),
            at: None,
        },
        Change::RemoveDocument { kind: kept.kind, id: kept.id, expected: Revision::made_by(made) },
    ]
}

/// A document that no store has seen yet.
pub(super) fn document(id: &str, body: &str) -> Document {
    let id = DocumentId::parse(id).expect("a good id");
    Document { kind: DocumentKind::Policy, id, body: body.into(), revision: Revision::NEW }
}

/// An account with a client secret and two tokens.
fn furnished<S: Store>(subject: &Subject<S>, local: &str) -> (crate::Account, [Token; 3]) {
    let id = fixtures::account_id(local);
    let blanks = [subject.secret(&id), subject.token(&id, "nightly"), subject.token(&id, "weekly")];
    let account = subject.create(local, &blanks.each_ref());
    (account.as_ref().clone(), blanks.map(|blank| subject.stored(&blank.id)))
}

/// An account that was deleted and whose last credential is still to be removed.
pub(super) fn half_deleted<S: Store>(subject: &Subject<S>, local: &str) -> service_accounts_naming::AccountId {
    let id = fixtures::account_id(local);
    let tokens: Vec<_> = (0..=Change::BATCH).map(|n| subject.token(&id, &format!("token-{n}"))).collect();
    let account = subject.create(local, &tokens.iter().collect::<Vec<_>>());
    subject.apply(steps::deletion(&account));
    id
}
