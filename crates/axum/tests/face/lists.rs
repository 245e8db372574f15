//! Queries and pages: one rule for every list.

use http::Method;
use service_accounts::{
    AccountUpdate, NewAccount,
    access::Allowlist,
    lifecycle::Environment,
    naming::{AccountId, DisplayName},
    store::{Owner, Purpose},
};

use crate::support::{HOME, World, operator, request, send};

const LISTS: [&str; 3] =
    ["/api/v1/service-accounts", "/api/v1/service-accounts/finance_metrics@service/tokens", "/api/v1/audit"];

async fn status(world: &World, path: &str) -> (u16, String) {
    let answer = send(&world.api(), request(HOME, Some(&world.admin), &Method::GET, path, None)).await;
    let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
    (answer.status, detail)
}

#[tokio::test]
async fn a_page_holds_1_to_200_items() {
    let world = World::new().await;
    for list in LISTS {
        for (query, expected) in [
            ("", 200),
            ("?limit=1", 200),
            ("?limit=200", 200),
            ("?limit=0", 422),
            ("?limit=201", 422),
            ("?limit=x", 422),
        ] {
            let (status, detail) = status(&world, &format!("{list}{query}")).await;
            assert_eq!(status, expected, "{list}{query}");
            assert!(status == 200 || detail == "limit: expected a whole number from 1 to 200", "{detail}");
        }
        let (status, detail) = status(&world, &format!("{list}?cursor=%00")).await;
        assert_eq!((status, detail.as_str()), (422, "cursor: pass the next_cursor of the page before"), "{list}");
    }
}

#[tokio::test]
async fn parameters_that_come_twice_are_unknown_or_hide_a_token_are_refused() {
    let world = World::new().await;
    for list in LISTS {
        for (query, expected) in [
            ("?limit=1&limit=1", 422),
            ("?limit=1&l%69mit=2", 422),
            ("?surprise=1", 422),
            ("?access_token=x", 400),
            ("?access%5Ftoken=x", 400),
        ] {
            assert_eq!(status(&world, &format!("{list}{query}")).await.0, expected, "{list}{query}");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_to_the_end() {
    let world = World::new().await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/service-accounts?limit=1".to_owned();
    loop {
        let page = send(&world.api(), request(HOME, Some(&world.admin), &Method::GET, &path, None)).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/service-accounts?limit=1&cursor={cursor}");
    }
    assert_eq!(seen, ["finance_metrics@service", "platform_automation@service"]);
}

#[tokio::test]
async fn the_trail_is_read_from_either_end_and_by_actor() {
    let world = World::new().await;
    let places = |path: &'static str| {
        let world = &world;
        async move {
            let page = send(&world.api(), request(HOME, Some(&world.admin), &Method::GET, path, None)).await.json();
            let items = page["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["sequence"].as_i64().unwrap()).collect::<Vec<_>>()
        }
    };
    assert!(places("/api/v1/audit").await.is_sorted_by(|earlier, later| earlier > later));
    assert!(places("/api/v1/audit?order=newest").await.is_sorted_by(|earlier, later| earlier > later));
    assert!(places("/api/v1/audit?order=oldest").await.is_sorted_by(|earlier, later| earlier < later));
    assert!(!places("/api/v1/audit?actor=ops%40example.com").await.is_empty());
    assert!(places("/api/v1/audit?actor=nobody").await.is_empty());
    assert_eq!(status(&world, "/api/v1/audit?order=sideways").await.0, 422);
}

#[tokio::test]
async fn accounts_are_found_by_what_is_known_of_them() {
    let world = World::new().await;
    for (query, count) in [
        ("q=FINANCE", 1),
        ("q=nobody", 0),
        ("status=enabled", 2),
        ("status=disabled", 0),
        ("status=pending", 0),
        ("owner=data+team", 2),
        ("environment=staging", 0),
        ("system=warehouse", 0),
        ("q=finance&status=enabled&owner=data+team", 1),
    ] {
        let path = format!("/api/v1/service-accounts?{query}");
        let page = send(&world.api(), request(HOME, Some(&world.admin), &Method::GET, &path, None)).await.json();
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(status(&world, "/api/v1/service-accounts?status=deleted").await.0, 422);
}

/// A second administrator has to find what waits for them: new accounts, and more rights of old ones.
#[tokio::test]
async fn what_waits_for_approval_is_listed_whether_new_or_changed() {
    let world = World::new().await;
    let careful = world.careful();
    let host = operator();
    let (purpose, owner) = (Purpose::parse("a test").unwrap(), Owner::parse("data team").unwrap());
    let new = NewAccount::new(DisplayName::parse("Nightly Load").unwrap(), purpose, owner, Environment::staging());
    careful.acting(&host).create(new).await.unwrap();
    let id = AccountId::parse("finance_metrics@service").unwrap();
    let more = AccountUpdate { allowlist: Some(Allowlist::any()), ..AccountUpdate::default() };
    careful.acting(&host).account(&id).update(more).await.unwrap();
    let path = "/api/v1/service-accounts?status=pending";
    let page = send(&world.api(), request(HOME, Some(&world.admin), &Method::GET, path, None)).await.json();
    let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["finance_metrics@service", "nightly_load@service"]);
}

#[tokio::test]
async fn a_period_that_begins_after_it_ends_is_refused_by_its_name() {
    let world = World::new().await;
    let period = |since: &str, until: &str| format!("/api/v1/audit?since={since}T00:00:00Z&until={until}T00:00:00Z");
    let (code, detail) = status(&world, &period("2027-01-02", "2027-01-01")).await;
    assert_eq!(
        (code, detail.as_str()),
        (422, "since: the period begins after it ends; give an end that lies later, or leave one of the two out")
    );
    assert_eq!(status(&world, &period("2027-01-01", "2027-01-02")).await.0, 200);
}
