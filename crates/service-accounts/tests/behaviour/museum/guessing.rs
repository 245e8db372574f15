//! What can be learnt, or won, by presenting things that are no credential.

use std::time::{Duration, Instant};

use service_accounts::{AccessEvents, AuthenticateError, Disclosure, ExchangeError, Rejection, token::TokenId};

use crate::{
    museum::forge::{CHECKSUM, id_at, other, sealed, unknown, with_byte, wrong_secret},
    support::{Call, OFFICE, Path, World, ada, wait},
};

/// Okta 2024: a long input was cut before it was hashed, so that its end did not count.
#[test]
fn every_character_of_a_token_counts() {
    let world = World::new();
    for genuine in [world.holder("Pipeline Automation").token, world.holder("Alation Sync").session] {
        let secret_at = id_at(&genuine) + TokenId::LEN;
        for at in 0..genuine.len() {
            let forged = with_byte(&genuine, at, other(genuine.as_bytes()[at]));
            assert_eq!(world.verdict(&forged), Err(Rejection::Malformed), "character {at}");
        }
        for at in id_at(&genuine)..genuine.len() - CHECKSUM {
            let forged = sealed(&with_byte(&genuine, at, other(genuine.as_bytes()[at])));
            let expected = if at < secret_at { Rejection::Unknown } else { Rejection::WrongSecret };
            assert_eq!(world.verdict(&forged), Err(expected), "character {at} under a good checksum");
        }
    }
}

/// Of a token that is remembered the checksum is not computed, and no symbol of the secret is looked at.
#[test]
fn every_character_of_a_remembered_token_counts() {
    let world = World::built(|builder| builder.access_events(AccessEvents::Off));
    for genuine in [world.holder("Pipeline Automation").token, world.holder("Alation Sync").session] {
        assert_eq!(world.verdict(&genuine), Ok(()));
        for at in 0..genuine.len() {
            for byte in [other(genuine.as_bytes()[at]), b'_', 0x7f] {
                let forged = with_byte(&genuine, at, byte);
                if forged != genuine {
                    assert_eq!(world.verdict(&forged), Err(Rejection::Malformed), "{byte} at {at}");
                }
            }
            let is_remembered = world.store.calls_of(|| assert_eq!(world.verdict(&genuine), Ok(()))).is_empty();
            // Without a cache, Postgres is asked each time.
            assert!(is_remembered || env!("CARGO_CRATE_NAME").ends_with("on_postgres"));
        }
    }
}

#[test]
fn nothing_may_stand_before_or_after_a_token() {
    let world = World::new();
    let genuine = world.holder("Pipeline Automation").token;
    let long = format!("{genuine}{}", "0".repeat(1 << 20));
    let texts = [
        String::new(),
        format!(" {genuine}"),
        format!("{genuine} "),
        format!("{genuine}\0"),
        format!("{genuine}0"),
        sealed(&format!("{genuine}0")),
        genuine[..genuine.len() - 1].to_owned(),
        genuine.to_uppercase(),
        genuine.replace("acme", "ACME"),
        genuine.replacen('_', "-", 1),
        format!("{genuine}{genuine}"),
        format!("Bearer {genuine}"),
        long,
    ];
    for text in texts {
        assert_eq!(world.verdict(&text), Err(Rejection::Malformed), "{} bytes", text.len());
    }
}

/// The kind is under the MAC: a token cannot be passed off as a session, nor a client secret as a token.
#[test]
fn a_credential_relabelled_as_another_kind_is_a_wrong_one() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    for (text, from, to) in [
        (&holder.token, "_sat_", "_ses_"),
        (&holder.session, "_ses_", "_sat_"),
        (&holder.secret, "_sec_", "_sat_"),
        (&holder.secret, "_sec_", "_ses_"),
    ] {
        assert_eq!(world.verdict(&sealed(&text.replace(from, to))), Err(Rejection::WrongSecret), "{from} as {to}");
    }
}

/// Vault CVE-2025-6011, keycloak#51887: accounts could be told apart by time.
/// Rack CVE-2019-16782: the secret itself was looked up in an index, and the index answered in its own time.
///
/// What costs time is counted here: reads, writes and records. The comparison itself is the token crate's matter.
#[test]
fn an_unknown_id_and_a_wrong_secret_cost_the_same_operations() {
    for (events, expected) in [
        (AccessEvents::Off, vec![Call::Credential]),
        (AccessEvents::Coalesced, vec![Call::Credential]),
        // What strangers cause is summed up, so that nobody without a credential can make the trail grow.
        (AccessEvents::Strict, vec![Call::Credential]),
    ] {
        let world = World::built(|builder| builder.access_events(events));
        let holder = world.holder("Pipeline Automation");
        let (absent, wrong) = (unknown(&holder.token), wrong_secret(&holder.token));
        assert_eq!(world.verdict(&absent), Err(Rejection::Unknown));
        assert_eq!(world.verdict(&wrong), Err(Rejection::WrongSecret));
        wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
        for text in [&absent, &wrong] {
            let calls = world.store.calls_of(|| drop(world.authenticate(text)));
            assert_eq!(calls, expected, "{events:?}");
        }
    }
}

/// Row 112: nothing failed where the MAC was skipped for an id that nobody has.
#[test]
fn an_unknown_id_and_a_wrong_secret_cost_the_same_work() {
    let (world, token) = remembered();
    assert_same_work(&world, &[unknown(&token), wrong_secret(&token)]);
}

/// The checksum of a remembered token is not computed before its MAC, and an id that nobody has must not show by that.
#[test]
fn a_slip_in_a_known_token_and_in_an_unknown_one_cost_the_same_work() {
    let (world, token) = remembered();
    let slip = |text: &str| with_byte(text, text.len() - 1, other(text.as_bytes()[text.len() - 1]));
    assert_same_work(&world, &[slip(&unknown(&token)), slip(&token)]);
}

fn remembered() -> (World, String) {
    let world = World::built(|builder| builder.access_events(AccessEvents::Off));
    let token = world.holder("Pipeline Automation").token;
    assert_eq!(world.verdict(&token), Ok(()));
    (world, token)
}

/// What counts is the least time of many short turns: another program slows a turn down and hastens none. More turns are taken
/// while the two differ: where the work is the same they meet, and where it is not they never do.
fn assert_same_work(world: &World, texts: &[String; 2]) {
    const LEAST: usize = 200;
    const MOST: usize = 5_000;
    let mut least = [Duration::MAX; 2];
    for turn in 0..MOST {
        for (text, least) in texts.iter().zip(&mut least) {
            let began = Instant::now();
            (0..20).for_each(|_| drop(world.authenticate(text)));
            *least = began.elapsed().min(*least);
        }
        let [one, other] = least;
        if turn >= LEAST && one * 5 > other * 4 && other * 5 > one * 4 {
            return;
        }
    }
    panic!("20 of the first take {:?}, 20 of the second {:?}", least[0], least[1]);
}

#[test]
fn what_is_no_token_at_all_never_reaches_the_store() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    for text in ["", "acme_sat_", &holder.token[1..], &holder.secret] {
        assert_eq!(world.store.calls_of(|| drop(world.authenticate(text))), [], "{} bytes", text.len());
    }
}

/// Zitadel CVE-2024-41952: accounts could be told apart by the answer's text.
#[test]
fn whoever_does_not_know_the_secret_gets_one_answer_whatever_the_state_of_the_account() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    wait(world.accounts.acting(&ada()).account(&holder.id).disable()).unwrap();
    for text in ["", &unknown(&holder.token), &wrong_secret(&holder.token), &wrong_secret(&holder.session)] {
        let Err(error @ AuthenticateError::Rejected(rejection)) = world.authenticate(text) else { panic!() };
        assert_eq!(error.to_string(), "the credential was refused");
        assert_eq!(rejection.disclosure(), Disclosure::InvalidCredentials);
    }
    let Err(AuthenticateError::Rejected(rejection)) = world.authenticate(&holder.token) else { panic!() };
    assert_eq!(rejection.disclosure(), Disclosure::Inactive, "whoever knows it may know");
}

/// Vault CVE-2025-6004, Authelia CVE-2026-47203: case variants of a name were other names for one check and not for another.
#[test]
fn a_client_id_has_one_spelling() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    let other = world.holder("Alation Sync");
    let spellings = [
        "Pipeline_Automation@service",
        "pipeline_automation",
        " pipeline_automation@service",
        "",
        "%",
        other.id.as_str(),
    ];
    for client in spellings {
        let opened = wait(world.accounts.open_session(client, &holder.secret, &Default::default(), Some(OFFICE)));
        let Err(ExchangeError::Authenticate(AuthenticateError::Rejected(rejection))) = opened else {
            panic!("{client}")
        };
        assert_eq!(rejection, Rejection::WrongClient, "{client}");
    }
    assert_eq!(holder.verdict(&world, Path::Exchange), Ok(()));
}

/// Keycloak GHSA-cq42-vhv7-xr7p: whoever failed often enough locked the rightful owner out.
#[test]
fn a_good_credential_keeps_working_while_others_fail() {
    let world = World::new();
    let holder = world.holder("Pipeline Automation");
    for _ in 0..500 {
        assert_eq!(world.verdict(&wrong_secret(&holder.token)), Err(Rejection::WrongSecret));
        assert_eq!(world.verdict(&holder.token), Ok(()));
    }
}
