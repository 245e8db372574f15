//! Every way to make each administrative call, with what must be there before it.

use service_accounts::{
    AccountUpdate, ApplicationName, Call, DryRun, Error, EventPattern, ExportForm, NewSubscription, Note, RotateToken,
    SubscriptionId, Successor, TargetUrl, TokenPolicy,
    access::Scopes,
    audit::Query,
    lifecycle::{Environment, LifecyclePolicy, RotationKey, RotationStep, Span, TokenRequest},
    store::{DocumentId, Revision},
    token::TokenId,
};

use crate::world::{APPLICATION, Asking, Stage, ada, catalogue, token, wait, wanted};

/// Whether the call did something, or said something about the account.
pub(crate) type Done = Result<bool, Error>;

/// One way to make a call.
pub(crate) struct Attempt {
    pub(crate) call: Call,
    pub(crate) name: &'static str,
    /// What the administrator does before.
    pub(crate) prepare: fn(&Stage),
    pub(crate) run: fn(&Stage, &Asking) -> Done,
}

const fn attempt(call: Call, name: &'static str, run: fn(&Stage, &Asking) -> Done) -> Attempt {
    Attempt { call, name, prepare: |_| (), run }
}

const fn after(prepare: fn(&Stage), call: Call, name: &'static str, run: fn(&Stage, &Asking) -> Done) -> Attempt {
    Attempt { call, name, prepare, run }
}

/// Whatever came of a call that either fails or does something.
fn done<T>(answer: Result<T, Error>) -> Done {
    answer.map(|_| true)
}

macro_rules! on_account {
    ($stage:ident, $actor:ident, $($call:tt)+) => {
        wait($stage.accounts.acting($actor).account(&$stage.target).$($call)+)
    };
}

macro_rules! on_token {
    ($stage:ident, $actor:ident, $($call:tt)+) => {
        wait($stage.accounts.acting($actor).token(&$stage.target, &$stage.token).$($call)+)
    };
}

/// Calls on accounts as a whole.
const ON_ACCOUNTS: &[Attempt] = &[
    attempt(Call::CreateAccount, "create", |stage, actor| {
        done(wait(stage.accounts.acting(actor).create(wanted("Another Automation"))))
    }),
    attempt(Call::UpdateAccount, "update", |stage, actor| {
        done(on_account!(stage, actor, update(AccountUpdate::default())))
    }),
    attempt(Call::UpdateAccount, "narrow", |stage, actor| {
        let update = AccountUpdate { scopes: Some(Scopes::none()), ..AccountUpdate::default() };
        done(on_account!(stage, actor, update(update)))
    }),
    after(disable, Call::EnableAccount, "enable", |stage, actor| done(on_account!(stage, actor, enable()))),
    attempt(Call::ApproveAccount, "approve", |stage, actor| {
        let seen = stage.account(&stage.target).map_or(Revision::NEW, |account| account.revision);
        done(on_account!(stage, actor, approve(seen)))
    }),
    attempt(Call::DeleteAccount, "delete", |stage, actor| done(on_account!(stage, actor, delete()))),
    attempt(Call::DisableAccount, "disable", |stage, actor| done(on_account!(stage, actor, disable()))),
    attempt(Call::RevokeCredentials, "revoke credentials", |stage, actor| {
        done(on_account!(stage, actor, revoke_credentials()))
    }),
    attempt(Call::ContainAccount, "contain", |stage, actor| done(on_account!(stage, actor, contain(note())))),
    attempt(Call::RegenerateSecret, "regenerate", |stage, actor| done(on_account!(stage, actor, regenerate_secret()))),
    attempt(Call::ReadAccounts, "read", |stage, actor| done(on_account!(stage, actor, read()))),
    attempt(Call::ReadAccounts, "list", |stage, actor| {
        let every = stage.accounts.every_account();
        let page = wait(stage.accounts.acting(actor).accounts(&every, None, 100))?;
        Ok(page.items.iter().any(|account| account.id == stage.target))
    }),
    attempt(Call::ReadTokens, "list tokens", |stage, actor| done(on_account!(stage, actor, tokens(None, 10)))),
    attempt(Call::ReadTokens, "list sessions", |stage, actor| done(on_account!(stage, actor, sessions(None, 10)))),
    attempt(Call::MintToken, "mint", |stage, actor| done(on_account!(stage, actor, mint(&token("weekly"))))),
    attempt(Call::MintToken, "mint less", |stage, actor| {
        let narrowed = service_accounts::NewToken { scopes: Scopes::none(), ..token("weekly") };
        done(on_account!(stage, actor, mint(&narrowed)))
    }),
    attempt(Call::RevokeSession, "revoke a session", |stage, actor| {
        done(on_account!(stage, actor, revoke_session(&stage.session.unwrap())))
    }),
    attempt(Call::RevokeSession, "give a session back", |stage, actor| {
        wait(stage.accounts.revoke_presented(actor, &stage.session_text))?;
        Ok(wait(stage.accounts.authenticate(&stage.session_text, None)).is_err())
    }),
];

/// Calls on one token.
const ON_TOKENS: &[Attempt] = &[
    attempt(Call::SetTokenScopes, "set scopes", |stage, actor| {
        done(on_token!(stage, actor, set_scopes(Scopes::none())))
    }),
    attempt(Call::RotateToken, "rotate", |stage, actor| done(on_token!(stage, actor, rotate(&by_key("one"))))),
    after(rotate, Call::RotateToken, "rotate again", |stage, actor| {
        done(on_token!(stage, actor, rotate(&by_key("prepared"))))
    }),
    after(rotate, Call::SteerRotation, "cancel", |stage, actor| done(on_token!(stage, actor, cancel_rotation()))),
    after(rotate, Call::SteerRotation, "finish", |stage, actor| done(on_token!(stage, actor, finish_rotation()))),
    after(rotate, Call::SteerRotation, "note a step", |stage, actor| {
        done(on_token!(stage, actor, record_rotation_step(RotationStep::HandOver)))
    }),
    attempt(Call::RevokeToken, "revoke", |stage, actor| done(on_token!(stage, actor, revoke()))),
    attempt(Call::ContainToken, "contain a token", |stage, actor| {
        done(on_token!(stage, actor, contain(note(), Successor::None)))
    }),
    after(revoke, Call::DeleteToken, "delete a token", |stage, actor| done(on_token!(stage, actor, delete()))),
    attempt(Call::ReadTokens, "read a token", |stage, actor| done(on_token!(stage, actor, read()))),
    attempt(Call::ReadTokens, "sightings", |stage, actor| done(on_token!(stage, actor, sightings()))),
    after(rotate, Call::ReadTokens, "a rotation", |stage, actor| done(on_token!(stage, actor, rotation()))),
    attempt(Call::Review, "look at", |stage, actor| done(on_token!(stage, actor, look_at()))),
    attempt(Call::Review, "note a review", |stage, actor| done(on_token!(stage, actor, note_review()))),
];

/// Calls on what is kept beside accounts, and on none.
const ON_OTHERS: &[Attempt] = &[
    after(contain, Call::Review, "list incidents", |stage, actor| {
        Ok(!wait(stage.accounts.acting(actor).incidents(None, 10))?.items.is_empty())
    }),
    after(contain, Call::Review, "an incident", |stage, actor| {
        done(wait(stage.accounts.acting(actor).incident(&incident(stage))))
    }),
    after(contain, Call::Review, "note an incident", |stage, actor| {
        done(wait(stage.accounts.acting(actor).note_incident(&incident(stage), note())))
    }),
    attempt(Call::ReadTrail, "export", |stage, actor| {
        done(wait(stage.accounts.acting(actor).trail().export(ExportForm::Csv)))
    }),
    attempt(Call::ReadPolicies, "try a policy", |stage, actor| {
        let request = TokenRequest::new("nightly", Environment::production());
        done(wait(
            stage.accounts.acting(actor).policies().validate(&TokenPolicy::new("any", Default::default()), &request),
        ))
    }),
    attempt(Call::ReadTrail, "audit", |stage, actor| done(wait(stage.accounts.acting(actor).audit(&Query::default())))),
    attempt(Call::ReadPolicies, "peppers", |stage, actor| done(wait(stage.accounts.acting(actor).peppers()))),
    attempt(Call::ChangePolicies, "replace the catalogue", |stage, actor| {
        done(wait(stage.accounts.acting(actor).replace_catalogue(catalogue())))
    }),
    attempt(Call::ReportLeak, "report a leak", |stage, actor| {
        done(wait(stage.accounts.acting(actor).report_leak(&stage.token_text)))
    }),
    attempt(Call::ReadPlans, "advice", |stage, actor| done(on_account!(stage, actor, advice()))),
    attempt(Call::ReadPlans, "dry run", |stage, actor| done(on_account!(stage, actor, dry_run(&DryRun::default())))),
    attempt(Call::ReadPlans, "plan", |stage, actor| {
        wait(stage.accounts.acting(actor).plan(None, 100))?;
        let other = LifecyclePolicy::default().with_inactive_after(Span::days(1).unwrap());
        let page = wait(stage.accounts.acting(actor).compare_policy(&other, None, 100))?;
        let coming = wait(stage.accounts.acting(actor).forecast(Span::days(400).unwrap(), None, 100))?;
        let _ = page;
        Ok(coming.items.iter().any(|finding| finding.key.account == stage.target))
    }),
];

/// Calls on what an account is told.
const ON_SUBSCRIPTIONS: &[Attempt] = &[
    attempt(Call::Subscribe, "subscribe", |stage, actor| {
        done(wait(stage.accounts.acting(actor).subscriptions(&stage.target).create(subscription())))
    }),
    after(subscribe, Call::Subscribe, "rotate a signing secret", |stage, actor| {
        done(wait(stage.accounts.acting(actor).subscriptions(&stage.target).rotate_secret(&subscribed(stage))))
    }),
    after(subscribe, Call::Subscribe, "test a subscription", |stage, actor| {
        done(wait(stage.accounts.acting(actor).subscriptions(&stage.target).test(&subscribed(stage))))
    }),
    after(subscribe, Call::ReadSubscriptions, "list subscriptions", |stage, actor| {
        done(wait(stage.accounts.acting(actor).subscriptions(&stage.target).list(None, 10)))
    }),
    after(subscribe, Call::ReadSubscriptions, "a subscription", |stage, actor| {
        done(wait(stage.accounts.acting(actor).subscriptions(&stage.target).get(&subscribed(stage))))
    }),
    after(subscribe, Call::ReadSubscriptions, "deliveries", |stage, actor| {
        done(wait(stage.accounts.acting(actor).subscriptions(&stage.target).deliveries(&subscribed(stage))))
    }),
];

/// Every way.
pub(crate) fn every() -> impl Iterator<Item = &'static Attempt> {
    ON_ACCOUNTS.iter().chain(ON_TOKENS).chain(ON_OTHERS).chain(ON_SUBSCRIPTIONS)
}

fn disable(stage: &Stage) {
    wait(stage.accounts.acting(&ada()).account(&stage.target).disable()).unwrap();
}

fn revoke(stage: &Stage) {
    wait(stage.accounts.acting(&ada()).token(&stage.target, &stage.token).revoke()).unwrap();
}

fn rotate(stage: &Stage) {
    wait(stage.accounts.acting(&ada()).token(&stage.target, &stage.token).rotate(&by_key("prepared"))).unwrap();
}

/// Another token of the account, so that the one to act with stays.
fn contain(stage: &Stage) {
    let other: TokenId = stage.mint_as_ada("leaked").token.id;
    wait(stage.accounts.acting(&ada()).token(&stage.target, &other).contain(note(), Successor::None)).unwrap();
}

fn subscribe(stage: &Stage) {
    wait(stage.accounts.acting(&ada()).subscriptions(&stage.target).create(subscription())).unwrap();
}

fn subscription() -> NewSubscription {
    let events = vec![EventPattern::parse("invoice.*").unwrap()];
    let target = TargetUrl::parse("https://hooks.example.com/x").unwrap();
    NewSubscription::new(ApplicationName::parse(APPLICATION).unwrap(), events, target)
}

fn subscribed(stage: &Stage) -> SubscriptionId {
    wait(stage.accounts.acting(&ada()).subscriptions(&stage.target).list(None, 10)).unwrap().items[0].id.clone()
}

fn incident(stage: &Stage) -> DocumentId {
    wait(stage.accounts.acting(&ada()).incidents(None, 10)).unwrap().items[0].id.clone()
}

fn by_key(key: &str) -> RotateToken {
    RotateToken::new(RotationKey::parse(key).unwrap())
}

fn note() -> Note {
    Note::parse("found in a public log").unwrap()
}
