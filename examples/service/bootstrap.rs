//! The first start: somebody has to be able to create the first account.

use std::{error::Error, net::SocketAddr};

use service_accounts::{
    Actor, MintedToken, NewAccount, NewToken,
    access::{RoleName, Teams},
    lifecycle::{Environment, TokenState},
    naming::{DisplayName, TokenName},
    store::{Account, Justification, Owner, Purpose},
};

use crate::{Accounts, permissions::Permission};

const TOKEN_NAME: &str = "first-start";

/// Creates an administrator where there is no account yet, and prints its token with a few calls to try.
pub(crate) async fn announce(accounts: &Accounts, address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let host = Actor::host("first start");
    let token = match accounts.acting(&host).accounts(&accounts.every_account(), None, 2).await?.items.as_slice() {
        [] => accounts.acting(&host).create(administrator()?).await?.first_token,
        [administrator] => replace_unused_token(accounts, &host, administrator).await?,
        _ => None,
    };
    if let Some(token) = token {
        println!("admin token: {}", token.secret.expose());
        print_calls(address);
    }
    Ok(())
}

/// Whether the store answers.
pub(crate) async fn has_store(accounts: &Accounts) -> bool {
    accounts.accounts(&Actor::host("health"), None, 1).await.is_ok()
}

/// A process that was killed before its token was read has left an administrator that nobody can be.
async fn replace_unused_token(
    accounts: &Accounts,
    host: &Actor<Permission>,
    administrator: &Account,
) -> Result<Option<MintedToken>, Box<dyn Error>> {
    let tokens = accounts.acting(host).account(&administrator.id).tokens(None, 100).await?.items;
    if administrator.created_by != *host.name() || tokens.iter().any(|token| token.last_used.is_some()) {
        return Ok(None);
    }
    for token in tokens.iter().map(|token| token.credential.token()) {
        if token.state == TokenState::Active {
            accounts.acting(host).token(&administrator.id, &token.id).revoke().await?;
        }
        accounts.acting(host).token(&administrator.id, &token.id).delete().await?;
    }
    let wanted = NewToken::new(TokenName::parse(TOKEN_NAME)?);
    Ok(Some(accounts.acting(host).account(&administrator.id).mint(&wanted).await?))
}

fn administrator() -> Result<NewAccount, Box<dyn Error>> {
    let here = std::env::var("ENVIRONMENT").map_or(Ok(Environment::production()), |here| Environment::parse(&here))?;
    Ok(NewAccount {
        role: Some(RoleName::parse("Admin")?),
        teams: Teams::every(),
        justification: Some(Justification::parse("creates the first accounts")?),
        first_token: Some(NewToken::new(TokenName::parse(TOKEN_NAME)?)),
        ..NewAccount::new(
            DisplayName::parse("Service Administrator")?,
            Purpose::parse("creates the accounts of this service")?,
            Owner::parse("whoever runs this service")?,
            here,
        )
    })
}

fn print_calls(address: SocketAddr) {
    println!(
        r#"
try, with ADMIN set to the token above:

  curl -H "Authorization: Bearer $ADMIN" http://{address}/datastores
  curl -H "Authorization: Bearer $ADMIN" -H "Content-Type: application/json" http://{address}/api/v1/service-accounts \
    -d '{{"name": "Pipeline Automation", "purpose": "nightly load", "owner": "data team", "environment": "production",
         "first_token": {{"name": "nightly-load-2026"}}}}'
  curl -H "Authorization: Bearer $ADMIN" http://{address}/api/v1/audit
"#
    );
}
