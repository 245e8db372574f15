//! No path leads round a policy.
//!
//! Random administrators make random requests on every path that mints or widens, while policies come and go. A naive
//! model, which shares no code with the policies, looks at every account and token after each step: none may break a hard
//! rule in force that it did not break before, and what the step has given must break none at all.

use std::collections::BTreeSet;

use service_accounts::{
    AccountUpdate, Actor, ApprovalRule, Call, Error, NewAccount, NewToken, PolicyVersion, RotateToken, Successor,
    TokenPolicy,
    access::{Allowlist, PermissionSet, RoleName, ScopeName, Scopes, presets::data_quality},
    audit::{Action, Query},
    lifecycle::{Enforcement, Environment, RequestCriteria, RequestKind, RotationKey, Span, TokenRule},
    naming::{AccountId, TokenName},
    store::{Account, Justification, RequestKey, Revision, Store, SystemName, Token},
    token::{Kind, TokenId},
};
use time::Duration;

use crate::world::{Permission, World, wait, wanted};

/// A call by its name, and a request on it.
type Path = (&'static str, fn(&mut Run));

/// Each path that mints or widens, with the call that guards it.
const PATHS: &[Path] = &[
    ("CreateAccount", Run::create),
    ("CreateAccount", Run::create_again),
    ("CreateAccount", Run::import),
    ("UpdateAccount", Run::update),
    ("EnableAccount", Run::enable),
    ("ApproveAccount", Run::approve),
    ("RegenerateSecret", Run::regenerate),
    ("MintToken", Run::mint),
    ("SetTokenScopes", Run::set_scopes),
    ("RotateToken", Run::rotate),
    ("RotateToken", Run::rotate_itself),
    ("ContainToken", Run::replace),
    ("ContainAccount", Run::contain_account),
];

/// Calls that give nobody anything.
const GIVES_NOTHING: &[&str] = &[
    "DeleteAccount",
    "DisableAccount",
    "RevokeCredentials",
    "SteerRotation",
    "RevokeToken",
    "DeleteToken",
    "RevokeSession",
    "ReadAccounts",
    "ReadTokens",
    "ReadPlans",
    "Review",
    "ReadTrail",
    "ReadSubscriptions",
    "ReadPolicies",
    "ChangePolicies",
    "ReportLeak",
    "Subscribe",
];

#[test]
fn every_call_is_tried_or_gives_nobody_anything() {
    for call in Call::ALL {
        let is_tried = PATHS.iter().any(|(name, _)| *name == call.name());
        assert!(is_tried != GIVES_NOTHING.contains(&call.name()), "say of {} whether it gives anything", call.name());
    }
}

#[test]
fn no_path_leads_round_a_hard_rule() {
    let mut tally = Tally::default();
    for seed in 0..rounds(60) {
        Run::new(seed, ApprovalRule::NotRequired).live(60, &mut tally);
        Run::new(seed, ApprovalRule::SecondAdministrator).live(60, &mut tally);
    }
    for (path, _) in PATHS {
        assert!(tally.passed.contains(path), "{path} never went through: the test tries too little");
        assert!(tally.blocked.contains(path), "{path} was never blocked: the test tries too little");
    }
}

/// `ROUNDS=100000` makes a long run of it.
fn rounds(most: u64) -> u64 {
    std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(most)
}

#[derive(Default)]
struct Tally {
    passed: BTreeSet<&'static str>,
    blocked: BTreeSet<&'static str>,
}

/// What the model knows of a policy.
#[derive(Clone, Debug)]
struct Law {
    version: PolicyVersion,
    policy: TokenPolicy,
}

/// An account or a token of one.
type Thing = (AccountId, Option<TokenId>);

struct Run {
    world: World,
    dice: u64,
    laws: Vec<Law>,
    /// What the last step has given.
    given: Vec<Thing>,
    answer: Option<Result<(), Error>>,
    texts: Vec<(AccountId, TokenId, String)>,
    created: Vec<NewAccount>,
    keys: u64,
}

impl Run {
    fn new(seed: u64, approval: ApprovalRule) -> Self {
        let world = World::built(|builder| builder.approval(approval));
        let dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
        Self { world, dice, laws: vec![], given: vec![], answer: None, texts: vec![], created: vec![], keys: 0 }
    }

    fn live(&mut self, steps: usize, tally: &mut Tally) {
        for step in 0..steps {
            if self.one_in(4) {
                self.legislate();
            }
            if self.one_in(6) {
                self.take_away();
            }
            let before = self.offences();
            let (path, take) = PATHS[self.below(PATHS.len())];
            self.given.clear();
            self.answer = None;
            take(self);
            let after = self.offences();
            match self.answer.take() {
                Some(Ok(())) => drop(tally.passed.insert(path)),
                Some(Err(Error::PolicyBlocked { findings })) => {
                    assert!(findings.iter().any(|one| one.violation.enforcement == Enforcement::Hard));
                    tally.blocked.insert(path);
                    // The use of a successor ends the token before it, also where what the use asks for is refused.
                    assert!(after.is_subset(&before), "step {step}: {path} was blocked and changed something");
                }
                Some(Err(error)) if matches!(error, Error::Unavailable(_)) => panic!("step {step}: {path}: {error}"),
                Some(Err(_)) | None => {}
            }
            let new: Vec<_> = after.difference(&before).collect();
            assert!(new.is_empty(), "step {step}: {path} led round {new:?} under {:#?}", self.laws);
            let given: Vec<_> = after.iter().filter(|(thing, _)| self.given.contains(thing)).collect();
            assert!(given.is_empty(), "step {step}: {path} gave {given:?} under {:#?}", self.laws);
        }
    }

    /// Every account and live token, with the hard policies in force that it breaks.
    fn offences(&self) -> BTreeSet<(Thing, String)> {
        let mut offences = BTreeSet::new();
        let laws = self.laws.iter().map(|law| &law.policy).filter(|policy| policy.is_enabled);
        let laws: Vec<_> = laws.collect();
        for account in self.accounts() {
            let tokens = self.tokens(&account.id);
            let live = tokens.iter().filter(|token| !token.is_revoked(&account)).map(Some);
            for token in [None].into_iter().chain(live) {
                let broken = laws.iter().filter(|policy| breaks(&account, token, policy));
                let thing = (account.id.clone(), token.map(|token| token.id));
                offences.extend(broken.map(|policy| (thing.clone(), policy.name.clone())));
            }
        }
        offences
    }

    fn accounts(&self) -> Vec<Account> {
        let filter = self.world.accounts.every_account();
        let page = wait(self.world.admin().accounts(&filter, None, 200)).unwrap();
        page.items.iter().map(|account| (**account).clone()).collect()
    }

    fn tokens(&self, account: &AccountId) -> Vec<Token> {
        let page = wait(self.world.accounts.store().credentials(account, Kind::Token, None, 200)).unwrap();
        page.items.iter().map(|listed| listed.credential.token().clone()).collect()
    }

    /// Puts, changes or removes a policy.
    fn legislate(&mut self) {
        let name = format!("law-{}", self.below(5));
        let known = self.laws.iter().position(|law| law.policy.name == name);
        if let (Some(place), true) = (known, self.one_in(3)) {
            let law = self.laws.swap_remove(place);
            return wait(self.world.admin().policies().remove(&name, law.version)).unwrap();
        }
        let policy = self.policy(&name);
        let version = known.map(|place| self.laws[place].version);
        let kept = wait(self.world.admin().policies().put(&policy, version)).unwrap();
        self.laws.retain(|law| law.policy.name != name);
        self.laws.push(Law { version: kept.version, policy });
    }

    fn policy(&mut self, name: &str) -> TokenPolicy {
        let rules = [
            TokenRule::MaximumLifetime { maximum: Span::days(100).unwrap() },
            TokenRule::RotationLead { minimum: Span::days(10).unwrap() },
            TokenRule::AllowlistRequired,
            TokenRule::JustificationAbove { lowest: vec!["Member".into(), "Editor".into()] },
            TokenRule::ScopeCeiling { allowed: vec!["read".into()] },
            TokenRule::ScopeCeiling { allowed: vec!["results:read".into(), "write".into()] },
            TokenRule::OneAccountPerIntegration,
            TokenRule::ApprovalRequired,
        ];
        let rule = rules[self.below(rules.len())].clone();
        let kinds = [vec![], vec![RequestKind::Account], vec![RequestKind::Token]][self.below(3)].clone();
        let environments = if self.one_in(3) { vec![Environment::production()] } else { vec![] };
        let roles = if self.one_in(4) { vec!["Editor".into()] } else { vec![] };
        let criteria = RequestCriteria { kinds, environments, roles, ..RequestCriteria::default() };
        let fail = if self.one_in(5) { Enforcement::Soft } else { Enforcement::Hard };
        let policy = TokenPolicy::new(name, criteria).with_rule(rule, fail);
        if self.one_in(6) { policy } else { policy.enabled() }
    }

    /// What only takes away always goes through.
    fn take_away(&mut self) {
        let Some(id) = self.account() else { return };
        let answer = match self.below(4) {
            0 | 1 => wait(self.world.admin().account(&id).disable()).map(drop),
            2 => wait(self.world.admin().account(&id).revoke_credentials()).map(drop),
            _ => wait(self.world.admin().account(&id).delete()),
        };
        answer.unwrap();
    }

    fn create(&mut self) {
        let wanted = self.wanted();
        let answer = wait(self.world.admin().create(wanted.clone()));
        if let Ok(created) = &answer {
            self.given.push((created.account.id.clone(), None));
            self.created.push(wanted);
            if let Some(first) = &created.first_token {
                self.keep(&first.token, first.secret.expose());
            }
        }
        self.answer = Some(answer.map(drop));
    }

    /// The same request once more, as a client does whose answer was lost: its secrets are made anew.
    fn create_again(&mut self) {
        if self.created.is_empty() {
            return;
        }
        let place = self.below(self.created.len());
        let wanted = self.created[place].clone();
        let answer = wait(self.world.admin().create(wanted));
        if let Ok(created) = &answer
            && created.client_secret.is_some()
        {
            self.given.push((created.account.id.clone(), None));
            self.given
                .extend(created.first_token.iter().map(|first| (created.account.id.clone(), Some(first.token.id))));
        }
        self.answer = Some(answer.map(drop));
    }

    #[cfg(feature = "import")]
    fn import(&mut self) {
        use service_accounts::{ImportError, ImportFile, ImportOptions};
        self.keys += 1;
        let (role, first) = (["Member", "Editor", "Manager"][self.below(3)], self.one_in(2));
        let csv = format!("user,display_name,email,title,role,password\nimported_{},,,,{role},\n", self.keys);
        let first_token = first.then(|| TokenName::parse("first").unwrap());
        let options = ImportOptions { first_token, ..ImportOptions::new(self.environment()) };
        let file = ImportFile { csv: csv.as_bytes(), options };
        let preview = wait(self.world.admin().preview_import(&file)).unwrap();
        self.answer = Some(match wait(self.world.admin().confirm_import(&file, &preview.digest)) {
            Ok(imported) => {
                self.given.extend(imported.accounts.into_iter().map(|account| (account.id, None)));
                Ok(())
            }
            Err(ImportError::Call(error)) => Err(error),
            Err(ImportError::Refused(_)) => Err(Error::PolicyBlocked { findings: self.objections(&preview) }),
            Err(_) => return,
        });
    }

    #[cfg(feature = "import")]
    fn objections(&self, preview: &service_accounts::ImportPreview) -> Vec<service_accounts::PolicyFinding> {
        let problems = preview.rows.iter().flat_map(|row| &row.problems);
        problems
            .flat_map(|problem| match problem {
                service_accounts::ImportProblem::Refused(Error::PolicyBlocked { findings }) => findings.clone(),
                other => panic!("{other}"),
            })
            .collect()
    }

    #[cfg(not(feature = "import"))]
    fn import(&mut self) {
        self.create();
    }

    fn update(&mut self) {
        let Some(id) = self.account() else { return };
        let role = self.role();
        let allowlist = self.allowlist();
        let systems = self.systems();
        let (with_role, with_networks, with_systems) = (self.one_in(2), self.one_in(2), self.one_in(3));
        let scopes = self.one_in(3).then(|| self.scopes());
        let justification = self.justification();
        let update = AccountUpdate {
            role: with_role.then_some(role),
            allowlist: with_networks.then_some(allowlist),
            systems: with_systems.then_some(systems),
            scopes,
            justification,
            ..AccountUpdate::default()
        };
        let before = self.revision(&id);
        let answer = wait(self.world.admin().account(&id).update(update));
        // Where more rights wait for approval, what is given is not in the account yet; a change of nothing gives nothing.
        if answer.as_ref().is_ok_and(|updated| updated.account.proposal.is_none() && updated.account.revision != before)
        {
            self.given.push((id, None));
        }
        self.answer = Some(answer.map(drop));
    }

    fn enable(&mut self) {
        let Some(id) = self.account() else { return };
        let before = self.revision(&id);
        let answer = wait(self.world.admin().account(&id).enable());
        if answer.as_ref().is_ok_and(|enabled| enabled.account.proposal.is_none() && enabled.account.revision != before)
        {
            self.given.push((id, None));
        }
        self.answer = Some(answer.map(drop));
    }

    fn approve(&mut self) {
        let waits: Vec<_> = self.accounts().into_iter().filter(|account| account.proposal.is_some()).collect();
        if waits.is_empty() {
            return;
        }
        let account = &waits[self.below(waits.len())];
        let bob = Actor::host("bob");
        let answer = wait(self.world.accounts.acting(&bob).account(&account.id).approve(account.revision));
        self.gave(account.id.clone(), None, answer.map(drop));
    }

    fn regenerate(&mut self) {
        let Some(id) = self.account() else { return };
        let answer = wait(self.world.admin().account(&id).regenerate_secret());
        let waits = wait(self.world.admin().account(&id).read()).is_ok_and(|account| account.proposal.is_some());
        if answer.is_ok() && !waits {
            self.given.push((id, None));
        }
        self.answer = Some(answer.map(drop));
    }

    fn mint(&mut self) {
        let Some(id) = self.account() else { return };
        let wanted = self.new_token();
        let answer = wait(self.world.admin().account(&id).mint(&wanted));
        if let Ok(minted) = &answer {
            self.keep(&minted.token, minted.secret.expose());
        }
        self.answer = Some(answer.map(drop));
    }

    fn set_scopes(&mut self) {
        let Some((account, token)) = self.token() else { return };
        let scopes = self.scopes();
        let before = self.tokens(&account).into_iter().find(|each| each.id == token).map(|found| found.revision);
        let answer = wait(self.world.admin().token(&account, &token).set_scopes(scopes));
        match answer {
            Ok(updated) if Some(updated.token.token().revision) == before => self.answer = Some(Ok(())),
            answer => self.gave(account, Some(token), answer.map(drop)),
        }
    }

    fn rotate(&mut self) {
        let Some((account, token)) = self.token() else { return };
        let wanted = self.rotation();
        let answer = wait(self.world.admin().token(&account, &token).rotate(&wanted));
        if let Ok(rotated) = &answer
            && let Some(secret) = &rotated.secret
        {
            self.keep(&rotated.successor, secret.expose());
        }
        self.answer = Some(answer.map(drop));
    }

    fn rotate_itself(&mut self) {
        if self.texts.is_empty() {
            return;
        }
        let place = self.below(self.texts.len());
        let (account, token, text) = self.texts[place].clone();
        let Ok(principal) = self.world.authenticate(&text) else { return };
        let (wanted, itself) = (self.rotation(), principal.actor());
        let answer = wait(self.world.accounts.acting(&itself).token(&account, &token).rotate(&wanted));
        if let Ok(rotated) = &answer
            && let Some(secret) = &rotated.secret
        {
            self.keep(&rotated.successor, secret.expose());
        }
        self.answer = Some(answer.map(drop));
    }

    fn replace(&mut self) {
        let Some((account, token)) = self.token() else { return };
        let reason = service_accounts::Note::parse("found in a log").unwrap();
        let answer = wait(self.world.admin().token(&account, &token).contain(reason, Successor::Minted));
        if let Ok(contained) = &answer
            && let Some(minted) = &contained.successor
        {
            self.keep(&minted.token, minted.secret.expose());
        }
        self.answer = Some(answer.map(drop));
    }

    /// The account is contained whatever policies say; whether it gets a new secret is theirs to say.
    fn contain_account(&mut self) {
        let Some(id) = self.account() else { return };
        let reason = service_accounts::Note::parse("found in a log").unwrap();
        let answer = wait(self.world.admin().account(&id).contain_with_new_secret(reason));
        let waits = wait(self.world.admin().account(&id).read()).is_ok_and(|account| account.proposal.is_some());
        if answer.is_ok() && !waits {
            self.given.push((id, None));
        }
        self.answer = Some(answer.map(drop));
    }

    fn revision(&self, account: &AccountId) -> Revision {
        wait(self.world.accounts.store().account(account)).unwrap().unwrap().revision
    }

    fn gave(&mut self, account: AccountId, token: Option<TokenId>, answer: Result<(), Error>) {
        if answer.is_ok() {
            self.given.push((account, token));
        }
        self.answer = Some(answer);
    }

    fn keep(&mut self, token: &Token, text: &str) {
        self.given.push((token.account.clone(), Some(token.id)));
        self.texts.push((token.account.clone(), token.id, text.into()));
    }

    fn wanted(&mut self) -> NewAccount {
        self.keys += 1;
        let first_token = self.one_in(2).then(|| self.new_token());
        NewAccount {
            role: Some(self.role()),
            scopes: self.scopes(),
            allowlist: self.allowlist(),
            systems: self.systems(),
            environment: self.environment(),
            justification: self.justification(),
            first_token,
            request: Some(RequestKey::parse(&format!("request-{}", self.keys)).unwrap()),
            ..wanted(&format!("Nightly Load {}", self.keys))
        }
    }

    fn new_token(&mut self) -> NewToken {
        self.keys += 1;
        let lifetime = self.one_in(2).then(|| Duration::days([40, 99, 100, 101, 170][self.below(5)]));
        let name = TokenName::parse(&format!("token-{}", self.keys)).unwrap();
        NewToken { scopes: self.scopes(), lifetime, ..NewToken::new(name) }
    }

    fn rotation(&mut self) -> RotateToken {
        // Few keys, so that some requests are repetitions.
        let key = RotationKey::parse(&format!("key-{}", self.below(3))).unwrap();
        let lifetime = self.one_in(2).then(|| Duration::days([60, 100, 101][self.below(3)]));
        RotateToken { lifetime, ..RotateToken::new(key) }
    }

    fn role(&mut self) -> RoleName {
        RoleName::parse(["Member", "Editor", "Manager"][self.below(3)]).unwrap()
    }

    fn scopes(&mut self) -> Scopes {
        match self.below(6) {
            0..3 => Scopes::Inherited,
            3 => Scopes::only(["read"]).unwrap(),
            4 => Scopes::only(["results:read"]).unwrap(),
            _ => Scopes::only(["read", "write"]).unwrap(),
        }
    }

    fn allowlist(&mut self) -> Allowlist {
        let lists = [vec![], vec!["192.0.2.0/24"], vec!["0.0.0.0/0"], vec!["192.0.2.0/25", "198.51.100.7"]];
        Allowlist::parse_all(lists[self.below(4)].clone()).unwrap()
    }

    fn systems(&mut self) -> Vec<SystemName> {
        let few = self.below(3);
        ["warehouse", "catalogue"].iter().take(few).map(|name| SystemName::parse(name).unwrap()).collect()
    }

    fn environment(&mut self) -> Environment {
        if self.one_in(2) { Environment::production() } else { Environment::staging() }
    }

    fn justification(&mut self) -> Option<Justification> {
        let is_given = !self.one_in(4);
        is_given.then(|| Justification::parse("it maintains the catalogue").unwrap())
    }

    fn account(&mut self) -> Option<AccountId> {
        let accounts = self.accounts();
        (!accounts.is_empty()).then(|| accounts[self.below(accounts.len())].id.clone())
    }

    fn token(&mut self) -> Option<(AccountId, TokenId)> {
        let account = self.account()?;
        let tokens = self.tokens(&account);
        (!tokens.is_empty()).then(|| (account, tokens[self.below(tokens.len())].id))
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    /// SplitMix64.
    fn below(&mut self, most: usize) -> usize {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(most).unwrap()).unwrap()
    }
}

/// Whether an account or a token of it, as it stands, is what a policy forbids. It reads records and asks nobody.
fn breaks(account: &Account, token: Option<&Token>, policy: &TokenPolicy) -> bool {
    let kind = if token.is_some() { RequestKind::Token } else { RequestKind::Account };
    let environment = token.map_or(&account.environment, |token| &token.environment);
    let role = account.grant.role().as_str();
    let about = &policy.matching_criteria;
    let is_about = (about.kinds.is_empty() || about.kinds.contains(&kind))
        && (about.environments.is_empty() || about.environments.contains(environment))
        && (about.roles.is_empty() || about.roles.iter().any(|name| name == role));
    let hard = policy.rules.iter().filter(|rule| rule.enforcement == Enforcement::Hard);
    is_about && hard.map(|rule| &rule.rule).any(|rule| is_broken(account, token, rule))
}

fn is_broken(account: &Account, token: Option<&Token>, rule: &TokenRule) -> bool {
    let is_open = |list: &Allowlist| {
        let outside = ["203.0.113.9".parse().unwrap(), "10.1.1.1".parse().unwrap()];
        outside.into_iter().all(|address| list.contains(address))
    };
    match rule {
        TokenRule::MaximumLifetime { maximum } => {
            token.is_some_and(|token| token.expires_at.unwrap() - token.created_at > maximum.as_duration())
        }
        TokenRule::RotationLead { minimum } => token.is_some_and(|token| {
            let life: Duration = token.expires_at.unwrap() - token.created_at;
            (life / 3_i32).min(Duration::days(30)) < minimum.as_duration()
        }),
        TokenRule::AllowlistRequired => {
            is_open(&account.allowlist) && token.is_none_or(|token| is_open(&token.allowlist))
        }
        TokenRule::JustificationAbove { lowest } => {
            account.justification.is_none() && !lowest.iter().any(|role| role == account.grant.role().as_str())
        }
        TokenRule::ScopeCeiling { allowed } => {
            let catalogue = data_quality::catalogue();
            let scopes = token.map_or(&Scopes::Inherited, |token| token.grant.scopes());
            let can = catalogue.effective(account.grant.role(), account.grant.scopes(), scopes).unwrap();
            let of = |name: &String| catalogue.scope(&ScopeName::parse(name).unwrap()).unwrap();
            let may = allowed.iter().map(of).fold(PermissionSet::<Permission>::empty(), PermissionSet::union);
            !can.is_subset(may)
        }
        TokenRule::OneAccountPerIntegration => account.systems.len() > 1,
        TokenRule::ApprovalRequired => matches!(account.approval, service_accounts::store::Approval::NotRequired),
        other => panic!("the model does not know {other:?}"),
    }
}

/// The model is worth something only if the trail says that rules were broken and requests refused.
#[test]
fn what_is_blocked_is_in_the_trail() {
    let mut run = Run::new(7, ApprovalRule::NotRequired);
    run.live(80, &mut Tally::default());
    let blocked = Query::default().for_action(Action::PolicyBlocked);
    assert!(!wait(run.world.admin().audit(&blocked)).unwrap().events.is_empty());
}
