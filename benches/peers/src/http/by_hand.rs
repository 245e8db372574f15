//! What somebody without a library writes in an afternoon: a map of digests and an HMAC, as one function of axum's.
//!
//! It reads one spelling of the header, knows no dates, scopes, networks, revocations or trail, and answers all the same.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{self, Next},
    response::Response,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How many characters of a token are its id.
const ID: usize = 16;

/// What the middleware keeps.
#[derive(Clone)]
struct Known {
    key: Hmac<Sha256>,
    digests: Arc<HashMap<String, Vec<u8>>>,
}

/// Who is let in, as the handler finds it.
#[derive(Clone)]
#[expect(dead_code, reason = "nobody asks in a measurement")]
struct Account(Arc<str>);

/// Guards a router; whoever sends this token is let in.
pub fn guard(router: Router, token: &str) -> Router {
    let key = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("a key of any length");
    let digest = key.clone().chain_update(token).finalize().into_bytes().to_vec();
    let digests = Arc::new(HashMap::from([(token[..ID].to_owned(), digest)]));
    router.layer(middleware::from_fn_with_state(Known { key, digests }, check))
}

async fn check(State(known): State<Known>, mut request: Request, next: Next) -> Result<Response, StatusCode> {
    let value = request.headers_mut().remove(AUTHORIZATION);
    let token = value.as_ref().and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let (id, token) = token.and_then(|token| Some((token.get(..ID)?, token))).ok_or(StatusCode::UNAUTHORIZED)?;
    let digest = known.digests.get(id).ok_or(StatusCode::UNAUTHORIZED)?;
    known.key.clone().chain_update(token).verify_slice(digest).map_err(|_| StatusCode::UNAUTHORIZED)?;
    request.extensions_mut().insert(Account(id.into()));
    Ok(next.run(request).await)
}
