//! The naive model: who has seen which text, and what each of them could have been given.
//!
//! It knows nothing of roles, scopes and grants. After each call it asks every text what it can do, one permission on one
//! team's things at a time. That may exceed what somebody who has seen the text could have been given only where the call
//! was made by somebody who holds all of it, and who either decided it for the account or was told of the gain.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use service_accounts::{Actor, ApprovalRule, naming::AccountId, store::Store, token::Kind};

use crate::{
    calls::{self, Call, Outcome},
    world::{Accounts, EVERYTHING, Known, Permission, Rights, World, ada, rights, wait},
};

/// Who makes a call: the administrator of the host, or whoever shows one of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Ada,
    Text(usize),
}

/// One call: by whom, what, and on which account.
pub(crate) type Step = (By, Call, usize);

pub(crate) const MALLORY: By = By::Text(0);
pub(crate) const BOB: By = By::Text(1);

pub(crate) struct Model {
    accounts: Accounts,
    /// Every text, and who has seen it.
    texts: Vec<(Known, BTreeSet<String>)>,
    /// Every account, in the order of its creation.
    targets: Vec<AccountId>,
    /// What each of them could have been given.
    entitled: BTreeMap<String, Rights>,
    number: usize,
}

impl Model {
    pub(crate) fn new(approval: ApprovalRule) -> Self {
        let World { accounts, mallory, bob, victims: [boss, worker] } = World::new(approval);
        let mut model = Self { accounts, texts: Vec::new(), targets: Vec::new(), entitled: BTreeMap::new(), number: 0 };
        model.entitled.insert("ada".into(), EVERYTHING);
        for known in [mallory, bob, boss, worker] {
            let owner = known.account.as_str().to_owned();
            model.entitled.insert(owner.clone(), model.rights_of(&known.text));
            model.targets.push(known.account.clone());
            model.texts.push((known, BTreeSet::from(["ada".into(), owner])));
        }
        model
    }

    pub(crate) fn targets(&self) -> usize {
        self.targets.len()
    }

    pub(crate) fn texts(&self) -> usize {
        self.texts.len()
    }

    /// Makes a call. Returns whether it did anything, or who has more than they should.
    pub(crate) fn step(&mut self, (by, call, target): Step) -> Result<bool, String> {
        let Some(actor) = self.actor(by) else { return Ok(false) };
        let held = if by == By::Ada { EVERYTHING } else { self.rights_of(&self.text(by)) };
        let account = self.targets[target].clone();
        let newest = self.texts.iter().rev().find(|(known, _)| known.account == account);
        let Some(token) = newest.map(|(known, _)| known.id) else { return Ok(false) };
        self.number += 1;
        let made = calls::make(&self.accounts, &actor, (call, self.number), (&account, &token));
        let Ok(Outcome { given, gains, is_decision }) = made else { return Ok(false) };
        let seers = self.seers(by);
        for known in given {
            if !self.targets.contains(&known.account) {
                self.targets.push(known.account.clone());
                self.entitled.insert(known.account.as_str().into(), self.rights_of(&known.text));
            }
            // A text that was made anew takes the place of the earlier one.
            self.texts.retain(|(other, _)| other.id != known.id);
            self.texts.push((known, seers.clone()));
        }
        let told: BTreeSet<_> = gains
            .iter()
            .flat_map(|gain| gain.known_to.iter().map(|person| (gain.token, person.as_str().to_owned())))
            .collect();
        self.judge((call, &account), held, |known, person| {
            is_decision || person == known.account.as_str() || told.contains(&(known.id, person.to_owned()))
        })?;
        Ok(true)
    }

    fn judge(
        &mut self,
        (call, account): (Call, &AccountId),
        held: Rights,
        is_known: impl Fn(&Known, &str) -> bool,
    ) -> Result<(), String> {
        for (known, seers) in &self.texts {
            let can = self.rights_of(&known.text);
            for person in seers {
                let entitled = self.entitled.entry(person.clone()).or_default();
                if can & !*entitled == 0 {
                    continue;
                }
                if can & !held != 0 || !is_known(known, person) {
                    return Err(format!(
                        "{person} can {can:09b} with a text of {}, and could have been given {:09b}; the caller of {call:?} on {account} held {held:09b}",
                        known.account, *entitled
                    ));
                }
                *entitled |= can;
            }
        }
        Ok(())
    }

    fn actor(&self, by: By) -> Option<Actor<Permission>> {
        match by {
            By::Ada => Some(ada()),
            By::Text(_) => wait(self.accounts.authenticate(&self.text(by), None)).ok().map(|shown| shown.actor()),
        }
    }

    fn text(&self, by: By) -> String {
        match by {
            By::Text(at) => self.texts.get(at).map(|(known, _)| known.text.clone()).unwrap_or_default(),
            By::Ada => String::new(),
        }
    }

    /// Whoever sees what this caller is given: the account, and all who have the text that was shown.
    fn seers(&self, by: By) -> BTreeSet<String> {
        match by {
            By::Ada => BTreeSet::from(["ada".into()]),
            By::Text(at) => {
                let (known, seers) = &self.texts[at];
                seers.iter().cloned().chain([known.account.as_str().to_owned()]).collect()
            }
        }
    }

    fn rights_of(&self, text: &str) -> Rights {
        wait(self.accounts.authenticate(text, None)).map_or(0, |principal| rights(&principal))
    }

    /// What the future can depend on, without ids, texts and revisions.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for id in &self.targets {
            let Some(account) = wait(self.accounts.store().account(id)).unwrap() else { continue };
            let proposal = account.proposal.as_ref().map(|waiting| (&waiting.grant, &waiting.by));
            format!("{:?} {:?} {:?} {proposal:?}", account.grant, account.status, account.approval).hash(&mut hasher);
            for kind in [Kind::Token, Kind::Session, Kind::Secret] {
                let page = wait(self.accounts.store().credentials(id, kind, None, 100)).unwrap();
                let mut lines: Vec<_> = page.items.iter().map(|listed| self.line(listed.credential.token())).collect();
                lines.sort();
                lines.hash(&mut hasher);
            }
        }
        let seen: Vec<_> = self.texts.iter().map(|(known, seers)| (&known.account, seers)).collect();
        format!("{seen:?} {:?}", self.entitled).hash(&mut hasher);
        hasher.finish()
    }

    fn line(&self, token: &service_accounts::store::Token) -> String {
        let place = self.texts.iter().position(|(known, _)| known.id == token.id);
        let rotation =
            token.rotation.as_ref().map(|rotation| (rotation.is_cancelled(), rotation.successor() == &token.id));
        let is_successor = token.replaces.is_some();
        let (grant, state, generation) = (&token.grant, &token.state, &token.generation);
        let by = (&token.created_by, &token.known_to);
        format!("{place:?} {grant:?} {state:?} {generation:?} {by:?} {rotation:?} {is_successor}")
    }
}
