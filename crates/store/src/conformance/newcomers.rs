//! Many accounts that come into being in one step.

use super::{Subject, fixtures, steps};
use crate::{Account, Newcomer, Refusal, Store, Token};

/// Every account comes with its credentials at the revision of the change, and each has its own event behind the change's.
pub fn many_accounts_come_in_one_step<S: Store>(subject: &Subject<S>) {
    let newcomers = ["one", "two", "three"].map(|local| newcomer(subject, local));
    let applied = subject.applied(steps::creations(&newcomers));
    for Newcomer { account, tokens, .. } in &newcomers {
        let revision = applied.revision();
        assert_eq!(*subject.stored_account(&account.id), Account { revision, ..account.clone() });
        for token in tokens {
            assert_eq!(subject.stored(&token.id), Token { revision, ..token.clone() });
        }
    }
    let later = subject.apply(steps::creation(Subject::<S>::account("later"), vec![]));
    let places: Vec<_> = subject.contents().events.iter().rev().map(|recorded| recorded.sequence).collect();
    assert_eq!(places.len(), newcomers.len() + 2, "one event for the step, one for each account, and the later one");
    assert!(places.is_sorted() && places.first() == Some(&applied.sequence) && places.last() == Some(&later));
    let events: Vec<_> = subject.contents().events.into_iter().rev().skip(1).map(|recorded| recorded.event).collect();
    assert!(newcomers.iter().zip(&events).all(|(newcomer, event)| newcomer.event == *event), "{events:?}");
}

/// Where one of them cannot be, none is, whichever one it is.
pub fn of_many_accounts_all_come_or_none<S: Store>(subject: &Subject<S>) {
    let present = subject.create("present", &[&subject.token(&fixtures::account_id("present"), "nightly")]);
    let [one, two] = ["one", "two"].map(|local| newcomer(subject, local));
    let taken = newcomer(subject, present.id.local());
    subject.refuse(Refusal::AccountTaken, steps::creations(&[one.clone(), two.clone(), taken]));
    subject.refuse(Refusal::AccountTaken, steps::creations(&[one.clone(), two.clone(), one.clone()]));
    let stolen = one.tokens.iter().map(|token| Token { account: two.account.id.clone(), ..token.clone() }).collect();
    let stolen = Newcomer { tokens: stolen, ..two.clone() };
    subject.refuse(Refusal::TokenTaken, steps::creations(&[one.clone(), stolen]));
    let foreign = Newcomer { tokens: one.tokens.clone(), ..two.clone() };
    subject.refuse(Refusal::AccountMissing, steps::creations(&[foreign]));
    subject.apply(steps::creations(&[one, two]));
}

pub(super) fn newcomer<S: Store>(subject: &Subject<S>, local: &str) -> Newcomer {
    let account = Subject::<S>::account(local);
    let tokens = vec![subject.secret(&account.id), subject.token(&account.id, "nightly")];
    let event = fixtures::event_of(&steps::creation(account.clone(), vec![]));
    Newcomer { account, tokens, event }
}
