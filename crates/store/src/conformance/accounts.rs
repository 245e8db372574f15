//! The life of an account.

use super::{Subject, contents, fixtures, fixtures::at, steps};
use crate::{
    Account, Approval, Change, Email, Justification, Proposal, ProposedEnd, Purpose, Refusal, RequestKey, Revision,
    Room, Status, Store, SystemName, Title,
};
use service_accounts_access::{Allowlist, Grant, RoleName, Scopes, Teams};
use service_accounts_audit::Label;

/// Nothing of an account is lost, awkward texts included, and its revision is that of its event.
pub fn a_created_account_is_read_back_whole<S: Store>(subject: &Subject<S>) {
    let account = full_account();
    let sequence = subject.apply(Change::CreateAccount { account: Box::new(account.clone()), tokens: vec![] });
    let expected = Account { revision: Revision::made_by(sequence), ..account };
    assert_eq!(*subject.stored_account(&expected.id), expected);
    assert_eq!(subject.contents().accounts, [expected]);
}

/// The client secret and the first token come with the account, in one step and at its revision.
pub fn a_new_account_comes_with_its_first_credentials<S: Store>(subject: &Subject<S>) {
    let id = fixtures::account_id("pipeline");
    let (secret, token) = (subject.secret(&id), subject.token(&id, "nightly"));
    let account = subject.create("pipeline", &[&secret, &token]);
    for made in [secret, token] {
        let found = subject.credential(&made.id);
        assert_eq!(*found.token(), crate::Token { revision: account.revision, ..made });
        assert_eq!(**found.account(), *account);
    }
}

/// What was never created is absent, which is no error.
pub fn what_is_not_there_is_absent<S: Store>(subject: &Subject<S>) {
    subject.create("pipeline", &[]);
    let stranger = subject.token(&fixtures::account_id("stranger"), "nightly");
    assert!(subject.found(&stranger.id).is_none());
    assert!(subject.found_account(&stranger.account).is_none());
    assert!(contents::tokens(subject, &stranger.account, 5).is_empty());
}

/// The second account of one id is refused and the first stays as it was.
pub fn an_account_id_is_taken_once<S: Store>(subject: &Subject<S>) {
    let first = subject.create("pipeline", &[]);
    let second = Account { purpose: Purpose::parse("to take over").expect("a good purpose"), ..first.as_ref().clone() };
    let tokens = vec![subject.token(&first.id, "nightly")];
    subject.refuse(Refusal::AccountTaken, Change::CreateAccount { account: Box::new(second), tokens });
}

/// A forced collision of token ids refuses the whole account and overwrites nothing.
pub fn a_new_account_with_a_taken_token_id_is_refused_whole<S: Store>(subject: &Subject<S>) {
    let token = subject.token(&fixtures::account_id("pipeline"), "nightly");
    subject.create("pipeline", &[&token]);
    let late = Subject::<S>::account("late");
    let (own, stolen) = (subject.secret(&late.id), crate::Token { account: late.id.clone(), ..token });
    for tokens in [vec![own.clone(), stolen], vec![own.clone(), own]] {
        subject.refuse(Refusal::TokenTaken, Change::CreateAccount { account: Box::new(late.clone()), tokens });
    }
}

/// First credentials are the new account's own, and no two of them share a name.
pub fn a_new_account_with_unfit_credentials_is_refused_whole<S: Store>(subject: &Subject<S>) {
    let other = subject.create("other", &[]);
    let late = Subject::<S>::account("late");
    let create = |tokens| Change::CreateAccount { account: Box::new(late.clone()), tokens };
    subject.refuse(Refusal::AccountMissing, create(vec![subject.token(&other.id, "planted")]));
    subject.refuse(Refusal::AccountMissing, create(vec![subject.secret(&fixtures::account_id("nobody"))]));
    let twins = vec![subject.token(&late.id, "nightly"), subject.token(&late.id, "nightly")];
    subject.refuse(Refusal::NameTaken, create(twins));
}

/// An update made from anything but the present state is refused, so no update is lost.
pub fn an_account_is_updated_only_from_its_present_state<S: Store>(subject: &Subject<S>) {
    let first = subject.create("pipeline", &[]);
    let update = |expected| steps::update(&Account { status: Status::Disabled, ..first.as_ref().clone() }, expected);
    let sequence = subject.apply(update(first.revision));
    let disabled = subject.stored_account(&first.id);
    let expected =
        Account { status: Status::Disabled, revision: Revision::made_by(sequence), ..first.as_ref().clone() };
    assert_eq!(*disabled, expected);
    subject.refuse(Refusal::Stale, update(first.revision));
    subject.refuse(Refusal::Stale, update(Revision::NEW));
    subject.refuse(Refusal::AccountMissing, steps::update(&Subject::<S>::account("nobody"), Revision::NEW));
}

/// A disabled account, or one with another role, is what its very next request is judged by.
pub fn an_updated_account_reaches_all_its_credentials_at_once<S: Store>(subject: &Subject<S>) {
    let (_, ids) = furnished(subject, "pipeline");
    let (bystander, others) = furnished(subject, "bystander");
    let account = subject.stored_account(&fixtures::account_id("pipeline"));
    let reread = ids.map(|id| subject.credential(&id));
    assert!(reread.iter().all(|found| found.account().status == Status::Enabled));
    let disabled = Account { status: Status::Disabled, ..account.as_ref().clone() };
    subject.apply(steps::update(&disabled, account.revision));
    for id in ids {
        assert_eq!(**subject.credential(&id).account(), *subject.stored_account(&account.id));
        assert_eq!(subject.credential(&id).account().status, Status::Disabled);
    }
    for id in others {
        assert_eq!(**subject.credential(&id).account(), *bystander);
    }
}

/// The client secret carries the dates of its account: another end is seen by what is due, without a second change.
pub fn a_nearer_end_of_an_account_is_a_nearer_date_of_its_secret<S: Store>(subject: &Subject<S>) {
    let id = fixtures::account_id("pipeline");
    let secrets = [subject.secret(&id), subject.secret(&id)];
    let token = subject.token(&id, "nightly");
    let account = subject.create("pipeline", &[&secrets[0], &token]);
    subject.apply(steps::regeneration(&secrets[1], account.revision));
    let replaced = subject.stored(&secrets[0].id);
    let ends = [(Some(60), Some(60)), (Some(90), Some(60)), (None, Some(60)), (Some(30), Some(30))];
    for (end, expected) in ends {
        let present = subject.stored_account(&id);
        let changed = Account { expires_at: end.map(|end| at(fixtures::NOW + end)), ..present.as_ref().clone() };
        subject.apply(steps::update(&changed, present.revision));
        let due = subject.stored(&secrets[1].id).next_due;
        assert_eq!(due, expected.map(|due| at(fixtures::NOW + due)), "an end in {end:?} seconds");
    }
    assert_eq!(contents::due(subject, at(fixtures::NOW + 30), 9), [secrets[0].id, secrets[1].id]);
    assert_eq!(subject.stored(&secrets[0].id), replaced, "one that was replaced carries nothing");
    assert_eq!(subject.stored(&token.id).next_due, token.next_due);
}

/// No credential outlives its account, and no other account loses one.
pub fn a_deleted_account_leaves_no_orphan<S: Store>(subject: &Subject<S>) {
    let (account, ids) = furnished(subject, "pipeline");
    let (bystander, others) = furnished(subject, "bystander");
    subject.refuse(Refusal::Stale, steps::deletion(&Account { revision: Revision::NEW, ..account.as_ref().clone() }));
    subject.apply(steps::deletion(&account));
    assert!(subject.found_account(&account.id).is_none());
    assert!(ids.iter().all(|id| subject.found(id).is_none()), "a credential outlived its account");
    assert!(contents::tokens(subject, &account.id, 5).is_empty());
    let contents = subject.contents();
    assert_eq!(contents.accounts, [bystander.as_ref().clone()]);
    assert!(contents.due.iter().all(|id| others.contains(id)), "a date outlived its credential");
    assert!(others.iter().all(|id| subject.found(id).is_some()));
    subject.refuse(Refusal::AccountMissing, steps::deletion(&account));
}

/// Deleted and created again under one id, an account starts afresh: old tokens are gone, and late writes judged by
/// the account that was are refused.
pub fn a_re_created_account_revives_nothing<S: Store>(subject: &Subject<S>) {
    let mut gone = Vec::new();
    let mut last: Option<Account> = None;
    for _ in 0..5 {
        let (account, ids) = furnished(subject, "pipeline");
        assert!(last.as_ref().is_none_or(|last| last.revision < account.revision), "revisions never come again");
        assert!(gone.iter().all(|id| subject.found(id).is_none()), "an old token came back");
        if let Some(last) = last {
            refuse_late_writes(subject, &last);
        }
        gone.extend(ids);
        last = Some(account.as_ref().clone());
        subject.apply(steps::deletion(&account));
        assert!(gone.iter().all(|id| subject.found(id).is_none()), "an orphan is left");
    }
}

fn refuse_late_writes<S: Store>(subject: &Subject<S>, earlier: &Account) {
    let (token, secret) = (subject.token(&earlier.id, "late"), subject.secret(&earlier.id));
    let account_revision = earlier.revision;
    let mint = Change::Mint { token: Box::new(token), account_revision, room: Room::Below(usize::MAX) };
    let regenerate = steps::regeneration(&secret, account_revision);
    let late = [steps::update(earlier, account_revision), steps::revocation_of_all(earlier), steps::deletion(earlier)];
    for change in [mint, regenerate].into_iter().chain(late) {
        subject.refuse(Refusal::Stale, change);
    }
}

/// An account with a client secret, a token and a session.
fn furnished<S: Store>(
    subject: &Subject<S>,
    local: &str,
) -> (std::sync::Arc<Account>, [service_accounts_token::TokenId; 3]) {
    let id = fixtures::account_id(local);
    let secret = subject.secret(&id);
    let token = crate::Token { next_due: Some(at(fixtures::NOW + 60)), ..subject.token(&id, "nightly") };
    let account = subject.create(local, &[&secret, &token]);
    let session = subject.mint(subject.session(&id, secret.id));
    (account, [secret.id, token.id, session.id])
}

fn proposal(text: &str) -> Proposal {
    let role = RoleName::parse("Admin").expect("a role of the preset");
    Proposal {
        grant: Grant::restore(role, Scopes::Inherited, Teams::every()),
        allowlist: Allowlist::parse_all(["192.0.2.0/24"]).expect("good networks"),
        end: ProposedEnd::At(at(fixtures::NOW + 2)),
        by: vec![Label::new("ann@example.com"), Label::new(text)],
        at: at(fixtures::NOW - 2),
    }
}

fn full_account() -> Account {
    let role = RoleName::parse("Manager").expect("a role of the preset");
    let teams = Teams::only(["growth", "finance"]).expect("good teams");
    let text = "it's \"quoted\" – 数据; DROP TABLE account; -- \\ %_";
    Account {
        purpose: Purpose::parse(text).expect("a good purpose"),
        systems: vec![SystemName::parse(text).expect("a good name"), SystemName::parse("erp").expect("a good name")],
        grant: Grant::restore(role, Scopes::only(["read", "write"]).expect("good scopes"), teams),
        allowlist: Allowlist::parse_all(["10.0.0.0/8", "2001:db8::/32"]).expect("good networks"),
        justification: Some(Justification::parse(text).expect("a good justification")),
        expires_at: Some(at(fixtures::NOW + 1)),
        status: Status::Disabled,
        approval: Approval::Given { by: Label::new(text), at: at(fixtures::NOW - 1) },
        proposal: Some(Box::new(proposal(text))),
        email: Some(Email::parse("ann@example.com").expect("a good address")),
        title: Some(Title::parse(text).expect("a good title")),
        request: Some(RequestKey::parse(text).expect("a good key")),
        created_by: Label::new(text),
        ..fixtures::account("pipeline_automation")
    }
}
