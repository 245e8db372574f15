//! A store reads what a change needs and nothing else; more knowledge must not change the verdict.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::sync::Arc;

use service_accounts_store::{
    Account, Authority, Change, Class, Committed, Facts, MemoryStore, Needs, Revision, Token, conformance::Subject,
    decide,
};
use service_accounts_token::TokenId;
use time::UtcDateTime;

const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;

/// Two accounts, each with a client secret and two tokens, one of them revoked.
fn world() -> (Subject<MemoryStore>, Vec<Account>, Vec<Token>) {
    let subject = Subject::new(MemoryStore::new());
    for local in ["pipeline", "other"] {
        let account = Subject::<MemoryStore>::account(local);
        let tokens = vec![
            subject.secret(&account.id),
            subject.token(&account.id, "nightly"),
            subject.token(&account.id, "hourly"),
        ];
        let revoked = tokens.last().unwrap().id;
        let create = Change::CreateAccount { account: Box::new(account), tokens };
        for change in [create, Change::Revoke { token: revoked, at: AT }] {
            assert!(matches!(subject.commit(change), Committed::Applied(_)));
        }
    }
    let contents = subject.contents();
    let tokens = contents.credentials.into_iter().map(|(token, _)| token).collect();
    (subject, contents.accounts, tokens)
}

/// What a store that knows all this reads for these needs.
fn read(needs: &Needs, accounts: &[Account], tokens: &[Token]) -> Facts {
    let is_of = |token: &&Token| {
        needs.tokens.contains(&token.id)
            || needs.credentials_of.as_ref().is_some_and(|account| token.account == *account)
    };
    Facts {
        accounts: accounts
            .iter()
            .filter(|account| needs.accounts.contains(&account.id))
            .cloned()
            .map(Arc::new)
            .collect(),
        tokens: tokens.iter().filter(is_of).cloned().collect(),
        name_holder: holder(needs, tokens),
    }
}

fn holder(needs: &Needs, tokens: &[Token]) -> Option<TokenId> {
    let (account, name) = needs.name.as_ref()?;
    let holds = |token: &&Token| token.account == *account && token.class == Class::Token(name.clone());
    tokens.iter().find(holds).map(|token| token.id)
}

/// Changes that happen and changes that are refused, of every kind, on every account and token.
fn changes(subject: &Subject<MemoryStore>, accounts: &[Account], tokens: &[Token]) -> Vec<Change> {
    let of_account = |account: &Account| {
        let (account_revision, id) = (account.revision, &account.id);
        let mint = |token| Change::Mint { token: Box::new(token), account_revision };
        let secret = Box::new(subject.secret(id));
        vec![
            Change::CreateAccount { account: Box::new(account.clone()), tokens: vec![] },
            Change::UpdateAccount { account: Box::new(account.clone()), expected: account_revision },
            Change::UpdateAccount { account: Box::new(account.clone()), expected: Revision::NEW },
            Change::DeleteAccount { account: id.clone() },
            mint(subject.token(id, "nightly")),
            mint(subject.token(id, "weekly")),
            mint(Token { id: tokens.first().unwrap().id, ..subject.session(id, secret.id) }),
            Change::RegenerateSecret { secret, account_revision, at: AT },
        ]
    };
    let of_token = |token: &Token| {
        let (id, expected) = (token.id, token.revision);
        vec![
            Change::UpdateToken { token: Box::new(token.clone()), expected },
            Change::UpdateToken { token: Box::new(token.clone()), expected: Revision::NEW },
            Change::Revoke { token: id, at: AT },
            Change::DeleteToken { token: id, at: AT },
            Change::Rehash { token: id, from: token.digest.clone(), to: subject.digest() },
        ]
    };
    let fresh = Subject::<MemoryStore>::account("fresh");
    let planted =
        vec![subject.token(&fresh.id, "first"), Token { account: fresh.id.clone(), ..tokens.last().unwrap().clone() }];
    let creations = [vec![], planted].map(|tokens| Change::CreateAccount { account: Box::new(fresh.clone()), tokens });
    accounts.iter().flat_map(of_account).chain(tokens.iter().flat_map(of_token)).chain(creations).collect()
}

fn authorities(accounts: &[Account], tokens: &[Token]) -> Vec<Authority> {
    let each = |account: &Account| {
        let by = |token: &Token| Authority::Credential {
            token: token.id,
            account: account.id.clone(),
            account_revision: account.revision,
            grant: token.grant.clone(),
            at: AT,
        };
        tokens.iter().map(by).collect::<Vec<_>>()
    };
    accounts.iter().flat_map(each).chain([Authority::Host]).collect()
}

#[test]
fn what_a_change_needs_is_enough_to_decide_it() {
    let (subject, accounts, tokens) = world();
    let revision = Revision::made_by(service_accounts_audit::Sequence::new(1_000));
    let (mut granted, mut refused) = (0, 0);
    for change in changes(&subject, &accounts, &tokens) {
        for authority in authorities(&accounts, &tokens) {
            let needs = change.needs(&authority);
            let everything = Facts {
                accounts: accounts.iter().cloned().map(Arc::new).collect(),
                tokens: tokens.clone(),
                name_holder: holder(&needs, &tokens),
            };
            let verdict = decide(&authority, change.clone(), &read(&needs, &accounts, &tokens), revision);
            assert_eq!(verdict, decide(&authority, change.clone(), &everything, revision), "{change:?}");
            if verdict.is_ok() { granted += 1 } else { refused += 1 }
        }
    }
    assert!(granted > 50 && refused > 50, "{granted} granted, {refused} refused");
}
