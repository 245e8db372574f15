//! `kill -9` while tokens are minted and revoked: what was acknowledged holds, and nothing is half there.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    client::Client,
    home::{Home, Service},
};

/// `KILLS=1000` kills more often.
fn rounds() -> u64 {
    std::env::var("KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

/// An account for each round, as one may have so many tokens only.
fn tokens_of(round: u64) -> String {
    format!("/api/v1/service-accounts/load_{round}@service/tokens")
}

/// A token whose minting, and whose revocation if there was one, was answered before the end.
struct Acknowledged {
    id: String,
    token: String,
    is_revoked: bool,
}

#[test]
fn each_acknowledged_token_works_and_has_its_event_and_none_exists_without_one() {
    let (home, mut service, admin) = Home::first_start();
    let mut acknowledged = BTreeSet::new();
    for round in 0..rounds() {
        service.create(&admin, &format!("Load {round}"), json!({"first_token": null}));
        let acknowledgements = Arc::new(AtomicUsize::new(0));
        let minting = mint_until_the_end(service.with(&admin), round, acknowledgements.clone());
        while acknowledgements.load(Ordering::Relaxed) == 0 && !minting.is_finished() {
            thread::sleep(Duration::from_millis(1));
        }
        // Each round ends at another moment of the minting, which has no rhythm of its own to fall in step with.
        thread::sleep(Duration::from_millis(3 + round * 51 % 183));
        service.kill();
        let minted = minting.join().unwrap();
        service = home.start();
        for one in &minted {
            let status = if one.is_revoked { 401 } else { 200 };
            assert_eq!(service.with(&one.token).get("/datastores").status, status, "acknowledged in round {round}");
        }
        acknowledged.extend(minted.into_iter().map(|one| one.id));
    }
    let stored = (0..rounds()).flat_map(|round| all(&service, &admin, &tokens_of(round), "id")).collect();
    let witnessed = all(&service, &admin, "/api/v1/audit?action=token.minted", "token");
    assert!(acknowledged.len() >= 10, "only {} were minted: the rounds are too short", acknowledged.len());
    assert!(acknowledged.is_subset(&stored));
    assert_eq!(stored, witnessed);
}

fn mint_until_the_end(client: Client, round: u64, count: Arc<AtomicUsize>) -> JoinHandle<Vec<Acknowledged>> {
    let next = move |number: u64| {
        let minted = mint(&client, round, &format!("load-{number}"))?;
        count.fetch_add(1, Ordering::Relaxed);
        if number % 3 == 2 { revoke(&client, round, minted) } else { Some(minted) }
    };
    thread::spawn(move || (0..).map_while(next).collect())
}

/// Nothing if the end came in between: then either outcome is right.
fn revoke(client: &Client, round: u64, minted: Acknowledged) -> Option<Acknowledged> {
    let answer = client.try_send("POST", &format!("{}/{}/revoke", tokens_of(round), minted.id), None)?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Some(Acknowledged { is_revoked: true, ..minted })
}

fn mint(client: &Client, round: u64, name: &str) -> Option<Acknowledged> {
    let answer = client.try_send("POST", &tokens_of(round), Some(&json!({"name": name})))?;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    Some(Acknowledged { id: body["id"].as_str()?.into(), token: body["token"].as_str()?.into(), is_revoked: false })
}

/// One field of all items of a list, through all its pages.
fn all(service: &Service, admin: &str, list: &str, field: &str) -> BTreeSet<String> {
    let joint = if list.contains('?') { '&' } else { '?' };
    let (mut found, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = service.with(admin).get(&format!("{list}{joint}limit=200{cursor}")).json();
        found.extend(page["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}
