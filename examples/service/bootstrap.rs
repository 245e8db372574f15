//! The first start: somebody has to be able to create the first account.

use std::error::Error;

use service_accounts::{
    Actor, NewAccount, NewToken,
    access::{RoleName, Teams},
    lifecycle::Environment,
    naming::{DisplayName, OnTaken, TokenName},
    store::{Justification, Owner, Purpose},
};

use crate::Accounts;

const TOKEN_NAME: &str = "first-start";

/// Creates an administrator where there is no account yet, and prints its token with a few calls to try.
///
/// The token is printed once. What this start did is a fact of the store, the account itself, so no later start and no
/// other process ever touches its token. Whoever lost it starts once with `RECOVER=1`.
pub(crate) async fn announce(
    accounts: &Accounts,
    (recover, here): (bool, Environment),
    address: &str,
) -> Result<(), Box<dyn Error>> {
    let host = Actor::host("first start");
    let acting = accounts.acting(&host);
    let is_new = acting.accounts(&accounts.every_account(), None, 1).await?.items.is_empty();
    let created = match (is_new, recover) {
        (false, false) => return Ok(()),
        (_, true) => acting.create(NewAccount { on_taken: OnTaken::Number, ..administrator(here)? }).await,
        (true, false) => acting.create(administrator(here)?).await,
    };
    let token = match created {
        Ok(created) => created.first_token,
        // Another process was first, and has printed its token.
        Err(service_accounts::Error::IdTaken) => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(token) = token {
        println!("admin token: {}", token.secret.expose());
        print_calls(address);
    }
    Ok(())
}

/// Whether the store answers.
pub(crate) async fn has_store(accounts: &Accounts) -> bool {
    let health = Actor::host("health");
    accounts.acting(&health).accounts(&accounts.every_account(), None, 1).await.is_ok()
}

fn administrator(here: Environment) -> Result<NewAccount, Box<dyn Error>> {
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

fn print_calls(address: &str) {
    println!(
        r#"
try, with ADMIN set to the token above:

  curl -H "Authorization: Bearer $ADMIN" {address}/datastores
  curl -H "Authorization: Bearer $ADMIN" -H "Content-Type: application/json" {address}/api/v1/service-accounts \
    -d '{{"name": "Pipeline Automation", "purpose": "nightly load", "owner": "data team", "environment": "production",
         "first_token": {{"name": "nightly-load-2026"}}}}'
  curl -H "Authorization: Bearer $ADMIN" {address}/api/v1/audit
"#
    );
}
