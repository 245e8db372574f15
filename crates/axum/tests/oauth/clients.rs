//! Hostile bodies: no 5xx, no array for an object, one shape of refusal.

use proptest::{prelude::*, test_runner::TestRunner};

use crate::support::World;

const PARAMETER: &str = "(grant_type|scope|client_id|client_secret|token|token_type_hint|%73cope|x|\\PC{0,3})=?(client_credentials|results:read|%20|%ff|%|\\PC{0,6})";

#[test]
fn any_body_is_answered_below_500_in_the_shape_of_the_standard() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let world = runtime.block_on(World::new());
    let authorizations = [Some(world.loader.basic()), Some(world.admin.bearer()), Some("Basic !".into()), None];
    let json = "\\{(\"(client_name|scope|role|teams|x)\":(\"[a-z ]{0,6}\"|null|\\[\\]|1),?){0,4}\\}|\\PC{0,30}";
    let strategy = (0..4_usize, 0..4_usize, prop::collection::vec(PARAMETER, 0..5), json);
    TestRunner::default()
        .run(&strategy, |(endpoint, authorization, parameters, json)| {
            let authorization = authorizations[authorization].as_deref();
            let path = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/register"][endpoint];
            let answer = runtime.block_on(async {
                if endpoint == 3 {
                    world.post_json(path, authorization, &json).await
                } else {
                    world.post(path, authorization, &parameters.join("&")).await
                }
            });
            prop_assert!(answer.status.as_u16() < 500, "{:?}", answer);
            if answer.status.is_client_error() {
                prop_assert!(!answer.refusal().1.is_empty(), "{:?}", answer);
            }
            Ok(())
        })
        .unwrap();
}
