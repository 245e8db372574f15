//! In whose hand a change is: a second administrator is another person, and a token that replaces itself stays what it is.

use service_accounts::{
    AccountUpdate, Actor, ApprovalRule, Error, NewAccount, RotateToken, RotatedToken,
    access::Scopes,
    audit::{Query, Sequence},
    lifecycle::RotationKey,
    naming::AccountId,
    store::{Approval, Purpose, Revision, Store},
    token::TokenId,
};

use crate::support::{Call, Holder, Permission, World, ada, in_role, scoped, token, wait, wanted, with_role};

fn guarded() -> World {
    World::built(|builder| builder.approval(ApprovalRule::SecondAdministrator))
}

fn editing(purpose: &str) -> AccountUpdate {
    AccountUpdate { purpose: Some(Purpose::parse(purpose).unwrap()), ..AccountUpdate::default() }
}

/// Row 62: revisions can be foretold. Whoever names the next one, and edits between the two reads of an approval, was judged by
/// those who had edited before.
#[test]
fn an_editor_who_foretells_the_revision_of_their_own_edit_does_not_approve_it() {
    let world = guarded();
    let id = world.create("Pipeline Automation").account.id.clone();
    let last = wait(world.store.events(&Query::default().limit(1))).unwrap().events[0].sequence;
    let next = Revision::made_by(Sequence::new(last.number() + 1));
    let (store, accounts, edited) = (world.store.clone(), world.accounts.clone(), id.clone());
    let edit = move || {
        let bob = with_role("bob", "Admin");
        wait(accounts.acting(&bob).account(&edited).update(editing("what bob wants"))).unwrap();
    };
    // Before the second read of the account.
    world.store.interrupt(Call::Account, move || store.interrupt(Call::Account, edit));
    let bob = with_role("bob", "Admin");
    let answer = wait(world.accounts.acting(&bob).account(&id).approve(next));
    assert!(matches!(answer, Err(Error::Outdated)), "{answer:?}");
    let account = wait(world.store.inner().account(&id)).unwrap().unwrap();
    assert_eq!(account.approval, Approval::Pending);
}

/// Whoever asks for what waits already has edited nothing, so they may still approve it; whoever asks for anything more may not.
#[test]
fn to_ask_for_what_waits_already_is_no_edit() {
    let world = guarded();
    let id = world.create("Pipeline Automation").account.id.clone();
    let by = |name: &str, update: AccountUpdate| {
        wait(world.accounts.acting(&with_role(name, "Admin")).account(&id).update(update)).unwrap().account
    };
    let waits = by("carol", editing("what carol wants"));
    for update in [AccountUpdate::default(), editing("what carol wants")] {
        assert_eq!(*by("bob", update), *waits, "neither a revision nor a name more");
    }
    by("dave", editing("what dave wants"));
    assert!(matches!(world.approve(&with_role("dave", "Admin"), &id), Err(Error::OwnApproval)));
    assert!(world.approve(&with_role("bob", "Admin"), &id).is_ok());
}

/// Row 104: whoever made the account that edits counts, also once they have deleted it.
#[test]
fn to_delete_the_account_that_edited_makes_nobody_a_second_administrator() {
    let world = guarded();
    let (bob, carol) = (with_role("bob", "Admin"), with_role("carol", "Admin"));
    let puppet = wait(world.accounts.acting(&bob).create(in_role("Admin")(wanted("Puppet")))).unwrap();
    world.approve(&carol, &puppet.account.id).unwrap();
    // Bob has never seen this token; only the account is his.
    let minted = wait(world.accounts.acting(&carol).account(&puppet.account.id).mint(&token("carols"))).unwrap();
    let target = world.create("Pipeline Automation").account.id.clone();
    let by_puppet = world.authenticate(minted.secret.expose()).unwrap().actor();
    wait(world.accounts.acting(&by_puppet).account(&target).update(editing("what bob wants"))).unwrap();
    assert!(matches!(world.approve(&bob, &target), Err(Error::OwnApproval)));
    wait(world.accounts.acting(&carol).account(&puppet.account.id).delete()).unwrap();
    assert!(matches!(world.approve(&bob, &target), Err(Error::OwnApproval)), "the account is gone, the maker is not");
    assert!(world.approve(&with_role("dave", "Admin"), &target).is_ok());
}

#[test]
fn who_approves_is_not_asked_where_nothing_waits() {
    let world = World::new();
    let id = world.create("Pipeline Automation").account.id.clone();
    assert!(matches!(world.approve(&ada(), &id), Err(Error::NotPending)));
}

/// A token of an account, and its successor that nobody has used.
struct Rotated<'a> {
    world: &'a World,
    account: AccountId,
    old: TokenId,
    old_text: String,
    new: TokenId,
}

fn by_key(key: &str) -> RotateToken {
    RotateToken::new(RotationKey::parse(key).unwrap())
}

impl<'a> Rotated<'a> {
    fn of(world: &'a World, scopes: Scopes) -> Self {
        let holder = world.holder("Pipeline Automation");
        let minted = wait(world.accounts.acting(&ada()).account(&holder.id).mint(&scoped("narrow", scopes))).unwrap();
        let Holder { id: account, .. } = holder;
        let old = minted.token.id;
        let rotated = wait(world.accounts.acting(&ada()).token(&account, &old).rotate(&by_key("one"))).unwrap();
        let old_text = minted.secret.expose().to_owned();
        Self { world, account, old, old_text, new: rotated.successor.id }
    }

    fn set_scopes(&self, token: &TokenId, scopes: Scopes) {
        wait(self.world.accounts.acting(&ada()).token(&self.account, token).set_scopes(scopes)).unwrap();
    }

    fn again(&self, actor: &Actor<Permission>) -> Result<RotatedToken, Error> {
        wait(self.world.accounts.acting(actor).token(&self.account, &self.old).rotate(&by_key("one")))
    }

    fn again_by_itself(&self) -> Result<RotatedToken, Error> {
        self.again(&self.world.authenticate(&self.old_text).unwrap().actor())
    }
}

/// Row 58: a token's holder got the text of a successor that an administrator had given more, by asking again.
#[test]
fn a_token_that_asks_again_gets_no_successor_that_may_do_more_than_it() {
    let world = World::new();
    let widened = Rotated::of(&world, Scopes::none());
    assert!(widened.again_by_itself().unwrap().secret.is_some(), "it may have the same rights");
    widened.set_scopes(&widened.new, Scopes::Inherited);
    assert!(matches!(widened.again_by_itself(), Err(Error::NotPermitted)));
    assert!(widened.again(&ada()).unwrap().secret.is_some(), "an administrator who holds them may have it");

    let world = World::new();
    let narrowed = Rotated::of(&world, Scopes::Inherited);
    narrowed.set_scopes(&narrowed.old, Scopes::none());
    assert!(matches!(narrowed.again_by_itself(), Err(Error::NotPermitted)));
}

/// Each account of a chain makes the next, so each record names all before it. A record must not grow without end, and nobody
/// is locked out by that: at the end of the chain an account still replaces its own tokens.
#[test]
fn a_chain_of_accounts_that_make_each_other_comes_to_an_end() {
    const MOST: usize = 100;
    let world = World::new();
    let (mut actor, mut last) = (ada(), None);
    let end = (0..MOST + 10).find_map(|number| {
        let made = wait(world.accounts.acting(&actor).create(NewAccount {
            first_token: Some(token("nightly")),
            ..in_role("Admin")(wanted(&format!("Link {number}")))
        }));
        match made {
            Ok(created) => {
                let secret = created.first_token.unwrap().secret;
                actor = world.authenticate(secret.expose()).unwrap().actor();
                last = Some((created.account.id.clone(), secret.id()));
                None
            }
            Err(error) => Some((number, error)),
        }
    });
    let (length, error) = end.unwrap();
    assert!(error.to_string().contains("more than 100"), "{error}");
    assert!((MOST..=MOST + 2).contains(&length), "{length}");
    let (id, token) = last.unwrap();
    assert!(wait(world.accounts.acting(&actor).token(&id, &token).rotate(&by_key("last"))).is_ok());
}
