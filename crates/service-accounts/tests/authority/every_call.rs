//! Every call × every relation between the actor's rights and the account's, decided by the table of `SECURITY.md`.

use std::{collections::BTreeSet, fs, path::Path};

use service_accounts::{
    AccountUpdate, ApprovalRule, Call, Error, ExportForm,
    access::{PermissionSet, Teams},
};

use crate::{
    attempts::{Attempt, every},
    table::{Row, rows},
    world::{Asking, Permission, Stage, TEAM, ada, held, role, role_of_target, wait},
};

/// What an actor holds of what the account's role allows: nothing, what its scopes leave, or all.
const RIGHTS: [u8; 3] = [0b00, 0b01, 0b11];

/// What the actor's teams are to the account's.
fn every_teams() -> [Teams; 4] {
    [Teams::none(), Teams::only(["finance"]).unwrap(), Teams::only([TEAM]).unwrap(), Teams::every()]
}

/// With each set of rights to administrate, and each relation to what the account holds.
fn every_actor() -> impl Iterator<Item = (PermissionSet<Permission>, Teams)> {
    let sets = (0_u8..16).flat_map(|duties| RIGHTS.map(|rights| held(duties << 2 | rights)));
    sets.flat_map(|set| every_teams().map(|teams| (set, teams)))
}

#[test]
fn every_call_is_tried() {
    let tried: BTreeSet<_> = every().map(|attempt| attempt.call).collect();
    let source = source_of_calls(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for call in Call::ALL {
        let is_made = source.contains(&format!("Call::{}", call.name()));
        assert_eq!(
            tried.contains(call),
            is_made,
            "{} stands in the attempts exactly if the facade makes it",
            call.name()
        );
    }
}

/// All of the facade's code.
fn source_of_calls(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        if path.is_dir() { source_of_calls(&path) } else { fs::read_to_string(path).unwrap() }
    };
    entries.map(read).collect()
}

#[test]
fn each_call_does_something_exactly_for_whom_the_document_says() {
    let rows = rows();
    let (mut allowed, mut refused) = (0_u32, 0_u32);
    for attempt in every() {
        let row = rows.iter().find(|row| row.call == attempt.call.name()).unwrap();
        let mut stage = prepared(attempt);
        for (held, teams) in every_actor() {
            let may = is_allowed(row, held, &teams);
            if try_one(&stage, attempt, (held, &teams), may) {
                stage = prepared(attempt);
            }
            *if may { &mut allowed } else { &mut refused } += 1;
        }
    }
    println!("{allowed} calls allowed, {refused} refused");
    assert!(allowed > 1_000 && refused > 1_000);
}

fn is_allowed(row: &Row, held: PermissionSet<Permission>, teams: &Teams) -> bool {
    let has = |permission| held.contains(permission);
    let has_right = match &*row.right {
        "create" => has(Permission::Create),
        "manage" => has(Permission::Manage),
        "manage or review" => has(Permission::Manage) || has(Permission::Review),
        "review" => has(Permission::Review),
        "read the trail" => has(Permission::Trail),
        other => panic!("no such right: {other}"),
    };
    let has_teams = teams.contains(&TEAM.parse().unwrap());
    let covers = match &*row.covers {
        "teams and the whole role" => has_teams && role_of_target().is_subset(held),
        "teams" => has_teams,
        "nothing" => true,
        "everything on every team" => teams.is_every() && held == PermissionSet::all(),
        other => panic!("not known: {other}"),
    };
    has_right && covers
}

/// A refused call changes nothing, whatever the refusal looks like. Returns whether the call changed anything.
fn try_one(stage: &Stage, attempt: &Attempt, (held, teams): (PermissionSet<Permission>, &Teams), may: bool) -> bool {
    let actor = stage.somebody(held, teams);
    let before = stage.snapshot();
    let answer = (attempt.run)(stage, &actor);
    let is_done = match &answer {
        Ok(is_done) => *is_done,
        Err(Error::NotPermitted | Error::Grant(_)) => false,
        Err(error) => panic!("{}, holding {held} on {teams:?}: {error}", attempt.name),
    };
    assert_eq!(is_done, may, "{}, holding {held} on {teams:?}: {answer:?}", attempt.name);
    let is_changed = stage.snapshot() != before;
    assert!(may || !is_changed, "{}, holding {held} on {teams:?}: refused, and changed", attempt.name);
    is_changed
}

/// What does something each time it is asked, as its documentation says. Any other call writes nothing the second time.
const AGAIN: &[(&str, &str)] = &[
    ("create", "the id is taken, which is told"),
    ("revoke credentials", "whether any is left would take reading them all"),
    ("contain", "another incident"),
    ("contain a token", "another incident"),
    ("regenerate", "another client secret"),
    ("mint", "the name is taken, which is told"),
    ("mint less", "the name is taken, which is told"),
    ("rotate", "the same successor with another text, until it is used"),
    ("rotate again", "the same successor with another text, until it is used"),
    ("look at", "somebody looked again"),
    ("note a review", "somebody reviewed again"),
    ("note an incident", "another note"),
    ("export", "somebody read the trail again"),
    ("try a policy", "somebody tried it again"),
    ("replace the catalogue", "two catalogues are not compared"),
    ("report a leak", "the report is kept, whatever is found"),
    ("subscribe", "another subscription"),
    ("rotate a signing secret", "another secret"),
    ("test a subscription", "another message"),
];

/// Whoever asks again for what is so gets it, and neither a record nor the trail shows that they asked.
#[test]
fn a_call_that_is_made_again_writes_nothing_or_what_its_documentation_says() {
    for attempt in every() {
        let stage = prepared(attempt);
        let actor = stage.somebody(PermissionSet::all(), &Teams::every());
        let first = (attempt.run)(&stage, &actor);
        assert!(matches!(first, Ok(true)), "{}: {first:?}", attempt.name);
        let before = (stage.snapshot(), stage.trail());
        let second = (attempt.run)(&stage, &actor);
        let is_written = (stage.snapshot(), stage.trail()) != before;
        let says = AGAIN.iter().find(|(name, _)| *name == attempt.name);
        let is_refused = second.is_err();
        assert_eq!(is_written || (is_refused && says.is_some()), says.is_some(), "{}: {second:?}", attempt.name);
    }
}

/// What waits for approval works not yet, so only approval is tried on it.
fn prepared(attempt: &Attempt) -> Stage {
    let waits = attempt.call == Call::ApproveAccount;
    let stage = Stage::new(if waits { ApprovalRule::SecondAdministrator } else { ApprovalRule::NotRequired });
    (attempt.prepare)(&stage);
    stage
}

#[test]
fn on_its_own_account_an_administrator_may_what_the_document_says() {
    // Two calls that are about no account yet, and what an account may do to itself without any right.
    let without_account = [Call::CreateAccount, Call::ApproveAccount];
    let by_its_text = ["give a session back", "enable"];
    for attempt in every().filter(|attempt| !without_account.contains(&attempt.call)) {
        if by_its_text.contains(&attempt.name) {
            continue;
        }
        let row = rows().into_iter().find(|row| row.call == attempt.call.name()).unwrap();
        let stage = Stage::new(ApprovalRule::NotRequired);
        let actor = stage.itself();
        (attempt.prepare)(&stage);
        let before = stage.snapshot();
        let answer = (attempt.run)(&stage, &actor);
        match &*row.on_itself {
            "allowed" => assert!(matches!(answer, Ok(true)), "{}: {answer:?}", attempt.name),
            "refused" => {
                let is_refused = matches!(answer, Err(Error::OwnAccount) | Ok(false));
                assert!(is_refused && stage.snapshot() == before, "{}: {answer:?}", attempt.name);
            }
            other => panic!("not known: {other}"),
        }
    }
}

/// Without any right to administrate: its token replaces itself, its text is given back, and it learns what it holds.
#[test]
fn an_account_without_any_right_gives_up_and_replaces_what_it_shows() {
    let stage = Stage::new(ApprovalRule::NotRequired);
    let actor = wait(stage.accounts.authenticate(&stage.token_text, None)).unwrap().actor();
    let rotated = (every().find(|attempt| attempt.name == "rotate").unwrap().run)(&stage, &actor);
    assert!(matches!(rotated, Ok(true)), "{rotated:?}");
    let actor = wait(stage.accounts.authenticate(&stage.token_text, None)).unwrap().actor();
    assert!(wait(stage.accounts.introspect(&actor, &stage.session_text)).unwrap().is_some());
    wait(stage.accounts.revoke_presented(&actor, &stage.session_text)).unwrap();
    assert!(wait(stage.accounts.authenticate(&stage.session_text, None)).is_err());
    for prepared in ["an incident", "a subscription"] {
        (every().find(|attempt| attempt.name == prepared).unwrap().prepare)(&stage);
    }
    for attempt in every().filter(|attempt| !["rotate", "rotate again", "give a session back"].contains(&attempt.name))
    {
        let answer = (attempt.run)(&stage, &actor);
        assert!(matches!(answer, Err(_) | Ok(false)), "{}: {answer:?}", attempt.name);
    }
}

type End = fn(&Stage, &Asking);

/// How an actor's word ends after it was given.
const ENDS: [(&str, End); 4] = [
    ("its token is revoked", |stage, actor| {
        let own = stage.account_of(actor);
        let token = stage.tokens_of(&own)[0].id;
        wait(stage.accounts.acting(&ada()).token(&own, &token).revoke()).unwrap();
    }),
    ("it is disabled", |stage, actor| {
        wait(stage.accounts.acting(&ada()).account(&stage.account_of(actor)).disable()).unwrap();
    }),
    ("it is deleted", |stage, actor| {
        wait(stage.accounts.acting(&ada()).account(&stage.account_of(actor)).delete()).unwrap();
    }),
    ("its role is lowered", |stage, actor| {
        let update = AccountUpdate { role: Some(role(PermissionSet::empty())), ..AccountUpdate::default() };
        wait(stage.accounts.acting(&ada()).account(&stage.account_of(actor)).update(update)).unwrap();
    }),
];

/// Rows 11 and 106: not even what the store keeps nothing of, such as another catalogue, is done on a word that has ended.
#[test]
fn no_call_has_any_effect_on_the_word_of_a_credential_that_has_ended() {
    for attempt in every() {
        for (end, end_word) in ENDS {
            let stage = prepared(attempt);
            let actor = stage.somebody(PermissionSet::all(), &Teams::every());
            end_word(&stage, &actor);
            let before = (stage.snapshot(), stage.trail());
            let answer = (attempt.run)(&stage, &actor);
            assert_eq!((stage.snapshot(), stage.trail()), before, "{} after {end}: {answer:?}", attempt.name);
        }
    }
}

/// An export is read in parts for as long as its reader likes.
#[test]
fn an_export_ends_with_the_word_it_was_begun_on() {
    for (end, end_word) in ENDS {
        let stage = Stage::new(ApprovalRule::NotRequired);
        let actor = stage.somebody(PermissionSet::all(), &Teams::every());
        let trail = stage.accounts.acting(&actor).trail();
        let mut export = wait(trail.export(ExportForm::JsonLines)).unwrap();
        assert!(wait(trail.next_part(&mut export)).unwrap().is_some());
        end_word(&stage, &actor);
        let next = wait(trail.next_part(&mut export));
        assert!(matches!(next, Err(Error::AuthorityLost | Error::NotPermitted)), "after {end}: {next:?}");
    }
}
