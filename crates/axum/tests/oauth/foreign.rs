//! A client that nobody here wrote: the `oauth2` crate obtains, introspects and revokes.

use std::io;

use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, IntrospectionUrl, RevocationUrl,
    Scope, StandardRevocableToken, TokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType, BasicRequestTokenError},
};

use crate::support::{Client, World};

/// Hands its requests to the router, without a socket.
struct InProcess<'a>(&'a World);

impl<'c> AsyncHttpClient<'c> for InProcess<'_> {
    type Error = io::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = io::Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.send(request.map(Into::into)).await;
            let mut response = HttpResponse::new(answer.text.into_bytes());
            (*response.status_mut(), *response.headers_mut()) = (answer.status, answer.headers);
            Ok(response)
        })
    }
}

async fn one_story(world: &World, auth: AuthType) {
    let Client { id, secret, .. } = &world.loader;
    let at = |path: &str| format!("https://auth.example.com/oauth2/{path}");
    let client = BasicClient::new(ClientId::new(id.clone()))
        .set_client_secret(ClientSecret::new(secret.clone()))
        .set_auth_type(auth)
        .set_token_uri(TokenUrl::new(at("token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("revoke")).unwrap());
    let http = InProcess(world);

    let asked = client.exchange_client_credentials().add_scope(Scope::new("results:read".into()));
    let token = asked.request_async(&http).await.unwrap();
    assert_eq!(token.scopes().unwrap(), &[Scope::new("results:read".into())]);
    assert!(world.works(token.access_token().secret()).await);

    let told = client.introspect(token.access_token()).request_async(&http).await.unwrap();
    assert_eq!((told.active(), told.client_id().unwrap().as_str()), (true, id.as_str()));

    let revocable = StandardRevocableToken::AccessToken(token.access_token().clone());
    client.revoke_token(revocable).unwrap().request_async(&http).await.unwrap();
    assert!(!world.works(token.access_token().secret()).await);
    assert!(!client.introspect(token.access_token()).request_async(&http).await.unwrap().active());

    let wrong = client.set_client_secret(ClientSecret::new("wrong".into()));
    let refused = wrong.exchange_client_credentials().request_async(&http).await;
    let Err(BasicRequestTokenError::ServerResponse(refused)) = refused else { panic!("a wrong secret got a token") };
    assert_eq!(refused.error(), &BasicErrorResponseType::InvalidClient);
}

#[tokio::test]
async fn the_oauth2_crate_obtains_introspects_and_revokes() {
    let world = World::new().await;
    one_story(&world, AuthType::BasicAuth).await;
    one_story(&world, AuthType::RequestBody).await;
}
