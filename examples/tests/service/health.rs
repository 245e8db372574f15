//! `GET /healthz`, as a load balancer asks it.

use serde_json::json;

use crate::home::Home;

#[test]
fn a_service_whose_store_answers_is_well() {
    let (_home, service, _) = Home::first_start();
    let answer = service.without_credential().get("/healthz");
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "ok"})));
    assert_eq!(service.without_credential().ask("/healthz").code(), "METHOD_NOT_ALLOWED");
}
