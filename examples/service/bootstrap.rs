//! The first start: somebody has to be able to create the first account.

use std::{error::Error, net::SocketAddr};

use service_accounts::{
    Actor, NewAccount, NewToken,
    access::{RoleName, Teams},
    lifecycle::Environment,
    naming::{DisplayName, TokenName},
    store::{Justification, Owner, Purpose},
};

use crate::Accounts;

/// Creates an administrator where there is no account yet, and prints its token with a few calls to try.
pub(crate) async fn announce(accounts: &Accounts, address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let host = Actor::host("first start");
    if !accounts.accounts(&host, None, 1).await?.items.is_empty() {
        return Ok(());
    }
    let created = accounts.create_account(&host, administrator()?).await?;
    let token = created.first_token.ok_or("the administrator has no token")?;
    println!("admin token: {}", token.secret.expose());
    print_calls(address);
    Ok(())
}

fn administrator() -> Result<NewAccount, Box<dyn Error>> {
    let here = std::env::var("ENVIRONMENT").map_or(Ok(Environment::production()), |here| Environment::parse(&here))?;
    Ok(NewAccount {
        role: Some(RoleName::parse("Admin")?),
        teams: Teams::every(),
        justification: Some(Justification::parse("creates the first accounts")?),
        first_token: Some(NewToken::new(TokenName::parse("first-start")?)),
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
