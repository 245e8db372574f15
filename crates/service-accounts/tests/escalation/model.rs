//! The naive model: who has seen which text, and what each text can do.
//!
//! It knows nothing of scopes, grants and catalogues: it asks every text what it can do, one permission on one team's things at
//! a time, and has a table of its own of what a role is. Each call that does something keeps two rules, and with them nobody
//! ever gets more than somebody above them gave them knowingly:
//!
//! 1. Nobody is given a text of an account whose role is more than what the caller can do, whatever the account's scopes leave
//!    of it for the moment. An account that replaces its own token gets no more than the token that it showed.
//! 2. A text can do more than before only by a caller who can do all of it, and the caller is told of each who has seen the text
//!    and does not hold as much by a role of their own.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use service_accounts::{
    Actor, ApprovalRule, Gain,
    naming::AccountId,
    store::{Account, Approval, Listed, Status, Store},
    token::{Kind, TokenId},
};

use crate::{
    calls::{self, Call, Outcome},
    world::{
        Accounts, EVERYTHING, Known, MANAGING, Permission, Rights, World, ada, grace, rights, rights_of_role, wait,
    },
};

/// Who makes a call: the administrators of the host, of whom one approves what the other did, or whoever shows one of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Ada,
    Text(usize),
}

/// One call: by whom, what, and on which account.
pub(crate) type Step = (By, Call, usize);

pub(crate) const MALLORY: By = By::Text(0);
pub(crate) const BOB: By = By::Text(1);

/// Behind the name of an account: whoever has a text of it that can do only what the one narrower scope holds.
const NARROWED: &str = " with managing";

/// A text, who has seen it, and what it could do after the last call.
struct Text {
    known: Known,
    seers: BTreeSet<String>,
    can: Rights,
}

/// A call, the number that its names and keys are made of, and the token it is about: what is sent again as it was.
#[derive(Clone, Copy)]
struct Request {
    by: By,
    call: Call,
    number: usize,
    token: TokenId,
}

pub(crate) struct Model {
    accounts: Accounts,
    texts: Vec<Text>,
    /// Every account, in the order of its creation.
    targets: Vec<AccountId>,
    /// What was asked for under a key, on which account.
    requests: Vec<(AccountId, Request)>,
    number: usize,
    /// How often a request that was sent again was answered with a text.
    answered_again: usize,
}

impl Model {
    pub(crate) fn new(approval: ApprovalRule) -> Self {
        let World { accounts, mallory, bob, victims: [boss, worker] } = World::new(approval);
        let mut model = Self {
            accounts,
            texts: Vec::new(),
            targets: Vec::new(),
            requests: Vec::new(),
            number: 0,
            answered_again: 0,
        };
        for known in [mallory, bob, boss, worker] {
            let (owner, can) = (known.account.as_str().to_owned(), model.rights_of(&known.text));
            assert_eq!(can, model.rights_by_role(&known.account), "the model's own table of roles is right");
            model.targets.push(known.account.clone());
            model.texts.push(Text { known, seers: BTreeSet::from(["ada".into(), owner]), can });
        }
        model
    }

    pub(crate) fn targets(&self) -> usize {
        self.targets.len()
    }

    /// Every request that can be sent again, by whoever sent it.
    pub(crate) fn again(&self) -> Vec<Step> {
        let step = |(account, request): &(AccountId, Request)| {
            let again = if request.call == Call::Rotate { Call::RotateAgain } else { Call::CreateAgain };
            Some((request.by, again, self.targets.iter().position(|target| target == account)?))
        };
        self.requests.iter().filter_map(step).collect()
    }

    pub(crate) fn answered_again(&self) -> usize {
        self.answered_again
    }

    pub(crate) fn texts(&self) -> usize {
        self.texts.len()
    }

    /// Makes a call. Returns whether it did anything, or which rule it broke.
    pub(crate) fn step(&mut self, (by, call, target): Step) -> Result<bool, String> {
        let Some(actor) = self.actor(by, call) else { return Ok(false) };
        let held = self.held(by);
        let account = self.targets[target].clone();
        let Some(request) = self.request((by, call), &account) else { return Ok(false) };
        let (asked, on) = ((request.call, request.number), (&account, &request.token));
        let Ok(Outcome { given, gains }) = calls::make(&self.accounts, &actor, asked, on) else { return Ok(false) };
        let seers = self.seers(by);
        let judged = given
            .iter()
            .try_for_each(|known| self.judge_given(&actor, held, known))
            .and_then(|()| self.judge_growth(held, &gains));
        judged.map_err(|broken| format!("{broken}; the caller of {call:?} on {account} could do {held:09b}"))?;
        match call {
            Call::CreateAgain | Call::RotateAgain => self.answered_again += given.len(),
            Call::Create(..) | Call::Rotate => {
                let of = given.first().map_or(&account, |known| &known.account).clone();
                self.requests.push((of, request));
            }
            _ => {}
        }
        given.into_iter().for_each(|known| self.keep(known, &seers));
        Ok(true)
    }

    /// What is asked for: a new request about the newest token, or the one of that time.
    fn request(&mut self, (by, call): (By, Call), account: &AccountId) -> Option<Request> {
        let newest = self.texts.iter().rev().find(|text| text.known.account == *account)?;
        let of_account = self.requests.iter().rev().filter(|(of, _)| of == account).map(|(_, request)| *request);
        match call {
            Call::CreateAgain => of_account.clone().find(|request| matches!(request.call, Call::Create(..))),
            Call::RotateAgain => of_account.clone().find(|request| request.call == Call::Rotate),
            Call::Use if wait(self.accounts.authenticate(&newest.known.text, None)).is_err() => None,
            _ => {
                let token = newest.known.id;
                self.number += 1;
                Some(Request { by, call, number: self.number, token })
            }
        }
    }

    /// The first rule.
    fn judge_given(&self, actor: &Actor<Permission>, held: Rights, known: &Known) -> Result<(), String> {
        let is_own = actor.name().as_str() == known.account.as_str();
        let needed = if is_own { self.rights_of(&known.text) } else { self.rights_by_role(&known.account) };
        if needed & !held == 0 {
            return Ok(());
        }
        Err(format!("a text of {} was given away, whose role is {needed:09b}", known.account))
    }

    /// The second rule.
    fn judge_growth(&mut self, held: Rights, gains: &[Gain]) -> Result<(), String> {
        let now: Vec<_> = self.texts.iter().map(|text| self.rights_of(&text.known.text)).collect();
        for (text, can) in self.texts.iter().zip(&now).filter(|(text, can)| **can & !text.can != 0) {
            let owner = text.known.account.as_str();
            if can & !held != 0 {
                return Err(format!("a text of {owner} can do {can:09b}, and could {:09b} before", text.can));
            }
            let told = gains.iter().filter(|gain| gain.token == text.known.id).flat_map(|gain| &gain.known_to);
            let told: Vec<_> = told.map(|person| person.as_str()).collect();
            let untold =
                |person: &&String| person.trim_end_matches(NARROWED) != owner && !told.contains(&person.as_str());
            if let Some(person) =
                text.seers.iter().filter(untold).find(|person| can & !self.rights_of_person(person) != 0)
            {
                return Err(format!("a text of {owner} can do {can:09b}, {person} has seen it, and nobody was told"));
            }
        }
        self.texts.iter_mut().zip(now).for_each(|(text, can)| text.can = can);
        Ok(())
    }

    fn keep(&mut self, known: Known, seers: &BTreeSet<String>) {
        if !self.targets.contains(&known.account) {
            self.targets.push(known.account.clone());
        }
        // A text that was made anew takes the place of the earlier one.
        self.texts.retain(|text| text.known.id != known.id);
        let can = self.rights_of(&known.text);
        self.texts.push(Text { known, seers: seers.clone(), can });
    }

    fn actor(&self, by: By, call: Call) -> Option<Actor<Permission>> {
        match by {
            By::Ada if call == Call::Approve => Some(grace()),
            By::Ada => Some(ada()),
            By::Text(at) => {
                let text = self.texts.get(at)?;
                wait(self.accounts.authenticate(&text.known.text, None)).ok().map(|shown| shown.actor())
            }
        }
    }

    /// What the caller can do.
    fn held(&self, by: By) -> Rights {
        match by {
            By::Ada => EVERYTHING,
            By::Text(at) => self.texts.get(at).map_or(0, |text| self.rights_of(&text.known.text)),
        }
    }

    /// Whoever sees what this caller is given: the account, and all who have the text that was shown.
    fn seers(&self, by: By) -> BTreeSet<String> {
        match by {
            By::Ada => BTreeSet::from(["ada".into()]),
            By::Text(at) => {
                let Text { known, seers, .. } = &self.texts[at];
                let account = known.account.as_str();
                let is_narrower = self.rights_of(&known.text) != self.rights_of_person(account);
                let narrower = is_narrower.then(|| format!("{account}{NARROWED}"));
                seers.iter().cloned().chain([account.to_owned()]).chain(narrower).collect()
            }
        }
    }

    /// It is asked without a use, which would end rotations and what can be asked for again.
    fn rights_of(&self, text: &str) -> Rights {
        wait(self.accounts.introspect(&ada(), text)).unwrap().map_or(0, |found| rights(&found.principal))
    }

    /// What is used can do what it was said to be able to.
    pub(crate) fn use_every_text(&self) {
        for Text { known, .. } in &self.texts {
            let asked = self.rights_of(&known.text);
            let used = wait(self.accounts.authenticate(&known.text, None)).map_or(0, |principal| rights(&principal));
            assert_eq!(used, asked, "a text of {}", known.account);
        }
    }

    fn account(&self, id: &AccountId) -> Option<Account> {
        wait(self.accounts.store().account(id)).unwrap().map(|found| (*found).clone())
    }

    /// What an account's role is, on the things of its teams.
    fn rights_by_role(&self, id: &AccountId) -> Rights {
        self.account(id).map_or(0, |account| rights_of_role(account.grant.role().as_str(), account.grant.teams()))
    }

    /// What somebody could hand out today.
    fn rights_of_person(&self, person: &str) -> Rights {
        if person == "ada" {
            return EVERYTHING;
        }
        let (account, within) = match person.strip_suffix(NARROWED) {
            Some(account) => (account, MANAGING),
            None => (person, EVERYTHING),
        };
        let id = AccountId::parse(account).unwrap();
        match self.account(&id) {
            Some(account) if account.status == Status::Enabled && account.approval != Approval::Pending => {
                self.rights_by_role(&id) & within
            }
            _ => 0,
        }
    }

    /// What the future can depend on, without ids, texts and revisions.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for id in &self.targets {
            let Some(account) = self.account(id) else { continue };
            let proposal = account.proposal.as_ref().map(|waiting| (&waiting.grant, &waiting.by));
            format!("{:?} {:?} {:?} {proposal:?}", account.grant, account.status, account.approval).hash(&mut hasher);
            for kind in [Kind::Token, Kind::Session, Kind::Secret] {
                let page = wait(self.accounts.store().credentials(id, kind, None, 100)).unwrap();
                let mut lines: Vec<_> = page.items.iter().map(|listed| self.line(listed)).collect();
                lines.sort();
                lines.hash(&mut hasher);
            }
        }
        let seen: Vec<_> = self.texts.iter().map(|text| (&text.known.account, &text.seers)).collect();
        format!("{seen:?}").hash(&mut hasher);
        hasher.finish()
    }

    fn line(&self, listed: &Listed) -> String {
        let token = listed.credential.token();
        let place = self.texts.iter().position(|text| text.known.id == token.id);
        let rotation =
            token.rotation.as_ref().map(|rotation| (rotation.is_cancelled(), rotation.successor() == &token.id));
        let first_used = token.replaces.map(|replaced| replaced.first_used.is_some());
        let requested: Vec<_> = self.requests.iter().filter(|(_, request)| request.token == token.id).collect();
        let (is_used, requests) = (listed.last_used.is_some(), requested.iter().map(|(of, _)| of).collect::<Vec<_>>());
        let (grant, state, generation) = (&token.grant, &token.state, &token.generation);
        let by = (&token.created_by, &token.known_to);
        format!(
            "{place:?} {grant:?} {state:?} {generation:?} {by:?} {rotation:?} {first_used:?} {is_used} {requests:?}"
        )
    }
}
