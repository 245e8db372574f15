//! A store reads what a change needs and nothing else; more knowledge must not change the verdict.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::sync::Arc;

use service_accounts_audit::{Action, Event, Label, Sequence};
use service_accounts_naming::AccountId;
use service_accounts_store::{
    Account, Authority, Change, Class, Committed, Document, DocumentId, DocumentKind, MemoryStore, Needs, Records,
    Revision, Room, Tended, Token, conformance::Subject, decide,
};
use service_accounts_token::TokenId;
use time::UtcDateTime;

const AT: UtcDateTime = UtcDateTime::UNIX_EPOCH;

/// Behind everything that was written.
const LATEST: Revision = Revision::made_by(Sequence::new(1_000));

/// Two accounts, each with a client secret, two sessions and two tokens, one of them revoked; and a document.
fn world() -> (Subject<MemoryStore>, World) {
    let subject = Subject::new(MemoryStore::new());
    for local in ["pipeline", "other"] {
        let account = Subject::<MemoryStore>::account(local);
        let secret = subject.secret(&account.id);
        let [one, other] = [1, 2].map(|_| subject.session(&account.id, secret.id));
        let tokens = ["nightly", "hourly"].map(|name| subject.token(&account.id, name));
        let revoked = tokens.last().unwrap().clone();
        let tokens = [secret, one, other].into_iter().chain(tokens).collect();
        let create = Change::CreateAccount { account: Box::new(account), tokens };
        for change in [create, revocation(&revoked)] {
            assert!(matches!(subject.commit(change), Committed::Applied(_)));
        }
    }
    assert!(matches!(subject.commit(put("kept", None)), Committed::Applied(_)));
    let contents = subject.contents();
    let tokens = contents.credentials.into_iter().map(|(token, _)| token).collect();
    (subject, World { accounts: contents.accounts, tokens, documents: contents.documents })
}

struct World {
    accounts: Vec<Account>,
    tokens: Vec<Token>,
    documents: Vec<Document>,
}

impl World {
    /// What a store that knows all this reads for these needs.
    fn read(&self, needs: &Needs) -> Records {
        let is_needed = |token: &&Token| needs.tokens.contains(&token.id) || is_secret_of(needs, token);
        Records {
            accounts: self
                .accounts
                .iter()
                .filter(|account| needs.accounts.contains(&account.id))
                .cloned()
                .map(Arc::new)
                .collect(),
            tokens: self.tokens.iter().filter(is_needed).cloned().collect(),
            ..self.found_by(needs)
        }
    }

    /// The same with every account and token.
    fn read_all(&self, needs: &Needs) -> Records {
        let accounts = self.accounts.iter().cloned().map(Arc::new).collect();
        Records { accounts, tokens: self.tokens.clone(), ..self.found_by(needs) }
    }

    fn found_by(&self, needs: &Needs) -> Records {
        let ids = |asked: &Option<(AccountId, usize)>, is_fit: fn(&Token) -> bool| {
            let of = |(account, most): &(AccountId, usize)| {
                let fits = self.tokens.iter().filter(|token| token.account == *account && is_fit(token));
                fits.map(|token| token.id).take(*most).collect()
            };
            asked.as_ref().map_or_else(Vec::new, of)
        };
        let is_asked = |document: &&Document| needs.documents.contains(&(document.kind, document.id.clone()));
        Records {
            credentials: ids(&needs.credentials_of, |_| true),
            sessions: ids(&needs.sessions_of, |token| matches!(token.class, Class::Session { .. })),
            token_count: needs.token_count_of.as_ref().map_or(0, |(account, most)| {
                let of_it = self.tokens.iter().filter(|token| token.account == *account);
                of_it.filter(|token| token.class.token_name().is_some()).take(*most).count()
            }),
            newest: needs.newest_of.as_ref().and_then(|account| {
                let lasting = self.tokens.iter().filter(|token| !matches!(token.class, Class::Session { .. }));
                lasting.filter(|token| token.account == *account).map(|token| token.revision).max()
            }),
            name_holder: self.holder(needs),
            documents: self.documents.iter().filter(is_asked).cloned().collect(),
            ..Records::default()
        }
    }

    fn holder(&self, needs: &Needs) -> Option<TokenId> {
        let (account, name) = needs.name.as_ref()?;
        let holds = |token: &&Token| token.account == *account && token.class == Class::Token(name.clone());
        self.tokens.iter().find(holds).map(|token| token.id)
    }
}

fn is_secret_of(needs: &Needs, token: &Token) -> bool {
    token.class == Class::Secret && needs.secrets_of.as_ref() == Some(&token.account)
}

fn revocation(token: &Token) -> Change {
    Change::Revoke { token: token.id, account: token.account.clone(), account_revision: None, at: AT }
}

fn put(id: &str, expected: Option<Revision>) -> Change {
    let id = DocumentId::parse(id).unwrap();
    let document = Document { kind: DocumentKind::Policy, id, body: "{}".into(), revision: Revision::NEW };
    Change::PutDocument { document, expected }
}

/// Changes that happen and changes that are refused, of every kind, on every account, token and document.
fn changes(subject: &Subject<MemoryStore>, world: &World) -> Vec<Change> {
    let taken = world.tokens.first().unwrap().id;
    let of_accounts = world.accounts.iter().flat_map(|account| of_account(subject, account, taken));
    let of_tokens = world.tokens.iter().flat_map(|token| of_token(subject, token));
    let of_documents = world.documents.iter().flat_map(of_document);
    let fresh = Subject::<MemoryStore>::account("fresh");
    let stolen = Token { account: fresh.id.clone(), ..world.tokens.last().unwrap().clone() };
    let planted = vec![subject.token(&fresh.id, "first"), stolen];
    let creations = [vec![], planted].map(|tokens| Change::CreateAccount { account: Box::new(fresh.clone()), tokens });
    of_accounts.chain(of_tokens).chain(of_documents).chain(creations).collect()
}

fn of_account(subject: &Subject<MemoryStore>, account: &Account, taken: TokenId) -> Vec<Change> {
    let (account_revision, id) = (account.revision, &account.id);
    let mint = |token| Change::Mint { token: Box::new(token), account_revision, room: Room::Below(usize::MAX) };
    let secret = Box::new(subject.secret(id));
    let event = Event::new(Action::SecretRegenerated, Label::new("test"), AT);
    let update = |expected| Change::UpdateAccount { account: Box::new(account.clone()), expected };
    let sessions = [1, 2, 9].map(|most| {
        let session = Box::new(subject.session(id, secret.id));
        Change::OpenSession { session, account_revision, most }
    });
    let judged = |credentials: Revision, of_other: Option<Revision>| Change::Judged {
        credentials: Some((id.clone(), credentials)),
        accounts: vec![(Subject::<MemoryStore>::account("absent").id, of_other)],
        change: Box::new(update(account_revision)),
    };
    let others = vec![
        judged(Revision::NEW, None),
        judged(LATEST, None),
        judged(LATEST, Some(account_revision)),
        Change::CreateAccount { account: Box::new(account.clone()), tokens: vec![] },
        update(account_revision),
        update(Revision::NEW),
        Change::RevokeAll { account: id.clone(), expected: account_revision },
        Change::DeleteAccount { account: id.clone(), expected: account_revision },
        Change::PurgeAccount { account: id.clone() },
        mint(subject.token(id, "nightly")),
        mint(subject.token(id, "weekly")),
        mint(Token { id: taken, ..subject.session(id, secret.id) }),
        Change::Mint { token: Box::new(subject.token(id, "few")), account_revision, room: Room::Below(2) },
        Change::Mint { token: Box::new(subject.token(id, "more")), account_revision, room: Room::Below(3) },
        Change::Reissue { secret: secret.clone(), account_revision, at: AT, event: Box::new(event) },
        Change::RegenerateSecret { secret, account_revision, at: AT },
    ];
    others.into_iter().chain(sessions).collect()
}

fn of_token(subject: &Subject<MemoryStore>, token: &Token) -> Vec<Change> {
    let (id, account, expected) = (token.id, token.account.clone(), token.revision);
    let update =
        |expected| Change::UpdateToken { token: Box::new(token.clone()), expected, account_revision: Some(expected) };
    let delete = Change::DeleteToken { token: id, account: account.clone(), account_revision: None, at: AT };
    let rotate = |name: &str| Change::Rotate {
        successor: Box::new(subject.token(&account, name)),
        predecessor: Box::new(token.clone()),
        expected,
        account_revision: expected,
        room: Room::Below(usize::MAX),
    };
    let event = Box::new(Event::new(Action::TokenDeleted, Label::new("test"), AT));
    let in_its_place = Change::Mint {
        token: Box::new(subject.token(&account, "weekly")),
        account_revision: token.revision,
        room: Room::InPlaceOf { ended: id, event },
    };
    vec![
        in_its_place,
        update(expected),
        update(Revision::NEW),
        rotate("nightly"),
        rotate("nightly-2"),
        Change::Tend { tokens: vec![Tended { token: token.clone(), expected }] },
        revocation(token),
        delete,
        Change::Rehash { token: id, from: token.digest.clone(), to: subject.digest() },
    ]
}

fn of_document(document: &Document) -> [Change; 4] {
    let remove = |expected| Change::RemoveDocument { kind: document.kind, id: document.id.clone(), expected };
    let kept = document.id.as_str();
    [put(kept, None), put(kept, Some(document.revision)), put("fresh", None), remove(document.revision)]
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
    let (subject, world) = world();
    let (mut granted, mut refused) = (0, 0);
    for change in changes(&subject, &world) {
        for authority in authorities(&world.accounts, &world.tokens) {
            let needs = change.needs(&authority);
            let verdict = decide(&authority, change.clone(), &world.read(&needs), LATEST);
            let all = decide(&authority, change.clone(), &world.read_all(&needs), LATEST);
            assert_eq!(verdict, all, "{change:?}");
            if verdict.is_ok() { granted += 1 } else { refused += 1 }
        }
    }
    assert!(granted > 50 && refused > 50, "{granted} granted, {refused} refused");
}
