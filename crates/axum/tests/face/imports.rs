//! Accounts from a file over HTTP.

use axum::body::Body;
use http::{Method, Request, header};

use crate::support::{Answer, HOME, World, request, send};

const FILE: &str = "user,display_name,email,title,role,password\nloader,Nightly Loader,,Loads the warehouse,Editor,\n";

fn upload(world: &World, query: &str, body: impl Into<Body>) -> Request<Body> {
    let path = format!("/api/v1/imports{query}");
    let mut asked = request(HOME, Some(&world.admin), &Method::POST, &path, None).map(|_| body.into());
    asked.headers_mut().insert(header::CONTENT_TYPE, "text/csv; charset=utf-8".parse().unwrap());
    asked
}

async fn preview(world: &World, file: &'static str) -> Answer {
    send(&world.api(), upload(world, "", file)).await
}

async fn digest(world: &World) -> String {
    preview(world, FILE).await.json()["digest"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_is_previewed_and_then_confirmed_by_its_digest() {
    let world = World::new().await;
    let seen = preview(&world, FILE).await;
    assert_eq!((seen.status, &seen.json()["counts"]["create"]), (200, &1.into()), "{}", seen.json());
    let digest = seen.json()["digest"].as_str().unwrap().to_owned();
    let made = send(&world.api(), upload(&world, &format!("?confirm={digest}"), FILE)).await;
    assert_eq!((made.status, made.header(header::CACHE_CONTROL)), (201, Some("no-store")));
    let account = &made.json()["accounts"][0];
    assert_eq!((&account["client_id"], &account["tried"]), (&"loader@service".into(), &"works".into()));
    let again = send(&world.api(), upload(&world, &format!("?confirm={digest}"), FILE)).await;
    assert_eq!((again.status, again.code().as_str()), (409, "PREVIEW_STALE"));
}

/// A digest is of the file and of what stands beside it.
#[tokio::test]
async fn what_was_not_previewed_is_a_conflict() {
    let world = World::new().await;
    let query = format!("?confirm={}&token=first", digest(&world).await);
    assert_eq!(
        send(&world.api(), upload(&world, &query, FILE)).await.code(),
        "PREVIEW_STALE",
        "no token was previewed"
    );
}

#[tokio::test]
async fn the_secrets_come_as_a_table_where_it_is_asked_for() {
    let world = World::new().await;
    let mut asked = upload(&world, &format!("?confirm={}", digest(&world).await), FILE);
    asked.headers_mut().insert(header::ACCEPT, "text/csv".parse().unwrap());
    let made = send(&world.api(), asked).await;
    let headers = [header::CONTENT_TYPE, header::CACHE_CONTROL].map(|name| made.header(name).map(str::to_owned));
    assert_eq!((made.status, headers), (201, [Some("text/csv; charset=utf-8".into()), Some("no-store".into())]));
    let text = String::from_utf8(made.body.to_vec()).unwrap();
    assert!(
        text.starts_with("line,user,client_id,client_secret,token,tried\n2,loader,loader@service,acme_sec_"),
        "{text}"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_imported_says_why() {
    let world = World::new().await;
    let seen = preview(&world, "user,role,password\nloader,editor,hunter2\n").await;
    let row = &seen.json()["rows"][0];
    assert_eq!((seen.status, &row["outcome"]), (200, &"refuse".into()));
    assert_eq!(row["problems"].as_array().unwrap().len(), 2, "{row}");
    let digest = seen.json()["digest"].as_str().unwrap().to_owned();
    let refused = send(
        &world.api(),
        upload(&world, &format!("?confirm={digest}"), "user,role,password\nloader,editor,hunter2\n"),
    )
    .await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "VALIDATION_ERROR"));
    for (file, status) in [("", 422), ("name\nloader\n", 422), ("user\n", 422)] {
        assert_eq!(preview(&world, file).await.status, status, "{file:?}");
    }
    let large = send(&world.api(), upload(&world, "", vec![b'a'; 256 * 1024 + 1])).await;
    assert_eq!((large.status, large.code().as_str()), (413, "BODY_TOO_LARGE"));
    let mut json = upload(&world, "", FILE);
    json.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    assert_eq!(send(&world.api(), json).await.status, 415);
    assert_eq!(send(&world.api(), upload(&world, "?surprise=1", FILE)).await.status, 422);
}

/// What the file tells of the people behind an account is not lost.
#[tokio::test]
async fn email_and_title_of_a_row_are_shown_with_the_account() {
    const PEOPLE: &str =
        "user,display_name,email,title,role,password\nhal@example.com,Hal,hal@example.org,Data Engineer,,\n";
    let world = World::new().await;
    let digest = preview(&world, PEOPLE).await.json()["digest"].as_str().unwrap().to_owned();
    let made = send(&world.api(), upload(&world, &format!("?confirm={digest}"), PEOPLE)).await;
    assert_eq!(made.status, 201);
    let path = "/api/v1/service-accounts/hal@service";
    let shown = send(&world.api(), request(HOME, Some(&world.admin), &Method::GET, path, None)).await.json();
    assert_eq!((&shown["contact_email"], &shown["title"]), (&"hal@example.org".into(), &"Data Engineer".into()));
    assert_eq!(shown["email"], "hal@service.invalid");
}
