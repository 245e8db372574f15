//! A host plans over what a store lists.

use pollster::block_on;
use service_accounts_lifecycle::{Environment, LifecyclePolicy, TaskKind, TokenEntry, plan};
use service_accounts_store::{Change, Committed, LastUsed, MemoryStore, Store, Token, Usage, conformance::Subject};
use service_accounts_token::{Kind, TokenId};
use time::{Duration, UtcDateTime};

/// Keeps these tokens of one account, which are used on the given days, and lists them.
fn listed(tokens: &[(Token, Option<i64>)], subject: &Subject<MemoryStore>) -> Vec<TokenEntry<TokenId>> {
    let account = Subject::<MemoryStore>::account("pipeline");
    let id = account.id.clone();
    let rows = tokens.iter().map(|(token, _)| token.clone()).collect();
    let create = Change::CreateAccount { account: Box::new(account), tokens: rows };
    assert!(matches!(subject.commit(create), Committed::Applied(_)));
    let marks = tokens.iter().filter_map(|(token, day)| {
        Some(Usage {
            token: token.id,
            last: LastUsed { at: token.created_at + Duration::days((*day)?), address: None },
        })
    });
    block_on(subject.writer().touch(&marks.collect::<Vec<_>>(), &[])).unwrap();
    block_on(subject.reader().credentials(&id, Kind::Token, None, 10))
        .unwrap()
        .items
        .iter()
        .map(|listed| listed.entry())
        .collect()
}

fn token(subject: &Subject<MemoryStore>, name: &str, days: Option<i64>) -> Token {
    let token = subject.token(&Subject::<MemoryStore>::account("pipeline").id, name);
    Token { expires_at: days.map(|days| token.created_at + Duration::days(days)), ..token }
}

/// The actions planned for each token, so many days after they were made.
fn actions(entries: &[TokenEntry<TokenId>], made: UtcDateTime, days: i64) -> Vec<(TokenId, TaskKind)> {
    let tasks = plan(entries, &LifecyclePolicy::default(), made + Duration::days(days));
    let weighty = tasks.into_iter().filter(|task| !matches!(task.kind, TaskKind::Look | TaskKind::Review));
    weighty.map(|task| (task.key, task.kind)).collect()
}

#[test]
fn a_plan_over_a_store_knows_dates_and_last_use() {
    let subject = Subject::new(MemoryStore::new());
    let (used, idle) = (token(&subject, "used", Some(365)), token(&subject, "idle", Some(365)));
    let entries = listed(&[(used.clone(), Some(80)), (idle.clone(), None)], &subject);
    let made = used.created_at;
    assert_eq!(actions(&entries, made, 89), []);
    assert_eq!(actions(&entries, made, 90), [(idle.id, TaskKind::Revoke)]);
    assert_eq!(actions(&entries, made, 365).len(), 2, "both have expired");
}

#[test]
fn a_plan_over_a_store_leaves_revoked_tokens_to_their_observation() {
    let subject = Subject::new(MemoryStore::new());
    let token = token(&subject, "leaked", Some(30));
    let revoked = Token { state: token.state.revoke(token.created_at).unwrap(), ..token };
    let entries = listed(&[(revoked.clone(), None)], &subject);
    assert_eq!(actions(&entries, revoked.created_at, 6), []);
    assert_eq!(actions(&entries, revoked.created_at, 7), [(revoked.id, TaskKind::Release)]);
}

#[test]
fn a_token_without_an_end_is_to_be_replaced() {
    let subject = Subject::new(MemoryStore::new());
    let token = token(&subject, "endless", None);
    let entries = listed(&[(token.clone(), None)], &subject);
    assert!(entries.iter().all(|entry| entry.environment == Environment::production()));
    assert_eq!(actions(&entries, token.created_at, 0), [(token.id, TaskKind::Replace)]);
}
