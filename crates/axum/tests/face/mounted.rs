//! The endpoints at any place of a host's router.

use axum::Router;
use http::{Method, header};
use serde_json::json;
use service_accounts_axum::{Room, not_found, rooms};

use crate::support::{HOME, World, request, send};

/// axum-oidc#32: links pointed nowhere as soon as a router was nested.
#[tokio::test]
async fn a_location_leads_to_what_was_made_at_any_prefix() {
    let world = World::new().await;
    for (number, prefix) in ["", "/iam", "/a/b", "/tenants/{id}"].into_iter().enumerate() {
        let router = match prefix {
            "" => world.api(),
            prefix => Router::new().nest(prefix, world.api()),
        };
        let base = format!("{}/api/v1/service-accounts", prefix.replace("{id}", "seven"));
        let wanted =
            json!({"name": format!("Robot {number}"), "purpose": "p", "owner": "o", "environment": "production"});
        let made = send(&router, request(HOME, Some(&world.admin), &Method::POST, &base, Some(&wanted))).await;
        let location = made.header(header::LOCATION).unwrap().to_owned();
        assert_eq!(location, format!("{base}/robot_{number}@service"));
        let found = send(&router, request(HOME, Some(&world.admin), &Method::GET, &location, None)).await;
        assert_eq!(found.json()["id"], made.json()["id"]);

        let minted = json!({"name": "first"});
        let tokens = format!("{location}/tokens");
        let made = send(&router, request(HOME, Some(&world.admin), &Method::POST, &tokens, Some(&minted))).await;
        let location = made.header(header::LOCATION).unwrap().to_owned();
        assert_eq!(location, format!("{tokens}/{}", made.json()["id"].as_str().unwrap()));
        let revoke = format!("{location}/revoke");
        assert_eq!(send(&router, request(HOME, Some(&world.admin), &Method::POST, &revoke, None)).await.status, 200);
    }
}

#[tokio::test]
async fn each_room_can_be_mounted_alone() {
    let world = World::new().await;
    for (room, path) in [
        (Room::MachineUser, "/api/v1/service-account/auth/verify"),
        (Room::Accounts, "/api/v1/service-accounts"),
        (Room::Tokens, "/api/v1/service-accounts/finance_metrics@service/tokens"),
        (Room::Sessions, "/api/v1/service-accounts/finance_metrics@service/sessions"),
        (Room::Peppers, "/api/v1/peppers"),
        (Room::Audit, "/api/v1/audit"),
    ] {
        for mounted in Room::ALL {
            let router = rooms(&[mounted], world.accounts.clone(), world.gate()).fallback(not_found);
            let answer = send(&router, request(HOME, Some(&world.admin), &Method::GET, path, None)).await;
            assert_eq!(answer.status, if room == mounted { 200 } else { 404 }, "{path} in {mounted:?}");
        }
    }
}
