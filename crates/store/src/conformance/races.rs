//! Many at once: one winner, no lost write, no orphan.

use service_accounts_audit::{Action, Event, Label, Query};
use service_accounts_lifecycle::TokenState;

use super::{Subject, contents, events::assert_rising, fixtures, fixtures::at, steps};
use crate::{Account, Change, Class, Committed, Refusal, Status, Store, Token};

/// As many as run at once.
const RUNNERS: usize = 8;

/// How often a race is run, because one run proves little.
const ROUNDS: usize = 8;

/// One name has one holder, however many mint it at once.
pub fn of_many_who_mint_one_name_one_wins<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    for round in 0..ROUNDS {
        let name = format!("token-{round}");
        let changes = contenders(|| subject.minting(subject.token(&account.id, &name)));
        assert_one_wins(subject, &changes, Refusal::NameTaken);
        let named =
            |listed: &&crate::Listed| listed.credential.token().class == Class::Token(fixtures::token_name(&name));
        assert_eq!(contents::tokens(subject, &account.id, 100).iter().filter(named).count(), 1);
    }
}

/// One id has one account, and only the winner's credentials.
pub fn of_many_who_create_one_account_one_wins<S: Store>(subject: &Subject<S>) {
    for round in 0..ROUNDS {
        let account = Subject::<S>::account(&format!("account_{round}"));
        let create = || {
            let tokens = vec![subject.secret(&account.id), subject.token(&account.id, "first")];
            steps::creation(account.clone(), tokens)
        };
        let changes = contenders(create);
        let winner = assert_one_wins(subject, &changes, Refusal::AccountTaken);
        for (place, change) in changes.iter().enumerate() {
            let Change::CreateAccount { tokens, .. } = change else { continue };
            assert!(tokens.iter().all(|token| subject.found(&token.id).is_some() == (place == winner)));
        }
    }
}

/// One token id has one token, whichever accounts reach for it.
pub fn of_many_who_take_one_token_id_one_wins<S: Store>(subject: &Subject<S>) {
    let accounts: Vec<_> = (0..RUNNERS).map(|n| subject.create(&format!("account_{n}"), &[])).collect();
    for round in 0..ROUNDS {
        let id = subject.token(&fixtures::account_id("pipeline"), "id").id;
        let blanks = accounts.iter().map(|account| subject.token(&account.id, &format!("token-{round}")));
        let changes: Vec<_> = blanks.map(|blank| subject.minting(Token { id, ..blank })).collect();
        let winner = assert_one_wins(subject, &changes, Refusal::TokenTaken);
        assert_eq!(subject.stored(&id).account, accounts[winner].id);
    }
}

/// Of updates made from one state one happens, so none is overwritten unseen.
pub fn of_many_updates_of_one_state_one_wins<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    let token = subject.mint(subject.token(&account.id, "nightly")).id;
    for _ in 0..ROUNDS {
        let present = subject.stored(&token);
        let update = || steps::token_update(&steps::looked_at(&present), present.revision);
        assert_one_wins(subject, &contenders(update), Refusal::Stale);
        let present = subject.stored_account(&account.id);
        let update = || steps::update(&steps::edited(&present), present.revision);
        assert_one_wins(subject, &contenders(update), Refusal::Stale);
    }
}

/// Whichever comes first, the token ends revoked.
pub fn an_update_that_races_a_revocation_never_revives<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    for round in 0..ROUNDS * 4 {
        let token = subject.mint(subject.token(&account.id, &format!("token-{round}")));
        let to = subject.digest();
        let changes = [
            steps::revocation(&token),
            steps::token_update(&steps::looked_at(&token), token.revision),
            Change::Rehash { token: token.id, from: token.digest.clone(), to },
        ];
        let outcomes = subject.race(changes.len(), |place| subject.commit(changes[place].clone()));
        assert!(matches!(outcomes[0], Committed::Applied(_)), "a revocation waits for nothing");
        assert_eq!(subject.stored(&token.id).state, TokenState::Revoked { at: at(fixtures::NOW) });
    }
}

/// Once a revocation is acknowledged no reader finds the token working, and no reader sees it work again.
pub fn no_reader_sees_a_revoked_token_work_again<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    for round in 0..ROUNDS {
        let token = subject.mint(subject.token(&account.id, &format!("token-{round}")));
        subject.race(RUNNERS / 2, |place| {
            if place == 0 {
                subject.apply(steps::revocation(&token));
                assert!(subject.stored(&token.id).state.is_revoked(), "acknowledged, and not yet seen");
            } else {
                let mut was_revoked = false;
                for _ in 0..200 {
                    let is_revoked = subject.stored(&token.id).state.is_revoked();
                    assert!(is_revoked || !was_revoked, "a revoked token worked again");
                    was_revoked = is_revoked;
                }
            }
        });
    }
}

/// Whoever mints while the account is disabled and enabled again is judged by the account as it is in that instant.
pub fn nothing_is_minted_by_a_judgement_that_is_out_of_date<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    for round in 0..ROUNDS {
        let present = subject.stored_account(&account.id);
        let mint = subject.minting(subject.token(&account.id, &format!("token-{round}")));
        let status = if present.status == Status::Enabled { Status::Disabled } else { Status::Enabled };
        let other = Account { status, ..present.as_ref().clone() };
        let update = steps::update(&other, present.revision);
        let outcomes = subject.race(2, |place| subject.commit([&mint, &update][place].clone()));
        match (&outcomes[0], &outcomes[1]) {
            (Committed::Applied(minted), Committed::Applied(updated)) => assert!(minted.sequence < updated.sequence),
            (outcome, Committed::Applied(_)) => assert_eq!(*outcome, Committed::Refused(Refusal::Stale)),
            (_, refused) => panic!("nothing stands in the way of the update: {refused:?}"),
        }
    }
}

/// An account deleted while others mint for it leaves nothing behind.
pub fn a_deletion_that_races_mints_leaves_no_orphan<S: Store>(subject: &Subject<S>) {
    for round in 0..ROUNDS {
        let account = subject.create("pipeline", &[]);
        let mut changes: Vec<_> = (1..RUNNERS)
            .map(|n| subject.minting(subject.token(&account.id, &format!("token-{n}"))))
            .chain([steps::deletion(&account)])
            .collect();
        // Whoever is ready last tends to be the first to go, so the deletion takes each place once.
        changes.rotate_left(round);
        let _ = subject.race(RUNNERS, |place| subject.commit(changes[place].clone()));
        let contents = subject.contents();
        assert_eq!((contents.accounts, contents.credentials), (vec![], vec![]));
    }
}

/// However many regenerate at once, one client secret works in the end.
pub fn many_regenerations_leave_one_secret<S: Store>(subject: &Subject<S>) {
    let account = subject.create("pipeline", &[]);
    for _ in 0..ROUNDS {
        let regenerate = || steps::regeneration(&subject.secret(&account.id), account.revision);
        let changes = contenders(regenerate);
        let outcomes = subject.race(RUNNERS, |place| subject.commit(changes[place].clone()));
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Committed::Applied(_))));
        let working = subject.contents().credentials.into_iter().filter(|(token, _)| !token.state.is_revoked());
        assert_eq!(working.count(), 1);
    }
}

/// No event is lost or doubled when many append at once, and each writer's own stay in order.
pub fn concurrent_appends_keep_every_event<S: Store>(subject: &Subject<S>) {
    let label = |place: usize| Label::new(&format!("writer_{place}@service"));
    subject.race(RUNNERS, |place| {
        for n in 0..10 {
            let event = |n| Event::new(Action::AccessGranted, label(place), at(n)).about_account(label(place));
            subject.append(&[event(2 * n), event(2 * n + 1)]);
        }
    });
    let all = contents::events(subject, &Query::default().limit(33));
    assert_rising(&all);
    assert_eq!(all.len(), RUNNERS * 20);
    for place in 0..RUNNERS {
        let own = contents::events(subject, &Query::default().for_account(label(place)));
        let instants: Vec<_> = own.iter().rev().map(|recorded| recorded.event.at().unix_timestamp()).collect();
        assert_eq!(instants, (0..20).collect::<Vec<_>>());
    }
}

fn contenders(change: impl FnMut() -> Change) -> Vec<Change> {
    std::iter::repeat_with(change).take(RUNNERS).collect()
}

/// Runs the changes at once; one happens, the others are refused for this reason, and the trail tells of one more.
fn assert_one_wins<S: Store>(subject: &Subject<S>, changes: &[Change], refusal: Refusal) -> usize {
    let before = subject.contents().events.len();
    let outcomes = subject.race(changes.len(), |place| subject.commit(changes[place].clone()));
    let winners: Vec<_> = outcomes
        .iter()
        .enumerate()
        .filter(|(_, outcome)| matches!(outcome, Committed::Applied(_)))
        .map(|(place, _)| place)
        .collect();
    let lost = outcomes.iter().filter(|outcome| **outcome == Committed::Refused(refusal)).count();
    assert_eq!((winners.len(), lost), (1, changes.len() - 1), "{outcomes:?}");
    assert_eq!(subject.contents().events.len(), before + 1, "one change, one event");
    winners[0]
}
